"""W9713: the grant is pinned to one content hash of the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from copilot_preflight.access.cause import CONTENT_HASH
from copilot_preflight.access.decide import Decision
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.symbolic import Text, match
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import replaced
from copilot_preflight.checks.wording.parts import abridged_key, cited, value_of_parameter
from copilot_preflight.checks.wording.shared_folders import also_reached
from copilot_preflight.iam.evaluate import covers_action
from copilot_preflight.iam.policy import Entry
from copilot_preflight.needs.env_files import ENV_FILE, GET_OBJECT, EnvFileRead

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Help

_COPILOT_KEY = lazy_pattern(r"manual/env-files/.+/[^/]+\.env")


@rule(
    "W9713",
    "env-file-version-locked",
    "Grant is pinned to one version of the env file",
    fix="review",
)
def env_file_version_locked(analysis: Analysis) -> Iterator[Finding]:
    for decision in analysis.allowed(ENV_FILE, GET_OBJECT):
        if not _is_content_addressed(decision):
            continue
        pinned = _pinned_grant(decision)
        if pinned is None:
            continue
        read = decision.call.need.about(EnvFileRead)
        help = _help(decision, pinned, read)
        yield Finding(
            at=pinned.place,
            message=(
                f"execution {decision.call.role} may read only this version of the env file of "
                f"{read.container}, '{abridged_key(read.file.arn)}': a revision with another one "
                "(rollback, circuit breaker, scale-out during a rollout) gets a 403"
            ),
            label="pinned to one content hash",
            related=(
                Related(read.file.value.place, "the environment file"),
                *value_of_parameter(read.view.stack, read.file.value),
                *also_reached(decision.call, read),
            ),
            call=cited(decision.call),
            cause="version-lock",
            help=help.text,
            remedy=help,
        )


def _help(decision: Decision, pinned: Entry, read: EnvFileRead) -> Help:
    title = "grant every version of the file"
    in_place = advice.every_version_at(read, pinned.place)
    return advice.granted(
        decision.call,
        advice.read_grants(read, advice.policy_of(decision.call))[0],
        words="grant every version of the file in",
        edits=[replaced(pinned.place, in_place, title, is_safe=False)],
        is_safe=False,
    )


def _is_content_addressed(decision: Decision) -> bool:
    """Whether the file's name changes with its content: only then does a pinned grant lock."""
    read = decision.call.need.about(EnvFileRead)
    key = str(read.name.key) if read.name else str(read.file.arn)
    return bool(read.is_copilot or CONTENT_HASH.search(key) or _COPILOT_KEY.fullmatch(key))


def _pinned_grant(decision: Decision) -> Entry | None:
    """The exact grant, where no grant of the role reaches another version."""
    target = decision.call.resource
    pinned: Entry | None = None
    for statement in decision.call.role.statements:
        if statement.effect == "Deny" or covers_action(statement, GET_OBJECT).verdict is False:
            continue
        if statement.not_resources:
            return None
        for entry in statement.resources:
            if match(entry.text, target) is not False and _reaches_others(entry.text, target):
                return None
            if match(entry.text, target) and pinned is None:
                pinned = entry
    return pinned


def _reaches_others(pattern: Text, target: Text) -> bool:
    if not pattern.has_wildcard():
        return False
    known = target.literal
    if known is None or not CONTENT_HASH.search(known):
        return True
    other = CONTENT_HASH.sub(
        lambda found: found[0][::-1] if found[0] != found[0][::-1] else "0" * 64, known
    )
    return match(pattern, Text.of(other)) is not False
