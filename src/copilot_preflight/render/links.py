"""Links to the rules' pages, in terminals that show them.

Source: https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda (OSC 8)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_OWN: Final = re.compile(r"https://[A-Za-z0-9/._#-]+", re.ASCII)
"""An address as those of the rules are: no character of it ends the link."""

_SIGNS: Final = ("KITTY_WINDOW_ID", "KONSOLE_VERSION", "VTE_VERSION", "WT_SESSION")
"""Variables that terminals set which show links, and others do not."""

_PROGRAMS: Final = frozenset({"iTerm.app", "WezTerm", "ghostty", "vscode"})
"""Values of ``TERM_PROGRAM``."""


def linked(url: str, text: str) -> str:
    """Text that leads to a rule's page."""
    if not _OWN.fullmatch(url):
        return text
    return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\"


def are_shown(environment: Mapping[str, str]) -> bool:
    """Whether the terminal around is known to show links; ``FORCE_HYPERLINK`` says so, or not.

    Within tmux and screen nobody knows what the terminal outside shows.
    """
    if forced := environment.get("FORCE_HYPERLINK"):
        return forced != "0"
    if environment.get("TERM", "").startswith(("screen", "tmux")):
        return False
    return (
        any(environment.get(name) for name in _SIGNS)
        or environment.get("TERM_PROGRAM") in _PROGRAMS
    )
