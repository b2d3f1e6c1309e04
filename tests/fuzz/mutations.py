"""Inputs changed a little: their text, what is in it, and which files and arguments there are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import Any, Final

from tests.cli.test_wrong_shapes import MISFITS, paths_of, with_misfit
from tests.fuzz import bundle

from copilot_preflight.base.finding import DataPath
from copilot_preflight.read.document import DocumentError, parse

LONGEST: Final = 20_000
"""Characters of an input; what takes time by its size is measured elsewhere."""

YAML: Final = (
    "\n", "\r\n", "\r", "\x85", "\u2028", "\t", " ", "  ", "- ", "? ", ": ", ":", ",", "[", "]",
    "{", "}", "#", " # ", "&a ", "*a", "*a ", "<<: *a", "!Ref ", "!Sub ", "!If ", "!GetAtt ", "!",
    "!!str ", "!!int ", "!!set ", "!!binary ", "!<x>", "!%41 ", "|", ">", "|-\n", ">+2\n", "'",
    '"', "\\", "\\u0041", "\\ud83d\\ude00", "\\x", "%", "%YAML 1.1\n", "%TAG ! x\n", "---\n",
    "...\n", "\ufeff", "\0", "\x1b", "\ue000", "\U0001f600", "\udc80", "~", "null", "yes", "0",
    "007", "1e3", ".5", "-", "0x1f", "1_000", "@", "`", "=", "\n  ", "\n- ", "a", "b: c", "é",
)  # fmt: skip

TEXTS: Final = (
    "::add-mask::x", "\n::error ::x\n", "##[error]x", "##vso[task.setvariable variable=a]b",
    "##teamcity[x]", "\x1b[2J", "\u202e", "\u2028", "%0A::x", "\\", "]]>", "<!--", "&#x0;", "|",
    "`", "[x](y)", "${", "}", "${AWS::Region}", "${!x}", "${Role.Arn}", "*", "?", "**", "[!a-z]",
    "[z-a]", "$..*", "$", "$.Resources.*", "[?(@.a == 1)]", "[?(@ =~ 'x')]", "{}", "{{resolve:",
    "{{resolve:secretsmanager:a:SecretString:b}}", "arn:aws:s3:::", "arn:aws:iam::123456789012:",
    "s3:GetObject", "s3:*", "kms:Decrypt", "sts:AssumeRole", "aws:SourceVpce", "none", "true",
    "# preflight: ignore[E9711] why, until 2027-01", "# preflight: ignore[", "E9711", "until 2020",
    "²", "9" * 30, "-1", "1e999", "a" * 300, "Fn::If", "Fn::Sub", "Ref", "Condition",
    "AWS::NoValue",
)  # fmt: skip

_MISFITS: Final = tuple(it for it in MISFITS if len(json.dumps(it)) < 500)
_WRAPS: Final = (
    lambda it: {"Fn::If": ["A", it, {"Ref": "AWS::NoValue"}]},
    lambda it: {"Fn::Join": ["", [it, it]]},
    lambda it: {"Fn::Sub": it},
    lambda it: {"Fn::Select": [0, [it]]},
    lambda it: {"Fn::Split": [",", it]},
    lambda it: {"Fn::ImportValue": it},
    lambda it: {"Fn::GetAtt": it},
    lambda it: {"Ref": it},
    lambda it: [it],
    lambda it: [it, it],
    lambda it: {"a": it},
    str,
)


def of_text(text: str, donors: Sequence[str], words: Sequence[str], chance: Random) -> str:
    """A text with one to four changes that know nothing of what it means."""
    for _ in range(chance.choice((1, 1, 2, 4))):
        text = _changed(text, chance.choice(donors), words, chance)[:LONGEST]
    return text


def _changed(text: str, donor: str, words: Sequence[str], chance: Random) -> str:
    at = chance.randint(0, len(text))
    end = min(at + chance.choice((0, 1, 1, 2, 5, 20, 100)), len(text))
    match chance.randrange(8):
        case 0:
            return text[:at] + text[end:]
        case 1:
            return text[:end] + text[at:]
        case 2:
            begin = chance.randint(0, len(donor))
            return text[:at] + donor[begin : begin + chance.choice((1, 5, 20, 100))] + text[end:]
        case 3:
            return text[:at] + chance.choice(words) * chance.choice((1, 1, 1, 2, 50)) + text[at:]
        case 4 | 5:
            return text[:at] + chance.choice(words) + text[end:]
        case 6:
            return (
                text[:at] + chr(chance.choice((*range(128), 0xA0, 0xFFFD, 0x10FFFF))) + text[end:]
            )
        case _:
            return _with_other_lines(text, chance)


def _with_other_lines(text: str, chance: Random) -> str:
    lines = text.split("\n")
    at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            lines[at], lines[other] = lines[other], lines[at]
        case 1:
            lines.insert(at, lines[other])
        case 2:
            del lines[at]
        case 3:
            lines[at] = " " * chance.randrange(9) + lines[at].lstrip()
        case _:
            lines[at] += " # preflight: ignore[" + chance.choice(("E9711", "W97", "]", "x] y"))
    return "\n".join(lines)


def of_data(text: str, donor: str, words: Sequence[str], chance: Random) -> str | None:
    """A YAML or JSON text with another value somewhere, as JSON; None for what cannot be read."""
    data, given = _read(text), _read(donor)
    if not isinstance(data, (dict, list)):
        return None
    for _ in range(chance.choice((1, 1, 2, 3))):
        data = _with_other_value(data, given, words, chance)
    changed = json.dumps(data, indent=chance.choice((1, 1, 1, None)))
    return changed if len(changed) <= LONGEST else None


def _with_other_value(data: Any, donor: Any, words: Sequence[str], chance: Random) -> Any:
    path = chance.choice(list(paths_of(data)))
    old = _at(data, path)
    match chance.randrange(9):
        case 0 | 1:
            return with_misfit(data, path, chance.choice(_MISFITS))
        case 2:
            return with_misfit(data, path, chance.choice(_WRAPS)(old))
        case 3:
            return with_misfit(data, path, _at(data, chance.choice(list(paths_of(data)))))
        case 4:
            return with_misfit(data, path, _at(donor, chance.choice(list(paths_of(donor)))))
        case 5 if path:
            return _without(data, path)
        case 6 if isinstance(old, dict):
            key = chance.choice((*words, *old))
            other = chance.choice((*old.values(), *_MISFITS[:12], *old.values()))
            return with_misfit(data, path, {**old, key: other})
        case _ if isinstance(old, str):
            return with_misfit(data, path, of_text(old, [str(donor)], words, chance))
        case _ if isinstance(old, list) and old:
            return with_misfit(data, path, [*old, chance.choice(old)])
    return data


def _at(data: Any, path: DataPath) -> Any:
    for step in path:
        data = data[step]
    return data


def _without(data: Any, path: DataPath) -> Any:
    *above, last = path
    parent = _at(data, tuple(above))
    copy: Any = dict(parent) if isinstance(parent, dict) else list(parent)
    del copy[last]
    return with_misfit(data, tuple(above), copy)


def of_bundle(data: bytes, donors: Sequence[bytes], words: Sequence[str], chance: Random) -> bytes:
    """A bundle with a change in one of its files, in most cases; else of their names or number."""
    files = bundle.parted(data)
    if not files:
        return chance.choice(donors)
    other = bundle.parted(chance.choice(donors))
    name, odd = chance.choice(list(files)), chance.randrange(40)
    if odd == 0:
        renamed = of_text(name, list(other) or [name], words, chance).replace("\n", "")
        files[renamed] = files.pop(name)
    elif odd == 1:
        del files[name]
    elif odd == 2 and other:
        added = chance.choice(list(other))
        files[added] = other[added]
    else:
        text = files[name].decode("utf-8", "surrogateescape")
        texts = [it.decode("utf-8", "surrogateescape") for it in (*other.values(), files[name])]
        changed = None
        if name != bundle.ARGUMENTS and chance.random() < 0.6:
            changed = of_data(text, chance.choice(texts), words, chance)
        if changed is None:
            changed = of_text(text, texts, words if chance.random() < 0.7 else YAML, chance)
        files[name] = changed.encode("utf-8", "surrogatepass" if "\ud800" in changed else "replace")
    return bundle.joined(files)


@lru_cache(maxsize=256)
def _read(text: str) -> Any:
    """The data of a text, which nothing changes in place; the text itself where it has none."""
    try:
        return json.loads(text) if text[:1] in "{[" else parse(text, "t").data
    except (DocumentError, ValueError):
        return text[:500]
