"""Which writer a run's fixes go through."""

from __future__ import annotations

from copilot_preflight.edits.fix import Way
from copilot_preflight.fixes.in_template import InTemplate
from copilot_preflight.fixes.rounds import Writer
from copilot_preflight.run.check import Checked


def writer_for(form: str, run: Checked) -> Writer:
    """The writer for ``auto``, ``template``, ``override`` or ``iam``."""
    if form == "iam":
        return InTemplate(Way.ADDED)
    return InTemplate()
