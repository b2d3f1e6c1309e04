"""Texts, templates and the account's answers together: what is deployed is to blame, or is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from copilot_preflight.run.check import checked
from copilot_preflight.run.options import Options
from copilot_preflight.triage.join import diagnosed
from copilot_preflight.triage.recognise import failures_in
from copilot_preflight.triage.result import Diagnosis, Weight

SAMPLE = Path(__file__).parents[2] / "sample_templates" / "broken" / "account-differs"
ROLE = "bakery-test-web-ExecutionRole-1A2B3C4D5E6F"
BUCKET = "stackset-bakery-infrastruc-pipelinebuiltartifactbuc-1qv8zk3w0ymx"
FILES = f"arn:aws:s3:::{BUCKET}/manual/env-files/web.env"
NEW = "f799581e9ff3bf716611732cadbb6edc1d88e66ac3a143c11ca1a10553f8ac3d"
OLD = "7a967e71a9a53a5a4bea5d4fd6d38bb91f64e2148b9f5a56fa03f83dab220ab6"
STOPPED = (
    "ResourceInitializationError: failed to download env files: file download command: non-empty "
    "error stream: failed to download file 1.env: AccessDenied: Access Denied"
)


def refused(role: str) -> str:
    """What S3 answers a role that asks for the new version of the file."""
    return (
        f"AccessDenied: User: arn:aws:sts::111122223333:assumed-role/{role}/1 is not authorized to "
        f'perform: s3:GetObject on resource: "{FILES}/{NEW}.env" because no identity-based policy '
        "allows the s3:GetObject action"
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample, whose role in the account reads the old version."""
    shutil.copytree(SAMPLE, tmp_path / "package")
    shutil.move(tmp_path / "package" / "evidence", tmp_path / "evidence")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def diagnosis(text: str) -> Diagnosis:
    options = Options(info=True, evidence=[Path("evidence")])
    (found,) = diagnosed(failures_in(text), checked(["package"], options))
    return found


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("text", [STOPPED, refused(ROLE)], ids=["stopped", "refused"])
def test_the_role_that_is_deployed_is_to_blame(text: str) -> None:
    """It stands first, as proved, and one command confirms it."""
    first = diagnosis(text).causes[0]
    assert (first.rule, first.step, first.weight) == ("W9787", "account", Weight.PROVED)
    assert first.message == (
        f"in the account, role '{ROLE}' may read 'manual/env-files/web.env/{OLD[:8]}….env', and "
        f"not 'manual/env-files/web.env/{NEW[:8]}….env' as the template's role 'ExecutionRole': "
        "whatever asks for that gets 403"
    )
    assert first.confirm.startswith("aws iam simulate-principal-policy ")


def test_a_role_that_is_what_the_template_says_is_not_to_blame(folder: Path) -> None:
    """Then what AWS refuses is a riddle still: the templates and the account both allow it."""
    answer = folder / "evidence" / "get-role-policy.env-file.json"
    answer.write_text(answer.read_text().replace(OLD, NEW))
    causes = diagnosis(refused(ROLE)).causes
    assert all(it.weight is not Weight.PROVED for it in causes)
    assert not any(it.message.startswith("in the account") for it in causes)


def test_a_role_that_only_the_account_has(folder: Path) -> None:
    """Its policies are judged as those of a template; what it should have been is said as well."""
    for answer in (folder / "evidence").iterdir():
        answer.write_text(answer.read_text().replace(ROLE, "leftover"))
    first, second, *_ = diagnosis(refused("leftover")).causes
    assert first.message == (
        f"role 'leftover' may not s3:GetObject on '{FILES}/{NEW[:8]}….env': the grant is for "
        f"another version, '{FILES}/{OLD[:8]}….env'"
    )
    assert first.place is not None
    assert first.place.file == str(Path("evidence", "get-role-policy.env-file.json"))
    assert "copilot/web" not in first.fix
    assert second.step == "role"
