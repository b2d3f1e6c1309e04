"""Env files under one prefix: whoever is granted every version of one may read the others."""

from __future__ import annotations

from typing import Final

import pytest
from tests import stacks

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.edits.edit import Applicability, Help
from copilot_preflight.inputs.package import Package
from copilot_preflight.inputs.parameter_files import ParameterValue
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.stack import Run
from copilot_preflight_rules.env_file_stale_grant import env_file_stale_grant
from copilot_preflight_rules.env_file_version_locked import env_file_version_locked

ONE, TWO, THREE, STALE = ("a" * 63 + end for end in "1234")


def arn(digest: str, name: str = "web.env", bucket: str = "artifacts") -> str:
    return f"arn:aws:s3:::{bucket}/manual/env-files/{name}/{digest}.env"


TEMPLATE: Final = (
    "Parameters: {EnvFileARN: {Type: String}, Granted: {Type: String}}\nResources:\n"
    + stacks.task("EnvironmentFiles: [{Type: s3, Value: !Ref EnvFileARN}]")
    + stacks.role("{Effect: Allow, Action: 's3:*', Resource: !Ref Granted}")
)
NEAR: Final = (
    "another stack's file under the same prefix: with every version, the role may read it too"
)


def findings(granted: str, *others: str) -> list[Finding]:
    """Those of a stack that asks for version ONE, in a run with others."""
    run = Run()
    for number, (asked, given) in enumerate([(arn(ONE), granted), *((it, it) for it in others)]):
        values = {"EnvFileARN": asked, "Granted": given}
        parameters = {name: ParameterValue(value) for name, value in values.items()}
        run.add(Package(parse(TEMPLATE, f"{number}.yml"), parameters, has_parameters=True))
    analysis = Analysis(run.stacks[0])
    return [*env_file_version_locked(analysis), *env_file_stale_grant(analysis)]


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([arn(TWO)], [("1.yml", NEAR)]),
        ([arn(TWO), arn(THREE)], [("1.yml", f"{NEAR} (and 1 more)")]),
        ([arn(ONE), arn(THREE)], [("2.yml", NEAR)]),
        ([arn(ONE)], []),
        ([arn(TWO), arn(TWO)], [("1.yml", f"{NEAR} (and 1 more)")]),
        ([arn(TWO, name="api.env")], []),
        ([arn(TWO, bucket="others")], []),
        ([""], []),
        ([], []),
    ],
)
@pytest.mark.parametrize("granted", [arn(ONE), arn(STALE)])
def test_the_file_of_another_stack(
    granted: str, others: list[str], expected: list[tuple[str, str]]
) -> None:
    """The exact grant and the stale one have the same way out."""
    (finding,) = findings(granted, *others)
    assert finding.rule == ("W9713" if granted == arn(ONE) else "E9712")
    near = [it for it in finding.related if "prefix" in it.message]
    assert [(it.place.file, it.message) for it in near] == expected


@pytest.mark.parametrize(
    ("others", "applicability"),
    [([arn(TWO)], Applicability.REVIEW), ([arn(TWO, name="api.env")], Applicability.SAFE)],
)
def test_what_widens_access_is_to_be_looked_at(
    others: list[str], applicability: Applicability
) -> None:
    (finding,) = findings(arn(STALE), *others)
    assert isinstance(finding.remedy, Help)
    assert finding.remedy.applicability is applicability
    assert finding.remedy.edits[0].applicability is applicability


def test_what_the_role_may_read_already_is_no_news() -> None:
    (finding,) = findings(arn(STALE), arn(STALE))
    assert not [it for it in finding.related if "prefix" in it.message]
