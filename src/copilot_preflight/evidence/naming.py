"""Whether a name or an ARN of a template is that of something in the account.

An ARN in a template may leave its partition, region or account open. It then means the one thing
of the account that it may stand for, and nothing if there are two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Protocol, TypeVar

from copilot_preflight.base.symbolic import Text
from copilot_preflight.base.three_valued import all_of
from copilot_preflight.iam import arn

_RANDOM: Final = re.compile(r"[A-Za-z0-9]{6,14}")
_SHORTEST: Final = 8
"""Letters of a logical id that show which one it is, where a name of CloudFormation's is cut."""


def is_made_up(name: str, logical_id: str) -> bool:
    """Whether CloudFormation may have made up a name for a logical id: ``STACK-ID-RANDOM``.

    Some services have names in lower case.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
    """
    rest, _, end = name.rpartition("-")
    own, logical_id = rest.rpartition("-")[2].lower(), logical_id.lower()
    if not _RANDOM.fullmatch(end):
        return False
    return own == logical_id or (len(own) >= _SHORTEST and logical_id.startswith(own))


class Named(Protocol):
    """A record with its ARN, ``""`` where no answer has it."""

    @property
    def arn(self) -> str: ...


T = TypeVar("T", bound=Named)


def by_arn(asked: Text, records: Iterable[T]) -> T | None:
    """The record that an ARN stands for, of those that may have the same resource."""
    parsed = arn.parse(asked)
    if parsed is None:
        return None
    return the_one((it, is_arn_of(parsed, it.arn)) for it in records if it.arn)


def the_one(found: Iterable[tuple[T, bool | None]]) -> T | None:
    """The record that is certainly meant, else the only one that may be."""
    possible: dict[int, T] = {}
    for record, verdict in found:
        if verdict:
            return record
        if verdict is None:
            possible[id(record)] = record
    return next(iter(possible.values())) if len(possible) == 1 else None


def is_arn_of(asked: arn.Arn, known: str) -> bool | None:
    """Whether an ARN of a template is a known one, whose resource it has to spell out."""
    own = arn.parse(Text.of(known))
    if own is None or own.service != asked.service or own.resource != asked.resource:
        return False
    return all_of(
        (
            own.partition.equals(asked.partition),
            own.region.equals(asked.region),
            own.account.equals(asked.account),
        )
    )


def is_here(account: str, region: str, asked: arn.Arn) -> bool | None:
    """Whether an ARN may be of something of which no more is known than account and region."""
    return all_of(
        (
            asked.account.equals(Text.of(account)) if account else None,
            asked.region.equals(Text.of(region)) if region else None,
        )
    )
