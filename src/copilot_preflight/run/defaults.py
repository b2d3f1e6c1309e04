"""Findings that are true only as long as parameters keep their defaults.

A default is not a value: where no parameter file says what is deployed, what a default leads to is
a warning that names the parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from copilot_preflight.base.finding import Finding, Place
from copilot_preflight.resolve.stack import Run, Stack
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
        self._runs: dict[frozenset[tuple[str, str]] | None, Run] = {}
        self._has_any: bool | None = None

    def marked(self, stack: Stack, findings: Sequence[Finding]) -> Iterator[Finding]:
        """The findings in a template, each with the parameters whose defaults it assumes."""
        if not findings or not self._are_there_any():
            yield from findings
            return
        certain = self._true_without(stack, None)
        for finding in findings:
            if certain is None or _key(finding) in certain:
                yield finding
            else:
                names = tuple(self._assumed(stack, finding))
                yield _marked(finding, names)

    def _are_there_any(self) -> bool:
        if self._has_any is None:
            stacks = self._run.stacks
            self._has_any = any(any(stack.assumed_defaults()) for stack in stacks)
        return self._has_any

    def _true_without(
        self, stack: Stack, opened: frozenset[tuple[str, str]] | None
    ) -> frozenset[tuple[str, Place]] | None:
        """What is found where some defaults, or all, count for nothing; None if it is not known."""
        run = self._runs.get(opened)
        if run is None or len(run.stacks) != len(self._run.stacks):
            run = self._runs[opened] = self._run.with_opened(opened)
        for other in run.stacks:
            if other.file == stack.file:
                try:
                    return frozenset(map(_key, self._judge(other)))
                except TemplateError:  # a branch that the defaults rule out is broken
                    return None
        return None

    def _assumed(self, stack: Stack, finding: Finding) -> Iterator[str]:
        """The names of the parameters without whose defaults a finding is not certain."""
        candidates = list(self._candidates(stack, finding))
        if not 1 < len(candidates) <= _MOST:
            yield from (name for _, name in candidates)
            return
        decisive = [
            candidate
            for candidate in candidates
            if _key(finding) not in (self._true_without(stack, frozenset({candidate})) or ())
        ]
        yield from dict.fromkeys(name for _, name in decisive or candidates)

    def _candidates(self, stack: Stack, finding: Finding) -> Iterator[tuple[str, str]]:
        """The parameters that what a finding points at mentions; else all of the template's."""
        places = (finding.at, *(related.place for related in finding.related))
        near: dict[tuple[str, str], None] = {}
        for other in self._run.stacks:
            paths = [place.path[:2] for place in places if place.file == other.file]
            assumed = frozenset(other.assumed_defaults()) if paths else frozenset[str]()
            if assumed:
                mentioned = _mentioned(other, paths)
                near.update(((other.file, name), None) for name in assumed & mentioned)
        yield from near or ((stack.file, name) for name in stack.assumed_defaults())


def _key(finding: Finding) -> tuple[str, Place]:
    return finding.rule, finding.at


def _mentioned(stack: Stack, paths: Iterable[tuple[str | int, ...]]) -> frozenset[str]:
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
