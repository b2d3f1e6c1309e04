"""A question that names something opens the templates that may have it, and no others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests import stacks

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.model.buckets import bucket_policy, is_bucket_known
from copilot_preflight.model.endpoints import in_the_way
from copilot_preflight.model.file_systems import access_point_arn, file_system
from copilot_preflight.model.keys import key_arn, key_with_arn
from copilot_preflight.model.named_resources import resource_named
from copilot_preflight.model.repositories import is_cache, repository_with_arn
from copilot_preflight.model.roles import role_named
from copilot_preflight.model.secrets import secret_policy
from copilot_preflight.model.tasks import task_definitions
from copilot_preflight.resolve.run import Run, run_of
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.view import View

MANY = 20
_TRUST = "{Statement: [{Effect: Allow, Principal: '*', Action: '%s'}]}"
_ARN = "arn:aws:%s:eu-west-1:123456789012:%s"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Gives the files of the templates whose resources were looked at since it last did."""
    found: dict[str, None] = {}
    of_type = Stack.of_type
    initialise = View.__init__

    def counted(stack: Stack, kind: str) -> object:
        found[stack.file] = None
        return of_type(stack, kind)

    def viewed(view: View, stack: Stack, *rest: object) -> None:
        found[stack.file] = None
        initialise(view, stack, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Stack, "of_type", counted)
    monkeypatch.setattr(View, "__init__", viewed)

    def files() -> list[str]:
        names = sorted(found)
        found.clear()
        return names

    return files


def _template(n: int | str) -> str:
    return f"""
Resources:
  Bucket: {{Type: AWS::S3::Bucket, Properties: {{BucketName: bucket-{n}}}}}
  Lock:
    Type: AWS::S3::BucketPolicy
    Properties: {{Bucket: bucket-{n}, PolicyDocument: {_TRUST % "s3:GetObject"}}}
  Key: {{Type: AWS::KMS::Key}}
  Alias: {{Type: AWS::KMS::Alias, Properties: {{AliasName: alias/a{n}, TargetKeyId: !Ref Key}}}}
  Repository: {{Type: AWS::ECR::Repository, Properties: {{RepositoryName: team/{n}}}}}
  Cache:
    Type: AWS::ECR::PullThroughCacheRule
    Properties: {{EcrRepositoryPrefix: cache/{n}, UpstreamRegistryUrl: public.ecr.aws}}
  Files: {{Type: AWS::EFS::FileSystem}}
  Point: {{Type: AWS::EFS::AccessPoint}}
  Login: {{Type: AWS::SecretsManager::ResourcePolicy, Properties: {{
    SecretId: {_ARN % ("secretsmanager", f"secret:login-{n}")},
    ResourcePolicy: {_TRUST % "secretsmanager:GetSecretValue"}}}}}
  Group: {{Type: AWS::AutoScaling::AutoScalingGroup, Properties: {{
    AutoScalingGroupName: group-{n}}}}}
  Role: {{Type: AWS::IAM::Role, Properties: {{RoleName: role-{n}}}}}
  Policy: {{Type: AWS::IAM::Policy, Properties: {{PolicyName: p, Roles: [role-{n}],
    PolicyDocument: {{Statement: [{{Effect: Allow, Action: 's3:*', Resource: '*'}}]}}}}}}
  Vpc: {{Type: AWS::EC2::VPC}}
  Subnet: {{Type: AWS::EC2::Subnet, Properties: {{VpcId: !Ref Vpc}}}}
  Endpoint: {{Type: AWS::EC2::VPCEndpoint, Properties: {{
    VpcId: !Ref Vpc, ServiceName: com.amazonaws.eu-west-1.s3, RouteTableIds: [rtb-1]}}}}
Outputs:
  Subnet: {{Value: !Ref Subnet, Export: {{Name: subnet-{n}}}}}
"""


ASKS = f"""
Resources:
{stacks.task("Image: nginx", "NetworkMode: awsvpc")}
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      LaunchType: FARGATE
      NetworkConfiguration:
        AwsvpcConfiguration: {{Subnets: [!ImportValue subnet-7]}}
"""


def _run(*more: tuple[str, str], without: tuple[int, ...] = ()) -> View:
    """A view of a template that asks, in a run of many others."""
    run = Run()
    asking = stacks.stack(ASKS, run=run, file="asks.yml")
    for number in range(MANY):
        if number in without:
            continue
        stacks.stack(_template(number), run=run, file=f"{number}.yml")
    for file, text in more:
        stacks.stack(text, run=run, file=file)
    return View(asking)


def _ref(logical_id: str, attribute: str = "") -> Text:
    """What a resource of ``7.yml`` is called."""
    stack = stacks.stack(_template(7), file="7.yml")
    raw = {"Fn::GetAtt": [logical_id, attribute]} if attribute else {"Ref": logical_id}
    return View(stack).text(raw, ("Resources", logical_id))


QUESTIONS: dict[str, Callable[[View], object]] = {
    "the policy of a bucket": lambda view: bucket_policy(view, Text.of("bucket-7")),
    "whether a bucket is known": lambda view: is_bucket_known(view, Text.of("bucket-7")),
    "the key of an alias": lambda view: key_arn(view, Text.of("alias/a7")),
    "a key": lambda view: key_with_arn(view, _ref("Key", "Arn")),
    "a repository": lambda view: repository_with_arn(view, _ref("Repository", "Arn")),
    "a cache": lambda view: is_cache(view, Text.of(_ARN % ("ecr", "repository/cache/7/nginx"))),
    "a file system": lambda view: file_system(view, _ref("Files")),
    "an access point": lambda view: access_point_arn(view, _ref("Point")),
    "the policy of a secret": lambda view: secret_policy(
        view, Text.of(_ARN % ("secretsmanager", "secret:login-7-a1B2c3"))
    ),
    "a group": lambda view: resource_named(
        view, "AWS::AutoScaling::AutoScalingGroup", "AutoScalingGroupName", Text.of("group-7")
    ),
    "a role and its policies": lambda view: role_named(view, Text.of("role-7")),
    "the endpoints of a task": lambda view: in_the_way(view, task_definitions(view)[0], "s3"),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_question_opens_the_templates_that_it_names(
    question: Callable[[View], object], opened: Callable[[], list[str]]
) -> None:
    """The index is made once; whoever asks after that looks at two templates of many."""
    view = _run()
    other = View(stacks.stack(ASKS, run=view.run, file="other.yml"))
    question(other)
    opened()
    assert question(view)
    assert opened() in (["7.yml"], ["7.yml", "asks.yml"])


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_an_answer_goes_with_the_template_that_it_names(question: Callable[[View], object]) -> None:
    """Without it the answer is that of a run that never had it; without another, the same."""
    asking = _run().stack
    before = repr(question(View(asking)))
    run_of(asking).leave_out("8.yml")
    assert repr(question(View(asking))) == before
    run_of(asking).leave_out("7.yml")
    after = repr(question(_run(without=(7, 8))))
    assert repr(question(View(asking))) == after != before


OPEN = {
    "bucket": (
        f"""
Parameters: {{Name: {{Type: String}}}}
Resources:
  Lock:
    Type: AWS::S3::BucketPolicy
    Properties: {{Bucket: !Sub 'bucket-${{Name}}', PolicyDocument: {_TRUST % "s3:GetObject"}}}
""",
        QUESTIONS["the policy of a bucket"],
    ),
    "secret": (
        f"""
Parameters: {{Name: {{Type: String}}}}
Resources:
  Login: {{Type: AWS::SecretsManager::ResourcePolicy, Properties: {{
    SecretId: !Ref Name, ResourcePolicy: {_TRUST % "secretsmanager:GetSecretValue"}}}}}
""",
        QUESTIONS["the policy of a secret"],
    ),
    "role": (
        """
Parameters: {Name: {Type: String}}
Resources:
  Policy: {Type: AWS::IAM::Policy, Properties: {PolicyName: p, Roles: [!Sub 'role-${Name}'],
    PolicyDocument: {Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]}}}
""",
        QUESTIONS["a role and its policies"],
    ),
    "VPC": (
        """
Parameters: {Vpc: {Type: String}}
Resources:
  Endpoint: {Type: AWS::EC2::VPCEndpoint, Properties: {
    VpcId: !Ref Vpc, ServiceName: com.amazonaws.eu-west-1.s3, RouteTableIds: [rtb-1]}}
""",
        QUESTIONS["the endpoints of a task"],
    ),
}


@pytest.mark.parametrize(("text", "question"), OPEN.values(), ids=OPEN)
def test_what_may_be_meant_by_a_hole_is_found(
    text: str, question: Callable[[View], object]
) -> None:
    """A name with a parameter in it may be the one that is asked for."""
    assert len(repr(question(_run()))) < len(repr(question(_run(("open.yml", text)))))


def test_whoever_asks_for_an_unknown_bucket_hears_of_all(opened: Callable[[], list[str]]) -> None:
    """Any policy may be the one of a bucket whose name is a parameter."""
    view = _run()
    assert len(bucket_policy(view, Text.of(Hole("Name", "asks.yml")))) == MANY
    assert len(opened()) >= MANY
