"""The run of templates that are judged together, and what one of them says to the others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from copilot_preflight.base.symbolic import Text
from copilot_preflight.inputs.package import Package
from copilot_preflight.resolve.outside import NOTHING, Outside
from copilot_preflight.resolve.query import EVERY, MEMBERS, Answers, Reads, drop, query
from copilot_preflight.resolve.stack import Export, Stack, noted

MOST_IN_USE: Final = 100
"""Stacks of a run that are read and not put down again: each takes some 200 KB."""


class Run:
    """The stacks that are checked together: what one imports, another may export.

    ``outside`` is what the user says about things outside the run. ``opens`` are the parameters,
    each with its template, whose defaults are not taken for values; None for all of them.
    ``defaulted`` are, for each template, those whose defaults were, so far.
    """

    def __init__(
        self,
        outside: Outside = NOTHING,
        opens: Collection[tuple[str, str]] | None = (),
    ) -> None:
        self.stacks: list[Stack] = []
        self.outside = outside
        self._opens = opens
        self.defaulted: dict[str, set[str]] = {}
        self.answers: Answers = {}
        self.reads = Reads()
        self.kinds: dict[frozenset[str], frozenset[str]] = {}
        self._resolving: set[str] = set()
        self._left_out: set[Stack] = set()
        self._in_use: dict[Stack, None] = {}

    def add(self, package: Package, pseudo: Mapping[str, str] | None = None) -> Stack:
        """Adds a stack. What was worked out from all stacks together is worked out anew."""
        if self.answers:
            self._forget(MEMBERS)
        if package.kinds is not None:  # most templates of a run have one of a few sets of types
            package = package._replace(kinds=self.kinds.setdefault(package.kinds, package.kinds))
        stack = Stack(package, self, pseudo=pseudo)
        self.stacks.append(stack)
        return stack

    def opened(self, stack: Stack) -> frozenset[str]:
        """The parameters of a template whose defaults are not taken for values."""
        if self._opens == ():
            return frozenset()
        names = stack.assumed_defaults()
        return frozenset(
            name for name in names if self._opens is None or (stack.file, name) in self._opens
        )

    def with_opened(self, opens: Collection[tuple[str, str]] | None) -> Run:
        """The same stacks, where the defaults of some parameters, or of all, count for nothing."""
        other = Run(self.outside, opens)
        for stack in self.stacks:
            other.add(stack.package, stack.pseudo)
        return other

    @property
    def has_one(self) -> bool:
        """Whether there is no other stack to look at."""
        self.reads.add(MEMBERS)
        return len(self.stacks) < 2

    def members(self) -> Iterator[Stack]:
        """The stacks of the run, for answers that depend on which they are."""
        self.reads.add(MEMBERS)
        return self.each(self.stacks)

    def each(self, stacks: Iterable[Stack]) -> Iterator[Stack]:
        """Stacks of the run to be looked at in turn: what was not in use before is put down again.

        Whatever has walked over many of them would fill the memory otherwise.
        """
        for stack in stacks:
            before = len(self._in_use)
            yield stack
            while len(self._in_use) > max(before, MOST_IN_USE):
                self._in_use.popitem()[0].put_down()

    def is_read(self, stack: Stack) -> None:
        """Notes that a stack takes up memory from now on."""
        self._in_use.pop(stack, None)
        self._in_use[stack] = None

    def put_down(self, keep: int | None = None) -> Sequence[Stack]:
        """Puts down the stacks that have been in use for longest, if there are too many.

        ``keep`` is how many may stay in use, `MOST_IN_USE` unless told. Not while a question is
        being answered: whatever it has found of them would be forgotten.
        """
        most = MOST_IN_USE if keep is None else keep
        idle = tuple(self._in_use)[: max(0, len(self._in_use) - most)]
        for stack in idle:
            del self._in_use[stack]
            stack.put_down()
        return idle

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "answers": {}, "_in_use": {}}

    def has(self, stack: Stack) -> bool:
        """Whether a stack of the run still is: indexes lead to those that were left out too."""
        return stack not in self._left_out

    def leave_out(self, file: str) -> None:
        """Goes on as if a template, which turned out broken, were not in the run."""
        self._left_out.update(stack for stack in self.stacks if stack.file == file)
        self.stacks = [stack for stack in self.stacks if stack.file != file]
        for stack in self.stacks:
            if stack.package.addons is not None and stack.package.addons.file == file:
                stack.package = stack.package._replace(addons=None)
        self._forget(file, EVERY)

    def _forget(self, *names: str) -> None:
        """Drops what depends on a template, by way of other templates too."""
        files = set(names)
        while new := {s.file for s in self.stacks if s.depends_on(files)} - files:
            files |= new
        for stack in self.stacks:
            stack.forget(frozenset(files))
        drop(self.answers, frozenset(files))

    def exported(self, name: Text) -> Export:
        """The value that a stack of the run exports under a name."""
        known = name.literal
        if known is None or known in self._resolving:
            return Export(None)
        return _exported(self, known)


def run_of(stack: Stack) -> Run:
    """The run that a stack is judged in."""
    return cast("Run", stack.run)


@query
def _exports(run: Run) -> Mapping[str, list[tuple[Stack, str]]]:
    def exports(stack: Stack) -> list[tuple[str, str]]:
        return list(stack.exports())

    found: dict[str, list[tuple[Stack, str]]] = {}
    for stack in run.members():
        for export, output in noted(stack, exports):
            found.setdefault(export, []).append((stack, output))
    return found


@query
def _exported(run: Run, name: str) -> Export:
    run._resolving.add(name)
    try:
        found = [entry for entry in _exports(run).get(name, ()) if run.has(entry[0])]
        files = frozenset(stack.file for stack, _ in found)
        run.reads.update(files)
        # Two stacks of a region cannot export one name: these are of two deployments.
        return Export(found[0][0].output(found[0][1]) if len(found) == 1 else None, files)
    finally:
        run._resolving.discard(name)
