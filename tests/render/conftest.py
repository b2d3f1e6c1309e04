"""Documents made of text alone: a path is the very words that stand at its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from copilot_preflight.base.finding import (
    EXTERNAL,
    IN_SOURCE,
    CitedCall,
    DataPath,
    Finding,
    InputError,
    Place,
    Position,
    Related,
    Report,
    Silenced,
    Span,
)

BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class FakeSource:
    """``span(("words",))`` is where the words stand; with a number behind, the n-th time."""

    text: str

    def span(self, path: DataPath, *, key: bool = False) -> Span:
        words = str(path[0])
        nth = int(path[1]) if len(path) > 1 else 0
        offset = [match.start() for match in re.finditer(re.escape(words), self.text)][nth]
        if key:  # the word that opens the line
            offset = self.text.rindex("\n", 0, offset) + 1
            return Span(self.position(offset), self.position(self.text.index(":", offset)))
        return Span(self.position(offset), self.position(offset + len(words)))

    def position(self, offset: int) -> Position:
        lines = BREAK.split(self.text[:offset])
        return Position(len(lines), len(lines[-1]) + 1)


@pytest.fixture
def report() -> Callable[..., Report]:
    """Makes a report of the findings on the given files: name to text."""

    def make(*findings: Finding, files: Mapping[str, str]) -> Report:
        sources = {name: FakeSource(text) for name, text in files.items()}
        return Report(len(files), findings, sources=sources)

    return make


@pytest.fixture
def place() -> Callable[..., Place]:
    """Makes a place of the words that stand there."""

    def make(words: str, nth: int = 0, *, file: str = "web.stack.yml", key: bool = False) -> Place:
        return Place(file, (words, nth) if nth else (words,), key)

    return make


TEMPLATE = """\
Resources:
  TaskDefinition:
    Value: arn:aws:s3:::b/0f1c.env
    Name: AWS_SECRET_ACCESS_KEY # topsecret
  ExecutionRole: Größe
    Resource: arn:aws:s3:::b/80ce.env
"""


@pytest.fixture
def everything(
    report: Callable[..., Report],
    place: Callable[..., Place],
    monkeypatch: pytest.MonkeyPatch,
) -> Report:
    """A report with all that a report can have, in a folder that is the root of a checkout."""
    for name in ("GITHUB_ACTIONS", "GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    stale = Finding(
        place("arn:aws:s3:::b/0f1c.env"),
        "role 'ExecutionRole' of 100% may read '80ce.env', but the task asks for '${Bucket}/{0}'",
        label="asked for here",
        related=(
            Related(place("ExecutionRole", key=True), "the role [of 2]"),
            Related(place("0f1c", file="infra/web test.params.json"), "the parameter"),
            Related(Place("gone.yml", ()), ""),
        ),
        call=CitedCall("ExecutionRole", "s3:GetObject", "arn:aws:s3:::b/0f1c.env", "so AWS says"),
        cause="stale-hash",
        help="grant every version of the file:\n- Effect: Allow\n  Resource: '*'\nand deploy again",
        rule="E9712",
        name="env-file-stale-grant",
        url="https://example.org/E9712",
    )
    secret = Finding(
        place("AWS_SECRET_ACCESS_KEY"),
        "container 'web' sets AWS_SECRET_ACCESS_KEY",
        is_secret=True,
        rule="W9735",
        name="credentials-overridden",
    )
    lines = Finding(place("Größe\n    Resource"), "two lines", rule="W9735", name="of-two-lines")
    piped = Finding(
        place("Role", file="<stdin>"), "not decided", rule="I9790", name="access-undetermined"
    )
    files = {
        "web.stack.yml": TEMPLATE,
        "infra/web test.params.json": '{"EnvFileARN": "0f1c"}\n',
        "<stdin>": "Role: x\n",
        "infra/clean.yml": "{}\n",
    }
    made = report(stale, secret, secret, lines, piped, files=files)
    return made._replace(
        files=3,
        errors=(
            InputError("broken.yml", 3, 7, "found a tab"),
            InputError("broken.yml", 3, 0, "found nothing"),
            InputError("gone/web.yml", 0, 0, "cannot read: no such file or directory"),
            InputError("--parameter", 0, 0, "no template declares 'X'"),
        ),
        silenced=(
            Silenced(stale, IN_SOURCE, "owner accepted", place("Name")),
            Silenced(piped, EXTERNAL),
        ),
        templates=("web.stack.yml", "<stdin>", "infra/clean.yml"),
    )
