"""The workflow that releases: valid, pinned, and with no more rights than it needs."""

from __future__ import annotations

import re

import pytest
import yaml
from tests.hosts.fenced import BIN, PROJECT, run

from copilot_preflight._version import __version__

FILE = ".github/workflows/release.yml"
TEXT = (PROJECT / FILE).read_text(encoding="utf-8")
WORKFLOW = yaml.safe_load(TEXT)
JOBS = WORKFLOW["jobs"]


def test_it_is_valid() -> None:
    checker = BIN / "check-jsonschema"
    if not checker.exists():
        pytest.skip("check-jsonschema is not installed: pip install '.[dev]'")
    ran = run([str(checker), "--builtin-schema", "vendor.github-workflows", FILE], PROJECT)
    assert ran.status == 0, ran.out


def test_actions_are_pinned_by_commit() -> None:
    """With the version in a comment, as tools that move the pins write it."""
    uses = re.findall(r"uses: (.*)", TEXT)
    assert uses
    for it in uses:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", it), it


def test_no_job_may_more_than_it_needs() -> None:
    assert WORKFLOW["permissions"] == {}
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "build": {"contents": "read", "id-token": "write", "attestations": "write"},
        "publish": {"id-token": "write"},
        "release": {"contents": "write"},
    }
    assert "secrets." not in TEXT, "trusted publishing needs none"


def test_what_is_published_was_built_and_attested_before() -> None:
    """The job that may publish runs nothing of ours, in an environment that somebody approves."""
    assert JOBS["publish"]["needs"] == "build"
    assert JOBS["publish"]["environment"]["name"] == "pypi"
    assert all("run" not in step for step in JOBS["publish"]["steps"])
    names = [step.get("uses", "").partition("@")[0] for step in JOBS["build"]["steps"]]
    attested = names.index("actions/attest-build-provenance")
    assert attested < names.index("actions/upload-artifact")


def test_expressions_are_in_no_script() -> None:
    """A tag's name would be code there."""
    scripts = [step["run"] for job in JOBS.values() for step in job["steps"] if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts)


def test_the_version_is_found_as_the_workflow_looks_for_it() -> None:
    (script,) = (
        step["run"]
        for step in JOBS["build"]["steps"]
        if step.get("name") == "The tag is the version"
    )
    command = f"set -e; export TAG=v{__version__}\n{script}"
    assert run(["bash", "-c", command], PROJECT).status == 0
    assert run(["bash", "-c", command.replace("TAG=v", "TAG=v9")], PROJECT).status == 1
