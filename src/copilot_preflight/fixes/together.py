"""As many of some fixes as can be written together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from copilot_preflight.edits.fix import Fix
from copilot_preflight.fixes.rounds import Refused, Written
from copilot_preflight.fixes.texts import Texts

Try = Callable[[Sequence[Fix]], tuple[Texts | None, str]]
"""The texts with all of some fixes, or why they cannot be written."""


def together(fixes: Sequence[Fix], texts: Texts, attempt: Try) -> Written:
    """The texts with those fixes that can be written; what is in the way of others alone waits."""
    new, reason = attempt(fixes)
    if new is not None:
        return Written(new)
    if len(fixes) == 1:
        return Written(texts, [Refused(fixes[0], reason)])
    sound: list[Fix] = []
    refused: list[Refused] = []
    for fix in fixes:
        new, reason = attempt([*sound, fix])
        if new is None:
            alone, _ = attempt([fix])
            refused.append(Refused(fix, reason, is_final=alone is None))
        else:
            sound.append(fix)
            texts = new
    return Written(texts, refused)
