"""Suppressions of a finding: in a comment where it stands, and in the configuration file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Final, NamedTuple

from copilot_preflight.base.finding import Finding
from copilot_preflight.config.settings import ConfigError
from copilot_preflight.edits.edit import END, Applicability, insertion
from copilot_preflight.edits.spelling import Plain
from copilot_preflight.edits.text.changes import CannotWrite, text_changes
from copilot_preflight.lsp.actions.file_changes import CannotOffer, FileChanges
from copilot_preflight.lsp.actions.offer import FOR_NOW, QUICK_FIX, Offer, generated
from copilot_preflight.lsp.workspace import OpenPackage, Workspace
from copilot_preflight.read import jsonpath
from copilot_preflight.read.document import Document
from copilot_preflight.run.suppress.sieve import UNUSED
from copilot_preflight.run.suppress.writing import REASON, is_json, suppressing

_MEANT_AS_PATTERN: Final = re.compile(r"[*?\[]")


def ignoring(workspace: Workspace, package: OpenPackage, finding: Finding) -> Iterator[Offer]:
    """The suppressions that silence a finding, with a reason that is still to be written.

    A comment, unless the file is JSON, and an entry of the configuration where there is one. That
    comes first for what Copilot writes anew, as a comment is gone with the next package.
    """
    source = package.report.sources.get(finding.at.file)
    if finding.name == UNUSED or not isinstance(source, Document):
        return
    named = f"Ignore {finding.rule} ({finding.name})"
    lasts = source.file not in generated(package)
    offers: list[Offer] = []
    if not is_json(source):
        title = f"{named} here, with a reason{'' if lasts else FOR_NOW}"
        make = partial(_commented, source, finding)
        offers.append(Offer(QUICK_FIX, title, make, finding))
    config = _config(workspace, package)
    if config is not None and (files := _pattern(source, config)):
        title = f"{named} in {os.path.basename(config)}, with a reason"
        make = partial(_configured, workspace, config, source, finding, files)
        offers.append(Offer(QUICK_FIX, title, make, finding))
    yield from offers if lasts else reversed(offers)


def _commented(source: Document, finding: Finding) -> list[FileChanges]:
    change = suppressing(source, finding)
    if change is None:
        raise CannotOffer(f"no comment can stand at this finding of {finding.rule}")
    return [FileChanges(source.file, source.text, (change,))]


class _Entry(NamedTuple):
    """An entry of ``suppress``, as an edit writes it; ``path`` is ``""`` for a whole file."""

    rule: str
    files: str
    path: str

    @property
    def plain(self) -> Plain:
        entry: dict[str, Plain] = {"rule": self.rule, "reason": REASON, "files": self.files}
        return {**entry, "path": self.path} if self.path else {**entry}

    @property
    def gaps(self) -> tuple[str, ...]:
        return ()


def _configured(
    workspace: Workspace, config: str, source: Document, finding: Finding, files: str
) -> list[FileChanges]:
    text = workspace.open_or_there(config) or ""
    entry = _Entry(finding.rule, files, _jsonpath(source, finding))
    edit = insertion(config, ("suppress", END), entry, "suppress", Applicability.REVIEW)
    try:
        return [FileChanges(config, text, text_changes(text, [edit]))]
    except CannotWrite as error:
        raise CannotOffer(f"{config}: {error.reason}") from None


def _jsonpath(source: Document, finding: Finding) -> str:
    """What finds the node of a finding, or the nearest one around it that is there."""
    path = finding.at.path
    for length in range(len(path), 0, -1):
        expression = jsonpath.spell(path[:length])
        with suppress(ValueError):
            if path[:length] in jsonpath.find(expression, source.data):
                return expression
    if path:
        raise CannotOffer(f"no JSONPath finds the place of this {finding.rule}")
    return ""


def _config(workspace: Workspace, package: OpenPackage) -> str | None:
    """The configuration file that holds for a package; None where none does, or a broken one."""
    try:
        config = workspace.options_for(package.template).config
    except ConfigError:
        return None
    return None if config is None else config.file


def _pattern(source: Document, config: str) -> str:
    """The pattern that is one file, from the configuration's folder; ``""`` for one elsewhere."""
    folder = os.path.dirname(os.path.realpath(config))
    path = os.path.relpath(os.path.realpath(source.file), folder).replace(os.sep, "/")
    if path.startswith("../"):
        return ""
    escaped = _MEANT_AS_PATTERN.sub(lambda found: f"[{found[0]}]", path)
    return escaped if "/" in escaped else f"./{escaped}"
