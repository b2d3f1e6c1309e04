"""Intrinsic functions under a scenario: raw template data -> `Text`, lists and maps.

Every function returns what is known; what is not becomes a hole with a name, so that equal
expressions are equal values.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from copilot_preflight import attributes
from copilot_preflight.cursor import Guard, TemplateError, Value, function_of, kind_of
from copilot_preflight.finding import DataPath
from copilot_preflight.iam.arn import name_hole, partition_of_region
from copilot_preflight.scenarios import Scenario, spelt
from copilot_preflight.text import EMPTY, Hole, Text

_DYNAMIC_REFERENCE: Final = re.compile(r"(\{\{resolve:[^}]*\}\})")
_SUB_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")


class Links(Protocol):
    """What a template takes from other stacks of the same run; None where they are not in it."""

    def exported(self, name: Text) -> Text | None: ...

    def nested_output(self, logical_id: str, output: str) -> Text | None: ...


@dataclass(frozen=True, slots=True)
class Inputs:
    """The strings that come from outside a template.

    ``given`` are parameter values by name; ``complete`` says that a deployment's values were
    handed over, so that a default counts for what was left out. ``shapes`` are parameters whose
    use tells their form: ``"s3-object"`` or ``"name"``.
    """

    given: Mapping[str, Text]
    complete: bool = False
    pseudo: Mapping[str, str] = field(default_factory=dict)
    shapes: Mapping[str, str] = field(default_factory=dict)


class Resolver:
    """Reads one template under one scenario."""

    def __init__(
        self, file: str, data: Mapping[str, Any], inputs: Inputs, links: Links, scenario: Scenario
    ) -> None:
        self.file = file
        self.scenario = scenario
        self._inputs = inputs
        self._links = links
        self._parameters = _mapping(data, "Parameters")
        self._conditions = _mapping(data, "Conditions")
        self._mappings = _mapping(data, "Mappings")
        self._resources = _mapping(data, "Resources")
        self._decided: dict[str, bool | None] = {}
        self._deciding: list[str] = []

    # --- conditions --------------------------------------------------------------------------

    def decide(self, condition: str) -> bool | None:
        """The outcome of a named condition, None where it is open; a cycle is an error."""
        if self.scenario.every_branch:
            return None
        if condition in self._decided:
            return self._decided[condition]
        if (assumed := self.scenario.assumption(condition)) is not None:
            return assumed
        if condition not in self._conditions:
            return None
        path = ("Conditions", condition)
        if condition in self._deciding:
            cycle = " -> ".join([*self._deciding[self._deciding.index(condition) :], condition])
            raise TemplateError(path, f"condition depends on itself: {cycle}")
        self._deciding.append(condition)
        try:
            outcome = self._test(self._conditions[condition], path)
        finally:
            self._deciding.pop()
        self._decided[condition] = outcome
        return outcome

    def _test(self, expression: Any, path: DataPath) -> bool | None:
        if isinstance(expression, bool):
            return expression
        if not isinstance(expression, dict) or len(expression) != 1:
            raise TemplateError(path, "a condition must be a map with one condition function")
        function, argument = next(iter(expression.items()))
        path = (*path, function)
        if function == "Condition":
            return self.decide(argument) if isinstance(argument, str) else None
        if not isinstance(argument, list):
            raise TemplateError(path, f"{function} takes a list")
        if function == "Fn::Equals":
            if len(argument) != 2:
                raise TemplateError(path, "Fn::Equals takes a list of two values")
            one, two = (self.text(item, (*path, i)) for i, item in enumerate(argument))
            return one.equals(two)
        answers = [self._test(item, (*path, i)) for i, item in enumerate(argument)]
        if function == "Fn::Not":
            return None if not answers or answers[0] is None else not answers[0]
        if function == "Fn::And":
            return False if False in answers else None if None in answers else True
        if function == "Fn::Or":
            return True if True in answers else None if None in answers else False
        return None

    def open_parameter(self, condition: str) -> str | None:
        """A parameter (or pseudo parameter) on which an open condition hangs."""
        if condition not in self._conditions:
            return None
        pending = [self._conditions[condition]]
        while pending:
            node = pending.pop()
            if not isinstance(node, dict):
                continue
            for function, argument in node.items():
                if function == "Condition" and self.decide(str(argument)) is None:
                    if (name := self.open_parameter(str(argument))) is not None:
                        return name
                elif function == "Fn::Equals" and isinstance(argument, list):
                    if name := self._open_operand(argument):
                        return name
                elif isinstance(argument, list):
                    pending += reversed(argument)
        return None

    def _open_operand(self, operands: list[Any]) -> str | None:
        for operand in operands:
            name = operand.get("Ref") if isinstance(operand, dict) else None
            if (
                isinstance(name, str)
                and (name in self._parameters or name.startswith("AWS::"))
                and self.scenario.value(name) is None
                and self.text(operand, ()).only_hole is not None
            ):
                return name
        return None

    def choices(self, parameter: str, compared: tuple[str, ...]) -> list[Text]:
        """The values that make a difference: those it is compared with, and "any other"."""
        declared = self._parameters.get(parameter)
        allowed = declared.get("AllowedValues") if isinstance(declared, dict) else None
        if isinstance(allowed, list) and allowed:
            spelled = [spelt(value) for value in allowed if not isinstance(value, (dict, list))]
            others = [value for value in spelled if value not in compared]
            return [Text.of(v) for v in [*(c for c in compared if c in spelled), *others[:1]]]
        shaped = self._shaped(parameter, frozenset(compared))
        return [*(Text.of(value) for value in compared), shaped]

    # --- strings -----------------------------------------------------------------------------

    def text(self, raw: Any, path: DataPath, guard: Guard = ()) -> Text:
        """The string that a value stands for, with a hole for everything that is not known."""
        if isinstance(raw, Text):
            return raw
        if isinstance(raw, str):
            return self._literal(raw)
        if isinstance(raw, (bool, int, float)):
            return Text.of(spelt(raw))
        if raw is None:
            return EMPTY
        if isinstance(raw, dict) and len(raw) == 1:
            function, argument = next(iter(raw.items()))
            resolve = _FUNCTIONS.get(function)
            if resolve is not None:
                found = resolve(self, argument, (*path, function), guard)
                if found is not None:
                    return found
        return Text.of(self._unknown(raw))

    def _unknown(self, raw: Any) -> Hole:
        return Hole(json.dumps(raw, default=str, separators=(",", ":")), self.file)

    def _literal(self, raw: str) -> Text:
        if "{{resolve:" not in raw:
            return Text.of(raw)
        pieces = _DYNAMIC_REFERENCE.split(raw)
        return Text.of(*(Hole(p, self.file) if i % 2 else p for i, p in enumerate(pieces)))

    def _ref(self, argument: Any, path: DataPath, _guard: Guard = ()) -> Text | None:
        if not isinstance(argument, str):
            raise TemplateError(path, "Ref takes the name of a parameter or resource")
        if argument.startswith("AWS::"):
            return self.pseudo(argument)
        if argument in self._parameters:
            return self.parameter(argument)
        if argument in self._resources:
            kind, lookup = self._resource(argument)
            return attributes.reference(kind, argument, self.file, lookup)
        return Text.of(Hole(argument, self.file))

    def pseudo(self, name: str) -> Text:
        """A pseudo parameter: as handed over, else one hole for the whole run.

        Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
        """
        if (chosen := self.scenario.value(name)) is not None:
            return chosen
        known = self._inputs.pseudo
        if name in known:
            return Text.of(known[name])
        if name == "AWS::Partition" and "AWS::Region" in known:
            return Text.of(partition_of_region(known["AWS::Region"]))
        scope = "" if name in ("AWS::Partition", "AWS::Region", "AWS::AccountId") else self.file
        if name in ("AWS::StackId", "AWS::NotificationARNs"):
            return Text.of(Hole(name, scope))
        return EMPTY if name == "AWS::NoValue" else Text.of(name_hole(name, scope))

    def parameter(self, name: str) -> Text:
        """A parameter's value: chosen by the scenario, handed over, or its default.

        An empty default counts only when a deployment's values were handed over: without them it
        is Copilot's way of saying "optional", and both cases are looked at.
        """
        if (chosen := self.scenario.value(name)) is not None:
            return chosen
        declared = self._parameters.get(name)
        declared = declared if isinstance(declared, dict) else {}
        if str(declared.get("Type", "")).startswith("AWS::SSM::Parameter::Value"):
            return Text.of(Hole(name, self.file))
        if name in self._inputs.given:
            return self._inputs.given[name]
        default = declared.get("Default")
        optional = default == "" and not self._inputs.complete
        if default is None or optional or isinstance(default, (dict, list)):
            return Text.of(Hole(name, self.file)) if optional else self._shaped(name, frozenset())
        return Text.of(spelt(default))

    def _shaped(self, name: str, never: frozenset[str]) -> Text:
        """An unknown parameter in the form that its use tells."""
        shape = self._inputs.shapes.get(name)
        if shape == "s3-object":
            bucket = name_hole(f"{name} bucket", self.file)
            key = Hole(f"{name} key", self.file, excludes="*?", nonempty=True)
            return Text.of("arn:", self.pseudo("AWS::Partition"), ":s3:::", bucket, "/", key)
        if shape == "name" or name == "AWS::Region":
            return Text.of(replace(name_hole(name, self.file), never=never))
        scope = "" if name.startswith("AWS::") else self.file
        return Text.of(Hole(name, scope, nonempty="" in never, never=never))

    def _resource(self, logical_id: str) -> tuple[str, attributes.Lookup]:
        raw = self._resources[logical_id]
        properties = raw.get("Properties") if isinstance(raw, dict) else None
        path: DataPath = ("Resources", logical_id, "Properties")

        def lookup(name: str) -> Text | None:
            if name.startswith("AWS::"):
                return self.pseudo(name)
            if not isinstance(properties, dict) or name not in properties:
                return None
            variants = list(Value(self, properties[name], (*path, name)).variants())
            return variants[0].text() if len(variants) == 1 else None

        return (str(raw.get("Type", "")) if isinstance(raw, dict) else ""), lookup

    def _get_att(self, argument: Any, path: DataPath, _guard: Guard = ()) -> Text | None:
        pieces = argument.split(".", 1) if isinstance(argument, str) else argument
        if not isinstance(pieces, list) or len(pieces) != 2 or not isinstance(pieces[0], str):
            raise TemplateError(path, "Fn::GetAtt takes a resource and an attribute")
        logical_id, name = pieces[0], str(self.text(pieces[1], path))
        if logical_id not in self._resources:
            return Text.of(Hole(f"{logical_id}.{name}", self.file))
        if name.startswith("Outputs."):
            output = name.removeprefix("Outputs.")
            linked = self._links.nested_output(logical_id, output)
            return linked or Text.of(Hole(f"{logical_id}.{name}", self.file))
        kind, lookup = self._resource(logical_id)
        return attributes.attribute(kind, logical_id, name, self.file, lookup)

    def _import_value(self, argument: Any, path: DataPath, guard: Guard) -> Text | None:
        name = self.text(argument, path, guard)
        return self._links.exported(name) or Text.of(Hole(f"ImportValue {name}"))

    def _sub(self, argument: Any, path: DataPath, guard: Guard) -> Text | None:
        extra: Mapping[str, Any] = {}
        template = argument
        if isinstance(argument, list):
            if len(argument) != 2 or not isinstance(argument[1], dict):
                raise TemplateError(path, "Fn::Sub takes a string, or a list of a string and a map")
            template, extra = argument
        if not isinstance(template, str):
            raise TemplateError(path, "Fn::Sub takes a string")
        parts: list[str | Text] = []
        for index, piece in enumerate(_SUB_VARIABLE.split(template)):
            if index % 2 == 0:
                parts.append(self._literal(piece))
            elif piece.startswith("!"):
                parts.append("${" + piece[1:] + "}")
            elif (name := piece.strip()) in extra:
                parts.append(self.text(extra[name], (*path, 1, name), guard))
            elif "." in name:
                parts.append(self._get_att(name, path) or EMPTY)
            else:
                parts.append(self._ref(name, path) or EMPTY)
        return Text.of(*parts)

    def _join(self, argument: Any, path: DataPath, guard: Guard) -> Text | None:
        if not isinstance(argument, list) or len(argument) != 2:
            raise TemplateError(path, "Fn::Join takes a delimiter and a list")
        pieces = self.texts(argument[1], (*path, 1), guard)
        if pieces is None:
            return None
        delimiter = self.text(argument[0], (*path, 0), guard)
        parts = [part for piece in pieces for part in (delimiter, piece)]
        return Text.of(*parts[1:])

    def texts(self, raw: Any, path: DataPath, guard: Guard = ()) -> list[Text] | None:
        """A list of strings, None where its length is not known."""
        values = list(Value(self, raw, path, guard).elements())
        if any(value.guard != guard or value.is_open for value in values):
            return None
        return [value.text() for value in values]

    def _split(self, argument: Any, path: DataPath, guard: Guard) -> tuple[list[Text], bool]:
        if not isinstance(argument, list) or len(argument) != 2:
            raise TemplateError(path, "Fn::Split takes a delimiter and a string")
        delimiter = self.text(argument[0], (*path, 0), guard).literal
        source = self.text(argument[1], (*path, 1), guard)
        if delimiter is None:
            return [], False
        pieces, complete = source.split(delimiter)
        return list(pieces), complete

    def _select(self, argument: Any, path: DataPath, guard: Guard) -> Text | None:
        if not isinstance(argument, list) or len(argument) != 2:
            raise TemplateError(path, "Fn::Select takes an index and a list")
        index = self.text(argument[0], (*path, 0), guard).literal
        if index is None or not index.isdigit():
            return None
        pieces: list[Text] | None
        if function_of(argument[1]) == "Fn::Split":  # its leading pieces may be all that is known
            pieces, _ = self._split(argument[1]["Fn::Split"], (*path, 1, "Fn::Split"), guard)
        else:
            pieces = self.texts(argument[1], (*path, 1), guard)
        return pieces[int(index)] if pieces is not None and int(index) < len(pieces) else None

    def _if(self, argument: Any, path: DataPath, guard: Guard) -> Text | None:
        function = path[-1]
        variants = list(Value(self, {function: argument}, path[:-1], guard).variants())
        if len(variants) == 1:
            return variants[0].text()
        condition = str(argument[0]) if isinstance(argument, list) and argument else ""
        hole = self._unknown({str(function): argument})
        return Text.of(replace(hole, condition=condition)) if variants else EMPTY

    def _find_in_map(self, argument: Any, path: DataPath, guard: Guard) -> Text | None:
        found = self._mapped(argument, path, guard)
        return self.text(found, path) if isinstance(found, (str, int, float, bool)) else None

    def _mapped(self, argument: Any, path: DataPath, guard: Guard) -> Any:
        if not isinstance(argument, list) or len(argument) < 3:
            raise TemplateError(path, "Fn::FindInMap takes a map name and two keys")
        node: Any = self._mappings
        for index, item in enumerate(argument[:3]):
            key = self.text(item, (*path, index), guard).literal
            node = node.get(key) if isinstance(node, dict) and key is not None else None
        return node

    # --- lists -------------------------------------------------------------------------------

    def listed(self, value: Value) -> Iterator[Value]:
        """The elements behind a function that stands where a list may stand."""
        function = str(function_of(value.raw))
        argument = value.raw[function]
        path = (*value.path, function)
        pieces: Sequence[Text] = ()
        complete = False
        if function == "Ref" and self._is_list_parameter(argument):
            text = self.parameter(str(argument))
            known = text.literal is not None
            pieces, complete = (
                [Text.of(p.strip()) for p in (text.literal or "").split(",")],
                known,
            )
        elif function == "Fn::Split":
            pieces, complete = self._split(argument, path, value.guard)
        elif function == "Fn::FindInMap":
            found = self._mapped(argument, path, value.guard)
            if not isinstance(found, list):
                yield value
                return
            pieces, complete = [self.text(item, path) for item in found], True
        elif function in ("Fn::GetAZs", "Fn::Cidr", "Fn::Transform"):
            pass
        else:
            yield value
            return
        if not complete:
            yield value.with_text(Text.of(self._unknown(value.raw)), is_open=True)
            return
        for piece in pieces:
            yield value.with_text(piece)

    def _is_list_parameter(self, name: Any) -> bool:
        declared = self._parameters.get(name) if isinstance(name, str) else None
        kind = str(declared.get("Type", "")) if isinstance(declared, dict) else ""
        return "List<" in kind or "CommaDelimitedList" in kind


def _mapping(data: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    found = data.get(section)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise TemplateError((section,), f"{section} must be a map, found {kind_of(found)}")
    return found


_FUNCTIONS: Final[dict[str, Callable[[Resolver, Any, DataPath, Guard], Text | None]]] = {
    "Ref": Resolver._ref,
    "Fn::GetAtt": Resolver._get_att,
    "Fn::ImportValue": Resolver._import_value,
    "Fn::Sub": Resolver._sub,
    "Fn::Join": Resolver._join,
    "Fn::Select": Resolver._select,
    "Fn::If": Resolver._if,
    "Fn::FindInMap": Resolver._find_in_map,
}
