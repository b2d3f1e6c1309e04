"""The README shows what the tool really prints."""

import re
from pathlib import Path

import pytest

from copilot_preflight import engine
from copilot_preflight.render import render

ROOT = Path(__file__).resolve().parents[1]


def test_the_first_screen_is_the_real_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report in the README is the one that its command prints today."""
    monkeypatch.chdir(ROOT)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"```console\n\$ copilot-preflight check (\S+)\n(.*?)```", readme, re.DOTALL)
    assert shown is not None
    assert shown[2] == render(engine.check([shown[1]]), "text")
