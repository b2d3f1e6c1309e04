"""The image: built and run where Docker is, else held against what was promised of it."""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.hosts.fenced import BIN, PROJECT, SAMPLES, run

DOCKERFILE = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
INSTRUCTIONS = [
    tuple(line.split(maxsplit=1))
    for line in DOCKERFILE.replace("\\\n", " ").splitlines()
    if line and not line.startswith("#")
]


def of(name: str) -> list[str]:
    return [rest for instruction, rest in INSTRUCTIONS if instruction == name]


def test_the_base_is_pinned_by_its_digest() -> None:
    """By one digest in both stages: bytecode fits the Python that runs it."""
    bases = {rest.removesuffix(" AS build") for rest in of("FROM")}
    (base,) = bases
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}", base)


def test_it_runs_as_nobody() -> None:
    """By a number, which is the last word on it."""
    last = max(n for n, (name, _) in enumerate(INSTRUCTIONS) if name == "FROM")
    users = [rest for name, rest in INSTRUCTIONS[last:] if name == "USER"]
    assert users == ["65532:65532"]


def test_what_comes_from_outside_has_a_hash() -> None:
    """pip installs from the lock or without dependencies, and nothing else is fetched."""
    steps = [step.strip() for rest in of("RUN") for step in rest.split("&&")]
    installs = [step for step in steps if "pip install" in step]
    assert len(installs) == 2
    assert all("--require-hashes" in it or "--no-deps" in it for it in installs)
    assert not re.search(r"\b(curl|wget|apt-get|apk)\b", DOCKERFILE)
    assert not of("ADD")


def test_what_is_copied_is_there_and_is_sent() -> None:
    """``.dockerignore`` lets through what the Dockerfile copies, and nothing else."""
    lines = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = {name for rest in of("COPY") if "--from" not in rest for name in rest.split()[:-1]}
    assert copied == sent
    assert all((PROJECT / name).exists() for name in copied)
    assert "*" in lines
    assert any(fnmatch.fnmatch("src/x/__pycache__", line) for line in lines if line[0] != "!")


def test_a_linter_has_nothing_to_say() -> None:
    linter = BIN / "hadolint"
    if not linter.exists():
        pytest.skip("hadolint is not installed: pip install '.[dev]' on Linux")
    ran = run([str(linter), "Dockerfile"], PROJECT)
    assert (ran.status, ran.out) == (0, "")


def test_the_image_checks_a_folder() -> None:
    """It is built, and finds what the command finds, as nobody and without a network."""
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "info"], capture_output=True).returncode:
        pytest.skip("no Docker to build it with: its lines are checked by the other tests")
    name = "copilot-preflight:test"
    built = run([docker, "build", "--quiet", "--tag", name, "."], PROJECT)
    if built.status and re.search(r"failed to resolve|no such host|i/o timeout", built.out):
        pytest.skip("the base image is out of reach")
    assert built.status == 0, built.out
    options = ["--rm", "--read-only", "--network", "none"]
    for sample, status in (("broken/env-file-stale-grant", 1), ("clean/no-env-file", 0)):
        folder = Path(SAMPLES / sample)
        command = [docker, "run", *options, "--volume", f"{folder}:/work:ro", name]
        ran = run(command, PROJECT)
        assert ran.status == status, ran.out
    assert (
        run([docker, "run", *options, "--entrypoint", "id", name, "-u"], PROJECT).out == "65532\n"
    )
