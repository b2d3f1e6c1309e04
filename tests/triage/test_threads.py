"""What triage ranks first, compared with what the people in a thread found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.read.document import read
from copilot_preflight.triage.join import diagnosed
from copilot_preflight.triage.recognise import failures_in

HERE = Path(__file__).parent
THREADS: list[dict[str, Any]] = read(str(HERE / "threads.yml")).data
MESSAGES: list[dict[str, Any]] = read(str(HERE / "messages.yml")).data


def text_of(thread: dict[str, Any]) -> str:
    """The text that a thread began with."""
    texts = [it["text"] for it in MESSAGES if it["url"] == thread["url"]]
    return str(texts[thread.get("nth", 0)])


@pytest.mark.parametrize("thread", THREADS, ids=lambda it: it["url"].partition(".com/")[2])
def test_the_first_cause_is_what_the_thread_found(thread: dict[str, Any]) -> None:
    """Without any template, by the words alone; the misses are known, with what is ranked first."""
    (diagnosis,) = diagnosed(failures_in(text_of(thread)))
    first = diagnosis.causes[0].step
    if "miss" in thread:
        assert first == thread["miss"]
        assert first not in thread["found"]
        assert set(thread["found"]) & {it.step for it in diagnosis.causes}, "not even further down"
    else:
        assert first in thread["found"]


def test_most_agree() -> None:
    """The page on triage says how many."""
    misses = sum("miss" in it for it in THREADS)
    page = (HERE.parents[1] / "docs" / "triage.md").read_text()
    assert f"{len(THREADS) - misses} of {len(THREADS)} threads" in page
    assert f"{len(MESSAGES)} messages" in page
