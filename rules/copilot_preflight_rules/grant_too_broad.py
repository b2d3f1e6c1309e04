"""W9754: all of S3 is granted where an environment file is all that is needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from copilot_preflight.access.decide import Decision
from copilot_preflight.base.finding import Finding, Place, Related
from copilot_preflight.base.symbolic import Hole, Text, match
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import removed, taken_out
from copilot_preflight.checks.wording.parts import cited
from copilot_preflight.iam import arn, managed
from copilot_preflight.iam.policy import Entry, Statement
from copilot_preflight.needs.env_files import (
    ENV_FILE,
    GET_BUCKET_LOCATION,
    GET_OBJECT,
    EnvFileRead,
)

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Edit, Help
    from copilot_preflight.edits.grant import Grant, PolicyOwner

_ANY_ACTION: Final = Text.of("s3:", Hole("any action"))
_ANY_BUCKET: Final = Text.of(arn.name_hole("any bucket"))
_ANY_KEY: Final = Text.of(Hole("any key"))
_PARTITIONS: Final = [Text.of(name) for name in sorted(arn.PARTITIONS)]


class _Broad(NamedTuple):
    """A statement that grants too much, the entry that makes it so, and a call that it serves."""

    statement: Statement
    entry: Entry
    is_action: bool
    decision: Decision

    @property
    def read(self) -> EnvFileRead:
        return self.decision.call.need.about(EnvFileRead)


@rule("W9754", "grant-too-broad", "Execution role is granted more of S3 than the env file")
def grant_too_broad(analysis: Analysis) -> Iterator[Finding]:
    served: dict[Place, list[_Broad]] = {}
    for decision in analysis.allowed(ENV_FILE, GET_OBJECT):
        for statement in decision.granting:
            if (broad := _broad(statement, decision)) is not None:
                served.setdefault(broad.entry.place, []).append(broad)
    for found in served.values():
        broad = found[0]
        files = " and ".join(dict.fromkeys(str(each.read.container) for each in found))
        more = "call every action of S3" if broad.is_action else "read every bucket"
        help = _way_out(found)
        yield Finding(
            at=broad.entry.place,
            message=f"{_source(broad)} lets execution {broad.decision.call.role} {more}, "
            f"where it needs the environment files of {files}",
            label="wider than the need",
            related=tuple(Related(each.read.file.value.place, "what is needed") for each in found),
            call=cited(broad.decision.call),
            cause="too-broad",
            help=help.text,
            remedy=help,
        )


def _source(broad: _Broad) -> str:
    """What grants too much: for a policy of AWS its name, as its text is not in the template."""
    policy = broad.statement.policy
    if managed.is_known(policy):
        return f"managed policy '{policy}'"
    element = "NotAction" if broad.is_action else "NotResource"
    left_out = broad.entry in (*broad.statement.not_actions, *broad.statement.not_resources)
    return f"{element} '{broad.entry.text}'" if left_out else f"'{broad.entry.text}'"


def _way_out(found: Sequence[_Broad]) -> Help:
    narrow = [_narrow(each.decision) for each in found]
    if all(narrow):
        names = dict.fromkeys(f"'{s.sid or s.policy}'" for s in narrow if s is not None)
        return advice.help_with(
            f"take it away: {' and '.join(names)} grants the environment files already",
            edits=_taken_away(found[0]),
        )
    reads = list({each.read.asked: each.read for each in found}.values())
    return advice.help_with(
        "grant the files and their buckets instead:",
        grants=_grants(reads, advice.policy_of(found[0].decision.call)),
        is_safe=False,
    )


def _taken_away(broad: _Broad) -> list[Edit]:
    statement, title = broad.statement, "take away what grants too much"
    is_listed = broad.entry in (*statement.actions, *statement.resources)
    if not is_listed or managed.is_known(statement.policy):
        return [removed(statement.place, title)]  # NotAction, NotResource, or a policy of AWS's
    beside = statement.actions if broad.is_action else statement.resources
    return taken_out(statement, [broad.entry], beside, title)


def _grants(reads: Sequence[EnvFileRead], owner: PolicyOwner) -> list[Grant]:
    """One statement for all files, and one for their buckets."""
    names = [read.name for read in reads]
    files = dict.fromkeys(map(advice.every_version, reads))
    buckets = dict.fromkeys(str(arn.s3_arn(n.partition, n.bucket)) for n in names if n is not None)
    grants = [advice.grant(owner, GET_OBJECT, *files)]
    if buckets:
        grants.append(advice.grant(owner, GET_BUCKET_LOCATION, *buckets))
    return grants


def _narrow(decision: Decision) -> Statement | None:
    """A statement that grants a call and is not too broad."""
    return next((s for s in decision.granting if _broad(s, decision) is None), None)


def _broad(statement: Statement, decision: Decision) -> _Broad | None:
    """What makes a statement too broad: all actions, or all buckets."""
    for action in statement.not_actions or statement.actions:
        if statement.not_actions or match(action.text.lower(), _ANY_ACTION):
            return _Broad(statement, action, True, decision)
    for resource in statement.not_resources or statement.resources:
        if statement.not_resources or _is_everywhere(resource, decision):
            return _Broad(statement, resource, False, decision)
    return None


def _is_everywhere(resource: Entry, decision: Decision) -> bool:
    """Whether an ARN certainly takes in every object of every bucket."""
    if _begins_bucket(resource.text):
        return False
    asked = arn.parse_s3(decision.call.resource)
    return _takes_in_every_object(resource.text, asked.partition if asked else None)


@lru_cache(maxsize=1024)
def _takes_in_every_object(granted: Text, partition: Text | None) -> bool:
    """Whether an ARN matches every object of a partition, or of any one that there is."""
    return any(
        match(granted, arn.s3_arn(each, _ANY_BUCKET, _ANY_KEY))
        for each in ([] if partition is None else [partition]) + _PARTITIONS
    )


def _begins_bucket(resource: Text) -> bool:
    """Whether an ARN has something of a bucket's name in front of its first star, as nearly all."""
    written = "".join(part if isinstance(part, str) else "." for part in resource.parts)
    pieces = written.partition("*")[0].split(":", 5)
    return len(pieces) > 5 and pieces[5] != ""
