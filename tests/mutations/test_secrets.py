"""A correct stack with secrets is silent; each change to it is told once, at what asks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.mutations.replacements import Mutation
from tests.mutations.secrets import MUTATIONS, STACK

from copilot_preflight.run import check as engine

HERE = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333"}


def check(text: str, folder: Path, pseudo: dict[str, str]) -> tuple[set[tuple[str, str]], set[str]]:
    """The errors, by the name of what asks and the cause, and the names that are open."""
    path = folder / "shop.yml"
    path.write_text(text)
    report = engine.check([str(path)], engine.Options(info=True, pseudo=pseudo))
    assert not report.errors
    errors: list[tuple[str, str]] = []
    undecided: set[str] = set()
    for finding in report.findings:
        span = report.sources[finding.at.file].span(finding.at.path, key=finding.at.key)
        line = text.splitlines()[span.start.line - 1]
        found = re.search(r"Name: (\w+), ValueFrom", line)
        name = found[1] if found else "LOGIN" if "CredentialsParameter" in line else line.strip()
        if finding.rule == "I9790":
            undecided.add(name)
        else:
            assert finding.rule == ("E9744" if name == "LOGIN" else "E9741"), finding
            errors.append((name, finding.cause))
    assert len(errors) == len(set(errors))
    return set(errors), undecided


@pytest.mark.parametrize("pseudo", [HERE, {}], ids=["known", "unknown"])
def test_the_stack_itself_has_no_error(pseudo: dict[str, str], tmp_path: Path) -> None:
    """Only the policy of the secret outside the run is missing."""
    assert check(STACK, tmp_path, pseudo) == (set(), {"TOKEN"})


@pytest.mark.parametrize("pseudo", [HERE, {}], ids=["known", "unknown"])
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_mutation(mutation: Mutation, pseudo: dict[str, str], tmp_path: Path) -> None:
    """These errors and no others, wherever the stack is deployed."""
    text = STACK
    for old, new in mutation.edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    errors, undecided = check(text, tmp_path, pseudo)
    assert errors == set(mutation.errors)
    denied = {name for name, _ in mutation.errors}
    assert undecided == {"TOKEN", *mutation.open} - denied


def test_mutations_have_names_of_their_own() -> None:
    names = [mutation.name for mutation in MUTATIONS]
    assert len(names) == len(set(names))
