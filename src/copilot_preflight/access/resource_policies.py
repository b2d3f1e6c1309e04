"""The policies of what calls act on: buckets, keys, secrets, repositories, file systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from copilot_preflight.access.request import Call
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.layers import PolicySet
from copilot_preflight.iam.policy import Fact
from copilot_preflight.iam.services import service_of
from copilot_preflight.model.buckets import bucket_policy, is_bucket_known
from copilot_preflight.model.keys import key_with_arn
from copilot_preflight.resolve.view import View


class ResourcePolicy(NamedTuple):
    """The policy of what a call acts on; None if it has none, or none that anybody has seen.

    ``must_allow``: nobody gets in whom it does not let in. ``owner`` is the account of the
    resource, where that is known. ``unseen`` names it where the resource lies outside the run: it
    may still deny.
    """

    policy: PolicySet | None = None
    must_allow: bool = False
    owner: Text | None = None
    unseen: tuple[Fact, ...] = ()


def resource_policy(call: Call) -> ResourcePolicy:
    """The policy of what a call acts on, as far as it is known."""
    read = _READERS.get(service_of(call.action).prefix)
    return ResourcePolicy() if read is None else read(call)


def _policy_of_bucket(call: Call) -> ResourcePolicy:
    view = call.view
    name = arn.parse_s3(call.resource)
    bucket = name.bucket if name else Text.of(Hole(f"bucket of {call.resource}"))
    found = bucket_policy(view, bucket)
    unseen: tuple[Fact, ...] = ()
    if not call.need.is_copilots and not is_bucket_known(view, bucket):
        unseen = (_unseen(view, "bucket", bucket),)
    return ResourcePolicy(PolicySet(found), unseen=unseen)


def _policy_of_key(call: Call) -> ResourcePolicy:
    key = key_with_arn(call.view, call.resource)
    if key is not None:
        parsed = arn.parse(key.arn)
        owner = parsed.account if parsed is not None else None
        return ResourcePolicy(PolicySet(key.policy), must_allow=True, owner=owner)
    unseen = () if call.need.is_copilots else (_unseen(call.view, "key", call.resource),)
    return ResourcePolicy(unseen=unseen)


def _policy_of_secret(call: Call) -> ResourcePolicy:
    from copilot_preflight.model.secrets import is_secret_known, secret_policy, without_suffix

    if call.action == "secretsmanager:CreateSecret":
        return ResourcePolicy()  # there is no secret yet that could have one
    view = call.view
    policy = PolicySet(tuple(secret_policy(view, call.resource)))
    if is_secret_known(view, call.resource):
        parsed = arn.parse(call.resource)
        return ResourcePolicy(policy, owner=parsed.account if parsed is not None else None)
    unseen = _unseen(view, "secret", without_suffix(call.resource))
    return ResourcePolicy(policy, unseen=(unseen,))


def _policy_of_repository(call: Call) -> ResourcePolicy:
    from copilot_preflight.model.repositories import repository_with_arn

    parsed = arn.parse(call.resource)
    if parsed is None:
        return ResourcePolicy()  # the token is for a whole registry, which is no resource
    found = repository_with_arn(call.view, call.resource)
    if found is not None:
        return ResourcePolicy(PolicySet(found.policy), owner=parsed.account)
    name = Text.of(str(parsed.resource).partition("/")[2])
    unseen = _unseen(call.view, "repository", name)
    return ResourcePolicy(unseen=() if call.need.is_copilots else (unseen,))


def _policy_of_file_system(call: Call) -> ResourcePolicy:
    from copilot_preflight.model.file_systems import file_system

    found = file_system(call.view, call.resource)
    if found is not None:
        return ResourcePolicy(PolicySet(found.policy or ()))
    return ResourcePolicy(unseen=(_unseen(call.view, "file system", call.resource),))


def _unseen(view: View, what: str, name: Text) -> Fact:
    """What is missing: a policy, and where there are answers of the account, which one is not."""
    if view.run.outside.account is not None and "${" not in str(name):
        return Fact("answer", f"{_CALLS[what]} {name}")
    return Fact("resource-policy", f"{what} '{name}'")


_CALLS: Final[Mapping[str, str]] = {
    "bucket": "aws s3api get-bucket-policy --bucket",
    "key": "aws kms get-key-policy --policy-name default --key-id",
    "secret": "aws secretsmanager get-resource-policy --secret-id",
    "repository": "aws ecr get-repository-policy --repository-name",
    "file system": "aws efs describe-file-system-policy --file-system-id",
}
"""The calls of the AWS CLI that answer with the policies of resources."""


_READERS: Final[Mapping[str, Callable[[Call], ResourcePolicy]]] = {
    "s3": _policy_of_bucket,
    "kms": _policy_of_key,
    "secretsmanager": _policy_of_secret,
    "elasticfilesystem": _policy_of_file_system,
    "ecr": _policy_of_repository,
}
