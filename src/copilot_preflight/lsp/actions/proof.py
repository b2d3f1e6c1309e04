"""Fixes of an open package, each proved by a check in memory before an editor gets it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from copilot_preflight.base.finding import DataPath, Finding, Report
from copilot_preflight.config.settings import ConfigError
from copilot_preflight.edits.fix import Fix
from copilot_preflight.edits.placing import InlinePolicy
from copilot_preflight.fixes.candidates import counted, key_of
from copilot_preflight.fixes.rounds import Refused, Rounds, Writer, Written
from copilot_preflight.fixes.texts import Texts
from copilot_preflight.lsp.actions.file_changes import CannotOffer, FileChanges, difference
from copilot_preflight.lsp.workspace import OpenPackage, Workspace, of_package
from copilot_preflight.run import check as engine


def proved(
    workspace: Workspace,
    package: OpenPackage,
    writer: Writer,
    is_meant: Callable[[Finding], bool],
    *,
    with_review: bool = False,
) -> list[FileChanges]:
    """The changes that end the findings that are meant, as far as they can be ended.

    What a fix brings up, as one policy may deny what another one did before, is fixed along with
    it. Raises CannotOffer where nothing can be done.
    """
    try:
        options = workspace.options_for(package.template)
    except ConfigError as error:
        raise CannotOffer(error.faults[0].message) from None

    def check(texts: Texts) -> Report:
        changed = options._replace(read=texts.reader(workspace.read))
        report = engine.check([str(package.template)], changed)
        return report._replace(findings=tuple(of_package(report, options)))

    chosen = _Chosen(workspace, writer, is_meant, package.report)
    outcome = Rounds(check, chosen, with_review=with_review).outcome(package.report)
    if not outcome.made:
        reasons = (it.reason for it in outcome.left if is_meant(it.finding))
        raise CannotOffer(next(reasons, "there is nothing that can be carried out"))
    changes = []
    for file, text in outcome.after.texts.written.items():
        before = _now(workspace, package.report, file)
        changes.append(FileChanges(file, before, difference(before or "", text)))
    return changes


def _now(workspace: Workspace, report: Report, file: str) -> str | None:
    """The text of a file, None where there is none yet."""
    source = report.sources.get(file)
    return workspace.open_or_there(file) if source is None else source.text


class _Chosen(NamedTuple):
    """Writes the fixes of some findings, and of those that they bring up."""

    workspace: Workspace
    writer: Writer
    is_meant: Callable[[Finding], bool]
    before: Report

    def fix_of(self, finding: Finding, report: Report) -> Fix | str:
        is_new = key_of(finding) not in counted(self.before)
        if is_new or self.is_meant(finding):
            return self.writer.fix_of(finding, report)
        return "nobody has asked for it"

    def written(self, fixes: Sequence[Fix], report: Report, texts: Texts) -> Written:
        now, waiting = [], []
        names: set[tuple[str, DataPath, str]] = set()
        for fix in fixes:
            named = set(_policies(fix))
            if named & names:  # the role would have two of one name: the second gets a number
                waiting.append(Refused(fix, "another round is needed", is_final=False))
            else:
                now.append(fix)
                names |= named
        texts, refused = self.writer.written(now, report, texts)
        return Written(texts, [*refused, *waiting])


def _policies(fix: Fix) -> Iterator[tuple[str, DataPath, str]]:
    """The inline policies that a fix adds, by the role's list and the name."""
    for edit in fix.edits:
        if isinstance(edit.new, InlinePolicy):
            yield edit.file, edit.path, edit.new.name
