"""Texts about tasks and builds that were never started."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_preflight.run.check import checked
from copilot_preflight.run.options import Options
from copilot_preflight.triage.join import diagnosed
from copilot_preflight.triage.recognise import failures_in
from copilot_preflight.triage.result import Weight

ROOT = Path(__file__).parents[2]
SAMPLE = "sample_templates/broken/task-launch-denied"
FAMILY = "arn:aws:ecs:eu-west-1:111122223333:task-definition/shop-test-nightly"


def refused(resource: str) -> str:
    return (
        "User: arn:aws:sts::111122223333:assumed-role/shop-ScheduleRole-1A2B3C4D5E6F/abc is not "
        f"authorized to perform: ecs:RunTask on resource: {resource} because no identity-based "
        "policy allows the ecs:RunTask action"
    )


@pytest.mark.parametrize("resource", [f"{FAMILY}:4", f"{FAMILY}-other:1"])
def test_the_role_of_the_schedule_is_to_blame(
    monkeypatch: pytest.MonkeyPatch, resource: str
) -> None:
    """It is the right role for this call, and what it lacks is a launch's."""
    monkeypatch.chdir(ROOT)
    (found,) = diagnosed(failures_in(refused(resource)), checked([SAMPLE], Options(info=True)))
    first = found.causes[0]
    assert (first.rule, first.weight) == ("E9749", Weight.PROVED)
    assert not any(it.step == "role" for it in found.causes)
    assert [it.by for it in found.excluded if it.step == "role"] == [
        "the call was made with schedule role 'ScheduleRole' of the templates"
    ]


def test_a_role_that_may_not_be_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one finding with the task that may not be run, and its second call."""
    monkeypatch.chdir(ROOT)
    text = (
        "User: arn:aws:sts::111122223333:assumed-role/shop-ScheduleRole-1A2B3C4D5E6F/abc is not "
        "authorized to perform: iam:PassRole on resource: "
        "arn:aws:iam::111122223333:role/shop-TaskRole-1A2B3C4D5E6F because no identity-based "
        "policy allows the iam:PassRole action"
    )
    (found,) = diagnosed(failures_in(text), checked([SAMPLE], Options(info=True)))
    first = found.causes[0]
    assert (first.rule, first.weight) == ("E9749", Weight.PROVED)
    assert first.fix == f"copilot-preflight fix --select E9749 {SAMPLE}"


def test_a_build_without_its_network_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    """CodeBuild does not say which call it was; the template does."""
    monkeypatch.chdir(ROOT)
    sample = "sample_templates/broken/pipeline-call-denied"
    text = "VPC_CLIENT_ERROR: Unexpected EC2 error: UnauthorizedOperation"
    (found,) = diagnosed(failures_in(text), checked([sample], Options(info=True)))
    assert found.causes[0].rule == "E9775"
    assert found.causes[0].fix == f"copilot-preflight fix --select E9775 {sample}"


def test_a_key_that_kms_does_not_name() -> None:
    """The words in its place are no resource."""
    (failure,) = failures_in(
        "User: arn:aws:sts::111122223333:assumed-role/web/1 is not authorized to perform: "
        "kms:Decrypt on the resource associated with this ciphertext because no identity-based "
        "policy allows the kms:Decrypt action"
    )
    assert (failure.action, failure.resource) == ("kms:Decrypt", "")
    assert (failure.layer, failure.is_explicit) == ("identity-based policy", False)
