"""``copilot-preflight check``: its options."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import click

from copilot_preflight.cli.checking import CheckRequest, run
from copilot_preflight.cli.commands.candidates import files
from copilot_preflight.cli.commands.options import (
    known,
    looking,
    outputs_of,
    quietly,
    reported_as,
    settings_of,
    shared,
    summarised,
    unsuppressed,
    with_statistics,
    written_to,
)

if TYPE_CHECKING:
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


_LISTED: Final = f"{__name__}.listed"
"""Whether a list of paths was announced, in what click keeps of a run."""


class _Check(click.Command):
    """Notes whether a list of paths was announced, which may have come out empty."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_LISTED] = "--" in args
        return super().parse_args(ctx, args)


@click.command(cls=_Check)
@click.argument("paths", nargs=-1, metavar="[PATH...]", shell_complete=files)
@shared
@reported_as
@written_to
@summarised
@looking
@with_statistics
@click.option("--proof", is_flag=True, help="Also list every call, with what decides it.")
@known
@click.option(
    "--write-baseline",
    metavar="FILE",
    shell_complete=files,
    help="Write what is found to a baseline.",
)
@unsuppressed
@click.option(
    "--changed",
    is_flag=True,
    help="The paths are files that changed: check the templates that they affect.",
)
@click.option(
    "--since",
    metavar="REV",
    help="Also compare with the same paths in a revision of the git repository.",
)
@quietly
@click.option("--fix", is_flag=True, hidden=True)
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
    "--no-cache", is_flag=True, help="Judge anew, whatever the same run has printed before."
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
    output: tuple[str, ...],
    no_summary: bool,
    group_by: str,
    sort: str,
    max_findings: int | None,
    color: str,
    statistics: bool,
    proof: bool,
    baseline: str | None,
    write_baseline: str | None,
    no_suppressions: bool,
    changed: bool,
    since: str | None,
    quiet: bool,
    fix: bool,
    verbose: bool,
    jobs: int | None,
    shard: Shard | None,
    no_cache: bool,
    **given: Any,
) -> None:
    """Check templates, Copilot packages, folders, or standard input (-).

    Without a path it checks the nearest package or workspace, and fails where there is none. A
    script writes its list behind --, and fails where the list is empty.

    The exit status is 0 for nothing at or above --fail-on, 1 for findings, and 2 where an input
    could not be judged.
    """
    if fix:
        from copilot_preflight.config.to_options import options_of
        from copilot_preflight.render.ways_out import again

        words = again(options_of(settings_of(paths=paths, **given)).asked, paths) or "PATH..."
        raise click.UsageError(f"check has no --fix: run copilot-preflight fix {words}")
    if quiet and verbose:
        raise click.UsageError("--quiet and --verbose exclude each other")
    shown, outputs = outputs_of(form, output)
    for _, name in outputs if write_baseline else ():
        if os.path.realpath(name) == os.path.realpath(str(write_baseline)):
            raise click.UsageError(f"--output and --write-baseline both name '{name}'")
    if proof and (shard is not None or quiet):
        other = "--quiet" if quiet else "--shard"
        raise click.UsageError(f"--proof and {other} exclude each other")
    if proof and not {"text", "json"} & {shown, *(it for it, _ in outputs)}:
        raise click.UsageError(f"--proof is shown as text and as json, not as {form}")
    if shard is not None and write_baseline:
        raise click.UsageError(
            "--shard and --write-baseline exclude each other: write it in one run"
        )
    if since is not None and (shard is not None or "-" in paths):
        other = "--shard" if shard is not None else "standard input"
        raise click.UsageError(f"--since and {other} exclude each other")
    if not paths:
        if changed:  # the list of a commit: what is empty here was to be a list
            raise click.UsageError("missing argument 'PATH...': --changed takes the files")
        if click.get_current_context().meta[_LISTED]:
            raise click.UsageError("missing argument 'PATH...': nothing stands behind '--'")
        from copilot_preflight.cli.unnamed import nearest_paths

        paths = nearest_paths(is_quiet=quiet)
    request = CheckRequest(
        paths=paths,
        form=shown,
        outputs=outputs,
        no_summary=no_summary,
        group_by=group_by,
        sort=sort,
        max_findings=max_findings,
        color=color,
        statistics=statistics,
        proof=proof,
        baseline=baseline,
        write_baseline=write_baseline,
        no_suppressions=no_suppressions,
        changed=changed,
        since=since,
        quiet=quiet,
        verbose=verbose,
        jobs=jobs,
        shard=shard,
        no_cache=no_cache,
    )
    run(request, settings_of(paths=paths, **given))
