"""A suppression: which rule it silences, and where; and a finding on a suppression itself."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Mapping
from functools import cached_property, lru_cache
from typing import Final, NamedTuple, Protocol

from copilot_preflight.base.finding import IN_SOURCE, DataPath, Finding, Place
from copilot_preflight.base.globs import Globs
from copilot_preflight.read import jsonpath
from copilot_preflight.read.document import Document
from copilot_preflight_rules import CATALOGUE


class Suppression(NamedTuple):
    """What silences the findings of a rule within a scope.

    ``rule`` is an id, or the beginning of ids; ``at`` is where this is written; ``kind`` is one of
    SARIF's. ``until`` is ``YYYY-MM`` or ``YYYY-MM-DD``, the last month or day on which it counts.
    ``is_secret``: no report quotes the line on which it stands.
    """

    rule: str
    scope: Scope
    at: Place
    kind: str = IN_SOURCE
    reason: str = ""
    until: str = ""
    is_secret: bool = False


_DATE: Final = re.compile(r"\d{4}-\d{2}(?:-\d{2})?", re.ASCII)


def is_date(text: str) -> bool:
    """Whether a text is a month or a day as ``until`` has it."""
    if not _DATE.fullmatch(text):
        return False
    try:
        time.strptime(text, "%Y-%m" if len(text) == 7 else "%Y-%m-%d")
    except ValueError:
        return False
    return True


# --- scopes --------------------------------------------------------------------------------------


class FindingPlace:
    """Where a finding stands, and the file of the template in whose analysis it was made."""

    def __init__(self, at: Place, template: str, sources: Mapping[str, Document]) -> None:
        self.at = at
        self.template = template
        self.sources = sources

    @cached_property
    def lines(self) -> frozenset[int]:
        """The line on which it is shown, and those of the keys of all nodes around it."""
        at, span = self.at, self.sources[self.at.file].span
        keys = (span(at.path[:length], key=True) for length in range(1, len(at.path) + 1))
        return frozenset(node.start.line for node in (span(at.path, key=at.key), *keys))


class Scope(Protocol):
    """Which places a suppression is about."""

    def has(self, place: FindingPlace) -> bool: ...


class CommentedLine(NamedTuple):
    """What begins on the line that a comment speaks of, with everything below it.

    That is the line on which a finding is shown, or the one with the key of a node around it.
    """

    file: str
    line: int

    def has(self, place: FindingPlace) -> bool:
        return place.at.file == self.file and self.line in place.lines


class WholeTemplate(NamedTuple):
    """A template, and what its analysis finds in the other files of its package."""

    file: str

    def has(self, place: FindingPlace) -> bool:
        return self.file in (place.template, place.at.file)


class OneResource(NamedTuple):
    file: str
    name: str

    def has(self, place: FindingPlace) -> bool:
        return place.at.file == self.file and place.at.path[:2] == ("Resources", self.name)


class AtPath(NamedTuple):
    """The nodes that a JSONPath finds, with everything below them, in some files or in all.

    Without a path, the files as a whole.
    """

    files: Globs | None
    path: str = ""

    def has(self, place: FindingPlace) -> bool:
        at = place.at
        if self.files is not None and not self.files.match(at.file):
            return False
        source = place.sources.get(at.file)
        paths = _paths_of(self.path, source) if self.path and source else ((),)
        return any(at.path[: len(path)] == path for path in paths)


@lru_cache(maxsize=16)
def _paths_of(path: str, source: Document) -> Collection[DataPath]:
    try:
        return frozenset(jsonpath.find(path, source.data))
    except ValueError:  # what its filter asks for does not fit this file
        return ()


# --- rules ---------------------------------------------------------------------------------------


def rule_id_of(name: str) -> str:
    """The id of the rule that bears an id or a name, in any case; ``""`` if there is none."""
    for rule in CATALOGUE:
        if name.upper() == rule.id or name.lower() == rule.name:
            return rule.id
    return ""


def suppression_finding(
    at: Place, cause: str, message: str, help: str, *, is_secret: bool
) -> Finding:
    """A finding on a suppression that expired, silences nothing or does not count."""
    label = {"unused": "silences nothing", "expired": "expired"}.get(cause, "does not count")
    return Finding(at, message, label, cause=cause, help=help, is_secret=is_secret)
