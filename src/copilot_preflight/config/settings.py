"""What the command line and the configuration file set for a run, in the file's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import copilot_preflight_rules
from copilot_preflight.base.finding import DataPath, Place, Severity
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.checks.rule import RuleEntry
from copilot_preflight.read.document import Document, DocumentError

DEFAULTS: Final[Mapping[str, Any]] = {
    "fail-on": "error",
    "info": False,
    "assume-defaults": False,
}
"""What holds where nobody says anything; all other keys then say nothing."""


class Setting(NamedTuple):
    """The value of a key, and where it stands in the file; None for the command line."""

    value: Any
    place: Place | None = None


class Settings(NamedTuple):
    """What is set for a run.

    ``by_key`` has each setting under the path of its key: ``("select",)``,
    ``("parameters", "EnvName")``. Paths of files are from the current folder. ``config`` is the
    file, None where there is none; ``choice`` are the words of a command line that chose it.
    """

    by_key: Mapping[DataPath, Setting]
    config: Document | None = None
    choice: tuple[str, ...] = ()

    def get(self, key: str) -> Any:
        """The value of a key that is no map: as set, else its default, else None."""
        setting = self.by_key.get((key,))
        return DEFAULTS.get(key) if setting is None else setting.value

    def items(self, key: str) -> Iterator[tuple[str, Setting]]:
        """The entries of a key that is a map."""
        for path, setting in self.by_key.items():
            if path[0] == key and len(path) > 1:
                yield str(path[1]), setting

    def is_asked(self, key: str) -> bool:
        """Whether the command line says something of a key that is no map."""
        return (key,) in self.by_key and self.by_key[(key,)].place is None

    def fails_on(self, worst: Severity | None) -> bool:
        """Whether a report whose worst finding is this one makes the run fail."""
        return fails(worst, self.get("fail-on"))


def fails(worst: Severity | None, least: str) -> bool:
    """Whether a worst finding makes a run fail, for a value of ``fail-on``."""
    return worst is not None and least != "never" and worst >= Severity[least.upper()]


class ConfigError(Exception):
    """A configuration file that cannot be used: everything that is wrong with it."""

    def __init__(self, faults: Sequence[DocumentError]) -> None:
        super().__init__(faults[0].message)
        self.faults = faults


def catalogue() -> Sequence[RuleEntry]:
    """The rules that there are."""
    return copilot_preflight_rules.CATALOGUE


def named(names: Iterable[str]) -> list[RuleEntry]:
    """The rules that some ids, beginnings of ids or names stand for."""
    return [rule for rule in catalogue() if any(is_named(rule, name) for name in names)]


def is_named(rule: RuleEntry, name: str) -> bool:
    return rule.id.startswith(name.upper()) or rule.name == name.lower()


def no_rule(name: str) -> str:
    """What to say of what is no rule, with the name that is most like it. Ids are all alike."""
    from copilot_preflight.read.schema import nearest  # here: most runs have no such fault

    return f"no rule '{name}'{nearest(name.lower(), [rule.name for rule in catalogue()])}"


def by_rule(levels: Mapping[str, Severity | None]) -> dict[str, Severity | None]:
    """Severities by the ids of rules: what is said of a rule itself wins over a longer list."""
    by_id: dict[str, Severity | None] = {}
    for name in sorted(levels, key=lambda name: -len(named([name]))):
        by_id.update(dict.fromkeys((rule.id for rule in named([name])), levels[name]))
    return by_id
