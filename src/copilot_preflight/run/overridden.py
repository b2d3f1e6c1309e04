"""What the next package of a Copilot workspace will be like: the patches applied in memory.

A package that is named is judged as it is, since it may be deployed as it is; what the patches
bring in is found as well. A package that is looked up for a workspace is judged with its patches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from copilot_preflight.base.finding import Finding, InputError, Place, Related
from copilot_preflight.checks.rule import Rule, RuleEntry
from copilot_preflight.edits.edit import END, Edit, Help
from copilot_preflight.edits.packed import unpacked
from copilot_preflight.inputs.package import Overrides, Package
from copilot_preflight.inputs.template_shape import faults, is_template
from copilot_preflight.overrides.apply import Patched, PatchedTemplate
from copilot_preflight.overrides.verdict import verdict_of
from copilot_preflight.read.document import Document, DocumentError
from copilot_preflight.resolve.run import Run
from copilot_preflight.run.judge import Judge, Judged
from copilot_preflight.run.options import Options


class Pending(NamedTuple):
    """A package that does not have its patches yet, and what it will be with them."""

    package: Package
    patched: Patched

    @property
    def next(self) -> Package:
        overrides = self.package.overrides
        held = overrides and Overrides(overrides.source, self.package.template)
        return self.package._replace(template=self.patched.template, kinds=None, overrides=held)

    @property
    def file(self) -> str:
        """The file of the patches."""
        return self.package.overrides.source.file if self.package.overrides else ""


class Overridden:
    """The packages of a run that have patches in their workspace."""

    def __init__(self, refuse: Callable[[DocumentError], None]) -> None:
        self._refuse = refuse
        self._pending: dict[str, Pending] = {}
        self._applied: dict[str, PatchedTemplate] = {}

    def take(self, package: Package, *, is_next: bool) -> Package:
        """The package that is to be judged: as it is, or as the next one will be."""
        verdict = verdict_of(package)
        if verdict is None:
            return package
        if verdict.faults:
            for fault in verdict.faults:
                self._refuse(fault)
            return package._replace(overrides=None)
        if verdict.patched is None or not self._is_sound(verdict.patched.template):
            return package
        pending = Pending(package, verdict.patched)
        if is_next:
            self._applied[package.template.file] = verdict.patched.template
            return pending.next
        self._pending[package.template.file] = pending
        return package

    def _is_sound(self, patched: PatchedTemplate) -> bool:
        """Whether patches leave a template; what they break is refused where they write it."""
        if not is_template(patched.data):
            return False  # one of them is for the whole template, of which a rule tells
        wrong = list(faults(patched))
        for fault in wrong:
            self._refuse(fault)
        return not wrong

    @property
    def sources(self) -> Mapping[str, Document]:
        """The templates that are judged with their patches, by their names."""
        return self._applied

    def traced(self, judged: Judged) -> Judged:
        """The findings in a template, at what is written in files."""
        if not self._applied:
            return judged
        findings = [traced(finding, self._applied) for finding in judged.findings]
        proof = [it.placed(partial(_written, self._applied)) for it in judged.proof]
        return judged._replace(findings=findings, spans=(), proof=proof)

    def next_of(
        self,
        run: Run,
        judged: Mapping[str, Judged],
        rules: Sequence[Rule | RuleEntry],
        options: Options,
        sources: Mapping[str, Document],
    ) -> Iterator[tuple[Judged, str]]:
        """What was judged as it is, with what the patches bring in, and a note on what they mend.

        What cannot be judged with its patches has an error more.
        """
        waiting = {file: it for file, it in self._pending.items() if file in judged}
        if not waiting:
            return
        after = Run(run.outside)
        for stack in run.stacks:
            pending = self._pending.get(stack.file)
            package = stack.package if pending is None else pending.next._replace(overrides=None)
            after.add(package, options.pseudo)
        patched = {file: it.patched.template for file, it in self._pending.items()}
        judge = Judge(after, rules, options, {**sources, **patched})
        stacks = [stack for stack in after.stacks if stack.file in waiting]
        results = {it.file: it for it in judge.every(stacks)}
        for file, pending in waiting.items():
            if file in results:
                yield _joined(judged[file], results[file], pending, patched)


def _joined(
    now: Judged, then: Judged, pending: Pending, patched: Mapping[str, PatchedTemplate]
) -> tuple[Judged, str]:
    found = [traced(finding, patched) for finding in then.findings]
    known, expected = set(map(_key, now.findings)), set(map(_key, found))
    new = [_brought_in(it, pending) for it in found if _key(it) not in known]
    joined = now._replace(findings=(*now.findings, *new), errors=_errors(now.errors, then.errors))
    # What is wrong with the patches themselves is not looked at again.
    gone = [it for it in now.findings if _key(it) not in expected and it.at.file != pending.file]
    if not then.is_sound or not gone:
        return joined, ""
    patched_ones = (it._replace(is_patched=True) if it in gone else it for it in now.findings)
    joined = joined._replace(findings=(*patched_ones, *new))
    count = f"{len(gone)} of these findings {'is' if len(gone) == 1 else 'are'}"
    return joined, f"{now.file}: {count} mended by {pending.file}: package again"


def _errors(now: Sequence[InputError], then: Iterable[InputError]) -> Sequence[InputError]:
    return tuple(dict.fromkeys((*now, *then)))


def _key(finding: Finding) -> tuple[str, Place]:
    """What makes it the same finding before and after: a message may name what was patched."""
    return finding.rule, finding.at


def _brought_in(finding: Finding, pending: Pending) -> Finding:
    """A finding of the next package, which says so; what it would correct is not there yet."""
    places = (finding.at, *(related.place for related in finding.related))
    if not any(place.file == pending.file for place in places):
        related = Related(_patch_for(finding.at, pending), "the next package has this patch")
        finding = finding._replace(related=(*finding.related, related))
    return finding._replace(remedy=None)


def _patch_for(at: Place, pending: Pending) -> Place:
    """The first patch that changes the resource at a place, else the first of all."""
    patches = [effect.patch for effect in pending.patched.effects]
    resource = [str(step) for step in at.path[:2]]
    near = [it for it in patches if list(it.steps[1:3]) == resource]
    place = (near or patches)[0].place
    assert place is not None, "these patches are read from a file"
    return place


def _written(patched: Mapping[str, PatchedTemplate], place: Place) -> Place:
    """What is written in files of a place in patched templates."""
    template = patched.get(place.file)
    return place if template is None else template.place(place)


def traced(finding: Finding, patched: Mapping[str, PatchedTemplate]) -> Finding:
    """A finding in patched templates, and what would correct it, at what is written in files."""

    written = partial(_written, patched)

    def moved(edit: Edit) -> Edit:
        is_end = edit.path[-1:] == (END,)
        steps = edit.path[:-1] if is_end else edit.path
        place = written(Place(edit.file, steps))
        return edit._replace(file=place.file, path=(*place.path, END) if is_end else place.path)

    finding = unpacked(finding)
    related = tuple(it._replace(place=written(it.place)) for it in finding.related)
    remedy = finding.remedy
    if isinstance(remedy, Help):
        remedy = remedy._replace(edits=tuple(map(moved, remedy.edits)))
    return finding._replace(at=written(finding.at), related=related, remedy=remedy)
