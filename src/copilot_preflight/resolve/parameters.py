"""Parameters and pseudo parameters under a scenario: what stands for a value from outside.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import EMPTY, Hole, Text
from copilot_preflight.iam.arn import NAME_EXCLUDES, name_hole, partition_of_region, unknown_object
from copilot_preflight.resolve.conditions import Conditions
from copilot_preflight.resolve.hints import LETTERS, spelling
from copilot_preflight.resolve.scenario import Scenario, spelt
from copilot_preflight.resolve.template import SHARED_PSEUDO, Template

_TELLING: Final = NAME_EXCLUDES + LETTERS
"""Characters of which it matters that a value cannot hold them: an account has no letters."""

_URL_SUFFIX: Final = {
    "aws": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-us-gov": "amazonaws.com",
}


class Inputs(NamedTuple):
    """The strings that come from outside a template.

    ``given`` are parameter values by name; ``complete`` says that a deployment's values were
    provided, so that a default counts for what was left out. ``shapes`` gives parameters whose use
    shows their form: ``"s3-object"`` or ``"name"``. The defaults of ``opened`` parameters count for
    nothing; ``defaulted`` gets the names of those whose defaults were taken for values.
    """

    given: Mapping[str, Text]
    complete: bool = False
    pseudo: Mapping[str, str] = MappingProxyType({})
    shapes: Callable[[], Mapping[str, str]] = dict
    opened: frozenset[str] = frozenset()
    defaulted: set[str] | None = None


_PLACEHOLDER: Final = lazy_pattern(
    r"x{3,}|\*{3,}|<.*>|\{\{.*\}\}|\.{3}|todo|tbd|fixme"
    r"|(?:please[-_ ]?)?(?:change|replace)[-_ ]?(?:me|this)"
    r"|(?:placeholder|dummy|your)(?:[-_ ].*)?",
    re.IGNORECASE | re.DOTALL,
)


def is_placeholder(default: str) -> bool:
    """Whether a default only shows where a value belongs: nobody deploys ``changeme``."""
    return _PLACEHOLDER.fullmatch(default.strip()) is not None


class Parameters(Conditions):
    """The parameters of a template under one scenario, and its conditions, which compare them."""

    def __init__(self, template: Template, inputs: Inputs, scenario: Scenario) -> None:
        super().__init__(template, scenario)
        self._inputs = inputs
        self._allowed_values: dict[str, tuple[str, ...] | None] = {}
        self._values: dict[str, Text] = {}

    def pseudo(self, name: str) -> Text:
        """A pseudo parameter: as provided, else one hole for the whole run.

        Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
        """
        value = self._values.get(name)
        if value is None:
            value = self._values[name] = self._pseudo(name)
        return value

    def _pseudo(self, name: str) -> Text:
        if (chosen := self.scenario.value(name)) is not None:
            return chosen
        known = self._inputs.pseudo
        if name in known:
            return Text.of(known[name])
        if name == "AWS::Partition":
            region = self.pseudo("AWS::Region").literal
            if region is not None:
                return Text.of(partition_of_region(region))
        if name == "AWS::URLSuffix":
            suffix = _URL_SUFFIX.get(self.pseudo("AWS::Partition").literal or "")
            if suffix is not None:
                return Text.of(suffix)
        scope = "" if name in SHARED_PSEUDO else self.file
        if name in ("AWS::StackId", "AWS::NotificationARNs"):
            return Text.of(Hole(name, scope))
        return EMPTY if name == "AWS::NoValue" else Text.of(name_hole(name, scope))

    def parameter(self, name: str) -> Text:
        """A parameter's value: chosen by the scenario, provided, or its default if that is one.

        An empty default counts only when a deployment's values were provided: without them it
        is Copilot's way of saying "optional", and both cases are looked at.
        """
        value = self._values.get(name)
        if value is None:
            value = self._values[name] = self._parameter(name)
        return value

    def _parameter(self, name: str) -> Text:
        if (chosen := self.scenario.value(name)) is not None:
            return chosen
        declared = self._parameters.get(name)
        declared = declared if isinstance(declared, dict) else {}
        if str(declared.get("Type", "")).startswith("AWS::SSM::Parameter::Value"):
            return Text.of(Hole(name, self.file))
        if name in self._inputs.given:
            return self._inputs.given[name]
        default = declared.get("Default")
        if default == "" and not self._inputs.complete:
            return Text.of(Hole(name, self.file))
        if default is None or isinstance(default, (dict, list)):
            return self._shaped(name, frozenset())
        value = spelt(default)
        if name in self._inputs.opened or is_placeholder(value):
            return self._shaped(name, frozenset())
        if self._inputs.defaulted is not None:
            self._inputs.defaulted.add(name)
        return Text.of(value)

    def is_unknown(self, name: str) -> bool:
        """Whether nothing is known of a parameter, or pseudo parameter, but what it may be."""
        if name not in self._parameters and name not in SHARED_PSEUDO:
            return False
        text = self.pseudo(name) if name in SHARED_PSEUDO else self.parameter(name)
        hole = text.only_hole
        return hole is not None and hole.name == name and hole.scope in ("", self.file)

    def possible_values(self, name: str) -> tuple[str, ...] | None:
        """The values that an unknown parameter may have; None where they are no closed set.

        Those of a type that reads from SSM allow names, and those of a list allow its items.
        """
        declared = self._parameters.get(name)
        kind = str(declared.get("Type", "")) if isinstance(declared, dict) else ""
        allowed = None if kind.startswith("AWS::SSM::") else self._allowed(name)
        never = frozenset[str]().union(*(h.never for h in self.parameter(name).holes))
        return None if allowed is None else tuple(v for v in allowed if v not in never)

    def _shaped(self, name: str, never: frozenset[str]) -> Text:
        """An unknown parameter in the form that its use shows."""
        shape = self._inputs.shapes().get(name)
        if shape == "s3-object":
            return unknown_object(self.pseudo("AWS::Partition"), name, self.file)
        if shape == "name":
            return Text.of(name_hole(name, self.file).but(never=never))
        if name in SHARED_PSEUDO:
            return Text.of(name_hole(name).but(never=never))
        allowed = [value for value in self._allowed(name) or () if value not in never]
        if len(allowed) == 1:
            return Text.of(allowed[0])
        pattern = spelling(self._parameters.get(name))
        characters = "".join(allowed) if allowed else pattern.characters if pattern else _TELLING
        excludes = "".join(c for c in _TELLING if c not in characters)
        nonempty = "" in never or (
            "" not in allowed if allowed else bool(pattern and pattern.least)
        )
        length = pattern.least if pattern and pattern.least == pattern.most else 0
        return Text.of(Hole(name, self.file, excludes, nonempty, never, length=length))

    def _allowed(self, parameter: str) -> tuple[str, ...] | None:
        """The AllowedValues of a parameter; None where any value will do."""
        if parameter not in self._allowed_values:
            declared = self._parameters.get(parameter)
            values = declared.get("AllowedValues") if isinstance(declared, dict) else None
            allowed: tuple[str, ...] | None = None
            if isinstance(values, list) and values and not self._is_list_parameter(parameter):
                allowed = tuple(spelt(v) for v in values if not isinstance(v, (dict, list)))
            self._allowed_values[parameter] = allowed
        return self._allowed_values[parameter]

    def _is_list_parameter(self, name: Any) -> bool:
        declared = self._parameters.get(name) if isinstance(name, str) else None
        kind = str(declared.get("Type", "")) if isinstance(declared, dict) else ""
        return "List<" in kind or "CommaDelimitedList" in kind
