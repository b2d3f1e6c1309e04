"""A check for the command line: where its report goes, and the exit status.

Nothing here needs click: a check that `plain` understands never loads it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from copilot_preflight.cli.console import CLEAN, FAILED, FINDINGS, fail, tell, write, write_file
from copilot_preflight.render.formats import render, width_of
from copilot_preflight.render.safe_text import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from copilot_preflight.base.finding import Report
    from copilot_preflight.config.settings import Settings
    from copilot_preflight.run.check import Checked
    from copilot_preflight.run.options import Options
    from copilot_preflight.run.shards.share import Shard


class CheckRequest(NamedTuple):
    """What `check` was asked for, but for what a configuration file can hold too.

    The names are those of the options, the defaults what holds where an option is left out;
    ``jobs`` is None for as many processes as are of use.
    """

    paths: tuple[str, ...]
    form: str = "text"
    output: str | None = None
    statistics: bool = False
    baseline: str | None = None
    write_baseline: str | None = None
    no_suppressions: bool = False
    changed: bool = False
    quiet: bool = False
    verbose: bool = False
    jobs: int | None = None
    shard: Shard | None = None


def run(request: CheckRequest, held: Settings) -> NoReturn:
    """Checks, writes the report, and ends the process with the exit status."""
    from copilot_preflight.cli.progress import Bar
    from copilot_preflight.config.to_options import options_of
    from copilot_preflight.run import check as engine

    paths, form, output = request.paths, request.form, request.output
    options = options_of(held)
    own_baseline = Path(request.baseline) if request.baseline else options.baseline
    options = options._replace(
        baseline=None if request.write_baseline else own_baseline,
        suppressions=not request.no_suppressions,
        jobs=request.jobs,
    )
    if request.changed:
        from copilot_preflight.inputs.affected import templates_with

        paths = tuple(templates_with(paths))
    if not paths:  # a commit without templates has no use for the options, and none is unused
        options = engine.Options()
    if request.shard is not None:
        options = options._replace(shard=request.shard._replace(fail_on=held.get("fail-on")))
    with Bar(sys.stderr, is_wanted=not request.quiet) as bar:
        checked = _checked(paths, options._replace(progress=bar.step))
    report = checked.report
    if request.verbose:
        from copilot_preflight.cli.commands.verbose import lines

        for line in lines(checked, options):
            tell(line)
    is_written = request.write_baseline or output
    inputs = frozenset(_inputs(paths, checked, options)) if is_written else ()
    if request.write_baseline is not None:
        report = _written(Path(request.write_baseline), report, inputs)
        inputs = (*inputs, *([own_baseline] if own_baseline is not None else ()))
    if request.quiet:
        write_quietly(report, form, output, inputs)
    else:
        show(report, form, output, inputs)
    if request.statistics and not request.quiet:
        count(report, is_text=form == "text" or output is not None)
    if report.errors:
        sys.exit(FAILED)
    sys.exit(FINDINGS if held.fails_on(report.worst) else CLEAN)


def _checked(paths: tuple[str, ...], options: Options) -> Checked:
    from copilot_preflight.run import check as engine

    try:
        return engine.checked(paths, options)
    except Exception as fault:
        from copilot_preflight.run.workers import WorkerLost  # here: most runs have no workers

        if isinstance(fault, WorkerLost):
            fail(str(fault))
        raise


def _inputs(paths: Iterable[str], checked: Checked, options: Options) -> Iterator[Path]:
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


# --- output --------------------------------------------------------------------------------------


def write_quietly(report: Report, form: str, output: str | None, inputs: Iterable[Path]) -> None:
    """Tells only what could not be judged; a file that is asked for is written all the same."""
    _tell_errors(report)
    if output is not None:
        write_file(Path(output), render(report, form), inputs)


def _tell_errors(report: Report) -> None:
    if report.errors:
        from copilot_preflight.render.text import error_line

        for error in report.errors:
            tell(error_line(error))


def show(report: Report, form: str, output: str | None, inputs: Iterable[Path]) -> None:
    """Prints a report, or writes it to a file: then the terminal has it as text."""
    _tell_errors(report)
    for note in report.notes:
        tell(f"note: {safe(note)}")
    if output is not None:
        write_file(Path(output), render(report, form), inputs)
        form = "text" if form != "text" else ""
    if form == "text" and (report.files or not report.errors):  # "no findings" is no comfort then
        colour = _is_terminal() and not os.environ.get("NO_COLOR")
        width = width_of(sys.stdout) if sys.stdout else 100
        write(render(report, form, colour=colour, width=width), colour=colour)
    elif form and form != "text":
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8")  # as JSON is, whatever the terminal's is
        write(render(report, form))


def count(report: Report, *, is_text: bool) -> None:
    """Counts the findings of each rule: where the text is, or on standard error."""
    from copilot_preflight.render.text import statistics

    if counted := statistics(report):
        if is_text:
            write(f"\n{counted}")
        else:
            tell(counted.removesuffix("\n"))


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
