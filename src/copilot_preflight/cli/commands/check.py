"""``copilot-preflight check``: what is asked for, where the report goes, and the exit status."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from copilot_preflight.cli.commands.candidates import files
from copilot_preflight.cli.commands.options import settings_of, shared
from copilot_preflight.cli.console import CLEAN, FAILED, FINDINGS, fail, write, write_file
from copilot_preflight.render.formats import FORMATS, render, width_of
from copilot_preflight.render.safe_text import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from copilot_preflight.base.finding import Report
    from copilot_preflight.run.check import Checked
    from copilot_preflight.run.options import Options
    from copilot_preflight.run.shards.share import Shard

_MOST_JOBS: Final = 256


def _jobs(_ctx: click.Context, _option: click.Parameter, given: str) -> int | None:
    """The number of processes; None for as many as are of use."""
    if given == "auto":
        return None
    if not given.isdecimal() or not 0 < int(given) <= _MOST_JOBS:
        raise click.BadParameter(f"'{given}' is neither auto nor a number from 1 to {_MOST_JOBS}")
    return int(given)


def _shard(_ctx: click.Context, _option: click.Parameter, given: str | None) -> Shard | None:
    """The share of the templates that is judged."""
    if given is None:
        return None
    from copilot_preflight.run.shards.share import MOST, parsed

    shard = parsed(given)
    if shard is None:
        wanted = f"N/M, as in 2/8: 1 to M, and M at most {MOST}"
        raise click.BadParameter(f"'{given}' is no share of a run, which is {wanted}")
    return shard


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", shell_complete=files)
@shared
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option(
    "--output",
    metavar="FILE",
    shell_complete=files,
    help="Write the report to a file, whole or not at all.",
)
@click.option("--statistics", is_flag=True, help="Count the findings of each rule, at the end.")
@click.option(
    "--baseline",
    metavar="FILE",
    shell_complete=files,
    help="Leave out the findings that this file lists.",
)
@click.option(
    "--write-baseline",
    metavar="FILE",
    shell_complete=files,
    help="Write what is found to a baseline.",
)
@click.option("--no-suppressions", is_flag=True, help="Tell also what is suppressed.")
@click.option(
    "--changed",
    is_flag=True,
    help="The paths are files that changed: check the templates that they affect.",
)
@click.option(
    "--quiet",
    "-q",
    is_flag=True,
    help="Print no report: only what could not be judged. The exit status says the rest.",
)
@click.option("--verbose", "-v", is_flag=True, help="Tell what was paired with what, and how long.")
@click.option(
    "--jobs",
    metavar="N|auto",
    callback=_jobs,
    default="auto",
    show_default=True,
    help="Processes that judge templates. The report does not depend on it.",
)
@click.option(
    "--shard",
    metavar="N/M",
    callback=_shard,
    help='Judge one of M shares of the templates; "merge" joins the JSON reports.',
)
def check(
    paths: tuple[str, ...],
    form: str,
    output: str | None,
    statistics: bool,
    baseline: str | None,
    write_baseline: str | None,
    no_suppressions: bool,
    changed: bool,
    quiet: bool,
    verbose: bool,
    jobs: int | None,
    shard: Shard | None,
    **given: Any,
) -> None:
    """Check templates, Copilot packages, folders, or standard input (-).

    The exit status is 0 for nothing at or above --fail-on, 1 for findings, and 2 where an input
    could not be judged.
    """
    from copilot_preflight.cli.progress import Bar
    from copilot_preflight.config.to_options import options_of
    from copilot_preflight.run import check as engine

    if quiet and verbose:
        raise click.UsageError("--quiet and --verbose exclude each other")
    if output and write_baseline and os.path.realpath(output) == os.path.realpath(write_baseline):
        raise click.UsageError(f"--output and --write-baseline both name '{output}'")
    if shard is not None and write_baseline:
        raise click.UsageError(
            "--shard and --write-baseline exclude each other: write it in one run"
        )
    held = settings_of(**given)
    options = options_of(held)
    own_baseline = Path(baseline) if baseline else options.baseline
    options = options._replace(
        baseline=None if write_baseline else own_baseline,
        suppressions=not no_suppressions,
        jobs=jobs,
    )
    if changed:
        from copilot_preflight.inputs.affected import templates_with

        paths = tuple(templates_with(paths))
    if not paths:  # a commit without templates has no use for the options, and none is unused
        options = engine.Options()
    if shard is not None:
        options = options._replace(shard=shard._replace(fail_on=held.get("fail-on")))
    with Bar(sys.stderr, is_wanted=not quiet) as bar:
        checked = _checked(paths, options._replace(progress=bar.step))
    report = checked.report
    if verbose:
        from copilot_preflight.cli.commands.verbose import lines

        for line in lines(checked, options):
            click.echo(line, err=True)
    inputs = frozenset(_inputs(paths, checked, options)) if write_baseline or output else ()
    if write_baseline is not None:
        report = _written(Path(write_baseline), report, inputs)
        inputs = (*inputs, *([own_baseline] if own_baseline is not None else ()))
    if quiet:
        write_quietly(report, form, output, inputs)
    else:
        show(report, form, output, inputs)
    if statistics and not quiet:
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
    from dataclasses import replace

    from copilot_preflight.run.suppress import baseline

    if report.errors:
        note = f"{path}: no baseline is written: not every input could be judged"
        return replace(report, notes=[*report.notes, note])
    write_file(path, baseline.written(path, report.findings), inputs)
    note = f"{path}: findings in the baseline now: {len(report.findings)}"
    known = [baseline.silenced(finding, path) for finding in report.findings]
    return replace(
        report, findings=(), silenced=[*report.silenced, *known], notes=[*report.notes, note]
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
            click.echo(error_line(error), err=True)


def show(report: Report, form: str, output: str | None, inputs: Iterable[Path]) -> None:
    """Prints a report, or writes it to a file: then the terminal has it as text."""
    _tell_errors(report)
    for note in report.notes:
        click.echo(f"note: {safe(note)}", err=True)
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
        click.echo(f"\n{counted}" if is_text else counted, nl=False, err=not is_text)


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
