"""W9754: all of S3 is granted where an environment file is all that is needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from copilot_preflight.access.decide import Decision
from copilot_preflight.base.finding import Finding, Place, Related
from copilot_preflight.base.records import NamedTuple
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
from copilot_preflight.statements.s3_pairs import is_s3

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


@rule(
    "W9754",
    "grant-too-broad",
    "Execution role is granted more of S3 than the env file",
    fix="review",
)
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
    reads = list({each.read.asked: each.read for each in found}.values())
    grants = _grants(reads, advice.policy_of(found[0].decision.call))
    if all(narrow):
        names = dict.fromkeys(f"'{s.sid or s.policy}'" for s in narrow if s is not None)
        help = advice.help_with(
            f"take it away: {' and '.join(names)} grants the environment files already"
        )
    else:
        help = advice.help_with(
            "grant the files and their buckets instead:", grants=grants, is_safe=False
        )._replace(is_enough=False)
    edits = _taken_away(found[0])
    # What grants one version alone must not be all that is left.
    is_left = all(
        s is not None and _reaches_others(s, it) for s, it in zip(narrow, found, strict=True)
    )
    in_place = () if is_left or not edits else _in_place(grants, found[0])
    if not edits or not (is_left or in_place):
        return help._replace(no_fix="what else the statement is for, only you know")
    return help._replace(edits=(*in_place, *edits))


def _reaches_others(statement: Statement, broad: _Broad) -> bool:
    """Whether a statement grants more of a file than the version that is asked for."""
    return any(
        entry.text.has_wildcard() and match(entry.text, broad.decision.call.resource)
        for entry in statement.resources
    )


def _in_place(grants: Sequence[Grant], broad: _Broad) -> tuple[Edit, ...]:
    """The narrow statements as a policy of the role, none where it is in another file."""
    from copilot_preflight.edits.edit import Applicability, NoFix
    from copilot_preflight.edits.placing import placed

    view, place = broad.decision.call.view, grants[0].owner.place
    if place is None or place.file != view.file:
        return ()
    title = "grant the environment files alone"
    edits = placed(grants, view.stack.data, title, Applicability.REVIEW)
    return () if isinstance(edits, NoFix) else edits


def _taken_away(broad: _Broad) -> list[Edit]:
    """What grants too much taken out, and nothing that other services need; else nothing."""
    statement, title = broad.statement, "take away what grants too much"
    if managed.is_known(statement.policy):
        is_of_s3 = statement.policy.startswith("AmazonS3")
        return [removed(statement.place, title)] if is_of_s3 else []
    own = [action for action in statement.actions if is_s3(action)]
    if not own or any(action.text.literal == "*" for action in own):
        return []
    if not broad.is_action and len(statement.resources) > 1 and len(own) == len(statement.actions):
        return taken_out(statement, [broad.entry], statement.resources, title)
    entries = [broad.entry] if broad.is_action else own
    return taken_out(statement, entries, statement.actions, title)


def _grants(reads: Sequence[EnvFileRead], owner: PolicyOwner) -> list[Grant]:
    """The statements by the template's own parameters, or one for all files and their buckets."""
    if all(advice.by_parameter_of(read) is not None for read in reads):
        return [grant for read in reads for grant in advice.read_grants(read, owner)]
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
