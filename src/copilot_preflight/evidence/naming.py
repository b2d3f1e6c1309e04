"""Whether a name or an ARN of a template is that of something in the account.

An ARN in a template may leave its partition, region or account open. It then means the one thing
of the account that it may stand for, and nothing if there are two.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from copilot_preflight.base.symbolic import Text
from copilot_preflight.base.three_valued import all_of
from copilot_preflight.iam import arn


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
