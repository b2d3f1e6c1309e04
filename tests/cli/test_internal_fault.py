"""A fault of ours stops the file in which it shows, names the rule, and asks to be reported."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import Rule, rule
from copilot_preflight.run import check as engine
from copilot_preflight_rules import CATALOGUE, RULES

Run = Callable[..., Any]
Write = Callable[..., Path]


@rule("E9999", "always-fails", "A rule with a fault")
def always_fails(analysis: Analysis) -> Iterator[Finding]:
    if "api" in analysis.stack.file:
        raise KeyError("one\nof \x1b[31mours")
    yield from ()


@rule("E9998", "half-way", "A rule that fails behind its first finding")
def half_way(analysis: Analysis) -> Iterator[Finding]:
    yield from next(iter(RULES)).check(analysis)
    raise AssertionError


@rule("E9997", "too-deep", "A rule that never ends")
def too_deep(analysis: Analysis) -> Iterator[Finding]:
    yield from too_deep.check(analysis)


Faulty = Callable[..., None]


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Faulty:
    """Adds rules to those of the command."""

    def add(*rules: Rule) -> None:
        monkeypatch.setattr("copilot_preflight_rules.CATALOGUE", (*CATALOGUE, *rules))

    return add


def test_fault_names_the_rule_and_stops_its_file_only(
    run: Run, write: Write, templates: Any, faulty: Faulty
) -> None:
    """The line has the file, the rule, the exception and its place; the other files are checked."""
    faulty(always_fails)
    write({"api.yml": templates.denied, "web.yml": templates.denied})
    result = run("api.yml", "web.yml")
    assert result.status == 2
    (line,) = result.errors
    assert re.fullmatch(
        r"error: api\.yml: rule E9999 \(always-fails\) failed with "
        r"KeyError: 'one\\nof \\x1b\[31mours' at test_internal_fault\.py:\d+: "
        r"this is a fault of copilot-preflight, please report it at https://\S+",
        line,
    )
    assert result.out.count("error[E9711]") == 1
    assert "--> web.yml" in result.out
    assert result.out.endswith("1 error in 2 files\n")


def test_fault_is_an_error_of_the_json_report(
    run: Run, write: Write, templates: Any, faulty: Faulty
) -> None:
    """A program that reads the report is told too."""
    faulty(always_fails)
    write({"api.yml": templates.clean})
    (error,) = json.loads(run("api.yml", "--format", "json").out)["errors"]
    assert (error["file"], error["line"], error["column"]) == ("api.yml", 0, 0)
    assert "rule E9999 (always-fails) failed with KeyError" in error["message"]


def test_rule_with_a_fault_can_be_left_out(
    run: Run, write: Write, templates: Any, faulty: Faulty
) -> None:
    """Until the fault is mended, the other rules are of use."""
    faulty(always_fails)
    write({"api.yml": templates.denied})
    assert run("api.yml", "--ignore", "always-fails").status == 1


def test_nothing_half_judged_is_reported(
    run: Run, write: Write, templates: Any, faulty: Faulty
) -> None:
    """The findings of a file in which a rule failed are not shown: they may be half of a truth."""
    faulty(half_way)
    write({"web.yml": templates.denied})
    result = run("web.yml")
    assert result.out.endswith("no findings in 1 file, but the run itself failed\n")
    assert "rule E9998 (half-way) failed with AssertionError at" in result.err


def test_endless_recursion_is_the_templates(
    run: Run, write: Write, templates: Any, faulty: Faulty
) -> None:
    """Where Python's calls do not suffice, the template refers to itself too deeply."""
    faulty(too_deep)
    write({"web.yml": templates.denied})
    result = run("web.yml")
    assert result.err == (
        "error: web.yml:1:1: values refer to each other too deeply to be followed, or in a circle\n"
    )


@pytest.mark.parametrize("fault", [KeyboardInterrupt, SystemExit])
def test_end_of_the_process_is_no_fault(
    write: Write, templates: Any, fault: type[BaseException]
) -> None:
    """What ends Python ends the run."""

    @rule("E9996", "ends", "A rule that ends the process")
    def ends(_analysis: Analysis) -> Iterator[Finding]:
        raise fault

    folder = write({"web.yml": templates.clean})
    with pytest.raises(fault):
        engine.check([str(folder / "web.yml")], engine.Options(rules=[ends]))
