"""Patches as TypeScript, for a workspace that overrides with the CDK."""

from __future__ import annotations

import pytest

from copilot_preflight.overrides.append import CannotPatch
from copilot_preflight.overrides.cdk import statements
from copilot_preflight.overrides.patches import parse
from copilot_preflight.read import document

TEMPLATE = """\
Resources:
  ExecutionRole:
    Type: AWS::IAM::Role
    Properties:
      Tags: [{Key: a.b, Value: c}]
      Policies:
        - {PolicyName: first}
        - !If [HasEnvFile, {PolicyName: second}, !Ref AWS::NoValue]
"""


def written(patches: str) -> str:
    found = parse(document.parse(patches, "p.yml")).patches
    return statements(found, document.parse(TEMPLATE, "t.yml"))


def test_an_item_is_overridden_by_its_index() -> None:
    """The CDK merges an override into the list; functions are spelt long."""
    assert (
        written("""
- op: add
  path: /Resources/ExecutionRole/Properties/Policies/-
  value: !If [HasEnvFile, {PolicyName: third}, !Ref AWS::NoValue]
- op: replace
  path: /Resources/ExecutionRole/Properties/Policies/1/1/PolicyName
  value: other
- op: add
  path: /Resources/ExecutionRole/DependsOn
  value: [Key]
""")
        == """\
const executionRole = this.template.getResource("ExecutionRole") as cdk.CfnResource;
executionRole.addPropertyOverride("Policies.2", {
  "Fn::If": [
    "HasEnvFile",
    {
      "PolicyName": "third"
    },
    {
      "Ref": "AWS::NoValue"
    }
  ]
});
executionRole.addPropertyOverride("Policies.1.Fn::If.1.PolicyName", "other");
executionRole.addOverride("DependsOn", [
  "Key"
]);
"""
    )


def test_what_moves_other_items_writes_all_of_them() -> None:
    """There is no override that inserts."""
    assert (
        written("[{op: remove, path: /Resources/ExecutionRole/Properties/Policies/1}]")
        == """\
const executionRole = this.template.getResource("ExecutionRole") as cdk.CfnResource;
executionRole.addPropertyOverride("Policies", [
  {
    "PolicyName": "first"
  }
]);
"""
    )
    assert '"Policies", [\n  "x",' in written(
        "[{op: add, path: /Resources/ExecutionRole/Properties/Policies/0, value: x}]"
    )


def test_a_key_is_taken_away() -> None:
    """And a dot in a key is none of the path's."""
    path = "/Resources/ExecutionRole/Properties"
    written_ = written(
        f"[{{op: remove, path: {path}/Tags}}, {{op: add, path: {path}/a.b, value: c}}]"
    )
    assert 'addPropertyDeletionOverride("Tags");' in written_
    assert 'addPropertyOverride("a\\\\.b", "c");' in written_


@pytest.mark.parametrize("path", ["/Conditions", "/Resources/Topic", ""])
def test_the_rest_is_left_to_the_user(path: str) -> None:
    """Only what a resource has can be overridden."""
    with pytest.raises(CannotPatch, match=r"change it in stack\.ts by hand"):
        written(f"[{{op: add, path: '{path}', value: {{}}}}]")
