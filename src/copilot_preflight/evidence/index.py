"""The index that a snapshot keeps of its answers: ``snapshot.json``.

It says of each call what it was asked about, and where the answer lies or which error it was.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any, Final, NamedTuple

from copilot_preflight.base.finding import Place
from copilot_preflight.read.document import Document

NAME: Final = "snapshot.json"

_VERSION: Final = 1

NONE_THERE: Final[Mapping[str, frozenset[str]]] = {
    "s3api get-bucket-policy": frozenset({"NoSuchBucketPolicy"}),
    "s3api get-bucket-encryption": frozenset({"ServerSideEncryptionConfigurationNotFoundError"}),
    "s3api get-bucket-ownership-controls": frozenset({"OwnershipControlsNotFoundError"}),
    "s3api get-public-access-block": frozenset({"NoSuchPublicAccessBlockConfiguration"}),
    "s3api head-object": frozenset({"404", "NoSuchKey", "NotFound"}),
    "ecr get-repository-policy": frozenset({"RepositoryPolicyNotFoundException"}),
    "efs describe-file-system-policy": frozenset({"PolicyNotFound"}),
}
"""The errors by which the account answers that there is none of what a call asks for.

Any other error leaves it unknown: a bucket that is not there has no policy, but will have another
one once somebody makes it.
Source: the "Errors" of each operation, such as
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
"""


class Entry(NamedTuple):
    """A call of an index: ``file`` is the path of its answer, ``""`` for an ``error``.

    ``parameters`` are strings, and JSON where a parameter is none. ``region`` is that of the call,
    where it is another one than the index's.
    """

    call: str
    parameters: Mapping[str, str]
    place: Place
    file: str = ""
    error: str = ""
    region: str = ""


class Index(NamedTuple):
    """``taken`` is in seconds since 1970, None where the index does not say."""

    entries: tuple[Entry, ...] = ()
    taken: float | None = None
    account: str = ""
    partition: str = ""
    region: str = ""


def index_in(found: Document, folder: str) -> Index:
    """The index in a document; files are named from its folder. Raises DocumentError."""
    data = found.data
    if not isinstance(data, dict) or not isinstance(data.get("answers"), list):
        raise found.fault((), "no index of answers: it must be a map that has answers, a list")
    if data.get("version") != _VERSION:
        raise found.fault(("version",), f"version must be {_VERSION}: this is another program's")
    return Index(
        tuple(_entries(found, folder)),
        seconds_of(data.get("taken")),
        *(text_of(data, key) for key in ("account", "partition", "region")),
    )


def _entries(found: Document, folder: str) -> Iterator[Entry]:
    for number, raw in enumerate(found.data["answers"]):
        path = ("answers", number)
        if not isinstance(raw, dict) or not isinstance(raw.get("call"), str):
            raise found.fault(path, "an answer must be a map that has call")
        given = raw.get("parameters")
        parameters = {
            str(key): str(value) if isinstance(value, str | int) else json.dumps(value)
            for key, value in (given.items() if isinstance(given, dict) else ())
        }
        file = text_of(raw, "file")
        yield Entry(
            " ".join(raw["call"].removeprefix("aws ").split()),
            parameters,
            Place(found.file, path),
            os.path.normpath(os.path.join(folder, file)) if file else "",
            text_of(raw, "error"),
            text_of(raw, "region"),
        )


def text_of(data: Any, *keys: str) -> str:
    """The string under the first of some keys that has one, ``""`` where none has."""
    if isinstance(data, Mapping):
        for key in keys:
            value = data.get(key)
            if isinstance(value, str):
                return value
            if isinstance(value, int) and not isinstance(value, bool):
                return f"{value:012d}" if key in ("account", "AWSAccountId") else str(value)
    return ""


def seconds_of(written: Any) -> float | None:
    """A time as answers have it: ISO 8601, or seconds since 1970; None for anything else."""
    if isinstance(written, int | float) and not isinstance(written, bool):
        return float(written)
    if not isinstance(written, str):
        return None
    try:
        moment = datetime.fromisoformat(written.replace("Z", "+00:00"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
