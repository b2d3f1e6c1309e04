"""Decisions on calls: what is proved, in which scenario, and what nobody can tell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests import stacks
from tests.stacks import stack

from copilot_preflight.access.decide import Decision
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.inputs.package import Package
from copilot_preflight.needs.env_files import ENV_FILE
from copilot_preflight.read.document import read
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.stack import Stack

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

ALLOWED, DENIED = Outcome.ALLOWED, Outcome.IMPLICIT_DENY
EXPLICIT, OPEN = Outcome.EXPLICIT_DENY, Outcome.UNDETERMINED


def told(decision: Decision) -> tuple[str, Outcome, str]:
    return decision.call.action, decision.outcome, str(decision.call.view.scenario)


def decisions(found: Stack) -> list[tuple[str, Outcome, str]]:
    """The decisions on the environment files; a role's own grants may imply more calls."""
    return [told(d) for d in Analysis(found).decisions if d.call.need.kind == ENV_FILE]


def outcomes(found: Stack, action: str = "s3:GetObject") -> list[Outcome]:
    return [outcome for name, outcome, _ in decisions(found) if name == action]


# --- Copilot's own policy -------------------------------------------------------------------------

COPILOT = """
Parameters:
  AppName: {Type: String}
  EnvName: {Type: String}
  WorkloadName: {Type: String}
  EnvFileARN: {Type: String, Default: ''}
  ArtifactKeyARN: {Type: String}
Conditions:
  HasEnvFile: !Not [!Equals [!Ref EnvFileARN, '']]
Resources:
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt ExecutionRole.Arn
      ContainerDefinitions:
        - Name: !Ref WorkloadName
          EnvironmentFiles:
            - !If
              - HasEnvFile
              - Type: s3
                Value: !Ref EnvFileARN
              - !Ref AWS::NoValue
  ExecutionRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {Service: ecs-tasks.amazonaws.com}
            Action: 'sts:AssumeRole'
      Policies:
        - PolicyName: Secrets
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - Effect: Allow
                Action: ['ssm:GetParameters']
                Resource:
                  - !Sub 'arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/*'
                Condition:
                  StringEquals:
                    'ssm:ResourceTag/copilot-application': !Ref AppName
              - Effect: Allow
                Action: ['kms:Decrypt']
                Resource: !Ref ArtifactKeyARN
        - !If
          - HasEnvFile
          - PolicyName: GetEnvFile
            PolicyDocument:
              Version: '2012-10-17'
              Statement:
                - Effect: Allow
                  Action: ['s3:GetObject']
                  Resource: [!Ref EnvFileARN]
                - Effect: Allow
                  Action: ['s3:GetBucketLocation']
                  Resource:
                    - Fn::Join:
                        - ''
                        - - 'arn:'
                          - !Ref AWS::Partition
                          - ':s3:::'
                          - !Select [0, !Split ['/', !Select [5, !Split [':', !Ref EnvFileARN]]]]
          - !Ref AWS::NoValue
      ManagedPolicyArns:
        - !Sub 'arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy'
"""


@pytest.mark.parametrize(
    "parameters",
    [
        None,
        {"EnvFileARN": "arn:aws:s3:::b/manual/env-files/x.env/1.env"},
        {
            "EnvFileARN": "arn:aws-cn:s3:::b/manual/env-files/x.env/1.env",
            "ArtifactKeyARN": "arn:aws-cn:kms:cn-north-1:111122223333:key/k",
        },
    ],
)
def test_copilots_policy_is_proved_right(parameters: Mapping[str, str] | None) -> None:
    """Every call for the env file is allowed, with every parameter known and with none."""
    found = decisions(stack(COPILOT, parameters))
    assert [(action, outcome) for action, outcome, _ in found] == [
        ("s3:GetObject", ALLOWED),
        ("s3:GetBucketLocation", ALLOWED),
        ("kms:Decrypt", ALLOWED),
    ]


def test_no_env_file_is_no_call() -> None:
    """A package without its upload reads nothing."""
    assert decisions(stack(COPILOT, {"EnvFileARN": ""})) == []


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_every_stack_of_copilot_is_proved_right() -> None:
    """In the golden stacks no call is denied and all env files can be read, with no value known."""
    calls = 0
    for file in sorted(CORPUS.rglob("*.yml")):
        if "Resources:" not in file.read_text(encoding="utf-8"):
            continue
        found = Analysis(Run().add(Package(read(file)))).decisions
        calls += len(found)
        assert [told(d) for d in found if d.is_denied] == [], file.name
        files = [d for d in found if d.call.need.kind == "env-file"]
        assert [told(d) for d in files if d.outcome is not ALLOWED] == [], file.name
    assert calls > 50


# --- a role, a file and a statement ---------------------------------------------------------------

TEMPLATE = (
    """
Parameters:
  Env: {{Type: String}}
  BucketParam: {{Type: String}}
  PathParam: {{Type: String}}
  KeyParam: {{Type: String, Default: ''}}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsStaging: !Equals [!Ref Env, staging]
  IsNotProd: !Not [{{Condition: IsProd}}]
  IsMapped: !Equals [!FindInMap [M, !Ref AWS::Region, x], y]
  IsNotMapped: !Not [{{Condition: IsMapped}}]
  HasKey: !Not [!Equals [!Ref KeyParam, '']]
Mappings: {{M: {{eu-west-1: {{x: y}}}}}}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {bucket}
  Named: {{Type: AWS::S3::Bucket, Properties: {{BucketName: b}}}}
"""
    + stacks.task("EnvironmentFiles: [{file}]", "ExecutionRoleArn: {role}")
    + """
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: P
          PolicyDocument:
            Version: '2012-10-17'
            Statement: [{statements}]
  Other:
    Type: AWS::IAM::Role
    Properties: {{}}
{more}
"""
)


def template(
    file: str,
    *statements: str,
    role: str = "!GetAtt Role.Arn",
    bucket: str = "{}",
    more: str = "",
    under: str = "",
) -> Stack:
    """One task, one role and one file, which is there under the condition ``under``."""
    file = f"{{Type: s3, Value: {file}}}"
    if under:
        file = f"!If [{under}, {file}, !Ref AWS::NoValue]"
    return stack(
        TEMPLATE.format(
            file=file, statements=", ".join(statements), role=role, bucket=bucket, more=more
        )
    )


def allow(resource: str, action: str = "'s3:GetObject'", more: str = "") -> str:
    return f"{{Effect: Allow, Action: {action}, Resource: {resource}{more}}}"


CDK = "!Join ['', ['arn:', !Ref AWS::Partition, ':s3:::', !Ref Bucket, %s]]"
OF_BUCKET = CDK % "/app.env"
ALL_OF_BUCKET = CDK % "'/*'"


@pytest.mark.parametrize(
    ("file", "resource", "outcome"),
    [
        # CDK's way to spell ARNs.
        (OF_BUCKET, ALL_OF_BUCKET, ALLOWED),
        (OF_BUCKET, OF_BUCKET, ALLOWED),
        (OF_BUCKET, "!GetAtt Bucket.Arn", DENIED),
        (OF_BUCKET, "!Join ['', [!GetAtt Bucket.Arn, '/*']]", ALLOWED),
        (OF_BUCKET, "!Sub '${Bucket.Arn}/app.env'", ALLOWED),
        (OF_BUCKET, "!Sub '${Bucket.Arn}/other.env'", DENIED),
        (OF_BUCKET, "!Sub '${Bucket.Arn}-logs/*'", DENIED),
        ("!Sub '${Bucket.Arn}/app.env'", ALL_OF_BUCKET, ALLOWED),
        ("!Join ['/', [!GetAtt Bucket.Arn, app.env]]", ALL_OF_BUCKET, ALLOWED),
        # A bucket whose name is a parameter: it need not be a name alone.
        ("!Sub 'arn:aws:s3:::${BucketParam}/app.env'", "'arn:aws:s3:::b/*'", OPEN),
        ("!Sub 'arn:aws:s3:::${BucketParam}/app.env'", "'arn:aws:s3:::*/other.env'", DENIED),
        ("!Sub 'arn:aws:s3:::${BucketParam}/app.env'", "'arn:aws:s3:::b/x/app.env'", OPEN),
        ("!Sub 'arn:aws:s3:::${BucketParam}/app.env'", "!GetAtt Bucket.Arn", DENIED),
        ("!Sub 'arn:aws:s3:::b/${PathParam}'", "'arn:aws:s3:::b/x/*'", OPEN),
        ("!Sub 'arn:aws:s3:::b/${PathParam}'", "!Sub 'arn:aws:s3:::b/${PathParam}'", ALLOWED),
        ("!Sub 'arn:aws:s3:::b/${PathParam}'", "'arn:aws:s3:::c/*'", DENIED),
        # Everything known.
        ("arn:aws:s3:::b/app.env", "'arn:aws:s3:::b/app.env'", ALLOWED),
        ("arn:aws:s3:::b/app.env", "'arn:aws:s3:::b/*.env'", ALLOWED),
        ("arn:aws:s3:::b/app.env", "'arn:aws:s3:::b/app.en?'", ALLOWED),
        ("arn:aws:s3:::b/app.env", "'*'", ALLOWED),
        ("arn:aws:s3:::b/app.env", "'arn:aws:s3:::b'", DENIED),
        ("arn:aws:s3:::b/app.env", "'arn:aws:s3:::B/*'", DENIED),
        ("arn:aws:s3:::b/app.env", "'arn:aws-cn:s3:::b/*'", DENIED),
        ("arn:aws:s3:::b/app.env", "!Sub 'arn:${AWS::Partition}:s3:::b/*'", ALLOWED),
        ("arn:aws:s3:::b/app.env", "!Sub 'arn:aws:s3:::b/${!aws:PrincipalTag/x}'", OPEN),
        ("arn:aws:s3:::b/app.env", "'arn:aws:s3'", ALLOWED),
        ("arn:aws:s3:::b/app.env", "'arn:aws:sqs'", DENIED),
        ("!Sub '${Bucket.Arn}/app.env'", "!Sub 'arn:${AWS::Partition}:s3'", ALLOWED),
        ("arn:aws:s3:::b/app.env", "'arn:aws:s3:*/app.env'", OPEN),
        ("arn:aws:s3:::b/app.env", "!ImportValue elsewhere", OPEN),
        ("arn:aws:s3:::b/app.env", "!Ref AWS::NoValue", OPEN),
    ],
)
def test_one_statement(file: str, resource: str, outcome: Outcome) -> None:
    """What one grant makes of the call."""
    assert outcomes(template(file, allow(resource))) == [outcome]


@pytest.mark.parametrize(
    ("version", "outcome"),
    [
        ("Version: '2012-10-17'", OPEN),
        ("Version: 2008-10-17", DENIED),
        ("Id: P", DENIED),
        ("Version: !Ref Env", OPEN),
    ],
)
def test_variables_need_a_version(version: str, outcome: Outcome) -> None:
    """Without a Version, or with the first, a variable is text, and no name of a file.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
    """
    granted = allow("!Sub 'arn:aws:s3:::b/${!aws:PrincipalTag/x}'")
    text = TEMPLATE.format(
        file="{Type: s3, Value: arn:aws:s3:::b/app.env}",
        statements=granted,
        role="!GetAtt Role.Arn",
        bucket="{}",
        more="",
    )
    assert "Version: '2012-10-17'" in text
    assert outcomes(stack(text.replace("Version: '2012-10-17'", version))) == [outcome]


@pytest.mark.parametrize("resource", ["'arn:aws:s3:::*'", "!Sub 'arn:aws:s3:::${BucketParam}/*'"])
def test_a_bucket_that_a_parameter_names(resource: str) -> None:
    """What the role may do is one half; the other is the bucket's policy, in the run or not."""
    file = "!Sub 'arn:aws:s3:::${BucketParam}/app.env'"
    policy = """
  OfBucket:
    Type: AWS::S3::BucketPolicy
    Properties: {Bucket: !Ref BucketParam, PolicyDocument: {Statement: []}}
"""
    assert outcomes(template(file, allow(resource))) == [OPEN]
    assert outcomes(template(file, allow(resource), more=policy)) == [ALLOWED]


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ("{Bool: {'aws:SecureTransport': 'true'}}", ALLOWED),
        ("{Bool: {'aws:SecureTransport': 'false'}}", DENIED),
        ("{StringEquals: {'aws:PrincipalArn': !GetAtt Role.Arn}}", ALLOWED),
        ("{ArnLike: {'aws:PrincipalArn': !Sub 'arn:${AWS::Partition}:iam::*:role/*'}}", ALLOWED),
        ("{StringEquals: {'aws:PrincipalArn': !GetAtt Other.Arn}}", DENIED),
        ("{StringEquals: {'aws:SourceVpce': vpce-1}}", OPEN),
        ("{StringEquals: {'s3:ExistingObjectTag/x': y}}", OPEN),
        ("{StringEqualsIfExists: {'s3:ExistingObjectTag/x': y}}", OPEN),
        ("!Ref Env", OPEN),
    ],
)
def test_conditions_of_a_grant(condition: str, outcome: Outcome) -> None:
    """Facts that a file cannot show leave the call open; those it shows decide it."""
    statement = allow("'*'", more=f", Condition: {condition}")
    assert outcomes(template("arn:aws:s3:::b/app.env", statement)) == [outcome]


DENY = "{Effect: Deny, Action: 's3:*', Resource: '*'%s}"


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ("", EXPLICIT),
        (", Condition: {Bool: {'aws:SecureTransport': 'false'}}", ALLOWED),
        (", Condition: {StringNotEquals: {'aws:SourceVpc': vpc-1}}", OPEN),
        (", Condition: {StringNotEquals: {'aws:PrincipalArn': !GetAtt Role.Arn}}", ALLOWED),
    ],
)
def test_a_deny_of_the_role(more: str, outcome: Outcome) -> None:
    """A Deny that certainly holds wins; one that may hold leaves the call open."""
    file = "arn:aws:s3:::b/app.env"
    assert outcomes(template(file, allow("'*'"), DENY % more)) == [outcome]


# --- scenarios ------------------------------------------------------------------------------------

FILE = "arn:aws:s3:::b/app.env"


def test_a_grant_under_the_condition_of_its_file() -> None:
    """File and grant that come and go together are right in every scenario."""
    found = template(FILE, f"!If [IsProd, {allow(FILE)}, !Ref AWS::NoValue]", under="IsProd")
    assert decisions(found) == [
        ("s3:GetObject", ALLOWED, "IsProd is true"),
        ("s3:GetBucketLocation", DENIED, "IsProd is true"),
    ]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("IsProd", [(ALLOWED, "IsProd is true"), (DENIED, "IsProd is false")]),
        ("IsMapped", [(ALLOWED, "IsMapped is true"), (DENIED, "IsMapped is false")]),
    ],
)
def test_a_grant_under_a_condition_of_its_own(
    condition: str, expected: list[tuple[Outcome, str]]
) -> None:
    """A grant that is not always there fails where it is not, and the scenario is named."""
    found = template(FILE, f"!If [{condition}, {allow(FILE)}, !Ref AWS::NoValue]")
    reads = [(o, when) for action, o, when in decisions(found) if action == "s3:GetObject"]
    assert reads == expected


@pytest.mark.parametrize(
    ("file", "grant", "expected"),
    [
        # One parameter is never two values.
        ("IsProd", "IsStaging", DENIED),
        # A condition and its negation, told by a parameter or by nothing that can be read.
        ("IsProd", "IsNotProd", DENIED),
        ("IsMapped", "IsNotMapped", DENIED),
        ("IsMapped", "IsMapped", ALLOWED),
        ("IsNotMapped", "IsNotMapped", ALLOWED),
    ],
)
def test_conditions_that_hang_together(file: str, grant: str, expected: Outcome) -> None:
    """Scenarios contradict neither themselves nor each other."""
    found = template(FILE, f"!If [{grant}, {allow(FILE)}, !Ref AWS::NoValue]", under=file)
    assert outcomes(found) == [expected]
    negated = template(FILE, f"!If [{grant}, !Ref AWS::NoValue, {allow(FILE)}]", under=file)
    assert outcomes(negated) == [ALLOWED if expected is DENIED else DENIED]


@pytest.mark.parametrize(
    "file",
    [
        "!If [IsProd, 'arn:aws:s3:::b/prod.env', 'arn:aws:s3:::b/test.env']",
        "!Sub ['arn:aws:s3:::b/${N}.env', {N: !If [IsProd, prod, test]}]",
        "!Join ['', ['arn:aws:s3:::b/', !If [IsProd, prod, test], .env]]",
        "!Join ['', ['arn:aws:s3:::', !If [IsProd, b/prod, b/test], .env]]",
        "!Join ['', !If [IsProd, ['arn:aws:s3:::b/prod.env'], ['arn:aws:s3:::b/test.env']]]",
    ],
)
def test_a_file_that_hangs_on_a_condition(file: str) -> None:
    """However the condition gets into the value, each of its files is judged in its scenario."""
    found = template(file, allow("'arn:aws:s3:::b/prod.env'"))
    reads = [(o, when) for action, o, when in decisions(found) if action == "s3:GetObject"]
    assert reads == [(ALLOWED, "IsProd is true"), (DENIED, "IsProd is false")]


def test_a_role_that_hangs_on_a_condition() -> None:
    """Each scenario is judged with the role that it has."""
    for role in (
        "!If [IsProd, !GetAtt Role.Arn, !GetAtt Other.Arn]",
        "!Sub ['${R}', {R: !If [IsProd, !GetAtt Role.Arn, !GetAtt Other.Arn]}]",
    ):
        found = template(FILE, allow(FILE), role=role)
        reads = [(o, when) for action, o, when in decisions(found) if action == "s3:GetObject"]
        assert reads == [(ALLOWED, "IsProd is true"), (DENIED, "IsProd is false")]


def test_encryption_that_hangs_on_a_condition() -> None:
    """A bucket with an optional key asks for kms:Decrypt where it has the key."""
    key = "{SSEAlgorithm: 'aws:kms', KMSMasterKeyID: !GetAtt Key.Arn}"
    none = "{SSEAlgorithm: AES256}"
    bucket = (
        "{BucketEncryption: {ServerSideEncryptionConfiguration: [{ServerSideEncryptionByDefault: "
        f"!If [HasKey, {key}, {none}]}}]}}}}"
    )
    keys = "  Key: {Type: AWS::KMS::Key}"
    found = template(OF_BUCKET, allow(ALL_OF_BUCKET), bucket=bucket, more=keys)
    assert [d for d in decisions(found) if d[0] == "kms:Decrypt"] == [
        ("kms:Decrypt", DENIED, "HasKey is true")
    ]
    right = template(
        OF_BUCKET,
        allow(ALL_OF_BUCKET),
        allow("!GetAtt Key.Arn", "'kms:Decrypt'"),
        bucket=bucket,
        more=keys,
    )
    assert outcomes(right, "kms:Decrypt") == [ALLOWED]


def test_many_conditions_do_not_multiply() -> None:
    """Thirty grants for other files, each under a condition of its own, split nothing."""
    grants = [
        f"!If [IsProd, {allow(f'arn:aws:s3:::b/{index}.env')}, !Ref AWS::NoValue]"
        for index in range(30)
    ]
    found = template(FILE, *grants, allow(FILE))
    assert decisions(found)[0] == ("s3:GetObject", ALLOWED, "")


# --- other layers ---------------------------------------------------------------------------------

BUCKET_POLICY = """
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: {bucket}
      PolicyDocument:
        Statement:
          - {{Effect: {effect}, Principal: {principal}, Action: 's3:*', Resource: '*'{more}}}
"""


@pytest.mark.parametrize(
    ("principal", "more", "outcome"),
    [
        ("{AWS: !GetAtt Role.Arn}", "", ALLOWED),
        ("{AWS: [!GetAtt Other.Arn, !GetAtt Role.Arn]}", "", ALLOWED),
        ("'*'", "", ALLOWED),
        ("{AWS: !GetAtt Other.Arn}", "", DENIED),
        # The account delegates, and grants nothing.
        ("{AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}", "", DENIED),
        ("{AWS: '111122223333'}", "", DENIED),
        ("{Service: ecs-tasks.amazonaws.com}", "", DENIED),
        ("{AWS: !Ref PathParam}", "", OPEN),
        ("'*'", ", Condition: {StringEquals: {'aws:SourceVpce': vpce-1}}", OPEN),
        ("'*'", ", Condition: {Bool: {'aws:SecureTransport': 'false'}}", DENIED),
    ],
)
@pytest.mark.parametrize(
    ("file", "bucket"),
    [(OF_BUCKET, "!Ref Bucket"), ("arn:aws:s3:::elsewhere/app.env", "elsewhere")],
)
def test_bucket_policies(
    file: str, bucket: str, principal: str, more: str, outcome: Outcome
) -> None:
    """A bucket policy lets in the role that it names, be the bucket in the run or not."""
    policy = BUCKET_POLICY.format(bucket=bucket, effect="Allow", principal=principal, more=more)
    assert outcomes(template(file, allow("x"), more=policy)) == [outcome]


@pytest.mark.parametrize(
    ("statement", "outcome"),
    [
        (DENY % "", EXPLICIT),
        (DENY % ", Condition: {StringEquals: {'aws:SourceVpce': vpce-1}}", OPEN),
        (DENY % ", Condition: {Bool: {'aws:SecureTransport': 'false'}}", ALLOWED),
    ],
)
def test_a_deny_of_the_role_limits_a_bucket_policy(statement: str, outcome: Outcome) -> None:
    """What a bucket policy grants, the role's own Deny takes away again."""
    policy = BUCKET_POLICY.format(
        bucket="!Ref Bucket", effect="Allow", principal="{AWS: !GetAtt Role.Arn}", more=""
    )
    assert outcomes(template(OF_BUCKET, statement, more=policy)) == [outcome]


def test_a_role_outside_the_run_makes_no_call() -> None:
    """Of a role that is not there nothing is said."""
    assert decisions(template(FILE, allow(FILE), role="!ImportValue role")) == []


def test_names_of_two_roles_are_two_roles() -> None:
    """Policies that attach to another role of the template leave this one's calls decided."""
    policy = """
  Attached:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: P
      Roles: [!Ref Other]
      PolicyDocument: {Statement: {Effect: Allow, Action: 's3:*', Resource: '*'}}
"""
    assert outcomes(template(FILE, allow("x"), more=policy)) == [DENIED]
    mine = policy.replace("!Ref Other", "!Ref Role")
    assert outcomes(template(FILE, allow("x"), more=mine)) == [ALLOWED]
    either = policy.replace("!Ref Other", "!Ref PathParam")
    assert outcomes(template(FILE, allow("x"), more=either)) == [OPEN]


# --- layers that only limit -----------------------------------------------------------------------

BOUNDARY = """
  Limit:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: {{Statement: {{Effect: Allow, Action: '{action}', Resource: '*'}}}}
  Bounded:
    Type: AWS::IAM::Role
    Properties:
      PermissionsBoundary: {boundary}
      Policies: [{{PolicyName: P, PolicyDocument: {{Statement: {grant}}}}}]
"""


@pytest.mark.parametrize(
    ("boundary", "action", "expected"),
    [
        ("!Ref Limit", "s3:Get*", [(ALLOWED, "")]),
        ("!Ref Limit", "s3:Put*", [(DENIED, "")]),
        ("!ImportValue limit", "s3:Put*", [(OPEN, "")]),
        (
            "!If [IsProd, !Ref Limit, !Ref AWS::NoValue]",
            "s3:Put*",
            [(DENIED, "IsProd is true"), (ALLOWED, "IsProd is false")],
        ),
        ("!If [IsProd, !Ref Limit, !Ref AWS::NoValue]", "s3:Get*", None),
    ],
)
def test_a_boundary(boundary: str, action: str, expected: list[tuple[Outcome, str]] | None) -> None:
    """A boundary cuts off what is granted beyond it, in the scenarios that have it."""
    more = BOUNDARY.format(action=action, boundary=boundary, grant=allow("'*'"))
    found = template(FILE, role="!GetAtt Bounded.Arn", more=more)
    reads = [(o, when) for name, o, when in decisions(found) if name == "s3:GetObject"]
    if expected is None:
        assert {outcome for outcome, _ in reads} == {ALLOWED}
    else:
        assert reads == expected


ENDPOINT = """
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      VpcId: vpc-1
      ServiceName: com.amazonaws.eu-west-1.s3
      RouteTableIds: [rtb-1]
      PolicyDocument: {Statement: {Effect: Allow, Principal: '*', Action: 's3:Put*', Resource: '*'}}
"""


def test_an_endpoint_of_which_it_is_not_known_whom_it_serves() -> None:
    """It counts as a doubt in its own template; those of other templates are none of ours."""
    found = Analysis(template(FILE, allow("'*'"), more=ENDPOINT)).decisions
    assert (found[0].outcome, found[0].possible_denial is not None) == (ALLOWED, True)
    run = Run()
    stack(f"Resources:{ENDPOINT}", run=run, file="network.yml")
    own = TEMPLATE.format(
        file=f"{{Type: s3, Value: {FILE}}}",
        statements=allow("'*'"),
        role="!GetAtt Role.Arn",
        bucket="{}",
        more="",
    )
    apart = Analysis(stack(own, run=run)).decisions
    assert apart
    assert [d for d in apart if d.possible_denial is not None] == []
