"""What must hold of every output, whatever the input was."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from typing import Any, Final

from copilot_preflight.read.document import DocumentError, parse
from copilot_preflight.render.safe_text import UNSAFE

_GITHUB: Final = re.compile(r"::(?:error|warning|notice) ")
_COMMAND: Final = re.compile(r"\s*::(?!:)|.*##\w*\[")
_VARIABLE: Final = re.compile(r"^\s*\w+=(\S{8,})\s*$", re.MULTILINE)
_OUR_FAULT: Final = "fault of copilot-preflight"


class Wrong(Exception):
    """Something does not hold; ``str()`` says what, the same for all inputs that show it."""


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise Wrong(what)


def check_error(error: DocumentError, text: str) -> None:
    """An error is one line, and stands in its file."""
    expect(len(error.message.splitlines()) == 1, "an error is not one line")
    lines = re.split(r"\r\n|\r|\n", text)
    expect(error.line <= len(lines), "an error is below its file")
    if error.line:
        width = len(lines[error.line - 1])
        expect(1 <= error.column <= width + 1, "an error is beside its line")


def check_output(out: str, err: str, form: str) -> None:
    """Nothing that a terminal or a CI would obey, no fault of ours, and the format's own syntax."""
    for stream, text in (("stdout", out), ("stderr", err)):
        if form == "simulate":
            text = text.replace("\t", " ")  # between the columns of --output text
        for line in text.split("\n"):
            expect(not UNSAFE.search(line), f"{stream} ({form}): a character that is not shown")
            if not (form == "github" and stream == "stdout" and _GITHUB.match(line)):
                expect(not _COMMAND.match(line), f"{stream} ({form}): a workflow command")
        expect(_OUR_FAULT not in text, f"a fault of ours: {_place(text)}")
        expect("Traceback (most recent" not in text, f"{stream}: a traceback")
    if out.strip():
        try:
            if form in ("json", "sarif", "gitlab"):
                json.loads(out)
            elif form == "junit":
                ET.fromstring(out)
        except (ValueError, ET.ParseError):
            raise Wrong(f"stdout is no {form}") from None


def _place(text: str) -> str:
    found = re.search(r"failed with (\w+).* at (\S+): this is a fault", text)
    return " at ".join(found.groups()) if found else "somewhere"


def check_secrets(files: Mapping[str, bytes], output: str) -> None:
    """No value of an environment file or of a NoEcho parameter is printed.

    Only values that stand nowhere else count: a mutation may write one to where it is no secret.
    """
    whole = b"\n".join(files.values()).decode("utf-8", "replace")
    for what, value in _secrets(files):
        if whole.count(value) == 1:
            expect(value not in output, f"{what} is printed")


def _secrets(files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    hidden: set[str] = set()
    shown: set[str] = set()
    parameters: list[Mapping[str, Any]] = []
    for name, content in files.items():
        text = content.decode("utf-8", "replace")
        if name.endswith(".env"):
            yield from (("a line of an environment file", it) for it in _VARIABLE.findall(text))
        data = _data(text) if name.endswith((".yml", ".yaml", ".json")) else None
        if isinstance(data, dict) and isinstance(data.get("Resources"), dict):
            declared = data.get("Parameters")
            for parameter, one in declared.items() if isinstance(declared, dict) else ():
                if isinstance(one, dict) and one.get("NoEcho") is True:
                    hidden.add(parameter)
                    yield from _long("a default of NoEcho", one.get("Default"))
                else:
                    shown.add(parameter)
        elif isinstance(data, dict) and isinstance(data.get("Parameters"), dict):
            parameters.append(data["Parameters"])
    for given in parameters:
        for parameter in (hidden - shown).intersection(given):
            yield from _long("a value of NoEcho", given[parameter])


def _long(what: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and len(value) >= 8 and value.isprintable():
        yield what, value


def _data(text: str) -> Any:
    try:
        return parse(text, "t").data
    except (DocumentError, UnicodeError):
        return None
