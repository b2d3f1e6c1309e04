"""A definite answer stays true whatever the unknowns turn out to be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from random import Random
from typing import Final

from tests.iam.unknowns import Guess, unknown
from tests.iam.worlds import World, concrete, show

from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.iam.layers import Ruling, decide

SAMPLES: Final = int(os.environ.get("SAMPLES", "2000"))
SEED: Final = os.environ.get("SEED", "0")
"""``make soak`` takes more samples, of another seed each time."""

EACH: Final = 4
"""How often one world with unknowns is completed."""


def ruled(world: World) -> Ruling:
    return decide(*world)


def contradicts(said: Ruling, completed: Ruling) -> bool:
    """Whether a definite answer is not that of a completion.

    An implicit deny says no more than that the call is denied where a Deny may apply as well. A
    completion that nobody can decide, as AWS does not say how it reads an ARN, contradicts nothing.
    """
    if completed.outcome is Outcome.UNDETERMINED:
        return not any(fact.name.startswith("how AWS reads") for fact in completed.facts)
    if said.outcome is Outcome.IMPLICIT_DENY and any(v.deny is None for _, v in said.voices):
        return not completed.outcome.is_denied
    return completed.outcome is not said.outcome


def guesses(seed: str) -> Iterator[tuple[Guess, Ruling, Random]]:
    """Worlds with unknowns to which the answer is definite all the same, without end."""
    number = 0
    while True:
        chance = Random(f"{seed}:{number}")
        number += 1
        world = concrete(chance)
        for _ in range(2):  # most worlds are denied, by several layers
            if ruled(world).outcome is not Outcome.ALLOWED:
                world = concrete(chance)
        guess = unknown(world, chance)
        said = ruled(guess.world)
        if said.outcome is not Outcome.UNDETERMINED:
            yield guess, said, chance


def test_no_value_of_an_unknown_contradicts_a_definite_answer() -> None:
    """Every completion of a world gets the answer that the world with unknowns got."""
    samples = 0
    for guess, said, chance in guesses(SEED):
        for _ in range(EACH):
            completed = guess.completed(chance)
            if completed is None:
                continue
            samples += 1
            found = ruled(completed)
            assert not contradicts(said, found), (
                f"sample {samples} of SEED={SEED}: {said.outcome.value} by {said.layer}, "
                f"and {found.outcome.value} by {found.layer} for a completion\n\n"
                f"{show(guess.world)}\n\ncompleted:\n{show(completed)}"
            )
        if samples >= SAMPLES:
            break
