"""Calls that a role's own grants imply: who reads or writes encrypted objects needs the key.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.evaluate import Outcome, Request, covers_action, evaluate
from copilot_preflight.iam.policy import Entry, Fact, Statement
from copilot_preflight.model.buckets import Bucket, bucket_named, buckets
from copilot_preflight.model.keys import key_with_arn
from copilot_preflight.model.roles import Role, roles
from copilot_preflight.needs.need import Need, NeededCall, Site
from copilot_preflight.needs.s3_objects import SSE_KMS_PAGE, kms_context
from copilot_preflight.resolve import indexes
from copilot_preflight.resolve.query import query
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View

IMPLIED: Final = "implied"
"""The kind of this source's needs."""

KEY_ACTIONS: Final = {"s3:GetObject": "kms:Decrypt", "s3:PutObject": "kms:GenerateDataKey"}
"""What S3 asks of the key for whoever calls it. Multipart uploads, which also decrypt, may not be
made."""

_WILDCARDS: Final = re.compile(r"[*?]+")
_REQUEST: Final = {"aws:securetransport": (Text.of("true"),)}


class Grant(NamedTuple):
    """A grant of a call on objects of a bucket that it names."""

    action: str
    statement: Statement
    entry: Entry
    asked: Text


class Implied(NamedTuple):
    """What a role may do in an encrypted bucket: the ``detail`` of a need.

    ``grants`` are the first for each of the key's actions.
    """

    bucket: Bucket
    grants: dict[str, Grant]


def implied_sites(view: View) -> Iterator[Site]:
    """Each role with each encrypted bucket that its grants name.

    ``detail`` is `Implied`. Its calls are optional: objects may be encrypted otherwise. The need
    stands at the role, in whose policies there may be several grants.
    """
    own = any(_has_encrypted(each) for each in view.with_addons())
    if not (own or _is_any_encrypted(view.run)):
        return
    resources = dict(view.resources("AWS::IAM::Role"))
    for role in roles(view):
        value = resources[role.logical_id]
        for bucket, grants in _by_bucket(view, role):
            name = f"{bucket.place.file} {bucket.logical_id}"
            build = partial(_needs, view, role, bucket, grants, value, name)
            yield Site(IMPLIED, value, build, name)


def _needs(
    view: View, role: Role, bucket: Bucket, grants: tuple[Grant, ...], value: Value, name: str
) -> Iterator[Need]:
    allowed = _first_allowed(role, grants)
    yield Need(
        kind=IMPLIED,
        view=view,
        value=value,
        subject=f"access of {role} to encrypted bucket '{bucket.logical_id}'",
        user="",
        role_value=None,
        calls=tuple(_calls(view, bucket, allowed)),
        role=role,
        needs_role=False,
        undecided=_open_condition(view, bucket, grants),
        detail=Implied(bucket, {KEY_ACTIONS[grant.action]: grant for grant in allowed}),
        name=name,
    )


@query
def _is_any_encrypted(run: Run) -> bool:
    """Whether some template of a run has a bucket with a key."""
    return indexes.is_any(run, ("AWS::S3::Bucket",), lambda stack: _has_encrypted(View(stack)))


def _has_encrypted(view: View) -> bool:
    return any(map(_may_have_key, buckets(view)))


def _may_have_key(bucket: Bucket) -> bool:
    if bucket.encryption is None:
        return bool(bucket.undecided)
    return bucket.encryption.key is not None


def _by_bucket(view: View, role: Role) -> Iterator[tuple[Bucket, tuple[Grant, ...]]]:
    found: dict[tuple[str, str], tuple[Bucket, tuple[Grant, ...]]] = {}
    for grant in _grants(role):
        name = arn.parse_s3(grant.asked)
        bucket = bucket_named(view, name.bucket) if name else None
        if bucket is not None and _may_have_key(bucket):
            key = bucket.place.file, bucket.logical_id
            _, others = found.get(key, (bucket, ()))
            found[key] = bucket, (*others, grant)
    yield from found.values()


def _grants(role: Role) -> Iterator[Grant]:
    """What the role's Allow statements say of objects, with nothing left open but the name.

    A condition may be the very thing that avoids the key, such as a header that asks for SSE-S3.
    """
    for statement in role.statements:
        if statement.effect != "Allow" or statement.clauses or statement.not_actions:
            continue
        actions = [name for name in KEY_ACTIONS if covers_action(statement, name).verdict]
        for entry in statement.resources if actions else ():
            asked = _some_object(entry.text)
            if asked is not None:
                yield from (Grant(action, statement, entry, asked) for action in actions)


def _some_object(granted: Text) -> Text | None:
    """An object that a pattern certainly covers; None if it names no bucket or no object."""
    name = arn.parse_s3(granted)
    if name is None or name.bucket.has_wildcard() or name.key is None or not name.key.parts:
        return None
    parts: list[str | Hole] = []
    for part in name.key.parts:
        if isinstance(part, Hole):
            parts.append(part)
            continue
        hole = Hole("some of its objects", granted.identity, excludes="*?", nonempty=True)
        for index, piece in enumerate(_WILDCARDS.split(part)):
            parts += [hole, piece] if index else [piece]
    return arn.s3_arn(name.partition, name.bucket, Text.of(*parts))


def _first_allowed(role: Role, grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
    found: dict[str, Grant] = {}
    for grant in grants:
        if grant.action not in found:
            verdict = evaluate(role.statements, Request(grant.action, grant.asked, _REQUEST))
            if verdict.outcome is Outcome.ALLOWED:
                found[grant.action] = grant
    return tuple(found.values())


def _open_condition(view: View, bucket: Bucket, grants: tuple[Grant, ...]) -> str:
    """An open condition of this template that decides what is granted, or encrypted."""
    own = [bucket.undecided] if bucket.place.file == view.file else []
    for grant in grants:
        own += (*grant.statement.conditions, *grant.entry.conditions)
    known, resolver = view.stack.data.get("Conditions") or {}, view.resolver
    return next((name for name in own if name in known and resolver.decide(name) is None), "")


def _calls(view: View, bucket: Bucket, grants: tuple[Grant, ...]) -> Iterator[NeededCall]:
    encryption = bucket.encryption
    if encryption is None or encryption.key is None:
        return
    key = encryption.key
    # Whoever wrote the policy of a key outside the run may have let the role in by name.
    is_known = key_with_arn(view, key) is not None
    doubts = () if is_known else (Fact("resource-policy", f"key '{key}'"),)
    for grant in grants:
        name = arn.parse_s3(grant.asked)
        if name is not None:
            context = kms_context(
                view.stack, encryption, grant.asked, arn.s3_arn(name.partition, name.bucket)
            )
            because = f"S3 uses the key with the caller's permissions ({SSE_KMS_PAGE})"
            action = KEY_ACTIONS[grant.action]
            yield NeededCall(action, key, because, context, is_optional=True, doubts=doubts)
