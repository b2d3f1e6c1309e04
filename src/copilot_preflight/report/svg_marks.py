"""What drawings in SVG are made of: boxes, texts that fit, lines, marks, and their colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final, NamedTuple

from copilot_preflight.render.safe_text import safe
from copilot_preflight.report.model import Outcome

MONO: Final = 7.0
"""Width of a character of 11.5 pixels; a little more than most fonts take."""
SMALL: Final = 6.7
"""The same of one of 12 pixels in a sans serif."""


class Box(NamedTuple):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    @property
    def right(self) -> float:
        return self.x + self.width


def card(box: Box, *parts: str, full: str = "", kind: str = "") -> str:
    """A rounded rectangle with what stands in it; ``full`` is what a pointer over it shows."""
    title = f"<title>{safe_text(full)}</title>" if full else ""
    return (
        f'<g>{title}<rect class="card {kind}" x="{px(box.x)}" y="{px(box.y)}" '
        f'width="{px(box.width)}" height="{px(box.height)}" rx="9"/>{"".join(parts)}</g>'
    )


def icon(outcome: Outcome, x: float, y: float, radius: float) -> str:
    """The mark of an outcome around a point."""
    size = 2 * radius
    return (
        f'<use href="#{outcome}" class="icon {outcome}" x="{px(x - radius)}" '
        f'y="{px(y - radius)}" width="{px(size)}" height="{px(size)}"/>'
    )


def curve(x: float, y: float, to_x: float, to_y: float) -> str:
    """The path of a line between two points, level at both ends."""
    bend = (to_x - x) / 2
    near, far = f"{px(x + bend)} {px(y)}", f"{px(to_x - bend)} {px(to_y)}"
    return f"M{px(x)} {px(y)}C{near} {far} {px(to_x)} {px(to_y)}"


def text_at(x: float, y: float, text: str, kind: str) -> str:
    """A text whose base line begins at a point; ``kind`` are classes of `STYLE`."""
    return f'<text class="{kind}" x="{px(x)}" y="{px(y)}">{safe_text(text)}</text>'


def safe_text(text: str) -> str:
    """A text that is no markup, on one line."""
    return escape(safe(text))


def px(number: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    return f"{number:.1f}".removesuffix(".0")


def fitted(text: str, room: float, width: float) -> str:
    """A text that is cut in its middle where it takes more room than there is."""
    most = max(int(room / width), 4)
    if len(text) <= most:
        return text
    end = most // 2
    return f"{text[: most - end - 1]}…{text[-end:]}"


def wrapped(text: str, width: int) -> Sequence[str]:
    """The lines of a text, broken at blanks; a longer word stays whole."""
    return list(_lines(text, width))


def _lines(text: str, width: int) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    yield line


def paragraph(x: float, y: float, text: str, room: float) -> Iterator[str]:
    """A text in small letters on two lines at most."""
    lines = wrapped(text, int(room / SMALL))
    if len(lines) > 2:
        lines = [lines[0], " ".join(lines[1:])]
    for number, line in enumerate(lines):
        yield text_at(x, y + 15 * number, fitted(line, room, SMALL), "small")


SYMBOLS: Final = (
    '<defs><symbol id="allowed" viewBox="0 0 16 16"><circle class="shape" cx="8" cy="8" r="7"/>'
    '<path class="sign" d="M4.6 8.2l2.3 2.4 4.4-4.9"/></symbol>'
    '<symbol id="denied" viewBox="0 0 16 16"><path class="shape" d="M5 1h6l4 4v6l-4 4H5l-4-4V5z"/>'
    '<path class="sign" d="M5.4 5.4l5.2 5.2m0-5.2l-5.2 5.2"/></symbol>'
    '<symbol id="undecided" viewBox="0 0 16 16"><path class="shape" d="M8 .4L15.6 8 8 15.6.4 8z"/>'
    '<path class="sign" d="M6 6.2c0-2.6 4-2.6 4-.1 0 1.5-2 1.7-2 3.2m0 2.3v.1"/></symbol></defs>'
)
"""The marks of the outcomes, each of another shape: they can be told apart without colours."""

_LIGHT: Final = (
    "--paper:#fbfaf8;--card:#fff;--ink:#1d2127;--soft:#575e68;--line:#dcd8d1;--lane:#f1efeb;"
    "--allowed:#17693d;--denied:#b3231a;--undecided:#805400;--accent:#2450a8;--sign:#fff;"
    "--denied-tint:#fcebe9;--undecided-tint:#fbf1de"
)
_DARK: Final = (
    "--paper:#14171b;--card:#1c2026;--ink:#e7e9ec;--soft:#a6aeb8;--line:#343b44;--lane:#23282f;"
    "--allowed:#72cf9a;--denied:#ff9f94;--undecided:#ecc063;--accent:#9dbcff;--sign:#14171b;"
    "--denied-tint:#3a2120;--undecided-tint:#352b17"
)
STYLE: Final = (
    f":root{{{_LIGHT}}}@media (prefers-color-scheme:dark){{:root{{{_DARK}}}}}"
    "text{font:13px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',sans-serif;"
    "fill:var(--ink)}"
    "text.mono{font:11.5px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace}"
    "text.head{font-size:20px;font-weight:650}text.title{font-size:15px;font-weight:650}"
    "text.lane-title{font-weight:600;fill:var(--soft)}text.name{font-size:14px;font-weight:600}"
    "text.small{font-size:12px;fill:var(--soft)}text.soft{fill:var(--soft)}"
    "text.end{text-anchor:end}text.middle{text-anchor:middle}text.strong{font-weight:600}"
    "text.denied{fill:var(--denied)}text.undecided{fill:var(--undecided)}"
    ".paper{fill:var(--paper)}.lane{fill:var(--lane)}"
    ".card{fill:var(--card);stroke:var(--line)}.card.denied{stroke:var(--denied)}"
    ".mark{stroke:var(--accent);stroke-width:3}.rule{stroke:var(--line)}"
    ".tint.denied{fill:var(--denied-tint)}.tint.undecided{fill:var(--undecided-tint)}"
    ".icon.allowed{fill:var(--allowed)}.icon.denied{fill:var(--denied)}"
    ".icon.undecided{fill:var(--undecided)}"
    ".sign{fill:none;stroke:var(--sign);stroke-width:1.9;stroke-linecap:round;"
    "stroke-linejoin:round}"
    ".wire,.arrow{fill:none}.arrow{stroke:var(--soft);stroke-width:1.6}"
    ".wire.allowed{stroke:var(--allowed);stroke-width:1.6;opacity:.65}"
    ".wire.denied{stroke:var(--denied);stroke-width:2.2;stroke-dasharray:7 4}"
    ".wire.undecided{stroke:var(--undecided);stroke-width:2.6;stroke-dasharray:.1 5;"
    "stroke-linecap:round}"
)
