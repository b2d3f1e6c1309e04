"""W9791: a suppression that silences nothing."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule


@rule(
    "W9791",
    "unused-suppression",
    "Suppression silences nothing",
    no_fix="a comment is no value of the document: take it out by hand",
)
def unused_suppression(_analysis: Analysis) -> Iterator[Finding]:
    """Nothing: it is `suppressions` that knows, once every rule has looked at every template."""
    return iter(())
