"""Every test of reading that asks for it runs with each parser."""

from __future__ import annotations

import pytest
from tests.read.parsers import PARSERS, read_events_with

from copilot_preflight.read.yaml import pure_python


@pytest.fixture(params=PARSERS)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each in turn; with libyaml, plain data come first."""
    if request.param == "pyyaml":
        read_events_with(pure_python.EventParser, monkeypatch)
