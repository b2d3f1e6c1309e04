"""Fixes written as patches that Copilot applies whenever it writes a template anew.

Each patch is proved twice: a check of the template with the fix in it, and Copilot's own way of
applying the patch, which must come to the same template.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from copilot_preflight.base.finding import Finding, Report
from copilot_preflight.edits.edit import Applicability, Edit
from copilot_preflight.edits.fix import Fix, Way
from copilot_preflight.edits.text.changes import CannotWrite, changed, text_changes
from copilot_preflight.fixes.files import CannotChange, on_disk
from copilot_preflight.fixes.in_template import fix_or_reason
from copilot_preflight.fixes.rounds import Refused, Written
from copilot_preflight.fixes.texts import ByHand, Texts
from copilot_preflight.fixes.together import edits_by_file, together
from copilot_preflight.inputs.package import Package
from copilot_preflight.overrides.append import FILE, CannotPatch, with_patches
from copilot_preflight.overrides.apply import DoesNotApply, Work, is_patched
from copilot_preflight.overrides.cdk import statements
from copilot_preflight.overrides.from_edits import patches_of
from copilot_preflight.overrides.nodes import node_of
from copilot_preflight.overrides.patches import Patch
from copilot_preflight.read.document import Document, DocumentError, parse
from copilot_preflight.run.check import Checked

_ELSEWHERE: Final = (
    "no Copilot workspace is around this file: --as template changes the file itself"
)


_NOTE: Final = (
    "{}: '{}' is found by its position, as W9785 warns: see that it is still "
    "the same one when the manifest or Copilot's version changes"
)


class Home(NamedTuple):
    """The patch file of a workload, and the templates of the run that it patches.

    ``program`` is the file of a workspace that overrides with the CDK instead.
    """

    file: str
    templates: tuple[str, ...]
    program: str = ""


def homes_of(packages: Mapping[str, Package]) -> dict[str, Home]:
    """Where the patches of each template go, for those of Copilot workspaces.

    Source: https://aws.github.io/copilot-cli/docs/developing/overrides/yamlpatch/
    """
    folders: dict[str, list[str]] = {}
    for file, package in packages.items():
        manifest = package.in_workspace
        if manifest is not None and manifest.workspace is not None:
            folder = os.path.join(os.path.dirname(manifest.file), "overrides")
            folders.setdefault(folder, []).append(file)
    found = {}
    for folder, files in folders.items():
        home = Home(os.path.join(folder, FILE), tuple(files), packages[files[0]].program)
        found.update(dict.fromkeys(files, home))
    return found


class InOverrides:
    """Writes fixes of packaged templates as patches of their workloads."""

    def __init__(self, run: Checked) -> None:
        self._homes = homes_of(run.packages)
        self._originals = run.report.sources

    def home_of(self, fix: Fix) -> Home | None:
        """The patch file that a fix can go into: all of its edits are of templates of one."""
        homes = {self._homes.get(file) for file in fix.files}
        return homes.pop() if len(homes) == 1 else None

    def fix_of(self, finding: Finding, report: Report) -> Fix | str:
        fix = fix_or_reason(finding, report, Way.ADDED)
        if isinstance(fix, str):
            return fix
        if self.home_of(fix) is None:
            return _ELSEWHERE
        # Which item a position leads to can change with the manifest: somebody has to look.
        is_certain = not any(map(_counts_positions, fix.edits))
        return fix if is_certain else fix._replace(applicability=Applicability.REVIEW)

    def written(self, fixes: Sequence[Fix], report: Report, texts: Texts) -> Written:
        by_home: dict[Home, list[Fix]] = {}
        for fix in fixes:
            home = self.home_of(fix)
            assert home is not None
            by_home.setdefault(home, []).append(fix)
        refused: list[Refused] = []
        for home, own in by_home.items():
            attempt = partial(self._tried, home, report, texts)
            texts, not_written = together(own, texts, attempt)
            refused += not_written
        return Written(texts, refused)

    def _tried(
        self, home: Home, report: Report, texts: Texts, fixes: Sequence[Fix]
    ) -> tuple[Texts | None, str]:
        """The texts with fixes in the patches of their templates, or why they cannot be written."""
        try:
            return self._patched(home, fixes, report, texts), ""
        except (CannotPatch, CannotWrite) as fault:
            return None, str(fault)
        except CannotChange as fault:
            return None, f"{home.file}: {fault}"
        except DocumentError as fault:
            return None, f"{fault.file}:{fault.line}:{fault.column}: {fault.message}"
        except DoesNotApply as fault:
            return None, f"not every template of the workload can be patched so: {fault}"

    def _patched(self, home: Home, fixes: Sequence[Fix], report: Report, texts: Texts) -> Texts:
        """Raises CannotPatch, CannotWrite, DocumentError and DoesNotApply."""
        by_file = edits_by_file(fixes)
        there = on_disk(home.file)
        now = texts.written.get(home.file, there)
        patches: list[Patch] = []
        notes = dict.fromkeys(texts.notes)
        for file, edits in by_file.items():
            found = patches_of(edits, _template(file, report, texts))
            if (
                found.is_position_dependent
                and there is not None
                and not is_patched(_source(file, report))
            ):
                raise CannotPatch(
                    f"the package is older than {home.file}, and the patch counts positions: "
                    "package again"
                )
            notes.update((_NOTE.format(home.file, it), None) for it in _longest(found.positions))
            patches += (it for it in found.patches if not any(map(it.is_same, patches)))
        seen = {it: _seen(it, by_file.get(it, ()), patches, report, texts) for it in home.templates}
        texts = texts._replace(read={**texts.read, **seen})
        if home.program:
            return texts._replace(by_hand=self._programmed(home, patches, texts))
        text = with_patches(now, patches, home.file)
        if text == now:
            raise CannotPatch(f"{home.file} does it already: package again")
        written = {**texts.written, home.file: text}
        return texts._replace(written=written, notes=tuple(notes))

    def _programmed(
        self, home: Home, patches: Sequence[Patch], texts: Texts
    ) -> Mapping[str, ByHand]:
        """What a program of the CDK has to do, with all patches so far."""
        known = texts.by_hand.get(home.program)
        wanted = (*(known.patches if known is not None else ()), *patches)
        original = self._originals[home.templates[0]]
        assert isinstance(original, Document)
        return {**texts.by_hand, home.program: ByHand(wanted, statements(wanted, original))}


def _longest(pointers: Iterable[str]) -> Iterator[str]:
    """Of pointers that lead to each other, the last."""
    found = tuple(pointers)
    return (it for it in found if not any(other.startswith(f"{it}/") for other in found))


def _counts_positions(edit: Edit) -> bool:
    """Whether a path leads through an item of a list, other than the branch of a function."""
    steps = zip(edit.path, edit.path[1:], strict=False)
    return any(isinstance(step, int) and not str(above).startswith("Fn::") for above, step in steps)


def _seen(
    file: str, edits: Iterable[Edit], patches: Sequence[Patch], report: Report, texts: Texts
) -> str | Document:
    """A template as it will be: patched as Copilot does it."""
    template = _template(file, report, texts)
    work = Work(node_of(template))
    for patch in patches:
        work.apply(patch)
    try:
        text = changed(template.text, text_changes(template.text, [*edits]))
    except CannotWrite:
        text = template.text
    if parse(text, file).data == work.root.data:
        return text
    return Document(file, template.text, work.root.data)


def _template(file: str, report: Report, texts: Texts) -> Document:
    if isinstance(texts.read.get(file), Document):
        raise CannotPatch("a patch for another environment changes the same template: run it again")
    return _source(file, report)


def _source(file: str, report: Report) -> Document:
    source = report.sources.get(file)
    assert isinstance(source, Document)
    return source
