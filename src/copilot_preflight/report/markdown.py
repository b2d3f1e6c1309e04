"""The picture as Markdown: the counts, a table of stacks and roles, a chart and the argument."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from copilot_preflight.render.markdown import code_span, fenced, inline
from copilot_preflight.render.safe_text import safe, unobeyed
from copilot_preflight.report.mermaid import render_stack
from copilot_preflight.report.model import (
    LANES,
    MARKS,
    OUTCOMES,
    Call,
    Group,
    Picture,
    StackPicture,
    Target,
    count,
    summary,
)

MOST_CHARTS: Final = 20
"""Stacks that are drawn: a page with more charts is slow to open."""


def render(picture: Picture) -> str:
    """The whole picture. Stacks in which every call is allowed stand in the table alone, unless
    there are few."""
    lines = ["# What ECS may do", "", f"{_total(picture)}.", ""]
    if picture.errors:
        number = len(picture.errors)
        lines += [f"{number} {'input' if number == 1 else 'inputs'} could not be judged:", ""]
        lines += (f"- {code_span(f'{it.file}: {it.message}')}" for it in picture.errors)
        lines += [""]
    lines += [*_table(picture), ""]
    stacks = picture.worst_first
    wanted = [it for it in stacks if it.counts["denied"] or it.counts["undecided"]]
    shown = stacks if len(stacks) <= _FEW else wanted
    for stack in shown[:MOST_CHARTS]:
        lines += _stack(stack)
    if len(shown) > MOST_CHARTS:
        lines += [f"{len(shown) - MOST_CHARTS} more stacks are in the table alone.", ""]
    return "\n".join(unobeyed(line) for line in "\n".join(lines).split("\n"))


_FEW: Final = 3


def _total(picture: Picture) -> str:
    number = len(picture.stacks)
    return f"{summary(picture.counts)} in {number} {'stack' if number == 1 else 'stacks'}"


def _table(picture: Picture) -> Iterator[str]:
    yield "| stack | role | " + " | ".join(f"{MARKS[it]} {it}" for it in OUTCOMES) + " |"
    yield "|---|---|" + "---:|" * len(OUTCOMES)
    for stack in picture.worst_first:
        for group in stack.groups:
            counts = count(group.calls)
            numbers = " | ".join(str(counts[outcome]) for outcome in OUTCOMES)
            yield f"| {_cell(stack.title)} | {_cell(group.role.name)} | {numbers} |"


def _cell(text: str) -> str:
    """A few words in a table, where a bar would end the cell even inside code."""
    return inline(text).replace("|", "\\|")


def _stack(stack: StackPicture) -> Iterator[str]:
    yield f"## {inline(stack.title)}"
    yield ""
    yield f"{code_span(stack.file)}: {summary(stack.counts)}."
    yield ""
    chart = render_stack(stack)
    if chart:
        yield fenced(chart.rstrip("\n"), "mermaid")
        yield ""
    for lane in stack.lanes:
        for group in lane.groups:
            for target in group.targets:
                for call in target.calls:
                    if call.outcome != "allowed":
                        yield from _argument(LANES[lane.key], group, target, call)
    if stack.other_findings:
        yield "### Also found"
        yield ""
        for finding in stack.other_findings:
            yield f"- **{finding.rule}** line {finding.line}: {_prose(finding.message)}"
        yield ""


def _argument(lane: str, group: Group, target: Target, call: Call) -> Iterator[str]:
    yield f"### {MARKS[call.outcome]} {code_span(call.action)} is {call.outcome}"
    yield ""
    role = f"{group.role.purpose} {code_span(group.role.name)}".strip()
    yield f"- lane: {lane}"
    yield f"- role: {role}"
    yield f"- resource: {code_span(target.resource)}"
    yield f"- asked for by: {', '.join(map(_prose, dict.fromkeys(call.asked_by)))}"
    if call.is_optional:
        yield "- optional: work goes on without it"
    if call.when:
        yield f"- when: {code_span(call.when)}"
    if call.reason:
        yield f"- why: {_prose(call.reason)}"
    if call.layers:
        yield f"- layers: {_chain(call)}"
    yield ""
    for cited in call.cited:
        excerpt = cited.excerpt
        yield f"{cited.label}, {code_span(f'{excerpt.file}:{excerpt.line}')}:"
        yield ""
        if excerpt.text:
            yield fenced(excerpt.text, "yaml")
            yield ""
    for text in _ways_out(call):
        yield fenced(text)
        yield ""


def _chain(call: Call) -> str:
    return " → ".join(
        f"{said.layer} **{said.says}**" if said.decides else f"{said.layer} {said.says}"
        for said in call.layers
    )


def _ways_out(call: Call) -> Iterable[str]:
    helps = (f"{finding.rule}: {finding.help}" for finding in call.findings if finding.help)
    return dict.fromkeys((*helps, *filter(None, (call.way_out,))))


def _prose(text: str) -> str:
    """A sentence of ours with names of the input in it: they cannot become markup or a link."""
    return code_span(text) if set(safe(text)) & _MARKUP or "://" in text else inline(text)


_MARKUP: Final = frozenset("<>[]()*_`#|!\\&~$@")
