"""The way out: policy statements to write, in YAML that can be pasted."""

from __future__ import annotations

import re

from copilot_preflight.calls import Call
from copilot_preflight.diagnosis import CONTENT_HASH
from copilot_preflight.iam import arn
from copilot_preflight.needs.env_files import EnvFileRead
from copilot_preflight.text import Text


def where(call: Call) -> str:
    """The policy to write in. What Copilot writes, it writes anew: an override lasts."""
    workload = call.stack.workload
    patched = f", by copilot/{workload}/overrides/cfn.patches.yml" if workload else ""
    return f"a policy of '{call.role.logical_id}'{patched}"


def statement(action: str, *resources: str) -> str:
    """One Allow statement of a policy document, indented as a list item."""
    lines = ["- Effect: Allow", f"  Action: {action}", "  Resource:"]
    return "\n".join([*lines, *(f"    - {_written(resource)}" for resource in resources)])


def read_grant(read: EnvFileRead) -> str:
    """The statements that let a role read an environment file in every version, and no more."""
    name = read.name
    if name is None:
        return statement("s3:GetObject", str(read.asked))
    bucket = str(arn.s3_arn(name.partition, name.bucket))
    file = statement("s3:GetObject", every_version(read))
    return f"{file}\n{statement('s3:GetBucketLocation', bucket)}"


def every_version(read: EnvFileRead) -> str:
    """The ARN of an environment file, with a wildcard where its content hash stands."""
    name = read.name
    if name is None or name.key is None:
        return str(read.asked)
    key = str(name.key)
    if CONTENT_HASH.search(key):
        folder, _, last = key.rpartition("/")
        key = f"{folder}/*" if folder and CONTENT_HASH.search(last) else CONTENT_HASH.sub("*", key)
    elif read.is_copilot and name.key.literal is None:
        return f"{arn.s3_arn(name.partition, name.bucket)}/manual/env-files/*"
    return str(arn.s3_arn(name.partition, name.bucket, Text.of(key)))


def quoted(resource: str) -> str:
    """A resource in a sentence, as YAML: what only CloudFormation can fill in needs ``!Sub``."""
    resource = re.sub(r"\$\{\w+ (bucket|key)\}", r"<\1>", resource)
    return f"!Sub '{resource}'" if "${" in resource else f"'{resource}'"


def _written(resource: str) -> str:
    """A resource in a list, where YAML needs no quotes."""
    found = quoted(resource)
    return found if found.startswith("!Sub") else found.strip("'")
