"""Scopes that are files and JSONPaths, as entries of the configuration file have them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.run.suppress.stack import LOG, STACK, WEB, Check

from copilot_preflight.base.finding import EXTERNAL, Place
from copilot_preflight.base.globs import Globs
from copilot_preflight.read import document
from copilot_preflight.render.formats import render
from copilot_preflight.run.suppress.suppression import AtPath, Suppression


def entry(folder: Path, rule: str, files: str = "", path: str = "", until: str = "") -> Suppression:
    """What an entry of the configuration comes to."""
    globs = Globs(str(folder), (files,)) if files else None
    at = Place(".copilot-preflight.yml", ("suppress", 0))
    return Suppression(rule, AtPath(globs, path), at, EXTERNAL, "why", until)


@pytest.mark.parametrize(
    ("told_by", "left"),
    [
        ({"rule": "E9711"}, []),
        ({"rule": "E97"}, []),
        ({"rule": "E9711", "files": "web.yml"}, []),
        ({"rule": "E9711", "files": "other.yml"}, [WEB, LOG]),
        ({"rule": "E9711", "path": "$.Resources.Task"}, []),
        ({"rule": "E9711", "path": "$.Resources.*"}, []),
        ({"rule": "E9711", "path": "$.Resources.Role"}, [WEB, LOG]),
        ({"rule": "E9711", "path": "$..ContainerDefinitions[0]"}, [LOG]),
        ({"rule": "E9711", "path": "$..ContainerDefinitions[?(@.Name == 'web')]"}, [LOG]),
        ({"rule": "E9711", "path": "$.Resources.Tas"}, [WEB, LOG]),
        ({"rule": "E9711", "path": "$.Resources[?(@.a < 3)]"}, [WEB, LOG]),
        ({"rule": "E9711", "until": "2026-11"}, []),
        ({"rule": "E9711", "until": "2026-11-21"}, [WEB, LOG]),
    ],
)
def test_entries_of_the_configuration(
    check: Check, tmp_path: Path, told_by: dict[str, str], left: list[tuple[str, str, str]]
) -> None:
    """A rule in some files, below what a JSONPath finds, until a date; else it is told."""
    report = check(STACK, suppress=[entry(tmp_path, **told_by)])
    shown = [it for it in report.findings if it.rule != "W9791"]
    assert [it.message.count("'log'") for it in shown] == [int(it == LOG) for it in left]
    assert all((it.kind, it.reason) == (EXTERNAL, "why") for it in report.silenced)
    void = [it.cause for it in report.findings if it.rule == "W9791"]
    expired = left and "until" in told_by
    assert void == (["expired"] if expired else ["unused"] if left == [WEB, LOG] else [])


def test_unused_entries_are_told_where_they_stand(check: Check, tmp_path: Path) -> None:
    """In the configuration file; a beginning of ids is never unused."""
    config = document.parse("suppress:\n  - rule: W9713\n", ".copilot-preflight.yml")
    entries = [entry(tmp_path, "W9713"), entry(tmp_path, "W975")]
    report = check(STACK, suppress=entries, config=config)
    assert [it.message for it in report.findings if it.rule == "W9791"] == [
        "suppression of W9713 silences nothing: there is no such finding here"
    ]
    assert "--> .copilot-preflight.yml:2:5\n" in render(report, "text")
