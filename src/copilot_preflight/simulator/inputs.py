"""SimulateCustomPolicy's parameters, as the AWS CLI takes them: options, or one JSON document.

A parameter that has an option on the command line is taken from there; the document holds the rest.
Source: https://docs.aws.amazon.com/cli/latest/reference/iam/simulate-custom-policy.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from copilot_preflight.read import document
from copilot_preflight.read.document import Document
from copilot_preflight.read.schema import faults
from copilot_preflight.simulator.refusals import BadInput, Word, check_policy

_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "array", "items": _TEXT}
_ENTRY: Final = {
    "type": "object",
    "required": ["ContextKeyName"],
    "additionalProperties": False,
    "properties": {
        "ContextKeyName": {"type": "string", "minLength": 1},
        "ContextKeyValues": {
            "type": "array",
            "items": {"type": ["string", "boolean", "number"]},
        },
        "ContextKeyType": {
            "type": "string",
            "enum": [
                f"{kind}{many}"
                for kind in ("string", "numeric", "boolean", "ip", "binary", "date")
                for many in ("", "List")
            ],
        },
    },
}
_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "x-wanted": "a map of SimulateCustomPolicy's parameters",
    "additionalProperties": False,
    "properties": {
        "PolicyInputList": _TEXTS,
        "PermissionsBoundaryPolicyInputList": _TEXTS,
        "OrderedOrganizationPolicyInputList": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["ServiceControlPolicyInputList"],
                "additionalProperties": False,
                "properties": {"ServiceControlPolicyInputList": _TEXTS},
            },
        },
        "ActionNames": _TEXTS,
        "ResourceArns": _TEXTS,
        "ResourcePolicy": _TEXT,
        "ResourceOwner": _TEXT,
        "CallerArn": _TEXT,
        "ContextEntries": {"type": "array", "items": _ENTRY},
        "ResourceHandlingOption": _TEXT,
        "MaxItems": {"type": "integer"},
        "Marker": _TEXT,
    },
}
"""The request of SimulateCustomPolicy, the shape of ``--generate-cli-skeleton``."""

_PAGING: Final = ("MaxItems", "Marker")


class Inputs:
    """The parameters of a simulation, by AWS's names (``ActionNames``).

    ``options`` are what the command line gives for them, ``given`` the JSON document or None.
    Whatever cannot be read raises DocumentError, or BadInput where it came by an option.
    """

    def __init__(self, options: Mapping[str, Sequence[str]], given: Document | None = None) -> None:
        self._options = {name: texts for name, texts in options.items() if texts}
        self._given = given
        self.documents: dict[str, Document] = {}
        """The policies that were read, by their names."""
        if given is not None:
            for fault in faults(given, _SCHEMA):
                raise fault
            for name in _PAGING:
                if given.data.get(name):
                    raise given.fault((name,), f"the answer is never cut into pages: drop '{name}'")

    def words(self, name: str) -> list[Word]:
        """A parameter that is a string or a list of strings."""
        if name in self._options:
            option = option_of(name)
            return [Word(text, lambda told: BadInput(option, told)) for text in self._options[name]]
        found = self._data(name)
        if not isinstance(found, list):
            return [self._word(found, (name,))] if found else []
        return [self._word(text, (name, index)) for index, text in enumerate(found)]

    def word(self, name: str) -> Word:
        """A parameter that is one string, empty where it is not given."""
        found = self.words(name)
        return found[0] if found else Word("", lambda told: BadInput(option_of(name), told))

    def policies(self, name: str) -> list[Document]:
        """The policies of a parameter, checked, under the names that AWS gives them.

        Those of a list are numbered: ``PolicyInputList.1``, but ``ResourcePolicy``.
        """
        if name in self._options:
            return [self._checked(it, name) for it in self._by_option(name)]
        found = self._data(name)
        if not isinstance(found, list):
            return [self._checked(document.parse(found, name), name)] if found else []
        return [
            self._checked(document.parse(text, f"{name}.{number}"), name)
            for number, text in enumerate(found, 1)
        ]

    def levels(self) -> Iterator[list[Document]]:
        """The policies of each level of the organization, from its root to the account.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
        """
        name, key = "OrderedOrganizationPolicyInputList", "ServiceControlPolicyInputList"
        found = self._data(name) or []
        if name in self._options:
            found = _listed(self._options[name][0], option_of(name))
        for number, level in enumerate(found, 1):
            them = level.get(key) if isinstance(level, dict) else None
            if not isinstance(them, list) or not all(isinstance(it, str) for it in them):
                raise BadInput(option_of(name), f"a level is {{{key}: [string, …]}}")
            yield [
                self._checked(document.parse(text, f"{name}.{number}.{at}"), name)
                for at, text in enumerate(them, 1)
            ]

    def context(self) -> dict[str, list[str]]:
        """The values of condition keys."""
        name = "ContextEntries"
        if name in self._options:
            return dict(_entries(self._options[name]))
        return dict(_pairs(self._data(name) or []))

    def _data(self, name: str) -> Any:
        return None if self._given is None else self._given.data.get(name)

    def _word(self, text: str, path: tuple[str | int, ...]) -> Word:
        given = self._given
        assert given is not None
        return Word(text, lambda told: given.fault(path, told))

    def _checked(self, found: Document, name: str) -> Document:
        check_policy(found, name)
        self.documents[found.file] = found
        return found

    def _by_option(self, name: str) -> Iterator[Document]:
        """The policies given to an option, each a policy or, as in the AWS CLI, a list of them."""
        number = 0
        is_list = name not in ("ResourcePolicy", "EndpointPolicy")
        for text in self._options[name]:
            number += 1
            if text.startswith("file://"):
                found = document.read(text.removeprefix("file://"))
            else:
                found = document.parse(text, f"{name}.{number}" if is_list else name)
            if not isinstance(found.data, list):
                yield found
                continue
            for index, inner in enumerate(found.data):
                if not isinstance(inner, str):
                    raise found.fault((index,), "a list of policies holds them as strings")
                yield document.parse(inner, f"{name}.{number + index}")
            number += len(found.data) - 1


def option_of(name: str) -> str:
    """``--action-names`` for ``ActionNames``."""
    return "-" + "".join(f"-{it.lower()}" if it.isupper() else it for it in name)


def cli_input(text: str) -> Document:
    """The document of ``--cli-input-json``: JSON, the path of a file, or ``file://`` and a path."""
    if text.lstrip().startswith("{"):
        return document.parse(text, "--cli-input-json")
    return document.read(text.removeprefix("file://"))


# --- context entries ------------------------------------------------------------------------------

_PARTS: Final = ("ContextKeyName", "ContextKeyValues", "ContextKeyType")


def _entries(entries: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """``ContextKeyName=k,ContextKeyValues=v1,v2,ContextKeyType=string``, or JSON of the same."""
    for entry in entries:
        text = _content(entry)
        is_json = text.lstrip().startswith(("[", "{"))
        for name, values in _json_context(text) if is_json else [_shorthand(text)]:
            if not name:
                raise _bad_entry(f"'{text}' has no ContextKeyName")
            yield name, values


def _json_context(text: str) -> Iterator[tuple[str, list[str]]]:
    found = _listed(text, "--context-entries")
    for item in found:
        values = item.get("ContextKeyValues", []) if isinstance(item, dict) else None
        if not isinstance(values, list) or not isinstance(item.get("ContextKeyName"), str):
            raise _bad_entry("an entry is {ContextKeyName: string, ContextKeyValues: [string, …]}")
    yield from _pairs(found)


def _pairs(entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    for entry in entries:
        yield entry["ContextKeyName"], [_plain(it) for it in entry.get("ContextKeyValues", [])]


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shorthand(entry: str) -> tuple[str, list[str]]:
    found: dict[str, list[str]] = {}
    reading = ""
    for part in entry.split(","):
        key, equals, value = part.partition("=")
        if equals and key.strip() in _PARTS:
            reading, part = key.strip(), value
        found.setdefault(reading, []).append(part.strip().strip("\"'"))
    name = ",".join(found.get("ContextKeyName", []))
    return name, found.get("ContextKeyValues", [])


def _bad_entry(message: str) -> BadInput:
    return BadInput("--context-entries", message)


def _listed(text: str, option: str) -> list[Any]:
    """A JSON list, or the one item that stands for it. ``text`` may be file://PATH."""
    try:
        found = json.loads(_content(text))
    except ValueError as error:
        raise BadInput(option, str(error)[:1].lower() + str(error)[1:]) from None
    return found if isinstance(found, list) else [found]


def _content(entry: str) -> str:
    if not entry.startswith("file://"):
        return entry
    return document.read(entry.removeprefix("file://")).text
