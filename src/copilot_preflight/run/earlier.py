"""The release that a run is compared with: its templates, read and put together as those of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from copilot_preflight.base.finding import InputError
from copilot_preflight.read.document import Document
from copilot_preflight.resolve.stack import Run, Stack
from copilot_preflight.rollout.words import counterpart
from copilot_preflight.run.check import checked
from copilot_preflight.run.options import Options


class Earlier(NamedTuple):
    """An earlier release. ``errors`` are what of it could not be read."""

    run: Run
    sources: Mapping[str, Document]
    errors: Sequence[InputError] = ()

    def stack_of(self, stack: Stack) -> Stack | None:
        """The stack of this release that the one of a run is the next release of, if any.

        It is the only one, or the one whose file has the same name.
        """
        mine, theirs = self.run.stacks, stack.run.stacks
        if len(mine) == 1 and len(theirs) == 1:
            return mine[0]
        file = counterpart(stack.file, [other.file for other in mine])
        return next((other for other in mine if other.file == file), None)


def earlier(paths: Iterable[str], options: Options) -> Earlier:
    """The release in some files and folders.

    Values of parameters that the options give are those of the release that is being checked.
    """
    found = checked(
        paths,
        options._replace(
            rules=(), params=(), parameters={}, shared_params=(), shared_parameters={},
            suppressions=False, baseline=None, progress=None, jobs=1, shard=None, before=None,
        ),  # fmt: skip
    )
    stacks = [analysis.stack for analysis in found.analyses.values()]
    run = stacks[0].run if stacks else Run()
    if not options.assume_defaults:
        run = run.with_opened(None)
    sources = {file: source for file, source in found.report.sources.items()}
    return Earlier(run, sources, found.report.errors)  # type: ignore[arg-type]
