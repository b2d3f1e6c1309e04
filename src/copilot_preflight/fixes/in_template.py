"""Fixes written into the templates and policy files themselves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from copilot_preflight.base.finding import Finding, Report
from copilot_preflight.edits.fix import Fix, Way, answer_of
from copilot_preflight.edits.text.changes import CannotWrite, changed, text_changes
from copilot_preflight.fixes.rounds import Written
from copilot_preflight.fixes.texts import Texts
from copilot_preflight.fixes.together import edits_by_file, together
from copilot_preflight.read.document import data_of
from copilot_preflight_rules import RULES


class InTemplate:
    """Writes into the documents that a run has read, and prefers one way out to the other."""

    def __init__(self, way: Way = Way.IN_PLACE) -> None:
        self._way = way

    def fix_of(self, finding: Finding, report: Report) -> Fix | str:
        return fix_or_reason(finding, report, self._way)

    def written(self, fixes: Sequence[Fix], report: Report, texts: Texts) -> Written:
        def attempt(some: Sequence[Fix]) -> tuple[Texts | None, str]:
            try:
                return texts.having(_new_texts(some, report)), ""
            except CannotWrite as fault:
                return None, str(fault)

        return together(fixes, texts, attempt)


def fix_or_reason(finding: Finding, report: Report, way: Way) -> Fix | str:
    """The fix of a finding, or why it has none: a reason of its own, or that of its rule."""
    answer = answer_of(finding, partial(data_of, report.sources), way)
    if isinstance(answer, Fix):
        return answer
    of_rule = (rule.no_fix for rule in RULES if rule.id == finding.rule)
    return answer.reason or next(of_rule, "") or "see its help"


def _new_texts(fixes: Sequence[Fix], report: Report) -> dict[str, str]:
    """The files that fixes change, as they will be. Raises CannotWrite."""
    new: dict[str, str] = {}
    for file, edits in edits_by_file(fixes).items():
        source = report.sources.get(file)
        if source is None:
            raise CannotWrite(f"'{file}' is no file of this run")
        new[file] = changed(source.text, text_changes(source.text, edits))
    return new
