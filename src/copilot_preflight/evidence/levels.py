"""What an organization lets its accounts do: the policies of each level, from the root down.

Only a whole path from the root to the account counts, with every list and every document: a policy
that nobody has seen may allow or deny anything.
Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from copilot_preflight.evidence.draft import Draft
from copilot_preflight.evidence.records import Policy

SCP: Final = "SERVICE_CONTROL_POLICY"
RCP: Final = "RESOURCE_CONTROL_POLICY"

_FULL_ACCESS: Final = ("p-FullAWSAccess", "p-RCPFullAWSAccess")
"""The policies of AWS's own that allow everything, by their ids."""

_ROOT: Final = "ROOT"


class Level(NamedTuple):
    """The policies of the root, a unit or the account; ``is_full`` where one allows everything."""

    target: str
    policies: tuple[Policy, ...]
    is_full: bool = False


def levels_of(draft: Draft, account: str) -> tuple[Sequence[Level], Sequence[Level]] | None:
    """The levels of both types above an account; None where they are not all known.

    Nothing limits the account that manages the organization.
    """
    if not draft.management:
        return None
    if draft.management == account:
        return (), ()
    path = [account]
    while True:
        parent = draft.parents.get(path[-1])
        if parent is None or parent[0] in path:
            return None
        path.append(parent[0])
        if parent[1] == _ROOT:
            break
    scps, rcps = (_levels(draft, path[::-1], kind) for kind in (SCP, RCP))
    return None if scps is None or rcps is None else (scps, rcps)


def _levels(draft: Draft, path: Sequence[str], kind: str) -> Sequence[Level] | None:
    found = []
    for target in path:
        names = draft.targets.get((target, kind))
        if names is None:
            return None
        own = [name for name in names if name not in _FULL_ACCESS]
        documents = [draft.organization_policies.get(name) for name in own]
        policies = tuple(it for it in documents if it is not None)
        if len(policies) != len(own):
            return None
        found.append(Level(target, policies, len(own) < len(names)))
    return found
