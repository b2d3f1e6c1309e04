"""KMS keys: their ARNs, aliases and key policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from copilot_preflight.base.finding import Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Statement
from copilot_preflight.model.policy_documents import statements_of
from copilot_preflight.resolve.query import query
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View, index_of

_KEYS: Final = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
_ALIAS: Final = "AWS::KMS::Alias"


class Key(NamedTuple):
    """A KMS key of a template, with its key policy.

    ``logical_id`` is the name by which the user calls it, where its policy was provided.
    """

    logical_id: str
    place: Place
    arn: Text
    policy: tuple[Statement, ...]


@query
def keys(view: View) -> tuple[Key, ...]:
    return tuple(_keys(view))


def key_with_arn(view: View, key: Text) -> Key | None:
    """The key that certainly has an ARN: of the run, or one whose policy was provided."""
    if (found := view.lookup(_by_arn, key)) is not None:
        return found
    if view.run.outside.policies:
        for name in (key, *_aliases_of(view, key)):
            if (provided := view.run.outside.find(name)) is not None:
                return Key(provided.name, provided.document.place, key, provided.statements)
    if view.run.outside.account is not None:
        from copilot_preflight.model.account_storage import key_in_account

        return key_in_account(view, key)
    return None


def _aliases_of(view: View, key: Text) -> Iterator[Text]:
    """The aliases in the run that certainly stand for a key."""
    for other in view.holding(_aliases_by_target, (key,)):
        yield from _aliases_by_target(other).get(key, ())


@index_of(_ALIAS)
def _aliases_by_target(view: View) -> dict[Text, list[Text]]:
    found: dict[Text, list[Text]] = {}
    for logical_id, resource in view.resources(_ALIAS):
        target = resource.child("Properties", "TargetKeyId")
        if target is None or resource.guard:
            continue
        for key in dict.fromkeys((target.text(), key_arn(view, target.text()))):
            if key is not None:
                found.setdefault(key, []).append(view.ref(logical_id, resource))
    return found


@index_of(*_KEYS)
def _by_arn(view: View) -> dict[Text, Key]:
    return {key.arn: key for key in reversed(keys(view))}


def key_arn(view: View, reference: Text, *, follow: bool = True) -> Text | None:
    """The ARN behind a KMSMasterKeyID: a key id, an alias or an ARN.

    None where it cannot be known, the empty text for the key that AWS manages.
    """
    resolver = view.resolver
    known = reference.literal or ""
    if known == "alias/aws/s3" or known.endswith(":alias/aws/s3"):
        return Text(())
    parsed = arn.parse(reference)
    alias = parsed.resource if parsed is not None else reference
    for other in view.holding(_by_reference, (reference, alias)):
        known_here = _by_reference(other)
        if (found := known_here.get(reference, _NOBODY)).key is not None:
            return found.key
        if (resource := known_here.get(alias, _NOBODY).alias) is not None:
            target = resource.child("Properties", "TargetKeyId")
            if target is None or not follow:
                return None  # AWS: an alias stands for a key, never for another alias
            return key_arn(other, target.text(), follow=False)
    if view.run.outside.account is not None:
        from copilot_preflight.model.account_storage import key_of_alias

        if (target_key := key_of_alias(view, reference)) is not None:
            return target_key
    if parsed is not None:
        is_key = str(parsed.resource).startswith("key/")
        return reference if is_key else None
    if known and "/" not in known:
        names = (resolver.pseudo(f"AWS::{name}") for name in ("Partition", "Region", "AccountId"))
        partition, region, account = names
        return Text.of("arn:", partition, ":kms:", region, ":", account, ":key/", known)
    # A parameter, an import: some key, whose ARN it may or may not be.
    return reference if reference.only_hole is not None else None


class _Referred(NamedTuple):
    """What a text stands for in a template: the ARN of the first such key, the first such alias."""

    key: Text | None = None
    alias: Value | None = None


_NOBODY: Final = _Referred()


@index_of(*_KEYS, _ALIAS)
def _by_reference(view: View) -> dict[Text, _Referred]:
    """Keys by their ARNs and ids, aliases by their names."""
    found: dict[Text, _Referred] = {}
    for key in keys(view):
        for name in (key.arn, _key_id(key.arn)):
            found.setdefault(name, _Referred(key.arn))
    for logical_id, resource in view.resources(_ALIAS):
        name = view.ref(logical_id, resource)
        known = found.get(name, _NOBODY)
        if known.alias is None:
            found[name] = known._replace(alias=resource)
    return found


def _key_id(key: Text) -> Text:
    parsed = arn.parse(key)
    pieces = parsed.resource.split("/", 1).items if parsed else ()
    return pieces[-1] if pieces else key


def _keys(view: View) -> Iterator[Key]:
    resolver = view.resolver
    for kind in _KEYS:
        for logical_id, resource in view.resources(kind):
            yield Key(
                logical_id,
                resource.key_place,
                resolver.text({"Fn::GetAtt": [logical_id, "Arn"]}, resource.path),
                tuple(_key_policy(logical_id, resource)),
            )


_DEFAULT_KEY_POLICY: Final = {
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}},
        "Action": "kms:*",
        "Resource": "*",
    }
}
"""What KMS gives a key that is made without a policy: the account's IAM policies decide.

Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
"""


def _key_policy(logical_id: str, resource: Value) -> Iterator[Statement]:
    """The statements of a key's policy; under open conditions, the default's may be among them."""
    properties = list(resource.children("Properties"))
    found = [
        policy
        for holder in properties
        for policy in holder.children("KeyPolicy")
        if policy.raw is not None
    ]
    for policy in found:
        yield from statements_of(policy, logical_id)
    if any(policy.guard == resource.guard for policy in found):
        return
    # A path of its own, for what is read is kept by path; shown is the key itself.
    path = (*resource.path, "Properties", "KeyPolicy", "default")
    default = Value(resource.reader, _DEFAULT_KEY_POLICY, path, resource.guard)
    if any(holder.is_written_out_by_aws for holder in properties):
        default = default._replace(raw={"Fn::Transform": logical_id})
    unless = (condition for policy in found for condition in policy.conditions)
    conditions = tuple(dict.fromkeys((*default.conditions, *unless)))
    for statement in statements_of(default, logical_id):
        yield statement._replace(place=resource.key_place, conditions=conditions)
