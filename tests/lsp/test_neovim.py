"""The language server in a real editor without a screen, set up as the documentation says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
SAMPLE = PROJECT / "sample_templates" / "broken" / "env-file-denied" / "infrastructure"
DOCUMENTED = re.compile(r"```lua\n(.*?)```", re.DOTALL)
STACK = Path("infrastructure", "api-prod.stack.yml")
ERROR = 1  # vim.diagnostic.severity


ADDED = "Allow s3:GetObject and s3:GetBucketLocation in role 'ExecutionRole'"
IGNORED = "Ignore E9711 (env-file-denied) here, with a reason"
ALL = "Apply all safe fixes of copilot-preflight"

pytestmark = pytest.mark.skipif(shutil.which("nvim") is None, reason="Neovim is not installed")


def run(folder: Path, call: str, *arguments: Any) -> Any:
    """What a function of init.lua reports of the sample, of which there is a copy in a folder."""
    page = (PROJECT / "docs" / "editors.md").read_text(encoding="utf-8")
    (documented,) = DOCUMENTED.findall(page)
    (folder / "documented.lua").write_text(documented, encoding="utf-8")
    shutil.copytree(SAMPLE, folder / "infrastructure")
    report = folder / "report.json"
    given = ", ".join(f"vim.fn.json_decode([=[{json.dumps(it)}]=])" for it in arguments)
    command = f'lua {call}("{report}", {given})'
    subprocess.run(
        [
            "nvim",
            "--headless",
            "-n",
            "-u",
            str(HERE / "init.lua"),
            str(folder / STACK),
            "-c",
            command,
        ],
        env={
            "DOCUMENTED": str(folder / "documented.lua"),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(folder),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=60,
        cwd=folder,
    )
    return json.loads(report.read_text(encoding="utf-8"))


def test_neovim_shows_a_finding_and_that_it_is_mended(tmp_path: Path) -> None:
    """Opening the sample gives the diagnostic; typing the bucket's right name clears it."""
    before, after = run(tmp_path, "Check", "shop-shared-config-test", "shop-shared-config-prod")
    value = "arn:aws:s3:::shop-shared-config-prod/flags.env"
    lines = (SAMPLE.parent / STACK).read_text(encoding="utf-8").splitlines()
    line = lines.index(f"              Value: {value}")
    (told,) = before
    assert told[:5] == [line, 21, 21 + len(value), ERROR, "copilot-preflight"]
    assert "the grant is for another bucket" in told[5]
    assert after == []


@pytest.mark.parametrize(
    ("title", "only", "listed"),
    [
        (ADDED, None, [ADDED, IGNORED, ALL]),
        (IGNORED, ["quickfix"], [ADDED, IGNORED]),
        (ALL, ["source.fixAll.copilotPreflight"], [ALL]),
    ],
    ids=["fix", "ignore", "all"],
)
def test_neovim_takes_a_code_action(
    tmp_path: Path, title: str, only: list[str] | None, listed: list[str]
) -> None:
    """``vim.lsp.buf.code_action`` lists it, resolves it and applies it: the diagnostic is gone."""
    offered, after, lines = run(tmp_path, "Act", title, only)
    assert offered == listed
    assert after == []
    before = (SAMPLE.parent / STACK).read_text(encoding="utf-8").splitlines()
    assert len(lines) > len(before)
    left = iter(lines)
    assert all(line in left for line in before), "a line of the file has gone"
