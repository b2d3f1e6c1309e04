"""The release that a run is compared with, read and put together as a run is."""

from __future__ import annotations

from collections.abc import Iterable

from copilot_preflight.read.document import Document
from copilot_preflight.resolve.run import Run, run_of
from copilot_preflight.rollout.earlier import Earlier
from copilot_preflight.run.check import checked
from copilot_preflight.run.options import Options


def earlier(paths: Iterable[str], options: Options) -> Earlier:
    """The release in some files and folders.

    Values of parameters that the options give are those of the release that is being checked, and
    defaults are no values, unless they are to be.
    """
    alone = options._replace(
        rules=(),
        params=(),
        parameters={},
        shared_params=(),
        shared_parameters={},
        suppressions=False,
        baseline=None,
        progress=None,
        jobs=1,
        shard=None,
        before=None,
    )
    found = checked(paths, alone)
    stacks = [analysis.stack for analysis in found.analyses.values()]
    run = run_of(stacks[0]) if stacks else Run()
    if not options.assume_defaults:
        run = run.with_opened(None)
    sources = {name: it for name, it in found.report.sources.items() if isinstance(it, Document)}
    return Earlier(run, sources, found.report.errors)
