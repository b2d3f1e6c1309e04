"""Which templates of a run are judged here."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heapreplace
from typing import Final, NamedTuple

MOST: Final = 9999
"""Shards of a run. GitHub's matrix has 256 jobs at most, GitLab's ``parallel`` 200."""

_ANY: Final = 1000
"""Characters that take as long as what a template of any size takes."""


class Shard(NamedTuple):
    """Number ``number`` of ``of`` shares, 1-based; ``fail_on`` is the severity that fails a run."""

    number: int
    of: int
    fail_on: str = "error"

    def takes(self, number: int) -> bool:
        """Whether the thing of a number, counted from 0, is this shard's."""
        return number % self.of == self.number - 1

    def share(self, sizes: Mapping[str, int]) -> frozenset[str]:
        """The files that are judged here, out of all of them with their sizes in characters.

        In the order of their names each goes to the shard that has least so far, so that no shard
        has more than another by more than one file, and every machine comes to the same shares.
        """
        loads = [(0, number) for number in range(1, self.of + 1)]
        mine = []
        for file in sorted(sizes):
            load, number = loads[0]
            heapreplace(loads, (load + sizes[file] + _ANY, number))
            if number == self.number:
                mine.append(file)
        return frozenset(mine)


def parsed(text: str) -> Shard | None:
    """The shard that ``2/8`` stands for, None for what stands for none."""
    number, slash, of = text.partition("/")
    sizes = [part for part in (number, of) if part.isascii() and part.isdecimal()]
    if not slash or len(sizes) < 2 or max(map(len, sizes)) > len(str(MOST)):
        return None
    shard = Shard(int(number), int(of))
    return shard if 1 <= shard.number <= shard.of else None
