"""The language server in a real editor without a screen, set up as the documentation says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
SAMPLE = PROJECT / "sample_templates" / "broken" / "env-file-denied" / "infrastructure"
DOCUMENTED = re.compile(r"```lua\n(.*?)```", re.DOTALL)
ERROR = 1  # vim.diagnostic.severity


@pytest.mark.skipif(shutil.which("nvim") is None, reason="Neovim is not installed")
def test_neovim_shows_a_finding_and_that_it_is_mended(tmp_path: Path) -> None:
    """Opening the sample gives the diagnostic; typing the bucket's right name clears it."""
    page = (PROJECT / "docs" / "editors.md").read_text(encoding="utf-8")
    (documented,) = DOCUMENTED.findall(page)
    (tmp_path / "documented.lua").write_text(documented, encoding="utf-8")
    shutil.copytree(SAMPLE, tmp_path / "infrastructure")
    stack, report = tmp_path / "infrastructure" / "api-prod.stack.yml", tmp_path / "report.json"
    check = f'lua Check("{report}", "shop-shared-config-test", "shop-shared-config-prod")'
    subprocess.run(
        ["nvim", "--headless", "-n", "-u", str(HERE / "init.lua"), str(stack), "-c", check],
        env={
            "DOCUMENTED": str(tmp_path / "documented.lua"),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(tmp_path),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=60,
        cwd=tmp_path,
    )
    before, after = json.loads(report.read_text(encoding="utf-8"))
    value = "arn:aws:s3:::shop-shared-config-prod/flags.env"
    lines = (SAMPLE / stack.name).read_text(encoding="utf-8").splitlines()
    line = lines.index(f"              Value: {value}")
    (told,) = before
    assert told[:5] == [line, 21, 21 + len(value), ERROR, "copilot-preflight"]
    assert "the grant is for another bucket" in told[5]
    assert after == []
