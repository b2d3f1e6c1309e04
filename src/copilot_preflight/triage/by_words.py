"""What AWS's words alone say: the causes that they name, and the steps that they exclude."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from copilot_preflight.triage import confirm
from copilot_preflight.triage.failure import Failure
from copilot_preflight.triage.result import ELIMINATION, Cause, Excluded, Weight

_STEP_OF_LAYER: Final[Mapping[str, str]] = {
    "identity-based policy": "grant",
    "resource-based policy": "resource-policy",
    "permissions boundary": "organization",
    "session policy": "organization",
    "service control policy": "organization",
    "resource control policy": "organization",
    "VPC endpoint policy": "endpoint",
    "role trust policy": "trust",
}


def step_of_layer(failure: Failure) -> str:
    """The step that AWS names, ``""`` where it names none."""
    if failure.layer == "resource-based policy" and failure.action.startswith("kms:"):
        return "kms"
    return _STEP_OF_LAYER.get(failure.layer, "")


class Words(NamedTuple):
    """What the words of a failure come to."""

    causes: tuple[Cause, ...]
    excluded: tuple[Excluded, ...]


def said_by_words(failure: Failure) -> Words:
    """The causes and the excluded steps of a failure, as long as no template is at hand."""
    if failure.kind == "network":
        return Words((*_network(failure),), (*_no_answer(),))
    if failure.kind == "name":
        return Words((*_name(failure),), (*_answered(failure),))
    if failure.kind == "other":
        return Words((*_other(failure),), ())
    excluded = tuple(_excluded(failure))
    gone = {it.step for it in excluded}
    causes = [*_named(failure), *_likely(failure)]
    named = {cause.step for cause in causes}
    causes += (
        Cause(
            step,
            Weight.OPEN,
            _OPEN[step].format(**_words(failure)),
            _confirm(step, failure),
            _WAYS[step],
        )
        for step in ELIMINATION
        if step not in gone and step not in named and _is_of(step, failure)
    )
    return Words(tuple(causes), excluded)


def _confirm(step: str, failure: Failure) -> str:
    return confirm.of_step(step, failure)


def _words(failure: Failure) -> Mapping[str, str]:
    role = f"role '{failure.role}'" if failure.role else "the role"
    who = role if failure.role or not failure.principal else f"'{failure.principal}'"
    user = _USERS[failure.moment]
    return {
        "who": who,
        "user": user,
        "action": failure.action or "the call",
        "resource": f"'{failure.resource}'" if failure.resource else "the resource",
        "layer": failure.layer,
    }


_USERS: Final = {
    "start": "the execution role",
    "run": "the task role",
    "pipeline": "the role of the pipeline or the build",
    "deploy": "the role that deploys",
}

_OPEN: Final[Mapping[str, str]] = {
    "role": "another role than {user} may have made the call",
    "set": "{user} may not be set, or not in the revision that failed",
    "trust": "the trust policy of {who} may not let the service assume it",
    "grant": "{who} may not be allowed {action} on {resource}",
    "kms": "{resource} may be encrypted under a KMS key that {who} may not use",
    "resource-policy": "the policy of {resource} may deny it or not let {who} in",
    "endpoint": "the policy of a VPC endpoint may not let {action} through",
    "organization": "an organization policy or a permissions boundary may deny {action}",
    "credentials": "credentials in the environment may have hidden the role",
}
_WAYS: Final[Mapping[str, str]] = {
    "role": "name the right role in the task definition, the project or the workflow",
    "set": "set the role, and start a task of the new revision",
    "trust": "let the service assume the role in its trust policy",
    "grant": "allow the action on this ARN in a policy of the role",
    "kms": "allow kms:Decrypt to read and kms:GenerateDataKey to write, in the role's policy and "
    "in the key's",
    "resource-policy": "except the role from the Deny statement, or let it in if it is of another "
    "account",
    "endpoint": "let the call through in the policy of the endpoint",
    "organization": "whoever looks after the organization or the boundary has to allow it",
    "credentials": "take AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY out of the environment, the "
    "env file and the image",
}


def way_out(step: str) -> str:
    """What ends a cause of a step, in a sentence."""
    return _WAYS.get(step, "")


def _is_of(step: str, failure: Failure) -> bool:
    """Whether a step can matter for a call."""
    service = failure.action.partition(":")[0]
    if step in ("set", "trust") and ":user/" in failure.principal:
        return False
    if step == "kms":
        return service in (
            "s3",
            "secretsmanager",
            "ssm",
            "ecr",
            "logs",
            "kms",
            "elasticfilesystem",
            "",
        )
    if step == "resource-policy":
        return service in (
            "s3",
            "secretsmanager",
            "kms",
            "ecr",
            "elasticfilesystem",
            "sqs",
            "sns",
            "lambda",
            "",
        )
    if step == "credentials":
        return failure.moment in ("run", "pipeline", "deploy")
    return True


# --- a refused call -------------------------------------------------------------------------------


def _named(failure: Failure) -> Iterator[Cause]:
    """What the text names as the cause."""
    words = _words(failure)
    if failure.encoded or failure.what == "encoded":
        yield Cause(
            "decode",
            Weight.NAMED,
            "AWS has encoded why: who may call sts:DecodeAuthorizationMessage can read it",
            confirm.decode(failure),
            "read the decoded message again with triage",
        )
    step = step_of_layer(failure)
    if step:
        at = "organization" if step == "organization" else step
        if failure.is_explicit:
            message = "a Deny statement of a {layer} covers {action} on {resource} for {who}"
            if failure.layer == "service control policy":  # AWS says so of a missing Allow, too
                message = "a {layer} denies {action} to {who}, or lacks the Allow for it"
        elif failure.layer == "identity-based policy":
            message = "no policy of {who} allows {action} on {resource}"
        else:
            message = "no {layer} allows {action} on {resource} to {who}"
        if step == "grant" and failure.is_explicit:
            message = "a Deny statement of {who}'s own policies covers {action} on {resource}"
        check = confirm.of_step(at, failure)
        if failure.layer == "permissions boundary":
            check = confirm.boundary(failure)
        fix = _WAYS[step]
        if step == "grant" and failure.is_explicit:
            fix = "except this call from the Deny statement of the role's own policy"
        yield Cause(at, Weight.NAMED, message.format(**words), check, fix)
    elif failure.action.startswith("kms:") and failure.principal:
        message = "{who} may not use {resource} for {action}".format(**words)
        yield Cause("kms", Weight.NAMED, message, confirm.key_policy(failure), _WAYS["kms"])
    elif failure.is_explicit:
        message = "a Deny statement covers {action} on {resource}; AWS does not say of which policy"
        check = confirm.simulate(failure)
        yield Cause(
            "grant",
            Weight.NAMED,
            message.format(**words),
            check,
            "find the Deny statement, and except the call",
        )
    elif failure.action == "sts:AssumeRole" and failure.principal and failure.resource:
        message = (
            "{who} may not assume {resource}: by its own policies, or by the trust policy there"
        )
        target = failure._replace(principal=failure.resource)
        yield Cause(
            "trust", Weight.NAMED, message.format(**words), confirm.trust(target), _WAYS["trust"]
        )
    elif failure.what == "trust" or failure.action == "sts:AssumeRole":
        message = "the service cannot assume {who}: its trust policy, or the role is gone"
        yield Cause(
            "trust", Weight.NAMED, message.format(**words), confirm.trust(failure), _WAYS["trust"]
        )
    elif failure.what == "kms":
        message = "the KMS key of {resource} does not exist, or {who} may not use it"
        yield Cause(
            "kms", Weight.NAMED, message.format(**words), confirm.encryption(failure), _WAYS["kms"]
        )
    elif failure.what == "acl":
        yield Cause(
            "resource-policy",
            Weight.NAMED,
            "the bucket does not take ACLs, and the upload sends one",
            confirm.ownership(failure),
            "send no ACL, or bucket-owner-full-control; BucketOwnerEnforced refuses all others",
            rule="W9774",
        )
    elif failure.what == "credentials":
        yield Cause(
            "credentials",
            Weight.NAMED,
            "the credentials themselves are refused: they are wrong, too old or of another region",
            confirm.credentials(failure),
            _WAYS["credentials"],
            rule="W9735",
        )
    elif failure.principal and failure.action:
        # the sentence without a reason is what AWS says where a policy lacks an Allow, mostly
        yield _lacks_grant(failure, "{who} may not be allowed {action} on {resource}")


def _lacks_grant(failure: Failure, message: str) -> Cause:
    said = message.format(**_words(failure))
    return Cause("grant", Weight.LIKELY, said, confirm.simulate(failure), _WAYS["grant"])


_GRANTED: Final = frozenset(
    ("env-file", "secret", "registry-credentials", "image", "logs", "firelens", "efs", "artifact")
)
"""What is tried with a role that somebody has to grant each of these things."""


def _likely(failure: Failure) -> Iterator[Cause]:
    """What such a text mostly means."""
    words = _words(failure)
    is_bare = not failure.principal and not step_of_layer(failure)
    if failure.what == "image" and is_bare and ".dkr.ecr." not in failure.text:
        yield Cause(
            "object",
            Weight.LIKELY,
            "the repository or the tag may not exist, or be private: the registry says the same "
            "of both",
            "docker manifest inspect IMAGE",
            "correct the name of the image, or give the container repositoryCredentials",
            rank=-1,
        )
    if is_bare and failure.what in _GRANTED:
        yield _lacks_grant(failure, "{user} may not be allowed {action} on {resource}")
    if (
        failure.is_explicit is None
        and failure.action in ("s3:GetObject", "s3:ListBucket")
        and not failure.principal
    ):
        yield Cause(
            "object",
            Weight.OPEN,
            "{resource} may not exist: without s3:ListBucket S3 answers 403, not 404".format(
                **words
            ),
            confirm.head_object(failure),
            "put the object there, or ask for one that is there",
            rule="I9756",
        )
    if failure.role and failure.is_explicit is not True:
        name = failure.role.lower()
        wrong = {"run": ("execution", "task role"), "start": ("taskrole", "execution role")}
        mark, right = wrong.get(failure.moment, ("", ""))
        if mark and mark in name.replace("-", "").replace("_", ""):
            message = f"the call was made with role '{failure.role}', and not with a {right}"
            yield Cause(
                "role", Weight.LIKELY, message, confirm.caller(failure), _WAYS["role"], rank=-1
            )
    is_user = ":user/" in failure.principal
    is_instance = "instance" in failure.role.lower()
    if failure.moment in ("run", "start") and (is_user or is_instance):
        what = "a user" if is_user else "the role of an instance"
        message = (
            f"the call was made as {what}, '{failure.principal}', and not with {words['user']}"
        )
        yield Cause(
            "credentials",
            Weight.LIKELY,
            message,
            confirm.credentials(failure),
            _WAYS["credentials"],
            rule="W9735" if is_user else "",
            rank=-1,
        )


def _excluded(failure: Failure) -> Iterator[Excluded]:
    """The steps that AWS's words exclude."""
    step = step_of_layer(failure)
    if failure.role and step != "trust" and failure.action != "sts:AssumeRole":
        by = f"the call was made in a session of role '{failure.role}', so it was assumed"
        yield Excluded("set", by)
        yield Excluded("trust", by)
        if ":assumed-role/" in failure.principal and failure.moment == "start":
            yield Excluded("credentials", by)
    if failure.action and not failure.action.startswith("kms:") and (step or failure.principal):
        yield Excluded("kms", f"AWS refused {failure.action}, and no action of KMS")
    if failure.is_explicit is False and step == "grant":
        by = "AWS names a missing Allow, and no Deny: Deny statements would have come first"
        yield Excluded("resource-policy", by)
        yield Excluded("endpoint", by)
        yield Excluded("organization", by)
    if failure.is_explicit and step:
        by = f"AWS names a Deny of a {failure.layer}: no Allow makes up for it"
        for other in ("grant", "kms", "resource-policy", "endpoint", "organization"):
            if other != step and not (
                other == "kms" and failure.action and not failure.action.startswith("kms:")
            ):
                yield Excluded(other, by)


# --- no answer, no such thing, anything else ------------------------------------------------------


def _network(failure: Failure) -> Iterator[Cause]:
    what = (
        "the name of the service could not be looked up"
        if failure.what == "dns"
        else "no answer came"
    )
    yield Cause(
        "network",
        Weight.NAMED,
        f"{what}: the task has no way to the service (public IP, NAT gateway or VPC endpoint, "
        "security group, DNS)",
        confirm.network(failure),
        "give the subnets a NAT gateway or the VPC an endpoint for the service, or assign a "
        "public IP; let port 443 out",
    )


def _no_answer() -> Iterator[Excluded]:
    by = "no answer came from AWS, so no policy refused anything"
    for step in ("grant", "kms", "resource-policy", "organization"):
        yield Excluded(step, by)


def _name(failure: Failure) -> Iterator[Cause]:
    resource = f"'{failure.resource}'" if failure.resource else "what is asked for"
    message = f"{resource} does not exist under this name, in this region and account"
    fix = "correct the name, the region or the account, or create it"
    if failure.what == "arn-invalid":
        message = "the ARN is not well-formed for this use: look at its partition and its parts"
        fix = "write the whole ARN"
    yield Cause("object", Weight.NAMED, message, confirm.existence(failure), fix)


def _answered(failure: Failure) -> Iterator[Excluded]:
    by = "AWS looked for it, which it does only for who is allowed to ask"
    if failure.what not in ("image-missing", "arn-invalid"):
        yield Excluded("grant", by)
        yield Excluded("resource-policy", by)
    yield Excluded("network", "an answer came")


def _other(failure: Failure) -> Iterator[Cause]:
    told, check, fix = _OTHERS.get(failure.what, _OTHERS[""])
    yield Cause(
        "set" if failure.what == "no-credentials" else "object", Weight.LIKELY, told, check, fix
    )


_LOGS: Final = "aws logs tail GROUP --since 1h"
_OTHERS: Final[Mapping[str, tuple[str, str, str]]] = {
    "no-credentials": (
        "the SDK found no credentials at all: the task has no task role, or the SDK cannot reach "
        "169.254.170.2",
        confirm.command(
            *("aws", "ecs", "describe-task-definition", "--task-definition", "FAMILY"),
            *("--query", "taskDefinition.taskRoleArn"),
        ),
        "set a task role in the task definition",
    ),
    "memory": ("the container used more memory than it has", _LOGS, "raise the memory of the task"),
    "rate": ("too many requests in too short a time", _LOGS, "wait, or sign in to the registry"),
    "platform": (
        "the image is built for another platform than the task's",
        "docker manifest inspect IMAGE",
        "build it for the platform of the task (runtimePlatform)",
    ),
    "": ("this is no matter of access: the logs say more", _LOGS, ""),
}
