from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.amount import EVERYWHERE
from tests.mutations import buckets, conditions, grants, keys, layers, roles, spellings, values
from tests.mutations.edits import reads
from tests.mutations.harness import (
    Finds,
    Mutation,
    Site,
    Stack,
    bucket_stack,
    check,
    copilot_stacks,
    own_stacks,
    problems,
)

MUTATIONS = (
    *grants.MUTATIONS,
    *conditions.MUTATIONS,
    *roles.MUTATIONS,
    *keys.MUTATIONS,
    *values.MUTATIONS,
    *spellings.MUTATIONS,
)
OF_BUCKETS = (*buckets.MUTATIONS, *layers.MUTATIONS)
OWN = own_stacks()
COPILOT = copilot_stacks()

ON_EVERY_STACK = {"policy removed", "policy moved to the task role"}


def cases(mutation: Mutation) -> Iterator[tuple[Stack, Site]]:
    """The changed stacks: each of our own, and some of Copilot's, others for each mutation.

    Every other mutation that ours have room for has none of Copilot's.
    """
    turn = MUTATIONS.index(mutation)
    own = [case for stack in OWN for case in _some(list(_changed(mutation, stack)), turn)]
    yield from own
    left = len(COPILOT) if EVERYWHERE or mutation.name in ON_EVERY_STACK else 1
    if own and left == 1 and turn % 2:
        return
    for stack in _turned(turn):
        found = list(_some(list(_changed(mutation, stack)), turn))
        yield from found
        left -= bool(found)
        if not left:
            return


def _some(found: list[tuple[Stack, Site]], turn: int) -> Iterator[tuple[Stack, Site]]:
    """One of a stack's files, or all of them."""
    if EVERYWHERE:
        yield from found
    elif found:
        yield found[turn % len(found)]


def _turned(turn: int) -> list[Stack]:
    """Copilot's stacks in an order of the mutation's own: neighbours are much alike."""
    count = len(COPILOT)
    return [COPILOT[(turn + number * 11) % count] for number in range(count)]


def _changed(mutation: Mutation, stack: Stack) -> Iterator[tuple[Stack, Site]]:
    for file in stack.files:
        site = mutation.apply(stack, file)
        if site is not None:
            yield stack, site


def report(mutation: Mutation, stack: Stack, site: Site, folder: Path) -> Iterator[str]:
    """What is wrong with the findings in a changed stack, with its parameters and without."""
    for blind in (False, True) if mutation.blind and stack.is_copilot else (False,):
        found = check(site, folder, blind=blind)
        if blind and len(stack.files) > 1:
            # The unknown value of another parameter might be the same: a remark beside the denial.
            found = [f for f in found if f.rule != "I9790"]
        for problem in problems(mutation, site, found):
            yield f"{stack}, {site.file.name}{', no parameters' if blind else ''}: {problem}"


def test_mutations_have_names_of_their_own() -> None:
    """A name is a test's id, and tells a mutation from the others."""
    names = [mutation.name for mutation in (*MUTATIONS, *OF_BUCKETS)]
    assert len(names) == len(set(names))


def test_the_example_of_the_readme_holds(tmp_path: Path) -> None:
    readme = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    mutation = eval(example, {"Mutation": Mutation, "Finds": Finds, "reads": reads})
    changed = [each for stack in OWN for each in _changed(mutation, stack)]
    assert len(changed) == 4
    assert [p for stack, site in changed for p in report(mutation, stack, site, tmp_path)] == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_mutation_is_found_where_it_is_and_nothing_else(mutation: Mutation, tmp_path: Path) -> None:
    """A stack with the change gives these findings at these lines, and no other finding."""
    wrong: list[str] = []
    count = 0
    for stack, site in cases(mutation):
        count += 1
        wrong += report(mutation, stack, site, tmp_path)
    assert count or not COPILOT, "the mutation applies nowhere"
    assert not wrong, "\n".join(wrong[:9])


@pytest.mark.parametrize("mutation", OF_BUCKETS, ids=lambda mutation: mutation.name)
def test_mutation_of_a_stack_with_its_own_bucket(mutation: Mutation, tmp_path: Path) -> None:
    """Encryption, lifecycle rules and every other policy count where they are in the run."""
    stack = bucket_stack()
    changed = list(_changed(mutation, stack))
    assert changed, "the mutation applies nowhere"
    assert [p for _, site in changed for p in report(mutation, stack, site, tmp_path)] == []
