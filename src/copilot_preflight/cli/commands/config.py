"""``copilot-preflight config``: what holds for a run, and where each piece of it is set."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from copilot_preflight.cli.commands.options import settings_of, shared
from copilot_preflight.cli.console import write
from copilot_preflight.render.safe_text import UNSAFE, safe

if TYPE_CHECKING:
    from copilot_preflight.base.globs import Globs
    from copilot_preflight.config.settings import Setting, Settings
    from copilot_preflight.resolve.outside import Requirement
    from copilot_preflight.run.severities import SeverityLayer

_PLAIN: Final = re.compile(r"[A-Za-z][\w./-]*")
_WORDS: Final = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH...]")
@shared
@click.option(
    "--format", "form", type=click.Choice(("yaml", "json")), default="yaml", show_default=True
)
def config(paths: tuple[str, ...], form: str, **given: Any) -> None:
    """Print what holds for a run, and where it is set.

    With PATHs, also what is different for the findings in these files. The YAML is a configuration
    file itself; paths are from the current folder.
    """
    held = settings_of(paths=paths, **given)
    different = {path: _different(held, path) for path in paths}
    write(_json(held, different) if form == "json" else _yaml(held, different))


def _different(held: Settings, path: str) -> Mapping[str, str]:
    """The rules that have another severity in a file than elsewhere."""
    from copilot_preflight.config.settings import catalogue
    from copilot_preflight.config.to_options import options_of
    from copilot_preflight.run.severities import Grades

    grades = options_of(held).grades
    if grades is None:
        return {}
    elsewhere = Grades(grades.layers[:1])
    pairs = (
        (rule.id, grades.of(rule.id, path), elsewhere.of(rule.id, path)) for rule in catalogue()
    )
    return {id: level.label if level else "off" for id, level, other in pairs if level != other}


# --- where it is set -----------------------------------------------------------------------------


def _origin(held: Settings, setting: Setting) -> str:
    if setting.place is None or held.config is None:
        return "command line"
    start = held.config.span(setting.place.path, key=True).start
    return f"{setting.place.file}:{start.line}"


def _single(held: Settings) -> Iterator[tuple[str, Any, str]]:
    """Key, value and origin of whatever is no map."""
    from copilot_preflight.config.settings import DEFAULTS

    for path, setting in held.by_key.items():
        if len(path) == 1:
            yield str(path[0]), _plain(setting.value), _origin(held, setting)
    for key, value in DEFAULTS.items():
        if (key,) not in held.by_key:
            yield key, value, "default"


def _maps(held: Settings) -> dict[str, list[tuple[str, Any, str]]]:
    maps: dict[str, list[tuple[str, Any, str]]] = {}
    for path, setting in held.by_key.items():
        if len(path) > 1:
            entry = str(path[1]), _plain(setting.value, str(path[0])), _origin(held, setting)
            maps.setdefault(str(path[0]), []).append(entry)
    return maps


# --- as the file has it ---------------------------------------------------------------------------


def _plain(value: Any, key: str = "") -> Any:
    """A value as a configuration file in the current folder would have it."""
    from copilot_preflight.base.finding import Severity
    from copilot_preflight.base.globs import Globs
    from copilot_preflight.config.file import BucketSetting, Suppressed
    from copilot_preflight.resolve.outside import Requirement
    from copilot_preflight.run.severities import SeverityLayer

    if key == "severity":
        return value.label if value is not None else "off"
    if isinstance(value, Severity):
        return value.label
    if isinstance(value, Globs):
        return _patterns(value)
    if isinstance(value, SeverityLayer):
        return _of_layer(value)
    if isinstance(value, Requirement):
        return _of_requirement(value)
    if isinstance(value, BucketSetting):
        facts = {"encryption-key": "none" if value.key == "" else value.key}
        more = {"bucket-key": value.bucket_key, "policy": value.policy or None}
        return _without_none({**facts, **more})
    if isinstance(value, Suppressed):
        return _without_none(
            {
                "rule": list(value.rules),
                "files": _patterns(value.files),
                "path": value.path or None,
                "reason": value.reason,
                "until": value.until or None,
            }
        )
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value


def _of_layer(layer: SeverityLayer) -> dict[str, Any]:
    levels = layer.severity.items()
    return _without_none(
        {
            "files": _patterns(layer.files),
            "select": sorted(layer.select) if layer.select is not None else None,
            "ignore": sorted(layer.ignore) or None,
            "severity": {id: level.label if level else "off" for id, level in levels} or None,
        }
    )


def _of_requirement(requirement: Requirement) -> dict[str, Any]:
    return _without_none(
        {
            "action": requirement.action,
            "resource": requirement.resource,
            "at": requirement.at or None,
            "role": requirement.role,
            "because": requirement.because or None,
            "files": _patterns(requirement.files),
        }
    )


def _without_none(entries: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entries.items() if value is not None}


def _patterns(globs: Globs | None) -> list[str] | None:
    if globs is None:
        return None
    folder = os.path.relpath(globs.folder).replace(os.sep, "/")
    if folder == ".":
        return list(globs.patterns)
    named = (
        pattern if "/" in pattern.rstrip("/") else f"**/{pattern}" for pattern in globs.patterns
    )
    return [f"{folder}/{pattern.removeprefix('/')}" for pattern in named]


# --- formats --------------------------------------------------------------------------------------


def _json(held: Settings, different: Mapping[str, Mapping[str, str]]) -> str:
    def shown(value: Any, origin: str) -> dict[str, Any]:
        return {"value": value, "origin": origin}

    document = {
        "version": 1,
        "config": held.config.file if held.config is not None else None,
        "settings": {
            **{key: shown(value, origin) for key, value, origin in _single(held)},
            **{
                key: {name: shown(value, origin) for name, value, origin in entries}
                for key, entries in _maps(held).items()
            },
        },
        "paths": different,
    }
    return json.dumps(document, indent=2) + "\n"


def _yaml(held: Settings, different: Mapping[str, Mapping[str, str]]) -> str:
    file = held.config.file if held.config is not None else "no configuration file"
    lines = [f"# {safe(file)}"]
    for key, value, origin in _single(held):
        first, *more = _dumped(value, f"{key}:")
        lines += [_with(first, origin), *more]
    for key, entries in _maps(held).items():
        lines.append(f"{key}:")
        for name, value, origin in entries:
            first, *more = _dumped(value, f"  {_scalar(name)}:")
            lines += [_with(first, origin), *more]
    for path, levels in different.items():
        differences = ", ".join(f"{rule} {level}" for rule, level in levels.items())
        lines.append(f"# {safe(path)}: {differences or 'as everywhere'}")
    return "\n".join(lines) + "\n"


def _with(line: str, origin: str) -> str:
    return f"{line}  # {safe(origin)}"


def _dumped(value: Any, head: str) -> Iterator[str]:
    """The lines of ``head`` with its value, indented below it."""
    indent = " " * (len(head) - len(head.lstrip(" -")) + 2)
    if isinstance(value, Mapping) and value:
        yield head
        for key, item in value.items():
            yield from _dumped(item, f"{indent}{_scalar(key)}:")
    elif _is_nested(value):
        yield head
        for item in value:
            yield from _item(item, indent)
    else:
        yield f"{head} {_flow(value)}"


def _item(item: Any, indent: str) -> Iterator[str]:
    if not isinstance(item, Mapping):
        yield f"{indent}- {_flow(item)}"
        return
    lead = f"{indent}- "
    for key, value in item.items():
        yield from _dumped(value, f"{lead}{_scalar(key)}:")
        lead = f"{indent}  "


def _is_nested(value: Any) -> bool:
    return isinstance(value, Sequence) and any(isinstance(it, (Mapping, list)) for it in value)


def _flow(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return "{}" if isinstance(value, Mapping) else _scalar(value)


def _scalar(value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return UNSAFE.sub(lambda match: f"\\U{ord(match[0]):08x}", quoted)
