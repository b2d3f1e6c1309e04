"""A triage as text, as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from copilot_preflight._version import NAME
from copilot_preflight.render.markdown import code_span, prose
from copilot_preflight.render.safe_text import safe, unobeyed
from copilot_preflight.triage.result import STEPS, Cause, Diagnosis, Excluded, Weight

FORMATS: Final = ("text", "markdown", "json")

MOST_SHOWN: Final = 6
"""Causes, at most, that a person is shown of one failure; JSON has all."""
MOST_OPEN: Final = 2
"""Those of them, at most, for which nothing speaks, where something speaks for others."""

_WHEN: Final = {
    "start": "at start",
    "run": "while running",
    "pipeline": "in the pipeline",
    "deploy": "during the deploy",
}
_KINDS: Final = {
    "access": "access refused",
    "network": "no answer, so no matter of access",
    "name": "no such thing, so no matter of access",
    "other": "no matter of access",
}


def render(diagnoses: Sequence[Diagnosis], form: str) -> str:
    """The diagnoses in one of the formats, with an end of line."""
    if form == "json":
        return f"{json.dumps(as_data(diagnoses), indent=2, ensure_ascii=False)}\n"
    lines = _markdown(diagnoses) if form == "markdown" else _text(diagnoses)
    return "".join(f"{line}\n" for line in lines)


# --- JSON -----------------------------------------------------------------------------------------


def as_data(diagnoses: Sequence[Diagnosis]) -> dict[str, Any]:
    """Version 1; what nobody knows is null."""
    return {"version": 1, "failures": [_failure(it) for it in diagnoses]}


def _failure(diagnosis: Diagnosis) -> dict[str, Any]:
    failure = diagnosis.failure
    return {
        "text": failure.text,
        "principal": failure.principal or None,
        "action": failure.action or None,
        "resource": failure.resource or None,
        "moment": failure.moment,
        "kind": failure.kind,
        "causes": [
            {
                "rule": cause.rule or None,
                "message": safe(cause.message),
                **_place(cause),
                "confirm": cause.confirm or None,
                "fix": safe(cause.fix) or None,
            }
            for cause in diagnosis.causes
        ],
        "excluded": [
            {"step": each.step, "by": safe(each.by), **_place(each)} for each in diagnosis.excluded
        ],
    }


def _place(it: Cause | Excluded) -> dict[str, Any]:
    if it.place is None or it.start is None:
        return {"file": None, "start": None}
    start = {"line": it.start.line, "column": it.start.column}
    return {"file": safe(it.place.file), "start": start}


# --- text -----------------------------------------------------------------------------------------


def _text(diagnoses: Sequence[Diagnosis]) -> Iterator[str]:
    for number, diagnosis in enumerate(diagnoses):
        if number:
            yield ""
        yield from map(unobeyed, _of_one(diagnosis))


def _of_one(diagnosis: Diagnosis) -> Iterator[str]:
    failure = diagnosis.failure
    yield f"{_KINDS[failure.kind]} {_WHEN[failure.moment]}: {_cut(failure.text)}"
    for name, value in _facts(diagnosis):
        yield f"  {name + ':':<12}{value}"
    shown = _shown(diagnosis)
    for number, cause in enumerate(shown, 1):
        rule = f" {cause.rule}" if cause.rule else ""
        yield f"  {number}.{rule} {safe(cause.message)}"
        if _where(cause):
            yield f"     at       {_where(cause)}"
        if cause.confirm:
            yield f"     confirm  {cause.confirm}"
        if cause.fix:
            yield f"     fix      {safe(cause.fix)}"
    more = len(diagnosis.causes) - len(shown)
    if more > 0:
        yield f"  and {more} less likely: --format json lists them all"
    for questions, each in _together(diagnosis.excluded):
        at = f" ({_where(each)})" if _where(each) else ""
        yield f"  excluded: {questions} {safe(each.by)}{at}"


def _facts(diagnosis: Diagnosis) -> Iterator[tuple[str, str]]:
    failure = diagnosis.failure
    for name in ("principal", "action", "resource"):
        value = getattr(failure, name)
        if value:
            yield name, value
    if failure.layer:
        yield (
            "decided by",
            f"{'a Deny in' if failure.is_explicit else 'no Allow in'} the {failure.layer}",
        )


def _where(it: Cause | Excluded) -> str:
    if it.place is None or it.start is None:
        return ""
    return safe(f"{it.place.file}:{it.start.line}:{it.start.column}")


def _shown(diagnosis: Diagnosis) -> tuple[Cause, ...]:
    """The causes that a person is shown."""
    backed = [cause for cause in diagnosis.causes if cause.weight < Weight.OPEN]
    most = len(backed) + MOST_OPEN if backed else MOST_SHOWN
    return diagnosis.causes[: min(most, MOST_SHOWN)]


def _together(excluded: Sequence[Excluded]) -> Iterator[tuple[str, Excluded]]:
    """The steps that one thing excludes, as questions: each line says another thing."""
    found: dict[tuple[str, str], list[Excluded]] = {}
    for each in excluded:
        found.setdefault((each.by, _where(each)), []).append(each)
    for group in found.values():
        yield " ".join(STEPS[each.step] for each in group), group[0]


def _cut(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:299]}…"


# --- Markdown -------------------------------------------------------------------------------------


def _markdown(diagnoses: Sequence[Diagnosis]) -> Iterator[str]:
    for diagnosis in diagnoses:
        failure = diagnosis.failure
        yield f"### {_KINDS[failure.kind].capitalize()} {_WHEN[failure.moment]}"
        yield ""
        yield code_span(_cut(failure.text))
        yield ""
        for name, value in _facts(diagnosis):
            yield f"- {name}: {code_span(value)}"
        if any(True for _ in _facts(diagnosis)):
            yield ""
        for number, cause in enumerate(_shown(diagnosis), 1):
            rule = f"**{cause.rule}** " if cause.rule else ""
            at = f" ({code_span(_where(cause))})" if _where(cause) else ""
            yield f"{number}. {rule}{prose(cause.message)}{at}"
            if cause.confirm:
                yield f"   - confirm: {code_span(cause.confirm)}"
            if cause.fix:
                is_command = cause.fix.startswith(f"{NAME} ")
                yield f"   - fix: {(code_span if is_command else prose)(cause.fix)}"
        if diagnosis.excluded:
            yield ""
            yield "Excluded:"
            yield ""
        for questions, each in _together(diagnosis.excluded):
            at = f" ({code_span(_where(each))})" if _where(each) else ""
            yield f"- {questions} {prose(each.by)}{at}"
        yield ""
