"""What reading a secret takes: which call, on which ARN, and what is left open."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import indent

import pytest
from tests import stacks

from copilot_preflight.access.decide import Decision
from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.resolve.stack import Stack
from copilot_preflight_rules import RULES

ALLOWED, DENIED = Outcome.ALLOWED, Outcome.IMPLICIT_DENY
EXPLICIT, OPEN = Outcome.EXPLICIT_DENY, Outcome.UNDETERMINED
HERE = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "111122223333",
}
SSM = "arn:aws:ssm:eu-west-1:111122223333:parameter"
SECRETS = "arn:aws:secretsmanager:eu-west-1:111122223333:secret"
GET, READ, DECRYPT = "ssm:GetParameters", "secretsmanager:GetSecretValue", "kms:Decrypt"

TEMPLATE = f"""
Parameters:
  Name: {{Type: String}}
  Arn: {{Type: String}}
  Path: {{Type: AWS::SSM::Parameter::Name}}
Resources:
{stacks.task("%(asks)s")}
{stacks.role("%(statement)s")}
%(resources)s
"""

OWN = """
Key: {Type: AWS::KMS::Key}
Own: {Type: AWS::SecretsManager::Secret, Properties: {KmsKeyId: !Ref Key}}
Named: {Type: AWS::SecretsManager::Secret, Properties: {Name: app/named}}
Plain: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: x}}
Slashed: {Type: AWS::SSM::Parameter, Properties: {Name: /app/slashed, Type: String, Value: x}}
Attached: {Type: AWS::SecretsManager::SecretTargetAttachment, Properties: {SecretId: !Ref Own}}
Database: {Type: AWS::RDS::DBInstance}
"""


def stack(
    calls: str,
    grant: str,
    resources: str = OWN,
    parameters: Mapping[str, str] | None = None,
    pseudo: Mapping[str, str] = HERE,
) -> Stack:
    text = TEMPLATE % {"asks": calls, "statement": grant, "resources": indent(resources, "  ")}
    return stacks.stack(text, parameters, pseudo)


def secret(value: str) -> str:
    return f"Secrets: [{{Name: S, ValueFrom: {value}}}]"


def grant(actions: str, *resources: str, condition: str = "{}") -> str:
    listed = ", ".join(resources)
    return f"{{Effect: Allow, Action: [{actions}], Resource: [{listed}], Condition: {condition}}}"


def decisions(found: Stack) -> list[Decision]:
    return list(Analysis(found).decisions)


def asked(value: str, parameters: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    found = decisions(stack(secret(value), grant("s3:GetObject", '"*"'), parameters=parameters))
    return [(d.call.action, str(d.call.resource)) for d in found]


def outcomes(calls: str, granted: str, resources: str = OWN) -> list[tuple[str, Outcome]]:
    found = decisions(stack(calls, granted, resources))
    return [(d.call.action, d.outcome) for d in found]


def outcome(value: str, action: str, *resources: str) -> Outcome:
    """What becomes of the first call for a secret under a grant."""
    return outcomes(secret(value), grant(action, *resources))[0][1]


def findings(found: Stack) -> list[Finding]:
    analysis = Analysis(found)
    return [
        finding
        for rule in RULES
        if rule.id in ("E9741", "E9744", "E9755")
        for finding in rule(analysis)
    ]


# --- which call, on which resource ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "call"),
    [
        ("db", (GET, f"{SSM}/db")),
        ("/app/db", (GET, f"{SSM}/app/db")),
        ("app/db", (GET, f"{SSM}/app/db")),
        (f"'{SSM}/app/db'", (GET, f"{SSM}/app/db")),
        (
            "'arn:aws:ssm:us-east-1:444455556666:parameter/x'",
            (GET, "arn:aws:ssm:us-east-1:444455556666:parameter/x"),
        ),
        ("!Ref Slashed", (GET, f"{SSM}/app/slashed")),
        ("!Ref Plain", (GET, f"{SSM}/${{Plain}}")),
        ("!Sub '${AWS::StackName}-db'", (GET, f"{SSM}/${{AWS::StackName}}-db")),
        ("!Ref Path", (GET, f"{SSM}/${{${{Path}} without its slash}}")),
        (f"'{SECRETS}:app/db'", (READ, f"{SECRETS}:app/db-${{suffix}}")),
        (f"'{SECRETS}:app/db:key::'", (READ, f"{SECRETS}:app/db-${{suffix}}")),
        (f"'{SECRETS}:app/db-AbCdEf'", (READ, f"{SECRETS}:app/db-AbCdEf")),
        (f"'{SECRETS}:app-secret'", (READ, f"{SECRETS}:app-secret")),
        (f"'{SECRETS}:app/db-AbCdEf:key:AWSCURRENT:'", (READ, f"{SECRETS}:app/db-AbCdEf")),
        ("!Ref Named", (READ, f"{SECRETS}:app/named-${{Named suffix}}")),
        ("!Sub '${Named}:key::'", (READ, f"{SECRETS}:app/named-${{Named suffix}}")),
        (f"'{SECRETS}:app/named'", (READ, f"{SECRETS}:app/named-${{Named suffix}}")),
        (f"!Sub '{SECRETS}:${{Name}}:key::'", (READ, f"{SECRETS}:${{Name}}${{suffix if any}}")),
        ("!Sub '${Arn}:key::'", (READ, "${Arn}${suffix if any}")),
        (
            "!GetAtt Database.MasterUserSecret.SecretArn",
            (READ, "${Database.MasterUserSecret.SecretArn}"),
        ),
    ],
)
def test_what_a_value_asks_for(value: str, call: tuple[str, str]) -> None:
    """A name is SSM's; an ARN tells the store; the tail of a secret is no part of its ARN."""
    assert asked(value) == [call]


def test_a_secret_under_a_key_of_the_run_is_decrypted_too() -> None:
    """Secrets Manager decrypts as the reader; its own key asks nothing of anybody."""
    own = (READ, f"{SECRETS}:${{Own}}-${{Own suffix}}")
    key = (DECRYPT, "arn:aws:kms:eu-west-1:111122223333:key/${Key}")
    assert asked("!Ref Own") == [own, key]
    assert asked("!Ref Attached") == [own, key]


def test_a_parameter_that_stands_for_a_secret() -> None:
    """SSM reads what lies behind /aws/reference/secretsmanager/ as whoever asks."""
    assert asked("/aws/reference/secretsmanager/app") == [
        (GET, f"{SSM}/aws/reference/secretsmanager/app"),
        (READ, f"{SECRETS}:app-${{suffix}}"),
    ]


@pytest.mark.parametrize("value", ["''", "!Ref AWS::NoValue"])
def test_no_value_asks_for_nothing(value: str) -> None:
    assert asked(value) == []


def test_the_value_of_a_parameter_tells_the_store() -> None:
    """What is provided for a parameter is read as if it stood in the template."""
    assert asked("!Ref Arn", {"Arn": "app"}) == [(GET, f"{SSM}/app")]
    assert asked("!Ref Arn", {"Arn": f"{SECRETS}:app"}) == [(READ, f"{SECRETS}:app-${{suffix}}")]


# --- decisions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        (GET, f"'{SSM}/app/db'", ALLOWED),
        (GET, f"'{SSM}/app/*'", ALLOWED),
        ("ssm:GetParam*", f"'{SSM}/app/db'", ALLOWED),
        ("ssm:GetParameter", f"'{SSM}/app/db'", DENIED),
        (GET, f"'{SSM}//app/db'", DENIED),
        (GET, f"'{SSM}/app/other'", DENIED),
        (READ, '"*"', DENIED),
    ],
)
def test_a_parameter_of_ssm(action: str, resource: str, expected: Outcome) -> None:
    """It takes the plural of the action, on the ARN with a single slash."""
    assert outcome("/app/db", action, resource) is expected


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (f"'{SECRETS}:app/db-??????'", OPEN),  # but for the policy of a secret outside the run
        (f"'{SECRETS}:app/db-*'", OPEN),
        (f"'{SECRETS}:app/*'", OPEN),
        (f"'{SECRETS}:app/db-AbCdEf'", OPEN),
        (f"'{SECRETS}:app/db'", DENIED),
        (f"'{SECRETS}:app/db-?????'", DENIED),
        (f"'{SECRETS}:app/db-??????:key::'", DENIED),
        (f"'{SECRETS}:app/dc-??????'", DENIED),
        ("'arn:aws:secretsmanager:us-east-1:111122223333:secret:app/db-??????'", DENIED),
    ],
)
def test_a_secret_by_its_partial_arn(resource: str, expected: Outcome) -> None:
    """Access is decided on the complete ARN, six characters longer than what was given."""
    assert outcome(f"'{SECRETS}:app/db:key::'", READ, resource) is expected


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("!Ref Named", ALLOWED),
        ("!Sub '${Named}*'", ALLOWED),
        (f"'{SECRETS}:app/named-??????'", ALLOWED),
        (f"'{SECRETS}:app/named'", DENIED),
        ("!Sub '${Named}:key::'", DENIED),
        ("!Ref Own", DENIED),
    ],
)
@pytest.mark.parametrize("value", ["!Ref Named", f"'{SECRETS}:app/named'"])
def test_a_secret_of_the_stack(value: str, resource: str, expected: Outcome) -> None:
    """However it is named, it is the same secret."""
    assert outcome(value, READ, resource) is expected


def test_a_name_that_ends_like_a_complete_arn() -> None:
    """Secrets Manager takes '-secret' for the suffix, so a grant with room for one is missed."""
    value = f"'{SECRETS}:app-secret'"
    assert outcome(value, READ, f"'{SECRETS}:app-secret-??????'") is DENIED
    assert outcome(value, READ, f"'{SECRETS}:app-secret*'") is OPEN


@pytest.mark.parametrize(
    ("actions", "resource", "expected"),
    [
        ("s3:GetObject", '"*"', DENIED),
        (READ, '"*"', OPEN),
        (GET, '"*"', OPEN),
        (READ, "!Ref Arn", OPEN),
        (f"{GET}, {READ}", "!Ref Name", OPEN),
    ],
)
def test_a_value_that_tells_no_store(actions: str, resource: str, expected: Outcome) -> None:
    """It is denied if it is denied whatever it is."""
    assert outcome("!Ref Arn", actions, resource) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("{}", ALLOWED),
        ("{StringEquals: {'kms:ViaService': secretsmanager.eu-west-1.amazonaws.com}}", ALLOWED),
        ("{StringEquals: {'kms:ViaService': ssm.eu-west-1.amazonaws.com}}", DENIED),
        ("{StringEquals: {'kms:EncryptionContext:SecretARN': !Ref Own}}", ALLOWED),
        ("{StringEquals: {'kms:EncryptionContext:SecretARN': !Ref Named}}", DENIED),
    ],
)
def test_the_key_of_a_secret(condition: str, expected: Outcome) -> None:
    """KMS hears of Secrets Manager and of the secret's ARN."""
    granted = grant(f"{READ}, {DECRYPT}", '"*"', condition=condition)
    assert outcomes(secret("!Ref Own"), granted)[1] == (DECRYPT, expected)


TAGGED = """
Own: {Type: AWS::SecretsManager::Secret, Properties: {Tags: [%s]}}
Own2: {Type: AWS::SSM::Parameter, Properties: {Tags: {%s}, Type: String, Value: x}}
"""


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [("app", "shop", ALLOWED), ("app", "other", DENIED), ("team", "shop", OPEN)],
)
@pytest.mark.parametrize("prefix", ["aws", "secretsmanager", "ssm"])
def test_conditions_on_tags(prefix: str, key: str, value: str, expected: Outcome) -> None:
    """A tag with another value is a proof; one that is missing may come from the stack."""
    resources = TAGGED % (f"{{Key: {key}, Value: {value}}}", f"{key}: {value}")
    condition = f"{{StringEquals: {{'{prefix}:ResourceTag/app': shop}}}}"
    granted = grant(f"{READ}, {GET}", '"*"', condition=condition)
    name = "Own2" if prefix == "ssm" else "Own"
    assert outcomes(secret(f"!Ref {name}"), granted, resources)[0][1] is expected


POLICY = """
Own: {Type: AWS::SecretsManager::Secret}
Policy:
  Type: AWS::SecretsManager::ResourcePolicy
  Properties:
    SecretId: !Ref Own
    ResourcePolicy:
      Statement: {Effect: %s, Principal: {AWS: %s}, Action: '*', Resource: '*'}
"""


@pytest.mark.parametrize(
    ("effect", "principal", "granted", "expected"),
    [
        ("Deny", "'*'", READ, EXPLICIT),
        ("Allow", "!GetAtt Role.Arn", "s3:GetObject", ALLOWED),
        ("Allow", "'arn:aws:iam::111122223333:root'", "s3:GetObject", DENIED),
    ],
)
def test_the_policy_of_a_secret(
    effect: str, principal: str, granted: str, expected: Outcome
) -> None:
    """It may deny, and it may let a role of its account in by itself."""
    resources = POLICY % (effect, principal)
    assert outcomes(secret("!Ref Own"), grant(granted, '"*"'), resources)[0][1] is expected


# --- who asks -------------------------------------------------------------------------------------

LOGS = """LogConfiguration:
            LogDriver: splunk
            SecretOptions: [{Name: splunk-token, ValueFrom: /token}]"""
LOGIN = "RepositoryCredentials: {CredentialsParameter: %s}"


def test_names_that_hang_on_parameters() -> None:
    """A subject shows the holes of the names in it."""
    found = stack("Secrets: [{Name: !Sub 'A${Name}{}', ValueFrom: x}]", grant(GET, '"*"'))
    (decision,) = decisions(found)
    assert decision.call.need.subject == "secret 'A${Name}{}' of container 'web'"


def test_the_options_of_a_log_driver() -> None:
    """They are secrets like any other."""
    (found,) = Analysis(stack(LOGS, grant(GET, '"*"'))).decisions
    assert (found.call.need.subject, found.outcome) == (
        "log option 'splunk-token' of container 'web'",
        ALLOWED,
    )


@pytest.mark.parametrize(
    ("value", "resource"),
    [
        ("registry", f"{SECRETS}:registry-${{suffix}}"),
        ("my-secret", f"{SECRETS}:my-secret-${{suffix}}"),
        (f"'{SECRETS}:registry-AbCdEf'", f"{SECRETS}:registry-AbCdEf"),
        ("!Ref Named", f"{SECRETS}:app/named-${{Named suffix}}"),
        ("!Ref Arn", "${Arn}${suffix if any}"),
    ],
)
def test_registry_credentials_are_a_secret(value: str, resource: str) -> None:
    """A name is the name of a secret here, which no suffix is part of."""
    found = decisions(stack(LOGIN % value, grant("s3:GetObject", '"*"')))
    assert [(d.call.action, str(d.call.resource), d.outcome) for d in found] == [
        (READ, resource, DENIED)
    ]


APP_RUNNER = """
Service:
  Type: AWS::AppRunner::Service
  Properties:
    InstanceConfiguration: {InstanceRoleArn: !GetAtt Role.Arn}
    SourceConfiguration:
      ImageRepository:
        ImageConfiguration:
          RuntimeEnvironmentSecrets: [{Name: S, Value: /app/db}]
"""


def test_app_runner_reads_with_the_instance_role() -> None:
    """Its secrets are told by Value, and no execution role has anything to do with them."""
    found = decisions(stack("Essential: true", grant("ssm:GetParameter", '"*"'), APP_RUNNER))
    assert [(d.call.who, d.call.action, d.outcome) for d in found] == [
        ("instance role 'Role'", GET, DENIED)
    ]
    assert [
        finding.message.rpartition(": ")[2] for finding in findings(found[0].call.view.stack)
    ] == ["the grant is for ssm:GetParameter, and App Runner calls ssm:GetParameters"]


# --- what is said ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "granted", "reason"),
    [
        (
            "/app/db",
            grant("ssm:GetParameter", f"'{SSM}/app/db'"),
            "the grant is for ssm:GetParameter, and ECS calls ssm:GetParameters",
        ),
        (
            "/app/db",
            grant(GET, f"'{SSM}//app/db'"),
            f"the grant '{SSM}//app/db' has a slash too many: the name's own slash is the ARN's",
        ),
        (
            f"'{SECRETS}:app/db'",
            grant(READ, f"'{SECRETS}:app/db'"),
            f"the grant '{SECRETS}:app/db' lacks what Secrets Manager adds to a name: a hyphen and "
            "six characters",
        ),
        (
            "!Sub '${Named}:key::'",
            grant(READ, "!Sub '${Named}:key::'"),
            f"the grant '{SECRETS}:app/named-${{Named suffix}}:key::' ends in ':key::', which is "
            "no part of a secret's ARN",
        ),
        (
            f"'{SECRETS}:app-secret'",
            grant(READ, f"'{SECRETS}:app-secret-??????'"),
            f"the grant '{SECRETS}:app-secret-??????' does not match: an ARN that ends in a hyphen "
            "and six characters is taken for a complete one",
        ),
        (
            "app/db",
            grant(READ, f"'{SECRETS}:app/db-??????'"),
            "ECS takes the name 'app/db' for an SSM parameter, and the role may read the secret of "
            "that name",
        ),
        ("/app/db", grant(GET, f"'{SSM}/x'"), f"the grant is for another resource, '{SSM}/x'"),
        ("/app/db", grant("s3:GetObject", '"*"'), "no statement of the role grants it"),
    ],
)
def test_the_reason_is_the_closest_one(value: str, granted: str, reason: str) -> None:
    """One finding, whose message ends in the reason; the same grant is not told of twice."""
    (found,) = findings(stack(secret(value), granted))
    assert found.rule == "E9741"
    assert found.message.endswith(f"which the secret 'S' of container 'web' needs: {reason}")


def test_a_value_of_which_nothing_is_known_is_denied_both_ways() -> None:
    """The message names both calls."""
    (found,) = findings(stack(secret("!Ref Arn"), grant("s3:GetObject", '"*"')))
    assert found.message == (
        "execution role 'Role' may call neither ssm:GetParameters nor "
        "secretsmanager:GetSecretValue for '${Arn}', and the secret 'S' of container 'web' needs "
        "one of them: no statement of the role grants it"
    )


def test_the_policy_of_the_secret_is_named() -> None:
    """A Deny there is not the role's business."""
    found = stack(secret("!Ref Own"), grant(READ, '"*"'), POLICY % ("Deny", "'*'"))
    (finding,) = findings(found)
    assert finding.message.endswith("needs: the policy of the secret denies it")
    assert finding.cause == "resource-policy"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (f"'{SECRETS}:app:key'", "has 1 part behind the secret's name"),
        ("!Sub '${Named}:key:'", "has 2 parts behind the secret's name"),
        (f"!Sub '{SECRETS}:${{Named}}:key::'", "holds an ARN where the secret's name belongs"),
        (f"'{SECRETS}:app:key:::'", "has 4 parts behind the secret's name"),
        ("'arn:aws:s3:::bucket/key'", "is an ARN of 's3', neither"),
        ("'arn:aws:secretsmanager:eu-west-1'", "is an ARN with too few parts"),
        ("'${Named}:key::'", "holds a '${…}' that nothing fills in: it lacks !Sub"),
    ],
)
def test_a_value_that_ecs_rejects(value: str, problem: str) -> None:
    """It is told as such, and nothing is asked with it."""
    found = stack(secret(value), grant("s3:GetObject", '"*"'))
    (finding,) = findings(found)
    assert (finding.rule, finding.cause) == ("E9741", "secret-reference-invalid")
    assert problem in finding.message
    assert decisions(found) == []


def test_registry_credentials_in_ssm() -> None:
    """ECS looks for them in Secrets Manager alone."""
    (finding,) = findings(stack(LOGIN % f"'{SSM}/registry'", grant("s3:GetObject", '"*"')))
    assert (finding.rule, finding.cause) == ("E9744", "secret-reference-invalid")


@pytest.mark.parametrize(
    ("value", "granted", "advised"),
    [
        ("/app/db", "s3:GetObject", f"- {SSM}/app/db"),
        (f"'{SECRETS}:app/db'", "s3:GetObject", f"- {SECRETS}:app/db-??????"),
        ("!Sub '${Arn}:key::'", "s3:GetObject", "- !Sub '${Arn}*'"),
    ],
)
def test_the_way_out_can_be_pasted(value: str, granted: str, advised: str) -> None:
    """The statement names the secret as a policy has to."""
    (finding,) = findings(stack(secret(value), grant(granted, '"*"')))
    assert finding.help.splitlines()[-1].strip() == advised


# --- the role -------------------------------------------------------------------------------------


def test_secrets_need_an_execution_role() -> None:
    """Without one nothing can be read, and the task definition is at fault."""
    text = TEMPLATE % {"asks": secret("x"), "statement": grant(GET, '"*"'), "resources": ""}
    text = text.replace("ExecutionRoleArn:", "TaskRoleArn:")
    found = Analysis(stacks.stack(text, pseudo=HERE))
    assert [f.message for rule in RULES if rule.id == "E9731" for f in rule(found)] == [
        "task definition 'Task' has no ExecutionRoleArn, and ECS needs that role for the secret "
        "'S' of container 'web'"
    ]


def test_a_grant_on_the_task_role_has_its_own_rule() -> None:
    """One finding, not two."""
    text = TEMPLATE % {"asks": secret("x"), "statement": grant(GET, '"*"'), "resources": ""}
    text = text.replace("ExecutionRoleArn:", "TaskRoleArn:")
    text = text.replace(
        "      ContainerDefinitions:",
        "      ExecutionRoleArn: !Ref Bare\n      ContainerDefinitions:",
    )
    text += "  Bare: {Type: AWS::IAM::Role}\n"
    found = Analysis(stacks.stack(text, pseudo=HERE))
    told = [f for rule in RULES if rule.id in ("E9733", "E9741") for f in rule(found)]
    assert [(f.rule, f.cause) for f in told] == [("E9733", "wrong-role")]


# --- Copilot's own names -------------------------------------------------------------------------

WORKLOAD = """\
  AppName: {Type: String}
  EnvName: {Type: String}
  WorkloadName: {Type: String}
"""
VALUES = {"AppName": "shop", "EnvName": "test", "WorkloadName": "web"}


def copilot(name: str, condition: str, parameters: str = WORKLOAD) -> Outcome:
    """What becomes of a secret under Copilot's own grant by tags."""
    text = TEMPLATE % {
        "asks": secret(name),
        "statement": grant(GET, f"'{SSM}/*'", condition=condition),
        "resources": "",
    }
    text = text.replace("Parameters:\n", f"Parameters:\n{parameters}")
    values = VALUES if parameters else {}
    (found,) = decisions(stacks.stack(text, {**values, "Name": "DB"}, HERE))
    return found.outcome


BY_TAGS = (
    "{StringEquals: {'ssm:ResourceTag/copilot-application': !Ref AppName, "
    "'ssm:ResourceTag/copilot-environment': !Ref EnvName}}"
)


@pytest.mark.parametrize(
    ("name", "condition", "expected"),
    [
        ("/copilot/shop/test/secrets/DB", BY_TAGS, ALLOWED),
        (f"{SSM}/copilot/shop/test/secrets/DB", BY_TAGS, ALLOWED),
        ("!Sub '/copilot/${AppName}/${EnvName}/secrets/DB'", BY_TAGS, ALLOWED),
        ("!Sub '/copilot/shop/test/secrets/${Name}'", BY_TAGS, ALLOWED),
        # Another environment, another application, another region, another name.
        ("/copilot/shop/prod/secrets/DB", BY_TAGS, OPEN),
        ("/copilot/else/test/secrets/DB", BY_TAGS, OPEN),
        ("arn:aws:ssm:eu-west-1:444455556666:parameter/copilot/shop/test/secrets/DB", "{}", DENIED),
        ("/copilot/shop/test/secrets/a/DB", BY_TAGS, OPEN),
        ("/copilot/shop/test/secrets/", BY_TAGS, OPEN),
        ("/copilot/shop/test/DB", BY_TAGS, OPEN),
        ("/shop/test/secrets/DB", BY_TAGS, OPEN),
        # A name is no proof that a tag is another, nor that it has tags that Copilot does not give.
        (
            "/copilot/shop/test/secrets/DB",
            "{StringEquals: {'ssm:ResourceTag/copilot-environment': prod}}",
            OPEN,
        ),
        (
            "/copilot/shop/test/secrets/DB",
            "{StringEquals: {'ssm:ResourceTag/team': web}}",
            OPEN,
        ),
    ],
)
def test_names_of_copilot_are_evidence_of_tags(
    name: str, condition: str, expected: Outcome
) -> None:
    """``copilot secret init`` tags what it names with the application and the environment:

    https://github.com/aws/copilot-cli/blob/v1.33.2/internal/pkg/cli/secret_init.go
    """
    assert copilot(name, condition) is expected


def test_a_name_of_copilot_in_a_stack_of_others_says_nothing() -> None:
    """Only a workload of Copilot's is known to have its secrets from ``copilot secret init``."""
    condition = "{StringEquals: {'ssm:ResourceTag/copilot-application': shop}}"
    assert copilot("/copilot/shop/test/secrets/DB", condition) is ALLOWED
    assert copilot("/copilot/shop/test/secrets/DB", condition, "") is OPEN
