"""Mutants are small mistakes inside functions, and nothing else."""

from __future__ import annotations

import ast

from tools.branches import Branches, share
from tools.mutate import mutants_of

SOURCE = """
LIMIT: int = 3


class Pair:
    text: str = "x"

    @property
    def fits(self) -> bool:
        '''Whether it fits.'''
        if not self.text and LIMIT > 2:
            raise ValueError("no text")
        return any(c == "a" for c in self.text)
"""


def test_every_mutant_is_another_program_with_one_mistake() -> None:
    """Each differs from the module and from every other, in the line that it names."""
    original = ast.unparse(ast.parse(SOURCE)).splitlines()
    mutants = list(mutants_of(SOURCE))
    spelt = [ast.unparse(mutant.tree).splitlines() for mutant in mutants]
    assert len({"\n".join(lines) for lines in spelt}) == len(mutants) > 10
    for mutant, lines in zip(mutants, spelt, strict=True):
        differing = [(a, b) for a, b in zip(original, lines, strict=True) if a != b]
        assert len(differing) == 1, mutant
    assert {mutant.line for mutant in mutants} == {11, 13}


def test_mistakes_that_are_made() -> None:
    """Operands left out, comparisons turned, limits moved, answers forgotten."""
    told = {f"{mutant.was} -> {mutant.becomes}" for mutant in mutants_of(SOURCE)}
    assert {
        "not self.text and LIMIT > 2 -> not self.text or LIMIT > 2",
        "not self.text and LIMIT > 2 -> LIMIT > 2",
        "LIMIT > 2 -> LIMIT >= 2",
        "2 -> 3",
        "not self.text -> self.text",
        "any -> all",
    } <= told
    assert any(each.endswith("-> return None") for each in told)


def test_the_share_of_branches_that_are_taken() -> None:
    """All ways count alike; where there are none, none is missing."""
    found = [Branches("a.py", {1: (2, 2), 5: (2, 1)}), Branches("b.py", {})]
    assert share(found) == 75.0
    assert share(found[1:]) == 100.0
