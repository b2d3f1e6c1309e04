"""The pipeline: paths -> packages -> analyses -> findings -> report."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from copilot_preflight.base.finding import Finding, InputError, Position, Report, Severity, Silenced
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import Rule, RuleEntry
from copilot_preflight.inputs import template_shape as anatomy
from copilot_preflight.inputs.discovery import Discovery, Found
from copilot_preflight.inputs.package import Loader, Package
from copilot_preflight.read.document import Document, DocumentError
from copilot_preflight.resolve.stack import Run, Stack
from copilot_preflight.resolve.value import TemplateError
from copilot_preflight.run.options import Options as Options
from copilot_preflight.run.options import Progress as Progress
from copilot_preflight.run.outside_files import Given

ISSUES: Final = "https://github.com/copilot-preflight/copilot-preflight/issues"


class Judged(NamedTuple):
    """A template that was judged: in how many scenarios it was read, and the time that took.

    It is not ``is_sound`` where it could not be judged, as ``errors`` tell. ``left_out`` are the
    other templates of the run that turned out broken meanwhile, ``unused`` the policies from
    outside for which nobody had asked then.
    """

    file: str
    findings: Sequence[Finding]
    errors: Sequence[InputError] = ()
    left_out: frozenset[str] = frozenset()
    unused: frozenset[str] = frozenset()
    is_sound: bool = True
    scenarios: int = 0
    seconds: float = 0


class Checked(NamedTuple):
    """A run: what it reports, and the packages and analyses behind it, by their templates' files.

    A template that could not be judged has no analysis, and one that was judged in another process
    has none here.
    """

    report: Report
    analyses: Mapping[str, Analysis]
    packages: Mapping[str, Package] = MappingProxyType({})
    judged: Sequence[Judged] = ()


class InternalFault(Exception):
    """A fault of ours; ``str()`` is one line that names the rule, the fault and its place."""


def check(paths: Iterable[str], options: Options | None = None) -> Report:
    """Checks files, folders and standard input (``"-"``) together, as one run.

    What cannot be read or judged is an error of the report and leaves the rest of the run alone.
    """
    return checked(paths, options).report


def checked(paths: Iterable[str], options: Options | None = None) -> Checked:
    """Does what `check` does, and keeps the analyses for whoever asks more of them."""
    check = _Check(options or Options())
    return Checked(check.run(paths), check.analyses, check.packages, check.judged)


def findings_of(analysis: Analysis, rules: Iterable[Rule | RuleEntry]) -> Iterator[Finding]:
    """What some rules find in one template, each finding once.

    Raises TemplateError and, for whatever else goes wrong, InternalFault.
    """
    stack = analysis.stack
    seen = set()
    for rule in rules:
        try:
            found = list(rule(analysis))
        except TemplateError:
            raise
        except RecursionError:
            message = "values refer to each other too deeply to be followed, or in a circle"
            raise TemplateError(stack.file, (), message) from None
        except Exception as fault:
            raise InternalFault(_told(rule, fault)) from fault
        for finding in found:
            if finding.identity not in seen:
                seen.add(finding.identity)
                yield finding


def _told(rule: Rule | RuleEntry, fault: Exception) -> str:
    """A fault as a report of it needs it, in one line."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
    what = " ".join(f"{type(fault).__name__}: {fault}".split())[:200].removesuffix(":")
    return (
        f"rule {rule.id} ({rule.name}) failed with {what} at {where}: "
        f"this is a fault of copilot-preflight, please report it at {ISSUES}"
    )


def _may_suppress(text: str) -> bool:
    """Most files have no suppressions, and then nothing is loaded that looks for them."""
    return "preflight:" in text or "ignore_checks" in text


_UNUSED: Final = "policy '{}': nothing in this run asked for it: is the name right?"
"""One set of policies may serve the runs over many stacks: hence a note, and no error."""


_WORTH_A_WORKER: Final = 25
"""Templates: starting a process for fewer takes longer than they do."""


class _Check:
    def __init__(self, options: Options) -> None:
        self.options = options
        least = Severity.INFO if options.info else Severity.WARNING
        self.rules = [r for r in options.rules if (options.most_of(r) or 0) >= least]
        self.least = least
        self.notes: list[str] = []
        self.errors: list[InputError] = []
        self.sources: dict[str, Document] = {}
        self.analyses: dict[str, Analysis] = {}
        self.packages: dict[str, Package] = {}
        self.judged: list[Judged] = []
        self.sound: set[str] = set()
        self.discovery = Discovery(options.read)
        self.loader = Loader(options.read)

    def run(self, paths: Iterable[str]) -> Report:
        if self.options.config is not None:
            self.sources[self.options.config.file] = self.options.config
        given = Given(self.options, self.sources, self._refuse)
        own = given.values()
        values = {**given.shared_values(), **own}
        provided = given.outside()
        found = []
        for it in self.discovery.templates(paths):
            found.append(it)
            self._tell(len(found), 0, it.template.file)
        self._refuse(*self.discovery.faults)
        if not self.discovery.faults:
            given.refuse_unused(own, [template for template, _ in found])
        run = Run(provided)
        for template, path in filter(self._is_sound, found):
            run.add(self.loader.package(template, path, values), self.options.pseudo)
        self._refuse(*self.loader.faults)
        self.sources.update((it.file, it) for it in self.loader.documents)
        self.sources.update((template.file, template) for template, _ in found)
        self._judge(run)
        made = [(finding, it.file) for it in self.judged for finding in it.findings]
        findings, silenced = self._sifted(made)
        if self.options.info:
            unused = frozenset(provided.unused).intersection(*(it.unused for it in self.judged))
            self.notes += (_UNUSED.format(name) for name in provided.unused if name in unused)
            self.notes += self._unmet(run)
        used = {*self.loader.paths, *map(os.path.realpath, self.options.files)}
        return Report(
            files=len(found),
            findings=tuple(findings),
            errors=tuple(dict.fromkeys(self.errors)),
            ignored=len(self.discovery.others - used),
            sources=self.sources,
            notes=tuple(self.notes),
            templates=tuple(template.file for template, _ in found),
            silenced=tuple(silenced),
        )

    # --- judging -----------------------------------------------------------------------------

    def _judge(self, run: Run) -> None:
        """Judges the templates of a run, in their order or as if it were so."""
        stacks = tuple(run.stacks)
        self.packages = {stack.file: stack.package for stack in stacks}
        jobs = self._jobs_for(len(stacks))
        while jobs > 1 and len(self.judged) < len(stacks):
            self._judge_apart(run, stacks, jobs)
        for stack in stacks[len(self.judged) :]:
            self._add(self._judgement(run, stack), len(stacks))

    def _judge_apart(self, run: Run, stacks: Sequence[Stack], jobs: int) -> None:
        """Judges the rest of the templates in other processes, which may end before all is done.

        A template that turns out broken is left out of the run for those behind it. The workers
        are a copy of the run as it was: from there on, what they say is not asked for.
        """
        from contextlib import closing

        from copilot_preflight.run.workers import in_order

        rest = stacks[len(self.judged) :]

        def work(number: int) -> Judged:
            return self._judgement(run, rest[number])

        with closing(in_order(work, len(rest), min(jobs, len(rest)))) as results:
            for judged in results:
                self.errors += judged.errors
                self._add(judged, len(stacks))
                for file in judged.left_out:
                    run.leave_out(file)
                if judged.left_out:
                    return

    def _judgement(self, run: Run, stack: Stack) -> Judged:
        start, errors = time.perf_counter(), len(self.errors)
        before = {it.file for it in run.stacks}
        findings = self._findings(run, stack)
        return Judged(
            stack.file,
            findings,
            tuple(self.errors[errors:]),
            frozenset(before.difference(it.file for it in run.stacks)),
            frozenset(run.outside.unused),
            stack.file in self.analyses,
            stack.scenarios,
            time.perf_counter() - start,
        )

    def _add(self, judged: Judged, total: int) -> None:
        self.judged.append(judged)
        if judged.is_sound:
            self.sound.add(judged.file)
        self._tell(len(self.judged), total, judged.file)

    def _tell(self, done: int, total: int, file: str) -> None:
        if self.options.progress is not None:
            self.options.progress(done, total, file)

    def _jobs_for(self, templates: int) -> int:
        """In how many processes the templates are judged."""
        jobs = self.options.jobs
        if jobs == 1:
            return 1
        from copilot_preflight.run import workers as parallel

        if not parallel.is_possible():
            return 1
        return jobs or min(parallel.cores(), templates // _WORTH_A_WORKER)

    def _findings(
        self, run: Run, stack: Stack, left_out: frozenset[str] = frozenset()
    ) -> list[Finding]:
        """The findings in one template, in the order of their places."""
        try:
            stack.verify()
            analysis = Analysis(stack)
            found = list(self._graded(findings_of(analysis, self.rules)))
        except InternalFault as fault:
            self.errors.append(InputError(stack.file, 0, 0, str(fault)))
            return []
        except TemplateError as error:
            self._refuse(self.sources[error.file].fault(error.path, str(error)))
            if error.file == stack.file or error.file in left_out:
                return []
            # Another template of the run is broken: whatever it says to this one is not known.
            run.leave_out(error.file)
            return self._findings(run, stack, left_out | {error.file})
        self.analyses[stack.file] = analysis
        return sorted(found, key=lambda finding: self._order(finding, stack))

    def _order(self, finding: Finding, stack: Stack) -> tuple[bool, Position]:
        at = finding.at
        return at.file != stack.file, self.sources[at.file].span(at.path, key=at.key).start

    def _graded(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Findings with the severity that the user gives them, without those that are off."""
        grades = self.options.grades
        for finding in findings:
            level = grades.of(finding.rule, finding.at.file) if grades else finding.severity
            if level is not None and level >= self.least:
                yield finding if grades is None else finding._replace(graded=level)

    # --- suppressions ------------------------------------------------------------------------

    def _sifted(
        self, found: Sequence[tuple[Finding, str]]
    ) -> tuple[list[Finding], Sequence[Silenced]]:
        """What is told and what is silenced of the findings, which have their templates' files."""
        options, rules = self.options, {rule.id for rule in self.rules}
        left = list({finding.identity: finding for finding, _ in found}.values())
        silenced: Sequence[Silenced] = ()
        if not options.suppressions:
            return left, silenced
        if options.suppress or any(_may_suppress(it.text) for it in self.sources.values()):
            from copilot_preflight.run.suppress import sieve as suppressions

            left, silenced = suppressions.sifted(
                found,
                self.sources,
                outside=options.suppress,
                looks=lambda rule, file: rule in rules and self._looks(rule, file),
                is_whole=not self.errors,
                today=options.today,
            )
            left = list(self._graded(left))
        if options.baseline is not None:
            from copilot_preflight.run.suppress import baseline

            try:
                known = baseline.read(options.baseline)
            except DocumentError as fault:
                self._refuse(fault)
                return left, silenced
            left, known_ones = known.take(left)
            silenced = [*silenced, *known_ones]
            if not self.errors:
                self.notes += known.remarks(self.sources, rules)
        return left, silenced

    def _looks(self, rule: str, file: str) -> bool:
        """Whether what a rule finds in a file is told. Not in addons outside the run."""
        source = self.sources.get(file)
        if source and anatomy.is_template(source.data) and file not in self.sound:
            return False
        grades = self.options.grades
        return grades is None or (grades.of(rule, file) or 0) >= self.least

    def _unmet(self, run: Run) -> Iterator[str]:
        """Notes on requirements that no template of the run has anything for."""
        for requirement in self.options.requirements:
            from copilot_preflight.needs.required import is_met

            place = requirement.place
            try:
                met = any(is_met(stack, requirement) for stack in run.stacks)
            except TemplateError:
                continue  # told of where the template is judged
            if not met:
                line = self.sources[place.file].span(place.path).start.line
                yield f"{place.file}:{line}: nothing in this run has what is required here"

    # --- errors ------------------------------------------------------------------------------

    def _is_sound(self, found: Found) -> bool:
        wrong = list(anatomy.faults(found.template))
        self._refuse(*wrong)
        return not wrong

    def _refuse(self, *faults: DocumentError | InputError) -> None:
        self.errors += (InputError(it.file, it.line, it.column, it.message) for it in faults)
