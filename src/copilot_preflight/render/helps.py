"""The way out of a finding in words and lines, and its fix.

A help is written for who has to act: what to paste into the overrides of a Copilot workload, the
lines of a template that change, or JSON where the template is JSON. A report that knows no template
shows what the rule said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from copilot_preflight.base.finding import Finding, Source
from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.edits.constructs import construct_of
from copilot_preflight.edits.edit import Help
from copilot_preflight.edits.fix import Fix, Way, fix_of
from copilot_preflight.edits.packed import PackedHelp, packed
from copilot_preflight.edits.shown import (
    Change,
    ChangedLines,
    DataChange,
    Lines,
    ShownFix,
    WayOut,
)
from copilot_preflight.edits.spelling import one_line
from copilot_preflight.edits.text.changes import CannotWrite, text_changes
from copilot_preflight.read.document import Document, data_of

if TYPE_CHECKING:
    from copilot_preflight.overrides.patches import Patch

LONGEST: Final = 300
"""Characters of the longest line that a help quotes: a template may be one line of 1 MB."""

MOST: Final = 40
"""Lines, at most, of which a help says that they go or come."""

_NAME: Final = lazy_pattern(
    r"^name: *['\"]?([A-Za-z][A-Za-z0-9-]*)['\"]?\s*(?:#.*)?$", re.MULTILINE
)
_ENVIRONMENT: Final = lazy_pattern(r"^type: *['\"]?Environment\b", re.MULTILINE)
"""Lines of a manifest, which Copilot writes into its templates."""


class Writer:
    """The ways out of findings in some files."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        self._lines: Lines | None = None

    def of(self, finding: Finding) -> WayOut:
        """The way out of one finding."""
        remedy = finding.remedy
        if isinstance(remedy, WayOut):  # of a report that others have written
            return remedy
        if isinstance(remedy, PackedHelp):
            remedy = remedy.help
        if not isinstance(remedy, Help):
            return WayOut(finding.help)
        if isinstance(remedy.shown, WayOut):
            return remedy.shown
        fix = None if remedy.is_brief else fix_of(finding, self._data_of)
        if fix is None:
            return WayOut("\n".join(self._said(finding, remedy)))
        shown = self._shown(finding, remedy, fix)
        workload = self._workload(fix)
        if workload:  # no line of what Copilot writes is worth being changed by hand
            shown = shown and shown._replace(lines=())
            help = self._by_override(finding, remedy, workload)
        else:
            help = self._in_place(finding, remedy, fix, shown)
        return WayOut("\n".join(help), shown)

    def applicability_of(self, finding: Finding) -> str:
        """That of the fix that a report shows of one finding, ``""`` where it shows none."""
        if isinstance(finding.remedy, PackedHelp):
            return finding.remedy.applicability
        fix = self.of(finding).fix
        return "" if fix is None else fix.applicability.value

    def kept(self, finding: Finding) -> Finding:
        """The finding with its way out, for a report that is written in another process."""
        help = finding.remedy
        return packed(finding, help, self.of(finding)) if isinstance(help, Help) else finding

    def _data_of(self, file: str) -> Any:
        return data_of(self._sources, file)

    # --- the fix -----------------------------------------------------------------------------

    def _shown(self, finding: Finding, help: Help, fix: Fix) -> ShownFix | None:
        """A fix that needs nothing to be filled in, and can be written."""
        if fix.gaps or help.is_near_secret:
            return None
        changes: list[Change] = []
        lines: list[ChangedLines] = []
        for file in fix.files:
            source = self._sources.get(file)
            if not isinstance(source, Document):
                return None
            try:
                edits = [edit for edit in fix.edits if edit.file == file]
                found = text_changes(source.text, edits, source.data)
            except CannotWrite:
                return None
            text = self._lines_of(file, source)
            changes += text.changes(found)
            lines += text.changed(found)
        if not changes:
            return None
        if finding.is_secret:  # what is written anew may repeat what stands next to it
            if any(change.text for change in changes):
                return None
            lines = []
        if not _are_short(lines):
            lines = []
        operations = (DataChange(it.operation, it.file, it.path, it.value) for it in fix.edits)
        return ShownFix(
            fix.title, fix.applicability, tuple(changes), tuple(operations), tuple(lines)
        )

    def _lines_of(self, file: str, source: Source) -> Lines:
        """The lines of a file; findings of one file follow each other."""
        if self._lines is None or self._lines.file != file:
            self._lines = Lines(file, source.text)
        return self._lines

    # --- the help ----------------------------------------------------------------------------

    def _in_place(
        self, finding: Finding, help: Help, fix: Fix, shown: ShownFix | None
    ) -> Iterator[str]:
        """The lines that change, with the construct that wrote them where CDK did."""
        where = construct_of(self._data_of(fix.edits[0].file), fix.edits[0].path)
        is_title_needed = bool(help.edits and help.grants)  # the sentence is about the grants
        sentence = f"{fix.title}:" if is_title_needed else help.sentence
        if where:
            colon = ":" if sentence.endswith(":") else ""
            sentence = f"{sentence.removesuffix(':')}, in construct '{where}'{colon}"
        if shown is not None and shown.lines:
            yield one_line(sentence)
            yield from _difference(shown.lines, finding.at.file)
        elif all(is_json(self._sources, file) for file in fix.files):
            from copilot_preflight.read.jsonpath import spell

            yield one_line(sentence)
            for edit in fix.edits:
                yield one_line(f"{edit.operation.value} {spell(edit.path)}:")
                yield from () if edit.value is None else [json_of(edit.value)]
        else:
            yield from self._said(finding, help._replace(sentence=sentence))

    def _workload(self, fix: Fix) -> str:
        """The Copilot workload whose template a fix is of, ``""`` for what others write."""
        file = fix.edits[0].file
        owners = (it.owner for it in fix.grants if it.owner.place and it.owner.place.file == file)
        return next(filter(None, (it.workload for it in owners)), "") or workload_of(
            self._data_of(file)
        )

    def _by_override(self, finding: Finding, help: Help, workload: str) -> Iterator[str]:
        """The patches with which Copilot writes the template: it would undo any other change.

        What is added to a role depends on no position, and comes before what corrects an item.
        """
        from copilot_preflight.overrides.append import CannotPatch
        from copilot_preflight.overrides.from_edits import patches_of
        from copilot_preflight.overrides.spelling import block

        fix = fix_of(finding, self._data_of, Way.ADDED)
        assert fix is not None
        template = self._sources.get(fix.edits[0].file)
        patches: tuple[Patch, ...] = ()
        if isinstance(template, Document):
            with suppress(CannotPatch):
                patches = patches_of(fix.edits, template).patches
        is_near_secret = help.is_near_secret or finding.is_secret
        if is_near_secret and any(patch.value is not None for patch in patches):
            patches = ()  # a list that is written anew repeats what stands in it
        if not patches:
            yield from self._said(finding, help)
            return
        program = next((it.owner.program for it in fix.grants), "")
        if program and isinstance(template, Document):
            yield from self._by_program(help, program, patches, template)
            return
        yield one_line(help.sentence)
        file = f"copilot/{workload}/overrides/cfn.patches.yml"
        if file not in help.sentence:
            yield f"by patches in {file}:"
        for patch in patches:
            yield block(patch).removesuffix("\n")

    def _by_program(
        self, help: Help, program: str, patches: Sequence[Patch], template: Document
    ) -> Iterator[str]:
        """The same as TypeScript, for a workspace that overrides with the CDK."""
        from copilot_preflight.overrides.append import CannotPatch
        from copilot_preflight.overrides.cdk import statements

        try:
            lines = statements(patches, template).splitlines()
        except CannotPatch:
            yield help.text
            return
        yield one_line(help.sentence)
        if program not in help.sentence:
            yield one_line(f"by this in {program}, behind what its constructor does:")
        yield from (f"  {one_line(line)}" for line in lines)

    def _said(self, finding: Finding, help: Help) -> Iterator[str]:
        """What to write where, for whoever knows best how it is to get there."""
        owner = help.grants[0].owner.place if help.grants else None
        file = owner.file if owner is not None else finding.at.file
        if not (help.grants and is_json(self._sources, file)):
            yield help.text
            return
        yield one_line(help.sentence)
        for grant in dict.fromkeys(help.grants):
            yield json_of(grant.plain)
        yield from help.lines


def workload_of(data: Any) -> str:
    """The workload of whose manifest Copilot made a template, ``""`` for other templates.

    Source: ``Metadata.Manifest`` of the templates of workloads and of environments in
    internal/pkg/template/templates of https://github.com/aws/copilot-cli
    """
    metadata = data.get("Metadata") if isinstance(data, dict) else None
    manifest = metadata.get("Manifest") if isinstance(metadata, dict) else None
    if not isinstance(manifest, str) or _ENVIRONMENT.search(manifest):
        return ""
    name = _NAME.search(manifest)
    return "" if name is None else name[1]


def is_json(sources: Mapping[str, Source], file: str) -> bool:
    """Whether a file of a run is JSON."""
    source = sources.get(file)
    return source is not None and source.text[:200].lstrip().startswith("{")


def json_of(value: Any) -> str:
    """Data as lines of JSON."""
    return json.dumps(value, indent=2, ensure_ascii=True)


def _are_short(changed: Sequence[ChangedLines]) -> bool:
    """Whether somebody could read lines that change, which may be a whole template otherwise."""
    lines = [line for it in changed for line in (*it.old, *it.new)]
    return len(lines) <= MOST and all(len(line) <= LONGEST for line in lines)


def _difference(changed: Iterable[ChangedLines], file: str) -> Iterator[str]:
    """The lines that go and come, without the margin that all of a place have."""
    for it in changed:
        where = "" if it.file == file else f" of {it.file}"
        last = it.first + len(it.old) - 1
        if not it.old:
            yield one_line(f"after line {it.first - 1}{where}:")
        elif last > it.first:
            yield one_line(f"lines {it.first} to {last}{where}:")
        else:
            yield one_line(f"line {it.first}{where}:")
        margin = min(
            (len(line) - len(line.lstrip(" ")) for line in (*it.old, *it.new) if line.strip()),
            default=0,
        )
        yield from (f"- {one_line(line[margin:])}".rstrip() for line in it.old)
        yield from (f"+ {one_line(line[margin:])}".rstrip() for line in it.new)
