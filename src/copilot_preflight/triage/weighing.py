"""Which findings of a run may be behind a failure, and how much speaks for each."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from copilot_preflight.access.drift import ONLY_IN_ACCOUNT
from copilot_preflight.base.finding import Finding, Severity
from copilot_preflight.triage.by_words import step_of_layer
from copilot_preflight.triage.failure import Failure
from copilot_preflight.triage.result import Weight


def _ids(text: str) -> frozenset[str]:
    return frozenset(text.split())


DRIFT: Final = "W9787"
"""The rule for a role of the account that is not what its template says."""

_RULES_OF: Final = {
    "env-file": _ids(
        "E9711 E9712 E9715 E9716 E9717 E9719 W9713 W9714 W9719 W9720 E9731 E9732 W9787"
    ),
    "secret": _ids("E9741 E9755 E9731 E9732"),
    "registry-credentials": _ids("E9744 E9731 E9732"),
    "image": _ids("E9742 E9731 E9732 W9764"),
    "logs": _ids("E9743 E9755 E9731 E9732"),
    "firelens": _ids("E9745 E9731 E9732"),
    "efs": _ids("E9747 E9734"),
    "exec": _ids("E9746 E9734"),
    "trust": _ids("E9731 E9732 E9734 E9749 E9737"),
    "artifact": _ids("E9771 E9772 E9773 W9774 E9775 W9757"),
    "build-network": _ids("E9775 E9732"),
    "acl": _ids("W9774"),
    "kms": _ids("E9715 W9757 E9762 E9773 E9741"),
    "credentials": _ids("W9735"),
    "no-credentials": _ids("E9734"),
    "call": _ids("W9735"),
    "object": _ids("E9751 E9752 W9753 W9757 I9756 W9735"),
    "arn-invalid": _ids("E9716 E9755 E9741"),
    "secret-missing": _ids("E9741"),
    "object-missing": _ids("E9716 W9719 W9720 W9713"),
}
"""The rules that are about what was tried."""

_LAYER_RULES: Final = {
    "resource-policy": _ids("E9761 E9762"),
    "organization": _ids("E9763 E9765"),
    "endpoint": _ids("E9764 W9764"),
    "trust": _ids("E9732"),
    "kms": _ids("E9762 E9715 W9757 E9773"),
}
_STEPS: Final = {
    **dict.fromkeys(("E9733",), "role"),
    **dict.fromkeys(("E9731", "E9734", "E9737"), "set"),
    **dict.fromkeys(("E9732",), "trust"),
    **dict.fromkeys(("E9715", "W9757", "E9773", "E9762"), "kms"),
    **dict.fromkeys(("E9761", "W9774"), "resource-policy"),
    **dict.fromkeys(("E9764", "W9764"), "endpoint"),
    **dict.fromkeys(("E9763", "E9765"), "organization"),
    **dict.fromkeys(("W9735",), "credentials"),
    **dict.fromkeys(("W9719", "W9720", "I9756", "E9716"), "object"),
    **dict.fromkeys((DRIFT,), "account"),
}
"""The step to which a rule belongs; to the grant if it is none of these."""

_HOLE: Final = re.compile(r"\$\{[^{}]{1,200}\}|\*")
_DENIED: Final = re.compile(
    r"(?P<actions>[\w-]+:\w+(?:(?:, | and )[\w-]+:\w+){0,20}) on '(?P<resource>arn:[^']{1,2048})'"
)
_VERSION: Final = re.compile(r"/[0-9a-f]{64}\.env$")


def grade_of(
    finding: Finding, failure: Failure, makers: Collection[str], is_known: bool
) -> tuple[Weight, int] | None:
    """How much speaks for a finding: its weight and its rank; None if it is about others.

    ``makers`` are the logical ids of the roles that may have made the call, none where it may be
    any; ``is_known``: they are those that the text names.
    """
    step = step_of(finding, failure)
    named = step_of_layer(failure)
    about = finding.rule in _RULES_OF.get(failure.what, ())
    call = finding.call
    denied = tuple(_resources(finding, failure.action))
    same_action = bool(failure.action) and (
        bool(denied) or f"{failure.action} on" in finding.message
    )
    if not about and not same_action:
        return None
    if same_action and call is not None:
        asked = denied or (call.resource,)
        if all(_is_of_another(finding, resource, failure) for resource in asked):
            return None
    if makers and call is not None and call.principal not in makers:
        return None
    if finding.rule == DRIFT:
        is_denied = finding.cause != ONLY_IN_ACCOUNT and not failure.is_explicit
        return (Weight.PROVED, 0) if is_denied and named in ("", "grant") else None
    if failure.kind == "access" and named and finding.severity is Severity.ERROR:
        is_layer = finding.rule in _LAYER_RULES.get(named, ())
        is_own = named == "grant" and step in ("grant", "role", "kms")
        if not (is_layer or is_own):
            return None if failure.is_explicit else (Weight.FOUND, 5)
        if failure.is_explicit and named == "grant" and finding.rule != "E9766":
            return Weight.FOUND, 5
    if failure.role and step in ("set", "trust") and failure.what != "trust":
        return None  # the call was made with the role
    is_stranger = bool(failure.principal) and not is_known
    if finding.severity is Severity.ERROR and same_action and not is_stranger:
        return Weight.PROVED, 0
    if finding.severity is Severity.ERROR:
        return Weight.FOUND, 0
    is_main = finding.rule in ("W9735", "W9774") and failure.what in ("credentials", "acl")
    if finding.rule == "W9735" and failure.principal and not is_known:
        return Weight.PROVED, 0  # the call was not made with the role that is hidden
    if finding.rule == "W9757" and failure.action.startswith("kms:"):
        return Weight.PROVED, 1
    return (Weight.PROVED, 0) if is_main else (Weight.LIKELY, 0)


def step_of(finding: Finding, failure: Failure) -> str:
    if finding.rule == "E9762" and not failure.action.startswith("kms:"):
        return "kms"
    return _STEPS.get(finding.rule, "grant")


def may_be(written: str, asked: str) -> bool:
    """Whether a resource with holes, as reports write it, may be the one of a text."""
    parts = _HOLE.split(written)
    if len(parts) == 1:
        return written == asked
    if not asked.startswith(parts[0]) or not asked.endswith(parts[-1]):
        return False
    at = len(parts[0])
    for part in parts[1:-1]:
        found = asked.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return at <= len(asked) - len(parts[-1])


def same_file(one: str, other: str) -> bool:
    """Whether two ARNs name an env file of the same name, of whatever version."""
    names = [_VERSION.sub("", it).rpartition("/")[2] for it in (one, other)]
    return names[0] == names[1] and all(has_version(it) for it in (one, other))


def _resources(finding: Finding, action: str) -> Iterator[str]:
    """What a finding says that an action is denied on.

    Of several calls in one finding, its ``call`` is the first; its message names them all.
    """
    if not action:
        return
    if finding.call is not None and finding.call.action == action:
        yield finding.call.resource
    for found in _DENIED.finditer(finding.message):
        if action in found["actions"].replace(" and ", ", ").split(", "):
            yield found["resource"]


def _is_of_another(finding: Finding, resource: str, failure: Failure) -> bool:
    """Whether a finding is about another resource than a failure."""
    if not failure.resource or may_be(resource, failure.resource):
        return False
    is_of_versions = finding.rule in ("E9712", "W9713", DRIFT)
    return not (is_of_versions and same_file(resource, failure.resource))


def version_in(arn: str) -> str:
    return f"{arn.rpartition('/')[2][:8]}…"


def has_version(arn: str) -> bool:
    """Whether an ARN ends as those of Copilot's env files do: with the hash of the content."""
    return _VERSION.search(arn) is not None
