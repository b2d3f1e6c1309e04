"""Values of NoEcho parameters, and a report in which none of them stands.

The engine decides with the values. They are taken out at the one place through which everything
passes that is shown: a value becomes the hole ``${Name}``, a part of one ``${part of Name}``, which
nobody can deploy unseen, and lines of files that hold one are not quoted. What is shorter than
`SHORTEST` cannot be told from other text and stays.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import cached_property, lru_cache
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING, Any, Final, TypeVar

from copilot_preflight.base.finding import (
    Asked,
    CitedCall,
    Finding,
    InputError,
    Place,
    Remedy,
    Report,
    Source,
)
from copilot_preflight.render import whole
from copilot_preflight.resolve.scenario import spelt
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import TemplateError

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Help

T = TypeVar("T")

SHORTEST: Final = 4
"""Characters of the shortest value that is taken out."""

_CUT: Final = 60
"""Characters of a text, at most, that a message leaves of one that it cuts short with ``…``."""

_NO_SECRETS: Final = frozenset({"true", "false", "none", "null", "default"})
"""Values that say yes, no or nothing."""

_WORDS: Final = frozenset(
    (
        "accesspoint", "alias", "bucket", "cluster", "function", "group", "instance", "object",
        "parameter", "policy", "queue", "repository", "role", "secret", "service", "stream",
        "table", "task", "topic", "user", "volume",
    )
)  # fmt: skip
"""Types of resource in ARNs, which are no part of a name: they stand in our own sentences too."""

_FLAGS: Final = re.IGNORECASE | re.ASCII
_TO_LOWER: Final = str.maketrans(ascii_uppercase, ascii_lowercase)
_SEPARATOR: Final = re.compile(r"[^A-Za-z0-9_.+=-]+")
_DIGEST: Final = re.compile(r"[0-9a-f]{40,}")
_AS_IS: Final = frozenset({"file", "path", "logical_id", "workload", "applicability", "operation"})
"""Fields of a remedy that say where something is, not what."""


class Hidden:
    """The values that must not be shown, each with the name of its parameter.

    ``places`` are where they are written.
    """

    def __init__(self, values: Iterable[tuple[str, str]], places: Iterable[Place] = ()) -> None:
        self._whole: dict[str, str] = {}
        self._parts: dict[str, str] = {}
        self._places = tuple(places)
        self._lines: dict[str, bool] = {}
        self._names: set[str] = set()
        for value, name in values:
            self._names.add(name)
            if len(value) >= SHORTEST and value.lower() not in _NO_SECRETS:
                self._whole.setdefault(_key(value), name)
                for part in _parts_of(value):
                    self._parts.setdefault(_key(part), name)

    def __bool__(self) -> bool:
        return bool(self._whole or self._places)

    # --- texts -------------------------------------------------------------------------------

    def text(self, text: str) -> str:
        """A text with holes where it has values, parts of values, or beginnings of either."""
        if not self._whole:
            return text
        text = self._of_whole.sub(lambda it: "${" + self._whole[_key(it[0])] + "}", text)
        return self._of_parts.sub(self._hole_of_part, text)

    @cached_property
    def _of_whole(self) -> re.Pattern[str]:
        return re.compile(_any_of(self._whole), _FLAGS)

    @cached_property
    def _of_parts(self) -> re.Pattern[str]:
        """Parts stand alone, as they stood in the value: "role" is no part of "roles"."""
        cut = "|".join(map(_beginning, _longest_first({**self._whole, **self._parts})))
        parts = _any_of(self._parts) if self._parts else "(?!)"
        ours = rf"\$\{{(?:{_any_of({*self._whole.values()})})\}}"  # names, and no values
        pattern = rf"{ours}|(?<![^\W_])(?P<part>{parts})(?![^\W_])|(?P<cut>{cut})…"
        return re.compile(pattern, _FLAGS)

    def _hole_of_part(self, found: re.Match[str]) -> str:
        part, cut = found["part"], found["cut"]
        if part is None and cut is None:
            return found[0]
        known = {**self._whole, **self._parts}
        beginning = _key(part or cut)
        name = next(name for value, name in known.items() if value.startswith(beginning))
        return "${part of " + name + "}"

    def is_in(self, line: str) -> bool:
        """Whether a line has a value or a part of one; a template may be a single line of 1 MB."""
        if line not in self._lines:
            text = _key(line)
            self._lines[line] = any(value in text for value in self._whole) or any(
                re.search(rf"(?<![^\W_]){re.escape(part)}(?![^\W_])", text, re.ASCII)
                for part in self._parts
                if part in text
            )
        return self._lines[line]

    # --- what is shown -----------------------------------------------------------------------

    def report(self, report: Report) -> Report:
        """A report in which no value is left."""
        return report._replace(
            findings=tuple(self.finding(it, report.sources) for it in report.findings),
            errors=tuple(self.error(it) for it in report.errors),
            silenced=tuple(
                it._replace(finding=self.finding(it.finding, report.sources))
                for it in report.silenced
            ),
            notes=tuple(map(self.text, report.notes)),
            proof=report.proof and tuple(it.worded(self.text) for it in report.proof),
            asked=report.asked if self.may_show(report.asked or ()) else None,
        )

    def may_show(self, asked: Asked) -> bool:
        """Whether options give no value to a secret parameter, and have none in their values."""
        for option in asked:
            name, equals, _ = option[-1].partition("=")
            if option[0] == "--parameter" and equals and name in self._names:
                return False
            if any(self.text(word) != word for word in option):
                return False
        return True

    def error(self, error: InputError) -> InputError:
        return error._replace(message=self.text(error.message))

    def finding(self, finding: Finding, sources: Mapping[str, Source]) -> Finding:
        """A finding in whose words no value is left; it is secret where its lines hold one."""
        from copilot_preflight.edits.packed import unpacked

        finding = unpacked(finding)
        remedy = self._remedy(finding.remedy, sources)
        help = self.text(finding.help)
        if finding.remedy is not None and remedy and finding.remedy.text == finding.help:
            help = remedy.text
        call = finding.call
        return finding._replace(
            message=self.text(finding.message),
            label=self.text(finding.label),
            related=tuple(it._replace(message=self.text(it.message)) for it in finding.related),
            call=None if call is None else CitedCall(*map(self.text, call)),
            help=help,
            remedy=remedy,
            is_secret=finding.is_secret or self._is_quoted(finding, sources),
        )

    def _remedy(self, remedy: Remedy | None, sources: Mapping[str, Source]) -> Remedy | None:
        """A remedy without values; nobody can carry out what had one, and it says so."""
        from copilot_preflight.edits.edit import Help

        if not isinstance(remedy, Help):
            return self._plain(remedy)
        plain = self._plain(remedy._replace(shown=None))
        return plain._replace(
            is_masked=_written(plain) != _written(remedy),
            is_near_secret=any(self._is_near(it, sources) for it in _changed_places(remedy)),
        )

    def _is_near(self, place: Place, sources: Mapping[str, Source]) -> bool:
        """Whether one of the lines of a node, or of those around it, holds a value."""
        source = sources.get(place.file)
        if source is None:
            return False
        start, end = source.span(place.path)
        near = range(max(start.line - 1, 1), end.line + 2)
        return self._holds_value(place.file, source, near)

    def _plain(self, value: T) -> T:
        """What a remedy is made of: texts, tuples of texts, named or not, and data."""
        plain: Any = value
        if isinstance(value, str) and not isinstance(value, Enum):
            plain = self.text(value)
        elif isinstance(value, Place | Enum):
            pass
        elif isinstance(value, tuple) and hasattr(value, "_fields"):
            names = zip(value._fields, value, strict=True)
            plain = type(value)(*(it if name in _AS_IS else self._plain(it) for name, it in names))
        elif isinstance(value, tuple):
            plain = tuple(map(self._plain, value))
        elif isinstance(value, list):
            plain = [*map(self._plain, value)]
        elif isinstance(value, dict):
            plain = {key: self._plain(it) for key, it in value.items()}
        return plain  # type: ignore[no-any-return]

    # --- lines that are quoted ---------------------------------------------------------------

    def _is_quoted(self, finding: Finding, sources: Mapping[str, Source]) -> bool:
        """Whether a line that a report quotes, or the one between two of them, holds a value."""
        for place in (finding.at, *(related.place for related in finding.related)):
            source = sources.get(place.file)
            if source is None:
                continue
            span = source.span(place.path, key=place.key)
            line = span.start.line
            if self._holds_value(place.file, source, range(max(line - 1, 1), line + 2)):
                return True
            if span.end.line > line and any(
                self._holds_value(place.file, source, range(other, other + 1))
                for other in whole.lines_of(_lines(source.text), span)
            ):
                return True
        return False

    def _holds_value(self, file: str, source: Source, near: range) -> bool:
        """Whether one of some lines of a file holds a value, or is where one is written."""
        if not self._lines_of(file, source).isdisjoint(near):
            return True
        return any(self.is_in(it) for it in _lines(source.text)[near[0] - 1 : near[-1]])

    def _lines_of(self, file: str, source: Source) -> frozenset[int]:
        """The lines of a file on which values are written, however they are spelt there."""
        spans = (source.span(it.path) for it in self._places if it.file == file)
        return frozenset(line for start, end in spans for line in range(start.line, end.line + 1))


NOTHING: Final = Hidden(())


def hidden_in(stacks: Iterable[Stack]) -> Hidden:
    """The values of NoEcho parameters: those of a run's stacks, and of their addons."""
    values: list[tuple[str, str]] = []
    places: list[Place] = []
    for stack in stacks:
        for one in _with_addons(stack):
            for name, declared in _secret_parameters(one):
                values += ((value, name) for value in _values_of(one, name, declared))
                places += _places_of(one, name)
    return Hidden(values, places) if values or places else NOTHING


def _with_addons(stack: Stack) -> Iterator[Stack]:
    yield stack
    addons = stack.package.addons
    if addons is not None and addons.mentions("NoEcho"):
        try:
            yield stack.addons(addons)
        except (TemplateError, RecursionError):
            return  # what its parent passes on cannot be read, and so is shown nowhere


def _secret_parameters(stack: Stack) -> Iterator[tuple[str, Mapping[str, Any]]]:
    declared = stack.data.get("Parameters") if stack.package.template.mentions("NoEcho") else None
    for name, parameter in declared.items() if isinstance(declared, dict) else ():
        if isinstance(parameter, dict) and str(parameter.get("NoEcho")).lower() == "true":
            yield name, parameter


def _values_of(stack: Stack, name: str, declared: Mapping[str, Any]) -> Iterator[str]:
    given = stack.given(name)
    if given is not None:
        yield given.value
    allowed = declared.get("AllowedValues")
    for value in (declared.get("Default"), *(allowed if isinstance(allowed, list) else ())):
        if value is not None and not isinstance(value, (dict, list)):
            yield spelt(value)
    try:
        yield from (it for it in stack.resolver().parameter(name).parts if isinstance(it, str))
    except TemplateError:
        return


def _places_of(stack: Stack, name: str) -> Iterator[Place]:
    given = stack.given(name)
    if given is not None and given.place is not None:
        yield given.place
    for key in ("Default", "AllowedValues"):
        if key in stack.data["Parameters"][name]:
            yield Place(stack.file, ("Parameters", name, key))


def _parts_of(value: str) -> Iterator[str]:
    """What a value is taken apart into: the items of a list, the parts of an ARN or of a path.

    The beginning of an ARN, up to its account, names a service and no secret.
    """
    if value.startswith("arn:") and value.count(":") >= 5:
        *_, account, resource = value.split(":", 5)
        yield from (it for it in (account, resource) if len(it) >= SHORTEST)
        value = resource
    between = (it.strip("_.+=-") for it in _DIGEST.split(value))  # messages cut hashes out
    parts = (*_SEPARATOR.split(value), *_DIGEST.findall(value), *between)
    for part in dict.fromkeys(parts):
        if len(part) >= SHORTEST and part.lower() not in _WORDS | _NO_SECRETS:
            yield part


def _key(text: str) -> str:
    """What two spellings share that differ in case, as far as the patterns look at it."""
    return text.translate(_TO_LOWER)


def _beginning(value: str) -> str:
    """A pattern for the first characters of a value, `SHORTEST` of them or more."""
    pattern = ""
    for char in reversed(value[SHORTEST:_CUT]):
        pattern = f"(?:{re.escape(char)}{pattern})?"
    return re.escape(value[:SHORTEST]) + pattern


def _any_of(values: Iterable[str]) -> str:
    return "|".join(map(re.escape, _longest_first(values)))


def _longest_first(values: Iterable[str]) -> list[str]:
    return sorted(values, key=len, reverse=True)


def _written(help: Help) -> object:
    """What a help would have written."""
    return help.grants, [edit.value for edit in help.edits], help.lines


def _changed_places(help: Help) -> Iterator[Place]:
    """The nodes that a help changes: what is removed may take the one above with it.

    The policies of an owner are somewhere in it.
    """
    from copilot_preflight.edits.edit import Operation

    for edit in help.edits:
        is_removed = edit.operation is Operation.REMOVE
        yield Place(edit.file, edit.path[:-2] if is_removed else edit.path)
    yield from (it.owner.place for it in help.grants if it.owner.place is not None)


@lru_cache(maxsize=8)
def _lines(text: str) -> list[str]:
    return re.split(r"\r\n|\r|\n", text)
