"""PyYAML's own parser under the interface of libyaml's, for a PyYAML built without libyaml."""

from __future__ import annotations

import re

from yaml.error import Mark
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner, ScannerError

_ESCAPE = re.compile(r"\\(?:(?:u|U0000)[dD][89a-fA-F][0-9a-fA-F]{2}|.)", re.DOTALL)
_VERSIONS = ((1, 1), (1, 2))


class EventParser(Reader, Scanner, Parser):
    """Gives the events that ``yaml._yaml.CParser`` gives, more than ten times slower.

    It refuses what libyaml refuses and PyYAML takes or fails on: escapes that are no character,
    directives that are unknown, and versions other than 1.1 and 1.2.
    """

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)

    def scan_directive_name(self, start_mark: Mark) -> str:
        name: str = super().scan_directive_name(start_mark)  # type: ignore[no-untyped-call]
        if name not in ("YAML", "TAG"):
            raise ScannerError("while scanning a directive", start_mark, "unknown directive name")
        return name

    def scan_yaml_directive_value(self, start_mark: Mark) -> tuple[int, int]:
        try:
            version: tuple[int, int] = super().scan_yaml_directive_value(start_mark)
        except ValueError:  # more digits than Python converts
            version = (0, 0)
        if version not in _VERSIONS:
            raise ScannerError(None, None, "found incompatible YAML document", start_mark)
        return version

    def scan_flow_scalar_non_spaces(self, double: bool, start_mark: Mark) -> list[str]:
        begin = self.get_mark()
        try:
            chunks: list[str] = super().scan_flow_scalar_non_spaces(double, start_mark)
        except (ValueError, OverflowError):  # from chr(); the scanner stands behind the \U
            raise _no_character(start_mark, self.get_mark()) from None
        if any("\ud800" <= chunk <= "\udfff" for chunk in chunks):
            for escape in _ESCAPE.finditer(self.buffer, begin.pointer, self.pointer):
                if len(escape[0]) > 2:
                    begin.index += escape.start() + 2 - begin.pointer
                    raise _no_character(start_mark, begin)
        return chunks


def _no_character(start_mark: Mark, mark: Mark) -> ScannerError:
    return ScannerError(
        "while parsing a quoted scalar",
        start_mark,
        "found invalid Unicode character escape code",
        mark,
    )
