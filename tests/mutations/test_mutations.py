from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutations import buckets, conditions, grants, keys, roles, spellings, values
from tests.mutations.harness import (
    EnvFile,
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
OWN = own_stacks()
COPILOT = copilot_stacks()

EVERYWHERE = "ALL_MUTATIONS" in os.environ
"""Thousands of cases say little more than some: all of them run where this variable is set."""

SOME = 7


def cases(mutation: Mutation) -> Iterator[tuple[Stack, EnvFile, Site]]:
    """The changed stacks: our own, and some of Copilot's, others for each mutation."""
    for stack in OWN:
        yield from _changed(mutation, stack)
    found = (case for stack in _turned(mutation) for case in _changed(mutation, stack))
    for number, case in enumerate(found):
        if number >= SOME and not EVERYWHERE:
            return
        yield case


def _turned(mutation: Mutation) -> list[Stack]:
    """Copilot's stacks in an order of the mutation's own."""
    if not COPILOT:
        return []
    step = 11  # neighbours in the corpus are much alike
    start = MUTATIONS.index(mutation) * SOME
    return [COPILOT[(start + number * step) % len(COPILOT)] for number in range(len(COPILOT))]


def _changed(mutation: Mutation, stack: Stack) -> Iterator[tuple[Stack, EnvFile, Site]]:
    for file in stack.files:
        site = mutation.apply(stack, file)
        if site is not None:
            yield stack, file, site


def report(mutation: Mutation, stack: Stack, site: Site, folder: Path) -> Iterator[str]:
    """What is wrong with the findings in a changed stack, with its parameters and without."""
    for blind in (False, True) if mutation.blind and stack.is_copilot else (False,):
        for problem in problems(mutation, site, check(site, folder, blind=blind)):
            yield f"{stack}, {site.file.name}{', no parameters' if blind else ''}: {problem}"


def test_mutations_have_names_of_their_own() -> None:
    """A name is a test's id, and tells a mutation from the others."""
    names = [mutation.name for mutation in (*MUTATIONS, *buckets.MUTATIONS)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_mutation_is_found_where_it_is_and_nothing_else(
    mutation: Mutation, tmp_path: Path
) -> None:
    """A stack with the change gives these findings at these lines, and no other finding."""
    wrong, count = [], 0
    for stack, _, site in cases(mutation):
        count += 1
        wrong += report(mutation, stack, site, tmp_path)
    assert count or not COPILOT, "the mutation applies nowhere"
    assert not wrong, "\n".join(wrong[:9])


@pytest.mark.parametrize("mutation", buckets.MUTATIONS, ids=lambda mutation: mutation.name)
def test_mutation_of_a_stack_with_its_own_bucket(mutation: Mutation, tmp_path: Path) -> None:
    """Encryption, bucket and key policies and lifecycle rules count where they are in the run."""
    stack = bucket_stack()
    changed = list(_changed(mutation, stack))
    assert changed, "the mutation applies nowhere"
    assert [p for _, _, site in changed for p in report(mutation, stack, site, tmp_path)] == []
