"""What holds for a run: the configuration file, the command line over it, and the defaults.

The file is the nearest up the tree from the current folder, or else from what is checked. One run
has one configuration, because its templates know each other; what holds in some files only stands
under ``paths``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from copilot_preflight.base.finding import DataPath, Severity
from copilot_preflight.config.settings import Setting, Settings, by_rule, catalogue, named
from copilot_preflight.run.options import Options

if TYPE_CHECKING:
    from copilot_preflight.run.severities import Grades

FILE: Final = ".copilot-preflight.yml"

_PSEUDO: Final = {
    "region": "AWS::Region", "account": "AWS::AccountId", "partition": "AWS::Partition"
}  # fmt: skip


def find(folder: str = "") -> str | None:
    """The configuration file up the tree from a folder, by its path from the current folder."""
    at, shown = os.path.realpath(folder or os.curdir), folder
    while True:
        if os.path.isfile(os.path.join(at, FILE)):
            return os.path.join(shown, FILE)
        above = os.path.dirname(at)
        if above == at:
            return None
        at, shown = above, os.path.join(shown, os.pardir)


def find_for(paths: Sequence[str]) -> str | None:
    """The configuration file of a run: the current folder's, else that of what it checks."""
    return find() or ((common := _common_folder(paths)) and find(common)) or None


def _common_folder(paths: Sequence[str]) -> str:
    """The folder that all paths lie in, as it is named from the current folder.

    ``""`` where there is none.
    """
    folders = [path if os.path.isdir(path) else os.path.dirname(path) for path in paths]
    try:
        common = os.path.commonpath([os.path.realpath(folder) for folder in folders])
    except ValueError:  # no path, or several drives
        return ""
    if any(os.path.isabs(path) for path in paths):
        return common
    return os.path.relpath(common, os.path.realpath(os.curdir))


def settings_of(asked: Mapping[DataPath, Any] | None = None, file: str | None = None) -> Settings:
    """What holds for a run: ``asked`` is the command line's, over what a file says.

    Single values and lists of the command line take the place of the file's; entries of maps are
    laid over them. What is asked under ``extend-ignore`` adds to ``ignore``. Raises ConfigError.
    """
    by_key: dict[DataPath, Setting] = {}
    config = None
    if file is not None:
        from copilot_preflight.config import file as config_file

        config, by_key = config_file.read(file)
    of_file = () if ("select",) in (asked or {}) else _value(by_key, "ignore")
    by_key.update((path, Setting(value)) for path, value in (asked or {}).items())
    if more := by_key.pop(("extend-ignore",), None):
        asked_for = by_key.get(("ignore",))
        first = asked_for.value if asked_for and asked_for.place is None else of_file
        by_key[("ignore",)] = Setting((*first, *more.value))
    return Settings(by_key, config)


def _value(by_key: Mapping[DataPath, Setting], key: str) -> tuple[str, ...]:
    setting = by_key.get((key,))
    return () if setting is None else tuple(setting.value)


# --- what the engine is asked for -----------------------------------------------------------------


def options_of(held: Settings) -> Options:
    """The settings in the words of the engine."""
    wanted, unwanted = _chosen(held), _ignored(held)
    rules = [rule for rule in catalogue() if rule.id in wanted - unwanted]
    grades = None
    if any(path[0] in ("severity", "paths") for path in held.by_key):
        grades = _grades(held, wanted, unwanted)
        rules = [rule for rule in catalogue() if grades.at_most(rule.id) is not None]
    options = Options(
        rules=rules,
        info=_wants_info(held),
        assume_defaults=bool(held.get("assume-defaults")),
        params=_asked_paths(held),
        parameters={
            name: setting.value
            for name, setting in held.items("parameters")
            if setting.place is None
        },
        pseudo={name: held.get(key) for key, name in _PSEUDO.items() if held.get(key)},
        policies=[(name, Path(setting.value)) for name, setting in held.items("policies")],
        scps=[[Path(file) for file in level] for level in held.get("scps") or ()],
        rcps=[[Path(file) for file in level] for level in held.get("rcps") or ()],
        config=held.config,
        evidence=[Path(file) for file in held.get("evidence") or ()],
        evidence_max_age=_max_age(held.get("evidence-max-age")),
        grades=grades,
        exclude=held.get("exclude"),
        asked=tuple(_asked(held)),
    )
    if held.config is None:
        return options
    from copilot_preflight.config.file import with_facts

    return with_facts(options, held)


_MAX_AGE: Final = 7
"""Days: what an account has may be another thing after every deployment."""


def _max_age(days: int | None) -> int | None:
    return _MAX_AGE if days is None else days or None


def _asked(held: Settings) -> Iterator[tuple[str, ...]]:
    """What the command line asks for and the findings depend on, in its words."""
    if held.choice:
        yield held.choice
    for (key, *below), setting in held.by_key.items():
        option, value = f"--{key}", setting.value
        if setting.place is not None:
            continue
        if below:  # a policy may be given twice, which has a number then
            yield "--policy" if key == "policies" else "--parameter", f"{below[0]}={value}"
        elif key in ("info", "assume-defaults"):
            yield (option if value else f"--no-{key}",)
        elif key in ("scps", "rcps"):
            yield from ((option.removesuffix("s"), ",".join(level)) for level in value)
        elif key in ("select", "ignore"):
            yield option, ",".join(value)
        elif key in ("params", "exclude", "evidence"):
            yield from ((option, it) for it in getattr(value, "patterns", value))
        elif key in (*_PSEUDO, "evidence-max-age"):
            yield option, str(value)
    if held.is_asked("fail-on") and held.get("fail-on") == "info" and not held.is_asked("info"):
        yield ("--info",)


def _asked_paths(held: Settings) -> list[Path]:
    return [Path(file) for file in held.get("params") or ()] if held.is_asked("params") else []


def _wants_info(held: Settings) -> bool:
    """Whether remarks are reported: asked for as such, as what fails a run, or rule by rule."""
    chosen = [rule.severity for rule in named(held.get("select") or ())]
    return held.get("info") or held.get("fail-on") == "info" or Severity.INFO in chosen


def _chosen(held: Settings) -> frozenset[str]:
    every = held.get("select")
    return frozenset(rule.id for rule in (named(every) if every else catalogue()))


def _ignored(held: Settings) -> frozenset[str]:
    """The ids of the rules that look nowhere; not those that the command line selects."""
    if held.is_asked("select") and not held.is_asked("ignore"):
        return frozenset()
    return frozenset(rule.id for rule in named(held.get("ignore") or ()))


def _grades(held: Settings, wanted: frozenset[str], unwanted: frozenset[str]) -> Grades:
    from copilot_preflight.run.severities import Grades, SeverityLayer

    is_asked = held.is_asked("select")
    levels = {name: setting.value for name, setting in held.items("severity")}
    severity = {
        rule: level for rule, level in by_rule(levels).items() if level is not None or not is_asked
    }
    layers = [SeverityLayer(select=wanted, ignore=unwanted, severity=severity)]
    for_paths = held.get("paths") or ()
    if is_asked:
        for_paths = [layer._replace(select=None) for layer in for_paths]
    return Grades([*layers, *for_paths])
