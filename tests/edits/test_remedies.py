"""The remedies of all samples: helps are renderings of them, and they are to the point."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.edits.apply import applied, inserted
from tests.test_samples import CLEAN, ROOT, SAMPLES, check, folder_of

from copilot_preflight.base.finding import Finding, Severity
from copilot_preflight.checks.rule import Rule
from copilot_preflight.edits.edit import END, Edit, Help, Operation, insertion
from copilot_preflight.edits.grant import EFFECT, Grant
from copilot_preflight.iam.layers import Layer
from copilot_preflight.read.document import parse, read
from copilot_preflight_rules import RULES

FOLDERS = [*(f"clean/{name}" for name in CLEAN), *map(folder_of, RULES)]
BY_NAME = {rule.name: rule for rule in RULES}


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def remedies(findings: Iterable[Finding]) -> Iterator[Help]:
    for finding in findings:
        if finding.remedy is not None:
            assert isinstance(finding.remedy, Help)
            yield finding.remedy


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_statement_in_a_help_is_a_grant(folder: str) -> None:
    """No help shows a statement that was put together from strings."""
    for finding in check(folder).findings:
        shown = finding.help.count(f"Effect: {EFFECT}")
        if not isinstance(finding.remedy, Help):
            assert shown == 0
            continue
        assert finding.help == finding.remedy.text
        statements = {grant.yaml for grant in finding.remedy.grants}
        assert shown == len(statements)
        for grant in finding.remedy.grants:
            assert f"\n{grant.yaml}" in finding.help
            assert parse(grant.yaml, "x.yml").data == [grant.plain]


def test_most_helps_of_the_samples_have_values_behind_them() -> None:
    """The tests above and below are about something: which rules have grants, and which edits."""
    with_grants, with_edits = set(), set()
    for finding in check(account=False).findings:
        for help in remedies([finding]):
            with_grants |= {finding.rule} if help.grants else set()
            with_edits |= {finding.rule} if help.edits else set()
    assert len(with_grants) >= 24, with_grants
    assert with_edits >= {"E9712", "W9713", "E9716", "E9732", "E9743", "E9751", "E9752", "W9753"}
    assert with_edits >= {"E9755", "E9761", "W9774"}


# --- carried out on a copy ------------------------------------------------------------------------

CORRECTED = [
    "env-file-stale-grant",
    "env-file-version-locked",
    "role-not-assumable",
    "object-action-on-bucket-arn",
    "bucket-action-on-object-arn",
    "half-granted-pair",
    "denied-by-bucket-policy",
    "artifact-acl-rejected",
]

GRANTED = [
    "env-file-denied",
    "env-file-stale-grant",
    "env-file-version-locked",
    "env-file-bucket-denied",
    "env-file-decrypt-denied",
    "grant-on-wrong-role",
    "image-pull-denied",
    "registry-credentials-denied",
    "exec-channel-denied",
    "required-call-denied",
    "denied-by-key-policy",
    "denied-by-endpoint-policy",
    "endpoint-policy-may-deny",
    "artifact-upload-denied",
    "artifact-download-denied",
    "artifact-encryption-denied",
]


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Rule:
    """The rule of a copy of its sample, in which the test runs."""
    rule = BY_NAME[request.param]
    folder = Path(SAMPLES, folder_of(rule))
    shutil.copytree(folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    return rule


def _carry_out(edits: Iterable[Edit]) -> None:
    # What is removed moves what stands behind it, so it goes last.
    for edit in sorted(edits, key=lambda edit: edit.operation is Operation.REMOVE):
        _write(edit.file, applied(read(edit.file).data, edit))


def _write(file: str, data: Any) -> None:
    Path(file).write_text(json.dumps(data), encoding="utf-8")


@pytest.mark.parametrize("sample", CORRECTED, indirect=True)
def test_the_edits_of_a_finding_end_it(sample: Rule) -> None:
    """With its corrections carried out a broken package is clean, and nothing new is found."""
    helps = [*remedies(check(folder_of(sample), info=False).findings)]
    edits = [edit for help in helps for edit in help.edits]
    assert edits
    assert not any(edit.gaps for edit in edits)
    _carry_out(edits)
    report = check(folder_of(sample), info=False)
    assert (list(report.findings), list(report.errors)) == ([], [])


def _write_grant(grant: Grant, number: int) -> None:
    """Writes a grant where its owner has policies."""
    owner = grant.owner
    assert owner.place is not None
    file, path = owner.place.file, owner.place.path
    data = read(file).data
    if owner.layer is Layer.IDENTITY:
        document = {"Version": "2012-10-17", "Statement": [grant.plain]}
        policy = {"PolicyName": f"granted-{number}", "PolicyDocument": document}
        _write(file, inserted(data, (*path, "Properties", "Policies", END), policy))
        return
    inside = ("Properties", "KeyPolicy") if owner.layer is Layer.RESOURCE else ()
    edit = insertion(file, (*path, *inside, "Statement", END), grant, "grant it")
    _carry_out([edit])


@pytest.mark.parametrize(
    ("sample", "gap"),
    [
        ("efs-mount-denied", "<Images of gallery.addons.stack.yml>"),
        ("missing-object-looks-denied", "<Uploads of web.addons.stack.yml>"),
        ("half-granted-encryption", "<UploadsKey of uploader.addons.stack.yml>"),
    ],
    indirect=["sample"],
)
def test_a_name_of_another_template_is_left_open(sample: Rule, gap: str) -> None:
    """The role's template has no resource of that name: the grant says what belongs there."""
    found = check(folder_of(sample), info=sample.severity is Severity.INFO)
    (grant,) = (grant for help in remedies(found.findings) for grant in help.grants)
    assert gap in grant.gaps


@pytest.mark.parametrize("sample", GRANTED, indirect=True)
def test_the_grants_of_a_finding_end_it(sample: Rule) -> None:
    """With its statements written a broken package is clean, and nothing new is found."""
    found = check(folder_of(sample), info=sample.severity is Severity.INFO)
    helps = [*remedies(found.findings)]
    grants = dict.fromkeys(grant for help in helps for grant in help.grants)
    assert grants
    for number, grant in enumerate(grants):
        assert not grant.gaps
        _write_grant(grant, number)
    # Remarks are true of most packages; each is the point of one of them.
    report = check(folder_of(sample), info=sample.severity is Severity.INFO)
    assert (list(report.findings), list(report.errors)) == ([], [])
