"""Something that can be done about a finding, or about all of a document."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from lsprotocol import types

from copilot_preflight.base.finding import Finding
from copilot_preflight.edits.edit import Applicability
from copilot_preflight.edits.fix import Fix
from copilot_preflight.lsp.actions.file_changes import FileChanges
from copilot_preflight.lsp.workspace import OpenPackage

QUICK_FIX: Final = types.CodeActionKind.QuickFix.value
FIX_ALL: Final = f"{types.CodeActionKind.SourceFixAll.value}.copilotPreflight"

FOR_NOW: Final = ", until the next 'copilot svc package'"
"""Behind the title of what changes a file that Copilot writes anew."""


class Offer(NamedTuple):
    """What is offered, and how it is worked out once somebody takes it.

    ``make`` raises CannotOffer. ``finding`` is None for what is about a whole document.
    """

    kind: str
    title: str
    make: Callable[[], Sequence[FileChanges]]
    finding: Finding | None = None
    is_preferred: bool = False

    @property
    def key(self) -> str:
        """What is the same for an offer whenever it is made: short, and nobody can read it."""
        identity = None if self.finding is None else self.finding.identity
        told = repr((self.kind, self.title, identity))
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def title_of(fix: Fix, where: str = "") -> str:
    """``Grant every version of the file``, with a remark where somebody has to look at it."""
    remark = " (review)" if fix.applicability is Applicability.REVIEW else ""
    return f"{fix.title[:1].upper()}{fix.title[1:]}{where}{remark}"


def generated(package: OpenPackage) -> frozenset[str]:
    """The files of a package that Copilot writes anew, without what somebody has put in."""
    stack = package.analysis.stack if package.analysis is not None else None
    if stack is None or stack.package.in_workspace is None:
        return frozenset()
    addons = stack.package.addons
    return frozenset((stack.file, *([addons.file] if addons is not None else ())))
