"""A stack whose launches are all allowed is silent; each change to it is told at what asks."""

from __future__ import annotations

import re

import pytest
from tests import stacks
from tests.mutations.launches import MUTATIONS, STACK, Mutation
from tests.needs.asked import findings

from copilot_preflight.checks.analysis import Analysis
from copilot_preflight_rules import RULES

HERE = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333"}

known = pytest.mark.parametrize("pseudo", [HERE, {}], ids=["known", "unknown"])


MINE = [rule for rule in RULES if rule.id in ("E9749", "I9790")]


def check(text: str, pseudo: dict[str, str]) -> tuple[set[tuple[str, str]], set[str]]:
    """The errors, by the launch and the actions that are denied, and the launches that are open."""
    analysis = Analysis(stacks.stack(text, pseudo=pseudo))
    errors: list[tuple[str, str]] = []
    undecided: set[str] = set()
    for finding in (it for rule in MINE for it in rule(analysis)):
        launch = str(finding.at.path[1])
        if finding.rule == "I9790":
            undecided.add(launch)
        else:
            denied = finding.message.partition(", which the launch of")[0]
            assert f"'{launch}'" in finding.message
            errors.append((launch, " ".join(re.findall(r"(?<![:\w])\w+:\w+(?= |,)", denied))))
    assert len(errors) == len(set(errors))
    return set(errors), undecided


@known
def test_the_stack_itself_is_silent(pseudo: dict[str, str]) -> None:
    """The CDK's grants, those of AWS's guides and consoles, and its own policy."""
    assert check(STACK, pseudo) == (set(), set())
    assert findings(stacks.stack(STACK, pseudo=pseudo)) == []


@known
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_mutation(mutation: Mutation, pseudo: dict[str, str]) -> None:
    """These errors and no others, wherever the stack is deployed."""
    text = STACK
    for old, new in mutation.edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    assert check(text, pseudo) == (set(mutation.errors), set(mutation.open))


def test_mutations_have_names_of_their_own() -> None:
    names = [mutation.name for mutation in MUTATIONS]
    assert len(names) == len(set(names))
