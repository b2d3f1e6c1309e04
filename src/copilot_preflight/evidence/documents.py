"""Policy documents in answers: objects, JSON strings, and the URL-encoded strings of IAM's API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from copilot_preflight.base.finding import DataPath, Place
from copilot_preflight.evidence.records import Policy
from copilot_preflight.read import document
from copilot_preflight.read.document import Document, DocumentError


def policy_at(found: Document, path: DataPath, name: str) -> Policy:
    """The policy at a path of an answer. Raises DocumentError for what is no policy.

    The AWS CLI decodes what IAM answers; other clients leave it as it is sent, URL-encoded.
    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html
    """
    data = at(found.data, path)
    if isinstance(data, str):
        data = parsed(found, path, data)
    if not isinstance(data, dict) or "Statement" not in data:
        raise found.fault(path, "no policy here: it must be a map that has Statement")
    statements = data["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            raise found.fault(path, "a statement of this policy has no Effect, Allow or Deny")
        for element, value in statement.items():
            if not _is_element(element, value):
                raise found.fault(path, f"{element} in this policy is nothing that AWS answers")
    return Policy(name, Place(found.file, path), data)


def _is_element(element: str, value: Any) -> bool:
    """Whether an element of a statement has the shape that it has in every policy of AWS's.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    if element == "Condition":
        return _is_map_of(value, lambda block: _is_map_of(block, _is_strings))
    if element.endswith("Principal") and isinstance(value, dict):
        return _is_map_of(value, _is_strings)
    return _is_strings(value)


def _is_map_of(value: Any, is_one: Callable[[Any], bool]) -> bool:
    return isinstance(value, dict) and all(map(is_one, value.values()))


def _is_strings(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return all(isinstance(item, str | bool | int | float) for item in items)


def parsed(found: Document, path: DataPath, text: str) -> Any:
    """The data in a string of an answer. Raises DocumentError."""
    try:
        return document.parse(_decoded(text), found.file).data
    except DocumentError as fault:
        raise found.fault(path, f"the policy in this string is broken: {fault.message}") from None


def parsed_or_none(text: str) -> Any:
    """The data in a string, None where it holds none."""
    try:
        return document.parse(_decoded(text), "").data
    except DocumentError:
        return None


def _decoded(text: str) -> str:
    return unquote(text) if text.lstrip()[:3].upper() == "%7B" else text


def at(data: Any, path: DataPath) -> Any:
    """The node at a path, None where there is none."""
    try:
        for step in path:
            data = data[step]
    except (KeyError, IndexError, TypeError):
        return None
    return data
