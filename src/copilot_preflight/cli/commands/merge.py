"""``copilot-preflight merge``: the report of a run out of those of its shards."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from copilot_preflight.cli.commands.candidates import files
from copilot_preflight.cli.console import CLEAN, FAILED, FINDINGS, fail
from copilot_preflight.cli.printing import emit, printed
from copilot_preflight.render.formats import FORMATS

_LEVELS: Final = ("error", "warning", "info", "never")


@click.command()
@click.argument("reports", nargs=-1, required=True, metavar="REPORT...", shell_complete=files)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option(
    "--output",
    metavar="FILE",
    shell_complete=files,
    help="Write the report to a file, whole or not at all.",
)
@click.option("--statistics", is_flag=True, help="Count the findings of each rule, at the end.")
@click.option(
    "--quiet",
    "-q",
    is_flag=True,
    help="Print no report: only what could not be judged. The exit status says the rest.",
)
@click.option(
    "--fail-on",
    type=click.Choice(_LEVELS),
    help="The least severity that makes the exit status 1.  [default: as in the shards]",
)
@click.option(
    "--allow-missing", is_flag=True, help="Join the shards that are there, and say which are not."
)
def merge(
    reports: tuple[str, ...],
    form: str,
    output: str | None,
    statistics: bool,
    quiet: bool,
    fail_on: str | None,
    allow_missing: bool,
) -> None:
    """Join the reports of "check --shard N/M --format json" into that of one run.

    The templates need not be at hand. The exit status is that of "check".
    """
    from copilot_preflight.base.finding import Severity
    from copilot_preflight.run.shards.joining import joined
    from copilot_preflight.run.shards.reading import ShardError, read

    try:
        parts = [read(name) for name in reports]
        report = joined(parts, allow_missing=allow_missing)
    except ShardError as error:
        fail(str(error))
    least = fail_on or parts[0].shard.fail_on
    inputs = [*map(Path, reports), *map(Path, report.sources), *map(Path, report.templates)]
    told = printed(
        report, form, is_written=output is not None, is_quiet=quiet, has_statistics=statistics
    )
    worst = report.worst
    is_bad = worst is not None and least != "never" and worst >= Severity[least.upper()]
    status = FAILED if report.errors else FINDINGS if is_bad else CLEAN
    emit(told._replace(status=status), output, inputs)
