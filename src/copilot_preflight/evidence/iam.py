"""Answers of IAM: roles with all that attaches to them, and managed policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from copilot_preflight.base.finding import DataPath, Place
from copilot_preflight.evidence.answers import Answer
from copilot_preflight.evidence.documents import policy_at
from copilot_preflight.evidence.draft import Draft, RoleDraft
from copilot_preflight.evidence.index import text_of
from copilot_preflight.evidence.parts import account_of, is_page, maps_at, tags_of
from copilot_preflight.evidence.records import Attachment, Policy


def roles(draft: Draft, answer: Answer) -> None:
    """`list-roles`, which leaves out boundaries and tags."""
    for path, raw in maps_at(answer.data, ("Roles",)):
        _role(draft, answer, path, raw)


def role(draft: Draft, answer: Answer) -> None:
    """`get-role`; that there is none is an answer, too."""
    if answer.error:
        if name := _named(answer):
            draft.absent_roles.setdefault((answer.account, name), answer.place)
        return
    path, raw = ("Role",), answer.data["Role"]
    found = _role(draft, answer, path, raw)
    found.describe_wholly(_boundary(answer, path, raw), tags_of(raw.get("Tags")))


def details(draft: Draft, answer: Answer) -> None:
    """`get-account-authorization-details`, which has all of a role and all versions of policies.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleDetail.html
    """
    for path, raw in maps_at(answer.data, ("RoleDetailList",)):
        found = _role(draft, answer, path, raw)
        found.describe_wholly(_boundary(answer, path, raw), tags_of(raw.get("Tags")))
        if isinstance(raw.get("RolePolicyList"), list):
            names = []
            for at, policy in maps_at(raw, ("RolePolicyList",)):
                name = text_of(policy, "PolicyName")
                names.append(name)
                document = policy_at(answer.document, (*path, *at, "PolicyDocument"), name)
                found.inline.setdefault(name, document)
            found.list_inline(tuple(names))
        if isinstance(raw.get("AttachedManagedPolicies"), list):
            found.list_attached(_attached(answer, path, raw, "AttachedManagedPolicies"))
    for path, raw in maps_at(answer.data, ("Policies",)):
        _policy(draft, answer, path, raw)
        for at, version in maps_at(raw, ("PolicyVersionList",)):
            if "Document" in version:
                _version(draft, answer, (*path, *at), version, text_of(raw, "Arn"))


def inline_policy(draft: Draft, answer: Answer) -> None:
    """`get-role-policy`."""
    if answer.error:
        return
    name = text_of(answer.data, "PolicyName")
    found = draft.role(text_of(answer.data, "RoleName"), answer.account, answer.place)
    found.inline.setdefault(name, policy_at(answer.document, ("PolicyDocument",), name))


def inline_names(draft: Draft, answer: Answer) -> None:
    """`list-role-policies`; of pages, none is complete, nor what looks like the last one."""
    if answer.error:
        return
    names = answer.data["PolicyNames"]
    if not isinstance(names, list) or not all(isinstance(it, str) for it in names):
        raise TypeError("names that are no texts")
    found = draft.role(_named(answer), answer.account, answer.place)
    found.list_inline(None if is_page(answer) else tuple(names))


def attached(draft: Draft, answer: Answer) -> None:
    """`list-attached-role-policies`."""
    if not answer.error:
        role = draft.role(_named(answer), answer.account, answer.place)
        found = _attached(answer, (), answer.data, "AttachedPolicies")
        role.list_attached(None if is_page(answer) else found)


def role_tags(draft: Draft, answer: Answer) -> None:
    """`list-role-tags`."""
    if not answer.error and not is_page(answer):
        found = draft.role(_named(answer), answer.account, answer.place)
        if found.tags is None:
            found.tags = tags_of(answer.data.get("Tags"))


def policies(draft: Draft, answer: Answer) -> None:
    """`list-policies`."""
    for path, raw in maps_at(answer.data, ("Policies",)):
        _policy(draft, answer, path, raw)


def policy(draft: Draft, answer: Answer) -> None:
    """`get-policy`."""
    if not answer.error:
        _policy(draft, answer, ("Policy",), answer.data["Policy"])


def policy_version(draft: Draft, answer: Answer) -> None:
    """`get-policy-version`, which names the version and not the policy."""
    if not answer.error:
        path, raw = ("PolicyVersion",), answer.data["PolicyVersion"]
        _version(draft, answer, path, raw, answer.parameters.get("PolicyArn", ""))


def accounts_of(answers: Iterable[Any]) -> Mapping[str, frozenset[str]]:
    """The accounts that have a role of a name, of all answers with the ARNs of roles."""
    found: dict[str, set[str]] = {}
    for data in answers:
        if not isinstance(data, dict):
            continue
        lists = [data.get(key) for key in ("Roles", "RoleDetailList")]
        listed = [raw for it in lists if isinstance(it, list) for raw in it]
        if isinstance(data.get("Role"), dict):
            listed.append(data["Role"])
        for raw in listed:
            if account := account_of(text_of(raw, "Arn")):
                found.setdefault(text_of(raw, "RoleName"), set()).add(account)
    return {name: frozenset(accounts) for name, accounts in found.items()}


# --- parts ----------------------------------------------------------------------------------------


def _role(draft: Draft, answer: Answer, path: DataPath, raw: Mapping[str, Any]) -> RoleDraft:
    name, arn = text_of(raw, "RoleName"), text_of(raw, "Arn")
    found = draft.role(name, account_of(arn) or answer.account, answer.place)
    trust: Policy | None = None
    if "AssumeRolePolicyDocument" in raw:
        trust = policy_at(answer.document, (*path, "AssumeRolePolicyDocument"), "")
    place = Place(answer.document.file, path)
    found.describe(arn, text_of(raw, "RoleId"), place, trust)
    return found


def _boundary(answer: Answer, path: DataPath, raw: Mapping[str, Any]) -> Attachment | None:
    boundary = raw.get("PermissionsBoundary")
    arn = text_of(boundary, "PermissionsBoundaryArn")
    if not arn:
        return None
    at = (*path, "PermissionsBoundary", "PermissionsBoundaryArn")
    return Attachment(arn, Place(answer.document.file, at))


def _attached(
    answer: Answer, path: DataPath, raw: Mapping[str, Any], key: str
) -> tuple[Attachment, ...]:
    listed = maps_at(raw, (key,))
    if not all(text_of(it, "PolicyArn") for _, it in listed):
        raise ValueError("a policy without its ARN")
    return tuple(
        Attachment(text_of(it, "PolicyArn"), Place(answer.document.file, (*path, *at, "PolicyArn")))
        for at, it in listed
    )


def _policy(draft: Draft, answer: Answer, path: DataPath, raw: Mapping[str, Any]) -> None:
    arn = text_of(raw, "Arn")
    account = account_of(arn) or answer.account
    place = Place(answer.document.file, path)
    found = draft.policy(text_of(raw, "PolicyName"), arn, account, place)
    found.default = found.default or text_of(raw, "DefaultVersionId")


def _version(
    draft: Draft, answer: Answer, path: DataPath, raw: Mapping[str, Any], subject: str
) -> None:
    is_arn = subject.startswith("arn:")
    name = subject.rpartition("/")[2]
    place = Place(answer.document.file, path)
    account = account_of(subject) if is_arn else answer.account
    found = draft.policy(name, subject if is_arn else "", account, place)
    document = policy_at(answer.document, (*path, "Document"), name)
    is_default = raw.get("IsDefaultVersion") is True
    found.add(text_of(raw, "VersionId"), document, is_default=is_default)


def _named(answer: Answer) -> str:
    return answer.parameters.get("RoleName", "")
