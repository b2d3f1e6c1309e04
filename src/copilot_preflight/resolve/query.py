"""Questions that are answered once, and the files that their answers come from.

A query is a function of a view, a stack or a run. Its answer is kept with the files that were read
for it, also by the queries that it asked, so that a template that leaves the run takes along just
the answers that depend on it. An answer that comes from many files names none of them, so that what
is kept of an answer does not grow with the run.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, MutableMapping
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

from copilot_preflight.base.records import NamedTuple

MEMBERS: Final = ""
"""Stands among the files of an answer that depends on which templates are in the run."""

EVERY: Final = "\0every"
"""Stands for the files of an answer that comes from more than a few: any may be among them."""

_FROM_EVERY: Final = frozenset((MEMBERS, EVERY))
_FEW: Final = 32
"""Files that an answer names at most."""


class Answer(NamedTuple):
    """What a query returned, and the files that it read.

    Its arguments are kept, so that the ``id`` of one may be its key.
    """

    value: Any
    files: frozenset[str]
    arguments: tuple[Any, ...]


Answers = MutableMapping[Hashable, Answer]
"""The answers about one view, stack or run, by the query and its arguments."""


class Reads:
    """The files that each of the queries under way has read so far; one for a whole run."""

    def __init__(self) -> None:
        self._under_way: list[set[str]] = []
        self._sets: dict[frozenset[str], frozenset[str]] = {}

    def add(self, file: str) -> None:
        """Notes that a file is read, for the query under way."""
        if self._under_way:
            self._under_way[-1].add(file)

    def update(self, files: Iterable[str]) -> None:
        if self._under_way:
            self._under_way[-1].update(files)

    def begin(self) -> None:
        self._under_way.append(set())

    def end(self) -> frozenset[str]:
        """What was read since the matching `begin`; whoever asked has read it too."""
        files = self._end()
        self.update(files)
        return self._sets.setdefault(files, files)  # most answers come from one of a few sets

    def end_without(self, file: str) -> None:
        """The same for whoever has not read one of the files: an index notes where to look."""
        self.update(self._end() - {file})

    def _end(self) -> frozenset[str]:
        files = self._under_way.pop()
        return _FROM_EVERY if len(files) > _FEW or EVERY in files else frozenset(files)


class Asked(Protocol):
    """What a query can be asked of."""

    @property
    def answers(self) -> Answers: ...

    @property
    def reads(self) -> Reads: ...


A = TypeVar("A", bound=Asked)
P = ParamSpec("P")
T = TypeVar("T")


def query(compute: Callable[Concatenate[A, P], T]) -> Callable[Concatenate[A, P], T]:
    """Makes a query of a function whose arguments, after the first, are hashable."""
    return _query(compute, None)


def query_by(
    key_of: Callable[..., Hashable],
) -> Callable[[Callable[Concatenate[A, P], T]], Callable[Concatenate[A, P], T]]:
    """The same for a function whose further arguments have a key that stands for them.

    Arguments with one key must hold the same: what comes from the view's own template does under
    its logical id, and anything else under its ``id``.
    """

    def query(compute: Callable[Concatenate[A, P], T]) -> Callable[Concatenate[A, P], T]:
        return _query(compute, key_of)

    return query


def _query(
    compute: Callable[Concatenate[A, P], T], key_of: Callable[..., Hashable] | None
) -> Callable[Concatenate[A, P], T]:
    """``key_of`` is None where the arguments are their own key."""

    @wraps(compute)
    def ask(of: A, /, *args: P.args, **kwargs: P.kwargs) -> T:
        key: Hashable = compute
        if key_of is not None:
            key = (compute, key_of(*args, **kwargs))
        elif args or kwargs:
            key = (compute, args, *kwargs.items())
        answer = of.answers.get(key)
        if answer is None:
            of.reads.begin()
            try:
                computed = compute(of, *args, **kwargs)
            finally:
                files = of.reads.end()
            answer = of.answers[key] = Answer(computed, files, args)
        else:
            of.reads.update(answer.files)
        value: T = answer.value
        return value

    return ask


def drop(answers: Answers, files: frozenset[str]) -> None:
    """Drops the answers that come from any of some files."""
    for key in [key for key, answer in answers.items() if not files.isdisjoint(answer.files)]:
        del answers[key]
