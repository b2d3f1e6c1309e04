"""How many cases a run of the tests takes: some of each kind, or all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

EVERYWHERE: Final = "ALL_MUTATIONS" in os.environ
"""Thousands of cases say little more than some: all of them run where this variable is set."""


def some(cases: Sequence[T], every: int, first: int = 0) -> Sequence[T]:
    """Every so manieth case, from the one with number ``first``; all of them everywhere."""
    return cases if EVERYWHERE else cases[first::every]


def examples(all: int) -> int:
    """For ``max_examples``: a third of them, others in every run; all of them everywhere."""
    return all if EVERYWHERE else -(-all // 3)
