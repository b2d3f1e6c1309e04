"""Scenarios: the parameter values and condition outcomes under which a template is read.

A template with undecided conditions is several stacks in one. A `Scenario` is one choice among
them, and only as much of a choice as the question at hand needs: it is split on a condition when,
and only when, that condition would change an answer.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, TypeAlias

from copilot_preflight.base.symbolic import Hole, Text

Choice: TypeAlias = "tuple[str, Text, frozenset[str]]"
"""A parameter, the value chosen for it, and what that is known not to be."""

Assumption: TypeAlias = "tuple[Text, Text, bool]"
"""Two texts, and whether they are assumed to be equal."""


class Scenario:
    """One way to read a template.

    ``values`` are parameter values chosen here, each with what it is known not to be: texts are
    equal without it, scenarios are not. ``assumed`` are outcomes of comparisons that depend on no
    single parameter, ``decisions`` the conditions that were asked for, with their outcomes, which
    follow from the rest. Where ``every_branch`` is true no condition is decided: every branch of
    the template is seen.
    """

    __slots__ = ("assumed", "decisions", "every_branch", "values")

    def __init__(
        self,
        values: tuple[Choice, ...] = (),
        assumed: tuple[Assumption, ...] = (),
        decisions: tuple[tuple[str, bool], ...] = (),
        every_branch: bool = False,
    ) -> None:
        self.values: Final = values
        self.assumed: Final = assumed
        self.decisions: Final = decisions
        self.every_branch: Final = every_branch

    def __eq__(self, other: object) -> bool:
        """Whether both make the same choice: what follows from it says nothing more."""
        return self is other or (
            isinstance(other, Scenario)
            and self.values == other.values
            and self.assumed == other.assumed
            and self.every_branch == other.every_branch
        )

    def __hash__(self) -> int:
        return hash((self.values, self.assumed, self.every_branch))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"Scenario({fields})"

    def but(
        self,
        *,
        values: tuple[Choice, ...] | None = None,
        assumed: tuple[Assumption, ...] | None = None,
        decisions: tuple[tuple[str, bool], ...] | None = None,
        every_branch: bool | None = None,
    ) -> Scenario:
        """The same scenario, in which something else is chosen."""
        return Scenario(
            self.values if values is None else values,
            self.assumed if assumed is None else assumed,
            self.decisions if decisions is None else decisions,
            self.every_branch if every_branch is None else every_branch,
        )

    def value(self, parameter: str) -> Text | None:
        for name, value, _ in self.values:
            if name == parameter:
                return value
        return None

    def choices(self, parameters: Collection[str]) -> tuple[Choice, ...]:
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
        return self.but(values=(*kept, (parameter, value, never)), assumed=assumed)

    def assuming(self, one: Text, two: Text, equal: bool) -> Scenario:
        return self.but(assumed=(*self.assumed, (one, two, equal)))

    def deciding(self, condition: str, outcome: bool) -> Scenario:
        decision = (condition, outcome)
        if decision in self.decisions:
            return self
        return self.but(decisions=(*self.decisions, decision))

    def __str__(self) -> str:
        """``"HasEnvFile is true and HasAddons is false"``; empty where nothing was chosen."""
        return " and ".join(f"{name} is {str(outcome).lower()}" for name, outcome in self.decisions)


ANY: Scenario = Scenario()
"""Nothing chosen: what is known comes from the parameter file and the defaults alone."""


def spelt(scalar: str | float | bool) -> str:
    """A YAML scalar as CloudFormation turns it into a string."""
    return str(scalar).lower() if isinstance(scalar, bool) else str(scalar)
