"""The tools that people have today, each in an environment of its own, with pinned versions."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from measure import OWN

_HERE = Path(__file__).parent
_ENVIRONMENTS = _HERE.parent / ".venv-bench"

Files = Sequence[Path]


class Tool(NamedTuple):
    """One tool; ``command`` is how it checks some files."""

    name: str
    version: str
    command: Callable[[Files], list[str]]


def own(*options: str) -> Tool:
    """This project, from the environment that runs the benchmark."""
    done = subprocess.run([OWN, "--version"], capture_output=True, text=True, check=True)
    return Tool(
        "copilot-preflight",
        done.stdout.split()[-1],
        lambda files: [str(OWN), "check", *options, *map(str, files)],
    )


def peers() -> list[Tool]:
    """The others; their environments are made where they are not there yet."""
    cfn_lint, checkov, validate = map(_environment, ("cfn-lint", "checkov", CF_VALIDATE))
    quiet = ["--framework", "cloudformation", "--quiet", "--compact", "--skip-download"]
    return [
        Tool(
            "cfn-lint",
            _version("cfn-lint"),
            lambda files: [str(cfn_lint / "cfn-lint"), *map(str, files)],
        ),
        Tool(
            "checkov",
            _version("checkov"),
            lambda files: [str(checkov / "checkov"), *quiet, "--file", *map(str, files)],
        ),
        Tool(
            CF_VALIDATE,
            _version(CF_VALIDATE),
            lambda files: [
                str(validate / "python"), str(_HERE / "peers" / "validate.py"), *map(str, files)
            ],
        ),
    ]  # fmt: skip


CF_VALIDATE = "cloudformation-validate"


def _pins(name: str) -> Path:
    return _HERE / "peers" / f"{name}.txt"


def _version(name: str) -> str:
    lines = _pins(name).read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith(f"{name}==")).partition("==")[2]


def _environment(name: str) -> Path:
    """The folder with the programs of a tool, made anew where its pins have changed."""
    pins = _pins(name)
    release = f"{sys.version_info.major}.{sys.version_info.minor}"
    key = hashlib.sha256(pins.read_bytes() + release.encode()).hexdigest()[:8]
    folder = _ENVIRONMENTS / f"{name}-{key}"
    programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
    if (folder / "made").exists():
        return programs
    print(f"making an environment for {name}", file=sys.stderr)
    for old in _ENVIRONMENTS.glob(f"{name}-????????"):
        shutil.rmtree(old)
    if uv := shutil.which("uv"):
        make = [uv, "venv", "--quiet", "--no-config", "--python", sys.executable, str(folder)]
        install = [uv, "pip", "install", "--quiet", "--python", str(programs / "python")]
        install += ["--compile-bytecode"]
    else:
        make = [sys.executable, "-m", "venv", str(folder)]
        install = [str(programs / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run(make, check=True)
    subprocess.run([*install, "--requirement", str(pins)], check=True)
    (folder / "made").touch()
    return programs
