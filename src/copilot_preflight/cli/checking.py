"""A check for the command line: where its report goes, and the exit status.

Nothing here needs click: a check that `plain` understands never loads it.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.cli.console import CLEAN, FAILED, FINDINGS, fail, tell, write_file
from copilot_preflight.cli.printing import Printed, emit, has_summary, look_of, printed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from copilot_preflight.base.finding import Report
    from copilot_preflight.cli.replay import Replay
    from copilot_preflight.config.settings import Settings
    from copilot_preflight.render.formats import Look
    from copilot_preflight.rollout.earlier import Earlier
    from copilot_preflight.run.check import Checked
    from copilot_preflight.run.options import Options
    from copilot_preflight.run.shards.share import Shard


WORTH_KEEPING: Final = 50
"""Templates of a run whose output is kept: fewer are judged in no time."""


_FEW: Final = 10
"""Files in which nobody looks for garbage."""

_BRIEF: Final = frozenset({"concise", "gitlab"})
"""Formats that show no ways out."""


class CheckRequest(NamedTuple):
    """What `check` was asked for, but for what a configuration file can hold too.

    The names are those of the options, the defaults what holds where an option is left out;
    ``form`` is what is printed, ``""`` for nothing, and ``outputs`` are formats with the names of
    the files that get them. ``jobs`` is None for as many processes as are of use.
    """

    paths: tuple[str, ...]
    form: str = "text"
    outputs: tuple[tuple[str, str], ...] = ()
    statistics: bool = False
    proof: bool = False
    baseline: str | None = None
    write_baseline: str | None = None
    no_suppressions: bool = False
    changed: bool = False
    since: str | None = None
    quiet: bool = False
    verbose: bool = False
    jobs: int | None = None
    shard: Shard | None = None
    no_cache: bool = False
    no_summary: bool = False
    color: str = "auto"
    group_by: str = "cause"
    sort: str = "place"
    max_findings: int | None = None

    def printed(self, report: Report) -> Printed:
        """What is shown of a report, with the exit status of one without findings."""
        return printed(
            report,
            self.form,
            self.outputs,
            self.look,
            sort=self.sort,
            is_quiet=self.quiet,
            has_statistics=self.statistics,
            has_summary=self.has_summary,
        )

    @property
    def asked(self) -> Iterator[tuple[str, ...]]:
        """What `fix` has to be told, too, to find the same."""
        if self.baseline and not self.write_baseline:
            yield "--baseline", self.baseline
        if self.no_suppressions:
            yield ("--no-suppressions",)

    @property
    def look(self) -> Look:
        """How the report looks on standard output."""
        return look_of(self.color, self.group_by, self.max_findings)

    @property
    def forms(self) -> set[str]:
        """The formats that are asked for."""
        return {self.form, *(form for form, _ in self.outputs)} - {""}

    @property
    def has_summary(self) -> bool:
        """Whether the report is added to the summary of GitHub's job."""
        return not self.no_summary and has_summary(self.forms)


def run(request: CheckRequest, held: Settings) -> NoReturn:
    """Checks, writes the report, and ends the process with the exit status."""
    from copilot_preflight.cli.progress import Bar
    from copilot_preflight.config.to_options import options_of
    from copilot_preflight.run import check as engine

    paths = request.paths
    options = options_of(held)
    own_baseline = Path(request.baseline) if request.baseline else options.baseline
    options = options._replace(
        baseline=None if request.write_baseline else own_baseline,
        suppressions=not request.no_suppressions,
        asked=(*options.asked, *request.asked),
        jobs=request.jobs,
        shows_proof=request.proof,
        shows_ways_out=not request.quiet and not request.forms <= _BRIEF,
        drops_ways_out=request.forms <= _BRIEF,
    )
    if request.changed:
        from copilot_preflight.inputs.affected import templates_with

        paths = tuple(templates_with(paths))
        if (excluded := options.exclude) is not None:
            paths = tuple(it for it in paths if os.path.isdir(it) or not excluded.match(it))
    if not paths:  # a commit without templates has no use for the options, and none is unused
        options = engine.Options()
    if request.since is not None and paths:
        options = options._replace(before=_before(request.since, paths, options), jobs=1)
    if request.shard is not None:
        options = options._replace(shard=request.shard._replace(fail_on=held.get("fail-on")))
    replay = _replay(request, paths, options, held)
    if replay is not None and (known := replay.recall()):
        emit(known.printed, known.files)
    with Bar(sys.stderr, is_wanted=not request.quiet) as bar:
        checked = _checked(paths, options._replace(progress=bar.step))
    report = checked.report
    if request.verbose:
        from copilot_preflight.cli.commands.verbose import lines

        for line in lines(checked, options):
            tell(line)
    is_kept = replay is not None and report.files >= WORTH_KEEPING and not report.errors
    inputs: Collection[Path] = ()
    if request.write_baseline or request.outputs or request.has_summary or is_kept:
        inputs = frozenset(inputs_of(paths, checked, options))
    if request.write_baseline is not None:
        report = _written(Path(request.write_baseline), report, inputs)
        inputs = (*inputs, *([own_baseline] if own_baseline is not None else ()))
    if report.errors:
        status = FAILED
    else:
        status = FINDINGS if held.fails_on(report.worst) else CLEAN
    printed = request.printed(report)._replace(status=status)
    if replay is not None and is_kept:
        replay.keep(printed, inputs)
    emit(printed, inputs)


def _before(revision: str, paths: Sequence[str], options: Options) -> Earlier:
    """The same paths in a revision of the git repository; new ones have nothing to compare with."""
    from copilot_preflight.inputs.git_revisions import RevisionError, from_here, is_in
    from copilot_preflight.inputs.releases import at_revision
    from copilot_preflight.render.safe_text import safe
    from copilot_preflight.run.earlier import earlier

    try:
        there = [path for path in map(from_here, paths) if is_in(revision, path)]
        shown = f"{revision}:"
        with at_revision(revision, there, shown, options.read) as release:
            before = earlier(release.paths, options._replace(read=release.read))
    except RevisionError as error:
        fail(str(error))
    for fault in before.errors:  # of the past: what is checked may be its repair
        tell(f"note: {safe(f'{fault.file}: not compared: {fault.message}')}")
    return before._replace(errors=())


def _replay(
    request: CheckRequest, paths: Sequence[str], options: Options, held: Settings
) -> Replay | None:
    """Where the output of the same run may be kept; None for a run that depends on more."""
    is_large = len(paths) >= WORTH_KEEPING or any(map(os.path.isdir, paths))
    is_special = request.verbose or request.write_baseline or request.shard or request.since
    if request.no_cache or not is_large or is_special or options.baseline or options.evidence:
        return None
    from copilot_preflight.cli.replay import Replay
    from copilot_preflight.inputs.discovery import STDIN
    from copilot_preflight.run.shards.digest import asked_of

    if STDIN in paths:
        return None
    how = request._replace(paths=(), jobs=None)
    config = options.config and (options.config.file, options.config.text)
    today = time.strftime("%Y-%m-%d")  # suppressions expire
    shown = (request.has_summary, request.look, options.asked)
    return Replay(paths, (how, shown, asked_of(options), config, held.get("fail-on"), today))


def _checked(paths: tuple[str, ...], options: Options) -> Checked:
    from copilot_preflight.run import check as engine

    # A few files leave next to no garbage, and looking for it in a large one takes its time.
    is_short = gc.isenabled() and len(paths) <= _FEW and not any(map(os.path.isdir, paths))
    if is_short:
        gc.disable()
    try:
        return engine.checked(paths, options)
    except Exception as fault:
        from copilot_preflight.run.workers import WorkerLost  # here: most runs have no workers

        if isinstance(fault, WorkerLost):
            fail(str(fault))
        raise
    finally:
        if is_short:
            gc.enable()


def inputs_of(paths: Iterable[str], checked: Checked, options: Options) -> Iterator[Path]:
    """The files that a run reads, or would read if it could."""
    from copilot_preflight.model.manifest import local_files

    yield from map(Path, paths)
    yield from map(Path, checked.report.sources)
    yield from (Path(error.file) for error in checked.report.errors)
    yield from options.files
    for package in checked.packages.values():
        if package.in_workspace is not None:
            yield from local_files(package.in_workspace)


# --- baseline ------------------------------------------------------------------------------------


def _written(path: Path, report: Report, inputs: Iterable[Path]) -> Report:
    """Writes the findings to a baseline; the report is then that of a run with it."""
    from copilot_preflight.run.suppress import baseline

    if report.errors:
        note = f"{path}: no baseline is written: not every input could be judged"
        return report._replace(notes=[*report.notes, note])
    write_file(path, baseline.written(path, report.findings), inputs)
    note = f"{path}: findings in the baseline now: {len(report.findings)}"
    known = [baseline.silenced(finding, path) for finding in report.findings]
    return report._replace(
        findings=(), silenced=[*report.silenced, *known], notes=[*report.notes, note]
    )
