"""The fixes of one finding, and all safe ones of a document."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

from copilot_preflight.base.finding import Finding, Report
from copilot_preflight.edits.edit import Applicability
from copilot_preflight.edits.fix import Fix, Way
from copilot_preflight.fixes.candidates import key_of
from copilot_preflight.fixes.in_overrides import InOverrides
from copilot_preflight.fixes.in_template import InTemplate
from copilot_preflight.fixes.rounds import Writer, Written
from copilot_preflight.fixes.texts import Texts
from copilot_preflight.lsp.actions.offer import (
    FIX_ALL,
    FOR_NOW,
    QUICK_FIX,
    Offer,
    generated,
    title_of,
)
from copilot_preflight.lsp.actions.proof import proved
from copilot_preflight.lsp.workspace import OpenPackage, Workspace
from copilot_preflight.run.check import Checked

ALL: Final = "Apply all safe fixes of copilot-preflight"


class _Way(NamedTuple):
    """A way out: who writes it, and the end of its title, which says where."""

    writer: Writer
    fix: Fix
    where: str


def quick_fixes(
    workspace: Workspace, package: OpenPackage, finding: Finding, *, with_new_files: bool
) -> Iterator[Offer]:
    """The ways out of a finding, the best one first, which is preferred if it is safe.

    What Copilot writes it writes anew: there an override lasts, and edits of the files come second.
    Of these the first is what comes closest to what was meant. ``with_new_files``: the client can
    make the file of the overrides.
    """
    key = key_of(finding)
    ways = [*_override(workspace, package, finding, with_new_files), *_edits(package, finding)]
    for number, (writer, fix, where) in enumerate(ways):
        is_safe = fix.applicability is Applicability.SAFE
        make = partial(
            proved,
            workspace,
            package,
            writer,
            lambda it: key_of(it) == key,
            with_review=not is_safe,
        )
        title = title_of(fix, where)
        yield Offer(QUICK_FIX, title, make, finding, is_preferred=number == 0 and is_safe)


def fix_all(workspace: Workspace, package: OpenPackage, where: str) -> Offer | None:
    """The safe fixes of the findings in a file, by its real path; None where there is none."""
    first = (next(_edits(package, finding), None) for finding in package.findings_in(where))
    if not any(way and way.fix.applicability is Applicability.SAFE for way in first):
        return None

    def is_meant(finding: Finding) -> bool:
        return os.path.realpath(finding.at.file) == where

    document = package.document_in(where)
    title = ALL if document is None else f"{ALL}{_for_how_long(package, document.file)}"
    return Offer(FIX_ALL, title, partial(proved, workspace, package, InTemplate(), is_meant))


def _edits(package: OpenPackage, finding: Finding) -> Iterator[_Way]:
    """The one or two fixes in the files themselves that leave nothing to fill in, in place first.

    What has a gap could not be deployed.
    """
    made: list[Fix] = []
    for way in (Way.IN_PLACE, Way.ADDED):
        writer = InTemplate(way)
        fix = writer.fix_of(finding, package.report)
        if isinstance(fix, str) or fix.gaps or any(fix.edits == it.edits for it in made):
            continue
        made.append(fix)
        yield _Way(writer, fix, _for_how_long(package, *fix.files))


def _for_how_long(package: OpenPackage, *files: str) -> str:
    return "" if generated(package).isdisjoint(files) else FOR_NOW


# --- overrides -----------------------------------------------------------------------------------


def _override(
    workspace: Workspace, package: OpenPackage, finding: Finding, with_new_files: bool
) -> Iterator[_Way]:
    """The fix as patches of the workload, where there is a Copilot workspace around."""
    if package.analysis is None:
        return
    own = package.analysis.stack.package
    manifest = own.in_workspace
    if manifest is None or manifest.workspace is None:
        return
    run = Checked(package.report, {}, {own.template.file: own})
    overrides = _Overrides(workspace, InOverrides(run))
    fix = overrides.fix_of(finding, package.report)
    if isinstance(fix, str) or fix.gaps:
        return
    home = overrides.writer.home_of(fix)
    if home is None or home.program:
        return  # a program cannot be written from here
    if with_new_files or workspace.open_or_there(home.file) is not None:
        root = os.path.realpath(manifest.workspace)
        shown = os.path.relpath(os.path.realpath(home.file), root).replace(os.sep, "/")
        yield _Way(overrides, fix, f", by {shown}")


class _Overrides(NamedTuple):
    """Writes patches into their file as the editor has it, saved or not."""

    workspace: Workspace
    writer: InOverrides

    def fix_of(self, finding: Finding, report: Report) -> Fix | str:
        return self.writer.fix_of(finding, report)

    def written(self, fixes: Sequence[Fix], report: Report, texts: Texts) -> Written:
        homes = filter(None, map(self.writer.home_of, fixes))
        now = {it.file: self.workspace.open_or_there(it.file) for it in homes}
        known = {file: text for file, text in now.items() if text is not None}
        return self.writer.written(
            fixes, report, texts._replace(written={**known, **texts.written})
        )
