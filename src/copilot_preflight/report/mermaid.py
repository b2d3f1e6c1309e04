"""The picture as a flowchart of Mermaid, which GitHub and GitLab draw in Markdown.

A label is a quoted string in which every character that might mean something to Mermaid, to
Markdown or to HTML is written as a number: nothing of the input can be an arrow, a directive, a
tag or a link.
Source: https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from copilot_preflight.render.safe_text import safe
from copilot_preflight.report.model import (
    LANES,
    MARKS,
    Group,
    Outcome,
    Picture,
    StackPicture,
    Target,
    summary,
)

MOST_TEXT: Final = 45_000
MOST_EDGES: Final = 450
"""GitHub draws no flowchart of more than 50,000 characters or 500 edges.

Source: https://mermaid.js.org/config/schema-docs/config.html#maxtextsize and ``maxEdges``
"""

_ARROWS: Final = {"allowed": "-->", "denied": "--x", "undecided": "-.->"}
_COLOURS: Final = {"allowed": "#2e8b57", "denied": "#d1242f", "undecided": "#bf8700"}
"""Colours that can be told from a white and from a black ground alike."""


def render(picture: Picture) -> str:
    """One flowchart of all stacks, the worst first, with as many as Mermaid draws."""
    chart = _Chart()
    stacks = picture.worst_first
    for drawn, stack in enumerate(stacks):
        if not chart.has_room_for(stack):
            left = len(stacks) - drawn
            chart.lines.append(f'  more["{_label(f"and {left} more stacks")}"]')
            break
        chart.add(stack, is_alone=len(stacks) == 1)
    return chart.text()


def render_stack(stack: StackPicture) -> str:
    """The flowchart of one stack; ``""`` for one that is too large to be drawn."""
    chart = _Chart()
    if not chart.has_room_for(stack):
        return ""
    chart.add(stack, is_alone=True)
    return chart.text()


class _Chart:
    """A flowchart as it is written; ``edges`` are the outcomes of its edges, in their order."""

    def __init__(self) -> None:
        self.lines: list[str] = ["flowchart LR"]
        self.edges: list[Outcome] = []
        self._nodes = 0

    def has_room_for(self, stack: StackPicture) -> bool:
        trial = _Chart()
        trial.add(stack, is_alone=False)
        size = sum(len(line) + 1 for line in (*self.lines, *trial.lines))
        edges = len(self.edges) + len(trial.edges)
        return size + 4 * edges <= MOST_TEXT and edges <= MOST_EDGES

    def add(self, stack: StackPicture, *, is_alone: bool) -> None:
        indent = "  "
        if not is_alone:
            title = f"{stack.title}: {summary(stack.counts)}"
            self.lines.append(f'  subgraph {self._name("s")}["{_label(title)}"]')
            indent = "    "
        for lane in stack.lanes:
            name = self._name("l")
            self.lines.append(f'{indent}subgraph {name}["{_label(LANES[lane.key])}"]')
            self.lines.append(f"{indent}  direction LR")
            for group in lane.groups:
                self._add_group(group, f"{indent}  ")
            self.lines.append(f"{indent}end")
        if not is_alone:
            self.lines.append("  end")

    def _add_group(self, group: Group, indent: str) -> None:
        role = self._name("r")
        self._node(indent, role, f'["{_label(group.role.purpose, group.role.name)}"]:::role')
        for caller in group.callers:
            name = self._name("c")
            self._node(indent, name, f'(["{_label(caller.who, caller.of)}"])')
            self._edge(indent, name, role, caller.outcome, "trust policy")
        for target in group.targets:
            name = self._name("t")
            self._node(indent, name, f'["{_label(target.kind, target.label)}"]')
            for outcome, words in _edges_of(target):
                self._edge(indent, role, name, outcome, words)

    def _name(self, kind: str) -> str:
        self._nodes += 1
        return f"{kind}{self._nodes}"

    def _node(self, indent: str, name: str, shape: str) -> None:
        self.lines.append(f"{indent}{name}{shape}")

    def _edge(self, indent: str, start: str, end: str, outcome: Outcome, words: str) -> None:
        label = _label(f"{MARKS[outcome]} {words}")
        self.lines.append(f'{indent}{start} {_ARROWS[outcome]}|"{label}"| {end}')
        self.edges.append(outcome)

    def text(self) -> str:
        return "\n".join((*self.lines, *self._styles(), ""))

    def _styles(self) -> Iterator[str]:
        yield "  classDef role stroke-width:2px"
        for outcome, colour in _COLOURS.items():
            numbers = ",".join(str(at) for at, it in enumerate(self.edges) if it == outcome)
            width = "1.5px" if outcome == "allowed" else "2.5px"
            if numbers:
                yield f"  linkStyle {numbers} stroke:{colour},stroke-width:{width}"


def _edges_of(target: Target) -> Iterator[tuple[Outcome, str]]:
    """One edge for each outcome, with the actions that have it."""
    found: dict[Outcome, list[str]] = {}
    for call in target.calls:
        rules = "".join(f" {rule}" for rule in dict.fromkeys(it.rule for it in call.findings))
        found.setdefault(call.outcome, []).append(f"{call.action}{rules}")
    for outcome, actions in found.items():
        yield outcome, ", ".join(dict.fromkeys(actions))


_HARMLESS: Final = re.compile(r"[^A-Za-z0-9 ,.:/'\u00d7✓✗→·…-]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_MOST: Final = 90


def _label(*lines: str) -> str:
    """Lines of text inside the quotes of a label."""
    return "<br/>".join(map(_line, filter(None, lines)))


def _line(text: str) -> str:
    text = safe(text)
    if len(text) > _MOST:
        text = f"{text[: _MOST // 2 - 1]}…{text[-_MOST // 2 :]}"
    return _HARMLESS.sub(lambda found: f"#{ord(found[0])};", text)
