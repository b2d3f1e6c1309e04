"""What the expression under the cursor resolves to, with the parameter values of the package."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from copilot_preflight.base.finding import DataPath
from copilot_preflight.base.symbolic import Text
from copilot_preflight.resolve.node_paths import conditions_above
from copilot_preflight.resolve.run import run_of
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.template import SUB_VARIABLE, Template
from copilot_preflight.resolve.value import TemplateError, Value, function_of
from copilot_preflight.resolve.view import View
from copilot_preflight.run.no_echo import hidden_in

_LISTS: Final = frozenset({"Fn::Split", "Fn::GetAZs", "Fn::Cidr"})
_MAX_READINGS: Final = 8
"""Scenarios that are shown of a value; conditions multiply."""


class Reading(NamedTuple):
    """What an expression is, ``when`` a scenario holds (``""``: in all of them)."""

    value: str
    when: str = ""


class Resolved(NamedTuple):
    """An expression as it is written, and its readings. A list has one line for each element.

    ``note`` is a remark in our words, which ends in the name ``subject`` if there is one.
    """

    expression: str
    readings: tuple[Reading, ...]
    note: str = ""
    subject: str = ""


def resolved_at(stack: Stack, path: DataPath, line: str, column: int) -> Iterator[Resolved]:
    """What stands at a path; ``line`` is the text around the 1-based ``column`` of the cursor.

    That is the variable of an ``Fn::Sub`` under the cursor, then the whole innermost function; or
    a condition, or a parameter.
    """
    try:
        for found in _found(stack, path, line, column):
            yield _without_secrets(stack, found)
    except (TemplateError, RecursionError):
        return  # the diagnostics report it, where it matters


def _without_secrets(stack: Stack, found: Resolved) -> Resolved:
    """What was found, without the values of NoEcho parameters that names are made of."""
    hidden = hidden_in(run_of(stack).stacks)
    readings = (Reading(hidden.text(it.value), hidden.text(it.when)) for it in found.readings)
    return found._replace(readings=tuple(readings))


def _found(stack: Stack, path: DataPath, line: str, column: int) -> Iterator[Resolved]:
    if (name := _condition_at(stack, path)) is not None:
        outcome = stack.resolver().decide(name)
        told = "true or false" if outcome is None else str(outcome).lower()
        yield Resolved(f"condition {name}", (Reading(told),))
        return
    if len(path) > 1 and path[0] == "Parameters" and stack.declares(str(path[1])):
        yield _parameter(stack, str(path[1]))
        return
    if not path or path[0] not in ("Resources", "Outputs"):
        return
    function = _innermost(stack, path)
    if function is None:
        return
    raw = _raw(stack, function)
    name = str(function_of(raw))
    if name == "Fn::Sub" and (variable := _variable(line, column)):
        extra = raw[name][1] if isinstance(raw[name], list) and len(raw[name]) == 2 else {}
        yield _resolved(stack, _meaning(variable, extra), function, f"${{{variable}}}")
    argument = raw[name]
    if name == "Fn::GetAtt" and isinstance(argument, list):
        argument = ".".join(map(str, argument))
    simple = isinstance(argument, str) and "\n" not in argument and len(argument) <= 60
    short = f"!{name.removeprefix('Fn::')}"
    yield _resolved(stack, raw, function, f"{short} {argument}" if simple else short)


def _meaning(variable: str, extra: Any) -> Any:
    """What a variable of an ``Fn::Sub`` stands for."""
    if isinstance(extra, dict) and variable in extra:
        return extra[variable]
    return {"Fn::GetAtt": variable} if "." in variable else {"Ref": variable}


def _variable(line: str, column: int) -> str:
    found = (m for m in SUB_VARIABLE.finditer(line) if m.start() < column <= m.end())
    return next((m[1].strip() for m in found if not m[1].startswith("!")), "")


def _condition_at(stack: Stack, path: DataPath) -> str | None:
    """The condition that is named at a path, or defined there."""
    known = stack.data.get("Conditions")
    if not isinstance(known, dict):
        return None
    name: Any = None
    if len(path) > 1 and path[0] == "Conditions":
        name = path[1]
    elif path[-1:] == ("Condition",) or path[-2:] == ("Fn::If", 0):
        name = _raw(stack, path)
    return name if isinstance(name, str) and name in known else None


def _parameter(stack: Stack, name: str) -> Resolved:
    given = stack.given(name)
    resolved = _resolved(stack, {"Ref": name}, ("Parameters", name), f"parameter {name}")
    if given is None or given.place is None or not resolved.readings:
        return resolved
    file = os.path.basename(given.place.file)
    return resolved._replace(note="given in", subject=file)


def _raw(stack: Stack, path: DataPath) -> Any:
    """The data at a path of the template, None where there is no such path."""
    node: Any = stack.data
    try:
        for step in path:
            node = node[step]
    except (KeyError, IndexError, TypeError):
        return None
    return node


def _innermost(stack: Stack, path: DataPath) -> DataPath | None:
    """The path of the function whose argument a path leads into, or which stands there."""
    for length in range(len(path), 1, -1):
        raw = _raw(stack, path[:length])
        if function_of(raw) is not None:
            return path[:length]
        if isinstance(raw, dict) and path[:length][-2:] != ("Fn::Sub", 1):
            return None  # a map in a branch of an Fn::If, say: the cursor is on its own text
    return None


# --- readings ------------------------------------------------------------------------------------


def _resolved(stack: Stack, raw: Any, path: DataPath, expression: str) -> Resolved:
    if secret := _no_echo(stack, raw, path):
        return Resolved(expression, (), "not shown, as it holds the NoEcho parameter", secret)
    readings: list[Reading] = []
    for view in View(stack).where(tuple(conditions_above(stack.data, path))):
        readings += _readings(view, raw, path, _MAX_READINGS - len(readings))
    if not readings:
        return Resolved(expression, (), "never there with these parameter values")
    if len({reading.value for reading in readings}) == 1:
        return Resolved(expression, (Reading(readings[0].value),))
    note = "and in more scenarios" if len(readings) >= _MAX_READINGS else ""
    return Resolved(expression, tuple(dict.fromkeys(readings)), note)


def _no_echo(stack: Stack, raw: Any, path: DataPath) -> str:
    """A parameter that must not be shown, among those that an expression names."""
    declared = stack.data.get("Parameters") or {}
    for name in sorted(Template(stack.file, stack.data).mentions(path, raw).names):
        parameter = declared.get(name)
        if isinstance(parameter, dict) and str(parameter.get("NoEcho")).lower() == "true":
            return name
    return ""


def _readings(view: View, raw: Any, path: DataPath, room: int) -> Iterator[Reading]:
    if room <= 0:
        return
    variants = list(Value(view.resolver, raw, path).variants())
    shown = _shown(variants[0]) if variants else "AWS::NoValue: left out"
    condition = _open(view, variants)
    finer = view.settle(condition) if condition else [view]
    if finer == [view]:
        yield Reading(shown, str(view.scenario))
        return
    for leaf in finer[:room]:
        yield from _readings(leaf, raw, path, room)


def _open(view: View, variants: list[Value]) -> str:
    """A condition that decides what the value is."""
    resolver = view.resolver
    names = [name for value in variants for name in value.conditions]
    names += (hole.condition for value in variants for hole in _text(value).holes)
    return next((name for name in names if name and resolver.decide(name) is None), "")


def _text(value: Value) -> Text:
    is_map = isinstance(value.raw, (dict, list)) and function_of(value.raw) is None
    return Text(()) if is_map else value.text()


def _shown(value: Value) -> str:
    if isinstance(value.raw, list) or function_of(value.raw) in _LISTS:
        elements = list(value.elements())
        if any(isinstance(it.raw, (dict, list)) and not function_of(it.raw) for it in elements):
            return "a list of maps"
        return "\n".join(f"- {it.text()}{' …' if it.is_open else ''}" for it in elements) or "[]"
    if isinstance(value.raw, dict) and function_of(value.raw) is None:
        return "a map"
    text = str(value.text())
    return text or '""'
