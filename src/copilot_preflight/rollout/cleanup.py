"""What only one of two releases has: CloudFormation deletes it last, when all else is updated.

Until that clean-up a role keeps the policies that name it, and a bucket its policy, whatever the
template says by then.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from __future__ import annotations

from typing import Any, Final

from copilot_preflight.iam.policy import Statement
from copilot_preflight.model.roles import Role, roles
from copilot_preflight.resolve.view import View
from copilot_preflight.rollout.words import Words

_REPLACED_WITH: Final = {
    "AWS::IAM::RolePolicy": ("RoleName", "PolicyName"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", "Path"),
}
"""The properties of policies that name their roles whose change makes another policy."""

_WITH_POLICIES: Final = (
    "AWS::S3::BucketPolicy",
    "AWS::SecretsManager::ResourcePolicy",
    "AWS::KMS::Key",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
)
"""What grants by a policy of its own."""


def is_gone(words: Words, file: str, logical_id: str) -> bool | None:
    """Whether the world no longer has a resource of the release; None where that is not known."""
    there = words.view_of(file)
    if there is None:
        return None
    mine, other = (_resource(view, logical_id) for view in (_own(words, file), there))
    if not mine or not other or mine.get("Type") != other.get("Type"):
        return True
    if isinstance(condition := other.get("Condition"), str) and not there.decide(condition):
        return None if there.decide(condition) is None else True
    names = _REPLACED_WITH.get(str(mine.get("Type")), ())
    properties = [it.get("Properties") or {} for it in (mine, other)]
    return None if any(properties[0].get(it) != properties[1].get(it) for it in names) else False


def left_on(role: Role, words: Words) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
    """What stays attached to a role until the clean-up: certainly, and perhaps."""
    certain: list[Statement] = []
    possible: list[Statement] = []
    for statement in role.statements:
        file, path = statement.place.file, statement.place.path
        if len(path) < 2 or not is_attaching(words.release, statement):
            continue
        gone = is_gone(words, file, str(path[1]))
        if gone is not False:
            (possible if gone is None else certain).append(words.of(statement))
    return tuple(certain), tuple(possible)


def is_attaching(view: View, statement: Statement) -> bool:
    """Whether a statement stands in a policy that names its roles, and not the other way round."""
    path = statement.place.path
    if len(path) < 2:
        return False
    for other in view.of_file(statement.place.file):
        resource = (other.stack.data.get("Resources") or {}).get(path[1])
        if isinstance(resource, dict) and resource.get("Type") != "AWS::IAM::Role":
            properties = resource.get("Properties") or {}
            return "Roles" in properties or "RoleName" in properties
    return False


def may_leave_grants(words: Words) -> bool:
    """Whether the release has a bucket's policy, a key or the like that the world no longer has."""
    for stack in words.release.run.stacks:
        for kind in _WITH_POLICIES:
            for logical_id, _ in View(stack).resources(kind) if stack.has(kind) else ():
                if is_gone(words, stack.file, logical_id) is not False:
                    return True
    return False


def has_namesake(role: Role, words: Words) -> bool:
    """Whether the world has another role under the very ARN of one that it does not have."""
    arn = words.of(role.arn)
    return any(
        other.arn.equals(arn) is True for view in words.world.with_addons() for other in roles(view)
    )


def is_retained(role: Role, words: Words) -> bool:
    """Whether CloudFormation is asked to keep a role that it no longer needs, or may be."""
    file, name = role.place.file, role.logical_id
    views = (_own(words, file), words.view_of(file))
    resources = [_resource(view, name) for view in views if view is not None]
    kept = [it.get(key) for it in resources for key in ("DeletionPolicy", "UpdateReplacePolicy")]
    return any(policy not in (None, "Delete") for policy in kept)


def _own(words: Words, file: str) -> View | None:
    return next(iter(words.release.of_file(file)), None)


def _resource(view: View | None, logical_id: str) -> dict[str, Any]:
    resources = (view.stack.data.get("Resources") if view is not None else None) or {}
    found = resources.get(logical_id)
    return found if isinstance(found, dict) else {}
