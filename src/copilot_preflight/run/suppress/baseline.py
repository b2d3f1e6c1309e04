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
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
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
        here = self.names_of(files)
        gone = (n for entry, n in self._left.items() if self.is_looked_at(entry, here, rules))
        yield from remarks(str(self._path), sum(gone))

    # --- for those who see a part of the findings ----------------------------------------------

    def numbered(self, finding: Finding) -> tuple[int, int] | None:
        """The number of a finding's entry, and how many such findings the entry is for."""
        entry = _entry(finding, self._folder)
        count = self._counts[entry]
        return (self._numbers[entry], count) if count else None

    @cached_property
    def _numbers(self) -> Mapping[BaselineEntry, int]:
        return {entry: number for number, (entry, _) in enumerate(self.entries)}

    @property
    def entries(self) -> Sequence[tuple[BaselineEntry, int]]:
        """What stands in the baseline, with how many findings each is for, by its number."""
        return sorted(self._counts.items())

    def names_of(self, files: Iterable[str]) -> frozenset[str]:
        """Files as the baseline names them."""
        return frozenset(_relative(file, self._folder) for file in files)

    def is_looked_at(
        self, entry: BaselineEntry, here: Collection[str], rules: Collection[str]
    ) -> bool:
        """Whether the findings of an entry are gone, if there are none in the files of a run."""
        if entry.rule not in rules:
            return False
        return entry.file in here or not (self._folder / entry.file).exists()


def remarks(path: str, gone: int) -> Iterator[str]:
    """A remark on findings that are in the baseline at a path and nowhere else."""
    if gone:
        findings = "1 finding is" if gone == 1 else f"{gone} findings are"
        yield f"{path}: {findings} gone: write it anew with --write-baseline"


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


def silenced(finding: Finding, path: Path | str) -> Silenced:
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
