"""A stretch of text with what is known of it from where it stood."""

from __future__ import annotations

from typing import NamedTuple

from copilot_preflight.triage.failure import Moment


class Known(NamedTuple):
    """What the structure around a text says; ``""`` and None for what it does not."""

    moment: Moment | None = None
    what: str = ""
    principal: str = ""
    action: str = ""
    resource: str = ""


class Piece(NamedTuple):
    """A text, and what is known around it. ``is_error``: it is one, whatever its words are."""

    text: str
    known: Known = Known()
    is_error: bool = False
