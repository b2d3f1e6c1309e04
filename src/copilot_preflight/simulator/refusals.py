"""What AWS's simulator refuses, as InvalidInput or MalformedPolicyDocument.

A mistyped action, resource or effect would otherwise be answered like a real one, and the answer
would be a denial that means nothing.
Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from copilot_preflight.iam.actions import action_names
from copilot_preflight.read.document import Document, DocumentError
from copilot_preflight.read.schema import nearest
from copilot_preflight.run.policy_files import Kind, check_statements


class BadInput(Exception):
    """An option whose value cannot be used; ``str()`` is one line that says why."""

    def __init__(self, option: str, message: str) -> None:
        super().__init__(message)
        self.option = option


class Word(NamedTuple):
    """A value that was given, and what to raise where it is wrong, made from a message."""

    text: str
    fault: Callable[[str], Exception]


# --- policies -------------------------------------------------------------------------------------

_IDENTITY: Final = Kind("policy of a role or user", principals=False, resources=True)
_RESOURCE: Final = Kind("policy of a resource", principals=True)
_ANY: Final = Kind("policy", principals=None)

KINDS: Final[Mapping[str, Kind]] = {
    "PolicyInputList": _IDENTITY,
    "PermissionsBoundaryPolicyInputList": _IDENTITY,
    "SessionPolicy": _IDENTITY,
    "ResourcePolicy": _RESOURCE,
    "EndpointPolicy": _ANY,
    "Scp": Kind("service control policy", principals=False),
    "OrderedOrganizationPolicyInputList": Kind("service control policy", principals=False),
    "Rcp": Kind("resource control policy", principals=True),
}
"""What a policy is of, by the parameter that it is given in."""

_VERSIONS: Final = ("2012-10-17", "2008-10-17")
_KEYS: Final = ("Version", "Id", "Statement")


def check_policy(found: Document, parameter: str) -> None:
    """Raises DocumentError for the first thing in a policy that AWS would refuse.

    A policy without any statement is let pass: it grants nothing.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    data = found.data
    if not isinstance(data, dict) or "Statement" not in data:
        close = _near_statement(data) if isinstance(data, dict) else ""
        raise found.fault((), f"a policy is a map that has Statement{close}")
    for key in data:
        if key not in _KEYS:
            at = found.span((key,), key=True).start
            message = f"'{key}' is no element of a policy{nearest(key, _KEYS)}"
            raise DocumentError(found.file, at.line, at.column, message)
    version = data.get("Version", _VERSIONS[0])
    if str(version) not in _VERSIONS:
        message = f"Version must be {_VERSIONS[0]} or {_VERSIONS[1]}, found '{version}'"
        raise found.fault(("Version",), message)
    if data["Statement"] != []:
        check_statements(found, data["Statement"], ("Statement",), KINDS.get(parameter, _ANY))


def _near_statement(data: Mapping[str, Any]) -> str:
    like = next((key for key in data if nearest(key, ("Statement",))), None)
    return "" if like is None else f", found '{like}'"


# --- what is asked --------------------------------------------------------------------------------


def action_of(word: Word) -> str:
    """An action, refused where AWS has none of that name."""
    name = word.text
    service, _, action = name.partition(":")
    if not service or not action or ":" in action or "," in name:
        raise word.fault(
            f"'{name}' is no action: give them as s3:GetObject, with spaces between several"
        )
    if "*" in name or "?" in name:
        raise word.fault(
            f"'{name}' has a wildcard: name each action by itself, such as s3:GetObject"
        )
    known = action_names()
    actions = known.get(service.lower())
    if actions is None:
        like = nearest(service.lower(), known)
        raise word.fault(f"'{name}': AWS has no service '{service}'{like}")
    if action.lower() not in actions:
        like = nearest(action.lower(), actions)
        for lower, spelt in actions.items():
            like = like.replace(f"'{lower}'", f"'{service}:{spelt}'")
        raise word.fault(f"'{name}' is no action of {service}{like}")
    return name


def resource_of(word: Word) -> str:
    """The ARN of a resource, or ``*``."""
    arn = word.text
    if arn != "*" and not (arn.startswith("arn:") and arn.count(":") >= 5):
        raise word.fault(
            f"'{arn}' is no ARN: give them as arn:aws:s3:::bucket/key, with spaces between several"
        )
    return arn


def account_of(word: Word) -> str:
    """The account of an owner, given as its id or, as AWS asks for it, as its root's ARN."""
    owner = word.text
    account = owner.split(":")[4] if owner.startswith("arn:") and owner.count(":") >= 5 else owner
    if not (account.isdecimal() and len(account) == 12):
        raise word.fault(
            f"'{owner}' is no account: give its 12 digits or arn:aws:iam::111122223333:root"
        )
    return account


def caller_of(word: Word) -> str:
    """An ARN or the name of a service; a mistyped one would be nobody, whom nothing allows."""
    name = word.text
    is_arn = name.startswith("arn:") and name.count(":") >= 5
    is_service = name.endswith((".amazonaws.com", ".amazonaws.com.cn"))
    if name and not is_arn and not is_service:
        raise word.fault(
            f"'{name}' is neither an ARN nor a service such as ecs-tasks.amazonaws.com"
        )
    return name


# --- ResourceHandlingOption -----------------------------------------------------------------------

_INSTANCE: Final = ("instance", "image", "security-group", "network-interface")

HANDLING: Final[Mapping[str, Sequence[str]]] = {
    "EC2-VPC-InstanceStore": _INSTANCE,
    "EC2-VPC-InstanceStore-Subnet": (*_INSTANCE, "subnet"),
    "EC2-VPC-EBS": (*_INSTANCE, "volume"),
    "EC2-VPC-EBS-Subnet": (*_INSTANCE, "subnet", "volume"),
}
"""The scenarios of EC2, and the kinds of resource that each of them needs."""


def check_handling(word: Word, resources: Iterable[str]) -> None:
    """Refuses a scenario that AWS does not list, and one of which a resource is not given."""
    needed = HANDLING.get(word.text)
    if needed is None:
        like = nearest(word.text, HANDLING)
        allowed = like or f": it must be one of {', '.join(HANDLING)}"
        raise word.fault(f"'{word.text}' is no scenario that AWS lists{allowed}")
    given = {_kind_in_ec2(resource) for resource in resources}
    missing = [kind for kind in needed if kind not in given]
    if missing:
        raise word.fault(
            f"'{word.text}' needs resources of all these kinds: {', '.join(needed)}; "
            f"there is no ARN of: {', '.join(missing)}"
        )


def _kind_in_ec2(resource: str) -> str:
    """``instance`` for ``arn:aws:ec2:eu-west-1:111122223333:instance/i-1``."""
    parts = resource.split(":", 5)
    return parts[5].partition("/")[0] if len(parts) == 6 and parts[2] == "ec2" else ""
