"""The release that a run is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from copilot_preflight.base.finding import InputError
from copilot_preflight.read.document import Document
from copilot_preflight.resolve.run import Run, run_of
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.rollout.words import counterpart


class Earlier(NamedTuple):
    """An earlier release. ``errors`` are what of it could not be read."""

    run: Run
    sources: Mapping[str, Document]
    errors: Sequence[InputError] = ()

    def stack_of(self, stack: Stack) -> Stack | None:
        """The stack of this release that the one of a run is the next release of, if any.

        It is the only one, or the one whose file has the same name.
        """
        mine, theirs = self.run.stacks, run_of(stack).stacks
        if len(mine) == 1 and len(theirs) == 1:
            return mine[0]
        file = counterpart(stack.file, [other.file for other in mine])
        return next((other for other in mine if other.file == file), None)
