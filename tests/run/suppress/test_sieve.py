"""What silences which finding, and what is reported of suppressions that silence nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.run.suppress.stack import (
    ACCEPTED,
    LOG,
    STACK,
    WEB,
    Check,
    above,
    beside,
    metadata,
    reported,
)

from copilot_preflight.base.finding import Finding, Place
from copilot_preflight.cli.group import cli
from copilot_preflight.read import document
from copilot_preflight.render.formats import render
from copilot_preflight.run.suppress.sieve import sifted
from copilot_preflight_rules import CATALOGUE


def test_the_stack_has_two_findings(check: Check) -> None:
    """Without any suppression both are told, and nothing counts as suppressed."""
    report = check(STACK)
    assert reported(report) == [WEB, LOG]
    assert report.suppressed == 0


# --- unused, and when not ------------------------------------------------------------------------


def test_each_rule_is_unused_by_itself(check: Check) -> None:
    """Of several rules in one comment, those without a finding are named one by one."""
    report = check(beside("Value: ", "# preflight: ignore[E9715, E9711, W9713] why"))
    assert [finding.message for finding in report.findings[1:]] == [
        "suppression of E9715 silences nothing: there is no such finding here",
        "suppression of W9713 silences nothing: there is no such finding here",
    ]


@pytest.mark.parametrize("rule", ["W9713", "I9756"])
def test_a_rule_that_did_not_look_is_not_unused(check: Check, rule: str) -> None:
    """With --ignore, --select or without --info nobody knows what the rule would have said."""
    text = beside("Value: ", f"# preflight: ignore[{rule}] why")
    without = [it for it in CATALOGUE if it.id != "W9713"]
    assert reported(check(text, rules=without)) == [WEB, LOG]
    assert ("W9791", "10", "unused") in reported(check(text, info=True))


def test_nothing_is_unused_where_not_all_was_judged(check: Check) -> None:
    """A file that cannot be read may have had the finding; what does not count is told anyhow."""
    text = beside("Value: ", "# preflight: ignore[W9713] why")
    broken = check({"web.yml": text, "other.yml": "Resources: [ # ::"})
    assert broken.errors
    assert reported(broken) == [WEB, LOG]
    text = beside("Value: ", "# preflight: ignore[W9713]")
    assert reported(check({"web.yml": text}))[2:] == [("W9791", "10", "no-reason")]


def test_the_rule_can_be_left_out(check: Check) -> None:
    """With W9791 ignored, suppressions do what they do, and nothing is said of the others."""
    rules = [it for it in CATALOGUE if it.id != "W9791"]
    assert reported(check(beside("- Name: log", ACCEPTED), rules=rules)) == [WEB]
    assert reported(check(beside("Role:", ACCEPTED), rules=rules)) == [WEB, LOG]


def test_all_can_be_shown(check: Check) -> None:
    """Without suppressions every finding is told, and nothing of the comments."""
    report = check(beside("Task:", "# preflight: ignore[E9711, W9713] why"), suppressions=False)
    assert reported(report) == [WEB, LOG]
    assert report.suppressed == 0


def test_unused_suppressions_can_be_silenced(check: Check) -> None:
    """By a comment that names W9791, which is told itself where that silences nothing."""
    unused = "# preflight: ignore[W9713] for later"
    of_that = "# preflight: ignore[W9791] we know"
    assert reported(check(above("Role:", f"{unused} {of_that}"))) == [
        WEB,
        LOG,
        ("W9791", "14", "unused"),
    ]
    assert reported(check(above("Role:", f"{of_that}\n  {unused}"))) == [WEB, LOG]
    assert reported(check(above("Role:", of_that))) == [WEB, LOG, ("W9791", "14", "unused")]


def test_unused_suppressions_stand_in_order(check: Check) -> None:
    """Behind the findings, by file and line, whatever is wrong with them."""
    text = beside("Role:", "# preflight: ignore[W9713] why")
    text = text.replace("  Task:", "  Task: # preflight: ignore")
    text = text.replace("- Name: web", "- Name: web # preflight: ignore[W9713] why until 2020-01")
    assert reported(check(text)) == [
        WEB,
        LOG,
        ("W9791", "2", "malformed"),
        ("W9791", "7", "expired"),
        ("W9791", "14", "unused"),
    ]


def test_a_line_with_credentials_is_not_shown(check: Check) -> None:
    """A comment that accepts credentials may stand beside them: no report quotes its line."""
    text = STACK.replace(
        "- Name: web\n",
        "- Name: web\n          Environment:\n"
        "            - Name: AWS_ACCESS_KEY_ID # preflight: ignore[W9735] why until 2020-01\n"
        "              Value: AKIAIOSFODNN7EXAMPLE\n"
        "            - Name: AWS_SECRET_ACCESS_KEY\n"
        "              Value: SECRET # preflight: ignore[W9735]\n",
    )
    report = check(text)
    assert {finding.cause for finding in report.findings} >= {"expired", "no-reason"}
    assert "SECRET #" not in render(report, "text")


# --- other files of a package --------------------------------------------------------------------


def test_what_two_templates_share_is_told_for_either() -> None:
    """A finding in what is shared remains if it is silenced for one of the templates only."""
    shared = Place("shared.yml", ("x",))
    found = Finding(shared, "shared", rule="E9711")
    sources = {
        "a.yml": document.parse(metadata("E9711") + STACK, "a.yml"),
        "shared.yml": document.parse("x: 1", "shared.yml"),
    }

    def looks(_rule: str, _file: str) -> bool:
        return True

    left, silenced = sifted([(found, "a.yml"), (found, "b.yml")], sources, looks=looks)
    assert (left, silenced) == ([found], [])
    left, silenced = sifted([(found, "a.yml")], sources, looks=looks)
    assert (left, [it.finding for it in silenced]) == ([], [found])


ADDONS = """\
Resources:
  Reader:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          Effect: Allow
          Action: s3:GetObject
          Resource: arn:aws:s3:::files
"""


def test_comments_of_addons(check: Check) -> None:
    """They count where the addons are checked themselves; else nobody knows whether they do."""
    text = ADDONS.replace("files", "files  # preflight: ignore[E9751, W9753] why")
    files = {"web-test.stack.yml": STACK, "web.addons.stack.yml": text}
    report = check(files)
    assert [it.finding.rule for it in report.silenced] == ["E9751"]
    assert [it.rule for it in report.findings] == ["E9711", "E9711", "W9791"]
    assert [it.rule for it in check(files, "web-test.stack.yml").findings] == ["E9711", "E9711"]


# --- several templates ---------------------------------------------------------------------------


def test_templates_do_not_silence_each_other(check: Check) -> None:
    """A comment or Metadata is about the findings of its own template."""
    files = {"a.yml": metadata("E9711") + STACK, "b.yml": STACK}
    report = check(files)
    assert {finding.at.file for finding in report.findings} == {"b.yml"}
    assert len(report.findings) == report.suppressed == 2


# --- the page ------------------------------------------------------------------------------------

PAGE = Path(__file__).parents[3] / "docs" / "suppressions.md"


def test_the_page_shows_what_works(check: Check, tmp_path: Path) -> None:
    """The template of the page is silent, for each of its two ways; without them it is not."""
    text = PAGE.read_text(encoding="utf-8")
    fences = dict(re.findall(r"^```yaml (\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    template, config = fences["web-test.stack.yml"], fences[".copilot-preflight.yml"]
    silent = check(template)
    assert reported(silent) == []
    assert [it.reason for it in silent.silenced] == [
        "granted by hand in the old account, until 2999-06",
        "not ours: see OPS-312",
    ]
    (tmp_path / ".copilot-preflight.yml").write_text(config, encoding="utf-8")
    (tmp_path / "web.yml").write_text(re.sub(r" *# preflight.*", "", template), encoding="utf-8")
    bare = CliRunner().invoke(cli, ["check", "web.yml"]).output
    assert "container 'web'" in bare
    assert bare.endswith("; 1 error, 1 warning in 1 file, 1 suppressed\n")
