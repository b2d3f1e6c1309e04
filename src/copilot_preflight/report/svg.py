"""The picture as SVG, one stack below the other: the lanes, then the way of the credentials.

It has its own ground and two sets of colours, so that it can be read on any page. Nothing of the
input is markup in it, and it has no script and no link.
"""

from __future__ import annotations

from typing import Final

from copilot_preflight.report.layers import SHORT
from copilot_preflight.report.model import (
    LANES,
    OUTCOMES,
    Call,
    Caller,
    Flow,
    Group,
    Outcome,
    Picture,
    StackPicture,
    Target,
    count,
    summary,
)
from copilot_preflight.report.svg_marks import (
    MONO,
    SMALL,
    STYLE,
    SYMBOLS,
    Box,
    card,
    curve,
    fitted,
    icon,
    paragraph,
    px,
    safe_text,
    text_at,
    wrapped,
)

_WIDTH: Final = 1000
_EDGE: Final = 24
_INNER: Final = 20
_CALLER: Final = (_EDGE + _INNER, 168)
"""Left edge and width of a column."""
_ROLE: Final = (274, 196)
_TARGET: Final = (548, _WIDTH - 548 - _EDGE - _INNER)
_GAP: Final = 10
_ROW: Final = 21


def render(picture: Picture) -> str:
    """The drawing of all stacks."""
    parts: list[str] = []
    y = float(_EDGE)
    for stack in picture.stacks:
        height, drawn = _stack(stack, y)
        parts += drawn
        y += height
    if not picture.stacks:
        parts.append(text_at(_EDGE, y + 16, "no template was judged", "soft"))
        y += 40
    told = summary(picture.counts)
    height = round(y)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
            f'width="{_WIDTH}" height="{height}" role="img" aria-labelledby="title desc">',
            f'<title id="title">{safe_text(f"What ECS may do: {told}")}</title>',
            f'<desc id="desc">{safe_text(_described(picture))}</desc>',
            f"<style>{STYLE}</style>",
            SYMBOLS,
            f'<rect class="paper" width="{_WIDTH}" height="{height}" rx="12"/>',
            *parts,
            "</svg>\n",
        )
    )


def _described(picture: Picture) -> str:
    """The picture in sentences, for whoever does not see it: what is not allowed."""
    sentences = [
        f"{stack.title}: {call.outcome} to {group.role.name}: {call.action} on {target.label}."
        for stack in picture.stacks
        for group in stack.groups
        for target in group.targets
        for call in target.calls
        if call.outcome != "allowed"
    ]
    return " ".join(sentences[:_MOST_SENTENCES]) or "Every call is allowed."


_MOST_SENTENCES: Final = 40


# --- a stack -------------------------------------------------------------------------------------


def _stack(stack: StackPicture, y: float) -> tuple[float, list[str]]:
    """The height of a stack that begins at a line, and its drawing."""
    begin = y
    parts = [
        text_at(_EDGE, y + 18, stack.title, "head"),
        text_at(_EDGE, y + 37, fitted(stack.file, _WIDTH - 2 * _EDGE, MONO), "mono soft"),
        text_at(_WIDTH - _EDGE, y + 18, summary(stack.counts), "soft end"),
    ]
    y += 52
    for lane in stack.lanes:
        inside: list[str] = []
        below = y + 40
        for number, group in enumerate(lane.groups):
            if number:
                line = f"M{_EDGE + _INNER} {below}H{_WIDTH - _EDGE - _INNER}"
                inside.append(f'<path class="rule" d="{line}"/>')
                below += 14
            height, drawn = _group(group, below)
            inside += drawn
            below += height + 14
        parts.append(_lane(y, below - y, LANES[lane.key]))
        parts += inside
        y = below + 12
    if stack.flows:
        y += 14
        parts.append(text_at(_EDGE, y + 12, "Where the credentials come from", "title"))
        y += 26
        for key, words in LANES.items():
            flows = [it for it in dict.fromkeys(stack.flows) if it.lane == key]
            inside = []
            below = y + 40
            for flow in flows:
                height, drawn = _flow(flow, below)
                inside += drawn
                below += height + 14
            if flows:
                parts += [_lane(y, below - y, words), *inside]
                y = below + 12
    return y - begin + 20, parts


def _lane(y: float, height: float, title: str) -> str:
    width = _WIDTH - 2 * _EDGE
    return (
        f'<rect class="lane" x="{_EDGE}" y="{px(y)}" width="{width}" height="{px(height)}" '
        'rx="12"/>' + text_at(_EDGE + _INNER, y + 25, title, "lane-title")
    )


def _group(group: Group, y: float) -> tuple[float, list[str]]:
    heights = [_height_of(target) for target in group.targets]
    right = sum(heights) + _GAP * (len(heights) - 1) if heights else 40
    left = len(group.callers) * (_CALLER_HEIGHT + _GAP) - _GAP
    height = max(right, left, _ROLE_HEIGHT)
    role = Box(_ROLE[0], y + (height - _ROLE_HEIGHT) / 2, _ROLE[1], _ROLE_HEIGHT)
    wires: list[tuple[Outcome, str]] = []
    cards: list[str] = [_role(group, role)]
    at = y + (height - left) / 2
    for caller in group.callers:
        box = Box(_CALLER[0], at, _CALLER[1], _CALLER_HEIGHT)
        cards.append(_caller(caller, box))
        wires.append((caller.outcome, curve(box.right, box.middle, role.x, role.middle)))
        at += _CALLER_HEIGHT + _GAP
    at = y + (height - right) / 2
    for target, tall in zip(group.targets, heights, strict=True):
        box = Box(_TARGET[0], at, _TARGET[1], tall)
        cards.append(_target(target, box))
        for number, call in enumerate(target.calls):
            port = box.y + _CALLS_AT + number * _ROW
            wires.append((call.outcome, curve(role.right, role.middle, box.x - 8, port)))
        at += tall + _GAP
    if not group.targets:
        cards += (
            text_at(_TARGET[0], role.middle - 4 + 16 * number, line, "soft")
            for number, line in enumerate(wrapped(group.note, 58))
        )
    wires.sort(key=lambda wire: OUTCOMES.index(wire[0]), reverse=True)
    drawn = (f'<path class="wire {outcome}" d="{d}"/>' for outcome, d in wires)
    return height, [*drawn, *cards]


_CALLER_HEIGHT: Final = 80
_ROLE_HEIGHT: Final = 84
_FLOW_HEIGHT: Final = 68
_CALLS_AT: Final = 52
"""How far below the top of a card its first call is."""


def _height_of(target: Target) -> float:
    return _CALLS_AT + len(target.calls) * _ROW + (13 if target.layers else -5)


def _caller(caller: Caller, box: Box) -> str:
    room = box.width - 24
    return card(
        box,
        text_at(box.x + 12, box.y + 21, caller.who, "name"),
        *paragraph(box.x + 12, box.y + 37, caller.of, room),
        icon(caller.outcome, box.x + 18, box.y + 66, 6),
        text_at(box.x + 29, box.y + 70, "trust policy", "small"),
        full=f"{caller.who}, {caller.of}: {caller.reason}",
        kind=caller.outcome if caller.outcome == "denied" else "",
    )


def _role(group: Group, box: Box) -> str:
    role = group.role
    where = role.where
    boundary = f" · boundary {role.boundary}" if role.boundary else ""
    counts = count(group.calls)
    tally = []
    x = box.x + 20.0
    for outcome in OUTCOMES:
        if counts[outcome]:
            tally.append(icon(outcome, x, box.y + 68, 6))
            tally.append(text_at(x + 10, box.y + 72, str(counts[outcome]), "small"))
            x += 26 + 7 * len(str(counts[outcome]))
    return card(
        box,
        f'<path class="mark" d="M{px(box.x + 1)} {px(box.y)}h{px(box.width - 2)}"/>',
        text_at(box.x + 14, box.y + 21, role.purpose, "small"),
        text_at(box.x + 14, box.y + 38, fitted(role.name, box.width - 26, 7.6), "name"),
        text_at(box.x + 14, box.y + 54, fitted(where + boundary, box.width - 26, SMALL), "small"),
        *tally,
        full=f"{role.purpose} {role.name}{boundary}".strip(),
    )


def _target(target: Target, box: Box) -> str:
    room = box.width - 34
    said = " · ".join(f"{SHORT.get(it.layer, it.layer)} {it.says}" for it in target.layers)
    rows = (
        _call(call, box, box.y + _CALLS_AT + number * _ROW)
        for number, call in enumerate(target.calls)
    )
    return card(
        box,
        text_at(box.x + 18, box.y + 19, target.kind, "small"),
        text_at(box.x + 18, box.y + 35, fitted(target.label, room, MONO), "mono"),
        *rows,
        text_at(box.x + 18, box.y + box.height - 9, fitted(said, room, SMALL), "small")
        if said
        else "",
        full=target.resource,
    )


def _call(call: Call, box: Box, y: float) -> str:
    times = f" \u00d7{len(call.asked_by)}" if len(call.asked_by) > 1 else ""
    times += " (optional)" if call.is_optional else ""
    rules = " ".join(dict.fromkeys(finding.rule for finding in call.findings))
    tint = ""
    if call.outcome != "allowed":
        width = box.width - 20
        tint = (
            f'<rect class="tint {call.outcome}" x="{px(box.x + 12)}" y="{px(y - 9.5)}" '
            f'width="{px(width)}" height="19" rx="5"/>'
        )
    parts = (
        tint,
        icon(call.outcome, box.x, y, 7),
        text_at(box.x + 18, y + 4, f"{call.action}{times}", "mono"),
        text_at(box.right - 14, y + 4, rules, f"mono strong end {call.outcome}") if rules else "",
    )
    told = f"{call.action}: {call.outcome}"
    return f"<g><title>{safe_text(told)}</title>{''.join(parts)}</g>"


# --- credentials ---------------------------------------------------------------------------------


def _flow(flow: Flow, y: float) -> tuple[float, list[str]]:
    count = len(flow.hops)
    arrow = 128 if count > 3 else 168
    width = (_WIDTH - 2 * _EDGE - 2 * _INNER - arrow * (count - 1)) / count
    height = _FLOW_HEIGHT + (22 if flow.note else 0)
    parts = []
    x = float(_EDGE + _INNER)
    for number, hop in enumerate(flow.hops):
        if number:
            line = y + _FLOW_HEIGHT / 2 + 8
            for row, words in enumerate(reversed(wrapped(hop.arrow, int(arrow / SMALL)))):
                parts.append(text_at(x + arrow / 2, line - 7 - 14 * row, words, "small middle"))
            shaft = f"M{px(x + 10)} {px(line)}h{px(arrow - 22)}m-6 -4l6 4l-6 4"
            parts.append(f'<path class="arrow" d="{shaft}"/>')
            x += arrow
        box = Box(x, y, width, _FLOW_HEIGHT)
        parts.append(
            card(
                box,
                text_at(x + 12, box.y + 22, fitted(hop.box, width - 20, 7.4), "name"),
                *paragraph(x + 12, box.y + 40, hop.below, width - 20),
                full=f"{hop.box}: {hop.below}",
            )
        )
        x += width
    if flow.note:
        parts.append(text_at(_EDGE + _INNER, y + height - 3, fitted(flow.note, 910, 7.0), "denied"))
    return height, parts
