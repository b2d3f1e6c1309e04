"""Calls of which something is not certain: that they are made, how, and what they send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pytest
from tests import stacks

from copilot_preflight.access.decide import Decision, decide
from copilot_preflight.access.request import Call
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.iam.policy import Fact
from copilot_preflight.resolve.stack import Stack

ALLOWED, DENIED = Outcome.ALLOWED, Outcome.IMPLICIT_DENY
EXPLICIT, OPEN = Outcome.EXPLICIT_DENY, Outcome.UNDETERMINED

TEMPLATE: Final = (
    """
Parameters: {Env: {Type: String}}
Conditions: {IsProd: !Equals [!Ref Env, prod]}
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: b}}
"""
    + stacks.task("EnvironmentFiles: [{Type: s3, Value: arn:aws:s3:::b/read.env}]")
    + stacks.role("%s", "%s", "%s")
)
GRANT: Final = "{Effect: Allow, Action: 's3:*', Resource: [arn:aws:s3:::b, 'arn:aws:s3:::b/read*']}"
TAGGED: Final = """{Effect: Allow, Action: s3:GetObject, Resource: arn:aws:s3:::b/tagged,
  Condition: {StringEquals: {'s3:ExistingObjectTag/x': y}}}"""
REFUSAL: Final = "{Effect: Deny, Action: 's3:*', Resource: arn:aws:s3:::b/read-refused}"

READ, OTHER, TAG = "arn:aws:s3:::b/read.env", "arn:aws:s3:::b/other", "arn:aws:s3:::b/tagged"
REFUSED: Final = "arn:aws:s3:::b/read-refused"
UNSURE: Final = Fact("value", "Unsure")
KEY: Final = Fact("context", "s3:ExistingObjectTag/x")


def call(extra: str = "") -> Call:
    """The call that reads the task's file."""
    text = TEMPLATE % (GRANT, TAGGED, REFUSAL)
    text = text.replace("      Policies:", extra + "      Policies:")
    found = Analysis(stacks.stack(text))
    return next(d.call for d in found.decisions if d.call.action == "s3:GetObject")


def judged(
    resource: str | Text,
    *doubts: Fact,
    instead: str = "",
    evidence: Mapping[str, tuple[Text, ...]] | None = None,
    extra: str = "",
) -> Decision:
    """The decision on one call, in the scenario in which it is found."""
    asked = call(extra)
    needed = asked.needed._replace(
        resource=resource if isinstance(resource, Text) else Text.of(resource),
        doubts=doubts,
        evidence=evidence or {},
    )
    if instead:
        needed = needed._replace(alternative=asked.needed._replace(resource=Text.of(instead)))
    (decision,) = decide(asked._replace(needed=needed), depth=100)
    return decision


@pytest.mark.parametrize(
    ("resource", "sure", "unsure"),
    [(READ, ALLOWED, ALLOWED), (OTHER, DENIED, OPEN), (REFUSED, EXPLICIT, OPEN)],
)
def test_a_call_that_may_not_be_made_is_not_denied(
    resource: str, sure: Outcome, unsure: Outcome
) -> None:
    """What makes it doubtful is what is missing; an allowed call is allowed either way."""
    certain, doubtful = judged(resource), judged(resource, UNSURE)
    assert (certain.outcome, certain.facts) == (sure, ())
    assert doubtful.outcome is unsure
    assert doubtful.facts == ((UNSURE,) if unsure is OPEN else ())


@pytest.mark.parametrize(
    ("resource", "instead", "outcome", "facts"),
    [
        (READ, READ, ALLOWED, ()),
        (OTHER, OTHER, DENIED, ()),
        (OTHER, REFUSED, DENIED, ()),
        (READ, OTHER, OPEN, (UNSURE,)),
        (OTHER, READ, OPEN, (UNSURE,)),
        (OTHER, TAG, OPEN, (UNSURE,)),
        (READ, TAG, OPEN, (UNSURE,)),
        (TAG, READ, OPEN, (UNSURE, KEY)),
        (TAG, OTHER, OPEN, (UNSURE, KEY)),
    ],
)
def test_one_of_two_calls_is_made(
    resource: str, instead: str, outcome: Outcome, facts: tuple[Fact, ...]
) -> None:
    """Only what becomes of both is certain."""
    found = judged(resource, UNSURE, instead=instead)
    assert (found.outcome, found.facts) == (outcome, facts)


def test_the_value_that_tells_two_calls_apart_is_asked_once() -> None:
    """The name that is not known is the doubt; what else is missing stays."""
    found = judged(Text.of("arn:aws:s3:::b/", Hole("Name")), UNSURE, instead=READ)
    assert (found.outcome, found.facts) == (OPEN, (UNSURE, KEY))


@pytest.mark.parametrize(
    ("resource", "value", "outcome"),
    [
        (TAG, "y", ALLOWED),
        (TAG, "z", OPEN),  # what is likely proves no denial
        (READ, "z", ALLOWED),
        (OTHER, "y", DENIED),
    ],
)
def test_evidence_allows_and_denies_nothing(resource: str, value: str, outcome: Outcome) -> None:
    """Keys that are likely to be sent can make an open call an allowed one."""
    likely = {"s3:existingobjecttag/x": (Text.of(value),)}
    found = judged(resource, evidence=likely)
    assert found.outcome is outcome
    assert found.facts == ((KEY,) if outcome is OPEN else ())


def test_what_grants_a_call() -> None:
    """The statements of the role, though a policy that cannot be read may add to them."""
    unread = "      ManagedPolicyArns: [!ImportValue limits]\n"
    for extra, outcome in (("", ALLOWED), (unread, OPEN)):
        found = judged(READ, extra=extra)
        assert found.outcome is outcome
        assert [s.resources[1].text.literal for s in found.granting] == ["arn:aws:s3:::b/read*"]
    for resource in (OTHER, REFUSED, TAG):
        for extra in ("", unread):
            assert judged(resource, extra=extra).granting == ()


def test_a_stack_of_too_many_scenarios_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a condition may not be settled, the call is open."""
    text = (TEMPLATE % (GRANT, TAGGED, REFUSAL)).replace(
        "- {Effect: Allow, Action: 's3:*'", "- !If [IsProd, {Effect: Allow, Action: 's3:*'"
    )
    text = text.replace("'arn:aws:s3:::b/read*']}", "'arn:aws:s3:::b/read*']}, !Ref AWS::NoValue]")

    def told() -> list[tuple[Outcome, str]]:
        return [
            (d.outcome, str(d.call.view.scenario))
            for d in Analysis(stacks.stack(text)).decisions
            if d.call.action == "s3:GetObject"
        ]

    assert {outcome for outcome, _ in told()} == {ALLOWED, DENIED}
    monkeypatch.setattr(Stack, "may_split", 0)
    assert told() == [(OPEN, "")]
