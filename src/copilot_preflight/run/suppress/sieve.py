"""What silences which finding, and which suppressions silence nothing.

A suppression stands in a YAML comment, in cfn-lint's ``Metadata`` or in the configuration file. It
names one rule and has a scope. The baseline, which nobody writes by hand, is in ``baseline``.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Final, NamedTuple, Protocol

from copilot_preflight.base.finding import IN_SOURCE, DataPath, Finding, Place, Position, Silenced
from copilot_preflight.base.globs import Globs
from copilot_preflight.checks.rule import RuleEntry
from copilot_preflight.inputs.template_shape import is_template
from copilot_preflight.read import jsonpath
from copilot_preflight.read.document import Comment, Document
from copilot_preflight_rules import CATALOGUE

UNUSED: Final = "unused-suppression"
"""The rule that tells of suppressions which silence nothing, whatever the cause."""


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


def is_date(text: str) -> bool:
    """Whether a text is a month or a day as ``until`` has it."""
    if not _DATE.fullmatch(text):
        return False
    try:
        time.strptime(text, "%Y-%m" if len(text) == 7 else "%Y-%m-%d")
    except ValueError:
        return False
    return True


_DATE: Final = re.compile(r"\d{4}-\d{2}(?:-\d{2})?", re.ASCII)


# --- scopes --------------------------------------------------------------------------------------


class Seen:
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
        return frozenset(it.start.line for it in (span(at.path, key=at.key), *keys))


class Scope(Protocol):
    """Which places a suppression is about."""

    def has(self, seen: Seen) -> bool: ...


class BesideComment(NamedTuple):
    """What begins on the line that a comment speaks of, with everything below it.

    That is the line on which a finding is shown, or the one with the key of a node around it.
    """

    file: str
    line: int

    def has(self, seen: Seen) -> bool:
        return seen.at.file == self.file and self.line in seen.lines


class WholeTemplate(NamedTuple):
    """A template, and what its analysis finds in the other files of its package."""

    file: str

    def has(self, seen: Seen) -> bool:
        return self.file in (seen.template, seen.at.file)


class OneResource(NamedTuple):
    file: str
    name: str

    def has(self, seen: Seen) -> bool:
        return seen.at.file == self.file and seen.at.path[:2] == ("Resources", self.name)


class AtPath(NamedTuple):
    """The nodes that a JSONPath finds, with everything below them, in some files or in all.

    Without a path, the files as a whole.
    """

    files: Globs | None
    path: str = ""

    def has(self, seen: Seen) -> bool:
        at = seen.at
        if self.files is not None and not self.files.match(at.file):
            return False
        source = seen.sources.get(at.file)
        paths = _paths_of(self.path, source) if self.path and source else ((),)
        return any(at.path[: len(path)] == path for path in paths)


@lru_cache(maxsize=16)
def _paths_of(path: str, source: Document) -> Collection[DataPath]:
    try:
        return frozenset(jsonpath.find(path, source.data))
    except ValueError:  # what its filter asks for does not fit this file
        return ()


# --- comments ------------------------------------------------------------------------------------

_IGNORE: Final = re.compile(r"#\s*preflight:\s*ignore\b\s*(?:\[([^\]]*)\])?(.*)")
_OTHER_REMARK: Final = re.compile(r"\s#\s.*")  # another remark; "#123" is a ticket
_UNTIL: Final = re.compile(r"\buntil\s+(\d[\d/.-]*)(?<![.])")
_WORD: Final = re.compile(r"\w")
_FORM: Final = "# preflight: ignore[{}] why, until YYYY-MM"
_CREDENTIALS: Final = "W9735"


def in_comments(source: Document) -> Iterator[Suppression | Finding]:
    """The suppressions in a file's comments, and findings on those that do not count."""
    for comment in source.comments if "preflight:" in source.text else ():
        if match := _IGNORE.search(comment.text):
            yield from _in_comment(source, comment, match)


def _in_comment(
    source: Document, comment: Comment, match: re.Match[str]
) -> Iterator[Suppression | Finding]:
    at = Place(source.file, source.path_of(comment))
    names = [name for name in (match[1] or "").replace(",", " ").split() if name]
    rules = list(dict.fromkeys(filter(None, map(id_of, names))))
    is_secret = _CREDENTIALS in rules  # which may stand on that line
    told = ", ".join(rules) or "E9711"
    reason = _OTHER_REMARK.sub("", match[2]).strip().lstrip(":- ").strip()
    until = _UNTIL.search(reason)

    def void(cause: str, message: str, help: str) -> Finding:
        return _void(at, cause, message, help, is_secret=is_secret)

    if not names:
        yield void("malformed", "suppression names no rule", f"write '{_FORM.format(told)}'")
    for name in names:
        if not id_of(name):
            message = f"suppression names '{name}', which is no rule"
            yield void("unknown-rule", message, "'copilot-preflight rules' lists them")
    if not rules:
        return
    if not _WORD.search(_UNTIL.sub("", reason)):
        message = f"suppression of {told} gives no reason, so it does not count"
        yield void("no-reason", message, f"write '{_FORM.format(told)}'")
    elif until and not is_date(until[1]):
        message = f"'{until[0]}' in the suppression of {told} is no date, so it does not count"
        yield void("no-date", message, "write 'until YYYY-MM' or 'until YYYY-MM-DD'")
    else:
        scope = BesideComment(source.file, source.line_of(comment))
        for rule in rules:
            it = Suppression(rule, scope, at, IN_SOURCE, reason, until[1] if until else "")
            yield it._replace(is_secret=is_secret)


def id_of(name: str) -> str:
    """The id of the rule that bears an id or a name, in any case; ``""`` if there is none."""
    for rule in CATALOGUE:
        if name.upper() == rule.id or name.lower() == rule.name:
            return rule.id
    return ""


# --- cfn-lint's metadata -------------------------------------------------------------------------


def in_metadata(source: Document) -> Iterator[Suppression]:
    """What ``Metadata: cfn-lint: config: ignore_checks`` of a template and its resources says.

    As cfn-lint has it: the template's may be the beginnings of ids, and a resource's are whole ids.
    Source: https://github.com/aws-cloudformation/cfn-lint#metadata
    """
    if "ignore_checks" not in source.text or not is_template(source.data):
        return
    for rule, at in _ignored_checks(source, ()):
        yield Suppression(rule, WholeTemplate(source.file), at)
    resources = source.data.get("Resources")
    for name in resources if isinstance(resources, dict) else ():
        for rule, at in _ignored_checks(source, ("Resources", name)):
            if id_of(rule) == rule:
                yield Suppression(rule, OneResource(source.file, name), at)


_IGNORE_CHECKS: Final = ("Metadata", "cfn-lint", "config", "ignore_checks")


def _ignored_checks(source: Document, path: DataPath) -> Iterator[tuple[str, Place]]:
    node = source.data
    for step in (*path, *_IGNORE_CHECKS):
        node = node.get(step) if isinstance(node, dict) else None
    for index, rule in enumerate(node if isinstance(node, list) else ()):
        if isinstance(rule, str) and rule:
            yield rule, Place(source.file, (*path, *_IGNORE_CHECKS, index))


# --- judgement -----------------------------------------------------------------------------------


def sifted(
    found: Iterable[tuple[Finding, str]],
    sources: Mapping[str, Document],
    *,
    outside: Iterable[Suppression] = (),
    looks: Callable[[str, str], bool],
    is_whole: bool = True,
    today: str = "",
    metadata: bool = True,
) -> tuple[list[Finding], list[Silenced]]:
    """What is told of findings, each with the file of its template, and what is silenced.

    What suppresses nothing is told too. ``looks`` says of a rule's id and a file whether the rule
    has looked at it, without which nothing is unused, nor if they have not seen the whole
    (``is_whole``). ``outside`` are the configuration's suppressions; ``today`` is a date, the local
    one unless told. In cfn-lint, the ``metadata`` is cfn-lint's own affair.
    """
    today = today or time.strftime("%Y-%m-%d")
    given: list[Suppression] = list(outside)
    void: list[Finding] = []
    for source in sources.values():
        for it in in_comments(source):
            if isinstance(it, Finding):
                void.append(it)
            else:
                given.append(it)
        given += in_metadata(source) if metadata else ()
    void += (_expired(it) for it in given if _is_over(it, today))
    sieve = _Sieve([it for it in given if not _is_over(it, today)], sources)
    sieve.sift(found)
    told_by = next(rule for rule in CATALOGUE if rule.name == UNUSED)
    idle = [it for it in sieve.unused() if is_whole and looks(it.rule, it.at.file)]
    void += (_unused(it) for it in idle if it.rule != told_by.id)
    files = {file: number for number, file in enumerate(sources)}
    void.sort(key=lambda it: (files.get(it.at.file, -1), _start(it.at, sources)))
    sieve.sift(_told(void, told_by, looks))
    # Now those that could have silenced one of these; they are not to silence that they are unused.
    idle = [it for it in sieve.unused() if it in idle and it.rule == told_by.id]
    for it, _ in _told(map(_unused, idle), told_by, looks):
        sieve.left[it.identity] = it
    return list(sieve.left.values()), sieve.silenced


class _Sieve:
    """Lets through what nothing silences; what two templates share, if one of them does not."""

    def __init__(self, given: Sequence[Suppression], sources: Mapping[str, Document]) -> None:
        self._given = given
        self._sources = sources
        self._used: set[int] = set()
        self._taken: dict[object, Silenced] = {}
        self.left: dict[object, Finding] = {}

    def unused(self) -> list[Suppression]:
        """The suppressions that have silenced nothing so far."""
        return [it for n, it in enumerate(self._given) if n not in self._used]

    @property
    def silenced(self) -> list[Silenced]:
        return [it for key, it in self._taken.items() if key not in self.left]

    def sift(self, found: Iterable[tuple[Finding, str]]) -> None:
        for finding, template in found:
            seen = Seen(finding.at, template, self._sources)
            hits = [
                n
                for n, it in enumerate(self._given)
                if finding.rule.startswith(it.rule) and it.scope.has(seen)
            ]
            self._used.update(hits)
            if hits:
                by = self._given[hits[0]]
                silenced = Silenced(finding, by.kind, by.reason, by.at)
                self._taken.setdefault(finding.identity, silenced)
            else:
                self.left[finding.identity] = finding


def _start(at: Place, sources: Mapping[str, Document]) -> Position:
    source = sources.get(at.file)
    return source.span(at.path).start if source else Position(1, 1)


def _told(
    void: Iterable[Finding], rule: RuleEntry, looks: Callable[[str, str], bool]
) -> Iterator[tuple[Finding, str]]:
    """Findings under the rule that tells them; the file that they stand in is the template."""
    for it in void:
        if looks(rule.id, it.at.file):
            told = it._replace(rule=rule.id, name=rule.name, url=rule.load().url)
            yield told, it.at.file


def _is_over(it: Suppression, today: str) -> bool:
    return bool(it.until) and today[: len(it.until)] > it.until


# --- what silences nothing -----------------------------------------------------------------------


def _expired(it: Suppression) -> Finding:
    when = "on" if len(it.until) > len("YYYY-MM") else "at the end of"
    message = f"suppression of {it.rule} expired {when} {it.until}"
    help = "put right what it silenced and remove it, or give it a new date"
    return _void(it.at, "expired", message, help, is_secret=it.is_secret)


def _unused(it: Suppression) -> Finding:
    message = f"suppression of {it.rule} silences nothing: there is no such finding here"
    help = f"remove it, or {it.rule} from it where it names several rules"
    return _void(it.at, "unused", message, help, is_secret=it.is_secret)


def _void(at: Place, cause: str, message: str, help: str, *, is_secret: bool) -> Finding:
    label = {"unused": "silences nothing", "expired": "expired"}.get(cause, "does not count")
    return Finding(at, message, label, cause=cause, help=help, is_secret=is_secret)
