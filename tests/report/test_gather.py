"""What a picture tells of a template: lanes, roles and their trust, calls and what decides them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.report.pictures import THREE_SERVICES, call, caller, group, picture, picture_of

from copilot_preflight.report.model import OUTCOMES, summary

PROJECT = Path(__file__).parents[2]
SHOP = picture_of(THREE_SERVICES)
STALE = "sample_templates/broken/env-file-stale-grant"


def test_roles_stand_in_the_lane_of_who_uses_them() -> None:
    (stack,) = SHOP.stacks
    lanes = {lane.key: [it.role.name for it in lane.groups] for lane in stack.lanes}
    assert lanes == {
        "agent": ["SharedExecutionRole", "WorkerExecutionRole"],
        "application": ["WebRole", "ApiRole"],
    }
    assert group(SHOP, "WebRole").note.startswith("what the application itself calls")


def test_the_roles_of_a_pipeline_have_a_lane_of_their_own() -> None:
    (stack,) = picture("sample_templates/clean/pipeline").stacks
    (lane,) = stack.lanes
    assert lane.key == "pipeline"
    assert {(it.role.name, it.callers[0].who) for it in lane.groups} == {
        ("PipelineRole", "CodePipeline"),
        ("BuildRole", "CodeBuild"),
    }


def test_jobs_services_and_builds_have_callers_of_their_own() -> None:
    """And what stands for any resource is another target in each service."""
    (stack,) = picture("tests/mutations/stacks/builds.yml").stacks
    lanes = {
        lane.key: {(it.role.name, it.callers[0].of) for it in lane.groups} for lane in stack.lanes
    }
    assert lanes == {
        "agent": {
            ("ExecutionRole", "job definition 'Job'"),
            ("InstanceRole", "service 'Service'"),
            ("AccessRole", "service 'Service'"),
        },
        "application": {("JobRole", "job definition 'Job'")},
        "pipeline": {
            ("BuildRole", "build project 'Build'"),
            ("OtherRole", "build project 'Other'"),
        },
    }
    builds = next(it for lane in stack.lanes for it in lane.groups if it.role.name == "BuildRole")
    kinds = {target.kind for target in builds.targets if target.resource == "*"}
    assert kinds == {"ECR registry", "ec2 (any resource)"}


def test_a_shared_role_has_all_who_assume_it() -> None:
    callers = group(SHOP, "SharedExecutionRole").callers
    assert [it.of for it in callers] == ["task definition 'WebTask'", "task definition 'ApiTask'"]
    assert {it.outcome for it in callers} == {"allowed"}
    assert "ecs-tasks.amazonaws.com" in callers[0].cited[0].excerpt.text


def test_a_trust_policy_that_keeps_the_service_out_is_a_denied_edge() -> None:
    refused = caller(SHOP, "ApiRole")
    assert refused.outcome == "denied"
    assert refused.reason.endswith("ECS cannot start the tasks of 'ApiTask'")
    note = next(it.note for it in SHOP.stacks[0].flows if it.hops[0].box == "ApiRole")
    assert note == refused.reason


def test_a_trust_policy_that_depends_on_what_aws_documents_is_proved() -> None:
    """ECS says for which account it acts, so a condition on that holds."""
    text = THREE_SERVICES.replace(
        "            Principal: {Service: ecs-tasks.amazonaws.com}\n",
        "            Principal: {Service: ecs-tasks.amazonaws.com}\n"
        "            Condition: {StringEquals: {'aws:SourceAccount': !Ref AWS::AccountId}}\n",
    )
    assert caller(picture_of(text), "WebRole").outcome == "allowed"


def test_an_allowed_call_names_the_statement_that_allows_it() -> None:
    read = call(SHOP, "SharedExecutionRole", "s3:GetObject")
    assert read.outcome == "allowed"
    (cited,) = read.cited
    assert cited.label == "allowed by"
    assert cited.excerpt.text.startswith("Sid: ReadSettings\nEffect: Allow\nAction: [s3:GetObject")
    assert THREE_SERVICES.splitlines()[cited.excerpt.line - 1].endswith("- Sid: ReadSettings")
    assert [(it.layer, it.says, it.decides) for it in read.layers] == [
        ("resource-based policy", "says nothing", False),
        ("identity-based policy", "allows", True),
    ]


def test_a_denied_call_has_its_finding_and_the_fix() -> None:
    denied = call(SHOP, "SharedExecutionRole", "secretsmanager:GetSecretValue")
    assert denied.outcome == "denied"
    (finding,) = denied.findings
    assert finding.rule == "E9741"
    assert finding.fix.startswith("allow secretsmanager:GetSecretValue")
    assert denied.reason == finding.message
    assert denied.layers[-1].says == "does not allow"


def test_a_grant_that_misses_is_shown_with_its_place() -> None:
    denied = call(picture(STALE), "ExecutionRole", "s3:GetObject")
    (cited,) = denied.cited
    assert cited.label == "what is granted instead"
    assert cited.excerpt.text.startswith("arn:aws:s3:::stackset-shop")


def test_what_is_missing_is_told_without_info() -> None:
    """An undecided call says which fact decides it, whatever the user has asked a check for."""
    open_call = call(SHOP, "WorkerExecutionRole", "s3:GetObject")
    assert open_call.outcome == "undecided"
    assert "permissions boundary" in open_call.reason
    assert "--policy" in open_call.way_out
    assert open_call.layers[-1] == ("permissions boundary", "not known", True)
    assert group(SHOP, "WorkerExecutionRole").role.boundary == "policy/Developers"


def test_one_call_for_several_containers_is_one_edge_that_counts_as_many() -> None:
    token = call(SHOP, "SharedExecutionRole", "ecr:GetAuthorizationToken")
    assert token.asked_by == ("image of container 'web'", "image of container 'api'")
    assert dict(SHOP.counts) == {"denied": 1, "undecided": 5, "allowed": 8}
    assert summary(SHOP.counts) == "8 calls allowed, 1 denied, 5 undecided"


def test_the_outcome_is_that_of_the_worst_scenario() -> None:
    text = THREE_SERVICES.replace(
        "Resources:\n",
        "Parameters: {Env: {Type: String}}\n"
        "Conditions: {IsProd: !Equals [!Ref Env, prod]}\nResources:\n",
        1,
    ).replace(
        "              - Sid: ReadFeatures\n",
        "              - !If\n"
        "                - IsProd\n"
        "                - {Effect: Deny, Action: 's3:GetObject', Resource: '*'}\n"
        "                - !Ref AWS::NoValue\n"
        "              - Sid: ReadFeatures\n",
    )
    denied = call(picture_of(text), "SharedExecutionRole", "s3:GetObject")
    assert denied.outcome == "denied"
    assert denied.when == "IsProd is true"
    assert denied.layers[-1].says == "denies"
    assert denied.cited[0].label == "denied by"


def test_a_role_that_is_not_named_denies_what_needs_it() -> None:
    drawn = picture("sample_templates/broken/execution-role-missing")
    assert drawn.counts["denied"] == 7
    missing = group(drawn, "no execution role")
    assert missing.role.line == 0
    assert missing.callers[0].outcome == "denied"
    assert {it.rule for each in missing.calls for it in each.findings} == {"E9731"}
    assert not any(it.lane == "agent" for it in drawn.stacks[0].flows)


def test_a_mount_without_iam_has_no_role_behind_it() -> None:
    text = (
        "Resources:\n"
        "  Files: {Type: AWS::EFS::FileSystem, Properties: {FileSystemPolicy: {Statement: "
        "{Effect: Deny, Principal: '*', Action: '*'}}}}\n"
        "  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n"
        "      Volumes: [{Name: v, EFSVolumeConfiguration: {FilesystemId: !Ref Files}}]\n"
    )
    drawn = group(picture_of(text), "anonymous client")
    assert (drawn.role.purpose, drawn.callers) == ("without a role", ())
    assert [it.outcome for it in drawn.calls] == ["denied"]


def test_a_role_outside_the_run_leaves_its_calls_undecided() -> None:
    text = THREE_SERVICES.replace(
        "!GetAtt SharedExecutionRole.Arn", "arn:aws:iam::111122223333:role/elsewhere"
    )
    drawn = picture_of(text)
    outside = group(drawn, "arn:aws:iam::111122223333:role/elsewhere")
    assert {it.outcome for it in outside.calls} == {"undecided"}
    assert {it.outcome for it in outside.callers} == {"undecided"}
    assert all("outside the run" in it.reason for it in outside.calls)


def test_a_container_with_credentials_of_its_own_passes_over_the_task_role() -> None:
    (stack,) = picture("sample_templates/broken/credentials-overridden").stacks
    notes = {it.lane: it.note for it in stack.flows}
    assert notes["application"].startswith("a container has credentials of its own")
    assert [it.rule for it in stack.other_findings] == ["W9735"]


def test_a_suppressed_finding_is_marked() -> None:
    text = THREE_SERVICES.replace(
        "              ValueFrom: arn:aws:secretsmanager",
        "              # preflight: ignore[E9741] seen\n"
        "              ValueFrom: arn:aws:secretsmanager",
    )
    drawn = picture_of(text)
    (finding,) = call(drawn, "SharedExecutionRole", "secretsmanager:GetSecretValue").findings
    assert finding.is_suppressed
    (told,) = call(SHOP, "SharedExecutionRole", "secretsmanager:GetSecretValue").findings
    assert not told.is_suppressed


def test_a_picture_is_the_same_from_several_processes(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.yml" for name in "abc"]
    for file in files:
        file.write_text(THREE_SERVICES, encoding="utf-8")
    names = [str(file) for file in files]
    alone = picture(*names, jobs=1)
    assert len(alone.stacks) == 3
    assert picture(*names, jobs=2) == alone


SAMPLES = sorted(
    path.relative_to(PROJECT).as_posix()
    for path in (PROJECT / "sample_templates").glob("[bc]*/*")
    if path.is_dir()
)


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_finding_of_a_run_is_in_its_picture(
    sample: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a call or below the drawing; and what is denied has a reason."""
    from copilot_preflight.run.check import check

    monkeypatch.chdir(PROJECT)
    drawn = picture(sample)
    shown = {
        (it.rule, it.message)
        for stack in drawn.stacks
        for it in (
            *stack.other_findings,
            *(f for g in stack.groups for c in g.calls for f in c.findings),
        )
    }
    assert {(it.rule, it.message) for it in check([sample]).findings} <= shown
    for stack in drawn.stacks:
        for each in stack.groups:
            for found in each.calls:
                assert found.outcome in OUTCOMES
                assert (found.outcome == "allowed") is not bool(found.reason), found
