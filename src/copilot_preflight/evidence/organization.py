"""Answers of AWS Organizations: what limits an account."""

from __future__ import annotations

from copilot_preflight.evidence.answers import Answer
from copilot_preflight.evidence.documents import policy_at
from copilot_preflight.evidence.draft import Draft
from copilot_preflight.evidence.index import text_of
from copilot_preflight.evidence.parts import is_page, maps_at


def attached(draft: Draft, answer: Answer) -> None:
    """`list-policies-for-target`, of which one call lists policies of one type."""
    target = answer.parameters.get("TargetId", "")
    listed = list(maps_at(answer.data, ("Policies",)))
    kinds = {text_of(raw, "Type") for _, raw in listed} or {answer.parameters.get("Filter", "")}
    if target and len(kinds) == 1 and not is_page(answer):
        names = tuple(text_of(raw, "Id") for _, raw in listed)
        draft.targets.setdefault((target, kinds.pop()), names)


def policy(draft: Draft, answer: Answer) -> None:
    """`describe-policy`."""
    if not answer.error:
        summary = answer.data["Policy"]["PolicySummary"]
        name = text_of(summary, "Name")
        found = policy_at(answer.document, ("Policy", "Content"), name)
        draft.organization_policies.setdefault(text_of(summary, "Id"), found)


def parents(draft: Draft, answer: Answer) -> None:
    """`list-parents`: the unit, or the root, that an account or a unit lies in."""
    child = answer.parameters.get("ChildId", "")
    listed = [
        (text_of(raw, "Id"), text_of(raw, "Type")) for _, raw in maps_at(answer.data, ("Parents",))
    ]
    if child and len(listed) == 1:
        draft.parents.setdefault(child, listed[0])


def organization(draft: Draft, answer: Answer) -> None:
    """`describe-organization`."""
    if not answer.error and not draft.management:
        raw = answer.data["Organization"]
        draft.management = text_of(raw, "MasterAccountId", "ManagementAccountId")
