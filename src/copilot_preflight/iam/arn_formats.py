"""What the ARNs of a kind of resource look like, and whether an ARN pattern can be one of them.

The forms are those of AWS's Service Authorization Reference (the "Resource types" table of a
service: https://docs.aws.amazon.com/service-authorization/latest/reference/). Where AWS's own
answer is known to be another, or where more than one form is in use, the wider one is taken: what
is said to match nothing must match nothing.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.symbolic import Hole, Text, match
from copilot_preflight.iam import actions, arn

NEEDS_EVERYTHING: Final = frozenset(
    {
        "ecr:GetAuthorizationToken",
        "ecs:DeregisterTaskDefinition",
        "ecs:DescribeTaskDefinition",
        "kms:CreateKey",
        "kms:GenerateRandom",
        "kms:ListAliases",
        "kms:ListKeys",
    }
)
"""Actions that only ``Resource: "*"`` covers.

Other actions without resource types are left alone: what AWS compares for some of them, such as
``logs:DescribeLogGroups`` and ``ssmmessages:OpenDataChannel``, is an ARN after all, as the policies
that AWS manages show.
Sources: https://docs.aws.amazon.com/AmazonECR/latest/userguide/security_iam_service-with-iam.html
https://docs.aws.amazon.com/kms/latest/developerguide/cmks-in-iam-policies.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
"""

_EVERYTHING: Final = Text.of("*")
_PARTITION: Final = arn.name_hole("any partition")
_HOME: Final = Text.of(arn.name_hole("any region"), ":", arn.name_hole("any account"))
_LISTS: Final = {
    "s3:ListAllMyBuckets": Text.of("arn:", _PARTITION, ":s3:::*"),
    "secretsmanager:ListSecrets": Text.of("arn:", _PARTITION, ":secretsmanager:", _HOME, ":*"),
    "ssm:DescribeParameters": Text.of("arn:", _PARTITION, ":ssm:", _HOME, ":*"),
}
"""Lists of all that an account has: AWS compares one ARN, which ends in a star of its own.

Only what matches that star grants them: ``*``, and an ARN that is all wildcard behind the account.
Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_s3_rw-bucket-console.html
https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
"""

_UNJUDGED: Final = frozenset({"secretsmanager:CreateSecret"})
"""Actions whose resource has no ARN yet: the suffix comes with the secret."""

_ANYTHING: Final = "{anything}"
_FORMS: Final = {
    # Every log-group action but tagging compares what lies behind the name too: ":*", in AWS's
    # words. Source:
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html
    "logs:log-group": f"log-group:{_ANYTHING}",
    # ARNs without the cluster's name live on.
    # Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html
    "ecs:service": f"service/{_ANYTHING}",
    "ecs:task": f"task/{_ANYTHING}",
    "ecs:container-instance": f"container-instance/{_ANYTHING}",
    "ecs:task-definition": f"task-definition/{_ANYTHING}",
    # Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
    "secretsmanager:Secret": "secret:{name}-??????",
    # A name's first slash is that of "parameter/".
    # Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
    "ssm:parameter": "parameter/{no slash}{anything}",
}
_WHOLE_PATHS: Final = frozenset({"ssm:GetParametersByPath"})
"""Actions on a path, not on a name: which slashes AWS compares there is not documented."""

_BEHIND_ACCESS_POINT: Final = Text.of(
    "accesspoint/",
    arn.name_hole("any access point"),
    "/object/",
    Hole("any key", nonempty=True),
)

_SLOT: Final = lazy_pattern(r"\$?\{([^}]*)\}")
_WITHOUT_ACCOUNT: Final = frozenset({"ssm"})
"""Services with public resources, whose ARNs name no account."""

_NAMES_WITHOUT_COLON: Final = frozenset({"Alias", "LogGroupName", "RepositoryName", "name"})
"""Slots of which AWS allows no colon; a role's path may have one.

Source for that: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
"""


def kinds_of(action: str) -> tuple[str, ...] | None:
    """The kinds of resource whose ARNs can stand next to an action; None: not to be judged.

    Any kind of the service for S3: bucket or object is the business of `model.s3_statements`. The
    empty tuple stands for ``*`` alone.
    """
    service, _, _ = action.partition(":")
    kinds = actions.resource_kinds(action)
    if action in _UNJUDGED:
        return None
    if not kinds:
        return () if action in NEEDS_EVERYTHING or action in _LISTS else None
    return tuple(actions.arn_formats(service)) if service == "s3" else tuple(sorted(kinds))


def can_match(resource: Text, action: str) -> bool:
    """Whether an ARN pattern may match some resource that an action works on.

    ``action`` is spelt as in the reference. Only False is a proof.
    """
    if resource.literal == "*":
        return True
    kinds = kinds_of(action)
    if kinds is None:
        return True
    if not kinds:
        return match(resource, _LISTS.get(action, _EVERYTHING)) is not False
    if action.startswith("s3:"):
        if is_access_point_for(action, resource):
            return False
        if _names_bucket(resource):
            return True  # as good as all ARNs for S3's actions: no need to walk the forms
    forms = forms_of(action)
    parsed = arn.parse(resource)
    service = None if parsed is None else parsed.service.literal
    if service is not None and service.isalnum():  # as good as all ARNs: no need to walk them
        forms = tuple(form for form in forms if f":{service}:" in str(form.parts[2]))
    some = matched_by(resource) if forms else resource
    return any(match(form, some) is not False for form in forms)


def is_access_point_for(action: str, resource: Text) -> bool:
    """Whether an ARN is an access point's own, where an action works on the objects behind it.

    Those are ``…:accesspoint/<name>/object/<key>``.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
    """
    parsed = arn.parse(resource)
    if parsed is None or parsed.service.literal != "s3" or not parsed.resource.parts:
        return False
    first = parsed.resource.parts[0]
    return (
        isinstance(first, str)
        and first.startswith("accesspoint/")
        and "accesspointobject" in (actions.resource_kinds(action) or ())
        and match(parsed.resource, _BEHIND_ACCESS_POINT) is False
    )


def _names_bucket(resource: Text) -> bool:
    """Whether an ARN is plainly that of a bucket or of objects in one."""
    found = arn.parse(resource)
    if found is None or found.service.literal != "s3" or not found.resource.parts:
        return False
    return found.region.literal == found.account.literal == ""


def is_arn(resource: Text) -> bool:
    """Whether a ``Resource`` may be an ARN of a partition that there is, or ``*``.

    IAM takes nothing else:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    first, *rest = resource.parts or ("",)
    if isinstance(first, str) and (rest if first == "arn:" else first.startswith("arn:aws:")):
        return True
    some = matched_by(resource)  # of "*" that is anything, an ARN too
    return any(match(form, some) is not False for form in _anywhere())


@cache
def forms_of(action: str) -> tuple[Text, ...]:
    """Every ARN that an action can stand next to, as patterns; a hole is what a name can hold."""
    service = action.partition(":")[0]
    loose = action in _WHOLE_PATHS
    return tuple(_form(service, kind, loose=loose) for kind in kinds_of(action) or ())


def format_of(service: str, kind: str) -> str:
    """The ARN of a kind as the reference writes it: ``arn:${Partition}:kms:…:key/${KeyId}``."""
    return actions.arn_formats(service)[kind]


def matched_by(pattern: Text) -> Text:
    """What a pattern can match, as a string: each wildcard, and what may hold one, is a hole."""
    parts: list[str | Hole] = []
    for part in pattern.parts:
        if isinstance(part, Hole):
            parts.append(Hole(part.name, part.scope) if part.may_be_wildcard else part)
            continue
        for piece in re.split(r"([*?])", part):
            wild = piece in ("*", "?")
            name = f"wildcard {len(parts)} of {pattern}"
            parts.append(Hole(name, nonempty=piece == "?") if wild else piece)
    return Text.of(*parts)


@cache
def _anywhere() -> tuple[Text, ...]:
    partitions = map(Text.of, sorted(arn.PARTITIONS))
    rest = Text.of(Hole("any ARN"))
    return tuple(Text.of("arn:", partition, ":", rest) for partition in partitions)


def _form(service: str, kind: str, *, loose: bool) -> Text:
    """All ARNs of a kind: a pattern whose holes take what a name of that kind can hold."""
    known = format_of(service, kind)
    own = _FORMS.get(f"{service}:{kind}")
    if own is not None:
        head = known.split(":", 5)[:5]
        known = ":".join([*head, own])
    if loose:
        known = known.replace("{no slash}", "")
    parts: list[str | Hole] = []
    for index, piece in enumerate(_SLOT.split(known)):
        parts.append(_slot(piece, service) if index % 2 else piece)
    return Text.of(*parts)


def _slot(name: str, service: str) -> Hole:
    hole = f"any {name}"
    if name == "Partition" or name == "Region":
        return Hole(hole, excludes=arn.NAME_EXCLUDES, nonempty=True)
    if name == "Account":
        return Hole(hole, excludes=arn.NAME_EXCLUDES, nonempty=service not in _WITHOUT_ACCOUNT)
    if name in ("no slash", "KeyId"):
        return Hole(hole, excludes="/:*?", nonempty=True)
    if name == "LogStreamName":
        return Hole(hole, excludes=":*?")
    if name in _NAMES_WITHOUT_COLON:
        return Hole(hole, excludes=":*?", nonempty=True)
    return Hole(hole, excludes="*?", nonempty=name != "anything")
