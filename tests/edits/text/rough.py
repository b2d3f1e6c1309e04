"""Real stacks made rough: the same data as people's editors, tools and hands leave it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

import yaml

from copilot_preflight.read.document import parse

_VALUE = re.compile(r"( *(?:- )?[A-Za-z]+:) (?=[A-Za-z'\"!\[{])(?!.*[|>]-?$)")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LONG = "x " * 600


def _free_lines(text: str) -> set[int]:
    """The lines, from 0, that end outside of every scalar of several lines, and are not blank."""
    lines = text.split("\n")
    free = {n for n, line in enumerate(lines) if line.strip()}
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.ScalarEvent) and event.start_mark and event.end_mark:
            free -= {*range(event.start_mark.line, event.end_mark.line)}
    return free


def commented(text: str) -> str:
    """A comment behind every other line, and one above every fifth."""
    lines, free = text.split("\n"), _free_lines(text)
    found = []
    for n, line in enumerate(lines):
        if n in free and n % 5 == 0 and (n == 0 or n - 1 in free):
            found.append(" " * (len(line) - len(line.lstrip())) + "# - about: what follows")
        found.append(f"{line}  # note {n}" if n in free and n % 2 else line)
    return "\n".join(found)


def anchored(text: str) -> str:
    """An anchor on every third value, none of which is repeated."""
    lines, free = text.split("\n"), _free_lines(text)
    return "\n".join(
        _VALUE.sub(rf"\1 &a{n} ", line) if n in free and n % 3 == 0 else line
        for n, line in enumerate(lines)
    )


def repeated(text: str) -> str:
    """A value that stands elsewhere too, by its anchor."""
    return f"{text.rstrip()}\nRough:\n  Once: &once\n    - x\n  Twice: *once\n"


def windows(text: str) -> str:
    """Line breaks of Windows, none at the end."""
    return text.rstrip("\n").replace("\n", "\r\n")


def mixed(text: str) -> str:
    """Line breaks of both kinds."""
    lines = text.split("\n")
    return "".join(line + ("\r\n" if n % 3 else "\n") for n, line in enumerate(lines))


def odd_strings(text: str) -> str:
    """Tabs in strings, and lines of more than a thousand characters."""
    added = f'  Tab: "a\tb"\n  Long: {_LONG.rstrip()}\n  Last: |+\n    a\tb\n\n'
    return f"{text.rstrip()}\nRough:\n{added}"


def unindented(text: str) -> str:
    """As PyYAML writes it: dashes below their keys, long functions, lines of 60 characters."""
    return _dumped(text, width=60)


def wide(text: str) -> str:
    """Four columns for each level."""
    return _dumped(text, indent=4, width=1000)


def in_brackets(text: str) -> str:
    """YAML between brackets, over several lines."""
    return _dumped(text, default_flow_style=True, width=80)


def _dumped(text: str, **options: Any) -> str:
    written: str = yaml.dump(_plain(text), Dumper=_Dumper, sort_keys=False, **options)
    return written


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    def ignore_aliases(self, _data: Any) -> bool:
        return True


def one_line(text: str) -> str:
    """JSON on one line."""
    return json.dumps(_plain(text))


def dense(text: str) -> str:
    """JSON on one line without blanks."""
    return json.dumps(_plain(text), separators=(",", ":"))


def pretty(text: str) -> str:
    """JSON as most tools write it."""
    return json.dumps(_plain(text), indent=2) + "\n"


def tabbed(text: str) -> str:
    """JSON with tabs and the line breaks of Windows."""
    return json.dumps(_plain(text), indent="\t").replace("\n", "\r\n")


def _plain(text: str) -> Any:
    return json.loads(json.dumps(parse(text, "t.yml").data))


def as_it_is(text: str) -> str:
    """What Copilot wrote."""
    return text


ROUGHENED: Final[tuple[Callable[[str], str], ...]] = (
    as_it_is, commented, anchored, repeated, windows, mixed, odd_strings, unindented, wide,
    in_brackets, one_line, dense, pretty, tabbed,
)  # fmt: skip
