"""Everything that the rules ask of one template, worked out once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from copilot_preflight.access import Decision, decide
from copilot_preflight.calls import Call, calls_of
from copilot_preflight.diagnosis import (
    BUCKET_ACTION_ON_OBJECT,
    CONTENT_HASH,
    OBJECT_ACTION_ON_BUCKET,
    Cause,
    cause_of,
)
from copilot_preflight.env_files import EnvFileRead, env_file_reads
from copilot_preflight.finding import CitedCall, Finding, Place, Related
from copilot_preflight.iam import arn
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.model.s3_statements import OBJECTS, Half, Mismatch, mismatches
from copilot_preflight.stack import Stack
from copilot_preflight.text import Text


class Denial(NamedTuple):
    """A call that will be denied, and why. ``when`` names the scenario, ``""`` for all of them."""

    decision: Decision
    cause: Cause
    when: str = ""

    @property
    def call(self) -> Call:
        return self.decision.call

    @property
    def read(self) -> EnvFileRead:
        return self.decision.call.read

    def finding(
        self, message: str, *, label: str, help: str, related: Iterable[Related] = ()
    ) -> Finding:
        """A finding at the place that asks for the call; the rule's id is filled in later."""
        return Finding(
            at=self.read.file.value.place,
            message=f"{message} when {self.when}" if self.when else message,
            label=label,
            related=(*related, *value_of_parameter(self.read)),
            call=cited(self.call),
            cause=self.cause.kind,
            help=help,
        )


class Analysis:
    """One template of a run: its reads, its decisions, its denials."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    @cached_property
    def reads(self) -> tuple[EnvFileRead, ...]:
        """Every environment file of every container, in every scenario that has it."""
        return tuple(env_file_reads(self.stack))

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        return tuple(
            decision for read in self.reads for call in calls_of(read) for decision in decide(call)
        )

    @cached_property
    def denials(self) -> tuple[Denial, ...]:
        """One denial for each call that some scenario denies."""
        found: dict[tuple[object, str], Denial] = {}
        for decision in self.decisions:
            key = _identity(decision)
            if decision.is_denied and key not in found:
                everywhere = all(d.is_denied for d in self.decisions if _identity(d) == key)
                when = "" if everywhere else str(decision.call.read.scenario)
                found[key] = Denial(decision, cause_of(decision), when)
        return tuple(found.values())

    def denials_of(self, action: str) -> Iterator[Denial]:
        return (denial for denial in self.denials if denial.call.action == action)

    def allowed(self, action: str) -> Iterator[Decision]:
        """The calls that some statement of the role's own policies allows, one of each."""
        seen = set()
        for decision in self.decisions:
            if decision.call.action != action or decision.identity.outcome is not Outcome.ALLOWED:
                continue
            if (key := _identity(decision)) not in seen:
                seen.add(key)
                yield decision

    def mismatches(self, half: Half, action: str) -> Iterator[tuple[Mismatch, Denial | None]]:
        """Statements whose actions can never match, each with the call that it breaks, if any.

        ``action`` is the one that an environment file needs of this half. A denied call whose ARN
        only its own scenario can tell comes last.
        """
        kind = OBJECT_ACTION_ON_BUCKET if half is OBJECTS else BUCKET_ACTION_ON_OBJECT
        broken: dict[Place, Denial] = {}
        for denied in self.denials_of(action):
            if denied.cause.kind == kind and denied.cause.statement is not None:
                broken.setdefault(denied.cause.statement.place, denied)
        invalid = {read.file.arn for read in self.reads if read.problem is not None}
        for mismatch in mismatches(self.stack, half):
            if mismatch.resource.text not in invalid:  # else the value is to blame, not the grant
                yield mismatch, broken.pop(mismatch.statement.place, None)
        for denied in broken.values():
            cause = denied.cause
            if cause.statement is not None and cause.entry is not None:
                actions = tuple(filter(half.is_only_use_of, cause.statement.actions))
                yield Mismatch(cause.statement, cause.entry, actions), denied

    def read_once(self) -> Iterator[EnvFileRead]:
        """The environment files, each in the first scenario that has it."""
        seen = set()
        for read in self.reads:
            if (path := read.file.value.path) not in seen:
                seen.add(path)
                yield read


def _identity(decision: Decision) -> tuple[object, str]:
    return decision.call.read.file.value.path, decision.call.action


def cited(call: Call) -> CitedCall:
    """A call as a finding tells it."""
    return CitedCall(call.role.logical_id, call.action, str(call.request.resource), call.because)


def value_of_parameter(read: EnvFileRead) -> Iterator[Related]:
    """Where the value of an env-file parameter was given, if it was in a file."""
    given = read.stack.given(read.file.parameter)
    if given is not None and given.place is not None:
        yield Related(given.place, f"the value of {read.file.parameter}")


def mismatch_finding(
    mismatch: Mismatch, denied: Denial | None, *, acts_on: str, but: str, label: str, help: str
) -> Finding:
    """A finding at an ARN that a statement's actions can never match."""
    names = " and ".join(str(action.text) for action in mismatch.actions)
    verb = "acts" if len(mismatch.actions) == 1 else "act"
    effect = "deny" if mismatch.statement.effect == "Deny" else "grant"
    them = "it" if len(mismatch.actions) == 1 else "them"
    related = [Related(action.place, f"acts on {acts_on}") for action in mismatch.actions]
    if denied is not None:
        related.append(Related(denied.read.file.value.place, "so this file is affected"))
    return Finding(
        at=mismatch.resource.place,
        message=f"{names} {verb} on {acts_on}, but {but}: the statement does not {effect} {them}",
        label=label,
        related=tuple(related),
        call=cited(denied.call) if denied is not None else None,
        cause=denied.cause.kind if denied is not None else "arn-mismatch",
        help=help,
    )


def abridged_key(object_arn: Text) -> str:
    """The key of an S3 object, for messages about objects that differ in nothing else."""
    name = arn.parse_s3(object_arn)
    return abridged(name.key if name and name.key else object_arn)


def abridged(text: Text | str) -> str:
    """A string for a message: content hashes are cut to their first eight characters."""
    return CONTENT_HASH.sub(lambda found: found[0][:8] + "…", str(text))
