"""An update, resource by resource, with tasks that are restarted at random moments.

It knows nothing of `copilot_preflight`: policies are lists of ARNs, and a call is allowed where one
of them allows it and none denies it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from random import Random
from typing import Any, NamedTuple

BUCKET = "arn:aws:s3:::config"
FILES = tuple(f"{BUCKET}/web/{digit * 64}.env" for digit in "ab")
PATTERNS = (*FILES, f"{BUCKET}/web/*", f"{BUCKET}/other/*")


class Release(NamedTuple):
    """A release. ``inline`` and ``attached`` are what the role is granted, ``denied`` is not.

    ``attached`` stands in a policy of its own, ``bucket_denies`` in that of the bucket.
    """

    asks: str
    inline: tuple[str, ...]
    attached: tuple[str, ...]
    denied: tuple[str, ...]
    bucket_denies: tuple[str, ...]
    role_name: str
    role_id: str
    is_awaited: bool


class Setting(NamedTuple):
    """What both releases share: what starts tasks, and whether ECS rolls back by itself."""

    has_service: bool
    rolls_back: bool


class Start(NamedTuple):
    """A task that was started: its revision, the phase, and whether it may read its file."""

    revision: str
    phase: str
    is_allowed: bool


def releases(random: Random) -> tuple[Release, Release]:
    """Two releases that differ in something, mostly little."""
    first = _release(random)
    second = _release(random)
    kept = {name for name in Release._fields if random.random() < 0.5}
    return first, second._replace(**{name: getattr(first, name) for name in kept})


def _release(random: Random) -> Release:
    def some(often: float) -> tuple[str, ...]:
        return tuple(it for it in PATTERNS if random.random() < often)

    return Release(
        random.choice(FILES),
        some(0.4),
        some(0.2) if random.random() < 0.4 else (),
        some(0.3) if random.random() < 0.15 else (),
        some(0.3) if random.random() < 0.2 else (),
        random.choice(("", "", "", "one", "two")),
        random.choice(("Role", "Role", "Role", "Other")),
        random.random() < 0.3,
    )


def template(release: Release, setting: Setting) -> str:
    """The release as a template."""
    resources: dict[str, Any] = {
        "Config": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "config"}},
        "Task": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "ExecutionRoleArn": {"Fn::GetAtt": [release.role_id, "Arn"]},
                "ContainerDefinitions": [
                    {"Name": "web", "EnvironmentFiles": [{"Type": "s3", "Value": release.asks}]}
                ],
            },
        },
        release.role_id: {
            "Type": "AWS::IAM::Role",
            "Properties": {
                **({"RoleName": release.role_name} if release.role_name else {}),
                "Policies": [
                    _policy(
                        "inline", _statements("Allow", release.inline)
                        + _statements("Deny", release.denied)
                    )
                ],
            },
        },
    }  # fmt: skip
    if release.attached:
        resources["Attached"] = {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                **_policy("attached", _statements("Allow", release.attached)),
                "Roles": [{"Ref": release.role_id}],
            },
        }
    if release.bucket_denies:
        statements = [
            {**each, "Principal": "*"} for each in _statements("Deny", release.bucket_denies)
        ]
        resources["BucketPolicy"] = {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Config"},
                "PolicyDocument": {"Statement": statements},
            },
        }
    waits = ["Attached"] if release.is_awaited and release.attached else []
    if setting.has_service:
        breaker = {"Enable": setting.rolls_back, "Rollback": setting.rolls_back}
        resources["Service"] = {
            "Type": "AWS::ECS::Service",
            "DependsOn": waits,
            "Properties": {
                "TaskDefinition": {"Ref": "Task"},
                "DeploymentConfiguration": {"DeploymentCircuitBreaker": breaker},
            },
        }
    else:
        ecs = {"TaskDefinitionArn": {"Ref": "Task"}}
        resources["Rule"] = {
            "Type": "AWS::Events::Rule",
            "DependsOn": waits,
            "Properties": {"Targets": [{"Arn": "cluster", "EcsParameters": ecs}]},
        }
    return json.dumps({"Resources": resources}, indent=1)


def _policy(name: str, statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"PolicyName": name, "PolicyDocument": {"Statement": statements}}


def _statements(effect: str, resources: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {"Effect": effect, "Action": "s3:GetObject", "Resource": resource} for resource in resources
    ]


# --- the world ------------------------------------------------------------------------------------


class Role:
    """A role of the account, with what is attached to it at some moment."""

    def __init__(self, release: Release) -> None:
        self.inline, self.denied = release.inline, release.denied
        self.attached: tuple[str, ...] = ()


class World:
    """The account while a stack is updated. A role that is deleted is None."""

    def __init__(self, release: Release) -> None:
        self.role = Role(release)
        self.role.attached = release.attached
        self.roles: dict[str, Role | None] = {"old": self.role}
        self.bucket_denies = release.bucket_denies

    def may(self, revision: str, release: Release) -> bool:
        """Whether a task of a revision may read the file that its release asks for."""
        role = self.roles[revision]
        if role is None:
            return False
        granted = any(fnmatchcase(release.asks, it) for it in (*role.inline, *role.attached))
        denied = (*role.denied, *self.bucket_denies)
        return granted and not any(fnmatchcase(release.asks, it) for it in denied)


def history(random: Random, old: Release, new: Release, setting: Setting) -> Iterator[Start]:
    """One update, or one that fails, with the starts that happen meanwhile."""
    world = World(old)
    seen = {"old": old, "new": new}

    def starts(phase: str, *revisions: str) -> Iterator[Start]:
        for revision in revisions:
            if random.random() < 0.5:
                yield Start(revision, phase, world.may(revision, seen[revision]))

    yield from starts("before", "old")
    is_replaced = (old.role_name, old.role_id) != (new.role_name, new.role_id)
    first = world.role
    steps = _order(random, new)
    phase = "updating"
    outcome = random.choice(("steady", "steady", "breaker", "failed", "rollback"))
    for step in steps:
        if step == "role":
            if is_replaced:
                world.role = Role(new)
            else:
                first.inline, first.denied = new.inline, new.denied
            world.roles["new"] = world.role
        elif step == "attached" and new.attached:
            _attach(world, first, new)
        elif step == "bucket" and new.bucket_denies:
            world.bucket_denies = new.bucket_denies
        if "new" in world.roles and step != "service":
            yield from starts(phase, "old")
        elif step == "service":
            yield from starts(phase, "old", "new")
            if outcome != "steady":
                break
    if outcome == "steady":
        _clean_up(world, new)
        if is_replaced:
            world.roles["old"] = None
        yield from starts("steady", "new")
        yield from starts("old-revisions-later", "old", "new")
        return
    if outcome == "breaker" and setting.has_service and setting.rolls_back:
        yield from starts("circuit-breaker-rollback", "old")
    elif outcome == "failed" and setting.has_service:
        yield from starts("failed-no-rollback", "old")
    elif outcome == "rollback":
        for step in _order(random, old):
            if step == "role":
                if not is_replaced:
                    first.inline, first.denied = old.inline, old.denied
                world.role = first
            elif step == "attached" and old.attached:
                other = world.roles["new"]
                if other is not None and other is not first:
                    other.attached = ()
                first.attached = old.attached
            elif step == "bucket" and old.bucket_denies:
                world.bucket_denies = old.bucket_denies
            if world.role is first and step in ("role", "attached", "bucket"):
                revisions = ("old", "new")
                if not (is_replaced or _is_role_old(first, old)):
                    continue
                yield from starts("stack-rollback", *revisions)


def _clean_up(world: World, new: Release) -> None:
    """Deletes what the release has no longer, when all else is updated."""
    if not new.attached:
        world.role.attached = ()
    if not new.bucket_denies:
        world.bucket_denies = ()


def _is_role_old(role: Role, old: Release) -> bool:
    return (role.inline, role.denied) == (old.inline, old.denied)


def _attach(world: World, first: Role, new: Release) -> None:
    if world.role is not first:
        first.attached = ()
    world.role.attached = new.attached


def _order(random: Random, release: Release) -> list[str]:
    """The resources in an order that keeps to what refers to what: role, task, service."""
    steps = ["role", "service"]
    if release.is_awaited and release.attached:
        steps.insert(1, "attached")
    else:
        steps.insert(random.randint(1, 2), "attached")
    steps.insert(random.randint(0, len(steps)), "bucket")
    return steps
