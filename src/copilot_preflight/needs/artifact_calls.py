"""What the sources of artifact needs share: objects with made-up keys, and their encryption."""

from __future__ import annotations

from typing import Final, NamedTuple

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Fact
from copilot_preflight.model.keys import key_with_arn
from copilot_preflight.model.pipelines import Encrypted, Project
from copilot_preflight.needs.need import NeededCall
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View

ARTIFACT_UPLOAD: Final = "artifact-upload"
ARTIFACT_DOWNLOAD: Final = "artifact-download"

PUT_OBJECT: Final = "s3:PutObject"
GET_OBJECT: Final = "s3:GetObject"
GENERATE_DATA_KEY: Final = "kms:GenerateDataKey"
DECRYPT: Final = "kms:Decrypt"

_BUILD_PAGE: Final = (
    "https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html"
)
_KMS_PAGE: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"

_ANY_KEY: Final = "artifact key"
_COPILOTS: Final = frozenset({"BuildProjectRole", "BuildProject", "PipelineRole", "Pipeline"})


class Reason(NamedTuple):
    """What stands behind a need: ``key`` is the node that names the key, where there is one."""

    key: Value | None = None


def granted(resource: Text | str) -> str:
    """The resource as a grant names it: any object, where the key is not known beforehand."""
    return str(resource).replace(f"${{{_ANY_KEY}}}", "*")


def is_copilots(stack: Stack) -> bool:
    """Whether a template is one of Copilot's pipelines, whose bucket and key Copilot made too.

    Source: what every version of Copilot's template begins with.
    """
    resources = stack.data.get("Resources")
    return str(stack.data.get("Description")).startswith("CodePipeline for ") and (
        isinstance(resources, dict) and set(resources) >= _COPILOTS
    )


def open_key(project: Project) -> str:
    """An open condition on which the key of a project hangs."""
    value = project.encrypted.value
    names = value.conditions if value is not None else ()
    return next((name for name in names if name not in project.value.conditions), "")


def built(what: str) -> str:
    return f"{what} with the role of the build project ({_BUILD_PAGE})"


def object_in(
    view: View,
    bucket: Text,
    key: Text | None = None,
    encrypted: Encrypted | None = None,
) -> Text:
    """The ARN of an object; the one that encrypts it lies in the same partition."""
    partition = view.resolver.pseudo("AWS::Partition")
    known = arn.parse(encrypted.key) if encrypted is not None and encrypted.key else None
    if known is not None and known.partition.literal in arn.PARTITIONS:
        partition = known.partition
    return arn.s3_arn(
        partition, name_of(bucket), Text.of(any_key(view.stack)) if key is None else key
    )


def any_key(stack: Stack) -> Hole:
    """The key of an object that AWS makes up, or that is not known beforehand."""
    return Hole(_ANY_KEY, stack.file, excludes="*?", nonempty=True)


def name_of(bucket: Text) -> Text:
    """The name of a bucket: whatever fills its holes holds no slash."""
    parts = (
        part.but(excludes=arn.NAME_EXCLUDES) if isinstance(part, Hole) else part
        for part in bucket.parts
    )
    return Text(tuple(parts))


def doubted(calls: list[NeededCall], doubts: tuple[Fact, ...]) -> list[NeededCall]:
    return [needed._replace(doubts=(*needed.doubts, *doubts)) for needed in calls]


def kms_call(
    view: View,
    encrypted: Encrypted,
    action: str,
    doubts: tuple[Fact, ...] = (),
    region: Text | None = None,
) -> list[NeededCall]:
    """The call to KMS that S3 makes with the permissions of whoever reads or writes.

    ``region`` is that of the bucket, None where it is not known.
    """
    key = encrypted.key
    if key is None:
        return []
    unknown: tuple[Fact, ...] = ()
    if not is_copilots(view.stack):
        hole = key.only_hole
        if hole is not None:  # it may be the key that AWS manages, which needs no grant
            unknown = (Fact("value", hole.name),)
        elif key_with_arn(view, key) is None:  # its policy may name the role
            unknown = (Fact("resource-policy", f"key '{key}'"),)
    some = Hole("region of the bucket", view.file, excludes=":/*?.", nonempty=True)
    verb = "encrypts" if action == GENERATE_DATA_KEY else "decrypts"
    return [
        NeededCall(
            action,
            key,
            f"S3 {verb} the object with the caller's permissions ({_KMS_PAGE})",
            context={"kms:viaservice": (Text.of("s3.", region or some, ".amazonaws.com"),)},
            doubts=(*doubts, *unknown),
        )
    ]
