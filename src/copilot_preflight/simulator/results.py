"""The simulator's answers in the shape of AWS's EvaluationResult, and what is beyond it.

AWS gives one result for an action, whatever the number of its resources: its decision is the most
restrictive one, and each resource has an entry of its own under ResourceSpecificResults.
DecidedBy, MissingFacts and Statements are ours; MatchedStatements holds those of every layer, of
which AWS leaves out the organization's.
Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from copilot_preflight.base.three_valued import all_of, any_of
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.iam.layers import Layer, Ruling, Voice

SOURCE_TYPES: Final = {
    Layer.IDENTITY: "IAM Policy",
    Layer.RESOURCE: "Resource Policy",
    Layer.BOUNDARY: "Permissions Boundary Policy",
    Layer.SESSION: "Session Policy",
    Layer.SCP: "Service Control Policy",
    Layer.RCP: "Resource Control Policy",
    Layer.ENDPOINT: "VPC Endpoint Policy",
}


class Answer(NamedTuple):
    """The answer for one resource.

    ``across`` is what each kind of policy says of a call across accounts, empty for another.
    ``statements`` are all of them, explained; None where that was not asked for.
    """

    resource: str
    ruling: Ruling
    matched: list[dict[str, Any]]
    missing: list[str]
    across: dict[str, Outcome]
    statements: list[dict[str, Any]] | None


def result(action: str, answers: Sequence[Answer]) -> dict[str, Any]:
    """One of EvaluationResults; with several resources, what they say together.

    AWS names the form of the resource's ARN where a single resource is named here.
    """
    decision = _strictest(answer.ruling.outcome for answer in answers)
    deciding = [answer for answer in answers if answer.ruling.outcome is decision]
    alone = answers[0] if len(answers) == 1 else None
    matched = (reference for answer in deciding for reference in answer.matched)
    evaluation: dict[str, Any] = {
        "EvalActionName": action,
        "EvalResourceName": alone.resource if alone else "*",
        "EvalDecision": decision.value,
        "MatchedStatements": list({id(reference): reference for reference in matched}.values()),
        "MissingContextValues": list(
            dict.fromkeys(key for answer in answers for key in answer.missing)
        ),
        **_details(answers),
    }
    if alone is None or alone.resource != "*":
        if not any(_is_stopped(answer.ruling) for answer in answers):
            evaluation["EvalDecisionDetails"] = _across(answers)
        evaluation["ResourceSpecificResults"] = [_specific(answer) for answer in answers]
        if alone is None:
            for specific, answer in zip(
                evaluation["ResourceSpecificResults"], answers, strict=True
            ):
                specific.update(_explained(answer))
    evaluation.update(_beyond(deciding))
    if alone is not None:
        evaluation.update(_explained(alone))
    return evaluation


def _explained(answer: Answer) -> dict[str, Any]:
    return {} if answer.statements is None else {"Statements": answer.statements}


_STRICTNESS: Final = (
    Outcome.EXPLICIT_DENY,
    Outcome.IMPLICIT_DENY,
    Outcome.UNDETERMINED,
    Outcome.ALLOWED,
)


def _strictest(outcomes: Iterable[Outcome]) -> Outcome:
    return min(outcomes, key=_STRICTNESS.index)


def _specific(answer: Answer) -> dict[str, Any]:
    """One of ResourceSpecificResults.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ResourceSpecificResult.html
    """
    across = _across([answer])
    return {
        "EvalResourceName": answer.resource,
        "EvalResourceDecision": answer.ruling.outcome.value,
        "MatchedStatements": answer.matched,
        "MissingContextValues": answer.missing,
        **_details([answer]),
        **({"EvalDecisionDetails": across} if across and not _is_stopped(answer.ruling) else {}),
        **_beyond([answer]),
    }


def _beyond(deciding: Sequence[Answer]) -> dict[str, Any]:
    """What AWS's simulator does not say: the layer that decides, and the missing facts."""
    beyond: dict[str, Any] = {}
    layer = deciding[0].ruling.layer
    if layer is not None:
        beyond["DecidedBy"] = layer.value
    facts = dict.fromkeys(fact for answer in deciding for fact in answer.ruling.facts)
    if facts:
        beyond["MissingFacts"] = [{"Kind": fact.kind, "Name": fact.name} for fact in facts]
    return beyond


_DETAILS: Final = (
    ("OrganizationsDecisionDetail", Layer.SCP, "AllowedByOrganizations"),
    ("PermissionsBoundaryDecisionDetail", Layer.BOUNDARY, "AllowedByPermissionsBoundary"),
)


def _details(answers: Sequence[Answer]) -> dict[str, Any]:
    """Whether SCPs and boundary, where there are any, allow every call; None where that is open."""
    details = {}
    for key, layer, name in _DETAILS:
        voices = [
            voice for answer in answers for other, voice in answer.ruling.voices if other is layer
        ]
        if voices:
            details[key] = {name: all_of([_is_allowing(voice) for voice in voices])}
    return details


def _is_allowing(voice: Voice) -> bool | None:
    return all_of((voice.allow, None if voice.deny is None else not voice.deny))


def _across(answers: Sequence[Answer]) -> dict[str, str]:
    """The strictest decision of each kind of policy; within an account, AWS gives none."""
    kinds = dict.fromkeys(kind for answer in answers for kind in answer.across)
    return {
        kind: _strictest(answer.across[kind] for answer in answers if kind in answer.across).value
        for kind in kinds
    }


def by_type(ruling: Ruling) -> dict[str, Outcome]:
    """What each kind of policy says of a call across accounts."""
    outcomes: dict[str, list[Outcome]] = {SOURCE_TYPES[Layer.RESOURCE]: []}
    for layer, voice in ruling.voices:
        outcomes.setdefault(SOURCE_TYPES[layer], []).append(_alone(layer, voice))
    return {
        kind: _strictest(of_kind or [Outcome.IMPLICIT_DENY]) for kind, of_kind in outcomes.items()
    }


def _alone(layer: Layer, voice: Voice) -> Outcome:
    """What one layer would decide if there were no other."""
    if voice.deny:
        return Outcome.EXPLICIT_DENY
    # An RCP only denies; a resource's policy may leave it to the account's own.
    allow = layer is Layer.RCP or any_of((voice.allow, voice.delegates))
    if allow is False:
        return Outcome.IMPLICIT_DENY
    return Outcome.ALLOWED if allow and voice.deny is False else Outcome.UNDETERMINED


def _is_stopped(ruling: Ruling) -> bool:
    """Whether an SCP denies the call, after which AWS does not look any further."""
    return any(
        layer is Layer.SCP and _is_allowing(voice) is False for layer, voice in ruling.voices
    )
