"""The way out: policy statements to write, in YAML that can be pasted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from copilot_preflight.access.cause import CONTENT_HASH
from copilot_preflight.access.request import Call
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import arn
from copilot_preflight.needs.env_files import EnvFileRead

_SECRET_OF_STACK: Final = re.compile(
    r"arn:\S+:secretsmanager:\S+:secret:\$\{(\w+)\}-\$\{\1 suffix\}"
)
"""The ARN of a secret of the stack to which AWS gives the name: ``Ref`` returns it."""

_SUFFIX: Final = re.compile(r"-\$\{(?:\w+ )?suffix\}|(\$\{suffix if any\})")
"""The end of a secret's ARN, which a policy can only name by its length."""

_EACH_TIME: Final = re.compile(r"\$\{(?:task id|log stream)\}")
"""What AWS makes up anew for every task."""


def where(call: Call) -> str:
    """The policy to write in. What Copilot writes, it writes anew: an override lasts."""
    workload = call.view.stack.workload
    patched = f", by copilot/{workload}/overrides/cfn.patches.yml" if workload else ""
    return f"a policy of '{call.role.logical_id}'{patched}"


def statement(action: str | Sequence[str], *resources: str, principal: str = "") -> str:
    """One Allow statement of a policy document, indented as a list item."""
    whose = [f"  Principal: {principal}"] if principal else []
    actions = [f"  Action: {action}"]
    if not isinstance(action, str):
        actions = ["  Action:", *(f"    - {name}" for name in action)]
        actions = actions if len(action) > 1 else [f"  Action: {action[0]}"]
    lines = ["- Effect: Allow", *whose, *actions, "  Resource:"]
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
    if (secret := _SECRET_OF_STACK.fullmatch(resource)) is not None:
        return f"!Ref {secret[1]}"
    resource = re.sub(r"\$\{\w+ (bucket|key|repository)\}", r"<\1>", resource)
    resource = _EACH_TIME.sub("*", resource)
    resource = _SUFFIX.sub(lambda found: "*" if found[1] else "-??????", resource)
    return f"!Sub '{resource}'" if "${" in resource else f"'{resource}'"


def _written(resource: str) -> str:
    """A resource in a list, where YAML needs no quotes but for what begins with a star."""
    found = quoted(resource)
    return found if found.startswith(("!", "'*")) else found.strip("'")
