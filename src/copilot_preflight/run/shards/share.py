"""Which templates of a run are judged here, and by what other machines know the same run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from copilot_preflight._version import __version__
from copilot_preflight.base.globs import Globs

if TYPE_CHECKING:
    from copilot_preflight.base.finding import Source
    from copilot_preflight.run.options import Options

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


def digest(
    options: Options, shard: Shard, sources: Mapping[str, Source], more: Iterable[Any]
) -> str:
    """What all shards of one run share and no other run has; 64 hexadecimal digits.

    It covers the version, the options and every file that the run has read, with its content. What
    the configuration says is in its text.
    """
    asked = (
        [rule.id for rule in options.rules],
        options.info,
        options.params,
        options.parameters,
        options.pseudo,
        options.policies,
        options.scps,
        options.rcps,
        options.suppressions,
        options.today,
        options.grades,
        options.shared_params,
        options.bucket_policies,
        options.assume_defaults,
        options.baseline,
    )
    found = sha256(repr(_plain([__version__, shard.of, shard.fail_on, asked, more])).encode())
    for file, source in sources.items():
        name = file.encode("utf-8", "surrogatepass")
        text = source.text.encode("utf-8", "surrogatepass")
        found.update(b"%d:%b%d:%b" % (len(name), name, len(text), text))
    return found.hexdigest()


def _plain(value: Any) -> Any:
    """A value whose ``repr`` is the same on every machine."""
    if isinstance(value, Globs):
        return value.patterns  # the folder is that of a checkout
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, Mapping):
        return sorted((str(key), _plain(item)) for key, item in value.items())
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(map(_plain, value))
    return value if isinstance(value, str | bool | int | None) else str(value)
