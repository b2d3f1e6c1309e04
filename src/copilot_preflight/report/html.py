"""The picture as one HTML file that needs no network: styles, script and data stand in it.

What comes from the input is text to the page: Jinja2 escapes it, the script reads it from JSON and
never makes markup of it, and the content security policy runs and loads nothing but what is ours.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from copilot_preflight._version import NAME, __version__
from copilot_preflight.report.encoding import encoded
from copilot_preflight.report.model import Picture, summary
from copilot_preflight.report.svg_marks import SYMBOLS


def render(picture: Picture) -> str:
    """The page."""
    style, script = _ours("page.css"), _ours("page.js")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_ours("page.html.j2"))
    counts = picture.counts
    return (
        template.render(
            policy=_POLICY.format(script=_hash(script), style=_hash(style)),
            style=Markup(style),
            script=Markup(script),
            data=Markup(encoded(picture)),
            symbols=Markup(SYMBOLS),
            summary=summary(counts),
            counts=counts,
            stacks=len(picture.stacks),
            errors=len(picture.errors),
            generator=f"{NAME} {__version__}",
        )
        + "\n"
    )


_POLICY: Final = (
    "default-src 'none'; script-src '{script}'; style-src '{style}'; base-uri 'none'; "
    "form-action 'none'"
)


def _ours(name: str) -> str:
    """A file that belongs to this package."""
    return (
        files("copilot_preflight.report")
        .joinpath("page")
        .joinpath(name)
        .read_text(encoding="utf-8")
    )


def _hash(text: str) -> str:
    """What a content security policy calls an inline script or style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
