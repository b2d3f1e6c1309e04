"""Which of the causes that were found are kept, and which steps stay excluded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from copilot_preflight.triage.failure import Failure
from copilot_preflight.triage.result import Cause, Excluded, Weight


def with_words(
    failure: Failure,
    causes: Sequence[Cause],
    said: Iterable[Cause],
    excluded: Sequence[Excluded],
) -> list[Cause]:
    """The causes of the templates, and those of the words that say more than they do."""
    gone = {it.step for it in excluded}
    proved = {it.step for it in causes if it.weight <= Weight.FOUND}
    kept = list(causes)
    is_told = any(it.step == "account" or it.weight is Weight.PROVED for it in causes)
    for cause in said:
        if is_told and cause.step == "grant" and cause.weight < Weight.OPEN:
            continue  # the templates say the same, and why
        if cause.step in proved and cause.step != "decode":
            continue  # the templates show the line of it
        if cause.weight is Weight.OPEN and cause.step in gone:
            continue
        is_settled = any(it.weight is Weight.PROVED for it in causes)
        if cause.weight is Weight.OPEN and is_settled and failure.layer:
            continue  # AWS has named the layer, and the templates its line
        kept.append(cause)
    return kept


def unique(causes: Iterable[Cause]) -> list[Cause]:
    """The causes without those that others say better: by rule and place, by message."""
    kept: list[Cause] = []
    for cause in sorted(causes, key=lambda it: it.key):
        is_said = any(
            cause.message == other.message
            or (cause.rule and (cause.rule, cause.fix) == (other.rule, other.fix))
            or (cause.step == other.step and cause.rank == 1 and other.weight is Weight.PROVED)
            for other in kept
        )
        if not is_said:
            kept.append(cause)
    return kept


def without_doubles(excluded: Iterable[Excluded], blamed: set[str]) -> tuple[Excluded, ...]:
    """Each step once, a line of a file before words; none that is blamed, too."""
    best: dict[str, Excluded] = {}
    for each in excluded:
        if each.step in blamed:
            continue
        other = best.get(each.step)
        if other is None or (other.place is None and each.place is not None):
            best[each.step] = each
    return tuple(best.values())
