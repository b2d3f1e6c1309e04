"""What a template needs to be allowed, source by source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from copilot_preflight.needs.env_files import env_file_needs
from copilot_preflight.needs.need import Need, Source, needs_of, needs_seen
from copilot_preflight.scenarios import Scenario
from copilot_preflight.stack import Stack

SOURCES: Final[tuple[Source, ...]] = (env_file_needs,)
"""Everything that makes AWS calls with a role, in the order in which a task starts."""


def all_needs(stack: Stack) -> Iterator[Need]:
    """Every need of a template, in every scenario that has it."""
    for source in SOURCES:
        yield from needs_of(stack, source)


def needs_in(stack: Stack, scenario: Scenario) -> Iterator[Need]:
    """Every need of a template as one scenario shows it, with what is open left open."""
    for source in SOURCES:
        yield from needs_seen(stack, scenario, source)
