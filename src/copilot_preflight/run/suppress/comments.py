"""Suppressions in YAML comments: ``# preflight: ignore[E9711] why, until 2027-01``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from copilot_preflight.base.finding import IN_SOURCE, Finding, Place
from copilot_preflight.read.document import Document
from copilot_preflight.read.layout import Comment
from copilot_preflight.run.suppress.suppression import (
    CommentedLine,
    Suppression,
    is_date,
    rule_id_of,
    suppression_finding,
)

IGNORE: Final = re.compile(r"#\s*preflight:\s*ignore\b\s*(?:\[([^\]]*)\])?(.*)")
"""The names of the rules, None without brackets, and what stands behind them."""
_OTHER_REMARK: Final = re.compile(r"\s#\s.*")  # another remark; "#123" is a ticket
_UNTIL: Final = re.compile(r"\buntil\s+(\d[\d/.-]*)(?<![.])")
_WORD: Final = re.compile(r"\w")
_FORM: Final = "# preflight: ignore[{}] why, until YYYY-MM"
_CREDENTIALS: Final = "W9735"
_VARIABLES: Final = frozenset({"Environment", "variables"})
"""Under these, templates and manifests hold the values of variables."""


def in_comments(source: Document) -> Iterator[Suppression | Finding]:
    """The suppressions in a file's comments, and findings on those that do not count."""
    for comment in source.comments if source.mentions("preflight:") else ():
        if match := IGNORE.search(comment.text):
            yield from _in_comment(source, comment, match)


def _in_comment(
    source: Document, comment: Comment, match: re.Match[str]
) -> Iterator[Suppression | Finding]:
    at = Place(source.file, source.path_of(comment))
    names = [name for name in (match[1] or "").replace(",", " ").split() if name]
    rules = list(dict.fromkeys(filter(None, map(rule_id_of, names))))
    # Credentials may stand on the line of the comment, whatever rule it names.
    is_secret = _CREDENTIALS in rules or not _VARIABLES.isdisjoint(at.path)
    named = ", ".join(rules) or "E9711"
    reason = _OTHER_REMARK.sub("", match[2]).strip().lstrip(":- ").strip()
    until = _UNTIL.search(reason)

    def fault(cause: str, message: str, help: str) -> Finding:
        return suppression_finding(at, cause, message, help, is_secret=is_secret)

    if not names:
        yield fault("malformed", "suppression names no rule", f"write '{_FORM.format(named)}'")
    for name in names:
        if not rule_id_of(name):
            message = f"suppression names '{name}', which is no rule"
            yield fault("unknown-rule", message, "'copilot-preflight rules' lists them")
    if not rules:
        return
    if not _WORD.search(_UNTIL.sub("", reason)):
        message = f"suppression of {named} gives no reason, so it does not count"
        yield fault("no-reason", message, f"write '{_FORM.format(named)}'")
    elif until and not is_date(until[1]):
        message = f"'{until[0]}' in the suppression of {named} is no date, so it does not count"
        yield fault("no-date", message, "write 'until YYYY-MM' or 'until YYYY-MM-DD'")
    else:
        scope = CommentedLine(source.file, source.line_of(comment))
        date = until[1] if until else ""
        for rule in rules:
            yield Suppression(rule, scope, at, IN_SOURCE, reason, date, is_secret)
