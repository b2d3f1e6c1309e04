"""The pipeline: paths -> packages -> analyses -> findings -> report."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from copilot_preflight.base.finding import (
    CallCounts,
    Finding,
    InputError,
    ProvedCall,
    Report,
    Silenced,
)
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.inputs import template_shape
from copilot_preflight.inputs.discovery import DiscoveredTemplate, Discovery
from copilot_preflight.inputs.package import Loader, Package
from copilot_preflight.read.document import Document, DocumentError
from copilot_preflight.resolve.run import MOST_IN_USE, Run
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import TemplateError
from copilot_preflight.run.judge import Judge, Judged
from copilot_preflight.run.options import Options as Options
from copilot_preflight.run.options import Progress as Progress
from copilot_preflight.run.outside_files import Given

if TYPE_CHECKING:
    from copilot_preflight.inputs.parameter_files import ParameterValue
    from copilot_preflight.run.ahead import ReadAhead
    from copilot_preflight.run.no_echo import Hidden
    from copilot_preflight.run.overridden import Overridden
    from copilot_preflight.run.suppress.baseline import Baseline


class Checked(NamedTuple):
    """A run: what it reports, and the packages and analyses behind it, by their templates' files.

    A template that could not be judged has no analysis, and one that was judged in another process
    has none here. ``hidden`` are the values of NoEcho parameters, None where there are none.
    """

    report: Report
    analyses: Mapping[str, Analysis]
    packages: Mapping[str, Package] = MappingProxyType({})
    judged: Sequence[Judged] = ()
    hidden: Hidden | None = None


def check(paths: Iterable[str], options: Options | None = None) -> Report:
    """Checks files, folders and standard input (``"-"``) together, as one run.

    What cannot be read or judged is an error of the report and leaves the rest of the run alone.
    """
    return checked(paths, options).report


def checked(paths: Iterable[str], options: Options | None = None) -> Checked:
    """Does what `check` does, and keeps the analyses for whoever asks more of them."""
    check = _Check(options or Options())
    report = check.run(paths)
    judged = tuple(check.judged.values())
    return Checked(report, check.analyses, check.packages, judged, check.hidden)


def _may_suppress(source: Document) -> bool:
    """Most files have no suppressions, and then nothing is loaded that looks for them."""
    return source.mentions("preflight:") or source.mentions("ignore_checks")


_UNUSED: Final = "policy '{}': nothing in this run asked for it: is the name right?"
"""One set of policies may serve the runs over many stacks: hence a note, and no error."""

_MARKS: Final = ("preflight:", "noqa", "NOQA", "cfn-lint")
"""One of them stands in a file in which somebody means to suppress something."""


class _Check:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.rules = [r for r in options.rules if (options.most_of(r) or 0) >= options.least]
        if options.before is None:
            self.rules = [r for r in self.rules if not getattr(r, "is_comparing", False)]
        self.notes: list[str] = []
        self.errors: list[InputError] = []
        self.sources: dict[str, Document] = {}
        self.analyses: Mapping[str, Analysis] = {}
        self.stacks: Sequence[Stack] = ()
        self.packages: dict[str, Package] = {}
        self.judged: dict[str, Judged] = {}
        self.turns: list[tuple[str, Sequence[InputError]]] = []
        self.known: Baseline | None = None
        self.hidden: Hidden | None = None
        self.overridden: Overridden | None = None
        self.loader = Loader(options.read)
        self.discovery = Discovery(options.read, options.exclude, options.evidence)

    def run(self, paths: Iterable[str]) -> Report:
        if self.options.config is not None:
            self.sources[self.options.config.file] = self.options.config
        if self.options.before is not None:
            self.sources.update(self.options.before.sources)
            self.errors += self.options.before.errors
        given = Given(self.options, self.sources, self._refuse)
        own = given.values()
        values = {**given.shared_values(), **own}
        provided = given.outside()
        self.notes += given.notes
        pseudo = self.options.pseudo
        if provided.account is not None:
            from copilot_preflight.run.evidence_files import pseudo_parameters

            pseudo = pseudo_parameters(self.options, provided)
        paths = list(paths)
        ahead = self._read_ahead(paths, values)
        if ahead is not None:
            self.discovery.read = ahead.read
        templates: list[DiscoveredTemplate] = []
        packages: list[Package | Sequence[DocumentError] | None] = []
        for discovered in self.discovery.templates(paths):
            templates.append(discovered)
            # Now that its data are at hand: in a large run they have to be read again later on.
            packages.append(self._package(discovered, values) if ahead is None else None)
            self._put_down_if_many(len(templates), discovered.template)
            self._report_progress(len(templates), 0, discovered.template.file)
        self._refuse(*self.discovery.faults)
        if not self.discovery.faults:
            given.refuse_unused(own, [it.template for it in templates])
        run = Run(provided)
        for discovered, package in zip(templates, packages, strict=True):
            gathered = None if ahead is None else ahead.gathered(discovered.template)
            if gathered is not None:
                package = self.loader.take_over(gathered)
            if package is None:
                package = self._package(discovered, values)
            if not isinstance(package, Package):
                self._refuse(*package)
                continue
            if package.overrides is not None:
                package = self._with_overrides(package, is_next=discovered.is_next)
            run.add(package, pseudo)
        if ahead is not None:
            ahead.close()
        packages.clear()  # the run has its own, which share what they can
        self._put_down_if_many(len(templates), *self.loader.documents)
        self._refuse(*self.loader.faults)
        self.sources.update((loaded.file, loaded) for loaded in self.loader.documents)
        self.sources.update((it.template.file, it.template) for it in templates)
        names = tuple(it.template.file for it in templates)
        shard = self.options.shard
        share: Collection[str] = frozenset(names)
        if shard is not None:
            share = shard.share({it.template.file: len(it.template.text) for it in templates})
        mine = tuple(name for name in names if name in share)
        before = tuple(self.errors)
        self._judge(run, share)
        judging = len(self.errors)
        findings, silenced = self._sifted(
            [(finding, it.file) for it in self.judged.values() for finding in it.findings]
        )
        self.notes += self._meant_to_suppress(findings)
        absent = tuple(self._absent(run, share)) if self.options.info else ()
        if shard is None:
            self.notes += (note for _, note in absent)
        used = {*self.loader.paths, *map(os.path.realpath, self.options.files)}
        report = Report(
            files=len(mine),
            findings=tuple(findings),
            errors=tuple(dict.fromkeys(self.errors)),
            ignored=len(self.discovery.others - used),
            sources=self.sources,
            notes=tuple(self.notes),
            templates=mine,
            silenced=tuple(silenced),
            not_judged=self._not_judged(),
            calls=CallCounts.total(it.calls for it in self.judged.values()),
            proof=self._proof(),
            # what is wrong with an update, no command on the new release alone puts right
            paths=tuple(paths) if self.options.before is None and shard is None else (),
            asked=self.options.asked,
        )
        if provided.account is not None:
            from copilot_preflight.run.evidence_files import rested_on

            report = report._replace(evidence=rested_on(report, provided.account))
        hidden = self.hidden = self._hidden()
        if shard is not None:
            from copilot_preflight.run.shards.parts import Seen, parts_of

            seen = Seen(
                self.options,
                shard,
                names,
                share,
                self.judged,
                self.sources,
                before,
                self.turns,
                self.errors[judging:],
                self._may_look,
                absent,
                report.ignored,
                self.known,
                hidden or None,
                paths,
            )
            report = report._replace(shard=parts_of(seen))
        return hidden.report(report) if hidden else report

    def _read_ahead(
        self, paths: Sequence[str], values: Mapping[str, ParameterValue]
    ) -> ReadAhead | None:
        """Workers that read what there is to read; None where it is too little for any."""
        if self.options.jobs == 1 or (len(paths) == 1 and not os.path.isdir(paths[0])):
            return None
        from copilot_preflight.run.ahead import ReadAhead
        from copilot_preflight.run.workers import jobs_for

        files = self.discovery.candidates(paths)
        jobs = min(self.options.jobs or jobs_for(len(files)), len(files))
        return ReadAhead(files, values, self.options.read, jobs) if jobs > 1 else None

    def _package(
        self, discovered: DiscoveredTemplate, values: Mapping[str, ParameterValue]
    ) -> Package | Sequence[DocumentError]:
        """A template with what belongs to it, or what is wrong with it."""
        template = discovered.template
        wrong = tuple(template_shape.faults(template))
        if wrong:
            return wrong
        package = self.loader.package(template, discovered.path, values)
        return package._replace(kinds=template_shape.kinds_of(template))

    def _put_down_if_many(self, templates: int, *documents: Document) -> None:
        if templates > MOST_IN_USE:
            for document in documents:
                document.put_down()

    def _hidden(self) -> Hidden | None:
        """The values of NoEcho parameters, for which few runs have to look."""
        if not any(source.mentions("NoEcho") for source in self.sources.values()):
            return None
        from copilot_preflight.run.no_echo import hidden_in

        before = self.options.before
        return hidden_in((*self.stacks, *(before.run.stacks if before is not None else ())))

    def _not_judged(self) -> tuple[tuple[str, int], ...]:
        counts: dict[str, int] = {}
        for judged in self.judged.values():
            for kind in judged.not_judged:
                counts[kind] = counts.get(kind, 0) + 1
        return tuple(sorted(counts.items()))

    def _proof(self) -> Sequence[ProvedCall] | None:
        if not self.options.shows_proof:
            return None
        return tuple(call for judged in self.judged.values() for call in judged.proof)

    def _judge(self, run: Run, share: Collection[str]) -> None:
        self.stacks = tuple(run.stacks)
        self.packages = {stack.file: stack.package for stack in self.stacks}
        stacks = [stack for stack in self.stacks if stack.file in share]
        patched = {} if self.overridden is None else self.overridden.sources
        judge = Judge(run, self.rules, self.options, {**self.sources, **patched})
        self.analyses = judge.analyses
        with closing(judge.every(stacks)) as results:
            for judged in results:
                if self.overridden is not None:
                    judged = self.overridden.traced(judged)
                self.judged[judged.file] = judged._replace(spans=())
                self.errors += judged.errors
                for place, span in judged.spans:
                    self.sources[place.file].note_span(place.path, span, key=place.key)
                self.turns.append((judged.file, judged.errors))
                self._report_progress(len(self.judged), len(stacks), judged.file)

        if self.overridden is not None and self.options.before is None:
            self._judge_next(run, self.overridden)

    def _with_overrides(self, package: Package, *, is_next: bool) -> Package:
        """A package of Copilot's, with the patches of its workspace or without."""
        if self.overridden is None:
            from copilot_preflight.run.overridden import Overridden

            self.overridden = Overridden(self._refuse)
        return self.overridden.take(package, is_next=is_next)

    def _judge_next(self, run: Run, overridden: Overridden) -> None:
        """Finds what the next packages will be like, where those that there are lack patches."""
        done = overridden.next_of(run, self.judged, self.rules, self.options, self.sources)
        for judged, note in done:
            self.errors += (it for it in judged.errors if it not in self.errors)
            self.judged[judged.file] = judged
            if note:
                self.notes.append(note)

    def _report_progress(self, done: int, total: int, file: str) -> None:
        if self.options.progress is not None:
            self.options.progress(done, total, file)

    # --- suppressions ------------------------------------------------------------------------

    def _sifted(
        self, findings: Sequence[tuple[Finding, str]]
    ) -> tuple[list[Finding], Sequence[Silenced]]:
        """Which findings, each with the file of its template, are reported and which silenced."""
        options, rules = self.options, {rule.id for rule in self.rules}
        left = list({finding.identity: finding for finding, _ in findings}.values())
        silenced: Sequence[Silenced] = ()
        if not options.suppressions:
            return left, silenced
        if options.suppress or any(map(_may_suppress, self.sources.values())):
            from copilot_preflight.run.suppress.sieve import sifted

            left, silenced = sifted(
                findings,
                self.sources,
                outside=options.suppress,
                looks=lambda rule, file: rule in rules and self._looks(rule, file),
                is_whole=not self.errors and options.shard is None,
                today=options.today,
            )
            left = list(options.graded(left))
        if options.baseline is not None:
            from copilot_preflight.run.suppress import baseline

            try:
                known = baseline.read(options.baseline)
            except DocumentError as fault:
                self._refuse(fault)
                return left, silenced
            self.known = known
            left, known_ones = known.take(left)
            silenced = [*silenced, *known_ones]
            if not self.errors and options.shard is None:
                self.notes += known.remarks(self.sources, rules)
        return left, silenced

    def _meant_to_suppress(self, findings: Sequence[Finding]) -> Iterable[str]:
        """Notes on comments that are no suppressions, though they look like it."""
        options, files = self.options, {finding.at.file for finding in findings}
        sources = {it: self.sources[it] for it in files if it in self.sources}
        spoken_of = {it for it, source in sources.items() if any(map(source.mentions, _MARKS))}
        if not spoken_of or not options.suppressions or options.shard is not None:
            return ()
        from copilot_preflight.run.suppress.foreign import hints

        return hints((it for it in findings if it.at.file in spoken_of), self.sources)

    def _looks(self, rule: str, file: str) -> bool:
        """Whether a rule's findings in a file are reported. Not in addons outside the run."""
        judged = self.judged.get(file)
        is_sound = judged is not None and judged.is_sound
        return (is_sound or not self._is_template(file)) and self._is_on(rule, file)

    def _may_look(self, rule: str, file: str) -> bool:
        """The same for a file that some shard judges, if it turns out sound there."""
        return (
            (file in self.packages or not self._is_template(file))
            and any(rule == it.id for it in self.rules)
            and self._is_on(rule, file)
        )

    def _is_template(self, file: str) -> bool:
        source = self.sources.get(file)
        return source is not None and template_shape.is_template(source.data)

    def _is_on(self, rule: str, file: str) -> bool:
        options = self.options
        return options.grades is None or (options.grades.of(rule, file) or 0) >= options.least

    def _absent(self, run: Run, share: Collection[str]) -> Iterator[tuple[str, str]]:
        """Notes on what nothing in a share of the run has a use for, by what they are about."""
        provided = run.outside
        unused = frozenset(provided.unused).intersection(
            *(judged.unused for judged in self.judged.values())
        )
        for name in provided.unused:
            if name in unused:
                yield name, _UNUSED.format(name)
        for number, requirement in enumerate(self.options.requirements):
            from copilot_preflight.needs.required import is_met

            place = requirement.place
            try:
                met = any(is_met(it, requirement) for it in run.stacks if it.file in share)
            except TemplateError:
                continue  # reported where the template is judged
            if not met:
                line = self.sources[place.file].span(place.path).start.line
                said = f"{place.file}:{line}: nothing in this run has what is required here"
                yield str(number), said

    # --- errors ------------------------------------------------------------------------------

    def _refuse(self, *faults: DocumentError | InputError) -> None:
        self.errors += (
            InputError(fault.file, fault.line, fault.column, fault.message) for fault in faults
        )
