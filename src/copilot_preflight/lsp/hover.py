"""What a hover tells, in Markdown: values, calls, and the pages of rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import copilot_preflight_rules
from copilot_preflight.base.finding import DataPath, Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.lsp.decisions import calls_at
from copilot_preflight.lsp.values import Resolved
from copilot_preflight.render.markdown import code_span, fenced, inline

_OTHER_PAGE: Final = re.compile(r"\]\((\w+\.md)\)")


def value(resolved: Resolved) -> str:
    """An expression and what it resolves to."""
    blocks = [f"**{code_span(resolved.expression)}**"]
    for reading in resolved.readings:
        when = f"when {inline(reading.when)}\n" if reading.when else ""
        blocks.append(f"{when}{fenced(reading.value)}")
    if resolved.note:
        subject = f" {inline(resolved.subject)}" if resolved.subject else ""
        blocks.append(f"{resolved.note}{subject}")
    return "\n\n".join(blocks)


def calls(analysis: Analysis, file: str, path: DataPath) -> Iterator[str]:
    """The calls that a place asks for, one line each."""
    for call in calls_at(analysis, file, path):
        decided = call.decisions[0].call
        yield f"- {inline(decided.who)} calls {code_span(decided.action)}: **{call.outcome}**"


def finding(found: Finding) -> str:
    """The way out of a finding, and the page of its rule."""
    blocks = [f"**{found.rule} {found.name}**"]
    if found.help:
        blocks.append(fenced(found.help))
    name = f"{found.name.replace('-', '_')}.md"
    page = Path(copilot_preflight_rules.__file__).with_name(name)
    if page.is_file():
        _, _, body = page.read_text(encoding="utf-8").partition("\n")
        folder = found.url.rpartition("/")[0]
        # An editor knows no folder in which the pages of other rules lie.
        blocks.append(_OTHER_PAGE.sub(lambda it: f"]({folder}/{it[1]})", body.strip()))
    return "\n\n".join(blocks)
