"""Every broken sample: fixed on the disk it has fewer findings and no new ones, and stays so."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.test_samples import ROOT, SAMPLES, check, folder_of, options_for

from copilot_preflight.base.finding import Report, Severity
from copilot_preflight.checks.rule import Rule
from copilot_preflight.cli.fixing import summary
from copilot_preflight.fixes.files import diff, write
from copilot_preflight.fixes.plan import Plan, planned
from copilot_preflight.fixes.writers import writer_for
from copilot_preflight.run.options import Options
from copilot_preflight_rules import RULES


@pytest.fixture(params=RULES, ids=lambda rule: rule.name)
def rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Rule:
    """A rule whose sample is copied to the folder that the test runs in."""
    found: Rule = request.param
    folder = Path(SAMPLES, folder_of(found))
    shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    return found


def plan(rule: Rule, form: str = "template") -> Plan:
    folder = f"{SAMPLES}/{folder_of(rule)}"
    options = options_for(folder, info=rule.severity is Severity.INFO)
    return planned([folder], options, lambda run: writer_for(form, run), with_review=True)


def counted(report: Report) -> Counter[tuple[str, str]]:
    return Counter((it.rule, it.at.file) for it in report.findings if it.rule != "I9790")


def test_a_sample_that_is_fixed_stays_fixed(rule: Rule) -> None:
    """What was promised holds on the disk, and there is nothing more to do."""
    first = plan(rule)
    for change in first.changes:
        write(change)
    report = check(folder_of(rule), info=rule.severity is Severity.INFO)
    assert list(report.errors) == list(first.before.errors)
    assert counted(report) == counted(first.after)
    assert not counted(report) - counted(first.before)
    again = plan(rule)
    assert (again.changes, again.made) == ((), ())


def test_the_patch_of_a_sample(rule: Rule, snapshot: SnapshotAssertion) -> None:
    """Everything that changes, line by line, and what is said of it."""
    found = plan(rule)
    patch = "".join(diff(change, found.is_shown) for change in found.changes)
    assert "\n".join([patch, *summary(found, is_written=False)]) == snapshot


def test_two_policies_of_one_role_have_two_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IAM has one policy of a name in a role: the second fix waits until the first is there."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / SAMPLES / "broken/image-pull-denied/infrastructure/shop.yml").read_text()
    Path("shop.yml").write_text(text)
    found = planned(
        ["shop.yml"], Options(), lambda run: writer_for("template", run), with_review=True
    )
    (change,) = found.changes
    names = re.findall(r"PolicyName: (Allow\w+)", change.after)
    assert len(names) > 1
    assert len(set(names)) == len(names)


def test_policies_of_one_name_do_not_wait_for_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than there are rounds, in one role; the names that are there stay theirs."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / SAMPLES / "broken/log-delivery-denied/infrastructure/shop.yml").read_text()
    begin, end = text.index("        - Name: audit"), text.index("  ExecutionRole:")
    container = text[begin:end]
    many = [
        container.replace("Name: audit", f"Name: audit{number}").replace(
            "/shop/audit", f"/shop-{number}/audit"
        )
        for number in range(20)
    ]
    text = text[:begin] + "".join(many) + text[end:]
    Path("shop.yml").write_text(
        text.replace("PolicyName: ", "PolicyName: AllowLogsCreateLogStream3 #")
    )
    found = planned(
        ["shop.yml"], Options(), lambda run: writer_for("template", run), with_review=False
    )
    assert found.proof == "21 denied -> 0 denied, nothing new"
    names = re.findall(r"PolicyName: (\w+)", found.changes[0].after)
    assert len(set(names)) == len(names) == 21
