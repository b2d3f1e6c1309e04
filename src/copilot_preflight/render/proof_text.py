"""Every call of a run with what decides it, as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from copilot_preflight.base.finding import LayerAnswer, Place, ProvedCall, Report
from copilot_preflight.render.safe_text import safe
from copilot_preflight.render.text import painted

_WORDS = {"allowed": "allowed", "denied": "denied", "undetermined": "undecided"}
_STYLES = {"allowed": "help", "denied": "error", "undetermined": "warning"}
_ANSWERS = {
    "allows": "allows it",
    "denies": "denies it",
    "delegates": "leaves it to the policies of the account",
    "undetermined": "is undecided",
    "silent": "has no statement for it",
}
_INDENT = " " * 6
_MARGIN = " " * (len(_INDENT) + len("undecided "))


def lines(report: Report, *, colour: bool = False, width: int = 100) -> Iterator[str]:
    """The calls by file, role and what they are for, each with the layers that were asked.

    Calls that differ in their action alone stand together.
    """
    paint = painted if colour else _plain
    files = groupby(report.proof or (), key=lambda call: call.role_at.file)
    for number, (file, of_file) in enumerate(files):
        if number:
            yield ""
        yield paint("strong", safe(file))
        roles = groupby(_together(of_file), key=lambda call: (call.role, call.role_at))
        for (role, at), of_role in roles:
            yield f"  {paint('strong', safe(role))}, {_where(report, at, file)}"
            asked = groupby(of_role, key=lambda call: (call.subject, call.at))
            for (subject, place), of_subject in asked:
                yield f"    {safe(subject)}, {_where(report, place, file)}"
                for call, same in groupby(of_subject, key=lambda call: call._replace(action="")):
                    actions = ", ".join(it.action for it in same)
                    yield from _call(call, actions, paint, width)
                    yield from _reasons(report, call, file)


def _together(calls: Iterable[ProvedCall]) -> Iterator[ProvedCall]:
    """The calls of one role after each other, in the order in which roles come up."""
    roles: dict[tuple[str, Place], list[ProvedCall]] = {}
    for call in calls:
        roles.setdefault((call.role, call.role_at), []).append(call)
    for of_role in roles.values():
        yield from of_role


def _call(
    call: ProvedCall, actions: str, paint: Callable[[str, str], str], width: int
) -> Iterator[str]:
    outcome = paint(_STYLES[call.outcome], f"{_WORDS[call.outcome]:<9}")
    what, on = safe(actions), safe(f"on {call.resource}")
    if len(f"{_MARGIN}{what} {on}") <= width:
        yield f"{_INDENT}{outcome} {what} {on}"
    else:
        yield f"{_INDENT}{outcome} {what}"
        yield f"{_MARGIN}{on}"


def _reasons(report: Report, call: ProvedCall, file: str) -> Iterator[str]:
    for layer in call.layers:
        yield f"{_MARGIN}{_layer(report, layer, file)}"
    if call.missing:
        yield f"{_MARGIN}missing: {safe(', '.join(call.missing))}"


def _layer(report: Report, layer: LayerAnswer, file: str) -> str:
    places = ", ".join(_where(report, place, file) for place in layer.statements)
    return f"{layer.layer} {_ANSWERS[layer.answer]}{': ' if places else ''}{places}"


def _where(report: Report, place: Place, file: str) -> str:
    """A line of the file that is shown, or of another one."""
    start = report.span(place).start.line
    return f"line {start}" if place.file == file else safe(f"{place.file}:{start}")


def _plain(_style: str, text: str) -> str:
    return text
