"""Scenarios: the parameter values and condition outcomes under which a template is read.

A template with undecided conditions is several stacks in one. A `Scenario` is one choice among
them, and only as much of a choice as the question at hand needs: it is split on a condition when,
and only when, that condition would change an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from copilot_preflight.text import Text


@dataclass(frozen=True, slots=True)
class Scenario:
    """``values`` are parameter values chosen here, ``assumed`` outcomes of conditions that hang on
    no parameter, ``decisions`` the conditions that were asked for, with their outcomes. Where
    ``every_branch`` is true no condition is decided: every branch of the template is seen."""

    values: tuple[tuple[str, Text], ...] = ()
    assumed: tuple[tuple[str, bool], ...] = ()
    decisions: tuple[tuple[str, bool], ...] = ()
    every_branch: bool = False

    def value(self, parameter: str) -> Text | None:
        return dict(self.values).get(parameter)

    def assumption(self, condition: str) -> bool | None:
        return dict(self.assumed).get(condition)

    def choosing(self, parameter: str, value: Text) -> Scenario:
        return replace(self, values=(*self.values, (parameter, value)))

    def assuming(self, condition: str, outcome: bool) -> Scenario:
        return replace(self, assumed=(*self.assumed, (condition, outcome)))

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


def compared_values(conditions: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Parameter -> the literals that the Conditions section compares it with, in order."""
    found: dict[str, dict[str, None]] = {}
    for operands in _comparisons(conditions):
        names = [o["Ref"] for o in operands if isinstance(o, dict) and set(o) == {"Ref"}]
        literals = [spelt(o) for o in operands if isinstance(o, (str, int, float, bool))]
        for name in names:
            if isinstance(name, str):
                found.setdefault(name, {}).update(dict.fromkeys(literals))
    return {name: tuple(literals) for name, literals in found.items()}


def _comparisons(node: Any) -> Iterator[list[Any]]:
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, dict):
            operands = current.get("Fn::Equals")
            if isinstance(operands, list):
                yield operands
            pending += reversed(list(current.values()))
        elif isinstance(current, list):
            pending += reversed(current)


def spelt(scalar: str | float | bool) -> str:
    """A YAML scalar as CloudFormation turns it into a string."""
    return str(scalar).lower() if isinstance(scalar, bool) else str(scalar)
