"""PyYAML's own parser under the interface of libyaml's, for a PyYAML built without libyaml."""

from __future__ import annotations

import re
from typing import Any

from yaml.error import Mark
from yaml.events import ScalarEvent
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner, ScannerError
from yaml.tokens import ScalarToken, TagToken

_ESCAPE = re.compile(r"\\(?:(?:u|U0000)[dD][89a-fA-F][0-9a-fA-F]{2}|.)", re.DOTALL)
_VERSIONS = ((1, 1), (1, 2))
_BREAKS = "\r\n\x85\u2028\u2029"
_ENDS = "\0 \t" + _BREAKS
_HANDLE = re.compile(r"![-\w]*!", re.ASCII)
_HEADER = re.compile(r"(?:[-+][1-9]?|[1-9][-+]?)?(?=[\t#])")
_SUFFIX = re.compile(r"[-\w;/?:@&=+$.!~*'()]*", re.ASCII)


class EventParser(Reader, Scanner, Parser):
    """Gives the events that ``yaml._yaml.CParser`` gives, more than ten times slower.

    It refuses what libyaml refuses and PyYAML takes or fails on: escapes that are no character,
    directives that are unknown, and versions other than 1.1 and 1.2. Like libyaml it takes tabs
    between words, question marks within them, and a comma behind a tag.
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
        except ScannerError:
            self._refuse_half_a_character(start_mark, begin)
            raise
        if any("\ud800" <= chunk <= "\udfff" for chunk in chunks):
            self._refuse_half_a_character(start_mark, begin)
        return chunks

    def _refuse_half_a_character(self, start_mark: Mark, begin: Mark) -> None:
        for escape in _ESCAPE.finditer(self.buffer, begin.pointer, self.pointer):
            if len(escape[0]) > 2:
                begin.index += escape.start() + 2 - begin.pointer
                raise _no_character(start_mark, begin)

    def scan_line_break(self) -> str:
        line_break: str = super().scan_line_break()  # type: ignore[no-untyped-call]
        return line_break

    def scan_to_next_token(self) -> None:
        while True:
            blanks = " \t" if self.flow_level or not self.allow_simple_key else " "
            while self.peek() in blanks or (self.index == 0 and self.peek() == "\ufeff"):
                self.forward()
            if self.peek() == "#":
                while self.peek() not in "\0" + _BREAKS:
                    self.forward()
            if not self.scan_line_break():
                return
            if not self.flow_level:
                self.allow_simple_key = True

    def scan_plain(self) -> ScalarToken:
        start_mark = end_mark = self.get_mark()
        indent = self.indent + 1
        chunks: list[str] = []
        spaces: list[str] = []
        while self.peek() != "#" and (length := self._length_of_plain(start_mark)):
            self.allow_simple_key = False
            chunks += [*spaces, self.prefix(length)]
            self.forward(length)
            end_mark = self.get_mark()
            spaces = self.scan_plain_spaces(indent, start_mark)
            if not spaces or (not self.flow_level and self.column < indent):
                break
        return ScalarToken("".join(chunks), True, start_mark, end_mark)

    def _length_of_plain(self, start_mark: Mark) -> int:
        length = 0
        while (character := self.peek(length)) not in _ENDS:
            following = self.peek(length + 1) if character == ":" else ""
            if following and following in _ENDS:
                break
            if self.flow_level and following and following in ",?[]{}":
                self.forward(length)
                problem = "found unexpected ':'"
                mark = self.get_mark()
                raise ScannerError("while scanning a plain scalar", start_mark, problem, mark)
            if self.flow_level and character in ",[]{}":
                break
            length += 1
        return length

    def scan_plain_spaces(self, indent: int, start_mark: Mark) -> list[str]:
        length = 0
        while self.peek(length) in " \t":
            length += 1
        blanks = self.prefix(length)
        self.forward(length)
        line_break = self.scan_line_break()
        if not line_break:
            return [blanks] if blanks else []
        self.allow_simple_key = True
        breaks = []
        while not self._is_between_documents():
            if self.peek() in " \t":
                if self.peek() == "\t" and self.column < indent:
                    problem = "found a tab character that violates indentation"
                    mark = self.get_mark()
                    raise ScannerError("while scanning a plain scalar", start_mark, problem, mark)
                self.forward()
            elif more := self.scan_line_break():
                breaks.append(more)
            else:
                first = [] if line_break == "\n" and breaks else [line_break.replace("\n", " ")]
                return [*first, *breaks]
        return []

    def _is_between_documents(self) -> bool:
        marks = self.prefix(3) in ("---", "...") if self.column == 0 else False
        return marks and self.peek(3) in _ENDS

    def scan_tag(self) -> TagToken:
        start_mark = self.get_mark()
        handle: str | None = None
        if self.peek(1) == "<":
            self.forward(2)
            suffix = self.scan_tag_uri("tag", start_mark)
            if self.peek() != ">":
                problem = "expected '>'"
                raise ScannerError("while parsing a tag", start_mark, problem, self.get_mark())
            self.forward()
        else:
            found = _HANDLE.match(self.buffer, self.pointer)
            handle = found[0] if found and len(found[0]) > 1 else "!"
            self.forward(len(handle))
            suffix = self._suffix_of_tag(start_mark)
            if not suffix and handle != "!":
                problem = "expected URI"
                raise ScannerError("while parsing a tag", start_mark, problem, self.get_mark())
        end = self.peek()
        if end not in _ENDS and not (self.flow_level and end == ","):
            raise ScannerError("while scanning a tag", start_mark, "expected ' '", self.get_mark())
        value = (handle, suffix) if suffix else (None, "!")
        return TagToken(value, start_mark, self.get_mark())

    def _suffix_of_tag(self, start_mark: Mark) -> str:
        chunks = []
        while True:
            found = _SUFFIX.match(self.buffer, self.pointer)
            text = found[0] if found else ""
            self.forward(len(text))
            chunks.append(text)
            if self.peek() != "%":
                return "".join(chunks)
            chunks.append(self.scan_uri_escapes("tag", start_mark))

    def scan_block_scalar_indicators(self, start_mark: Mark) -> tuple[bool | None, int | None]:
        header = _HEADER.match(self.buffer, self.pointer)
        if header is None:
            found: tuple[bool | None, int | None] = super().scan_block_scalar_indicators(start_mark)
            return found
        self.forward(len(header[0]))
        chomping = "+" in header[0] if header[0].strip("123456789") else None
        size = header[0].strip("+-")
        return chomping, int(size) if size else None

    def scan_block_scalar_ignored_line(self, start_mark: Mark) -> None:
        while self.peek() in " \t":
            self.forward()
        super().scan_block_scalar_ignored_line(start_mark)

    def fetch_stream_end(self) -> None:
        self.line += 1  # what is still open then, is no key any more
        self.stale_possible_simple_keys()
        super().fetch_stream_end()

    def parse_flow_mapping_value(self) -> Any:
        return self._at_what_follows(super().parse_flow_mapping_value())  # type: ignore[no-untyped-call]

    def parse_flow_sequence_entry_mapping_value(self) -> Any:
        return self._at_what_follows(super().parse_flow_sequence_entry_mapping_value())  # type: ignore[no-untyped-call]

    def _at_what_follows(self, event: Any) -> Any:
        """A value that is left out between brackets has libyaml's mark, that of the next token."""
        is_empty = isinstance(event, ScalarEvent) and event.value == "" and event.style is None
        if is_empty and event.tag is None and event.anchor is None:
            event.start_mark = event.end_mark = self.tokens[0].start_mark
        return event


def _no_character(start_mark: Mark, mark: Mark) -> ScannerError:
    return ScannerError(
        "while parsing a quoted scalar",
        start_mark,
        "found invalid Unicode character escape code",
        mark,
    )
