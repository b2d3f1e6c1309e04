"""Parameter files: their three forms -> values by name, each with its place."""

from __future__ import annotations

from typing import Any, Final

from copilot_preflight.base.finding import DataPath, Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.read.document import Document, kind_of


class ParameterValue(NamedTuple):
    """A value from a parameter file or the command line (``place`` None)."""

    value: str
    place: Place | None = None


_OTHER_SECTIONS: Final = frozenset({"Tags", "StackPolicy"})
"""What may stand next to ``Parameters`` in a template configuration file of CodePipeline."""


def parameter_values(values: Document) -> dict[str, ParameterValue]:
    """Reads the three forms of a parameter file.

    ``{"Parameters": {...}}`` (Copilot, CodePipeline), a list of maps with ParameterKey and
    ParameterValue or of ``"Key=Value"`` (AWS CLI), and a plain map. Raises DocumentError, with the
    place, for anything else.
    """
    data = values.data
    prefix: DataPath = ()
    if isinstance(data, dict) and ("Parameters" in data or not data.keys() - _OTHER_SECTIONS):
        data, prefix = data.get("Parameters", {}), ("Parameters",)
    if isinstance(data, dict):
        pairs: list[tuple[str, Any, DataPath]]
        pairs = [(str(key), value, (*prefix, key)) for key, value in data.items()]
    elif isinstance(data, list):
        pairs = [_pair(values, item, (*prefix, index)) for index, item in enumerate(data)]
    else:
        raise values.fault(prefix, f"parameters must be a map or a list, found {kind_of(data)}")
    return {
        name: ParameterValue(_scalar(values, value, path), Place(values.file, path))
        for name, value, path in pairs
        if value is not None
    }


def _pair(values: Document, item: Any, path: DataPath) -> tuple[str, Any, DataPath]:
    if isinstance(item, str) and "=" in item:
        name, _, assigned = item.partition("=")
        return name, assigned, path
    if isinstance(item, dict) and isinstance(item.get("ParameterKey"), str):
        value = item.get("ParameterValue")
        previous = bool(item.get("UsePreviousValue"))
        return item["ParameterKey"], None if previous else value, (*path, "ParameterValue")
    raise values.fault(path, "expected a map with ParameterKey and ParameterValue")


def _scalar(values: Document, value: Any, path: DataPath) -> str:
    if isinstance(value, list) and not any(isinstance(item, (dict, list)) for item in value):
        return ",".join(_scalar(values, item, path) for item in value)
    if isinstance(value, (dict, list)):
        raise values.fault(path, f"a parameter value must be a string, found {kind_of(value)}")
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
