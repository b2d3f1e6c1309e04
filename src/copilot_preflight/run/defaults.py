"""Findings that are true only as long as parameters keep their defaults.

A default is not a value: where no parameter file says what is deployed, what a default leads to is
a warning that names the parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from copilot_preflight.base.finding import DataPath, Finding, Place
from copilot_preflight.resolve import indexes
from copilot_preflight.resolve.query import MEMBERS
from copilot_preflight.resolve.run import MOST_IN_USE, Run
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.template import Template
from copilot_preflight.resolve.value import TemplateError

_MOST: Final = 8
"""Parameters that are tried one by one for a finding; with more at hand, it names them all."""

Judge = Callable[[Stack], Iterable[Finding]]
"""Gives the findings in a template of some run. May raise TemplateError."""


class Defaults:
    """Tells the findings in a run that rest on defaults from those that hold whatever is given."""

    def __init__(self, run: Run, judge: Judge) -> None:
        self._run = run
        self._judge = judge
        self._open: Run | None = None
        self._alone_of: Stack | None = None
        self._alone: dict[tuple[tuple[str, str], ...], frozenset[tuple[str, Place]]] = {}

    def marked(self, stack: Stack, found: Iterable[Finding]) -> Iterator[Finding]:
        """The findings in a template, each with the parameters whose defaults it assumes.

        They are made here, so that the files are known that are read for them.
        """
        run = self._run
        run.reads.begin()
        try:
            findings = list(found)
        finally:
            files = run.reads.end()
        if not findings or not self._is_any_read(files):
            yield from findings
            return
        certain = self._found(self._opened(), stack.file)
        for finding in findings:
            if certain is None or _key(finding) in certain:
                yield finding
            else:
                yield _marked(finding, tuple(self._assumed(stack, finding)))

    def _is_any_read(self, files: frozenset[str]) -> bool:
        """Whether defaults were read in some files; in any of the run, for an answer from all.

        What is found by its name in no other template also depends on the names that those have.
        """
        defaulted = self._run.defaulted
        return any(map(defaulted.get, defaulted if MEMBERS in files else files))

    def _opened(self) -> Run:
        """The run with all defaults open, without what was left out meanwhile."""
        if self._open is None:
            self._open = self._run.with_opened(None)
        if len(self._open.stacks) != len(self._run.stacks):
            there = {stack.file for stack in self._run.stacks}
            for stack in self._open.stacks:
                if stack.file not in there:
                    self._open.leave_out(stack.file)
        return self._open

    def _found(self, run: Run, file: str) -> frozenset[tuple[str, Place]] | None:
        """What is found in a template of some run; None if it is not known."""
        try:
            return frozenset(
                _key(f) for stack in indexes.of_file(run, file) for f in self._judge(stack)
            )
        except TemplateError:  # a branch that the defaults rule out is broken
            return None
        finally:
            if len(self._run.stacks) > MOST_IN_USE:
                run.put_down(keep=0)

    def _assumed(self, stack: Stack, finding: Finding) -> Iterator[str]:
        """The names of the parameters without whose defaults a finding is not certain.

        They are tried one by one in a run of the template alone, if it is found there too.
        """
        candidates = list(self._candidates(stack, finding))
        decisive: list[tuple[str, str]] = []
        if 1 < len(candidates) <= _MOST and self._is_found_alone(stack, finding, ()):
            decisive = [
                candidate
                for candidate in candidates
                if not self._is_found_alone(stack, finding, (candidate,))
            ]
        yield from dict.fromkeys(name for _, name in decisive or candidates)

    def _is_found_alone(
        self, stack: Stack, finding: Finding, opened: tuple[tuple[str, str], ...]
    ) -> bool:
        """Whether a finding is in a run of its template alone, with some parameters open.

        That run is judged once for all findings of the template.
        """
        if self._alone_of is not stack:
            self._alone_of, self._alone = stack, {}
        if opened not in self._alone:
            alone = Run(self._run.outside, opened)
            alone.add(stack.package, stack.pseudo)
            self._alone[opened] = self._found(alone, stack.file) or frozenset()
        return _key(finding) in self._alone[opened]

    def _candidates(self, stack: Stack, finding: Finding) -> Iterator[tuple[str, str]]:
        """The parameters that what a finding points at mentions; else all of the template's."""
        places = (finding.at, *(related.place for related in finding.related))
        by_file: dict[str, list[DataPath]] = {}
        for place in places:
            by_file.setdefault(place.file, []).append(place.path[:2])
        near: dict[tuple[str, str], None] = {}
        for file, paths in by_file.items():
            for other in indexes.of_file(self._run, file):
                assumed = frozenset(other.assumed_defaults())
                names = assumed & _mentioned(other, paths) if assumed else assumed
                near.update(((file, name), None) for name in sorted(names))
        yield from near or ((stack.file, name) for name in stack.assumed_defaults())


def _key(finding: Finding) -> tuple[str, Place]:
    return finding.rule, finding.at


def _mentioned(stack: Stack, paths: Iterable[DataPath]) -> frozenset[str]:
    """The names that parts of a template mention, and the conditions that they stand under."""
    template = Template(stack.file, stack.data)
    names: set[str] = set()
    for path in dict.fromkeys(paths):
        node = stack.data
        for step in path:
            node = node.get(step) if isinstance(node, dict) else None  # type: ignore[assignment]
        mentions = template.mentions(path, node)
        names |= mentions.names
        conditions = list(mentions.conditions)
        if isinstance(node, dict) and isinstance(node.get("Condition"), str):
            conditions.append(node["Condition"])
        for condition in conditions:
            raw = template.conditions.get(condition)
            names |= template.mentions(("Conditions", condition), raw).names
    return frozenset(names)


def _marked(finding: Finding, names: tuple[str, ...]) -> Finding:
    said = " and ".join(filter(None, (", ".join(names[:-1]), names[-1] if names else "")))
    what = f"with the default of {said}" if said else "with the defaults of its parameters"
    return finding._replace(
        message=f"{finding.message}, {what}", assumes=names or ("parameters of the template",)
    )
