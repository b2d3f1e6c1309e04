"""E9716: the value of an environment file is not the ARN of an S3 object."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.analysis import Analysis, value_of_parameter
from copilot_preflight.calls import COPILOT_KEY_PARAMETER, EnvFileRead
from copilot_preflight.finding import Finding
from copilot_preflight.iam import arn
from copilot_preflight.rule import rule
from copilot_preflight.text import Text


@rule("E9716", "env-file-arn-invalid", "Env file is not named by the ARN of an S3 object")
def env_file_arn_invalid(analysis: Analysis) -> Iterator[Finding]:
    for read in analysis.read_once():
        problem = _problem(read)
        if problem is not None:
            yield Finding(
                at=read.file.value.place,
                message=f"environment file '{read.file.arn}' of {read.container} {problem}",
                label="not the ARN of an S3 object",
                related=tuple(value_of_parameter(read)),
                cause="arn-invalid",
                help="write {Type: s3, Value: arn:<partition>:s3:::<bucket>/<key>.env}",
            )


def _problem(read: EnvFileRead) -> str | None:
    if read.file.kind is None or read.file.kind == "s3":
        return _arn_problem(read, read.file.arn)
    if read.file.kind == "":
        return "is a bare string: it must be a map with Type and Value"
    return f"has Type '{read.file.kind}': ECS knows only 's3'"


def _arn_problem(read: EnvFileRead, value: Text) -> str | None:
    """What is wrong with a value, as far as it is known; None for nothing that can be proved."""
    first = value.parts[0] if value.parts else ""
    if not isinstance(first, str):
        return None
    if first.startswith(("s3://", "http://", "https://")):
        return "is a URL: ECS takes an ARN"
    if value.literal == "":
        return "is empty"
    if not _may_start_arn(first):
        return "is not an ARN"
    pieces, complete = value.split(":", 5)
    if not complete:
        return None
    if len(pieces) < 6:
        return "is not an ARN: it has too few parts"
    partition, service = pieces[1].literal, pieces[2].literal
    if partition is not None and partition not in arn.PARTITIONS:
        return f"has an unknown partition '{partition}'" if partition else "has an empty partition"
    if service is not None and service != "s3":
        return f"is an ARN of '{service}', not of S3"
    if (pieces[3].literal or "") + (pieces[4].literal or ""):
        return "has a region or an account, which ARNs of S3 objects do not"
    return _other_partition(read, partition) or _key_problem(value)


def _may_start_arn(first: str) -> bool:
    return first.startswith("arn:") or "arn:".startswith(first)


def _other_partition(read: EnvFileRead, partition: str | None) -> str | None:
    deployed = read.stack.resolver(read.scenario).pseudo("AWS::Partition").literal
    if partition is None or deployed == partition:
        return None
    if deployed is not None:
        return f"is in partition '{partition}', but the stack is deployed in '{deployed}'"
    given = read.stack.given(COPILOT_KEY_PARAMETER)
    key = arn.parse(Text.of(given.value)) if given else None
    if read.is_copilot and key is not None and key.partition.literal != partition:
        return (
            f"is in partition '{partition}', but the key that encrypts it, "
            f"{COPILOT_KEY_PARAMETER}, is in '{key.partition}'"
        )
    return None


def _key_problem(value: Text) -> str | None:
    found = arn.parse_s3(value)
    if found is None:
        return None
    if found.bucket.literal == "":
        return "names no bucket"
    if found.key is None or found.key.literal == "":
        return "names a bucket, not an object in it"
    if found.bucket.has_wildcard() or found.key.has_wildcard():
        return "holds a wildcard: ECS downloads exactly one object"
    last = found.key.parts[-1]
    if isinstance(last, str) and not last.endswith(".env") and len(last) >= len(".env"):
        return "does not end in '.env'"
    if found.key.literal is not None and not found.key.literal.endswith(".env"):
        return "does not end in '.env'"
    return None
