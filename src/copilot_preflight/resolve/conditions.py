"""The outcomes of a template's conditions under a scenario, and the ways to settle an open one.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from copilot_preflight.base.finding import DataPath
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.base.three_valued import all_of, any_of
from copilot_preflight.iam.arn import partition_of_region
from copilot_preflight.resolve.scenario import Scenario
from copilot_preflight.resolve.template import SHARED_PSEUDO, Template
from copilot_preflight.resolve.value import Guard, TemplateError


class Conditions(ABC):
    """Decides conditions. What the strings are that they compare, a subclass tells."""

    def __init__(self, template: Template, scenario: Scenario) -> None:
        self.file = template.file
        self.scenario = scenario
        self._parameters = template.parameters
        self._conditions = template.conditions
        self._decided: dict[str, bool | None] = {}
        self._deciding: list[str] = []

    @abstractmethod
    def text(self, raw: Any, path: DataPath, guard: Guard = ()) -> Text:
        """The string that a value stands for."""

    @abstractmethod
    def pseudo(self, name: str) -> Text:
        """The value of a pseudo parameter."""

    @abstractmethod
    def _unknown(self, raw: Any, guard: Guard = ()) -> Hole:
        """A hole for an expression."""

    @abstractmethod
    def _shaped(self, name: str, never: frozenset[str]) -> Text:
        """An unknown parameter, known to have none of some values."""

    @abstractmethod
    def _allowed(self, parameter: str) -> tuple[str, ...] | None:
        """The AllowedValues of a parameter; None where any value will do."""

    def decide(self, condition: str) -> bool | None:
        """The outcome of a named condition, None where it is open; a cycle is an error."""
        if self.scenario.every_branch:
            return None
        if condition in self._decided:
            return self._decided[condition]
        if condition not in self._conditions:
            return self.scenario.assumption(*self._unreadable({"Condition": condition}))
        path = ("Conditions", condition)
        if condition in self._deciding:
            cycle = " -> ".join([*self._deciding[self._deciding.index(condition) :], condition])
            raise TemplateError(self.file, path, f"condition depends on itself: {cycle}")
        self._deciding.append(condition)
        try:
            outcome = self._test(self._conditions[condition], path)
        except RecursionError:
            message = "conditions depend on each other too deeply"
            raise TemplateError(self.file, path, message) from None
        finally:
            self._deciding.pop()
        self._decided[condition] = outcome
        return outcome

    def _test(self, expression: Any, path: DataPath) -> bool | None:
        if isinstance(expression, bool):
            return expression
        if not isinstance(expression, dict) or len(expression) != 1:
            raise TemplateError(
                self.file, path, "a condition must be a map with one condition function"
            )
        function, argument = next(iter(expression.items()))
        path = (*path, function)
        if function == "Condition":
            if isinstance(argument, str):
                return self.decide(argument)
            raise TemplateError(self.file, path, "Condition takes the name of a condition")
        if function not in ("Fn::Equals", "Fn::Not", "Fn::And", "Fn::Or"):
            return self.scenario.assumption(*self._unreadable(expression))
        if not isinstance(argument, list):
            raise TemplateError(self.file, path, f"{function} takes a list")
        if function == "Fn::Equals":
            if len(argument) != 2:
                raise TemplateError(self.file, path, "Fn::Equals takes a list of two values")
            one, two = self._operands(argument, path)
            equal = one.equals(two)
            return self.scenario.assumption(one, two) if equal is None else equal
        answers = [self._test(item, (*path, i)) for i, item in enumerate(argument)]
        if not answers:
            raise TemplateError(self.file, path, f"{function} takes a list of conditions")
        if function == "Fn::Not":
            return None if answers[0] is None else not answers[0]
        if function == "Fn::And":
            return all_of(answers)
        return any_of(answers)

    def _operands(self, argument: Sequence[Any], path: DataPath) -> tuple[Text, Text]:
        return self.text(argument[0], (*path, 0)), self.text(argument[1], (*path, 1))

    def _unreadable(self, expression: Any) -> tuple[Text, Text]:
        """A condition that cannot be read, as a comparison that can be assumed."""
        return Text.of(self._unknown(expression)), Text.of("true")

    def alternatives(self, scenario: Scenario, condition: str) -> list[Scenario]:
        """Scenarios that together cover one, each a step closer to the condition's outcome.

        ``scenario`` is this resolver's own, by the decisions that led the caller to it.
        The first comparison on which the condition hangs is settled: by a choice among the values
        of a parameter where it compares one with a literal, else by assuming either outcome.
        """
        one, two = self._open_comparison(condition)
        for text, literal in ((one, two.literal), (two, one.literal)):
            parameter = self._parameter_behind(text)
            if parameter is not None and literal is not None:
                choices = self._choices(parameter, text, literal)
                finer = [scenario.choosing(parameter, c, self.file) for c in choices]
                return [found for found in finer if found.is_possible]
        return [scenario.assuming(one, two, equal) for equal in (True, False)]

    def _open_comparison(self, condition: str) -> tuple[Text, Text]:
        expression: Any = {"Condition": condition}
        path: DataPath = ("Conditions",)
        while True:
            function, argument = next(iter(expression.items()))
            if function == "Condition" and argument in self._conditions:
                expression, path = self._conditions[argument], ("Conditions", argument)
            elif function in ("Fn::Not", "Fn::And", "Fn::Or"):
                path = (*path, function)
                expression = next(item for item in argument if self._test(item, path) is None)
            elif function == "Fn::Equals":
                return self._operands(argument, (*path, function))
            else:
                return self._unreadable(expression)

    def _parameter_behind(self, text: Text) -> str | None:
        """The parameter, or pseudo parameter, whose unknown value is the whole of a text."""
        hole = text.only_hole
        if hole is None or hole.scope not in ("", self.file):
            return None
        return hole.name if hole.name in self._parameters or hole.name in SHARED_PSEUDO else None

    def _choices(self, parameter: str, now: Text, literal: str) -> list[Text]:
        """The values that a comparison tells apart: the literal, and any other value."""
        never = frozenset({literal}).union(*(hole.never for hole in now.holes))
        allowed = self._allowed(parameter)
        if parameter == "AWS::Region":
            partition = self.pseudo("AWS::Partition").literal
            if partition not in (None, partition_of_region(literal)):
                allowed = ()  # a region of another partition than the stack's
        possible = [Text.of(literal)] if allowed is None or literal in allowed else []
        others = None if allowed is None else [v for v in allowed if v not in never]
        if others == [] and possible:
            return possible
        return [*possible, self._shaped(parameter, never)]
