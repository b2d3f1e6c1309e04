"""The baseline: findings that were there before, by file, rule and JSONPath, never by line.

```json
{
  "version": 1,
  "findings": {
    "infrastructure/web-test.stack.yml": {
      "W9713": {"$.Resources.ExecutionRole.Properties.Policies[0]": 1}
    }
  }
}
```

Files are named from the baseline's own folder; the number says how many such findings there are.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from copilot_preflight.base.finding import EXTERNAL, DataPath, Finding, Silenced
from copilot_preflight.read import document
from copilot_preflight.read.document import Document, kind_of
from copilot_preflight.read.jsonpath import spell

VERSION: Final = 1


class BaselineEntry(NamedTuple):
    """What a finding is known by; sorted, the order of the file."""

    file: str
    rule: str
    path: str


class Baseline:
    """A baseline that was read."""

    def __init__(self, path: Path, counts: Counter[BaselineEntry]) -> None:
        self._path = path
        self._folder = _folder_of(path)
        self._counts = counts
        self._left = Counter(counts)

    def take(self, findings: Iterable[Finding]) -> tuple[list[Finding], list[Silenced]]:
        """The findings that are new, and those that the baseline has."""
        new, known = [], []
        for finding in findings:
            entry = _entry(finding, self._folder)
            if self._left[entry] > 0:
                self._left[entry] -= 1
                known.append(silenced(finding, self._path))
            else:
                new.append(finding)
        return new, known

    def remarks(self, files: Iterable[str], rules: Collection[str]) -> Iterator[str]:
        """A remark on findings that are gone, in files and under rules that were looked at."""
        here = {_relative(file, self._folder) for file in files}
        gone = sum(
            number
            for entry, number in self._left.items()
            if entry.rule in rules
            and (entry.file in here or not (self._folder / entry.file).exists())
        )
        if gone:
            findings = "1 finding is" if gone == 1 else f"{gone} findings are"
            yield f"{self._path}: {findings} gone: write it anew with --write-baseline"


def read(path: Path) -> Baseline:
    """The baseline in a file. Raises DocumentError."""
    loaded = document.read(path)
    data = loaded.data
    if not isinstance(data, dict) or not isinstance(data.get("findings"), dict):
        raise loaded.fault((), "not a baseline: expected 'version' and 'findings'")
    if data.get("version") != VERSION:
        message = f"a baseline of version {data.get('version')!r}: expected {VERSION}"
        raise loaded.fault(("version",), message)
    counts: Counter[BaselineEntry] = Counter()
    for file, rules in data["findings"].items():
        for rule, paths in _map(loaded, ("findings", file), rules).items():
            for place, number in _map(loaded, ("findings", file, rule), paths).items():
                if type(number) is not int or number < 1:
                    where = ("findings", file, rule, place)
                    value = str(number).lower()
                    raise loaded.fault(where, f"expected how many findings, not {value}")
                counts[BaselineEntry(file, rule, place)] = number
    return Baseline(path, counts)


def _map(loaded: Document, path: DataPath, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise loaded.fault(path, f"expected a map, not {kind_of(value)}")
    return value


def written(path: Path, findings: Iterable[Finding]) -> str:
    """The text of a baseline of some findings, for a file at a path."""
    import json

    folder = _folder_of(path)
    counts = Counter(_entry(finding, folder) for finding in findings)
    files: dict[str, dict[str, dict[str, int]]] = {}
    for entry in sorted(counts):
        files.setdefault(entry.file, {}).setdefault(entry.rule, {})[entry.path] = counts[entry]
    return json.dumps({"version": VERSION, "findings": files}, indent=2, ensure_ascii=True) + "\n"


def silenced(finding: Finding, path: Path) -> Silenced:
    """A finding that is in the baseline at a path."""
    return Silenced(finding, EXTERNAL, f"in the baseline {path}")


def _entry(finding: Finding, folder: Path) -> BaselineEntry:
    at = finding.at
    return BaselineEntry(_relative(at.file, folder), finding.rule, spell(at.path))


def _folder_of(path: Path) -> Path:
    return Path(os.path.realpath(path)).parent


def _relative(file: str, folder: Path) -> str:
    """A file's name from a folder, with slashes; as it is where it has none, as on stdin."""
    if not os.path.exists(file):
        return file
    try:
        return Path(os.path.relpath(os.path.realpath(file), folder)).as_posix()
    except ValueError:  # on another drive
        return Path(os.path.realpath(file)).as_posix()
