"""The comparison of two releases: as a person reads it, as JSON, and for a pull request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from copilot_preflight._version import NAME, __version__
from copilot_preflight.base.finding import Place, Report
from copilot_preflight.checks.wording.parts import abridged, abridged_key
from copilot_preflight.needs.env_files import EnvFileRead
from copilot_preflight.render.json import dump, errors_of, findings_of, place_of
from copilot_preflight.render.markdown import code_span, inline
from copilot_preflight.render.safe_text import safe
from copilot_preflight.rollout import comparison
from copilot_preflight.rollout.changes import Change
from copilot_preflight.rollout.comparison import Cell, Rollout, StartCall, TaskRollout
from copilot_preflight.rollout.judge import Judged
from copilot_preflight.rollout.phases import NEW, OLD, REVISIONS, raw

FORMATS: Final = ("text", "json", "markdown")

_STATUS: Final = {
    comparison.ALLOWED: "allowed",
    comparison.DENIED: "403",
    comparison.UNKNOWN: "cannot know",
    comparison.NOT_STARTED: "-",
}


Show = Callable[[str], str]
"""Takes out of a text what must not be shown: the values of NoEcho parameters."""


def render(
    report: Report, rollouts: Sequence[Rollout], form: str, show: Show = lambda text: text
) -> str:
    """A comparison in one of ``FORMATS``; ``report`` has its findings, and nothing to hide."""
    if form == "json":
        return dump(_shown(_json(report, rollouts), show))
    if form == "markdown":
        return "\n".join(line for it in rollouts for line in _markdown(report, it, show)) + "\n"
    if form != "text":
        raise ValueError(f"format {form!r} is not one of {', '.join(FORMATS)}")
    return "\n".join(safe(show(line)) for it in rollouts for line in _text(report, it)) + "\n"


def _shown(data: Any, show: Show) -> Any:
    if isinstance(data, dict):
        return {key: _shown(item, show) for key, item in data.items()}
    if isinstance(data, list):
        return [_shown(item, show) for item in data]
    return show(data) if isinstance(data, str) else data


# --- text -----------------------------------------------------------------------------------------


def _text(report: Report, rollout: Rollout) -> Iterator[str]:
    yield f"{rollout.old.file} -> {rollout.new.file}"
    for task in rollout.tasks:
        yield f"{task.logical_id}, {task.deployment.described}"
        yield ""
        yield from _columns(_table(task))
        yield "* comes with every update; the other phases may come"
        for said, places in _behind(report, task):
            yield ""
            yield said
            yield from (f"  {line}" for line in places)
        yield ""
    yield from _unpaired(rollout)
    yield from _changed(rollout)
    yield from _eventually(rollout)


def _table(task: TaskRollout) -> Iterator[list[str]]:
    yield ["", *(f"{it.title}{'*' * it.is_certain}" for it in task.phases)]
    for revision in REVISIONS:
        cells = (task.cell(revision, phase) for phase in task.phases)
        yield [f"{revision} revision", *(_STATUS[cell.status] for cell in cells)]


def _columns(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        yield "  ".join(f"{text:<{wide}}" for text, wide in zip(row, widths, strict=True)).rstrip()


def _behind(report: Report, task: TaskRollout) -> Iterator[tuple[str, list[str]]]:
    """The calls behind the cells that are not allowed: what is asked, and the places."""
    found: dict[tuple[int, bool | None], tuple[StartCall, Judged, list[Cell]]] = {}
    for cell in task.cells:
        for start, judged in cell.calls:
            entry = found.setdefault((id(start), judged.is_allowed), (start, judged, []))
            entry[2].append(cell)
    groups: dict[str, list[str]] = {}
    for start, judged, cells in found.values():
        titles = ", ".join(cell.phase.title for cell in cells)
        status = "403" if judged.is_allowed is False else "cannot know"
        title = f"{status}, {cells[0].revision} revision ({titles}):"
        groups.setdefault(title, []).append(f"{_asked(start)}, for the {start.need.subject}")
        groups[title] += (f"  {line}" for line in _places(report, start, judged))
    yield from groups.items()


def _asked(start: StartCall) -> str:
    if start.resource is None:
        return "calls of a role that no file has"
    shown = abridged_key if isinstance(start.need.detail, EnvFileRead) else abridged
    return f"{start.action} on '{shown(start.resource)}'"


def _places(report: Report, start: StartCall, judged: Judged) -> Iterator[str]:
    if judged.is_allowed is None:
        yield f"missing: {', '.join(dict.fromkeys(it.name for it in judged.missing)) or '?'}"
        return
    yield f"asked for at {_spot(report, start.need.place)}"
    decision = start.own.decision
    granting = decision.granting[:1] if decision is not None else ()
    yield from (
        f"granted by {_spot(report, it.place)}, which does not hold then" for it in granting
    )
    if judged.cause:
        yield "the role is deleted by then"


def _spot(report: Report, place: Place) -> str:
    return f"{place.file}:{report.span(place).start.line}"


def _unpaired(rollout: Rollout) -> Iterator[str]:
    for name in rollout.added:
        yield f"'{name}' is new: no task of it runs before"
    for name in rollout.removed:
        yield f"'{name}' is in the old release alone: its tasks are not compared"
    for name in rollout.replaced:
        yield f"{name} is replaced or removed: old revisions keep its ARN, the clean-up deletes it"


def _changed(rollout: Rollout) -> Iterator[str]:
    for verb, changes in (("loses", rollout.lost), ("gains", rollout.gained)):
        for change in changes:
            yield f"{change.role} {verb} {_said(change)}"
    if not rollout.lost and not rollout.gained and not rollout.replaced:
        yield "no role loses or gains anything"


def _said(change: Change) -> str:
    return abridged(change.said)


def _eventually(rollout: Rollout) -> Iterator[str]:
    """A remark where a call is granted by the new release alone, whose tasks start right away."""
    news = {
        start.action: None
        for task in rollout.tasks
        for cell in task.cells
        if cell.revision == NEW and cell.phase.roles == OLD
        for start, judged in cell.calls
        if judged.is_allowed is False and start.own.is_allowed
    }
    if news:
        yield (
            f"IAM is eventually consistent: {', '.join(news)} is granted by the new release alone, "
            "and its first tasks may start some seconds too early"
        )


# --- markdown -------------------------------------------------------------------------------------


def _markdown(report: Report, rollout: Rollout, show: Show) -> Iterator[str]:
    yield f"### {code_span(rollout.old.file)} → {code_span(rollout.new.file)}"
    for task in rollout.tasks:
        yield ""
        yield f"{inline(task.logical_id)}, {inline(task.deployment.described)}"
        yield ""
        for number, row in enumerate(_table(task)):
            yield f"| {' | '.join(f'**{it}**' if it == '403' else it for it in row)} |"
            if not number:
                yield f"|{' --- |' * len(row)}"
        yield ""
        yield "`*` comes with every update; the other phases may come."
        for said, places in _behind(report, task):
            yield ""
            yield f"- {said}"
            yield from (f"  - {code_span(show(line))}" for line in places)
    yield ""
    for line in (*_unpaired(rollout), *_changed(rollout), *_eventually(rollout)):
        yield f"- {inline(show(line))}"
    for finding in report.findings:
        if finding.at.file == rollout.new.file:
            yield ""
            yield f"**{finding.severity.label} {finding.rule}**: {inline(finding.message)}"
    yield ""


# --- json -----------------------------------------------------------------------------------------


def _json(report: Report, rollouts: Sequence[Rollout]) -> dict[str, Any]:
    return {
        "version": 1,
        "tool": {"name": NAME, "version": __version__},
        "revisions": [
            {"task": task.logical_id, "revision": revision, **place_of(report, at.place)}
            for rollout in rollouts
            for task in rollout.tasks
            for revision, at in ((OLD, task.old), (NEW, task.new))
        ],
        "phases": [
            {"file": rollout.new.file, "task": task.logical_id, **raw(phase)}
            for rollout in rollouts
            for task in rollout.tasks
            for phase in task.phases
        ],
        "cells": [
            {
                "file": rollout.new.file,
                "task": task.logical_id,
                "revision": cell.revision,
                "phase": cell.phase.key,
                "status": cell.status,
                "calls": [_call(report, *each) for each in cell.calls],
            }
            for rollout in rollouts
            for task in rollout.tasks
            for cell in task.cells
        ],
        "lost": [_change(report, it) for rollout in rollouts for it in rollout.lost],
        "gained": [_change(report, it) for rollout in rollouts for it in rollout.gained],
        "findings": findings_of(report),
        "errors": errors_of(report),
    }


def _call(report: Report, start: StartCall, judged: Judged) -> dict[str, Any]:
    decision = start.own.decision
    return {
        "action": start.action or None,
        "resource": None if start.resource is None else str(start.resource),
        "for": start.need.subject,
        "status": comparison.UNKNOWN if judged.is_allowed is None else comparison.DENIED,
        "missing": list(dict.fromkeys(fact.name for fact in judged.missing)),
        "cause": judged.cause or None,
        "asked": place_of(report, start.need.place),
        "granted": [
            place_of(report, it.place) for it in (decision.granting if decision is not None else ())
        ],
    }


def _change(report: Report, change: Change) -> dict[str, Any]:
    return {
        "role": change.role,
        "effect": change.effect,
        "action": change.action,
        "resource": str(change.resource),
        "conditional": change.conditional,
        **place_of(report, change.place),
    }
