"""Who assumes the roles of a template, and whether their trust policies let that happen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.iam.evaluate import Outcome as Verdict
from copilot_preflight.model.roles import Trust
from copilot_preflight.model.trust import Assumption
from copilot_preflight.report.excerpts import Excerpts
from copilot_preflight.report.model import Caller, Cited, LaneKey, Outcome


class Assumed(NamedTuple):
    """A role that somebody assumes, and in which lane that is drawn; None: where the role is."""

    lane: LaneKey | None
    role: Trust
    purpose: str
    caller: Caller


_TASK: Final = "AWS::ECS::TaskDefinition"
_EXPRESS: Final = "AWS::ECS::ExpressGatewayService"
_PIPELINE: Final = "AWS::CodePipeline::Pipeline"
_PROJECT: Final = "AWS::CodeBuild::Project"
_JOB: Final = "AWS::Batch::JobDefinition"
_APP_RUNNER: Final = "AWS::AppRunner::Service"

_WHO: Final[Mapping[tuple[str, str], tuple[LaneKey | None, str, str]]] = {
    (_TASK, "execution"): ("agent", "ECS agent", "task definition"),
    (_TASK, "task"): ("application", "application", "task definition"),
    (_EXPRESS, "execution"): ("agent", "ECS agent", "Express service"),
    (_EXPRESS, "task"): ("application", "application", "Express service"),
    (_EXPRESS, "infrastructure"): ("agent", "ECS", "Express service"),
    (_JOB, "execution"): ("agent", "ECS agent", "job definition"),
    (_JOB, "job"): ("application", "application", "job definition"),
    (_PIPELINE, "service"): ("pipeline", "CodePipeline", "pipeline"),
    (_PIPELINE, "action"): ("pipeline", "CodePipeline", "an action of pipeline"),
    (_PROJECT, "service"): ("pipeline", "CodeBuild", "build project"),
    (_APP_RUNNER, "instance"): ("agent", "App Runner", "service"),
    (_APP_RUNNER, "access"): ("agent", "App Runner", "service"),
    ("AWS::Events::Rule", "target"): (None, "EventBridge", "rule"),
    ("AWS::Scheduler::Schedule", "target"): (None, "EventBridge Scheduler", "schedule"),
    ("AWS::Pipes::Pipe", "execution"): (None, "EventBridge Pipes", "pipe"),
    ("AWS::StepFunctions::StateMachine", "execution"): (None, "Step Functions", "state machine"),
    ("AWS::IAM::InstanceProfile", "instance"): (None, "container instance", "instance profile"),
}
"""Lane, caller and what it works for, of the roles that a picture is about."""

_PURPOSES: Final = {(_PIPELINE, "service"): "pipeline role", (_PROJECT, "service"): "build role"}


def assumed(analysis: Analysis, excerpts: Excerpts) -> Iterator[Assumed]:
    """The roles of a template with those who assume them, each in all of its scenarios."""
    groups: dict[object, list[Assumption]] = {}
    for found in analysis.assumptions:
        use = found.use
        if (use.handover.kind, use.handover.what) in _WHO:
            groups.setdefault((found.role.place, use.owner, use.handover.what), []).append(found)
    for group in groups.values():
        first = group[0]
        kind = first.use.handover.kind, first.use.handover.what
        lane, who, of = _WHO[kind]
        purpose = _PURPOSES.get(kind, f"{first.use.handover.what} role")
        principal = (
            first.use.handover.service if first.use.through is None else "the pipeline's role"
        )
        outcome = _outcome(group)
        shown = next((it for it in group if _outcome([it]) == outcome), first)
        statement = shown.denying or shown.naming
        place = shown.role.trust_place if statement is None else statement.place
        caller = Caller(
            who,
            f"{of} '{first.use.owner}'",
            principal,
            outcome,
            (Cited(_LABELS[outcome] if statement else "trust policy", excerpts.at(place)),),
            _reason(shown, outcome),
        )
        yield Assumed(lane, first.role, purpose, caller)


_LABELS: Final[Mapping[Outcome, str]] = {
    "allowed": "trusted by",
    "denied": "kept out by",
    "undecided": "depends on",
}


def _outcome(group: list[Assumption]) -> Outcome:
    """What is proved of a role; that the service sends what AWS documents is taken for granted."""
    if any(found.is_refused for found in group):
        return "denied"
    is_certain = all(it.rulings and it.rulings[0].outcome is Verdict.ALLOWED for it in group)
    return "allowed" if is_certain else "undecided"


def _reason(found: Assumption, outcome: Outcome) -> str:
    caller = found.use.caller
    if outcome == "allowed":
        return f"{caller} may assume it"
    if outcome == "denied":
        return f"the trust policy does not let {caller} assume it: {found.use.fails}"
    missing = " and ".join(f"'{fact.name}'" for fact in found.missing[:3])
    told = f" without {missing}" if missing else ""
    return f"whether {caller} may assume it cannot be decided{told}"
