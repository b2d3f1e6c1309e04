"""A workspace as a reader of the documentation has one: packages, templates and tools.

The tools that talk to AWS, or install something, are stand-ins in ``bin/``; the linter, cfn-lint
and the shell are the real ones.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.hosts.fenced import PROJECT, SAMPLES, Ran, clean_environment, run

_STAND_INS = Path(__file__).with_name("bin")

_PROLOGUE = """
copilot-preflight() { command copilot-preflight "$@" || pass $? 1; }
cfn-lint() { command cfn-lint "$@" || pass $? 2 4 6 8 10 12 14; }
python3() { case "$*" in "-m pip "*) shift 2; pip "$@" ;; *) command python3 "$@" ;; esac; }
pass() { local status=$1; shift; case " $* " in *" $status "*) ;; *) return "$status" ;; esac; }
"""
"""Findings are no failure of the documentation: our status 1 passes, 2 does not. In cfn-lint's
status the bits 2, 4 and 8 stand for findings. ``python3 -m pip`` is the stand-in too."""

_POLICY = '{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
_FILES = {
    "policy.json": _POLICY,
    "policies/boundary.json": _POLICY,
    "values.json": '{"Parameters": {"Image": "public.ecr.aws/docker/library/nginx:1"}}',
}


def furnish(folder: Path) -> None:
    """Makes a folder such a workspace."""
    shutil.copytree(SAMPLES / "broken" / "env-file-version-locked", folder, dirs_exist_ok=True)
    patched = SAMPLES / "clean" / "every-version-granted" / "copilot"
    shutil.copytree(patched, folder / "copilot", dirs_exist_ok=True)
    (own,) = (SAMPLES / "clean" / "own-bucket-and-key").glob("*.yml")
    shutil.copy(own, folder / "template.yml")
    for name, text in _FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("sample_templates", "rules", "src"):
        (folder / name).symlink_to(PROJECT / name)


def bash(script: str, folder: Path) -> Ran:
    """Runs a script of the documentation; it ends with the first command that fails."""
    env = clean_environment()
    env["PATH"] = f"{_STAND_INS}{os.pathsep}{env['PATH']}"
    return run(["bash", "-e", "-o", "pipefail", "-c", _PROLOGUE + script], folder, env)
