"""What a YAML tag means in a template: ``!Sub`` is ``Fn::Sub``, ``!!str`` is one of YAML's own."""

from __future__ import annotations

from typing import Any

from copilot_preflight.read.yaml.faults import Fault
from copilot_preflight.read.yaml.scalars import shortened

_STANDARD = "tag:yaml.org,2002:"
_SCALAR_TAGS = frozenset(("str", "int", "float", "bool", "null", "timestamp", "binary"))
COLLECTION_TAGS = {"map": dict, "set": dict, "seq": list, "omap": list, "pairs": list}


def spelt(name: str) -> str:
    """The long spelling of a short tag without its ``!``."""
    return name if name in ("Ref", "Condition") else f"Fn::{name}"


def tagged(short: str, value: Any) -> dict[str, Any]:
    """The data of a value under a short tag; of ``!GetAtt a.b`` the parts are told apart."""
    if short == "Fn::GetAtt" and value.__class__ is str:
        return {short: value.split(".", 1)}
    return {short: value}


def meaning_of_tag(tag: str, start: int) -> tuple[str, str]:
    """The long spelling of a short tag, and the name of a standard tag; at most one of them."""
    if tag == "!":
        return "", ""
    if tag.startswith("!"):
        return spelt(tag[1:]), ""
    standard = tag.removeprefix(_STANDARD)
    if standard in _SCALAR_TAGS or standard in COLLECTION_TAGS:
        return "", standard
    raise Fault(start, f"tag '{shortened(tag)}' means nothing in a template")
