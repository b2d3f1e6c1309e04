"""Policies that are provided are found by whatever the templates call them."""

from __future__ import annotations

import pytest

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam.arn import name_hole
from copilot_preflight.resolve.outside import Outside, ProvidedPolicy
from copilot_preflight.resolve.plain import Plain
from copilot_preflight.resolve.value import Value

PARTITION, REGION, ACCOUNT = (name_hole(f"AWS::{n}") for n in ("Partition", "Region", "AccountId"))
IAM = "arn:aws:iam::111122223333:policy/"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"


def provided(*names: str, principals: bool = False) -> Outside:
    """Policies under names; the document of each is its own name."""

    def policy(name: str) -> ProvidedPolicy:
        return ProvidedPolicy(name, Value(Plain("p.json"), name, ()), (), principals)

    return Outside([policy(name) for name in names])


def found(among: Outside, *asked: str | Hole) -> str | None:
    """The name under which what is asked for was provided."""
    value = among.policy(Text.of(*asked))
    return None if value is None else str(value.raw)


# --- managed policies -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Boundary", IAM + "Boundary"])
@pytest.mark.parametrize(
    "asked",
    [
        (IAM + "Boundary",),
        ("arn:", PARTITION, ":iam::111122223333:policy/Boundary"),
        ("arn:", PARTITION, ":iam::", ACCOUNT, ":policy/Boundary"),
        ("arn:aws:iam::", name_hole("ToolsAccount", "t.yml"), ":policy/Boundary"),
    ],
)
def test_a_managed_policy_by_name_or_arn(name: str, asked: tuple[str | Hole, ...]) -> None:
    """An account or partition that the template leaves open is that of the only candidate."""
    assert found(provided(name, "Other"), *asked) == name


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("Boundary", (IAM + "Other",)),
        ("Boundary", ("Boundary",)),  # a managed policy is never called by its bare name
        ("Boundary", ("arn:aws:iam::aws:policy/Boundary",)),
        ("Boundary", ("arn:aws:iam::111122223333:role/Boundary",)),
        ("Boundary", (Hole("BoundaryArn", "t.yml"),)),
        ("Boundary", (IAM, Hole("Name", "t.yml"))),
        ("Boundary", ("arn:aws:iam::", Hole("Any", "t.yml"), ":policy/Boundary")),
        ("path/Boundary", (IAM + "path/Boundary",)),
        (IAM + "Boundary", ("arn:aws:iam::444455556666:policy/Boundary",)),
        (IAM + "Boundary", ("arn:aws-cn:iam::", ACCOUNT, ":policy/Boundary")),
        (IAM + "Boundary", (IAM + "path/Boundary",)),
    ],
)
def test_a_managed_policy_that_need_not_be_the_one(
    name: str, asked: tuple[str | Hole, ...]
) -> None:
    """Another account or path, a name that is open: not the policy, as far as can be proved."""
    assert found(provided(name), *asked) is None


def test_a_name_counts_whatever_the_path() -> None:
    """Names of managed policies are unique in an account."""
    assert found(provided("Boundary"), IAM + "teams/web/Boundary") == "Boundary"


def test_of_two_candidates_the_exact_one_counts() -> None:
    """Two policies of which either may be meant are none; an exact ARN wins over a name."""
    other = "arn:aws:iam::444455556666:policy/Boundary"
    among = provided("Boundary", IAM + "Boundary", other)
    assert found(among, IAM + "Boundary") == IAM + "Boundary"
    assert found(among, other) == other
    assert found(among, "arn:aws:iam::777788889999:policy/Boundary") == "Boundary"
    assert found(among, "arn:aws:iam::", ACCOUNT, ":policy/Boundary") is None
    assert found(
        provided(IAM + "Boundary", other), "arn:aws:iam::", ACCOUNT, ":policy/Boundary"
    ) is (None)


# --- policies of resources ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("shared", ("arn:aws:s3:::shared",)),
        ("shared", ("arn:", PARTITION, ":s3:::shared")),
        ("shared", ("shared",)),
        ("arn:aws:s3:::shared", ("arn:", PARTITION, ":s3:::shared")),
        ("arn:aws:s3:::shared", ("shared",)),
        ("1234abcd", (KEY,)),
        ("1234abcd", ("arn:", PARTITION, ":kms:", REGION, ":", ACCOUNT, ":key/1234abcd")),
        ("1234abcd", ("1234abcd",)),
        (KEY, ("arn:", PARTITION, ":kms:", REGION, ":", ACCOUNT, ":key/1234abcd")),
        (KEY, ("1234abcd",)),
        ("alias/app", ("alias/app",)),
        ("alias/app", ("arn:aws:kms:eu-west-1:111122223333:alias/app",)),
        (
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/db-AbCdEf",
            ("arn:aws:secretsmanager:", REGION, ":", ACCOUNT, ":secret:app/db-AbCdEf"),
        ),
        (
            "arn:aws:ecr:eu-west-1:111122223333:repository/app/web",
            ("arn:aws:ecr:eu-west-1:111122223333:repository/app/web",),
        ),
    ],
)
def test_policies_of_resources(name: str, asked: tuple[str | Hole, ...]) -> None:
    """A bucket, a key, an alias, a secret, a repository."""
    assert found(provided(name, principals=True), *asked) == name
    assert found(provided(name + "x", principals=True), *asked) is None


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        (KEY, ("arn:aws:kms:eu-west-2:111122223333:key/1234abcd",)),
        ("1234abcd", (Hole("KeyId", "t.yml"),)),
        ("alias/app", ("arn:aws:kms:eu-west-1:111122223333:key/app",)),
        ("shared", ("arn:aws:s3:::shared/file",)),
        ("web", ("arn:aws:ecr:eu-west-1:111122223333:repository/web",)),
    ],
)
def test_policies_of_other_resources(name: str, asked: tuple[str | Hole, ...]) -> None:
    """Another region, another kind, an object of the bucket: not the resource."""
    assert found(provided(name, principals=True), *asked) is None


def test_a_name_means_what_its_policy_can_belong_to() -> None:
    """A policy with principals is no boundary, and one without is no bucket's."""
    assert found(provided("shared"), "arn:aws:s3:::shared") is None
    assert found(provided("shared"), "shared") is None
    assert found(provided("shared", principals=True), IAM + "shared") is None


def test_what_nobody_asked_for() -> None:
    """The names that no template used are told."""
    among = provided("Boundary", IAM + "Other")
    assert found(among, IAM + "Third") is None
    assert list(among.unused) == ["Boundary", IAM + "Other"]
    assert found(among, IAM + "Boundary") == "Boundary"
    assert list(among.unused) == [IAM + "Other"]
