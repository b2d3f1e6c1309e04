"""A check whose options are plain enough to be read without click.

Loading click takes as long as judging a stack of some hundred lines does. Most checks name paths
and a flag or two: they are read here, and whatever is not understood here, faults included, is left
to click. A test holds what is read here against what click reads.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.cli.checking import CheckRequest
from copilot_preflight.cli.commands import COMMANDS
from copilot_preflight.render.formats import FORMATS

if TYPE_CHECKING:
    from copilot_preflight.base.finding import DataPath

_FLAGS: Final = {
    "--changed": "changed",
    "--no-cache": "no_cache",
    "--no-suppressions": "no_suppressions",
    "--quiet": "quiet",
    "-q": "quiet",
    "--statistics": "statistics",
}
"""Flags, and the fields of a `CheckRequest` that they set."""

_COMPLETE: Final = "_COPILOT_PREFLIGHT_COMPLETE"
"""The variable by which a shell asks click what would fit."""


class PlainCheck(NamedTuple):
    """What a plain command line asks for.

    ``settings`` is what a configuration file could say, too; none is read where not
    ``is_configured``.
    """

    request: CheckRequest
    settings: Mapping[DataPath, Any]
    is_configured: bool


def plain_check(arguments: Sequence[str]) -> PlainCheck | None:
    """Reads the arguments of the command; None where click has to."""
    if not arguments or _COMPLETE in os.environ or not _names_check(arguments[0]):
        return None
    paths: list[str] = []
    asked: dict[str, Any] = {}
    settings: dict[DataPath, Any] = {}
    is_configured = True
    words = iter(arguments[1:] if arguments[0] == "check" else arguments)
    for word in words:
        if flag := _FLAGS.get(word):
            asked[flag] = True
        elif word in ("--info", "--no-info"):
            settings[("info",)] = word == "--info"
        elif word == "--no-config":
            is_configured = False
        elif word == "--format" or word.startswith("--format="):
            form = next(words, "") if word == "--format" else word.partition("=")[2]
            if form not in FORMATS:
                return None
            asked["form"] = form
        elif _is_path(word):
            paths.append(word)
        else:
            return None
    if not paths:
        return None
    return PlainCheck(CheckRequest(tuple(paths), **asked), settings, is_configured)


def _names_check(word: str) -> bool:
    """Whether this may be the first word of a check: click looks for mistyped commands."""
    return word == "check" or (
        word not in COMMANDS and not (word.isalpha() and not os.path.lexists(word))
    )


def _is_path(word: str) -> bool:
    """Whether a word is a path as it stands; on Windows click expands what the shell does not."""
    if word.startswith("-") and word != "-":
        return False
    return os.name != "nt" or not any(it in word for it in "*?[~$%")
