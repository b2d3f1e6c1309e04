"""The ways in which a text may be read, all of which must come to the same."""

from __future__ import annotations

from typing import Any

import pytest

from copilot_preflight.read import document
from copilot_preflight.read.yaml import block_tree, events, json_data, plain
from copilot_preflight.read.yaml.faults import NotPlain

PARSERS = ("libyaml", "pyyaml")


def read_events_with(parser: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has every text read through the events of a parser."""
    monkeypatch.setattr(events, "EventParser", parser)
    monkeypatch.setattr(block_tree, "build", _refuse)
    monkeypatch.setattr(document, "block_data", _refuse)
    monkeypatch.setattr(json_data, "json_data", _refuse)
    monkeypatch.setattr(plain, "plain_data", _refuse)


def _refuse(_text: str) -> Any:
    raise NotPlain
