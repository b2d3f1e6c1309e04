"""``simulate --template``: a role and the policies of resources, out of a template."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.cli.conftest import Run, Write

STACK = """\
Parameters:
  Prefix: {Type: String, Default: app}
  FilesName: {Type: String}
  Flag: {Type: String, Default: ''}
Conditions:
  IsLocked: !Equals [!Ref AWS::Region, eu-west-1]
  HasFlag: !Not [!Equals [!Ref Flag, '']]
Resources:
  Data:
    Type: AWS::S3::Bucket
  DataPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Data
      PolicyDocument:
        Statement:
          - {Effect: Deny, Principal: '*', Action: 's3:*', Resource: !Sub '${Data.Arn}/private/*'}
          - Effect: Allow
            Principal: {AWS: !GetAtt App.Arn}
            Action: s3:PutObject
            Resource: !Sub ${Data.Arn}/*
  Files:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Ref FilesName}
  FilesPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Files
      PolicyDocument:
        Statement:
          - {Effect: Deny, Principal: '*', Action: 's3:*', Resource: !Sub '${Files.Arn}/private/*'}
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Statement:
          - Effect: Allow
            Principal: {AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}
            Action: kms:Decrypt
            Resource: '*'
  Images:
    Type: AWS::ECR::Repository
    Properties:
      RepositoryName: web
      RepositoryPolicyText: {Statement: {Effect: Deny, Principal: '*', Action: 'ecr:*'}}
  Token:
    Type: AWS::SecretsManager::Secret
  TokenPolicy:
    Type: AWS::SecretsManager::ResourcePolicy
    Properties:
      SecretId: !Ref Token
      ResourcePolicy:
        Statement: {Effect: Deny, Principal: '*', Action: '*', Resource: '*'}
  App:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      Policies:
        - PolicyName: app
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: s3:GetObject
                Resource: [!Sub '${Data.Arn}/*', !Sub '${Files.Arn}/${Prefix}/*']
              - {Effect: Allow, Action: ['kms:*', 'secretsmanager:*', 'ecr:*'], Resource: '*'}
              - Fn::If:
                  - IsLocked
                  - {Effect: Deny, Action: 's3:*', Resource: !Sub '${Data.Arn}/locked/*'}
                  - !Ref AWS::NoValue
"""
CALL = ("simulate", "--template", "stack.yml", "--role", "App")


@pytest.fixture
def decisions(run: Run, write: Write) -> Any:
    """Simulates an action on resources; gives decision, layer and missing facts of each."""
    write({"stack.yml": STACK})

    def ask(action: str, *resources: str, more: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
        result = run(*CALL, *more, "--action-names", action, "--resource-arns", *resources)
        assert (result.status, result.err) == (0, "")
        (answer,) = json.loads(result.out)["EvaluationResults"]
        assert [it["EvalResourceName"] for it in answer["ResourceSpecificResults"]] == [*resources]
        return [
            (
                it["EvalResourceDecision"],
                it.get("DecidedBy"),
                *(fact["Name"] for fact in it.get("MissingFacts", ())),
            )
            for it in answer["ResourceSpecificResults"]
        ]

    return ask


IDENTITY, RESOURCE = "identity-based policy", "resource-based policy"


def test_resources_are_named_as_in_sub(decisions: Any) -> None:
    """What AWS makes up is the same wherever the template names it: that much can be proved."""
    assert decisions("s3:GetObject", "${Data.Arn}/a", "arn:aws:s3:::${Data}/a") == [
        ("allowed", None),
        ("allowed", None),
    ]
    assert decisions("s3:GetObject", "${Files.Arn}/app/a") == [("allowed", None)]
    assert decisions("s3:PutObject", "${Files.Arn}/app/a") == [("implicitDeny", IDENTITY)]


def test_the_policy_of_a_bucket_counts(decisions: Any) -> None:
    """Its Deny wins over the role's Allow, and within an account its Allow is enough."""
    assert decisions("s3:GetObject", "${Data.Arn}/private/a") == [("explicitDeny", RESOURCE)]
    assert decisions("s3:PutObject", "${Data.Arn}/a", "${Files.Arn}/app/a") == [
        ("allowed", None),
        ("implicitDeny", IDENTITY),
    ]


def test_the_policy_of_a_key_must_allow(decisions: Any) -> None:
    """Whatever the role may do, the key lets in whom its own policy does."""
    assert decisions("kms:Decrypt", "${Key.Arn}") == [("allowed", None)]
    assert decisions("kms:Encrypt", "${Key.Arn}") == [("implicitDeny", RESOURCE)]


def test_the_policy_of_a_secret_counts(decisions: Any) -> None:
    """Ref of a secret is its ARN."""
    assert decisions("secretsmanager:GetSecretValue", "${Token}") == [("explicitDeny", RESOURCE)]


def test_another_policy_takes_the_place_of_the_templates(decisions: Any) -> None:
    """--resource-policy is the policy of every resource that is named."""
    own = json.dumps({"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:Put*",
                                    "Resource": "*"}})  # fmt: skip
    more = ("--resource-policy", own)
    assert decisions("s3:GetObject", "${Data.Arn}/private/a", more=more) == [("allowed", None)]


def test_a_written_out_arn_may_be_a_resource_of_the_template(decisions: Any) -> None:
    """Its name is not known before it is made: its policy may be that of what is asked for."""
    bucket, key = "arn:aws:s3:::files/app/a", "arn:aws:kms:eu-west-1:111122223333:key/abc"
    ((decision, _, *facts),) = decisions("s3:GetObject", bucket)
    assert decision == "undetermined"
    assert facts[:2] == [
        "whether 'files' is 'Data' of the template",
        "whether 'files' is 'Files' of the template",
    ]
    assert decisions("kms:Decrypt", key) == [
        ("undetermined", RESOURCE, f"whether '{key}' is 'Key' of the template")
    ]
    secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:token-a1b2c3"
    assert decisions("secretsmanager:GetSecretValue", secret)[0][0] == "undetermined"
    image = "arn:aws:ecr:eu-west-1:111122223333:repository/web"
    fact = f"whether '{image}' is 'Images' of the template"
    for more in ((), ("--region", "eu-west-1")):
        found = decisions("ecr:BatchGetImage", image, more=more)
        assert found == [("undetermined", RESOURCE, fact)]
    here = ("--region", "eu-west-1", "--account", "111122223333")
    assert decisions("ecr:BatchGetImage", image, more=here) == [("explicitDeny", RESOURCE)]
    other = image.replace("web", "api")
    assert decisions("ecr:BatchGetImage", other, more=here) == [("allowed", None)]


def test_resources_outside_have_no_policy(decisions: Any) -> None:
    """As in AWS's simulator, a policy that nobody gives is none: a secret of another name."""
    other = "arn:aws:sqs:eu-west-1:111122223333:q"
    assert decisions("sqs:SendMessage", other) == [("implicitDeny", IDENTITY)]


def test_open_conditions_leave_the_answer_open(decisions: Any) -> None:
    """Without a region, nobody knows whether there is a Deny; with one, everybody does."""
    on = "${Data.Arn}/locked/a"
    assert decisions("s3:GetObject", on) == [("undetermined", IDENTITY, "IsLocked")]
    denied, allowed = ("explicitDeny", IDENTITY), ("allowed", None)
    assert decisions("s3:GetObject", on, more=("--region", "eu-west-1")) == [denied]
    assert decisions("s3:GetObject", on, more=("--region", "eu-west-2")) == [allowed]


def test_parameters_make_names_known(decisions: Any, write: Write) -> None:
    """Values come from --params and --parameter, of which the latter wins."""
    write({"p.json": json.dumps({"Parameters": {"FilesName": "files", "Prefix": "web"}})})
    denied = ("explicitDeny", RESOURCE)
    private = "arn:aws:s3:::files/private/a"
    assert decisions("s3:GetObject", private, more=("--parameter", "FilesName=files")) == [denied]
    assert decisions("s3:GetObject", private, more=("--params", "p.json")) == [denied]
    on = ("${Files.Arn}/web/a", "arn:aws:s3:::files/app/a", "arn:aws:s3:::files/private/a")
    web = [it[0] for it in decisions("s3:GetObject", *on, more=("--params", "p.json"))]
    assert (web[0], web[1] != "allowed", web[2]) == ("allowed", True, "explicitDeny")
    both = ("--params", "p.json", "--parameter", "Prefix=app")
    app = [it[0] for it in decisions("s3:GetObject", *on, more=both)]
    assert (app[0] != "allowed", app[1], app[2]) == (True, "allowed", "explicitDeny")


def test_the_account_makes_a_call_one_across_accounts(decisions: Any) -> None:
    """An ARN names the account of its resource; --account is that of the role."""
    key = "arn:aws:secretsmanager:eu-west-1:444455556666:secret:x-a1b2c3"
    here, there = ("--account", "444455556666"), ("--account", "111122223333")
    assert decisions("secretsmanager:GetSecretValue", key, more=here)[0][0] != "implicitDeny"
    assert decisions("secretsmanager:GetSecretValue", key, more=there)[0][0] != "allowed"


def test_policies_of_the_command_line_come_on_top(decisions: Any) -> None:
    """A Deny that is tried out, before it is written into the template."""
    deny = json.dumps({"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}})
    more = ("--policy-input-list", deny)
    assert decisions("s3:GetObject", "${Data.Arn}/a", more=more) == [("explicitDeny", IDENTITY)]


def test_the_deciding_statement_has_its_place(run: Run, write: Write) -> None:
    """The policy of a bucket is named by its logical id, with the place in the template."""
    write({"stack.yml": STACK})
    result = run(
        *CALL, "--action-names", "s3:GetObject", "--resource-arns", "${Data.Arn}/private/a",
        "--query", "EvaluationResults[0].MatchedStatements", "--output", "text",
    )  # fmt: skip
    assert result.out == "DataPolicy\tResource Policy\nENDPOSITION\t99\t17\nSTARTPOSITION\t13\t17\n"


SEE = " (see 'copilot-preflight simulate --help')"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("--resource-arns", "${Dta.Arn}/a"),
            "invalid value for --resource-arns: 'stack.yml' has no resource or parameter 'Dta': "
            f"did you mean 'Data'?{SEE}",
        ),
        (
            ("--resource-arns", "${Data}"),
            "invalid value for --resource-arns: '${Data}' is the name of 'Data': its ARN is "
            f"${{Data.Arn}}{SEE}",
        ),
        (
            ("--resource-arns", "${Prefix}/a"),
            "invalid value for --resource-arns: '${Prefix}/a' is 'app/a' in 'stack.yml', which is "
            f"no ARN{SEE}",
        ),
        (
            ("--role", "Ap"),
            f"invalid value for --role: 'stack.yml' has no role 'Ap': did you mean 'App'?{SEE}",
        ),
        (
            ("--role", "Somebody"),
            f"invalid value for --role: 'stack.yml' has no role 'Somebody': it has App{SEE}",
        ),
        (
            ("--parameter", "Prefx=a"),
            "--parameter: no template of the run declares parameter 'Prefx': is this another "
            "stack's?",
        ),
        (
            ("--parameter", "Prefix"),
            f"invalid value for --parameter: 'Prefix' is not KEY=VALUE{SEE}",
        ),
        (
            ("--region", "Ireland"),
            f"invalid value for --region: must be a region such as eu-west-1, found 'Ireland'{SEE}",
        ),
        (
            ("--account", "12"),
            f"invalid value for --account: must be the 12 digits of an account, found '12'{SEE}",
        ),
        (("--params", "no.json"), "no.json: cannot read: no such file or directory"),
        (("--template", "no.yml"), "no.yml: cannot read: no such file or directory"),
        (
            ("--template", "policy.json"),
            "policy.json:1:1: no CloudFormation template: it has no Resources",
        ),
        (("--template", "broken.yml"), "broken.yml:1:12: Resources must be a map, found 5"),
        (
            ("--template", "circle.yml"),
            "circle.yml:1:17: condition depends on itself: A -> A",
        ),
    ],
)
def test_bad_input(run: Run, write: Write, arguments: tuple[str, ...], told: str) -> None:
    """One line, with the place where there is one."""
    write(
        {
            "stack.yml": STACK,
            "policy.json": '{"Statement": []}',
            "broken.yml": "Resources: 5",
            "circle.yml": "Conditions: {A: !Not [!Condition A]}\nResources: {App: {Type: "
            "AWS::IAM::Role}}\n",
        }
    )
    result = run(*CALL, "--action-names", "s3:GetObject", *arguments)
    assert (result.status, result.out, result.err) == (2, "", f"error: {told}\n")


@pytest.mark.parametrize(
    "option",
    [("--params", "p.json"), ("--parameter", "A=b"), ("--region", "x"), ("--account", "1")],
)
def test_what_belongs_to_a_template_needs_one(run: Run, option: tuple[str, str]) -> None:
    """It would be of no use, in silence."""
    result = run("simulate", "--action-names", "s3:GetObject", *option)
    assert (result.status, result.err) == (
        2, f"error: {option[0]} is of use with --template only{SEE}\n",
    )  # fmt: skip


def test_values_of_noecho_parameters_are_not_told(run: Run, write: Write) -> None:
    """A policy that is called after one has a hole for its name; the value still decides."""
    grant = "{Effect: Allow, Action: 's3:*', Resource: !Sub 'arn:aws:s3:::${Name}/*'}"
    policy = f"{{PolicyName: !Ref Name, PolicyDocument: {{Statement: {grant}}}}}"
    write(
        {
            "stack.yml": f"""\
Parameters:
  Name: {{Type: String, NoEcho: true}}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {{Effect: Allow, Principal: {{Service: ecs-tasks.amazonaws.com}},
                     Action: 'sts:AssumeRole'}}
      Policies: [{policy}]
"""
        }
    )
    result = run(
        "simulate", "--template", "stack.yml", "--role", "Role", "--parameter", "Name=hunter2",
        "--action-names", "s3:GetObject", "--resource-arns", "arn:aws:s3:::${Name}/x",
    )  # fmt: skip
    assert '"EvalDecision": "allowed"' in result.out
    assert '"SourcePolicyId": "${Name}"' in result.out
    assert "hunter2" not in result.out
