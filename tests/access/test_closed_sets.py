"""Values of which there are few: where each of them gives the same answer, that is the answer."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import stacks

from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.iam.evaluate import Outcome

ALLOWED, DENIED = Outcome.ALLOWED, Outcome.IMPLICIT_DENY
OPEN = Outcome.UNDETERMINED

TEMPLATE: Final = (
    """
Parameters:
  Env: <env>
  Other: {Type: String}
Mappings:
  Buckets:
    dev: {Config: cfg-dev}
    prod: {Config: cfg-prod}
  Regions:
    eu-west-1: {Config: cfg-dev}
    us-east-1: {Config: cfg-prod}
    cn-north-1: {Config: cfg-china}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: <bucket>}}
"""
    + stacks.task(
        "EnvironmentFiles: [{Type: s3, Value: !Sub ['arn:aws:s3:::${B}/app.env', {B: <bucket>}]}]"
    )
    + stacks.role(
        "{Effect: Allow, Action: s3:GetObject, Resource: <granted>}",
        "{Effect: Allow, Action: s3:GetBucketLocation, Resource: '*'}",
    )
)
FEW: Final = "{Type: String, AllowedValues: [dev, prod]}"
ANY: Final = "{Type: String}"
BY_NAME: Final = "!Sub 'cfg-${Env}'"
BY_MAP: Final = "!FindInMap [Buckets, !Ref Env, Config]"
BY_REGION: Final = "!FindInMap [Regions, !Ref AWS::Region, Config]"


def outcome(env: str, bucket: str, *granted: str, parameters: dict[str, str] | None = None) -> str:
    text = TEMPLATE.replace("<env>", env).replace("<bucket>", bucket)
    text = text.replace("<granted>", f"[{', '.join(granted)}]")
    found = Analysis(stacks.stack(text, parameters, {"AWS::Partition": "aws"})).decisions
    answers = {it.outcome for it in found if it.call.action == "s3:GetObject"}
    return " ".join(sorted(answer.value for answer in answers))


DEV, PROD = "'arn:aws:s3:::cfg-dev/*'", "'arn:aws:s3:::cfg-prod/*'"
TEST, CHINA = "'arn:aws:s3:::cfg-test/*'", "'arn:aws:s3:::cfg-china/*'"
MANY: Final = f"{{Type: String, AllowedValues: [{', '.join(f'set{n}' for n in range(17))}]}}"


@pytest.mark.parametrize(
    ("env", "bucket", "granted", "expected"),
    [
        (FEW, BY_NAME, (TEST,), DENIED),
        (FEW, BY_NAME, (DEV, PROD), ALLOWED),
        (FEW, BY_NAME, (DEV,), OPEN),
        (FEW, BY_NAME, ("!Sub 'arn:aws:s3:::cfg-${Env}/*'",), ALLOWED),
        (FEW, BY_NAME, ("!Sub 'arn:aws:s3:::cfg-${Other}/*'",), OPEN),
        (ANY, BY_NAME, (TEST,), OPEN),
        # The keys of a mapping are all that its key can be, but for a default.
        (FEW, BY_MAP, (TEST,), DENIED),
        (ANY, BY_MAP, (TEST,), DENIED),
        (ANY, BY_MAP, (DEV, PROD), ALLOWED),
        (ANY, BY_MAP, (PROD,), OPEN),
        (ANY, "!FindInMap [Buckets, !Ref Env, Config, {DefaultValue: cfg-x}]", (TEST,), OPEN),
        (ANY, "!FindInMap [Buckets, !Ref Env, !Ref Other]", (TEST,), OPEN),
        (ANY, "!FindInMap [!Ref Other, !Ref Env, Config]", (TEST,), OPEN),
        # Regions of another partition are no choice.
        (ANY, BY_REGION, (DEV, PROD), ALLOWED),
        (ANY, BY_REGION, (CHINA,), DENIED),
        (ANY, BY_REGION, (DEV,), OPEN),
        # What AllowedValues do not say: too many, an item, a name in SSM.
        (MANY, BY_NAME, (TEST,), OPEN),
        ("{Type: CommaDelimitedList, AllowedValues: [dev, prod]}", BY_NAME, (TEST,), OPEN),
        (
            "{Type: 'AWS::SSM::Parameter::Value<String>', AllowedValues: [dev, prod]}",
            BY_NAME,
            (TEST,),
            OPEN,
        ),
    ],
)
def test_few_values(env: str, bucket: str, granted: tuple[str, ...], expected: Outcome) -> None:
    """Sixteen combinations are looked at, and one other answer among them leaves it open."""
    assert outcome(env, bucket, *granted) == expected.value


def test_a_value_that_a_condition_rules_out_is_no_choice() -> None:
    """In the scenario of a condition on the same parameter only its other values count."""
    granted = f"!If [IsProd, {PROD}, {DEV}]"
    assert outcome("{Type: String, AllowedValues: [dev, prod]}", BY_NAME, granted) == "allowed"
    three = "{Type: String, AllowedValues: [dev, prod, test]}"
    assert outcome(three, BY_NAME, granted) == "allowed undetermined"


def test_the_finding_keeps_the_parameter() -> None:
    """What is denied whatever the value names the parameter, not one of its values."""
    text = TEMPLATE.replace("<env>", FEW).replace("<bucket>", BY_NAME).replace("<granted>", TEST)
    denials = Analysis(stacks.stack(text, pseudo={"AWS::Partition": "aws"})).denials
    (denial,) = [it for it in denials if it.call.action == "s3:GetObject"]
    assert str(denial.call.resource) == "arn:aws:s3:::cfg-${Env}/app.env"
    assert denial.when == ""


names = st.sampled_from(["dev", "prod", "a", "ab", ""])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(names, min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(["dev", "prod", "a*", "*", "?", "d*v", "x"]), min_size=1, max_size=2),
    st.sampled_from([BY_NAME, BY_MAP]),
)
def test_no_value_contradicts(allowed: list[str], granted: list[str], bucket: str) -> None:
    """A definite answer is that of every allowed value with which the stack can be deployed."""
    env = f"{{Type: String, AllowedValues: {allowed}}}"
    patterns = [f"'arn:aws:s3:::cfg-{pattern}/*'" for pattern in granted]
    answer = outcome(env, bucket, *patterns)
    if answer == OPEN.value:
        return
    deployable = [v for v in allowed if bucket == BY_NAME or v in ("dev", "prod")]
    for value in deployable:
        assert outcome(env, bucket, *patterns, parameters={"Env": value, "Other": "x"}) == answer
