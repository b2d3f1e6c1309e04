"""``copilot-preflight fix``: from findings to files without them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from copilot_preflight.cli.commands.candidates import files
from copilot_preflight.cli.commands.options import known, settings_of, shared, unsuppressed
from copilot_preflight.cli.console import CLEAN, FAILED, FINDINGS, fail, tell, write
from copilot_preflight.cli.printing import look_of, remarks
from copilot_preflight.render.safe_text import safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from copilot_preflight.fixes.files import FileChange
    from copilot_preflight.fixes.plan import Plan


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", shell_complete=files)
@shared
@known
@unsuppressed
@click.option("--diff", is_flag=True, help="Print the changes as a patch, and write nothing.")
@click.option(
    "--review",
    is_flag=True,
    help="Also make fixes that widen, move, remove or guess something: look at them afterwards.",
)
@click.option(
    "--as",
    "form",
    type=click.Choice(("auto", "template", "override", "iam")),
    default="auto",
    show_default=True,
    help="Where the fix goes: into the template, into Copilot's overrides, or to the terminal as "
    "commands of the AWS CLI. auto is override in a Copilot workspace, else template.",
)
@click.option("--force", is_flag=True, help="Write files, too, that git could not bring back.")
def fix(
    paths: tuple[str, ...],
    baseline: str | None,
    no_suppressions: bool,
    diff: bool,
    review: bool,
    form: str,
    force: bool,
    **given: Any,
) -> None:
    """Mend what check finds, and prove it before anything is written.

    Every fix is tried in memory first. One that leaves its finding, or brings another, is not made.
    The exit status is that of check afterwards; with --diff, 1 if there is something to do.
    """
    from copilot_preflight.config.to_options import options_of
    from copilot_preflight.fixes.plan import planned
    from copilot_preflight.fixes.writers import writer_for
    from copilot_preflight.inputs.discovery import STDIN

    if STDIN in paths:
        raise click.UsageError("standard input cannot be fixed: name a file")
    held = settings_of(paths=paths, **given)
    options = options_of(held)._replace(jobs=None, suppressions=not no_suppressions)
    if baseline is not None:
        options = options._replace(baseline=Path(baseline))
    plan = planned(paths, options, lambda run: writer_for(form, run), with_review=review)
    for line in remarks(plan.after):
        tell(line)
    if plan.by_hand:
        _print_programs(plan)
    if form == "iam":
        _print_commands(plan)
    elif diff:
        _print_patch(plan)
    else:
        _write(plan, is_forced=force)
        if held.fails_on(plan.after.worst) or plan.by_hand:
            _end(plan, FINDINGS)
    _end(plan, CLEAN)


def _end(plan: Plan, status: int) -> NoReturn:
    sys.exit(FAILED if plan.after.errors else status)


def _print_patch(plan: Plan) -> None:
    from copilot_preflight.cli.fixing import colored, is_shown, summary
    from copilot_preflight.fixes.files import diff

    is_coloured = look_of().colour
    patch = "".join(diff(change, lambda line: is_shown(plan, line)) for change in plan.changes)
    write(colored(patch) if is_coloured else patch, colour=is_coloured)
    for line in summary(plan, is_written=False):
        tell(line)
    if plan.changes or plan.by_hand:
        _end(plan, FINDINGS)


def _print_commands(plan: Plan) -> None:
    from copilot_preflight.cli.fixing import summary
    from copilot_preflight.fixes.as_iam import commands

    told = list(commands((it.fix for it in plan.made), plan.run.packages))
    if told:
        write("\n\n".join(told) + "\n")
    for line in summary(plan._replace(reminders=()), is_written=False):  # no file is changed
        tell(line)
    if told:
        _end(plan, FINDINGS)


def _write(plan: Plan, *, is_forced: bool) -> None:
    from copilot_preflight.cli.fixing import summary
    from copilot_preflight.fixes import files as disk

    lost = [] if is_forced else disk.unrecoverable(plan.changes)
    if lost:
        fail(
            f"{', '.join(lost)}: git could not bring back what is there now: commit or 'git add' "
            "it first, look at --diff, or write it with --force"
        )
    _write_all(plan.changes)
    write("".join(f"{line}\n" for line in summary(plan, is_written=True)))


def _write_all(changes: Sequence[FileChange]) -> None:
    """Fixes may belong together, in several files: what is known to fail is not begun."""
    from copilot_preflight.fixes import files as disk

    names = [change.file for change in changes]
    done = 0
    try:
        for change in changes:
            disk.require(change)
        for change in changes:
            disk.write(change)
            done += 1
    except disk.CannotChange as fault:
        said = f"{fault.file}: not written: {fault}"
        if done:
            said += f"; written before: {', '.join(names[:done])}"
            rest = names[done + 1 :]
            said += f"; not begun: {', '.join(rest)}" if rest else ""
            said += ": run it again when that is mended"
        fail(said)


def _print_programs(plan: Plan) -> None:
    """What nobody but a programmer can write into a program."""
    for file, text in plan.by_hand:
        shown = "".join(f"{safe(line)}\n" for line in text.splitlines())
        write(f"// add to {safe(file)}, behind what its constructor does:\n{shown}")
