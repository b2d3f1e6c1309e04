"""What triage ranks first, compared with what the people in a thread found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.read.document import read
from copilot_preflight.run.check import checked
from copilot_preflight.run.options import Options
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


SAMPLES = ("access-undetermined", "env-file-stale-grant", "artifact-upload-denied", "secret-denied")


@pytest.mark.parametrize("sample", SAMPLES)
def test_no_step_is_blamed_and_excluded(sample: str) -> None:
    """Whatever a text says of whatever templates: each failure has causes, and none is excluded."""
    folder = HERE.parents[1] / "sample_templates" / "broken" / sample
    run = checked([str(folder)], Options(info=True))
    failures = [failure for it in MESSAGES for failure in failures_in(it["text"])]
    for role in ("ExecutionRole", "TaskRole", "BuildRole"):
        failures += failures_in(
            f"User: arn:aws:sts::123456789012:assumed-role/shop-test-web-{role}-1ABCDEFGHIJK/1 "
            "is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::shop-data/web.csv"
            " with an explicit deny in a resource-based policy"
        )
    for diagnosis in diagnosed(failures, run):
        assert diagnosis.causes
        steps = {it.step for it in diagnosis.excluded}
        assert not steps & {it.step for it in diagnosis.causes}
        assert len(steps) == len(diagnosis.excluded)
