"""A package next to a workspace with patches: what is said of these, and of the next package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from copilot_preflight.base.finding import Finding, Report
from copilot_preflight.edits.edit import Help
from copilot_preflight.inputs.affected import templates_with
from copilot_preflight.inputs.copilot_names import find_overrides
from copilot_preflight.render.formats import render
from copilot_preflight.run.check import check, checked
from copilot_preflight.run.options import Options

HASH = "7a967e71a9a53a5a4bea5d4fd6d38bb91f64e2148b9f5a56fa03f83dab220ab6"
STACK = """\
Description: CloudFormation template that represents a backend service on Amazon ECS.
Metadata:
  Manifest: |
    name: web
    type: Backend Service
Parameters:
  EnvFileARN: {Type: String, Default: ''}
Conditions:
  HasEnvFile: !Not [!Equals [!Ref EnvFileARN, '']]
Resources:
  LogGroup: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 30}}
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt ExecutionRole.Arn
      ContainerDefinitions:
        - Name: web
          Image: public.ecr.aws/docker/library/nginx:stable
          EnvironmentFiles:
            - !If [HasEnvFile, {Type: s3, Value: !Ref EnvFileARN}, !Ref AWS::NoValue]
  ExecutionRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          Effect: Allow
          Principal: {Service: ecs-tasks.amazonaws.com}
          Action: sts:AssumeRole
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy']
      Policies:
        - PolicyName: SecretsPolicy
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - Effect: Allow
                Action: ssm:GetParameters
                Resource: arn:aws:ssm:*:*:parameter/web/*
        - !If
          - HasEnvFile
          - PolicyName: GetEnvFilePolicy
            PolicyDocument:
              Version: '2012-10-17'
              Statement:
                - {Effect: Allow, Action: s3:GetObject, Resource: [!Ref EnvFileARN]}
                - {Effect: Allow, Action: s3:GetBucketLocation, Resource: 'arn:aws:s3:::files'}
          - !Ref AWS::NoValue
"""
PARAMETERS = f"""\
{{"Parameters": {{"EnvFileARN": "arn:aws:s3:::files/manual/env-files/web.env/{HASH}.env"}}}}
"""
MANIFEST = "name: web\ntype: Backend Service\n"
EVERY_VERSION = """\
- op: add
  path: /Resources/ExecutionRole/Properties/Policies/-
  value: !If
    - HasEnvFile
    - PolicyName: Every
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          Effect: Allow
          Action: s3:GetObject
          Resource: arn:aws:s3:::files/manual/env-files/web.env/*
    - !Ref AWS::NoValue
"""
PACKAGE = "infrastructure/web-test.stack.yml"
PATCHES = "copilot/web/overrides/cfn.patches.yml"
ROLE = "/Resources/ExecutionRole/Properties"


@pytest.fixture(autouse=True)
def _there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")


def package(patches: str | None, stack: str = STACK, *, env_file: bool = False) -> None:
    """A workspace with its package; with an env file it has a finding of its own, W9713."""
    write({PACKAGE: stack, "copilot/web/manifest.yml": MANIFEST})
    values = PARAMETERS if env_file else '{"Parameters": {"EnvFileARN": ""}}'
    write({"infrastructure/web-test.params.json": values})
    if patches is not None:
        write({PATCHES: patches})


def said(report: Report) -> list[tuple[str, str, int]]:
    assert report.errors == ()
    places = [(it.rule, it.at.file, report.span(it.at).start.line) for it in report.findings]
    return sorted(places)


def only(report: Report) -> Finding:
    assert report.errors == ()
    (finding,) = report.findings
    return finding


def of_patches(patches: str, stack: str = STACK) -> Report:
    package(patches, stack)
    return check(["infrastructure"])


# --- patches that are right ------------------------------------------------------------------


@pytest.mark.parametrize(
    "patches",
    [
        EVERY_VERSION,
        f"[{{op: add, path: {ROLE}/Policies/0, value: {{PolicyName: a, PolicyDocument: {{}}}}}}]",
        "[{op: add, path: /Resources/LogGroup/Properties/Tags, value: [{Key: a, Value: b}]}]",
        "[{op: add, path: /Mappings, value: {Sizes: {test: {Cpu: 256}}}}]",
        "[{op: replace, path: /Resources/LogGroup/Properties/RetentionInDays, value: 60}]",
        "[{op: add, path: /Resources/LogGroup/Properties/RetentionInDays, value: 30}]",
        "[{op: remove, path: /Resources/LogGroup/Properties}]",
        """
        - {op: add, path: /Resources/Mine, value: {Type: 'AWS::IAM::Role', Properties: {}}}
        - {op: add, path: /Resources/Mine/Properties/Policies, value: [{PolicyName: a}]}
        - {op: replace, path: /Resources/Mine/Properties/Policies/0/PolicyName, value: b}
        - {op: remove, path: /Resources/Mine}
        """,
        "[]",
        "# nothing yet\n",
    ],
)
def test_patches_that_are_right_are_silent(patches: str) -> None:
    """They apply, count on no position, and replace nothing unsaid."""
    assert said(of_patches(patches)) == []


def test_without_patches_nothing_is_said() -> None:
    """A workspace mostly has none."""
    package(None)
    assert said(check(["infrastructure"])) == []


# --- E9784 -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patch", "message", "help"),
    [
        (
            "{op: move, path: /Resources, value: 1}",
            "operation 'move' is none of Copilot's, which stops at the patch",
            "use one of add, remove, replace",
        ),
        (
            "{op: add, path: /Mappings}",
            "patch 'add /Mappings' has no value, so that Copilot stops at it",
            "write what is to stand there behind 'value:'",
        ),
        (
            f"{{op: replace, path: '{ROLE}/Policies/1/Fn::If/1/PolicyName', value: a}}",
            f"patch 'replace {ROLE}/Policies/1/Fn::If/1/PolicyName' does not apply to "
            f"'web-test.stack.yml': what stands at '{ROLE}/Policies/1' is written '!If', of which "
            "'Fn::If' is no step",
            f"leave the step out: '{ROLE}/Policies/1/1/PolicyName'",
        ),
        (
            f"{{op: add, path: {ROLE}/Policies/0/PolicyDocument/Statement/4, value: {{}}}}",
            f"patch 'add {ROLE}/Policies/0/PolicyDocument/Statement/4' does not apply to "
            f"'web-test.stack.yml': there is no place 4 at '{ROLE}/Policies/0/PolicyDocument/"
            "Statement', which has 1 item",
            f"append to the list: '{ROLE}/Policies/0/PolicyDocument/Statement/-'",
        ),
        (
            f"{{op: remove, path: {ROLE}/Policies/2}}",
            f"patch 'remove {ROLE}/Policies/2' does not apply to 'web-test.stack.yml': there is no "
            f"item 2 at '{ROLE}/Policies', which has 2 items",
            "how many there are depends on Copilot's version and on the manifest: count them, or "
            "add what is missing with '-' in place of an index",
        ),
        (
            "{op: replace, path: Resources/LogGroup/Properties, value: {}}",
            "patch 'replace Resources/LogGroup/Properties' does not apply to 'web-test.stack.yml': "
            "without a slash at its beginning the path loses 'Resources', and there is no "
            "'LogGroup' at the top of the template",
            "write '/Resources/LogGroup/Properties'",
        ),
        (
            "{op: remove, path: /Resources/ExecutonRole}",
            "patch 'remove /Resources/ExecutonRole' does not apply to 'web-test.stack.yml': there "
            "is no 'ExecutonRole' at '/Resources'",
            "is 'ExecutionRole' meant?",
        ),
        (
            "{op: add, path: /Outputs/a, value: 1}",
            "patch 'add /Outputs/a' does not apply to 'web-test.stack.yml': there is no 'Outputs' "
            "at the top of the template",
            "correct the path, or add what is missing on the way with a patch before this one",
        ),
        (
            f"{{op: replace, path: {ROLE}/Policies/-, value: {{}}}}",
            f"patch 'replace {ROLE}/Policies/-' does not apply to 'web-test.stack.yml': there is "
            f"no item '-' at '{ROLE}/Policies', which has 2 items: only 'add' appends",
            "name the item by its index, or use 'add'",
        ),
        (
            "{op: add, path: /Resources/TaskDefinition/Properties/ExecutionRoleArn/a, value: 1}",
            "patch 'add /Resources/TaskDefinition/Properties/ExecutionRoleArn/a' does not apply to "
            "'web-test.stack.yml': there is a single value at "
            "'/Resources/TaskDefinition/Properties/ExecutionRoleArn', written '!GetAtt', and "
            "nothing below it",
            "replace all of it: '/Resources/TaskDefinition/Properties/ExecutionRoleArn'",
        ),
        (
            "{op: add, path: Resources, value: {}}",
            "path 'Resources' has no slash at its beginning, so that the patch is for the whole "
            "template",
            "write '/Resources'",
        ),
    ],
)
def test_a_patch_that_does_not_apply_is_found(patch: str, message: str, help: str) -> None:
    """With the patch, the package, the reason and the way out."""
    finding = only(of_patches(f"# mine\n- {patch}\n"))
    assert finding.rule == "E9784"
    assert finding.message == message
    assert finding.help == help
    assert finding.at.file == PATCHES


def test_copilots_own_words_are_there_to_be_found() -> None:
    """Whoever has its error before them looks for them."""
    finding = only(of_patches("[{op: remove, path: /Resources/No}]"))
    assert finding.label == (
        'unable to apply the "remove" patch at index 0: key "/Resources": "No" not found in map'
    )
    (related,) = finding.related
    assert related.place.file == PACKAGE
    assert related.place.path == ("Resources",)


def test_patches_that_are_applied_already_are_not_applied_again() -> None:
    """Nobody knows what they have met: only what no template takes is reported."""
    applied = STACK.replace("on Amazon ECS.", "on Amazon ECS using AWS Copilot with YAML patches.")
    removed = "- {op: remove, path: /Resources/Gone}\n"
    assert said(of_patches(removed, applied)) == []
    replaced = "- {op: add, path: /Resources/LogGroup, value: {Type: a}}\n"
    assert said(of_patches(replaced, applied)) == []
    wrong = "- {op: remove, path: Resources/LogGroup/Properties}\n"
    assert said(of_patches(removed + wrong, applied)) == [("E9784", PATCHES, 2)]
    assert said(of_patches(f"{removed}- {{op: copy}}\n", applied)) == [("E9784", PATCHES, 2)]


def test_of_a_package_of_another_manifest_nothing_is_proved() -> None:
    """The sidecar that the patch is for may be in the next one."""
    patches = "[{op: remove, path: /Resources/New}]"
    package(patches)
    write({"copilot/web/manifest.yml": f"{MANIFEST}count: 2\n"})
    assert said(check(["infrastructure"])) == []
    filled_in = STACK.replace("type: Backend Service", "type: Backend Service\n    count: '1'")
    package(patches, filled_in)
    write({"copilot/web/manifest.yml": f"{MANIFEST}count: '${{COUNT}}'\n"})
    assert [it[0] for it in said(check(["infrastructure"]))] == ["E9784"]


def test_every_environment_has_its_own_verdict() -> None:
    """The same patches meet several templates."""
    package("[{op: remove, path: /Resources/LogGroup}]")
    other = STACK.replace("  LogGroup: {", "  Logs: {")
    write({"infrastructure/web-prod.stack.yml": other})
    (finding,) = (it for it in check(["infrastructure"]).findings if it.rule == "E9784")
    assert "'web-prod.stack.yml'" in finding.message
    assert said(check([PACKAGE])) == []


# --- W9785, W9786 ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patch", "counts_on", "help"),
    [
        (
            f"{{op: add, path: {ROLE}/Policies/0/PolicyDocument/Statement/1, value: {{}}}}",
            "policy 0 and statement 1",
            f"add a policy of its own: '{ROLE}/Policies/-'",
        ),
        (
            f"{{op: add, path: {ROLE}/Policies/2, value: {{PolicyName: a}}}}",
            "policy 2",
            f"append to the list: '{ROLE}/Policies/-'",
        ),
        (
            f"{{op: replace, path: {ROLE}/Policies/1/1/PolicyName, value: a}}",
            "policy 1",
            "add a policy of its own with '-', if that can do it; else look at the path whenever "
            "Copilot or the manifest changes",
        ),
    ],
)
def test_an_index_into_policies_is_found(patch: str, counts_on: str, help: str) -> None:
    """Whether the package has the patch already or not."""
    applied = STACK.replace("on Amazon ECS.", "on Amazon ECS using AWS Copilot with YAML patches.")
    for stack in (STACK, applied):
        finding = only(of_patches(f"- {patch}\n", stack))
        assert finding.rule == "W9785"
        assert f" counts on {counts_on}: " in finding.message
        assert finding.help == help


def test_a_trust_policy_has_one_statement() -> None:
    """Whatever the version."""
    trust = f"{ROLE}/AssumeRolePolicyDocument/Statement"
    listed = STACK.replace("Statement:\n          Effect", "Statement:\n        - Effect")
    assert f"{listed}" != STACK
    assert said(of_patches(f"[{{op: add, path: {trust}/0/Sid, value: Tasks}}]", listed)) == []


@pytest.mark.parametrize(
    ("patch", "what", "help"),
    [
        (
            f"{{op: add, path: {ROLE}/ManagedPolicyArns, value: []}}",
            "a list of 1",
            f"append to it with '{ROLE}/ManagedPolicyArns/-', or write 'replace' if all of it "
            "shall go",
        ),
        (
            "{op: add, path: /Resources/LogGroup/Properties, value: {}}",
            "a map",
            "add single keys below '/Resources/LogGroup/Properties', or write 'replace' if all of "
            "it shall go",
        ),
        (
            "{op: add, path: /Conditions/HasEnvFile, value: !Equals [a, b]}",
            "a value written '!Not'",
            "write 'replace', which fails where there is nothing to replace",
        ),
        (
            "{op: add, path: /Resources/LogGroup/Properties/RetentionInDays, value: 1}",
            "a single value",
            "write 'replace', which fails where there is nothing to replace",
        ),
    ],
)
def test_an_add_that_replaces_is_found(patch: str, what: str, help: str) -> None:
    """With what goes, and where that stands."""
    report = of_patches(f"- {patch}\n")
    finding = next(it for it in report.findings if it.rule == "W9786")
    assert finding.message.endswith(f"has there, {what}: Copilot does not say so")
    assert finding.help == help
    assert finding.related[0].place.file == PACKAGE


def test_a_comment_in_the_patches_silences_a_finding_there() -> None:
    """As in any other file of a run."""
    patches = f"""\
- op: remove
  path: {ROLE}/Policies/0  # preflight: ignore[W9785] looked at with each upgrade
"""
    report = of_patches(patches)
    assert said(report) == []
    assert report.suppressed == 1


# --- the next package ------------------------------------------------------------------------


def test_what_patches_bring_in_is_found_at_the_patch() -> None:
    """The example of Copilot's documentation: an env file is no string."""
    patches = """\
- op: add
  path: /Resources/TaskDefinition/Properties/ContainerDefinitions/0/EnvironmentFiles/0
  value: arn:aws:s3:::bucket_name/key_name.env
"""
    assert said(of_patches(patches)) == [("E9716", PATCHES, 3)]


def test_what_patches_take_away_is_found_in_the_package() -> None:
    """With the patch that does it; nothing that could be carried out there."""
    package(f"[{{op: replace, path: {ROLE}/Policies, value: []}}]", env_file=True)
    report = check(["infrastructure"])
    assert {it.rule for it in report.findings} == {"W9713", "E9711"}
    finding = next(it for it in report.findings if it.rule == "E9711")
    assert finding.at.file == PACKAGE
    assert [it.place.file for it in finding.related][-1] == PATCHES
    assert finding.remedy is None
    assert report.notes == (
        f"{PACKAGE}: 1 of these findings is mended by {PATCHES}: package again",
    )


def test_a_package_is_judged_as_it_is_and_a_workspace_as_it_will_be() -> None:
    """The package may still be deployed; with the workspace the question is the next one."""
    package(EVERY_VERSION, env_file=True)
    report = check(["infrastructure"])
    assert [it[0] for it in said(report)] == ["W9713"]
    assert report.notes == (
        f"{PACKAGE}: 1 of these findings is mended by {PATCHES}: package again",
    )
    assert "can be fixed" not in render(report, "text"), "there is nothing left to write"
    for folder in ("copilot", "copilot/web", "copilot/web/overrides"):
        report = check([folder])
        assert said(report) == []
        assert report.templates == (PACKAGE,)
        assert report.notes == ()
    report = check(["copilot", "infrastructure"])
    assert [it[0] for it in said(report)] == ["W9713"]


def test_patches_that_came_after_the_package_are_applied_to_it() -> None:
    """As far as they certainly are not in it: one that adds what is nowhere, behind all others."""
    applied = STACK.replace("on Amazon ECS.", "on Amazon ECS using AWS Copilot with YAML patches.")
    before = "- {op: remove, path: /Resources/Gone}\n"
    package(before + EVERY_VERSION, applied, env_file=True)
    report = check(["infrastructure"])
    assert [it[0] for it in said(report)] == ["W9713"]
    assert "is mended by" in report.notes[0]
    assert said(check(["copilot"])) == []
    # Not where one that may be in it comes last.
    package(EVERY_VERSION + before, applied, env_file=True)
    assert check(["infrastructure"]).notes == ()
    assert [it[0] for it in said(check(["copilot"]))] == ["W9713"]
    # And not a second time.
    policies = "".join(f"      {line}\n" for line in EVERY_VERSION.splitlines()[3:])
    policy = f"        - !If\n{policies}".replace("          -", "          -", 1)
    package(EVERY_VERSION, applied + policy.replace("\n          ", "\n          "), env_file=True)
    assert said(check(["infrastructure"])) == []
    assert said(check(["copilot"])) == []


def test_a_new_resource_came_after_the_package_if_it_has_none() -> None:
    """What it brings in is found at the patch."""
    applied = STACK.replace("on Amazon ECS.", "on Amazon ECS using AWS Copilot with YAML patches.")
    container = "{Name: a, Image: b, EnvironmentFiles: ['arn:aws:s3:::a/b.env']}"
    properties = (
        f"{{ExecutionRoleArn: !GetAtt ExecutionRole.Arn, ContainerDefinitions: [{container}]}}"
    )
    patch = f"{{Type: 'AWS::ECS::TaskDefinition', Properties: {properties}}}"
    package(f"- op: add\n  path: /Resources/Other\n  value: {patch}\n", applied)
    assert said(check(["infrastructure"])) == [("E9716", PATCHES, 3)]


def test_a_workspace_finds_what_stays_at_its_place() -> None:
    """Behind a policy that a patch has put before all others too."""
    first = (
        f"[{{op: add, path: {ROLE}/Policies/0, value: {{PolicyName: a, PolicyDocument: {{}}}}}}]"
    )
    package(first, env_file=True)
    here, there = check(["infrastructure"]), check(["copilot"])
    assert said(here) == said(there)
    assert [it[0] for it in said(here)] == ["W9713"]


def test_what_would_correct_a_finding_is_named_as_the_files_have_it() -> None:
    """An edit of the template by its own paths, and one of what a patch writes by the patch's."""
    first = (
        f"[{{op: add, path: {ROLE}/Policies/0, value: {{PolicyName: a, PolicyDocument: {{}}}}}}]"
    )
    package(first, env_file=True)
    paths = [
        [edit.path for edit in finding.remedy.edits]
        for folder in ("infrastructure", "copilot")
        for finding in check([folder]).findings
        if isinstance(finding.remedy, Help) and finding.remedy.edits
    ]
    assert len(paths) == 2
    assert paths[0] == paths[1]
    url = "[{op: add, path: /Resources/TaskDefinition/Properties/ContainerDefinitions/0"
    package(f"{url}/EnvironmentFiles/0, value: {{Type: s3, Value: 's3://files/a.env'}}}}]")
    (finding,) = (it for it in check(["copilot"]).findings if it.rule == "E9716")
    assert isinstance(finding.remedy, Help)
    (edit,) = finding.remedy.edits
    assert (edit.file, edit.path) == (PATCHES, (0, "value", "Value"))


def test_the_report_is_the_same_in_several_processes() -> None:
    """Patched templates go to workers and come back."""
    package("[{op: replace, path: /Resources/ExecutionRole/Properties/Policies, value: []}]")
    for name in ("a", "b", "c"):
        write({f"infrastructure/web-{name}.stack.yml": STACK})
        write({f"infrastructure/web-{name}.params.json": PARAMETERS})
    for folder in ("infrastructure", "copilot"):
        one, many = (check([folder], Options(jobs=jobs)) for jobs in (1, 3))
        assert one.findings == many.findings
        assert said(one) == said(many)
        assert len(one.findings) >= 3


def test_what_patches_break_is_an_error_where_they_write_it() -> None:
    """CloudFormation would refuse it; the package itself is judged."""
    package("- op: replace\n  path: /Resources/LogGroup\n  value: [1]\n", env_file=True)
    report = check(["infrastructure"])
    assert [(it.file, it.line, it.column, it.message) for it in report.errors] == [
        (PATCHES, 3, 10, "a resource must be a map, found a list")
    ]
    assert [it.rule for it in report.findings] == ["W9713"]


def test_a_broken_file_of_patches_is_an_error_with_its_place() -> None:
    """Once, however many packages it is for."""
    package("op: add\n")
    write({"infrastructure/web-prod.stack.yml": STACK})
    (error,) = check(["infrastructure"]).errors
    assert (error.file, error.line, error.column) == (PATCHES, 1, 1)
    write({PATCHES: "- [\n"})
    (error,) = check(["infrastructure"]).errors
    assert error.file == PATCHES


# --- whose patches they are ------------------------------------------------------------------


def test_only_what_copilot_writes_is_patched() -> None:
    """Not addons, and not a template that somebody else has given the same name."""
    wrong = "[{op: remove, path: /Resources/No}]"
    package(wrong, STACK.replace("CloudFormation template that represents a", "My"))
    addons = "Resources: {Topic: {Type: AWS::SNS::Topic}}\n"
    write({"infrastructure/web.addons.stack.yml": addons})
    assert said(check(["infrastructure"])) == []


def test_an_environment_has_patches_too() -> None:
    """One file for all of them."""
    stack = """\
Description: CloudFormation environment template for infrastructure shared among Copilot workloads.
Resources: {Topic: {Type: AWS::SNS::Topic}}
"""
    patches = "copilot/environments/overrides/cfn.patches.yml"
    write({"infrastructure/test.env.yml": stack, patches: "[{op: remove, path: /Resources/No}]"})
    write({"copilot/environments/test/manifest.yml": "name: test\ntype: Environment\n"})
    assert said(check(["infrastructure"])) == [("E9784", patches, 1)]
    assert said(check(["copilot"])) == [("E9784", patches, 1)]


def test_the_folder_of_overrides_is_known_before_it_is_there() -> None:
    """Patches win over a program of the CDK."""
    package(None)
    folder = find_overrides(Path(PACKAGE), "web")
    assert folder is not None
    assert folder.patches == Path(PATCHES).absolute()
    modes = []
    for files in ({}, {"copilot/web/overrides/cdk.json": "{}"}, {PATCHES: "[]"}):
        write(files)
        modes.append(folder.is_for_cdk)
    assert modes == [False, True, False]
    assert find_overrides(Path("infrastructure/api-test.stack.yml"), "") is None


def test_a_change_of_patches_affects_the_packages() -> None:
    """Whoever commits one wants to know."""
    package(EVERY_VERSION)
    assert templates_with([PATCHES]) == [PACKAGE]


# --- a workspace without packages ------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        (
            "Backend Service",
            "copilot svc package --name web --env test --output-dir infrastructure",
        ),
        ("Scheduled Job", "copilot job package --name web --env test --output-dir infrastructure"),
    ],
)
@pytest.mark.parametrize("folder", [".", "copilot", "copilot/web"])
def test_a_workspace_without_packages_says_how_to_make_one(
    folder: str, kind: str, command: str
) -> None:
    """With the names that it has."""
    write({"copilot/web/manifest.yml": f"name: web\ntype: {kind}\n"})
    write({"copilot/environments/test/manifest.yml": "name: test\ntype: Environment\n"})
    (error,) = check([folder]).errors
    assert error.file == folder
    assert error.message == f"no package of this workspace: run '{command}' first"


def test_a_folder_without_a_workspace_is_what_it_was() -> None:
    """Whatever it is called."""
    write({"copilot/notes.txt": "a"})
    (error,) = check(["copilot"]).errors
    assert error.message == "no template in this folder or below it, only 1 other file"


def test_packages_of_other_workloads_are_left_alone() -> None:
    """Of the longest name: ``web-admin-test`` is none of ``web``."""
    package(None)
    write({"copilot/web-admin/manifest.yml": "name: web-admin\ntype: Backend Service\n"})
    write({"infrastructure/web-admin-test.stack.yml": STACK, "deploy/web-prod.stack.yml": STACK})
    found = checked(["copilot/web"]).report.templates
    assert found == ("deploy/web-prod.stack.yml", PACKAGE)
    assert len(checked(["copilot"]).report.templates) == 3
