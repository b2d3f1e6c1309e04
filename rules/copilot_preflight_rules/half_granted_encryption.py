"""W9757: a role may use the objects of an encrypted bucket, and not the key."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis, Denial
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.slips import slips
from copilot_preflight.edits.edit import Help
from copilot_preflight.needs.implied_by_grants import IMPLIED, Implied


@rule(
    "W9757",
    "half-granted-encryption",
    "Role may use encrypted objects and not their key",
    fix="safe",
)
def half_granted_encryption(analysis: Analysis) -> Iterator[Finding]:
    groups: dict[object, list[Denial]] = {}
    told = {_identity(d) for d in analysis.denials if d.need.kind != IMPLIED}
    for denied in analysis.denials:
        if denied.need.kind == IMPLIED and _identity(denied) not in told:
            groups.setdefault(denied.need.key, []).append(denied)
    for group in groups.values():
        yield _finding(group)


def _identity(denied: Denial) -> object:
    return denied.call.role.place, denied.call.action, denied.call.resource


def _finding(group: list[Denial]) -> Finding:
    first = group[0]
    implied = first.need.about(Implied)
    bucket, role, key = implied.bucket, first.call.role, str(first.call.resource)
    grants = [implied.grants[denied.call.action] for denied in group]
    may = telling.enumeration([grant.action for grant in grants])
    lacks = telling.enumeration([denied.call.action for denied in group])
    entry = grants[0].entry.place
    places = dict.fromkeys(grant.entry.place for grant in grants)
    is_here = entry.file == first.need.view.file
    related = [Related(place, "the grant") for place in places if not is_here or place != entry]
    if bucket.encryption is not None:
        related.append(Related(bucket.encryption.place, "what encrypts the objects"))
    found = first.finding(
        f"{role} may {may} in bucket '{bucket.logical_id}', whose objects are SSE-KMS encrypted, "
        f"and not {lacks} with their key '{key}'",
        label="granted without the key",
        related=[*related, *([Related(role.place, "the role")] if is_here else [])],
        help=_help(group, advice.resource_of(first.call)),
    )
    return found._replace(at=entry if is_here else role.place)


def _help(group: list[Denial], key: str) -> Help:
    first = group[0]
    if first.cause.kind in diagnosis.LAYER_CAUSES:
        return advice.help_with(
            f"let {first.call.role} use the key: it is not the role's own policies that deny it",
            no_fix="what has to let it through is another policy than the role's",
        )
    actions = [denied.call.action for denied in group]
    statement = advice.grant(advice.policy_of(first.call), actions, key)
    return advice.granted(first.call, statement, words="add to", edits=slips(group))
