"""Scenarios: the parameter values and condition outcomes under which a template is read.

A template with undecided conditions is several stacks in one. A `Scenario` is one choice among
them, and only as much of a choice as the question at hand needs: it is split on a condition when,
and only when, that condition would change an answer.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from copilot_preflight.base.symbolic import Hole, Text


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way to read a template.

    ``values`` are parameter values chosen here, each with what it is known not to be: texts are
    equal without it, scenarios are not. ``assumed`` are outcomes of comparisons that depend on no
    single parameter, ``decisions`` the conditions that were asked for, with their outcomes, which
    follow from the rest. Where ``every_branch`` is true no condition is decided: every branch of
    the template is seen.
    """

    values: tuple[tuple[str, Text, frozenset[str]], ...] = ()
    assumed: tuple[tuple[Text, Text, bool], ...] = ()
    decisions: tuple[tuple[str, bool], ...] = field(default=(), compare=False)
    every_branch: bool = False

    def value(self, parameter: str) -> Text | None:
        for name, value, _ in self.values:
            if name == parameter:
                return value
        return None

    def choices(self, parameters: Collection[str]) -> tuple[tuple[str, Text, frozenset[str]], ...]:
        """What is chosen here of some parameters."""
        return tuple(entry for entry in self.values if entry[0] in parameters)

    def assumption(self, one: Text, two: Text) -> bool | None:
        """Whether two texts are assumed to be equal; what equals one literal equals no other."""
        for left, right, equal in self.assumed:
            if (one, two) in ((left, right), (right, left)):
                return equal
        for left, right, equal in self.assumed:
            for text, literal in ((left, right), (right, left)):
                if equal and literal.literal is not None:
                    other = two if text == one else one if text == two else None
                    if other is not None and other.literal is not None:
                        return False
        return None

    @property
    def is_possible(self) -> bool:
        """Whether what is assumed can be true, as far as it can be known."""
        return all(one.equals(two) in (None, equal) for one, two, equal in self.assumed)

    def choosing(self, parameter: str, value: Text, scope: str = "") -> Scenario:
        """Gives a parameter a value; ``scope`` is that of the holes that stand for it."""
        holes = (Hole(parameter), Hole(parameter, scope))

        def chosen(text: Text) -> Text:
            return Text.of(*(value if part in holes else part for part in text.parts))

        kept = tuple(entry for entry in self.values if entry[0] != parameter)
        never = frozenset[str]().union(*(hole.never for hole in value.holes))
        assumed = tuple((chosen(one), chosen(two), equal) for one, two, equal in self.assumed)
        return replace(self, values=(*kept, (parameter, value, never)), assumed=assumed)

    def assuming(self, one: Text, two: Text, equal: bool) -> Scenario:
        return replace(self, assumed=(*self.assumed, (one, two, equal)))

    def deciding(self, condition: str, outcome: bool) -> Scenario:
        decision = (condition, outcome)
        if decision in self.decisions:
            return self
        return replace(self, decisions=(*self.decisions, decision))

    def __str__(self) -> str:
        """``"HasEnvFile is true and HasAddons is false"``; empty where nothing was chosen."""
        return " and ".join(f"{name} is {str(outcome).lower()}" for name, outcome in self.decisions)


ANY: Scenario = Scenario()
"""Nothing chosen: what is known comes from the parameter file and the defaults alone."""


def spelt(scalar: str | float | bool) -> str:
    """A YAML scalar as CloudFormation turns it into a string."""
    return str(scalar).lower() if isinstance(scalar, bool) else str(scalar)
