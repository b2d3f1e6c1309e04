"""By what several machines know that theirs is the same run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from copilot_preflight._version import __version__
from copilot_preflight.base.finding import Source
from copilot_preflight.base.globs import Globs
from copilot_preflight.run.options import Options
from copilot_preflight.run.shards.share import Shard


def asked_of(options: Options) -> list[Any]:
    """All that a run is asked for, but what the configuration says: that is in its text.

    Equal for equal options, on every machine.
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
        options.exclude,
        *((options.evidence, options.evidence_max_age) if options.evidence else ()),
    )
    found: list[Any] = plain(asked)
    return found


def digest(
    options: Options, shard: Shard, sources: Mapping[str, Source], more: Iterable[Any]
) -> str:
    """What all shards of one run share and no other run has; 64 hexadecimal digits.

    It covers the version, the options and every file that the run has read, with its content. What
    the configuration says is in its text.
    """
    found = sha256(
        repr([__version__, shard.of, shard.fail_on, *asked_of(options), plain(more)]).encode()
    )
    for file, source in sources.items():
        name = file.encode("utf-8", "surrogatepass")
        text = source.text.encode("utf-8", "surrogatepass")
        found.update(b"%d:%b%d:%b" % (len(name), name, len(text), text))
    return found.hexdigest()


def plain(value: Any) -> Any:
    """A value whose ``repr`` is the same on every machine."""
    if isinstance(value, Globs):
        return value.patterns  # the folder is that of a checkout
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, Mapping):
        return sorted((str(key), plain(item)) for key, item in value.items())
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(map(plain, value))
    return value if isinstance(value, str | bool | int | None) else str(value)
