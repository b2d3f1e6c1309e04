"""The summary that GitHub shows of a job: a file of the runner's, to which a step appends.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from copilot_preflight.cli.console import refuse_input, tell

VARIABLE: Final = "GITHUB_STEP_SUMMARY"

LARGEST: Final = 1024 * 1024
"""Bytes of all summaries of a step: GitHub drops what is larger as a whole."""


def is_there() -> bool:
    """Whether this runs in a step of GitHub Actions that has a summary."""
    return bool(os.environ.get(VARIABLE))


def add(text: str, inputs: Iterable[Path]) -> None:
    """Appends to the summary, if there is room; a run does not fail for it."""
    name = os.environ.get(VARIABLE, "")
    if not name:
        return
    refuse_input(Path(name), inputs)
    try:
        with open(name, "a", encoding="utf-8") as stream:
            if stream.tell() + len(text.encode()) > LARGEST:
                tell("note: the job summary is full: nothing was added to it")
            else:
                stream.write(text if stream.tell() == 0 else f"\n{text}")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        tell(f"note: nothing was added to the job summary: {reason}")
