from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutations import grants
from tests.mutations.harness import Mutation, check, copilot_stacks, own_stacks, problems

STACKS = [*own_stacks(), *copilot_stacks()]
MUTATIONS = [*grants.MUTATIONS]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_mutation_is_found_where_it_is_and_nothing_else(
    mutation: Mutation, tmp_path: Path
) -> None:
    """Every stack with the change gives these findings at these lines, and no other finding."""
    wrong, cases = [], 0
    for stack in STACKS:
        for file in stack.files:
            site = mutation.apply(stack, file)
            if site is None:
                continue
            for blind in (False, True) if mutation.blind and stack.is_copilot else (False,):
                cases += 1
                found = check(site, tmp_path, blind=blind)
                wrong += [
                    f"{stack} {file.name}{' (blind)' if blind else ''}: {problem}"
                    for problem in problems(mutation, site, found)
                ]
    assert cases, "the mutation applies nowhere"
    assert not wrong, "\n".join(wrong[:12])
