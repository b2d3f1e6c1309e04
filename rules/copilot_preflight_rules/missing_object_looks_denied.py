"""I9756: a role that may read objects but not list them cannot tell a missing one from a denied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.base.symbolic import Text, match
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.iam import arn
from copilot_preflight.iam.evaluate import covers_action
from copilot_preflight.iam.layers import Layer
from copilot_preflight.iam.policy import Entry, Statement
from copilot_preflight.model.buckets import bucket_policy
from copilot_preflight.model.roles import Role, role_named, roles
from copilot_preflight.model.tasks import task_definitions
from copilot_preflight.resolve.view import View

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Help
    from copilot_preflight.edits.grant import PolicyOwner

_GET: Final = "s3:GetObject"
_LIST: Final = "s3:ListBucket"
_RUN_CODE: Final = ("lambda.amazonaws.com", "tasks.apprunner.amazonaws.com", "ec2.amazonaws.com")
"""Services that hand a role to code of the user's, apart from ECS."""


@rule("I9756", "missing-object-looks-denied", "A missing object answers 403, not 404", fix="review")
def missing_object_looks_denied(analysis: Analysis) -> Iterator[Finding]:
    view = analysis.view
    for role in _roles_of_code(view):
        by_bucket: dict[Text, list[Entry]] = {}
        for entry, bucket in _read_objects(role):
            by_bucket.setdefault(bucket, []).append(entry)
        for bucket, entries in by_bucket.items():
            if not _may_list(view, role, bucket):
                yield _finding(view, role, bucket, entries)


def _roles_of_code(view: View) -> Iterator[Role]:
    """The roles under which the user's code runs; who reads under another knows what is there."""
    at_work: dict[str, set[str]] = {"execution": set(), "task": set()}
    for task in task_definitions(view):
        for user, value in (("execution", task.execution_role), ("task", task.task_role)):
            named = value and role_named(view, value.text())
            if named:
                at_work[user].add(named.logical_id)
    for role in roles(view):
        if role.logical_id in at_work["execution"]:
            continue
        if role.logical_id in at_work["task"] or _is_trusting(role):
            yield role


def _is_trusting(role: Role) -> bool:
    return any(
        principal.kind == "Service" and principal.entry.text.literal in _RUN_CODE
        for statement in role.trust
        if statement.effect == "Allow"
        for principal in statement.principals
    )


def _read_objects(role: Role) -> Iterator[tuple[Entry, Text]]:
    """The ARNs of objects that a role may certainly read, each with its bucket.

    A statement that means to grant the listing too, on the wrong ARN, is W9753's or E9752's.
    """
    for statement in role.statements:
        if statement.effect != "Allow" or not covers_action(statement, _GET).verdict:
            continue
        if covers_action(statement, _LIST).verdict is not False:
            continue
        for entry in statement.resources:
            name = arn.parse_s3(entry.text)
            if name is None or name.key is None or name.key.literal == "":
                continue
            if not name.bucket.has_wildcard() and arn.is_partition(name.partition) is not False:
                yield entry, name.bucket


def _may_list(view: View, role: Role, bucket: Text) -> bool:
    """Whether anybody may let a role list a bucket; a policy that nobody has seen may."""
    target = arn.s3_arn(Text.of(arn.name_hole("any partition")), bucket)
    seen = (*role.statements, *bucket_policy(view, bucket))
    return bool(role.unread) or any(_lists(statement, target) for statement in seen)


def _lists(statement: Statement, bucket: Text) -> bool:
    if statement.effect == "Deny" or covers_action(statement, _LIST).verdict is False:
        return False
    if not statement.resources:
        return True
    return any(match(entry.text, bucket) is not False for entry in statement.resources)


def _finding(view: View, role: Role, bucket: Text, entries: list[Entry]) -> Finding:
    first = entries[0]
    whole = arn.parse_s3(first.text)
    partition = whole.partition if whole is not None else Text.of("aws")
    keys = dict.fromkeys(key for entry in entries if (key := _key(entry)))
    owner = advice.owner(
        Layer.IDENTITY, str(role), role.place, role.logical_id, view.stack.workload
    )
    help = _help(
        owner,
        advice.written_in(role.place.file, arn.s3_arn(partition, bucket), view),
        tuple(keys),
    )
    return Finding(
        at=first.place,
        message=f"{role} may read objects of '{bucket}' but is not granted {_LIST}: "
        "an object that is missing answers 403, as if it were denied",
        label="readable, not listable",
        related=tuple(Related(entry.place, "this too") for entry in entries[1:]),
        cause="missing-object-looks-denied",
        help=help.text,
        remedy=help,
    )


def _help(owner: PolicyOwner, bucket: str, keys: tuple[str, ...]) -> Help:
    from copilot_preflight.edits.grant import Clause

    condition = [] if "*" in keys else [Clause("StringLike", "s3:prefix", keys)]
    return advice.help_with(
        "where the code must tell a missing object from a denied one:",
        grants=[advice.grant(owner, _LIST, bucket, condition=condition)],
        is_safe=False,
    )


def _key(entry: Entry) -> str:
    name = arn.parse_s3(entry.text)
    return str(name.key) if name is not None and name.key is not None else ""
