"""From the analysis of one template to its picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Final

from copilot_preflight.access.cause import LAYER_CAUSES
from copilot_preflight.access.decide import Decision
from copilot_preflight.base.finding import Finding, Severity
from copilot_preflight.checks.analysis import Analysis, Denial
from copilot_preflight.checks.outcomes import CallOutcome, Proved
from copilot_preflight.checks.wording import denials as wording
from copilot_preflight.checks.wording.parts import abridged
from copilot_preflight.iam.evaluate import Outcome as Verdict
from copilot_preflight.iam.layers import Layer
from copilot_preflight.model.roles import Role
from copilot_preflight.needs.need import Need
from copilot_preflight.read.document import Document
from copilot_preflight.render.helps import Writer
from copilot_preflight.report.callers import assumed
from copilot_preflight.report.excerpts import Excerpts
from copilot_preflight.report.flows import flows_of
from copilot_preflight.report.labels import kind_of, label_of
from copilot_preflight.report.layers import combined, said_by
from copilot_preflight.report.model import (
    LANES,
    OUTCOMES,
    Call,
    Caller,
    Cited,
    FindingShown,
    Group,
    Lane,
    LaneKey,
    Outcome,
    RoleBox,
    StackPicture,
    Target,
)
from copilot_preflight_rules import CATALOGUE

_UNDETERMINED: Final = next(entry for entry in CATALOGUE if entry.id == "I9790")
"""The rule that has the words for what is missing; a picture needs them in every run."""

_LANE_OF_USER: Final[Mapping[str, LaneKey]] = {
    "execution": "agent",
    "instance": "agent",
    "infrastructure": "agent",
    "access": "agent",
    "job": "application",
    "task": "application",
    "rule": "launcher",
    "schedule": "launcher",
    "pipe": "launcher",
    "state machine": "launcher",
    "pipeline": "pipeline",
    "action": "pipeline",
    "build": "pipeline",
}
_OWN_CALLS: Final = (
    "what the application itself calls stands in no template: 'require' in the configuration "
    "names calls that must be allowed"
)
_NO_CALLS: Final = "the templates ask for no call with it"


def observe(
    analysis: Analysis, findings: Sequence[Finding], sources: Mapping[str, Document]
) -> StackPicture:
    """The picture of a template; ``findings`` are those that the rules have made of it."""
    return _Gathering(analysis, findings, sources).picture()


RoleKey = tuple[str, str]
"""The file and the logical id of a role; a role outside the run has no file."""


_OUTCOMES: Final[Mapping[Proved, Outcome]] = {
    "allowed": "allowed",
    "denied": "denied",
    "undetermined": "undecided",
}


def _outcome(ask: CallOutcome) -> Outcome:
    return _OUTCOMES[ask.outcome]


def _shown(ask: CallOutcome) -> Decision | None:
    """The decision that the outcome comes from."""
    outcome = ask.outcome
    for decision in ask.decisions:
        is_open = decision.outcome is Verdict.UNDETERMINED
        if outcome == ("denied" if decision.is_denied else "undetermined" if is_open else ""):
            return decision
    return next(iter(ask.decisions), None)


class _Drawn:
    """A role of a lane, as it is put together."""

    def __init__(self, box: RoleBox) -> None:
        self.box = box
        self.callers: list[Caller] = []
        self.asks: dict[tuple[str, str, Outcome, bool], list[CallOutcome]] = {}


class _Gathering:
    """One template on its way to a picture."""

    def __init__(
        self, analysis: Analysis, findings: Sequence[Finding], sources: Mapping[str, Document]
    ) -> None:
        self._analysis = analysis
        self._findings = findings
        self._excerpts = Excerpts(sources)
        self._ways_out = Writer(sources)
        self._open = tuple(_UNDETERMINED(analysis))
        self._denials = {(it.need.key, it.call.action): it for it in analysis.denials}
        self._shown: dict[int, FindingShown] = {}
        self._drawn: dict[tuple[LaneKey, RoleKey], _Drawn] = {}

    def picture(self) -> StackPicture:
        stack = self._analysis.stack
        lanes = tuple(self._lanes())
        used = {
            shown for lane in lanes for it in lane.groups for c in it.calls for shown in c.findings
        }
        others = (self._finding(it) for it in self._findings if it.severity > Severity.INFO)
        return StackPicture(
            stack.file,
            stack.workload,
            stack.environment,
            lanes,
            tuple(flows_of(self._analysis, lanes)),
            tuple(it for it in dict.fromkeys(others) if it not in used),
        )

    # --- lanes and roles ---------------------------------------------------------------------

    def _lanes(self) -> Iterator[Lane]:
        elsewhere = []
        for lane, role, purpose, caller in assumed(self._analysis, self._excerpts):
            key = (role.place.file, role.logical_id)
            if lane is None:
                elsewhere.append((key, caller))
                continue
            line = self._excerpts.line(role.place)
            self._draw(lane, key, purpose, line).callers.append(caller)
        for ask in self._analysis.calls:
            self._add(ask)
        for key, caller in elsewhere:
            for (_, other), drawn in self._drawn.items():
                if other == key:
                    drawn.callers.append(caller)
        for lane in LANES:
            groups = [self._group(lane, it) for (of, _), it in self._drawn.items() if of == lane]
            if groups:
                yield Lane(lane, tuple(groups))

    def _draw(self, lane: LaneKey, key: RoleKey, purpose: str, line: int) -> _Drawn:
        """The role of a lane, drawn if it is not there yet."""
        drawn = self._drawn.get((lane, key))
        if drawn is None:
            file, name = key
            elsewhere = "" if file == self._analysis.stack.file else PurePath(file).name
            box = RoleBox(name, purpose, file, line, elsewhere=elsewhere)
            drawn = self._drawn[lane, key] = _Drawn(box)
        return drawn

    def _group(self, lane: LaneKey, drawn: _Drawn) -> Group:
        targets = tuple(self._targets(drawn))
        note = "" if targets else _OWN_CALLS if lane == "application" else _NO_CALLS
        return Group(drawn.box, tuple(dict.fromkeys(drawn.callers)), targets, note)

    # --- calls -------------------------------------------------------------------------------

    def _add(self, ask: CallOutcome) -> None:
        need, role = ask.need, ask.need.role if not ask.decisions else ask.decisions[0].call.role
        key = _key_of(need, role)
        lane = _LANE_OF_USER.get(need.user) or self._lane_with(key)
        is_named = role is not None or need.role_value is not None
        purpose = f"{need.user} role".strip() if is_named else ""
        if need.is_anonymous:
            purpose = "without a role"
        drawn = self._draw(
            lane, key, purpose, 0 if role is None else self._excerpts.line(role.place)
        )
        if role is not None and role.boundary is not None and not drawn.box.boundary:
            drawn.box = drawn.box._replace(boundary=label_of(str(role.boundary.arn)))
        if role is None:
            drawn.callers.extend(_caller_without(need))
        resource = str(ask.needed.resource)
        edge = (resource, ask.needed.action, _outcome(ask), ask.needed.is_optional)
        drawn.asks.setdefault(edge, []).append(ask)

    def _lane_with(self, key: RoleKey) -> LaneKey:
        """The lane where a role is drawn already, else that of the application."""
        return next((lane for lane, other in self._drawn if other == key), "application")

    def _targets(self, drawn: _Drawn) -> Iterator[Target]:
        by_resource: dict[tuple[str, str], list[Call]] = {}
        for (resource, action, outcome, _), asks in drawn.asks.items():
            # What stands for any resource is another thing in each service.
            service = action.partition(":")[0] if resource == "*" else ""
            key = service, resource
            by_resource.setdefault(key, []).append(self._call(action, outcome, asks))
        for (_, resource), calls in by_resource.items():
            calls.sort(key=lambda call: OUTCOMES.index(call.outcome))
            kind = kind_of(calls[0].action, resource)
            layers = combined(call.layers for call in calls)
            yield Target(resource, kind, label_of(resource), layers, tuple(calls))

    def _call(self, action: str, outcome: Outcome, asks: Sequence[CallOutcome]) -> Call:
        first = asks[0]
        decision = _shown(first)
        denial = self._denials.get((first.need.key, action)) if outcome == "denied" else None
        if denial is not None and str(denial.call.resource) != str(first.needed.resource):
            denial = None
        known = list(dict.fromkeys(self._finding(it) for ask in asks for it in self._about(ask)))
        reason, way_out = self._reason(first, outcome, denial)
        if known:
            reason, way_out = known[0].message, ""
        return Call(
            action,
            outcome,
            tuple(ask.need.subject for ask in asks),
            first.needed.because,
            when=denial.when if denial is not None else "",
            reason=reason,
            way_out=way_out,
            layers=said_by(decision) if decision is not None else (),
            cited=tuple(self._cited(decision, denial)),
            findings=tuple(known),
            is_optional=first.needed.is_optional,
        )

    def _reason(self, ask: CallOutcome, outcome: Outcome, denial: Denial | None) -> tuple[str, str]:
        """Why a call is not allowed, and what can be done about it."""
        if outcome == "undecided":
            for found in self._open:
                is_call = found.call is None or found.call.action in (ask.needed.action, "")
                if found.at == ask.need.place and (is_call or ask.needed.action in found.message):
                    return found.message, found.help
            return "cannot be decided from the files", ""
        if outcome == "allowed":
            return "", ""
        if denial is None:
            missing = f"no {ask.need.user} role is named, which the {ask.need.subject} needs"
            return missing if not ask.decisions else "", ""
        if denial.cause.kind in LAYER_CAUSES:
            layer = (denial.decision.layer or Layer.IDENTITY).value
            says = "denies it" if denial.decision.deciding else "does not allow it"
            return f"the {layer} {says}", ""
        return wording.reason(denial), ""

    def _cited(self, decision: Decision | None, denial: Denial | None) -> Iterator[Cited]:
        if decision is None:
            return
        is_certain = decision.outcome is Verdict.ALLOWED
        label = "allowed by" if is_certain else "allowed, as far as is known, by"
        label = "denied by" if decision.is_denied else label
        deciding = dict.fromkeys(statement.place for statement in decision.deciding)
        for place in deciding:
            yield Cited(label, self._excerpts.at(place))
        if denial is not None:
            for related in wording.shown(denial):
                if related.place not in deciding:
                    yield Cited(related.message, self._excerpts.at(related.place))

    # --- findings ----------------------------------------------------------------------------

    def _about(self, ask: CallOutcome) -> Iterable[Finding]:
        """The findings that are about what asks for a call that is not allowed."""
        if _outcome(ask) != "denied":
            return ()
        denial = self._denials.get((ask.need.key, ask.needed.action))
        if denial is None:
            task = ask.need.task
            at = task.place if task is not None else None
            return [it for it in self._findings if it.at == at and it.cause.startswith("no-")]
        near = [it for it in self._findings if _is_at(it, ask.need) and _is_of(it, denial)]
        same = [it for it in near if it.cause == denial.cause.kind]
        return same or near

    def _finding(self, finding: Finding) -> FindingShown:
        shown = self._shown.get(id(finding))
        if shown is None:
            line = self._excerpts.line(finding.at)
            way_out = self._ways_out.of(finding)
            shown = self._shown[id(finding)] = FindingShown.of(finding, way_out, line)
        return shown


def _caller_without(need: Need) -> Iterator[Caller]:
    """Who would assume a role that is not there, or that no file of the run has."""
    if need.task is None or need.user not in ("execution", "task"):
        return
    is_lacking = need.role_value is None
    yield Caller(
        "ECS agent" if need.user == "execution" else "application",
        need.task.title,
        "ecs-tasks.amazonaws.com",
        "denied" if is_lacking and need.needs_role else "undecided",
        reason=f"no {need.user} role is named"
        if is_lacking
        else "the role, and with it its trust policy, is outside the run",
    )


def _key_of(need: Need, role: Role | None) -> RoleKey:
    if role is not None:
        return role.place.file, role.logical_id
    if need.role_value is None:
        return "", f"no {need.user} role"
    return "", abridged(need.role_value.text())


def _is_at(finding: Finding, need: Need) -> bool:
    return need.place in (finding.at, *(related.place for related in finding.related))


def _is_of(finding: Finding, denial: Denial) -> bool:
    action = denial.call.action
    call = finding.call
    return (call is not None and call.action == action) or action in finding.message
