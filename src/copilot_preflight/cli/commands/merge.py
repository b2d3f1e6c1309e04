"""``copilot-preflight merge``: the report of a run out of those of its shards."""

from __future__ import annotations

from pathlib import Path

import click

from copilot_preflight.cli.commands.candidates import files
from copilot_preflight.cli.commands.options import (
    LEVELS,
    looking,
    outputs_of,
    quietly,
    reported_as,
    summarised,
    with_statistics,
    written_to,
)
from copilot_preflight.cli.console import CLEAN, FAILED, FINDINGS, fail
from copilot_preflight.cli.printing import emit, has_summary, look_of, printed


@click.command()
@click.argument("reports", nargs=-1, required=True, metavar="REPORT...", shell_complete=files)
@reported_as
@written_to
@with_statistics
@summarised
@looking
@quietly
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    help="The least severity that makes the exit status 1.  [default: as in the shards]",
)
@click.option(
    "--allow-missing", is_flag=True, help="Join the shards that are there, and say which are not."
)
def merge(
    reports: tuple[str, ...],
    form: str,
    output: tuple[str, ...],
    statistics: bool,
    no_summary: bool,
    group_by: str,
    sort: str,
    max_findings: int | None,
    color: str,
    quiet: bool,
    fail_on: str | None,
    allow_missing: bool,
) -> None:
    """Join the reports of "check --shard N/M --format json" into that of one run.

    The templates need not be at hand. The exit status is that of "check".
    """
    from copilot_preflight.config.settings import fails
    from copilot_preflight.run.shards.joining import joined
    from copilot_preflight.run.shards.reading import read
    from copilot_preflight.run.shards.values import ShardError

    shown, outputs = outputs_of(form, output)
    try:
        parts = [read(name) for name in reports]
        report = joined(parts, allow_missing=allow_missing)
    except ShardError as error:
        fail(str(error))
    least = fail_on or parts[0].shard.fail_on
    inputs = [*map(Path, reports), *map(Path, report.sources), *map(Path, report.templates)]
    told = printed(
        report,
        shown,
        outputs,
        look_of(color, group_by, max_findings),
        sort=sort,
        is_quiet=quiet,
        has_statistics=statistics,
        has_summary=not no_summary and has_summary({form, *(it for it, _ in outputs)}),
    )
    status = FAILED if report.errors else FINDINGS if fails(report.worst, least) else CLEAN
    emit(told._replace(status=status), inputs)
