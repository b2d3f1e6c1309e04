"""What pulling an image takes: which images are private, which role pulls, and what it may."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import indent

import pytest
from tests import stacks
from tests.needs.asked import findings, outcomes

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.needs.images import private_image
from copilot_preflight.resolve.stack import Stack

ALLOWED, DENIED = Outcome.ALLOWED, Outcome.IMPLICIT_DENY
EXPLICIT, OPEN = Outcome.EXPLICIT_DENY, Outcome.UNDETERMINED
TOKEN, GET, URL, CHECK = (
    "ecr:GetAuthorizationToken",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchCheckLayerAvailability",
)
ALL = f"[{TOKEN}, {GET}, {URL}, {CHECK}]"
EVERYTHING = f"{{Effect: Allow, Action: {ALL}, Resource: '*'}}"
NOTHING = "{Effect: Allow, Action: s3:ListAllMyBuckets, Resource: '*'}"
HOST = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}"
ARN = "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository"

TEMPLATE = f"""
Parameters:
  Given: {{Type: String}}
  Tag: {{Type: String}}
  Name: {{Type: String}}
  Subnets: {{Type: List<AWS::EC2::Subnet::Id>}}
  Role: {{Type: String}}
Conditions:
  Private: !Equals [!Ref Given, private]
Resources:
  Cluster: {{Type: AWS::ECS::Cluster}}
{stacks.task("Image: %(image)s", "%(role)s")}
{stacks.role("%(grant)s", name="ExecutionRole", policy="pull")}
%(resources)s
"""
OWN_ROLE = "ExecutionRoleArn: !GetAtt ExecutionRole.Arn"
NO_ROLE = "Family: web"
REPOSITORY = "Repository: {Type: AWS::ECR::Repository}"
NAMED = "Repository: {Type: AWS::ECR::Repository, Properties: {RepositoryName: web}}"
SERVICE = """
Service:
  Type: AWS::ECS::Service
  Properties: {Cluster: !Ref Cluster, LaunchType: %s, TaskDefinition: !Ref Task}
"""
INSTANCES = """
Group:
  Type: AWS::AutoScaling::AutoScalingGroup
  Properties: {LaunchConfigurationName: !Ref Launch}
Launch:
  Type: AWS::AutoScaling::LaunchConfiguration
  Properties:
    IamInstanceProfile: !Ref Profile
    UserData: !Sub 'echo ECS_CLUSTER=${Cluster} >> /etc/ecs/ecs.config'
Profile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref ExecutionRole]}}
"""


def stack(
    image: str,
    grant: str = EVERYTHING,
    resources: str = REPOSITORY,
    role: str = OWN_ROLE,
    parameters: Mapping[str, str] | None = None,
) -> Stack:
    fills = {"image": image, "grant": grant, "role": role, "resources": indent(resources, "  ")}
    return stacks.stack(TEMPLATE % fills, parameters)


def errors(found: Stack) -> list[str]:
    return [f"{it.rule} {it.message}" for it in findings(found) if it.rule[0] == "E"]


# --- which images are private ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/web", "web"),
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1.4", "shop/web"),
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/web@sha256:aa", "web"),
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1.4@sha256:aa", "web"),
        ("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/web:1", "web"),
        ("111122223333.dkr.ecr-fips.us-east-1.amazonaws.com/web:1", "web"),
        ("111122223333.dkr-ecr.eu-west-1.on.aws/web:1", "web"),
        ("111122223333.dkr-ecr-fips.us-east-1.on.aws/web:1", "web"),
    ],
)
def test_an_image_of_a_private_registry_names_its_repository(image: str, repository: str) -> None:
    found = private_image(Text.of(image))
    assert found is not None
    assert found.account.literal == "111122223333"
    assert found.region.literal == image.split(".")[3 if ".ecr" in image else 2]
    assert found.repository.literal == repository


@pytest.mark.parametrize(
    "image",
    [
        "",
        "nginx",
        "nginx:1.27",
        "public.ecr.aws/nginx/nginx:1.27",
        "docker.io/library/nginx",
        "ghcr.io/shop/web.dkr.ecr.eu-west-1.amazonaws.com/web",
        "registry.dkr.ecr.eu-west-1.amazonaws.com/web",
        "111122223333.dkr.ecr.eu-west-1/web",
        "111122223333.dkr.ecr.eu-west-1.amazonaws.com",
    ],
)
def test_other_images_are_not_private(image: str) -> None:
    assert private_image(Text.of(image)) is None


NAME, TAG = Hole("Name"), Hole("Tag")


@pytest.mark.parametrize(
    ("path", "repository"),
    [
        ((NAME, ":", TAG), "${Name}"),
        (("web:", TAG), "web"),
        (("shop/", NAME, "/web"), "shop/${Name}/web"),
        (("shop-", NAME, ":latest"), "shop-${Name}"),
        ((NAME,), "${image repository}"),  # may bring a tag with it
        (("web", TAG), "web${image repository}"),
        ((NAME, "@sha256:aa"), "${image repository}"),
    ],
)
def test_what_may_be_a_tag_is_no_part_of_the_name(
    path: tuple[str | Hole, ...], repository: str
) -> None:
    found = private_image(Text.of("111122223333.dkr.ecr.eu-west-1.amazonaws.com/", *path))
    assert found is not None
    assert str(found.repository) == repository


# --- what is asked for ----------------------------------------------------------------------------

SPELLINGS = [
    "!Sub '${Repository.RepositoryUri}:latest'",
    "!Sub '${Repository.RepositoryUri}:${Tag}'",
    "!GetAtt Repository.RepositoryUri",
    "!Join [':', [!GetAtt Repository.RepositoryUri, !Ref Tag]]",
    f"!Sub '{HOST}/${{Repository}}:${{Tag}}'",
    f"!Sub '{HOST}/${{Repository}}'",
    "!Join ['', [!Select [4, !Split [':', !GetAtt Repository.Arn]], .dkr.ecr., "
    "!Select [3, !Split [':', !GetAtt Repository.Arn]], ., !Ref 'AWS::URLSuffix', /, "
    "!Ref Repository, ':latest']]",
]


@pytest.mark.parametrize("image", SPELLINGS)
def test_every_spelling_of_a_repository_of_the_stack_is_the_same(image: str) -> None:
    """Whatever is not known of the ARN is the same hole on both sides."""
    own = f"{{Effect: Allow, Action: {ALL}, Resource: !GetAtt Repository.Arn}}"
    assert outcomes(stack(image, own)) == {
        TOKEN: DENIED,
        GET: ALLOWED,
        URL: ALLOWED,
        CHECK: ALLOWED,
    }
    assert outcomes(stack(image)) == dict.fromkeys((TOKEN, GET, URL, CHECK), ALLOWED)


@pytest.mark.parametrize(
    "image", ["!Ref Given", "!Sub '${Given}:1'", "nginx", "public.ecr.aws/x/y:1"]
)
def test_nothing_is_asked_for_an_image_that_is_public_or_unknown(image: str) -> None:
    assert outcomes(stack(image, NOTHING)) == {}


def test_an_image_with_credentials_takes_no_permission_of_ecr() -> None:
    image = f"!Sub '{HOST}/web'\n          RepositoryCredentials: {{CredentialsParameter: login}}"
    assert TOKEN not in outcomes(stack(image, NOTHING))


def test_the_value_of_a_parameter_makes_an_image_private() -> None:
    given = {"Given": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1"}
    found = stack("!Ref Given", NOTHING, parameters=given)
    assert outcomes(found) == dict.fromkeys((TOKEN, GET, URL, CHECK), DENIED)


@pytest.mark.parametrize(
    "image",
    [
        f"!If [Private, !Sub '{HOST}/web:1', nginx]",
        f"!If [Private, nginx, !Sub '{HOST}/web:1']",
        f"!Sub ['${{Host}}/web:1', {{Host: !If [Private, !Sub '{HOST}', docker.io/x]}}]",
    ],
)
def test_an_image_that_a_condition_chooses_is_asked_for_where_it_is_private(image: str) -> None:
    (found,) = errors(stack(image, NOTHING))
    assert found.startswith("E9742")
    assert len(Analysis(stack(image, NOTHING)).decisions) == 4


# --- grants ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "outcome"),
    [
        (f"!Sub '{ARN}/shop/web'", OPEN),  # the policy of the repository is elsewhere
        (f"!Sub '{ARN}/shop/*'", OPEN),
        ("'arn:aws:ecr:*:*:repository/*'", OPEN),
        (f"!Sub '{ARN}/shop'", DENIED),
        (f"!Sub '{ARN}/shop/web:1'", DENIED),
        (f"!Sub '{ARN}/other'", DENIED),
        ("!Sub 'arn:aws:s3:::shop/web'", DENIED),
        ("!Ref Given", OPEN),
    ],
)
def test_a_grant_names_the_repository(resource: str, outcome: Outcome) -> None:
    grant = f"{{Effect: Allow, Action: ['ecr:Batch*', 'ecr:Get*'], Resource: {resource}}}"
    found = outcomes(stack(f"!Sub '{HOST}/shop/web:1'", grant))
    assert {found[GET], found[URL], found[CHECK]} == {outcome}
    assert found[TOKEN] is (OPEN if "Given" in resource else DENIED)


def test_one_finding_lists_all_that_an_image_lacks() -> None:
    (found,) = findings(stack(SPELLINGS[0], NOTHING))
    arn = f"{ARN}/${{Repository}}"
    assert (found.rule, found.cause) == ("E9742", "no-grant")
    assert found.message == (
        f"execution role 'ExecutionRole' may not {TOKEN} on '*' and {GET} and {URL} on '{arn}', "
        "which the image of container 'web' needs: no statement of the role grants it"
    )
    assert found.help == (
        "attach !Sub 'arn:${AWS::Partition}:iam::aws:policy/service-role/"
        "AmazonECSTaskExecutionRolePolicy', or grant it in a policy of 'ExecutionRole':\n"
        f"- Effect: Allow\n  Action: {TOKEN}\n  Resource:\n    - '*'\n"
        f"- Effect: Allow\n  Action: [{GET}, {URL}]\n  Resource:\n    - !Sub '{arn}'"
    )


def test_the_token_is_granted_on_everything_or_not_at_all() -> None:
    """The call is told, with the ARN that is of no use; the statement is not told once more."""
    grant = f"{{Effect: Allow, Action: {ALL}, Resource: !GetAtt Repository.Arn}}"
    (found,) = findings(stack(SPELLINGS[0], grant))
    assert found.rule == "E9742"
    assert found.message.endswith(
        f"{TOKEN} is granted on '{ARN}/${{Repository}}', where only '*' is of use"
    )
    assert found.related[0].message == "what is granted instead"


def test_what_no_statement_grants_is_told_beside_what_one_grants_in_vain() -> None:
    """The grant on one repository is no attempt at another, which needs one of its own."""
    image = f"{SPELLINGS[0]}\n        - {{Name: proxy, Image: !Sub '{HOST}/proxy:1'}}"
    grant = f"{{Effect: Allow, Action: {ALL}, Resource: !GetAtt Repository.Arn}}"
    _, found = findings(stack(image, grant, NAMED))
    assert found.message.endswith(
        f"{TOKEN} is granted on '{ARN}/web', where only '*' is of use; "
        "no statement of the role grants the rest"
    )


def test_a_missing_layer_check_alone_is_no_error() -> None:
    grant = f"{{Effect: Allow, Action: [{TOKEN}, {GET}, {URL}], Resource: '*'}}"
    found = stack(SPELLINGS[0], grant)
    assert outcomes(found)[CHECK] is DENIED
    assert errors(found) == []


def test_copilots_own_repository_is_known_to_deny_nothing() -> None:
    text = """
    Parameters: {AppName: {Type: String}, EnvName: {Type: String}, WorkloadName: {Type: String},
      ContainerImage: {Type: String}}
    Resources:
      Task:
        Type: AWS::ECS::TaskDefinition
        Properties:
          ExecutionRoleArn: !GetAtt Role.Arn
          ContainerDefinitions: [{Name: web, Image: !Ref ContainerImage}]
      Role:
        Type: AWS::IAM::Role
        Properties:
          ManagedPolicyArns:
            - arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy
    """
    host = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
    found = []
    for image in (f"{host}/shop/web:1", f"{host}/other/web:1"):
        given = {"AppName": "shop", "EnvName": "test", "WorkloadName": "web"}
        values = {**given, "ContainerImage": image}
        found.append(outcomes(stacks.stack(text, values, file="web.yml"))[GET])
    assert found == [ALLOWED, OPEN]


# --- policies of repositories ---------------------------------------------------------------------

POLICY = """
Repository:
  Type: AWS::ECR::Repository
  Properties:
    RepositoryPolicyText:
      Statement: {Effect: %s, Principal: %s, Action: ['ecr:BatchGetImage', 'ecr:Get*']}
"""
ROLE, ROOT = "{AWS: !GetAtt ExecutionRole.Arn}", "{AWS: !Ref 'AWS::AccountId'}"


@pytest.mark.parametrize(
    ("effect", "principal", "grant", "outcome"),
    [
        ("Allow", ROLE, NOTHING, ALLOWED),
        ("Allow", "'*'", NOTHING, ALLOWED),
        ("Allow", ROOT, NOTHING, DENIED),  # leaves it to IAM
        ("Deny", ROLE, EVERYTHING, EXPLICIT),
        ("Deny", "'*'", EVERYTHING, EXPLICIT),
        ("Deny", "{Service: lambda.amazonaws.com}", EVERYTHING, ALLOWED),
    ],
)
def test_the_policy_of_a_repository_has_a_say(
    effect: str, principal: str, grant: str, outcome: Outcome
) -> None:
    found = outcomes(stack(SPELLINGS[0], grant, POLICY % (effect, principal)))
    assert {found[GET], found[URL]} == {outcome}
    assert found[TOKEN] is (ALLOWED if grant == EVERYTHING else DENIED)


def test_a_deny_of_the_repository_is_told_with_its_statement() -> None:
    (found,) = findings(stack(SPELLINGS[0], EVERYTHING, POLICY % ("Deny", "'*'")))
    assert found.message.endswith(
        "a Deny statement of the policy of repository '${Repository}' covers it"
    )
    assert found.related[0].message == "what denies it"


def test_a_policy_that_cannot_be_read_leaves_it_open() -> None:
    unread = "Repository: {Type: AWS::ECR::Repository, Properties: {RepositoryPolicyText: '{}'}}"
    assert outcomes(stack(SPELLINGS[0], EVERYTHING, unread))[GET] is OPEN


def test_the_registry_of_another_account_leaves_it_open_unless_the_role_may_not() -> None:
    image = "444455556666.dkr.ecr.eu-west-1.amazonaws.com/web:1"
    assert outcomes(stack(image))[GET] is OPEN
    assert outcomes(stack(image, NOTHING))[GET] is DENIED


# --- pull-through caches --------------------------------------------------------------------------

RULE = "Rule: {Type: AWS::ECR::PullThroughCacheRule, Properties: {EcrRepositoryPrefix: %s}}"


@pytest.mark.parametrize(
    ("prefix", "image", "asked"),
    [
        ("hub", "hub/library/nginx:1", True),
        ("!Ref Name", "${Name}/library/nginx:1", True),
        ("ROOT", "anything:1", True),
        ("hub", "hubs/nginx:1", False),
        ("hub", "shop/hub/nginx:1", False),
        ("!Ref Name", "hub/nginx:1", False),
    ],
)
def test_what_a_cache_lacks_is_open_as_it_may_be_there(
    prefix: str, image: str, asked: bool
) -> None:
    found = stack(f"!Sub '{HOST}/{image}'", EVERYTHING, RULE % prefix)
    more = {"ecr:BatchImportUpstreamImage": OPEN, "ecr:CreateRepository": OPEN} if asked else {}
    assert {a: o for a, o in outcomes(found).items() if a not in ALL} == more
    assert errors(found) == []


# --- which role -----------------------------------------------------------------------------------


def test_fargate_without_an_execution_role_cannot_pull() -> None:
    found = stack(SPELLINGS[0], EVERYTHING, REPOSITORY + SERVICE % "FARGATE", NO_ROLE)
    assert errors(found) == [
        "E9731 task definition 'Task' has no ExecutionRoleArn, and ECS needs that role for the "
        "image of container 'web'"
    ]
    public = stack("nginx", EVERYTHING, REPOSITORY + SERVICE % "FARGATE", NO_ROLE)
    assert errors(public) == []


@pytest.mark.parametrize("more", ["", SERVICE % "EC2", SERVICE % "!Ref Given"])
def test_without_fargate_a_missing_role_proves_nothing(more: str) -> None:
    found = stack(SPELLINGS[0], NOTHING, REPOSITORY + more, NO_ROLE)
    assert outcomes(found) == {}
    assert errors(found) == []


def test_on_ec2_the_role_of_the_instance_serves() -> None:
    resources = REPOSITORY + SERVICE % "EC2" + INSTANCES
    assert errors(stack(SPELLINGS[0], EVERYTHING, resources, NO_ROLE)) == []
    (found,) = errors(stack(SPELLINGS[0], NOTHING, resources, NO_ROLE))
    assert found.startswith(f"E9742 instance role 'ExecutionRole' may not {TOKEN}")


def test_on_ec2_an_execution_role_goes_before_the_instances() -> None:
    resources = REPOSITORY + SERVICE % "EC2" + INSTANCES
    other = "ExecutionRoleArn: arn:aws:iam::111122223333:role/elsewhere"
    assert outcomes(stack(SPELLINGS[0], NOTHING, resources, other)) == {}
