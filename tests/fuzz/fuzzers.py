"""What is fuzzed: each fuzzer with its seeds, its mutations, and what must hold of an input."""

from __future__ import annotations

import gc
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from tests.cli.test_wrong_shapes import paths_of
from tests.fuzz import bundle, mutations, seeds
from tests.fuzz.oracles import Wrong, check_error, check_output, check_secrets, expect

from copilot_preflight.base import globs
from copilot_preflight.base.wildcards import wildcard_match
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.cli import main as cli
from copilot_preflight.inputs import template_shape
from copilot_preflight.inputs.package import Package
from copilot_preflight.inputs.parameter_files import ParameterValue
from copilot_preflight.read import jsonpath
from copilot_preflight.read.document import Document, DocumentError, parse
from copilot_preflight.read.yaml import events, pure_python
from copilot_preflight.read.yaml.faults import MAX_DEPTH
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.value import TemplateError
from copilot_preflight.run.judge import findings_of
from copilot_preflight_rules import RULES

Mutate = Callable[[bytes, Random], bytes]

_NODES: Final = 300
"""Paths of a document whose places are looked at."""


class Fuzzer(NamedTuple):
    """``run`` raises what is wrong with an input, within ``seconds`` of processor time."""

    run: Callable[[bytes], None]
    seeds: Callable[[], Sequence[bytes]]
    mutate: Mutate
    seconds: float


# --- the loader -----------------------------------------------------------------------------------


def load(data: bytes) -> None:
    """A document is plain data whose nodes stand in it; what is JSON is read as JSON."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        document = parse(data, "t.yml")
    except DocumentError as error:
        if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
            check_error(error, text)
        if text.encode() == data:  # else it is not UTF-8
            _expect_no_json(text)
        return
    lines = [len(line) for line in _lines(document.text)]
    for path in islice(paths_of(document.data), _NODES):
        for key in (False, True):
            span = document.span(path, key=key)
            expect(span.start <= span.end, "a node ends before it begins")
            for line, column in span:
                expect(1 <= line <= len(lines), "a node is outside its file")
                expect(1 <= column <= lines[line - 1] + 1, "a node is beside its line")
        document.path_at(span.start)
    for comment in document.comments:
        expect(comment.text.startswith("#"), "a comment begins without '#'")
        document.span(document.path_of(comment))
        document.line_of(comment)
    whole = events.build(document.text).data
    expect(repr(whole) == repr(document.data), "data differ from those that have positions")
    known = _as_json(document.text)
    if known is not None:
        expect(_same(known, document.data), "JSON is read as something else")


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _expect_no_json(text: str) -> None:
    known = _as_json(text)
    if isinstance(known, dict | list):
        depth = max(map(len, islice(paths_of(known), 100_000)), default=0)
        expect(depth >= MAX_DEPTH, "valid JSON is refused")


class _Unclear(ValueError):
    """What we refuse, or keep as it is spelt, on purpose."""


def _as_json(text: str) -> Any:
    """The value of a JSON text in which no choice is left to us, else None."""
    try:
        known = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse, strict=True)
        json.dumps(known, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return known if isinstance(known, dict | list) else None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs) or any(key == "<<" for key, _ in pairs):
        raise _Unclear
    return dict(pairs)


def _refuse(_constant: str) -> Any:
    raise _Unclear


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and list(one) == list(other)
            and all(_same(one[key], other[key]) for key in one)
        )
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, int | float) and isinstance(other, str):
        return True  # a spelling that a number would lose
    return bool(one == other)


def parsers(data: bytes) -> None:
    """libyaml and PyYAML's own parser: the same data, the same places, or the same error.

    Not with a byte order mark inside: libyaml counts it as a column.
    """
    if b"\xef\xbb\xbf" in data[1:] or data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return
    outcomes: list[tuple[Any, ...]] = []
    for parser in (vars(events)["EventParser"], pure_python.EventParser):
        with patch.object(events, "EventParser", parser):
            try:
                document = parse(data, "t.yml")
            except DocumentError as error:
                outcomes.append((error.line, error.column, error.message))
            else:
                outcomes.append((repr(document.data), *_places(document), document.comments))
    one, other = outcomes
    if one != other:
        kinds = ["refused" if isinstance(it[0], int) else "read" for it in outcomes]
        if kinds == ["read", "read"]:
            raise Wrong("parsers: other " + ("data" if one[0] != other[0] else "places"))
        if kinds == ["refused", "refused"] and one[2] == other[2]:
            raise Wrong(f"parsers: the same error at another place: {one[2][:40]}")
        raise Wrong(f"parsers: {kinds[0]} by libyaml, {kinds[1]} by PyYAML")


def _places(document: Document) -> Iterator[Any]:
    for path in islice(paths_of(document.data), _NODES):
        yield path, document.span(path), document.span(path, key=True)


# --- patterns -------------------------------------------------------------------------------------


@cache
def _sample() -> Any:
    return parse(seeds.EVERYTHING, "everything.yml").data


def patterns(data: bytes) -> None:
    """Lines: a JSONPath, a glob, a wildcard, and a name that the latter two may match."""
    lines = [*data.decode("utf-8", "replace").split("\n"), "", "", "", ""]
    expression, glob, wildcard, name = lines[:4]
    try:
        jsonpath.check(expression)
        for path in jsonpath.find(expression, _sample()):
            spelt = jsonpath.spell(path)
            expect(jsonpath.find(spelt, _sample()) == (path,), "a path is not what was spelt")
    except ValueError as refused:
        expect("\n" not in str(refused), "a JSONPath is refused in several lines")
    if not globs.fault_of(glob) and "\0" not in name:
        matched = globs.Globs("/a", (glob,)).match("/a/" + name)
        again = globs.Globs("/a", (glob, glob)).match("/a/" + name)
        expect(matched == again, "a glob says two things")
    pieces = wildcard.split("*")
    if "?" not in wildcard and len(pieces) == 2:
        known = name.startswith(pieces[0]) and name.endswith(pieces[1])
        known = known and len(name) >= len(wildcard) - 1
        expect(wildcard_match(wildcard, name) == known, "a wildcard matches wrongly")
    wildcard_match(wildcard, name)


# --- the engine -----------------------------------------------------------------------------------


def resolve(data: bytes) -> None:
    """Every rule on one template, with values for its parameters or without."""
    try:
        template = parse(data, "t.yml")
    except DocumentError:
        return
    if not template_shape.is_template(template.data) or list(template_shape.faults(template)):
        return
    given = len(data) % 2 == 0
    run = Run()
    try:
        declared = template.data.get("Parameters") or {}
        values = {name: ParameterValue(seeds.ENV_FILE) for name in declared if "EnvFile" in name}
        stack = run.add(Package(template, values if given else {}, has_parameters=given))
        for finding in findings_of(Analysis(stack), RULES):
            expect(finding.message.strip() != "", "a finding without words")
            if finding.at.file == template.file:
                template.span(finding.at.path)
    except TemplateError as error:
        template.span(error.path)


# --- the command line -----------------------------------------------------------------------------

_COMMANDS: Final = ("check", "simulate", "config", "explain", "rules")


def command(data: bytes) -> None:
    """Files and a command line: what is printed, the exit status, and the same once more."""
    files = bundle.parted(data)
    given = bundle.arguments(files)
    if not given or given[0] not in _COMMANDS:
        given = ["check", *given]
    if given[0] == "check" and all(it.startswith("-") for it in given[1:]):
        given.append(".")
    outcome = _outcome(files, given)
    if outcome is None:
        return
    status, out, err = outcome
    expect(status in (0, 1, 2), f"exit status {status}")
    forms = [it.removeprefix("--format=") for it in given if it.startswith("--format=")]
    form = forms[-1] if forms and given[0] == "check" else given[0]
    check_output(out, err, form)
    check_secrets(files, out + err)
    if sum(data) % 4 == 0 and "--verbose" not in given and "-v" not in given:
        expect(_outcome(files, given) == outcome, "a second run says something else")


def _outcome(files: dict[str, bytes], given: list[str]) -> tuple[int, str, str] | None:
    """The status and the output of a run; None where the files cannot be written."""
    home = os.getcwd()
    shm = "/dev/shm" if os.path.isdir("/dev/shm") else None
    folder = Path(tempfile.gettempdir() if shm is None else shm, f"preflight-fuzz-{os.getpid()}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    streams = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = io.TextIOWrapper(io.BytesIO())
    sys.stdout = out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    sys.stderr = err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    try:
        os.chdir(folder)
        if not bundle.unpack(files, folder):
            return None
        cli.main(given)
    except SystemExit as ended:
        out.flush()
        err.flush()
        return int(ended.code or 0), _written(out), _written(err)
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        gc.unfreeze()  # the command freezes what there is, as its process ends
        os.chdir(home)
        shutil.rmtree(folder, ignore_errors=True)


def _written(stream: io.TextIOWrapper) -> str:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


# --- all of them ----------------------------------------------------------------------------------


def _text_mutations(
    donors: Callable[[], Sequence[bytes]], words: Sequence[str], data: bytes, chance: Random
) -> bytes:
    texts = [it.decode("utf-8", "surrogateescape") for it in (chance.choice(donors()), data)]
    changed = mutations.of_text(texts[1], texts, words, chance)
    return changed.encode("utf-8", "surrogateescape")


def _template_mutations(data: bytes, chance: Random) -> bytes:
    texts = [it.decode("utf-8", "replace") for it in (chance.choice(seeds.templates()), data)]
    changed = None
    if chance.random() < 0.8:
        changed = mutations.of_data(texts[1], texts[0], mutations.TEXTS, chance)
    if changed is None:
        changed = mutations.of_text(texts[1], texts, mutations.TEXTS, chance)
    return changed.encode("utf-8", "replace")


def _bundle_mutations(donors: Callable[[], Sequence[bytes]], data: bytes, chance: Random) -> bytes:
    return mutations.of_bundle(data, donors(), mutations.TEXTS, chance)


FUZZERS: Final = {
    "load": Fuzzer(load, seeds.texts, partial(_text_mutations, seeds.texts, mutations.YAML), 2),
    "parsers": Fuzzer(
        parsers, seeds.texts, partial(_text_mutations, seeds.texts, mutations.YAML), 5
    ),
    "patterns": Fuzzer(
        patterns, seeds.patterns, partial(_text_mutations, seeds.patterns, mutations.TEXTS), 5
    ),
    "resolve": Fuzzer(resolve, seeds.templates, _template_mutations, 20),
    "check": Fuzzer(command, seeds.packages, partial(_bundle_mutations, seeds.packages), 20),
    "settings": Fuzzer(command, seeds.settings, partial(_bundle_mutations, seeds.settings), 20),
    "simulate": Fuzzer(command, seeds.requests, partial(_bundle_mutations, seeds.requests), 20),
}
