"""Which templates of a run are judged here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

MOST: Final = 9999
"""Shards of a run. GitHub's matrix has 256 jobs at most, GitLab's ``parallel`` 200."""


class Shard(NamedTuple):
    """Number ``number`` of ``of`` shares, 1-based; ``fail_on`` is the severity that fails a run."""

    number: int
    of: int
    fail_on: str = "error"

    def takes(self, number: int) -> bool:
        """Whether the thing of a number, counted from 0, is this shard's."""
        return number % self.of == self.number - 1

    def share(self, files: Iterable[str]) -> frozenset[str]:
        """The files that are judged here: of all in the order of their names, every ``of``-th.

        Neighbours, such as one service in several environments, are alike and end up apart, so
        that shares take about the same time.
        """
        return frozenset(file for n, file in enumerate(sorted(files)) if self.takes(n))


def parsed(text: str) -> Shard | None:
    """The shard that ``2/8`` stands for, None for what stands for none."""
    number, slash, of = text.partition("/")
    sizes = [part for part in (number, of) if part.isascii() and part.isdecimal()]
    if not slash or len(sizes) < 2 or max(map(len, sizes)) > len(str(MOST)):
        return None
    shard = Shard(int(number), int(of))
    return shard if 1 <= shard.number <= shard.of else None
