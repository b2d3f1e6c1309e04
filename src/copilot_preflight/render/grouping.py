"""Findings that belong together in what a person reads: one block, or one section, for several."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Final

from copilot_preflight._version import NAME
from copilot_preflight.base.finding import Finding, Report
from copilot_preflight.render.safe_text import safe
from copilot_preflight.render.text import Block

_MANY: Final = 4
"""Findings of one cause from which on they are one block: each of a few is shown with its fix."""

_ALL: Final = 40
"""Places that one block lists; of more, `_FIRST`, so that a block stays on one screen."""

_FIRST: Final = 5

_QUOTED: Final = re.compile(r"'[^']*'")


def blocks_of(report: Report, group_by: str) -> list[Block]:
    """The findings of a report by one of ``formats.GROUPINGS``, in the order of their first."""
    if group_by == "none":
        return list(map(Block, report.findings))
    if group_by in ("role", "file"):
        named = _role_of if group_by == "role" else _file_of
        groups = _grouped(report.findings, named)
        return [
            block
            for name, group in groups
            for block in _section(str(name), _at_one_place(report, group))
        ]
    if group_by == "rule":
        groups = _grouped(report.findings, lambda finding: (finding.rule, finding.severity))
        return [Block(group[0], group[1:]) for _, group in groups]
    found = []
    for _, group in _grouped(report.findings, _cause_of):
        if len(group) >= _MANY:
            found.append(Block(group[0], group[1:]))
        else:
            found += _at_one_place(report, group)
    order = {id(finding): number for number, finding in enumerate(report.findings)}
    return sorted(found, key=lambda block: order[id(block.finding)])


def _section(name: str, blocks: Sequence[Block]) -> Iterator[Block]:
    count = _size(blocks)
    heading = f"{name}: {count} {'finding' if count == 1 else 'findings'}"
    first, *rest = blocks
    yield first._replace(heading=heading)
    yield from rest


def _at_one_place(report: Report, findings: Iterable[Finding]) -> list[Block]:
    """Findings of one kind at one character of a file are one, with what differs."""

    def place(finding: Finding) -> Hashable:
        return *_cause_of(finding), finding.at.file, report.span(finding.at).start

    return [Block(group[0], group[1:]) for _, group in _grouped(findings, place)]


def _grouped(
    findings: Iterable[Finding], key: Callable[[Finding], Hashable]
) -> list[tuple[Hashable, list[Finding]]]:
    groups: dict[Hashable, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(key(finding), []).append(finding)
    return list(groups.items())


def _cause_of(finding: Finding) -> tuple[Hashable, ...]:
    """What decides: the resource whose statement, or lack of one, it is, and the words for it.

    In other stacks the resource has the same name, and the words quote other names.
    """
    decides = finding.related[0].place if finding.related else finding.at
    words = _QUOTED.sub("''", finding.message)
    action = finding.call and finding.call.action
    return finding.rule, finding.severity, finding.cause, action, decides.path[:2], words


def _role_of(finding: Finding) -> str:
    return f"{finding.call.principal} in {finding.at.file}" if finding.call else "no single call"


def _file_of(finding: Finding) -> str:
    return finding.at.file


# --- what is named with a finding ----------------------------------------------------------------


def more(report: Report, block: Block, width: int) -> Iterator[str]:
    """The places of the other findings of a block, each with what it says in other words."""
    others = block.others
    shown = others if len(others) <= _ALL else others[:_FIRST]
    yield f"and {len(others)} more like this:"
    for finding in shown:
        line, column = report.span(finding.at).start
        where = safe(f"  {finding.at.file}:{line}:{column}")
        differs = safe(_difference(block.finding, finding))
        room = max(width - len(where) - len(": "), 0)
        if len(differs) > room:
            differs = f"{differs[: room - 3].rstrip('…')}..." if room > 20 else ""
        yield f"{where}: {differs}" if differs else where
    if len(shown) < len(others):
        left = len(others) - len(shown)
        yield f"  ... and {left} more places: --format concise has a line for each"


def _difference(first: Finding, other: Finding) -> str:
    """What another finding quotes instead, or all that it says where the words are others."""
    if _cause_of(first) != _cause_of(other):
        return other.message
    pairs = zip(_QUOTED.findall(first.message), _QUOTED.findall(other.message), strict=True)
    return ", ".join(dict.fromkeys(theirs for ours, theirs in pairs if ours != theirs))


# --- below the findings --------------------------------------------------------------------------


def closing(shown: Sequence[Block], blocks: Sequence[Block], *, is_live: bool) -> Iterator[str]:
    """How many findings are not shown, and how to read the pages of the rules of the others."""
    yield from left_out(_size(blocks) - _size(shown))
    if is_live and shown:
        first, *others = dict.fromkeys(block.finding.rule for block in shown)
        page = "the page of each rule" if others else "the rule's page"
        yield f"{page}: {NAME} explain {safe(first)}"


def left_out(count: int) -> Iterator[str]:
    """The line on findings that are not shown, if there are any."""
    if count:
        findings = "1 more finding is" if count == 1 else f"{count} more findings are"
        yield f"{findings} not shown, as --max-findings asks"


def _size(blocks: Iterable[Block]) -> int:
    """How many findings some blocks stand for."""
    return sum(1 + len(block.others) for block in blocks)
