"""cfn-lint's metadata, of a template and of a resource."""

from __future__ import annotations

import pytest
from tests.run.suppress.stack import LOG, STACK, WEB, Check, metadata, reported

from copilot_preflight.base.finding import IN_SOURCE, Place


def of_task(*rules: str) -> str:
    return STACK.replace("  Task:\n", f"  Task:\n{metadata(*rules, indent=4)}")


@pytest.mark.parametrize("rule", ["E9711", "E97", "E"])
def test_metadata_of_the_template(check: Check, rule: str) -> None:
    """Ids and their beginnings, as in cfn-lint; no reason is asked for."""
    report = check(metadata(rule) + STACK)
    assert reported(report) == []
    assert [(it.kind, it.reason) for it in report.silenced] == [(IN_SOURCE, "")] * 2
    place = Place("web.yml", ("Metadata", "cfn-lint", "config", "ignore_checks", 0))
    assert {it.by for it in report.silenced} == {place}


def test_metadata_of_a_resource(check: Check) -> None:
    """Whole ids only, for what stands in the resource."""
    assert reported(check(of_task("E9711"))) == []
    assert reported(check(of_task("E97"))) == [WEB, LOG]
    other = STACK.replace("  Role:\n", f"  Role:\n{metadata('E9711', indent=4)}")
    assert reported(check(other)) == [WEB, LOG, ("W9791", "18", "unused")]


def test_unused_metadata(check: Check) -> None:
    """Told for our own ids; what is cfn-lint's, or the beginning of ids, is left alone."""
    report = check(metadata("W9713", "E3012", "W95", "X") + STACK)
    assert reported(report) == [WEB, LOG, ("W9791", "4", "unused")]
    assert report.findings[-1].message.startswith("suppression of W9713 silences nothing")


@pytest.mark.parametrize("value", ["E9711", "{E9711: 1}", "[[E9711], 1, null, {a: b}, '']", ""])
def test_metadata_of_another_shape(check: Check, value: str) -> None:
    """What is no list of ids silences nothing, and is for cfn-lint to refuse."""
    text = metadata("X").replace("[X]", value) + STACK
    assert reported(check(text)) == [WEB, LOG]
    assert reported(check("Metadata:\n  cfn-lint: # ignore_checks\n" + STACK)) == [WEB, LOG]
