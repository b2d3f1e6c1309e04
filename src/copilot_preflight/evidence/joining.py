"""The account out of all that was read: what several answers say of one thing, put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from copilot_preflight.evidence.account import NOWHERE, Account, Where
from copilot_preflight.evidence.draft import Draft, news
from copilot_preflight.evidence.index import Index
from copilot_preflight.evidence.levels import levels_of


def account_of(draft: Draft, indexes: Sequence[Index], taken: Mapping[str, float]) -> Account:
    """The account that a draft has come to."""
    _join(draft)
    places = [Where(it.account, it.partition, it.region) for it in indexes]
    where = Where(*(_same(values) for values in zip(*places, strict=True))) if places else NOWHERE
    accounts = (
        {account for account, _ in draft.roles}
        | set(draft.parents)
        | {where.account, draft.management}
    )
    levels = {name: found for name in accounts if name and (found := levels_of(draft, name))}
    return Account(
        [it.record() for it in draft.roles.values()],
        [it.record() for it in draft.policies.values()],
        draft.buckets,
        draft.keys,
        draft.aliases,
        draft.secrets.values(),
        draft.parameters.values(),
        draft.repositories.values(),
        draft.file_systems,
        tuple(draft.endpoints.values()),
        draft.vpcs,
        draft.tables,
        draft.exports.values(),
        draft.resources.values(),
        draft.deployed,
        (name for name, found in draft.stacks.items() if len(found) > 1),
        draft.objects,
        draft.absent_roles,
        levels,
        taken,
        where,
    )


def _join(draft: Draft) -> None:
    """Puts answers that do not say where something is to the one thing of that name that does."""
    _join_by_place(draft.parameters)
    _join_by_place(draft.repositories)
    for name in [name for name, it in draft.policies.items() if not it.arn]:
        bare = draft.policies[name]
        same = [it for it in draft.policies.values() if it.arn and it.name == name]
        if len(same) == 1 and bare.account in ("", same[0].account):
            for version, policy in bare.versions.items():
                same[0].versions.setdefault(version, policy)
            same[0].by_flag = same[0].by_flag or bare.by_flag
            del draft.policies[name]


def _join_by_place(records: dict[tuple[str, str, str], Any]) -> None:
    """The same for records by account, region and name, of which the first two may be ``""``."""
    for key in [key for key in records if "" in key[:2]]:
        account, region, name = key
        others = [
            it
            for it in records
            if it[2] == name and it != key and account in ("", it[0]) and region in ("", it[1])
        ]
        if len(others) == 1:
            known, said = records[others[0]], records.pop(key)
            records[others[0]] = known._replace(**news(known, said._asdict()))


def _same(values: Iterable[str]) -> str:
    found = set(values)
    return found.pop() if len(found) == 1 else ""
