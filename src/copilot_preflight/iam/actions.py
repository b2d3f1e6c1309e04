"""Which actions a service has, and which kinds of resource each of them works on.

The facts are those of AWS's Service Authorization Reference (the "Actions" table of a service:
https://docs.aws.amazon.com/service-authorization/latest/reference/), for the services that matter
to ECS tasks and their pipelines; of all other services, only the names of the actions.
``data/generate.py`` makes the tables.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from copilot_preflight.base.wildcards import wildcard_match
from copilot_preflight.iam.tables import row_of

_DATA: Final = Path(__file__).parent.parent / "data"
_FOLDER: Final = _DATA / "actions"
TABLE: Final = _DATA / "action_names.tsv"


def resource_kinds(action: str) -> frozenset[str] | None:
    """The kinds of resource that ``action`` works on, under the names of the reference.

    ``resource_kinds("s3:GetObject")`` is ``{"object", "accesspointobject"}``. Letter case is
    ignored, as IAM does. An action without resource types (``s3:ListAllMyBuckets``: only
    ``Resource: "*"`` grants it) gives the empty set. ``None``: the tables know no such action.
    """
    service, _, name = action.partition(":")
    entry = _table(service.lower()).get(name.lower())
    return None if entry is None else entry[1]


@lru_cache(maxsize=4096)
def expand(pattern: str) -> tuple[str, ...] | None:
    """All actions that an ``Action`` pattern matches, sorted, in the spelling of the reference.

    ``expand("s3:getobjecta*")`` is ``("s3:GetObjectAcl", "s3:GetObjectAttributes")``. ``*`` stands
    for any characters, ``?`` for one, letter case is ignored
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html).
    ``()``: the service is known and has no such action. ``None``: the tables cannot answer, as
    the service is not in them or is itself a wildcard.
    """
    service, colon, name = pattern.partition(":")
    service, name = service.lower(), name.lower()
    if not colon or not is_known_service(service):
        return None
    table = _table(service)
    if "*" in name or "?" in name:
        return tuple(entry[0] for known, entry in table.items() if wildcard_match(name, known))
    return (table[name][0],) if name in table else ()


def is_known_service(service: str) -> bool:
    """Whether the tables hold the service with this prefix (``"s3"``), letter case ignored."""
    return service.lower() in _services()


@cache
def action_names() -> Mapping[str, Mapping[str, str]]:
    """The actions of every AWS service, under their names in lower case.

    ``action_names()["s3"]["getobject"]`` is ``"GetObject"``. Reading it takes some 10 ms: it is for
    whoever has to tell an action from a misspelt one.
    """
    rows = (line.partition("\t") for line in TABLE.read_text(encoding="utf-8").splitlines())
    return {service: {name.lower(): name for name in names.split()} for service, _, names in rows}


def names_of(service: str) -> Mapping[str, str] | None:
    """The actions of one AWS service, as `action_names` has them; None if it is not known."""
    names = _names(service.lower())
    return None if names is None else {name.lower(): name for name in names.split()}


def is_action(service: str, pattern: str) -> bool | None:
    """Whether a service has an action that a pattern matches; None if it is not known.

    ``is_action("s3", "getobjecta*")`` is true; letter case is ignored.
    """
    names = _lowered(service.lower())
    if names is None:
        return None
    wanted = pattern.lower()
    if "*" in wanted or "?" in wanted:
        return any(wildcard_match(wanted, name) for name in names.split())
    return " " not in wanted and f" {wanted} " in names


@cache
def _lowered(service: str) -> str | None:
    """The names in lower case, with a blank before and behind each."""
    names = _names(service)
    return None if names is None else f" {names.lower()} "


def _names(service: str) -> str | None:
    row = row_of(TABLE, service)
    return None if row is None else row.decode()


def arn_formats(service: str) -> Mapping[str, str]:
    """Kind of resource -> its ARN as the reference writes it; empty if the service is not known.

    ``arn_formats("kms")["key"]`` is ``"arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}"``.
    """
    formats: Mapping[str, str] = _read(service)["resources"] if service in _services() else {}
    return formats


@cache
def _services() -> frozenset[str]:
    return frozenset(name.removesuffix(".json") for name in os.listdir(_FOLDER))


@cache
def _table(service: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Action in lower case -> action as ``service:Name``, resource kinds. Empty if not known."""
    if service not in _services():
        return {}
    actions = _read(service)["actions"]
    return {
        name.lower(): (f"{service}:{name}", frozenset(kinds)) for name, kinds in actions.items()
    }


@cache
def _read(service: str) -> Any:
    return json.loads((_FOLDER / f"{service}.json").read_text(encoding="utf-8"))
