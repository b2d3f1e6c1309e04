"""What a person reads of many findings: one block for what has one cause."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from tests.render.conftest import FakeSource

from copilot_preflight.base.finding import CitedCall, Finding, Place, Related, Report
from copilot_preflight.render.formats import GROUPINGS, Look, render

TEXT = "Task: web\nRole: here\nOther: role\n"


def stale(file: str, container: str = "web", at: str = "web", role: str = "here") -> Finding:
    """A finding about one container, decided by a role."""
    return Finding(
        Place(file, (at,)),
        f"role 'R' may not read 'files/{container}.env' of container '{container}'",
        related=(Related(Place(file, (role,)), "the role"),),
        call=CitedCall("R", "s3:GetObject", f"arn:aws:s3:::files/{container}.env", "ECS does"),
        cause="stale-hash",
        help="grant it",
        rule="E9712",
        name="env-file-stale-grant",
    )


def report(findings: Sequence[Finding]) -> Report:
    files = {finding.at.file: FakeSource(TEXT) for finding in findings}
    return Report(len(files), findings, sources=files)


def text(findings: Sequence[Finding], **look: Any) -> str:
    return render(report(findings), "text", Look()._replace(**look))


def test_forty_stacks_with_one_cause_are_one_block() -> None:
    """Every place is there, with what it says in other words."""
    shown = text([stale(f"s{n}.yml", f"c{n}") for n in range(40)])
    assert shown.count("error[E9712]") == 1
    places = re.findall(r"^ +(?:--> )?(s\d+\.yml:1:7)", shown, re.MULTILINE)
    assert places == [f"s{n}.yml:1:7" for n in range(40)]
    assert "  s7.yml:1:7: 'files/c7.env', 'c7'\n" in shown
    assert "and 39 more like this:" in shown
    assert shown.endswith("40 errors in 40 files\n")


def test_a_thousand_stacks_fit_on_one_screen() -> None:
    """The first places, and how many there are."""
    shown = text([stale(f"s{n}.yml", f"c{n}") for n in range(1000)])
    assert "... and 994 more places: --format concise has a line for each" in shown
    assert len(shown.splitlines()) < 24


def test_a_few_are_shown_with_what_each_needs() -> None:
    """Three blocks take less reading than one that leaves out two fixes."""
    assert text([stale(f"s{n}.yml") for n in range(3)]).count("error[E9712]") == 3


def test_containers_that_fail_at_one_line_are_one_finding() -> None:
    """Two are enough: the block would say the same again."""
    shown = text([stale("a.yml", "web"), stale("a.yml", "proxy")])
    assert shown.count("error[E9712]") == 1
    assert "and 1 more like this:\n  a.yml:1:7: 'files/proxy.env', 'proxy'\n" in shown
    assert shown.endswith("2 errors in 1 file\n")


def test_other_causes_stay_apart() -> None:
    """Another role, another call, another reason."""
    found = [stale(f"s{n}.yml") for n in range(4)]
    call = CitedCall("R", "s3:ListBucket", "arn:aws:s3:::files", "ECS does")
    others = [
        found[0]._replace(cause="no-grant"),
        found[1]._replace(call=call),
        found[2]._replace(related=(Related(Place("s2.yml", ("role",)), "the role"),)),
        found[3]._replace(rule="E9711", message="it may not"),
    ]
    shown = text([*found, *others])
    assert shown.count("error[") == 5
    assert "and 3 more like this:" in shown


def test_by_rule_and_in_sections() -> None:
    """All of a rule at once, or what a role or a file has to do with."""
    found = [stale("a.yml"), stale("b.yml"), stale("a.yml", at="role")._replace(cause="no-grant")]
    by_rule = text(found, group_by="rule")
    assert by_rule.count("error[E9712]") == 1
    assert "and 2 more like this:" in by_rule
    by_file = text(found, group_by="file")
    heads = ["a.yml: 2 findings", "b.yml: 1 finding"]
    assert [line for line in by_file.splitlines() if line in heads] == heads
    assert by_file.count("error[E9712]") == 3
    assert "R in b.yml: 1 finding\n\nerror[E9712]" in text(found, group_by="role")
    assert text(found, group_by="none").count("error[E9712]") == 3


@pytest.mark.parametrize("group_by", GROUPINGS)
def test_no_finding_is_lost(group_by: str) -> None:
    """Each place is named, however it is grouped, and the sum is that of all."""
    found = [stale(f"s{n % 3}.yml", f"c{n}", at="web" if n % 2 else "role") for n in range(9)]
    shown = text(found, group_by=group_by)
    for finding in found:
        line = 1 if finding.at.path == ("web",) else 3
        assert re.search(rf"{re.escape(finding.at.file)}:{line}:\d", shown)
    assert shown.count("error[") + sum(map(int, re.findall(r"and (\d+) more", shown))) == 9
    assert shown.endswith("9 errors in 3 files\n")


def test_what_is_left_out_is_counted() -> None:
    """The summary is of all of them."""
    found = [stale("a.yml"), stale("b.yml"), stale("c.yml")]
    shown = text(found, most=1)
    assert shown.count("error[") == 1
    assert "2 more findings are not shown, as --max-findings asks\n" in shown
    assert shown.endswith("3 errors in 3 files\n")
    concise = render(report(found), "concise", Look(most=2)).splitlines()
    assert [line.partition(":")[0] for line in concise[:2]] == ["a.yml", "b.yml"]
    assert concise[2] == "1 more finding is not shown, as --max-findings asks"
    assert len(text([stale(f"s{n}.yml") for n in range(9)], most=1).split("not shown")) == 1


# --- terminals -----------------------------------------------------------------------------------


def test_headlines_wrap_at_words() -> None:
    """Never inside an ARN, an action or a path: they are copied from here."""
    arn = "arn:aws:kms:eu-west-1:111122223333:key/5b1c0a7e-1111-2222-3333-444455556666"
    found = stale("a.yml")._replace(message=f"role 'R' may not kms:GenerateDataKey on '{arn}' now")
    wrapped = text([found], width=80, wraps=True).splitlines()
    assert wrapped[0].startswith("error[E9712] env-file-stale-grant: role 'R' may not")
    assert wrapped[1].startswith("    ")
    assert all(len(line) <= 80 for line in wrapped[:3] if arn not in line)
    joined = "\n".join(wrapped)
    assert arn in joined
    assert "kms:GenerateDataKey" in joined
    assert text([found], width=80).splitlines()[0].endswith(f"'{arn}' now")


def test_a_terminal_says_once_how_to_read_on() -> None:
    """At the end, and to nobody who reads a file."""
    found = [stale("a.yml"), stale("b.yml")._replace(rule="E9711")]
    assert "the rule's page: copilot-preflight explain E9712\n" in text(found[:1], is_live=True)
    assert text(found, is_live=True).count("copilot-preflight explain E9712") == 1
    assert "explain" not in text(found)


def test_a_link_is_to_a_page_of_ours_or_none() -> None:
    """Whatever a report that was read says, its address ends no sequence and begins none."""
    page = "https://example.org/docs/E9712.md"
    found = stale("a.yml")._replace(url=page)
    assert f"\x1b]8;;{page}\x1b\\error[E9712]\x1b]8;;\x1b\\ " in text([found], has_links=True)
    for url in ("", "javascript:x", f"{page}\x1b\\x", f"{page}\x07", f"{page} x", f"{page}?a=b"):
        assert "\x1b" not in text([found._replace(url=url)], has_links=True)
    assert "\x1b" not in text([found])
