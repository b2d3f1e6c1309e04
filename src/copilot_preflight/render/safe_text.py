"""Text that may go into any report: on one line, without characters that no output may carry."""

from __future__ import annotations

from copilot_preflight.base.patterns import lazy_pattern

UNSAFE = lazy_pattern(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: what a terminal obeys
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi marks: text that reads as other text
    "\u00ad\u180e\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"  # shown as nothing
    "\U000e0000-\U000e007f"  # tags, shown as nothing
    "\u2028\u2029"  # line and paragraph separator
    "\ud800-\udfff"  # lone surrogates, which no encoding takes
    "]"
)
"""A character that a template, a policy or a file name must not pass on to a terminal or a log."""

COMMAND = lazy_pattern(r"(?<=#)#(?=\w*\[)")
"""What makes ``##[error]``, ``##vso[`` or ``##teamcity[`` a command to a CI, anywhere in a line.

Source: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands and
https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
"""

SNIPPET_LINE = lazy_pattern(r"[\s+-]|[\w:]+:(\s|$)|[{}\[\]]")
"""How a line of a help begins that is to be pasted, or is a line of a file: it is not wrapped."""


def safe(text: str) -> str:
    r"""``text`` on one line, its unsafe characters spelt out: ``\x1b``, ``\u202e``.

    What a CI would obey anywhere in a line is spelt out too: ``#\x23vso[``. A line that may begin
    with it needs `unobeyed` as well.
    """
    if not (text.isascii() and text.isprintable()):  # as nearly every text is
        text = UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
    return COMMAND.sub(r"\\x23", text) if "##" in text else text


def unobeyed(line: str) -> str:
    r"""A safe line that is no workflow command of GitHub's, as ``::add-mask::`` at its begin is.

    Three colons are none: what follows the first two is no name of a command.
    """
    begin = len(line) - len(line.lstrip())
    if line.startswith("::", begin) and not line.startswith(":::", begin):
        return f"{line[:begin]}\\x3a{line[begin + 1 :]}"
    return line
