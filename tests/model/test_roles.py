"""A role's statements, by every way in which a policy can attach to it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests import stacks

from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam.policy import Fact
from copilot_preflight.inputs.package import Package
from copilot_preflight.model.policy_documents import statements_of
from copilot_preflight.model.roles import Boundary, Role, role_named, roles
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.outside import NOTHING, Outside, ProvidedPolicy
from copilot_preflight.resolve.plain import Plain
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.scenario import ANY, Scenario
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View

PARAMETERS = """
Parameters:
  Env: {Type: String}
  RoleName: {Type: String}
  PolicyArn: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
"""
TASKS = "service-role/AmazonECSTaskExecutionRolePolicy"
READ = "{Statement: [{Effect: Allow, Action: s3:GetObject, Resource: 'arn:aws:s3:::b/*'}]}"
WRITE = "{Statement: {Effect: Allow, Action: s3:PutObject, Resource: 'arn:aws:s3:::b/*'}}"


def stack(
    resources: str,
    parameters: Mapping[str, str] | None = None,
    run: Run | None = None,
    addons: str | None = None,
    file: str = "t.yml",
    pseudo: Mapping[str, str] | None = None,
) -> Stack:
    return stacks.stack(PARAMETERS + resources, parameters, pseudo, run, file, addons=addons)


def role(found: Stack, logical_id: str = "Role", scenario: Scenario = ANY) -> Role:
    return next(r for r in roles(View(found, scenario)) if r.logical_id == logical_id)


def actions(of: Role | Boundary) -> list[str]:
    return [str(action.text) for statement in of.statements or () for action in statement.actions]


def provided(name: str, policy: str = READ) -> Outside:
    """A managed policy that is provided."""
    value = Value(Plain("p.yml"), parse(policy, "p.yml").data, ())
    return Outside([ProvidedPolicy(name, value, statements_of(value, name), has_principals=False)])


# --- in the role itself ---------------------------------------------------------------------------


def test_inline_policies() -> None:
    """Every statement of every inline policy, under the policy's name and at its own place."""
    found = role(
        stack(f"""
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - {{PolicyName: Read, PolicyDocument: {READ}}}
        - {{PolicyName: !Sub 'Write-${{Env}}', PolicyDocument: {WRITE}}}
""")
    )
    assert actions(found) == ["s3:GetObject", "s3:PutObject"]
    assert [s.policy for s in found.statements] == ["Read", "Write-${Env}"]
    assert [s.place.path[-1] for s in found.statements] == [0, "Statement"]
    assert found.unread == ()


def test_inline_policies_under_conditions() -> None:
    """A policy, a list of policies or a statement under Fn::If carries its condition."""
    found = stack(f"""
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - !If [IsProd, {{PolicyName: Read, PolicyDocument: {READ}}}, !Ref AWS::NoValue]
        - PolicyName: Two
          PolicyDocument:
            Statement:
              - !If [IsProd, !Ref AWS::NoValue, {{Effect: Allow, Action: a:B, Resource: '*'}}]
              - {{Effect: !If [IsProd, Allow, Deny], Action: c:D, Resource: '*'}}
""")
    assert [(s.conditions, s.effect) for s in role(found).statements] == [
        (("IsProd",), "Allow"),
        (("IsProd",), "Allow"),
        (("IsProd",), ""),
    ]
    (prod,), (other,) = (
        [leaf.scenario for leaf in View(found).where((("IsProd", outcome),))]
        for outcome in (True, False)
    )
    assert actions(role(found, scenario=prod)) == ["s3:GetObject", "c:D"]
    assert [s.effect for s in role(found, scenario=prod).statements] == ["Allow", "Allow"]
    assert actions(role(found, scenario=other)) == ["a:B", "c:D"]
    assert [s.effect for s in role(found, scenario=other).statements] == ["Allow", "Deny"]


@pytest.mark.parametrize(
    "policies",
    [
        "!Ref PolicyArn",
        "[!Ref PolicyArn]",
        "[{PolicyName: X, PolicyDocument: !Ref PolicyArn}]",
        "[{PolicyName: X, PolicyDocument: '{\"Statement\": []}'}]",
        "[{PolicyName: X, PolicyDocument: {'Fn::Transform': {Name: Macro}}}]",
        "[{PolicyName: X, PolicyDocument: {Statement: !Ref PolicyArn}}]",
        "[{PolicyName: X, PolicyDocument: {Statement: [!Ref PolicyArn]}}]",
        "[{PolicyName: X, PolicyDocument: {Statement: [], 'Fn::Transform': {Name: Macro}}}]",
        "[{PolicyName: X, PolicyDocument: {Statement: [{Sid: Y, 'Fn::Transform': {Name: M}}]}}]",
    ],
)
def test_policies_that_cannot_be_read_may_do_anything(policies: str) -> None:
    """A document that only AWS can write out is one statement of unknown effect."""
    found = role(stack(f"  Role: {{Type: AWS::IAM::Role, Properties: {{Policies: {policies}}}}}"))
    assert [statement.effect for statement in found.statements] == [""]


def test_a_macro_among_the_properties_may_attach_anything() -> None:
    """What Fn::Transform adds to a role is not read, and that is said."""
    found = role(
        stack("  Role: {Type: AWS::IAM::Role, Properties: {Path: /, 'Fn::Transform': {Name: M}}}")
    )
    assert found.unread == (Fact("document", "what a macro adds to 'Role'"),)


def test_a_role_without_properties_has_nothing() -> None:
    """A role need have no properties at all."""
    found = role(stack("  Role: {Type: AWS::IAM::Role}"))
    assert (found.statements, found.trust, found.unread, found.boundary) == ((), (), (), None)
    assert str(found.arn) == "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${Role}"


# --- boundaries -----------------------------------------------------------------------------------

BOUNDED = "  Role: {Type: AWS::IAM::Role, Properties: {PermissionsBoundary: %s}}"
COPILOT = "!Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/Limits'"


def bounded(boundary: str, more: str = "", outside: Outside = NOTHING) -> Stack:
    return stack(BOUNDED % boundary + more, run=Run(outside))


@pytest.mark.parametrize(
    "arn",
    ["!Ref PolicyArn", COPILOT, "!ImportValue limits", "'arn:aws:iam::aws:policy/NoSuchPolicy'"],
)
def test_a_boundary_of_which_nothing_is_known(arn: str) -> None:
    """A boundary outside the run is there, and what it says is not known."""
    found = role(bounded(arn))
    assert found.boundary is not None
    assert found.boundary.statements is None
    assert found.boundary.place.path[-1] == "PermissionsBoundary"
    assert (found.undecided, found.unread, found.statements) == ("", (), ())


def test_a_boundary_of_aws() -> None:
    """A policy that AWS manages may be the boundary."""
    found = role(bounded("'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'"))
    assert found.boundary is not None
    assert str(found.boundary.arn) == "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    assert "s3:Get*" in actions(found.boundary)


def test_a_boundary_of_the_template() -> None:
    """So may a managed policy of the template, which then limits and grants nothing."""
    policy = "{Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: %s}}"
    found = role(bounded("!Ref Limits", f"\n  Limits: {policy % READ}"))
    assert found.boundary is not None
    assert actions(found.boundary) == ["s3:GetObject"]
    assert actions(found) == []


def test_a_boundary_of_another_stack() -> None:
    """A boundary may be imported from another stack of the run."""
    run = Run()
    policy = f"{{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {READ}}}}}"
    outputs = "Outputs: {Limits: {Value: !Ref Limits, Export: {Name: limits}}}"
    stack(f"  Limits: {policy}\n{outputs}", run=run, file="env.yml")
    found = role(stack(BOUNDED % "!ImportValue limits", run=run))
    assert found.boundary is not None
    assert actions(found.boundary) == ["s3:GetObject"]


@pytest.mark.parametrize("name", ["Limits", "arn:aws:iam::111122223333:policy/Limits"])
def test_a_boundary_that_is_handed_over(name: str) -> None:
    """Copilot names the boundary of an application by its name in the stack's own account."""
    found = role(bounded(COPILOT, outside=provided(name)))
    assert found.boundary is not None
    assert actions(found.boundary) == ["s3:GetObject"]
    assert found.boundary.statements is not None
    assert found.boundary.statements[0].place.file == "p.yml"
    assert found.boundary.statements[0].policy == name
    other = role(bounded(COPILOT, outside=provided("Other")))
    assert other.boundary is not None
    assert other.boundary.statements is None


@pytest.mark.parametrize(
    ("boundary", "in_prod", "elsewhere"),
    [
        (f"!If [IsProd, {COPILOT}, !Ref AWS::NoValue]", ":policy/Limits", ""),
        (f"!If [IsProd, !Ref AWS::NoValue, {COPILOT}]", "", ":policy/Limits"),
        ("!If [IsProd, 'arn:a', 'arn:b']", "arn:a", "arn:b"),
        ("!Sub ['arn:${X}', {X: !If [IsProd, a, b]}]", "arn:a", "arn:b"),
    ],
)
def test_a_boundary_under_a_condition(boundary: str, in_prod: str, elsewhere: str) -> None:
    """Where a condition leaves open whether there is a boundary, or which, it is named."""
    found = bounded(boundary)
    assert role(found).undecided == "IsProd"
    for outcome, expected in ((True, in_prod), (False, elsewhere)):
        (scenario,) = (leaf.scenario for leaf in View(found).where((("IsProd", outcome),)))
        decided = role(found, scenario=scenario)
        assert decided.undecided == ""
        assert (decided.boundary is None) is (not expected)
        assert decided.boundary is None or str(decided.boundary.arn).endswith(expected)


def test_a_boundary_that_no_branch_has() -> None:
    """Fn::If may leave it out on both sides."""
    found = role(bounded("!If [IsProd, !Ref AWS::NoValue, !Ref AWS::NoValue]"))
    assert (found.boundary, found.undecided) == (None, "")


# --- from resources of their own ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("AWS::IAM::Policy", "Roles: [!Ref Role]"),
        ("AWS::IAM::Policy", "Roles: !Ref Role"),
        ("AWS::IAM::Policy", "Roles: [!Ref Other, !Ref Role]"),
        ("AWS::IAM::ManagedPolicy", "Roles: [!Ref Role]"),
        ("AWS::IAM::RolePolicy", "RoleName: !Ref Role"),
        ("AWS::IAM::RolePolicy", "RoleName: !Sub '${Role}'"),
    ],
)
def test_policies_that_name_the_role(kind: str, names: str) -> None:
    """A policy attaches to the roles that it names, and to no other."""
    found = stack(f"""
  Role: {{Type: AWS::IAM::Role, Properties: {{}}}}
  Other: {{Type: AWS::IAM::Role, Properties: {{}}}}
  Third: {{Type: AWS::IAM::Role, Properties: {{RoleName: third}}}}
  Policy: {{Type: '{kind}', Properties: {{PolicyName: P, PolicyDocument: {READ}, {names}}}}}
""")
    mine = role(found)
    assert actions(mine) == ["s3:GetObject"]
    assert mine.statements[0].policy == "Policy"
    assert mine.unread == ()
    assert actions(role(found, "Other")) == (["s3:GetObject"] if "Other" in names else [])
    assert role(found, "Other").unread == ()
    assert actions(role(found, "Third")) == []


def test_policies_that_name_a_role_by_its_name() -> None:
    """A name that is spelt out attaches to the role that has it."""
    found = stack(f"""
  Role: {{Type: AWS::IAM::Role, Properties: {{RoleName: !Sub '${{Env}}-worker'}}}}
  Other: {{Type: AWS::IAM::Role, Properties: {{RoleName: !Sub '${{Env}}-web'}}}}
  Policy:
    Type: AWS::IAM::Policy
    Properties: {{PolicyName: P, Roles: [!Sub '${{Env}}-worker'], PolicyDocument: {READ}}}
""")
    assert actions(role(found)) == ["s3:GetObject"]
    assert actions(role(found, "Other")) == []
    assert role(found, "Other").unread == ()


def test_a_policy_that_may_name_the_role_is_a_missing_fact() -> None:
    """Where the name is a parameter, nobody can tell to which role the policy attaches."""
    found = stack(f"""
  Role: {{Type: AWS::IAM::Role, Properties: {{}}}}
  Policy:
    Type: AWS::IAM::Policy
    Properties: {{PolicyName: P, Roles: [!Ref RoleName], PolicyDocument: {READ}}}
""")
    assert role(found).unread == (Fact("attachment", "Policy"),)
    assert actions(role(found)) == []


def test_attachments_under_conditions() -> None:
    """Neither the policy, nor its list, nor the name in it need be there in every scenario."""
    found = stack(f"""
  Role: {{Type: AWS::IAM::Role, Properties: {{}}}}
  First:
    Type: AWS::IAM::Policy
    Condition: IsProd
    Properties: {{PolicyName: P, Roles: [!Ref Role], PolicyDocument: {READ}}}
  Second:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: P
      Roles: [!If [IsProd, !Ref Role, !Ref AWS::NoValue]]
      PolicyDocument: {WRITE}
""")
    assert [s.conditions for s in role(found).statements] == [("IsProd",), ("IsProd",)]
    (prod,), (other,) = (
        [leaf.scenario for leaf in View(found).where((("IsProd", outcome),))]
        for outcome in (True, False)
    )
    assert actions(role(found, scenario=prod)) == ["s3:GetObject", "s3:PutObject"]
    assert all(not s.conditions for s in role(found, scenario=prod).statements)
    assert actions(role(found, scenario=other)) == []


# --- managed policies -----------------------------------------------------------------------------


def managed(arns: str, more: str = "", region: str = "") -> Stack:
    return stack(
        f"  Role: {{Type: AWS::IAM::Role, Properties: {{ManagedPolicyArns: {arns}}}}}\n{more}",
        pseudo={"AWS::Region": region} if region else None,
    )


@pytest.mark.parametrize(
    "arn",
    [
        "'arn:aws:iam::aws:policy/" + TASKS + "'",
        "'arn:aws-cn:iam::aws:policy/" + TASKS + "'",
        "!Sub 'arn:${AWS::Partition}:iam::aws:policy/" + TASKS + "'",
        "!Join ['', ['arn:', !Ref AWS::Partition, ':iam::aws:policy/', " + TASKS + "]]",
        # As some of Copilot's own stacks have it.
        "'arn:${AWS::Partition}:iam::aws:policy/" + TASKS + "'",
    ],
)
def test_policies_of_aws(arn: str) -> None:
    """A policy that AWS manages is known by its ARN, in every partition."""
    found = role(managed(f"[{arn}]"))
    assert found.unread == ()
    assert "logs:PutLogEvents" in actions(found)
    assert all(s.place.path[-2:] == ("ManagedPolicyArns", 0) for s in found.statements)


def test_aws_writes_its_policies_in_the_current_version() -> None:
    """Their variables are variables, though the table of them leaves the Version out."""
    found = role(managed("['arn:aws:iam::aws:policy/AWSCodeCommitReadOnly']"))
    names = {hole.name for s in found.statements for e in s.resources for hole in e.text.holes}
    assert "policy variable aws:username" in names
    assert not any(s.has_literal_variables for s in found.statements)


@pytest.mark.parametrize(
    ("partition", "region", "attached"),
    [
        ("aws-us-gov", "us-gov-west-1", True),
        ("aws-cn", "cn-north-1", True),
        ("${AWS::Partition}", "us-gov-west-1", True),
        ("aws", "", True),
        ("aws", "us-gov-west-1", False),
        ("aws", "cn-north-1", False),
        ("aws-cn", "eu-west-1", False),
    ],
)
def test_policies_of_aws_in_another_partition(partition: str, region: str, attached: bool) -> None:
    """AWS manages its policies in each partition: an ARN of another one attaches nothing."""
    policy = f"arn:{partition}:iam::aws:policy/{TASKS}"
    found = role(managed(f"['{policy}']", region=region))
    assert found.unread == ()
    assert ("logs:PutLogEvents" in actions(found)) is attached
    assert [str(entry.text) for entry in found.elsewhere] == ([] if attached else [policy])


def test_a_boundary_of_aws_in_another_partition() -> None:
    """What such a boundary says is not known: there is none."""
    pseudo = {"AWS::Region": "us-gov-west-1"}
    found = role(stack(BOUNDED % "'arn:aws:iam::aws:policy/ReadOnlyAccess'", pseudo=pseudo))
    assert found.boundary is not None
    assert found.boundary.statements is None


@pytest.mark.parametrize(
    "arn",
    [
        "!Ref PolicyArn",
        "'arn:aws:iam::aws:policy/NoSuchPolicy'",
        "'arn:aws:iam::111122223333:policy/Elsewhere'",
        "!Sub 'arn:aws:iam::aws:policy/${Env}'",
        "!ImportValue shared-policy",
    ],
)
def test_unknown_managed_policies_are_missing_facts(arn: str) -> None:
    """A managed policy outside the run may say anything."""
    found = role(managed(f"[{arn}]"))
    assert found.statements == ()
    assert [fact.kind for fact in found.unread] == ["document"]


def test_managed_policies_that_are_handed_over() -> None:
    """A managed policy that is provided counts as read; a condition on its ARN stays."""
    run = Run(provided("Elsewhere"))
    arns = "['arn:aws:iam::111122223333:policy/Elsewhere', !Ref PolicyArn]"
    text = "  Role: {Type: AWS::IAM::Role, Properties: {ManagedPolicyArns: %s}}"
    found = role(stack(text % arns, run=run))
    assert actions(found) == ["s3:GetObject"]
    assert [fact.name for fact in found.unread] == ["managed policy ${PolicyArn}"]
    maybe = "[!If [IsProd, 'arn:aws:iam::111122223333:policy/Elsewhere', !Ref AWS::NoValue]]"
    (statement,) = role(stack(text % maybe, run=run, file="u.yml")).statements
    assert (statement.policy, statement.conditions) == ("Elsewhere", ("IsProd",))


@pytest.mark.parametrize(
    ("name", "expected"), [("Policy", "s3:PutObject"), (f"arn:aws:iam::aws:policy/{TASKS}", "")]
)
def test_what_is_handed_over_of_a_policy_that_is_known(name: str, expected: str) -> None:
    """A template of the run knows better what its policy will say; AWS's own may have changed."""
    policy = (
        "  Policy: {Type: AWS::IAM::ManagedPolicy, "
        f"Properties: {{ManagedPolicyName: Policy, PolicyDocument: {WRITE}}}}}"
    )
    arns = f"[!Ref Policy, 'arn:aws:iam::aws:policy/{TASKS}']"
    text = f"  Role: {{Type: AWS::IAM::Role, Properties: {{ManagedPolicyArns: {arns}}}}}\n{policy}"
    found = role(stack(text, run=Run(provided(name))))
    assert actions(found)[0] == "s3:PutObject"
    assert ("s3:GetObject" in actions(found)) is (not expected)


def test_an_unknown_list_of_managed_policies_is_a_missing_fact() -> None:
    """So is a list of which not even the length is known."""
    text = PARAMETERS.replace("Resources:", "").replace(
        "Conditions:", "  Arns: {Type: CommaDelimitedList}\nConditions:"
    )
    document = parse(
        text + "Resources: {Role: {Type: AWS::IAM::Role, "
        "Properties: {ManagedPolicyArns: !Ref Arns}}}",
        "t.yml",
    )
    assert len(role(Run().add(Package(document))).unread) == 1


def test_managed_policies_of_the_template() -> None:
    """A managed policy of the template attaches by its Ref, once, with its own condition."""
    found = managed(
        "[!Ref Policy, !If [IsProd, !Ref Second, !Ref AWS::NoValue]]",
        f"""
  Policy: {{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {READ}}}}}
  Second: {{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {WRITE}}}}}
  Third: {{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {WRITE}}}}}
""",
    )
    assert [(s.policy, s.conditions) for s in role(found).statements] == [
        ("Policy", ()),
        ("Second", ("IsProd",)),
    ]
    assert role(found).unread == ()


ADDONS = f"""
Parameters:
  Env: {{Type: String}}
  Execution: {{Type: String}}
Resources:
  Policy: {{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {WRITE}}}}}
  Attached:
    Type: AWS::IAM::Policy
    Properties: {{PolicyName: P, Roles: [!Ref Execution], PolicyDocument: {READ}}}
Outputs:
  PolicyArn: {{Value: !Ref Policy}}
"""


def test_policies_of_the_addons() -> None:
    """Outputs of the addons attach as Copilot attaches them, and the addons may name a role."""
    resources = """
  AddonsStack:
    Type: AWS::CloudFormation::Stack
    Properties: {Parameters: {Env: !Ref Env, Execution: !Ref Role}}
  Role: {Type: AWS::IAM::Role, Properties: {}}
  TaskRole:
    Type: AWS::IAM::Role
    Properties: {ManagedPolicyArns: [!GetAtt AddonsStack.Outputs.PolicyArn]}
"""
    found = stack(resources, addons=ADDONS)
    assert actions(role(found)) == ["s3:GetObject"]
    assert actions(role(found, "TaskRole")) == ["s3:PutObject"]
    assert role(found).unread == role(found, "TaskRole").unread == ()
    without = stack(resources)
    assert [fact.kind for fact in role(without, "TaskRole").unread] == ["document"]
    unsaid = stack(resources.replace(", Execution: !Ref Role", ""), addons=ADDONS)
    assert role(unsaid).unread == (Fact("attachment", "Attached"),)


def test_policies_of_other_stacks() -> None:
    """A policy of another stack of the run attaches where it certainly names the role."""
    run = Run()
    named = "  Role: {Type: AWS::IAM::Role, Properties: {RoleName: worker}}\n"
    policy = """
  Policy:
    Type: AWS::IAM::Policy
    Properties: {PolicyName: P, Roles: [%s], PolicyDocument: %s}
"""
    found = stack(named, run=run)
    stack(policy % ("worker", READ), run=run, file="one.yml")
    stack(policy % ("!Ref RoleName", WRITE), run=run, file="two.yml")
    assert actions(role(found)) == ["s3:GetObject"]
    assert role(found).unread == ()


# --- finding a role -------------------------------------------------------------------------------

NAMED = """
  Role: {Type: AWS::IAM::Role, Properties: {}}
  Named: {Type: AWS::IAM::Role, Properties: {RoleName: !Sub '${Env}-exec', Path: /app/}}
"""


@pytest.mark.parametrize(
    ("reference", "logical_id"),
    [
        ({"Fn::GetAtt": "Role.Arn"}, "Role"),
        ({"Fn::GetAtt": ["Role", "Arn"]}, "Role"),
        ({"Ref": "Role"}, "Role"),
        ({"Fn::Sub": "${Role.Arn}"}, "Role"),
        ({"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/app/${Env}-exec"}, "Named"),
        ({"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/${Env}-exec"}, None),
        ({"Fn::Sub": "arn:aws:iam::111122223333:role/app/${Env}-exec"}, None),
        ({"Fn::Sub": "${Env}-exec"}, "Named"),
        ("arn:aws:iam::111122223333:role/elsewhere", None),
        ({"Ref": "RoleName"}, None),
    ],
)
def test_roles_are_found_by_arn_and_name(reference: object, logical_id: str | None) -> None:
    """A role is found where it certainly is the one, path and all."""
    found = stack(NAMED)
    text = found.resolver().text(reference, ())
    got = role_named(View(found), text)
    assert (got.logical_id if got else None) == logical_id


def test_roles_are_found_in_other_stacks() -> None:
    """An imported role is the role of the stack that exports it."""
    run = Run()
    stack(
        "  Role: {Type: AWS::IAM::Role, Properties: {}}\n"
        "Outputs: {Role: {Value: !GetAtt Role.Arn, Export: {Name: exec}}}",
        run=run,
        file="env.yml",
    )
    found = stack("  Bucket: {Type: AWS::S3::Bucket}", run=run)
    imported = found.resolver().text({"Fn::ImportValue": "exec"}, ())
    got = role_named(View(found), imported)
    assert got is not None
    assert got.place.file == "env.yml"


SOMETIMES = """
  Own: {Type: AWS::IAM::Role, Condition: IsProd, Properties: {RoleName: own}}
  Other: {Type: AWS::IAM::Role, Properties: {RoleName: %s}}
"""


@pytest.mark.parametrize("name", ["other", "!If [IsProd, other, own]", "!Ref RoleName"])
@pytest.mark.parametrize("is_prod", [True, False])
def test_roles_are_found_as_a_scenario_names_them(name: str, is_prod: bool) -> None:
    """One that is not there in it has no name, and one has that of its branch."""
    anyhow = View(stack(SOMETIMES % name))
    assert role_named(anyhow, Text.of("other")) is None or name == "other"
    (view,) = [it for it in anyhow.settle("IsProd") if it.decide("IsProd") is is_prod]
    names = {"Own": "own"} if is_prod else {}
    if "Ref" in name:
        chosen = view.choosing({"RoleName": "other"})
        assert chosen is not None
        view = chosen
    names["Other"] = "own" if "If" in name and not is_prod else "other"
    for wanted in ("own", "other"):
        got = role_named(view, Text.of(wanted))
        expected = next((it for it, named in names.items() if named == wanted), None)
        assert (got and got.logical_id) == expected
        assert got is None or got.name.literal == wanted


def test_two_roles_are_never_one() -> None:
    """Names that AWS makes up for two roles differ."""
    found = stack("  A: {Type: AWS::IAM::Role}\n  B: {Type: AWS::IAM::Role}")
    one, two = (role(found, name) for name in "AB")
    assert one.name.equals(two.name) is False
    assert one.arn.equals(two.arn) is False
    assert one.name.equals(Text.of("worker")) is None


@pytest.mark.parametrize("first", ["one", "two"])
def test_a_policy_of_aws_that_a_parameter_names_is_that_of_the_scenario(first: str) -> None:
    """Two policies at one place of the template are read apart, whichever is read first."""
    policies = {
        "one": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
        "two": "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
    }
    resource = "{Type: AWS::IAM::Role, Properties: {ManagedPolicyArns: [!Ref PolicyArn]}}"
    anyhow = View(stack(f"  Role: {resource}"))
    names = [first, *(name for name in policies if name != first)]
    services = {}
    for name in names:
        view = anyhow.choosing({"PolicyArn": policies[name]})
        assert view is not None
        (role,) = roles(view)
        actions = [entry.text.literal or "" for s in role.statements for entry in s.actions]
        services[name] = {action.partition(":")[0] for action in actions}
    assert services["one"] >= {"s3"}
    assert services["two"] >= {"ecr"}
    assert not services["one"] & services["two"]
