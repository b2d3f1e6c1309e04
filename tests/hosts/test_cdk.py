"""The plugins in the real CDK: that in TypeScript by its own tests, that in Python by an app.

The CDK is 100 MB to fetch, so `make test` leaves it out; `make test-cdk` and CI do not.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.hosts.fenced import BIN, PROJECT, run

from copilot_preflight._version import __version__

pytestmark = pytest.mark.skipif("WITH_CDK" not in os.environ, reason="only in make test-cdk")

PLUGIN = PROJECT / "integrations" / "cdk"
PATIENCE = 240
"""Seconds in which the CDK is fetched: 60 MB for Python, 40 MB for npm."""


def fetched(command: list[str], folder: Path) -> None:
    """Runs a package manager; the test is skipped where its registry is out of reach."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"{command[0]} has not fetched the CDK within {PATIENCE} seconds")
    offline = re.search(
        r"ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|network|NameResolution|NewConnection|ProxyError|"
        r"No matching distribution|E40[34]",
        done.stderr,
    )
    if done.returncode and offline:
        pytest.skip(f"the registry of {Path(command[0]).name} is out of reach")
    assert done.returncode == 0, done.stderr


# --- TypeScript -----------------------------------------------------------------------------------


def test_in_typescript(tmp_path: Path) -> None:
    """The package is built and tested as its lock says, with the command of this checkout."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed")
    version = run([node, "--version"], tmp_path).out
    if int(version.removeprefix("v").partition(".")[0]) < 20:
        pytest.skip(f"node {version.strip()} is too old to test with: 20 or newer")
    folder = tmp_path / "cdk"
    shutil.copytree(PLUGIN, folder, ignore=shutil.ignore_patterns("node_modules", "lib"))
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    fetched([npm, "ci", *options, "--fetch-retries=0"], folder)
    command = f"{sys.executable} -m copilot_preflight"
    ran = run([npm, "test", "--silent"], folder, {**os.environ, "COPILOT_PREFLIGHT": command})
    assert ran.status == 0, ran.out
    assert re.search(r"^# pass [1-9]", ran.out, re.MULTILINE), ran.out


def test_the_package_is_of_this_version() -> None:
    package = json.loads((PLUGIN / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((PLUGIN / "package-lock.json").read_text(encoding="utf-8"))
    assert package["version"] == lock["version"] == __version__
    packages = [it for path, it in lock["packages"].items() if path]
    assert all("integrity" in it or it["inBundle"] for it in packages)


# --- Python ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """An environment in which ``aws_cdk`` can be imported next to what is here."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed, in which the CDK runs")
    if not (BIN / "pip").exists():
        pytest.skip("pip is not installed, to fetch the CDK with")
    folder = tmp_path_factory.mktemp("aws-cdk")
    options = ["--quiet", "--disable-pip-version-check", "--no-compile", "--retries", "1"]
    wanted = ["--target", str(folder / "site"), "aws-cdk-lib>=2.275,<3"]
    fetched([str(BIN / "pip"), "install", *options, *wanted], folder)
    path = [folder / "site", PROJECT / "src", PROJECT / "rules"]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    }


class Synthesized:
    """What an app has left behind."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *arguments: str) -> None:
        app = PROJECT / "tests" / "hosts" / "cdk_app.py"
        self.ran = run([sys.executable, str(app), str(folder), *arguments], PROJECT, environment)
        self._report = folder / "validation-report.json"

    def violations(self) -> Iterator[dict[str, Any]]:
        for plugin in json.loads(self._report.read_text(encoding="utf-8"))["pluginReports"]:
            if plugin["pluginName"] == "copilot-preflight":
                yield from plugin["violations"]


def test_in_python(tmp_path: Path, environment: Mapping[str, str]) -> None:
    """A denied call fails the synthesis, and its construct is named."""
    denied = Synthesized(tmp_path, environment, "beta", "arn:aws:s3:::config/old.env")
    assert denied.ran.status != 0
    (found,) = denied.violations()
    assert found["ruleName"] == "E9711 env-file-denied"
    assert found["violatingConstructs"][0]["constructPath"] == "Shop/Task"
    assert "Shop/Starter/Resource: the role" in found["ruleMetadata"]["related"]
    assert found["suggestedFix"].startswith("grant ")


def test_in_python_what_is_allowed_passes(tmp_path: Path, environment: Mapping[str, str]) -> None:
    """And only that: it is attached, as an option that there is not shows."""
    arguments = ("validations", "arn:aws:s3:::config/*.env")
    passed = Synthesized(tmp_path / "passed", environment, *arguments)
    assert passed.ran.status == 0, passed.ran.out
    unjudged = Synthesized(tmp_path / "unjudged", environment, *arguments, "--no-such-option")
    assert unjudged.ran.status != 0
