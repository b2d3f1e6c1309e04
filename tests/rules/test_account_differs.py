"""W9787: what the account answers of a role, next to what the template says of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from copilot_preflight.base.finding import Finding
from copilot_preflight.run.check import check
from copilot_preflight.run.options import Options

OLD, NEW = "7" * 64, "f" * 64
ACCOUNT: Final = "111122223333"
ROLE: Final = "shop-test-web-ExecutionRole-1A2B3C4D5E6F"
OTHERS_ROLE: Final = "shop-test-api-ExecutionRole-1A2B3C4D5E6F"


def file_of(digest: str) -> str:
    return f"arn:aws:s3:::uploads/manual/env-files/web.env/{digest}.env"


def document(resource: Any) -> dict[str, Any]:
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource}
    locate = {
        "Effect": "Allow",
        "Action": "s3:GetBucketLocation",
        "Resource": "arn:aws:s3:::uploads",
    }
    return {"Version": "2012-10-17", "Statement": [read, locate]}


TRUST: Final = {
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
}


def template(granted: Any = None, trust: Any = None) -> dict[str, Any]:
    """A stack as Copilot writes it, whose role reads what its parameter names."""
    role: dict[str, Any] = {"AssumeRolePolicyDocument": trust or TRUST}
    policy = document(granted or {"Ref": "EnvFileARN"})
    role["Policies"] = [{"PolicyName": "GetEnvFilePolicy", "PolicyDocument": policy}]
    container = {"Name": "web", "Image": "nginx"}
    container["EnvironmentFiles"] = [{"Type": "s3", "Value": {"Ref": "EnvFileARN"}}]  # type: ignore[assignment]
    return {
        "Parameters": {
            name: {"Type": "String"}
            for name in ("AppName", "EnvName", "WorkloadName", "EnvFileARN")
        },
        "Resources": {
            "ExecutionRole": {"Type": "AWS::IAM::Role", "Properties": role},
            "TaskDefinition": {
                "Type": "AWS::ECS::TaskDefinition",
                "Properties": {
                    "Family": "web",
                    "ExecutionRoleArn": {"Fn::GetAtt": ["ExecutionRole", "Arn"]},
                    "ContainerDefinitions": [container],
                },
            },
        },
    }


def values(digest: str) -> dict[str, str]:
    names = {"AppName": "shop", "EnvName": "test", "WorkloadName": "web"}
    return {**names, "EnvFileARN": file_of(digest)}


def inline(digest: str, *, role: str = ROLE, name: str = "GetEnvFilePolicy") -> dict[str, Any]:
    """What ``get-role-policy`` answers."""
    return {"RoleName": role, "PolicyName": name, "PolicyDocument": document(file_of(digest))}


def whole(digest: str, role: str = ROLE, account: str = ACCOUNT) -> dict[str, Any]:
    """All that ``get-account-authorization-details`` answers of a role."""
    policy = {"PolicyName": "GetEnvFilePolicy", "PolicyDocument": document(file_of(digest))}
    detail = {
        "RoleName": role,
        "Arn": f"arn:aws:iam::{account}:role/{role}",
        "RoleId": "AROA1",
        "Path": "/",
        "AssumeRolePolicyDocument": TRUST,
        "RolePolicyList": [policy],
        "AttachedManagedPolicies": [],
        "Tags": [],
    }
    return {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [detail], "Policies": []}


def deployed(digest: str, name: str = "shop-test-web") -> dict[str, Any]:
    """What ``describe-stacks`` answers."""
    given = [{"ParameterKey": k, "ParameterValue": v} for k, v in values(digest).items()]
    return {"Stacks": [{"StackName": name, "StackId": "", "Parameters": given}]}


Judge = Callable[..., list[Finding]]


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """The findings of the rule on a template that asks for the new file, with some evidence."""
    monkeypatch.chdir(tmp_path)

    def judge(
        evidence: Mapping[str, Any],
        data: Mapping[str, Any] | None = None,
        given: Mapping[str, str] | None = None,
    ) -> list[Finding]:
        Path("web.stack.yml").write_text(json.dumps(data or template()))
        declared = (data or template())["Parameters"]
        if given is None:
            given = {name: value for name, value in values(NEW).items() if name in declared}
        Path("web.params.json").write_text(json.dumps({"Parameters": given}))
        for name, answer in evidence.items():
            path = Path("answers", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(answer if isinstance(answer, str) else json.dumps(answer, indent=1))
        report = check(["web.stack.yml"], Options(evidence=[Path("answers")]))
        assert list(report.errors) == []
        return [it for it in report.findings if it.rule == "W9787"]

    return judge


def said(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(".".join(map(str, it.at.path)), it.message) for it in findings]


GRANTED: Final = "Resources.ExecutionRole.Properties.Policies.0.PolicyDocument.Statement.0.Resource"


# --- the account has what the template has ------------------------------------------------------


@pytest.mark.parametrize(
    "evidence",
    [
        {"p.json": inline(NEW)},
        {"all.json": whole(NEW)},
        {"p.json": inline(OLD, role=OTHERS_ROLE)},
        {"all.json": whole(OLD, OTHERS_ROLE)},
        {"p.json": inline(OLD, name="Another")},
        {"a.json": whole(OLD), "b.json": whole(OLD, account="444455556666")},
    ],
    ids=["policy", "role", "other role", "other whole role", "other policy", "two accounts"],
)
def test_nothing_differs_for_certain(found: Judge, evidence: Mapping[str, Any]) -> None:
    """The same grant, another stack's role, a policy among others that nobody knows."""
    assert found(evidence) == []


@pytest.mark.parametrize("answer", [template(), json.dumps(template())], ids=["map", "text"])
def test_a_change_that_is_still_to_come_is_no_drift(found: Judge, answer: Any) -> None:
    """The stack was deployed for the old file, and its role reads the old file."""
    evidence = {
        "all.json": whole(OLD),
        "shop-test-web/get-template.json": {"TemplateBody": answer},
        "shop-test-web/describe-stacks.json": deployed(OLD),
    }
    assert found(evidence) == []


def test_a_grant_of_the_new_template_is_no_drift(found: Judge) -> None:
    """The template that was deployed last granted another file, whatever its parameters."""
    evidence = {
        "all.json": whole(OLD),
        "shop-test-web/get-template.json": {"TemplateBody": template(file_of(OLD))},
        "shop-test-web/describe-stacks.json": deployed(NEW),
    }
    assert found(evidence) == []


def test_defaults_are_no_values_of_the_last_deploy(found: Judge) -> None:
    """A parameter that was switched on since, whose default is on: the grant is still to come."""
    before, after = (template(file_of(it)) for it in (NEW, NEW))
    for data in (before, after):
        data["Parameters"]["Reads"] = {"Type": "String", "Default": "yes"}
        data["Conditions"] = {"IsReading": {"Fn::Equals": [{"Ref": "Reads"}, "yes"]}}
        role = data["Resources"]["ExecutionRole"]["Properties"]
        role["Policies"][0] = {
            "Fn::If": ["IsReading", role["Policies"][0], {"Ref": "AWS::NoValue"}]
        }
    bare = whole(NEW)
    bare["RoleDetailList"][0]["RolePolicyList"] = []
    given = deployed(NEW)
    given["Stacks"][0]["Parameters"].append({"ParameterKey": "Reads", "ParameterValue": "no"})
    evidence = {
        "all.json": bare,
        "shop-test-web/get-template.json": {"TemplateBody": before},
        "shop-test-web/describe-stacks.json": given,
    }
    assert found(evidence, after) == []


def test_the_only_stack_of_the_answers_may_be_another_workloads(found: Judge) -> None:
    """All of Copilot's templates have the same logical ids: the one of another says nothing."""
    made = {
        "StackName": "shop-test-api",
        "LogicalResourceId": "ExecutionRole",
        "PhysicalResourceId": OTHERS_ROLE,
        "ResourceType": "AWS::IAM::Role",
    }
    evidence = {"r.json": {"StackResources": [made]}, "all.json": whole(OLD, OTHERS_ROLE)}
    open_name = template(file_of(NEW))
    open_name["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"][0][
        "EnvironmentFiles"
    ] = [{"Type": "s3", "Value": file_of(NEW)}]
    assert found(evidence, open_name, given={}) == []


def test_a_template_of_the_account_that_cannot_be_read_tells_nothing(found: Judge) -> None:
    """Whether the change is still to come is not known then."""
    broken = template({"Fn::Sub": 1})
    evidence = {
        "all.json": whole(OLD),
        "shop-test-web/get-template.json": {"TemplateBody": broken},
        "shop-test-web/describe-stacks.json": deployed(NEW),
    }
    assert found(evidence) == []


# --- the account has something else ---------------------------------------------------------------


def test_the_role_reads_another_version(found: Judge) -> None:
    """A role that is known as a whole, of the name that CloudFormation makes up."""
    assert said(found({"all.json": whole(OLD)})) == [
        (
            GRANTED,
            f"in the account, role '{ROLE}' may read 'manual/env-files/web.env/77777777….env', "
            "and not 'manual/env-files/web.env/ffffffff….env' as the template's role "
            "'ExecutionRole': whatever asks for that gets 403",
        )
    ]


def test_one_policy_is_enough_where_it_has_the_name_of_the_templates(found: Judge) -> None:
    """What else the role has is not known: the policy of that name differs all the same."""
    (finding,) = found({"p.json": inline(OLD)})
    assert finding.message == (
        f"in the account, policy 'GetEnvFilePolicy' of role '{ROLE}' names "
        "'manual/env-files/web.env/77777777….env', and not "
        "'manual/env-files/web.env/ffffffff….env' as the template's role 'ExecutionRole': "
        "whatever asks for that gets 403"
    )
    assert [it.place.file for it in finding.related] == ["answers/p.json", "web.stack.yml"]
    assert "detect-stack-drift --stack-name shop-test-web" in finding.help


def test_a_stack_that_was_deployed_for_the_new_file_has_drifted(found: Judge) -> None:
    """Template and values of the last deploy grant the new file, and the role does not."""
    evidence = {
        "all.json": whole(OLD),
        "shop-test-web/get-template.json": {"TemplateBody": template()},
        "shop-test-web/describe-stacks.json": deployed(NEW),
    }
    assert len(found(evidence)) == 1


def test_the_role_is_the_one_that_the_stack_has_made(found: Judge) -> None:
    """Whatever its name is."""
    made = {
        "StackName": "shop-test-web",
        "LogicalResourceId": "ExecutionRole",
        "PhysicalResourceId": "renamed",
        "ResourceType": "AWS::IAM::Role",
    }
    evidence = {"r.json": {"StackResources": [made]}, "all.json": whole(OLD, "renamed")}
    (finding,) = found(evidence)
    assert "role 'renamed' may read" in finding.message


def task(role: str, family: str = "web", revision: Any = 7) -> dict[str, Any]:
    """What ``describe-task-definition`` answers."""
    arn = f"arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/{family}:{revision}"
    found = {"taskDefinitionArn": arn, "family": family, "revision": revision}
    return {"taskDefinition": {**found, "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/{role}"}}


MADE_UP: Final = "other-ExecutionRole-1A2B3C4D5E6F"


def test_the_role_is_the_one_that_runs(found: Judge) -> None:
    """The task definition that a service runs names it, where the stack's name is not known."""
    nameless = template()
    del nameless["Parameters"]["WorkloadName"]
    running = {
        "services": [
            {"serviceArn": "s", "taskDefinition": task("a")["taskDefinition"]["taskDefinitionArn"]}
        ]
    }
    evidence = {"t.json": task(MADE_UP), "all.json": whole(OLD, MADE_UP)}
    assert len(found(evidence, nameless)) == 1
    assert len(found({**evidence, "s.json": running}, nameless)) == 1
    newer = {"n.json": task(f"{MADE_UP}9", revision=8)}
    assert len(found({**evidence, **newer, "s.json": running}, nameless)) == 1
    assert found({**evidence, **newer, "s.json": {"services": []}}, nameless) == []
    others = {
        "t.json": task(MADE_UP, family="api"),
        "n.json": task(f"{MADE_UP}9", family="api"),
        "s.json": {"services": []},
    }
    assert found({**evidence, **others}, nameless) == []
    assert found({"t.json": task("exec"), "all.json": whole(OLD, "exec")}, nameless) == []


def test_a_revision_that_is_no_number(found: Judge) -> None:
    """It counts as the oldest, and breaks nothing."""
    nameless = template()
    del nameless["Parameters"]["WorkloadName"]
    evidence = {"a.json": task("x", revision="new"), "t.json": task(MADE_UP)}
    assert len(found({**evidence, "all.json": whole(OLD, MADE_UP)}, nameless)) == 1


def test_a_grant_that_only_the_account_has(found: Judge) -> None:
    """It stands at what the template grants in its place."""
    findings = found({"all.json": whole(NEW)}, template(file_of(OLD)))
    assert said(findings) == [
        (
            GRANTED,
            f"in the account, role '{ROLE}' may s3:GetObject on '{file_of('ffffffff…')}', "
            "and the template's role 'ExecutionRole' may not: the grant is for another version, "
            f"'{file_of('77777777…')}'",
        )
    ]
