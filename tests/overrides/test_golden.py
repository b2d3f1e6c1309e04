"""The grant of every version of an environment file, as patches of the stacks that Copilot writes.

`CORPUS` has Copilot's own outputs; where it is absent, the one stack beside the mutations is left.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.mutations.harness import Stack, copilot_stacks, own_stacks
from tests.overrides.test_from_edits import Value

from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.edits.edit import END, Applicability, Edit, Operation
from copilot_preflight.inputs.package import Package
from copilot_preflight.inputs.parameter_files import ParameterValue
from copilot_preflight.overrides.append import with_patches
from copilot_preflight.overrides.apply import apply
from copilot_preflight.overrides.from_edits import patches_of
from copilot_preflight.overrides.patches import parse
from copilot_preflight.read import document
from copilot_preflight.read.document import Document
from copilot_preflight.resolve.run import Run
from copilot_preflight.run.judge import findings_of
from copilot_preflight_rules import CATALOGUE

STACKS = [*copilot_stacks(), own_stacks()[0]]
POLICIES = ("Resources", "ExecutionRole", "Properties", "Policies")
LOGGING = """\
        - !If
          - HasLoggingEnvFile
          - PolicyName: GetLoggingEnvFilePolicy
            PolicyDocument:
              Statement: [{Effect: Allow, Action: 's3:GetObject', Resource: !Ref LoggingEnvFileARN}]
          - !Ref AWS::NoValue
"""


def condition_of(parameter: str) -> str:
    """``HasEnvFileForproxy`` for ``EnvFileARNForproxy``, ``HasproxyEnvFile`` of version 1.27."""
    return f"Has{parameter.replace('EnvFileARN', 'EnvFile')}"


def granted(parameter: str) -> dict[str, Any]:
    """The policy that allows every version of the file behind a parameter."""
    parts = {"Fn::Split": ["/", {"Ref": parameter}]}
    picked = [{"Fn::Select": [n, parts]} for n in ("0", "3")]
    every = {"Fn::Join": ["/", [picked[0], "manual/env-files", picked[1], "*"]]}
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": every}
    policy = {
        "PolicyName": f"GetEveryVersionOf{parameter}",
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }
    return {"Fn::If": [condition_of(parameter), policy, {"Ref": "AWS::NoValue"}]}


def grants(stack: Stack) -> list[Edit]:
    return [
        Edit(
            Operation.INSERT,
            "web.yml",
            (*POLICIES, END),
            Value(granted(parameter)),
            "allow every version",
            Applicability.SAFE,
        )
        for parameter in (said.removeprefix("!Ref ") for said in stack.arns)
    ]


def versions_locked(template: Document, parameters: dict[str, str]) -> int:
    package = Package(
        template, {name: ParameterValue(value) for name, value in parameters.items()}, True
    )
    entries = [entry for entry in CATALOGUE if entry.id in ("W9713", "E9711", "E9712")]
    return len(list(findings_of(Analysis(Run().add(package)), entries)))


def test_there_are_stacks() -> None:
    """Those that have an environment file, and each kind of parameter among them."""
    parameters = {said.removeprefix("!Ref ") for stack in STACKS for said in stack.arns}
    assert {"EnvFileARN", "LoggingEnvFileARN"} <= parameters
    assert any(it.startswith("EnvFileARNFor") for it in parameters)


@pytest.mark.parametrize("stack", STACKS, ids=str)
def test_the_grant_is_one_patch_for_each_file(stack: Stack) -> None:
    """Without a position; the grant is then no more of one version."""
    template = document.parse(stack.text, "web.yml")
    edits = grants(stack)
    made = patches_of(edits, template)
    assert not made.is_position_dependent
    conditions = {condition_of(said.removeprefix("!Ref ")) for said in stack.arns}
    assert conditions <= template.data["Conditions"].keys()
    assert [(it.op, it.path, it.data) for it in made.patches] == [
        ("add", "/Resources/ExecutionRole/Properties/Policies/-", edit.value) for edit in edits
    ]
    written = with_patches(None, made.patches)
    read = parse(document.parse(written, "cfn.patches.yml")).patches
    patched = apply(read, template).template
    policies = patched.data["Resources"]["ExecutionRole"]["Properties"]["Policies"]
    assert policies[-len(edits) :] == [edit.value for edit in edits]
    parameters = dict(stack.parameters)
    assert versions_locked(template, parameters) == len(edits)
    assert versions_locked(patched, parameters) == 0


@pytest.mark.parametrize("stack", STACKS, ids=str)
def test_the_patch_still_applies_when_the_stack_has_grown(stack: Stack) -> None:
    """With ``logging:`` or a sidecar Copilot writes more policies before it."""
    made = patches_of(grants(stack), document.parse(stack.text, "web.yml"))
    text, count = re.subn(
        r"(  ExecutionRole:\n(?:    .*\n|\s*\n)*?      Policies:\n)", rf"\g<1>{LOGGING}", stack.text
    )
    assert count == 1
    grown = document.parse(text, "web.yml")
    before = grown.data["Resources"]["ExecutionRole"]["Properties"]["Policies"]
    after = apply(made.patches, grown).template.data
    policies = after["Resources"]["ExecutionRole"]["Properties"]["Policies"]
    assert policies == [*before, *(patch.data for patch in made.patches)]
