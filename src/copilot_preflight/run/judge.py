"""Judges templates: what the rules find in each, one after the other or in several processes."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from copilot_preflight.base.finding import (
    NO_CALLS,
    CallCounts,
    Finding,
    InputError,
    Place,
    Position,
    ProvedCall,
    Span,
)
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.outcomes import counted
from copilot_preflight.checks.rule import Rule, RuleEntry
from copilot_preflight.needs.unread import unread_kinds
from copilot_preflight.read.document import Document
from copilot_preflight.resolve import indexes
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import TemplateError
from copilot_preflight.run.defaults import Defaults
from copilot_preflight.run.options import Options

ISSUES: Final = "https://github.com/copilot-preflight/copilot-preflight/issues"


class Judged(NamedTuple):
    """A template that was judged: in how many scenarios it was read, and the time that took.

    It is not ``is_sound`` where it could not be judged, as ``errors`` say. ``left_out`` are the
    templates of the run that turned out broken meanwhile, itself among them; ``files`` are those
    that the findings depend on, None for every one of the run. ``unused`` are the policies from
    outside for which nobody had asked then, ``not_judged`` the types of what no source reads,
    ``spans`` where everything stands that is pointed at. ``calls`` counts its calls, ``proof`` has
    each of them where a report shows them. ``observed`` is what `Options.observe` made of its
    analysis.
    """

    file: str
    findings: Sequence[Finding]
    errors: Sequence[InputError] = ()
    left_out: frozenset[str] = frozenset()
    files: frozenset[str] | None = frozenset()
    unused: frozenset[str] = frozenset()
    is_sound: bool = True
    scenarios: int = 0
    seconds: float = 0
    not_judged: Sequence[str] = ()
    spans: Sequence[tuple[Place, Span]] = ()
    calls: CallCounts = NO_CALLS
    proof: Sequence[ProvedCall] = ()
    observed: Any = None

    def depends_on(self, files: frozenset[str]) -> bool:
        """Whether other findings are possible without some templates."""
        return bool(files) and (self.files is None or not self.files.isdisjoint(files))


class InternalFault(Exception):
    """A fault of ours; ``str()`` is one line that names the rule, the fault and its place."""


def findings_of(analysis: Analysis, rules: Iterable[Rule | RuleEntry]) -> Iterator[Finding]:
    """What some rules find in one template, each finding once.

    Raises TemplateError and, for whatever else goes wrong, InternalFault.
    """
    stack = analysis.stack
    identities = set()
    for rule in rules:
        try:
            findings = list(rule(analysis))
        except TemplateError:
            raise
        except RecursionError:
            message = "values refer to each other too deeply to be followed, or in a circle"
            raise TemplateError(stack.file, (), message) from None
        except Exception as fault:
            raise InternalFault(_report_of(rule, fault)) from fault
        for finding in findings:
            if finding.identity not in identities:
                identities.add(finding.identity)
                yield finding


def _report_of(rule: Rule | RuleEntry, fault: Exception) -> str:
    """What we need to know of a fault of ours, in one line."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
    what = " ".join(f"{type(fault).__name__}: {fault}".split())[:200].removesuffix(":")
    return (
        f"rule {rule.id} ({rule.name}) failed with {what} at {where}: "
        f"this is a fault of copilot-preflight, please report it at {ISSUES}"
    )


_FEW: Final = 50
"""Templates for which there is one process, whatever the machine."""


MOST_READ: Final = 10_000_000
"""Characters that are read again, at most, to show what fixes of one template change."""

LARGEST: Final = 1_000_000
"""Characters of a template that CloudFormation takes."""


class Judge:
    """Judges the templates of a run under some rules.

    ``analyses`` are those of the templates that were judged in this process, by their files; in a
    run over many only of the last ones.
    """

    def __init__(
        self,
        run: Run,
        rules: Sequence[Rule | RuleEntry],
        options: Options,
        sources: Mapping[str, Document],
    ) -> None:
        self.analyses: dict[str, Analysis] = {}
        self._run = run
        self._rules = rules
        self._options = options
        self._sources = sources
        self._defaults = Defaults(run, self._findings_alone)

    def __getstate__(self) -> dict[str, Any]:
        return {
            **self.__dict__,
            "analyses": {},
            "_defaults": None,
            "_options": self._options._replace(progress=None),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._defaults = Defaults(self._run, self._findings_alone)

    def every(self, stacks: Sequence[Stack]) -> Generator[Judged, None, None]:
        """Judges templates, in their order or as if it were so.

        Where one turns out broken, and so is left out, those that depend on it are judged again,
        once all have been judged: what is yielded last for a template holds.
        """
        done: dict[str, Judged] = {}
        broken: set[str] = set()
        waiting = list(stacks)
        while waiting:
            stale: set[str] = set()
            while waiting:
                count = 0
                left_out: frozenset[str] = frozenset()
                for judged in self._until_one_breaks(waiting):
                    count += 1
                    done[judged.file] = judged
                    stale.discard(judged.file)
                    left_out = judged.left_out
                    yield judged
                broken |= left_out
                stale |= {file for file, it in done.items() if it.depends_on(left_out)}
                waiting = waiting[count:]
            waiting = [it for it in stacks if it.file in stale and it.file not in broken]

    def _until_one_breaks(self, stacks: Sequence[Stack]) -> Iterator[Judged]:
        """Judges templates up to one that has others, or itself, left out of the run."""
        jobs = self._jobs_for(len(stacks))
        with closing(self._judged(stacks, jobs)) as results:
            for judged in results:
                for file in judged.left_out:
                    self._run.leave_out(file)
                yield judged
                if judged.left_out:
                    return

    def _judged(self, stacks: Sequence[Stack], jobs: int) -> Generator[Judged, None, None]:
        """Judges templates here, or in processes that are copies of the run as it is.

        The first one is judged here at any rate: the copies begin with the modules and the indexes
        of the run that it has asked for.
        """
        if jobs == 1:
            yield from map(self.one, stacks)
            return
        from copilot_preflight.run.sharing import Sharing
        from copilot_preflight.run.workers import in_order

        sharing = Sharing()
        yield self.one(stacks[0])
        rest = stacks[1:]
        with closing(in_order(_Work(self, rest), len(rest), min(jobs, len(rest)))) as results:
            yield from map(sharing.of, results)

    def one(self, stack: Stack) -> Judged:
        """Judges one template. Leaves out of the run whatever turns out broken meanwhile."""
        start = time.perf_counter()
        run = self._run
        errors: list[InputError] = []
        before = run.stacks
        if self._options.observe is not None:  # which asks for more places than the rules do
            self._sources[stack.file].work_out_positions()
        run.reads.begin()
        try:
            findings = self._findings(stack, errors)
            observed = self._observed(stack, findings, errors)
        finally:
            files = run.reads.end()
        left_out: frozenset[str] = frozenset()
        if run.stacks is not before:
            after = {other.file for other in run.stacks}
            left_out = frozenset(other.file for other in before if other.file not in after)
        proof = self._proof_of(stack)
        judged = Judged(
            stack.file,
            self._in_brief(stack, findings),
            tuple(errors),
            left_out,
            indexes.sources(run, files),
            frozenset(run.outside.unused),
            stack.file in self.analyses,
            stack.scenarios,
            time.perf_counter() - start,
            unread_kinds(stack),
            self._spans_of(findings, proof),
            self._calls_of(stack),
            proof,
            observed,
        )
        for idle in run.put_down():
            self.analyses.pop(idle.file, None)
        return judged

    def _in_brief(self, stack: Stack, findings: list[Finding]) -> list[Finding]:
        """The last of very many findings in a large template are shown without their fixes.

        Each takes the time of reading the template once more. Which ones does not depend on what
        is suppressed, or on who judges what. Ways out that no report shows are dropped: in a large
        run they take more memory than all the rest of its findings.
        """
        if self._options.drops_ways_out:
            return [it._replace(help="", remedy=None) for it in findings]
        if len(findings) * LARGEST <= MOST_READ:
            return findings
        from copilot_preflight.edits.edit import Help

        most = MOST_READ // max(len(self._sources[stack.file].text), 1)
        return [
            it._replace(remedy=it.remedy._replace(is_brief=True))
            if number >= most and isinstance(it.remedy, Help)
            else it
            for number, it in enumerate(findings)
        ]

    def as_shown(self, judged: Judged) -> Judged:
        """With the ways out as a report shows them, which takes a report longer than this process.

        It is done where the document is at hand, if there will be a report that shows them.
        """
        if not self._options.shows_ways_out or not judged.findings:
            return judged
        from copilot_preflight.render.helps import Writer

        writer = Writer(self._sources)
        return judged._replace(findings=list(map(writer.kept, judged.findings)))

    def _jobs_for(self, templates: int) -> int:
        """In how many processes the templates are judged."""
        jobs = self._options.jobs
        if jobs is not None or templates < _FEW:
            return jobs or 1
        from copilot_preflight.run.workers import jobs_for

        return jobs_for(templates)

    def _findings(
        self, stack: Stack, errors: list[InputError], left_out: frozenset[str] = frozenset()
    ) -> list[Finding]:
        """The findings in one template, in the order of their places."""
        try:
            stack.verify()
            analysis = self._analysis(stack)
            found: Iterable[Finding] = findings_of(analysis, self._rules)
            if not self._options.assume_defaults:
                found = self._defaults.marked(stack, found)
            findings = list(self._options.graded(found))
        except InternalFault as internal:
            errors.append(InputError(stack.file, 0, 0, str(internal)))
            return []
        except TemplateError as error:
            fault = self._sources[error.file].fault(error.path, str(error))
            errors.append(InputError(fault.file, fault.line, fault.column, fault.message))
            self.analyses.pop(stack.file, None)
            if error.file in left_out:
                return []
            # A template of the run is broken: whatever it says to the others is not known.
            self._run.leave_out(error.file)
            if error.file == stack.file:
                return []
            return self._findings(stack, errors, left_out | {error.file})
        self.analyses[stack.file] = analysis
        if self._run.outside.account is not None:
            from copilot_preflight.run.evidence_files import dated

            findings = [dated(it, self._run.outside.account) for it in findings]
        return sorted(findings, key=lambda finding: self._order(finding, stack))

    def _calls_of(self, stack: Stack) -> CallCounts:
        analysis = self.analyses.get(stack.file)
        return NO_CALLS if analysis is None else counted(analysis.calls)

    def _proof_of(self, stack: Stack) -> Sequence[ProvedCall]:
        analysis = self.analyses.get(stack.file)
        if analysis is None or not self._options.shows_proof:
            return ()
        from copilot_preflight.checks.proof import proof_of

        return proof_of(analysis.calls)

    def _spans_of(
        self, findings: Iterable[Finding], proof: Iterable[ProvedCall]
    ) -> list[tuple[Place, Span]]:
        """Where a report points at: the documents are at hand now."""
        places = [(it.at, *(related.place for related in it.related)) for it in findings]
        places += (tuple(it.places) for it in proof)
        return [
            (place, self._sources[place.file].span(place.path, key=place.key))
            for place in dict.fromkeys(it for group in places for it in group)
            if place.file in self._sources
        ]

    def _observed(self, stack: Stack, findings: Sequence[Finding], errors: list[InputError]) -> Any:
        """What `Options.observe` makes of a template, None where it could not be judged."""
        analysis = self.analyses.get(stack.file)
        if self._options.observe is None or analysis is None:
            return None
        try:
            return self._options.observe(analysis, findings, self._sources)
        except TemplateError as error:  # in a part that none of the rules has looked at
            fault = self._sources[error.file].fault(error.path, str(error))
            errors.append(InputError(fault.file, fault.line, fault.column, fault.message))
            return None

    def _findings_alone(self, stack: Stack) -> Iterator[Finding]:
        return findings_of(self._analysis(stack), self._rules)

    def _analysis(self, stack: Stack) -> Analysis:
        before = self._options.before
        return Analysis(stack, before and before.stack_of(stack))

    def _order(self, finding: Finding, stack: Stack) -> tuple[bool, Position]:
        at = finding.at
        return at.file != stack.file, self._sources[at.file].span(at.path, key=at.key).start


class _Work:
    """What a process does, given the number of a stack."""

    def __init__(self, judge: Judge, stacks: Sequence[Stack]) -> None:
        self.judge = judge
        self.stacks = stacks

    def __call__(self, number: int) -> Judged:
        return self.judge.as_shown(self.judge.one(self.stacks[number]))
