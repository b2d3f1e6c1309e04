"""As many of some fixes as can be written together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from copilot_preflight.edits.edit import Edit
from copilot_preflight.edits.fix import Fix
from copilot_preflight.fixes.rounds import Refused, Written
from copilot_preflight.fixes.texts import Texts


def edits_by_file(fixes: Iterable[Fix]) -> dict[str, list[Edit]]:
    """What fixes change in each file, each edit once: two findings may have one way out."""
    found: dict[str, dict[Edit, None]] = {}
    for edit in (edit for fix in fixes for edit in fix.edits):
        found.setdefault(edit.file, {})[edit] = None
    return {file: [*edits] for file, edits in found.items()}


Try = Callable[[Sequence[Fix]], tuple[Texts | None, str]]
"""The texts with all of some fixes, or why they cannot be written."""


def together(fixes: Sequence[Fix], texts: Texts, attempt: Try) -> Written:
    """The texts with those fixes that can be written; what is in the way of others alone waits.

    Which of them cannot, is found by halves: a large file costs too much to try one at a time.
    """
    sound: list[Fix] = []
    refused: list[Refused] = []
    rest = [fixes] if fixes else []
    while rest:
        part = rest.pop()
        new, reason = attempt([*sound, *part])
        if new is not None:
            sound += part
            texts = new
        elif len(part) > 1:
            half = len(part) // 2
            rest += [part[half:], part[:half]]
        else:
            is_final = not sound or attempt(part)[0] is None
            refused.append(Refused(part[0], reason, is_final=is_final))
    return Written(texts, refused)
