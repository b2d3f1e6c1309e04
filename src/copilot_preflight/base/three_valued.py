"""Three-valued logic: True, False, and None for what is not known."""

from __future__ import annotations

from collections.abc import Collection


def any_of(answers: Collection[bool | None]) -> bool | None:
    """True if one answer is, False if all are; None where an open answer decides."""
    return True if True in answers else None if None in answers else False


def all_of(answers: Collection[bool | None]) -> bool | None:
    """False if one answer is, True if all are; None where an open answer decides."""
    return False if False in answers else None if None in answers else True
