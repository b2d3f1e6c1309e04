"""The formats of a picture, and the one function that writes it in any of them."""

from __future__ import annotations

from typing import Final

from copilot_preflight.report.model import Picture

FORMATS: Final = ("html", "svg", "mermaid", "markdown")
SUFFIXES: Final = {
    ".html": "html",
    ".htm": "html",
    ".svg": "svg",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".md": "markdown",
    ".markdown": "markdown",
}
"""What the name of a file says of its format."""


def render(picture: Picture, form: str) -> str:
    """A picture in one of `FORMATS`. HTML needs Jinja2, and raises ImportError without it."""
    match form:
        case "html":
            from copilot_preflight.report import html

            return html.render(picture)
        case "svg":
            from copilot_preflight.report import svg

            return svg.render(picture)
        case "mermaid":
            from copilot_preflight.report import mermaid

            return mermaid.render(picture)
        case _:
            from copilot_preflight.report import markdown

            return markdown.render(picture)
