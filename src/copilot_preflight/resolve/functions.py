"""Intrinsic functions under a scenario: raw template data -> `Text`, lists and maps.

Every function returns what is known; what is not becomes a hole with a name, so that equal
expressions are equal values.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar, cast

from copilot_preflight.base.finding import DataPath
from copilot_preflight.base.symbolic import EMPTY, Hole, Text
from copilot_preflight.resolve import return_values as attributes
from copilot_preflight.resolve.dynamic_references import with_dynamic_references
from copilot_preflight.resolve.parameters import Inputs, Parameters
from copilot_preflight.resolve.scenario import Scenario, spelt
from copilot_preflight.resolve.template import SUB_VARIABLE, Template
from copilot_preflight.resolve.value import Guard, TemplateError, Value, function_of

_INDEX: Final = re.compile(r"[0-9]{1,9}")
_MAX_TEXT: Final = 10_000
"""Characters of a resolved string; policies take far less. Functions that repeat each other's
results would double them without bound: what is longer is not known."""

_MAX_PIECES: Final = 2_000

_LISTS: Final = ("Fn::GetAZs", "Fn::Cidr", "Fn::Transform")
"""Functions whose result is a list, or may be one, that only AWS can write out."""

T = TypeVar("T")


class Links(Protocol):
    """What a template takes from other stacks of the same run; None where they are not in it."""

    def exported(self, name: Text) -> Text | None: ...

    def nested_output(self, logical_id: str, output: str) -> Text | None: ...


class Resolver(Parameters):
    """Reads one template under one scenario."""

    def __init__(
        self, template: Template, inputs: Inputs, links: Links, scenario: Scenario
    ) -> None:
        super().__init__(template, inputs, scenario)
        self._template = template
        self._links = links
        self._mappings = template.mappings
        self._resources = template.resources
        self._looked_up: dict[DataPath, Text | None] = {}
        self._returned: dict[tuple[str, str], Text] = {}
        self._looking_up: list[DataPath] = []

    def shared(self, value: Value, kind: Hashable, build: Callable[[], T]) -> T:
        """What is built from a value of the template, once for all scenarios that read it alike.

        ``kind`` says what is built; it holds nothing of the scenario.
        """
        if isinstance(value.raw, Text):
            return build()  # made of nothing that stands in the template
        mentions = self._template.mentions(value.path, value.raw)
        outcomes = tuple(map(self.decide, mentions.conditions))
        key = (kind, value.path, value.guard, outcomes, self.scenario.choices(mentions.names))
        if key not in self._template.shared:
            self._template.shared[key] = build()
        return cast("T", self._template.shared[key])

    # --- strings -----------------------------------------------------------------------------

    def text(self, raw: Any, path: DataPath, guard: Guard = ()) -> Text:
        """The string that a value stands for, with a hole for everything that is not known."""
        if isinstance(raw, str):
            if "{{" not in raw and len(raw) <= _MAX_TEXT:
                return Text.of(raw)
            known = Text.of(self._unknown(raw) if len(raw) > _MAX_TEXT else raw)
            return with_dynamic_references(known, self.file)
        if isinstance(raw, Text):
            return raw
        if isinstance(raw, (bool, int, float)):
            return Text.of(spelt(raw))
        if raw is None:
            return EMPTY
        if isinstance(raw, dict) and len(raw) == 1:
            function, argument = next(iter(raw.items()))
            resolve = _FUNCTIONS.get(function)
            if resolve is not None:
                text = resolve(self, argument, (*path, function), guard)
                if text is not None and not _is_long(text):
                    plain = text.literal
                    if plain is not None and "{{" not in plain:
                        return text
                    return with_dynamic_references(text, self.file)
        return Text.of(self._unknown(raw, guard))

    def _unknown(self, raw: Any, guard: Guard = ()) -> Hole:
        """A hole for an expression; it depends on the first open condition that stands in it."""
        name = json.dumps(raw, default=str, separators=(",", ":"))
        return Hole(name, self.file, condition=self.open_condition(raw, guard))

    def open_condition(self, raw: Any, guard: Guard = ()) -> str:
        """The first open condition of an Fn::If in an expression; ``""`` where none is open."""
        decided = dict(guard)
        pending = [raw]
        while pending:
            node = pending.pop()
            if isinstance(node, dict):
                branches = node.get("Fn::If")
                name = branches[0] if isinstance(branches, list) and branches else None
                if isinstance(name, str) and name not in decided and self.decide(name) is None:
                    return name
                pending += reversed(list(node.values()))
            elif isinstance(node, list):
                pending += reversed(node)
        return ""

    def _ref(self, argument: Any, path: DataPath, _guard: Guard = ()) -> Text | None:
        if not isinstance(argument, str):
            raise TemplateError(self.file, path, "Ref takes the name of a parameter or resource")
        if argument.startswith("AWS::"):
            return self.pseudo(argument)
        if argument in self._parameters:
            return self.parameter(argument)
        if argument in self._resources:
            return self._returned_by(argument)
        return Text.of(Hole(argument, self.file))

    def _returned_by(self, logical_id: str, attribute: str = "") -> Text:
        """What Ref, or Fn::GetAtt, returns for a resource of the template."""
        key = (logical_id, attribute)
        text = self._returned.get(key)
        if text is None:
            kind, lookup = self._resource(logical_id)
            if attribute:
                text = attributes.attribute(kind, logical_id, attribute, self.file, lookup)
            else:
                text = attributes.reference(kind, logical_id, self.file, lookup)
            self._returned[key] = text
        return text

    def _resource(self, logical_id: str) -> tuple[str, attributes.Lookup]:
        raw = self._resources[logical_id]
        properties = raw.get("Properties") if isinstance(raw, dict) else None

        def lookup(name: str) -> Text | None:
            if name.startswith("AWS::"):
                return self.pseudo(name)
            if not isinstance(properties, dict) or name not in properties:
                return None
            return self._property(logical_id, name, properties[name])

        return (str(raw.get("Type", "")) if isinstance(raw, dict) else ""), lookup

    def _property(self, logical_id: str, name: str, raw: Any) -> Text | None:
        """A property that a resource's name depends on; None where it is not known, or too long."""
        path: DataPath = ("Resources", logical_id, "Properties", name)
        if path in self._looking_up:
            message = f"{name} of '{logical_id}' depends on itself"
            raise TemplateError(self.file, path, message)
        if path not in self._looked_up:
            self._looking_up.append(path)
            try:
                text = self.text(raw, path) if any(Value(self, raw, path).variants()) else None
            finally:
                self._looking_up.pop()
            self._looked_up[path] = None if text is None or _is_long(text) else text
        return self._looked_up[path]

    def _get_att(self, argument: Any, path: DataPath, _guard: Guard = ()) -> Text | None:
        pieces = argument.split(".", 1) if isinstance(argument, str) else argument
        if not isinstance(pieces, list) or len(pieces) != 2 or not isinstance(pieces[0], str):
            raise TemplateError(self.file, path, "Fn::GetAtt takes a resource and an attribute")
        logical_id, attribute = pieces[0], self.text(pieces[1], path)
        name = attribute.literal
        if name is None:
            return Text.of(Hole(f"{logical_id}.{attribute}", f"{self.file}:{attribute.identity}"))
        if logical_id not in self._resources:
            return Text.of(Hole(f"{logical_id}.{name}", self.file))
        if name.startswith("Outputs."):
            output = name.removeprefix("Outputs.")
            linked = self._links.nested_output(logical_id, output)
            return linked or Text.of(Hole(f"{logical_id}.{name}", self.file))
        return self._returned_by(logical_id, name)

    def _import_value(self, argument: Any, path: DataPath, guard: Guard) -> Text | None:
        name = self.text(argument, path, guard)
        exported = self._links.exported(name)
        # A name that is wholly known is the same in every template of the run.
        scope = "" if name.literal is not None else name.identity
        return Text.of(Hole(f"ImportValue {name}", scope)) if exported is None else exported

    def _sub(self, argument: Any, path: DataPath, guard: Guard) -> Text | None:
        extra: Mapping[str, Any] = {}
        template = argument
        if isinstance(argument, list):
            if len(argument) != 2 or not isinstance(argument[1], dict):
                raise TemplateError(
                    self.file, path, "Fn::Sub takes a string, or a list of a string and a map"
                )
            template, extra = argument
        if not isinstance(template, str):
            raise TemplateError(self.file, path, "Fn::Sub takes a string")
        pieces = SUB_VARIABLE.split(template)
        if len(pieces) > _MAX_PIECES:
            return None
        parts: list[str | Text] = []
        passed: dict[str, Text] = {}
        for index, piece in enumerate(pieces):
            if index % 2 == 0:
                parts.append(piece)
            elif piece.startswith("!"):
                parts.append("${" + piece[1:] + "}")
            elif (name := piece.strip()) in extra:
                if name not in passed:  # once, however often it stands there
                    passed[name] = self.text(extra[name], (*path, 1, name), guard)
                parts.append(passed[name])
            elif "." in name:
                parts.append(self._get_att(name, path) or EMPTY)
            else:
                parts.append(self._ref(name, path) or EMPTY)
        return Text.of(*parts)

    def _join(self, argument: Any, path: DataPath, guard: Guard) -> Text | None:
        if not isinstance(argument, list) or len(argument) != 2:
            raise TemplateError(self.file, path, "Fn::Join takes a delimiter and a list")
        pieces = self.texts(argument[1], (*path, 1), guard)
        if pieces is None or len(pieces) > _MAX_PIECES:
            return None
        delimiter = self.text(argument[0], (*path, 0), guard)
        parts = [part for piece in pieces for part in (delimiter, piece)]
        return Text.of(*parts[1:])

    def texts(self, raw: Any, path: DataPath, guard: Guard = ()) -> list[Text] | None:
        """A list of strings, None where its length is not known."""
        found = Value(self, raw, path, guard)
        values = list(found.elements())
        if any(value.guard != guard or value.is_open for value in values):
            return None
        texts = [value.text() for value in values]
        # A function of which nothing is known comes as one element, and may be any list.
        is_open = len(texts) == 1 and texts[0].literal is None and not isinstance(raw, list)
        if is_open and any(variant.raw is values[0].raw for variant in found.variants()):
            return None
        return texts

    def _split(self, argument: Any, path: DataPath, guard: Guard) -> tuple[list[Text], bool]:
        if not isinstance(argument, list) or len(argument) != 2:
            raise TemplateError(self.file, path, "Fn::Split takes a delimiter and a string")
        delimiter = self.text(argument[0], (*path, 0), guard).literal
        source = self.text(argument[1], (*path, 1), guard)
        if delimiter is None:
            return [], False
        pieces, complete = source.split(delimiter)
        return list(pieces), complete

    def _select(self, argument: Any, path: DataPath, guard: Guard) -> Text | None:
        if not isinstance(argument, list) or len(argument) != 2:
            raise TemplateError(self.file, path, "Fn::Select takes an index and a list")
        index = self.text(argument[0], (*path, 0), guard).literal
        if index is None or not _INDEX.fullmatch(index):
            return None
        pieces: list[Text] | None
        if function_of(argument[1]) == "Fn::Split":  # its leading pieces may be all that is known
            pieces, _ = self._split(argument[1]["Fn::Split"], (*path, 1, "Fn::Split"), guard)
        else:
            pieces = self.texts(argument[1], (*path, 1), guard)
        return pieces[int(index)] if pieces is not None and int(index) < len(pieces) else None

    def _if(self, argument: Any, path: DataPath, guard: Guard) -> Text | None:
        function = str(path[-1])
        variants = list(Value(self, {function: argument}, path[:-1], guard).variants())
        if not variants:
            return EMPTY
        if len(variants) == 1 and variants[0].guard == guard:
            return variants[0].text()
        return Text.of(self._unknown({function: argument}, guard))

    def _find_in_map(self, argument: Any, path: DataPath, guard: Guard) -> Text | None:
        mapped = self._mapped(argument, path, guard)
        is_text = mapped is not None and not isinstance(mapped, list)
        return self.text(mapped, path, guard) if is_text else None

    def mapping(self, name: Any) -> Mapping[str, Any] | None:
        """The mapping of a name that is written out; None where AWS may write more into it."""
        mapping = self._mappings.get(name) if isinstance(name, str) else None
        if not isinstance(mapping, dict) or any(str(key).startswith("Fn::") for key in mapping):
            return None
        return mapping if "Fn::Transform" not in self._mappings else None

    def _mapped(self, argument: Any, path: DataPath, guard: Guard) -> Any:
        """What stands in Mappings, or the DefaultValue; None where that cannot be known."""
        if not isinstance(argument, list) or len(argument) < 3:
            raise TemplateError(self.file, path, "Fn::FindInMap takes a map name and two keys")
        keys = [self.text(item, (*path, i), guard).literal for i, item in enumerate(argument[:3])]
        node: Any = self._mappings
        for key in keys:
            if key is None or (isinstance(node, dict) and "Fn::Transform" in node):
                return None
            node = node.get(key) if isinstance(node, dict) else None
        options = argument[3] if len(argument) > 3 else None
        if node is None and isinstance(options, dict):
            return options.get("DefaultValue")
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
            mapped = self._mapped(argument, path, value.guard)
            if not isinstance(mapped, list):
                yield value
                return
            pieces, complete = [self.text(item, path) for item in mapped], True
        elif function in _LISTS or argument == "AWS::NotificationARNs":
            pass
        else:
            yield value
            return
        if not complete:
            unknown = Text.of(self._unknown(value.raw, value.guard))
            yield value.with_text(unknown, is_open=True)
            return
        for piece in pieces:
            yield value.with_text(piece)


def _is_long(text: Text) -> bool:
    if text.literal is not None:
        return len(text.literal) > _MAX_TEXT
    size = 0
    for part in text.parts:
        size += len(part) if isinstance(part, str) else len(part.name) + len(part.scope)
    return size > _MAX_TEXT


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
