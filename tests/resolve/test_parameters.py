"""Parameters and pseudo parameters: provided, chosen by a scenario, their default, or unknown."""

from __future__ import annotations

import pytest
from tests.resolve.expressions import resolve, stack

from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import arn
from copilot_preflight.resolve.scenario import ANY

# --- parameters -----------------------------------------------------------------------------------


def test_values_that_are_handed_over_win() -> None:
    """A value wins over a default, but for the SSM types, whose value is the name of another."""
    given = {"Env": "prod", "App": "shop", "Ami": "/other", "Names": "x,y"}
    assert resolve("!Sub '${App}-${Env}'", given).literal == "shop-prod"
    assert resolve("!Ref Ami", given).literal is None
    assert resolve("!Select [1, !Ref Names]", given).literal == "y"


def test_an_empty_default_counts_only_in_a_deployment() -> None:
    """Copilot's optional parameters are open until values are provided."""
    assert resolve("!Ref Optional").literal is None
    assert resolve("!Ref Optional", {}).literal == ""


def test_allowed_values_tell_what_a_value_cannot_hold() -> None:
    """A parameter with AllowedValues holds no character that none of them holds."""
    bucket = resolve("!Sub 'arn:aws:s3:::${Size}/k'")
    found = arn.parse_s3(bucket)
    assert found is not None
    assert str(found.bucket) == "${Size}"
    assert bucket.equals(Text.of("arn:aws:s3:::/k")) is False


def test_a_bucket_name_is_a_name_whoever_gives_it() -> None:
    """Ref of a bucket named by a parameter holds neither slash nor wildcard."""
    found = arn.parse_s3(resolve("!Sub '${Given.Arn}/app.env'"))
    assert found is not None
    assert found.bucket.equals(resolve("!Ref App")) is True


# --- partitions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("eu-west-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-east-1", "aws-us-gov", "amazonaws.com"),
    ],
)
def test_the_region_tells_the_partition(region: str, partition: str, suffix: str) -> None:
    """Partition and URL suffix follow from the region, provided or chosen by a scenario."""
    for pseudo, scenario in (
        ({"AWS::Region": region}, ANY),
        ({}, ANY.choosing("AWS::Region", Text.of(region))),
    ):
        found = resolve("!Sub '${AWS::Partition} ${AWS::URLSuffix}'", None, pseudo, scenario)
        assert found.literal == f"{partition} {suffix}"


def test_arns_of_the_deployment_tell_the_partition() -> None:
    """A stack uses resources of its own partition: ARNs among its values tell where it runs."""
    template = "Parameters: {A: {Type: String}, B: {Type: String}}\nResources: {}"

    def partition(**values: str) -> str | None:
        return stack(template, values).resolver().pseudo("AWS::Partition").literal

    assert partition(A="arn:aws-cn:s3:::b/k", B="x") == "aws-cn"
    assert partition(A="arn:aws-cn:s3:::b/k", B="arn:aws:s3:::b/k") is None
    assert partition(A="arn:mars:s3:::b/k", B="x") is None
    assert partition(A="x", B="y") is None
