"""What triage reads out of messages that people and AWS have published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.read.document import read
from copilot_preflight.triage.recognise import failures_in

MESSAGES: list[dict[str, Any]] = read(str(Path(__file__).with_name("messages.yml"))).data


@pytest.mark.parametrize("message", MESSAGES, ids=lambda it: it["url"].split("//", 1)[1][:60])
def test_messages_are_read_as_expected(message: dict[str, Any]) -> None:
    """Each is one failure, with what its text says."""
    found = failures_in(message["text"])
    assert len(found) == 1, found
    expected = message["expect"]
    assert {name: getattr(found[0], name) for name in expected} == expected


def test_there_are_enough_messages_each_of_its_own() -> None:
    """Eighty of them, with the page that each is from."""
    assert len({it["text"] for it in MESSAGES}) == len(MESSAGES) >= 80
    assert all(it["url"].startswith("https://") for it in MESSAGES)
