"""Env files that are called alike: who is reached too where one is granted in every version."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from tests.stacks import COPILOT_TASK, role

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.edits.edit import Applicability, Help
from copilot_preflight.inputs.package import Manifest, Package
from copilot_preflight.inputs.parameter_files import ParameterValue
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.run import Run
from copilot_preflight_rules.env_file_stale_grant import env_file_stale_grant
from copilot_preflight_rules.env_file_version_locked import env_file_version_locked

FOLDER: Final = "arn:aws:s3:::artifacts/manual/env-files/.env"
HASHES: Final = {name: digit * 64 for name, digit in {"a": "a", "b": "b", "c": "c"}.items()}
TEMPLATE: Final = (
    "Parameters:\n"
    + "".join(
        f"  {name}: {{Type: String}}\n"
        for name in ("AppName", "EnvName", "WorkloadName", "EnvFileARN")
    )
    + "Conditions: {HasEnvFile: !Not [!Equals [!Ref EnvFileARN, '']]}\nResources:\n"
    + COPILOT_TASK
    + role(
        "{Effect: Allow, Action: ['s3:GetObject', 's3:GetBucketLocation'], Resource: [%s]}",
        name="ExecutionRole",
    )
)
PINNED: Final = "!Ref EnvFileARN, 'arn:aws:s3:::artifacts'"


def named(file: str) -> str:
    """The ARN of an uploaded file, by its letter."""
    return f"{FOLDER}/{HASHES[file]}.env"


def package(
    workload: str,
    environment: str = "test",
    file: str = "a",
    *,
    grant: str = PINNED,
    application: str = "shop",
    arn: str = "",
    manifest: str = "",
    workspace: Path | None = None,
) -> Package:
    values = {
        "AppName": application,
        "EnvName": environment,
        "WorkloadName": workload,
        "EnvFileARN": arn or named(file),
    }
    name = f"{workload}-{environment}-{file}"
    source = parse(manifest, f"{name}.manifest.yml") if manifest else None
    return Package(
        parse(TEMPLATE % grant, f"{name}.stack.yml"),
        {key: ParameterValue(value) for key, value in values.items()},
        has_parameters=True,
        in_workspace=Manifest(source, workspace, embedded=workspace is None) if source else None,
    )


def finding_for(first: Package, *others: Package) -> Finding:
    run = Run()
    stack = run.add(first)
    for other in others:
        run.add(other)
    analysis = Analysis(stack)
    [finding] = [*env_file_version_locked(analysis), *env_file_stale_grant(analysis)]
    return finding


def reached(first: Package, *others: Package) -> Mapping[str, str]:
    """The files of other templates that the finding shows, with what it says of them."""
    finding = finding_for(first, *others)
    own = first.template.file
    return {it.place.file: it.message for it in finding.related if it.place.file != own}


WEB: Final = package("web")
SAYS: Final = "in the same folder: the wider grant reaches the env file of "


@pytest.mark.parametrize(
    ("first", "others"),
    {
        "alone": (WEB, []),
        "the same content": (WEB, [package("api", file="a")]),
        "another release of the same deployment": (WEB, [package("web", file="b")]),
        "another file": (
            WEB,
            [package("api", arn=named("b").replace("/.env/", "/api.env/"))],
        ),
        "another bucket": (WEB, [package("api", arn=named("b").replace("artifacts", "other"))]),
        "another deployment without a name": (WEB, [package("", file="b")]),
        "one without a name itself": (package(""), [package("api", file="b")]),
        "no application": (package("web", application=""), [package("api", file="b")]),
        "what the role may read anyway": (
            package("web", grant=f"{PINNED}, '{named('b')}'"),
            [package("api", file="b")],
        ),
        "no env file": (WEB, [package("api", arn="arn:aws:s3:::artifacts/x.env")]),
    }.values(),
)
def test_nothing_to_say(first: Package, others: list[Package]) -> None:
    assert reached(first, *others) == {}


def test_one_file_of_one_workspace_is_one_file(tmp_path: Path) -> None:
    """Whoever has another version of it: every version is what the wider grant is for."""
    one, other = "env_file: .env", "sidecars: {x: {env_file: y}}\nenv_file: ./.env"
    first = package("web", manifest=one, workspace=tmp_path)
    same = package("api", file="b", manifest=other, workspace=tmp_path)
    assert reached(first, same) == {}
    other = "environments: {test: {env_file: api/.env}}"
    differs = package("api", file="b", manifest=other, workspace=tmp_path)
    assert list(reached(first, differs)) == ["api-test-b.stack.yml"]
    elsewhere = package("api", file="b", manifest=one, workspace=tmp_path / "other")
    assert list(reached(first, elsewhere)) == ["api-test-b.stack.yml"]


def test_one_file_by_the_manifests_in_the_templates() -> None:
    """They know no workspace: two environments of one workload have one, two workloads may not."""
    first = package("web", manifest="env_file: .env")
    assert reached(first, package("web", "prod", "b", manifest="env_file: .env")) == {}
    for other in (
        package("web", "prod", "b", manifest="env_file: prod/.env"),
        package("web", "prod", "b"),
        package("api", "test", "b", manifest="env_file: .env"),
    ):
        assert list(reached(first, other)) == [other.template.file]
    filled_in = "env_file: '${COPILOT_ENVIRONMENT_NAME}/.env'"
    first = package("web", manifest=filled_in)
    assert reached(first, package("web", "prod", "b", manifest=filled_in))


def test_other_workloads_and_environments() -> None:
    """Each of them once, and the place is where the file's ARN was given."""
    others = [package("api", file="b"), package("web", "prod", "c"), package("api", file="c")]
    assert reached(WEB, *others) == {
        "api-test-b.stack.yml": f"{SAYS}'api' in environment 'test' too",
        "web-prod-c.stack.yml": f"{SAYS}'web' in environment 'prod' too",
    }


def test_of_many_some() -> None:
    others = [package(f"api{number}", file="b") for number in range(5)]
    assert list(reached(WEB, *others).values()) == [
        f"{SAYS}'api0' in environment 'test' too",
        f"{SAYS}'api1' in environment 'test' too",
        f"{SAYS}'api2' in environment 'test' too (and 2 more)",
    ]


def test_a_stale_grant() -> None:
    """Its fix is the same wider grant, which somebody has to look at then."""
    other = package("api", file="b")
    stale = package("web", grant=f"'{named('c')}', 'arn:aws:s3:::artifacts'")
    assert list(reached(stale, other)) == ["api-test-b.stack.yml"]
    assert applicabilities(finding_for(stale)) == {Applicability.SAFE}
    assert applicabilities(finding_for(stale, other)) == {Applicability.REVIEW}


def applicabilities(finding: Finding) -> set[Applicability]:
    assert isinstance(finding.remedy, Help)
    return {finding.remedy.applicability, *(edit.applicability for edit in finding.remedy.edits)}


def test_a_grant_of_the_other_file_has_it_already() -> None:
    other = package("api", file="b")
    taken = package("web", grant=f"'{named('b')}', 'arn:aws:s3:::artifacts'")
    assert reached(taken, other) == {}
