"""``copilot-preflight compare``: two releases of a stack, phase by phase."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from copilot_preflight.cli.commands.candidates import files
from copilot_preflight.cli.commands.options import settings_of, shared
from copilot_preflight.cli.console import CLEAN, FAILED, FINDINGS, fail, tell

if TYPE_CHECKING:
    from copilot_preflight.inputs.releases import Release
    from copilot_preflight.rollout.comparison import Rollout
    from copilot_preflight.run.check import Checked
    from copilot_preflight.run.options import Options

_FORMATS = ("text", "json", "markdown")


@click.command()
@click.argument("old", shell_complete=files)
@click.argument("new", shell_complete=files)
@shared
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--output", metavar="FILE", shell_complete=files, help="Write it to a file.")
def compare(old: str, new: str, form: str, output: str | None, **given: Any) -> None:
    """Compare two releases of a stack: who may start tasks when, and what is denied then.

    OLD and NEW are each a package's folder, a template, REV:PATH of the git repository around, a
    snapshot of the deployed stack, or a folder of answers of the AWS CLI. Values given by options
    are those of NEW.

    The exit status is that of check: 2 also where no task definition is in both.
    """
    from copilot_preflight.config.to_options import options_of
    from copilot_preflight.inputs.git_revisions import RevisionError
    from copilot_preflight.inputs.releases import opened
    from copilot_preflight.read.document import DocumentError
    from copilot_preflight.run.check import checked
    from copilot_preflight.run.earlier import earlier

    held = settings_of(**given)
    options = options_of(held)
    rules = [rule for rule in options.rules if getattr(rule, "is_comparing", False)]
    options = options._replace(rules=rules, jobs=1)
    try:
        with ExitStack() as sides:
            first = sides.enter_context(opened(old))
            before = earlier(first.paths, options._replace(read=first.read))
            second = sides.enter_context(opened(new))
            run = options._replace(read=second.read, before=before)
            found = _told(checked(second.paths, run), (first, second))
            # The files of a revision are there for as long as they may be read.
            _end(found, run, form, output, held.fails_on(found.report.worst))
    except RevisionError as error:
        fail(str(error))
    except DocumentError as error:
        where = f"{error.file}:{error.line}:{error.column}" if error.line else error.file
        fail(f"{where}: {error.message}")


def _told(found: Checked, releases: Sequence[Release]) -> Checked:
    """The run, whose errors name files as the user does."""
    errors = found.report.errors
    for release in releases:
        errors = tuple(
            it._replace(file=release.told(it.file), message=release.told(it.message))
            for it in errors
        )
    return found._replace(report=found.report._replace(errors=errors))


def _rollouts(found: Checked, options: Options) -> Iterator[Rollout]:
    """The comparisons, in which defaults of parameters are no values unless they are to be."""
    from copilot_preflight.checks.analysis import Analysis
    from copilot_preflight.resolve.run import run_of
    from copilot_preflight.resolve.value import TemplateError

    stacks = [analysis.stack for analysis in found.analyses.values()]
    if not stacks or options.before is None:
        return
    run = run_of(stacks[0])
    run = run if options.assume_defaults else run.with_opened(None)
    for stack in run.stacks:
        try:
            rollout = Analysis(stack, options.before.stack_of(stack)).rollout
        except TemplateError:
            continue  # reported where the template was judged
        if rollout is not None and (rollout.tasks or rollout.added or rollout.removed):
            yield rollout


def _hidden(rollouts: Iterable[Rollout]) -> Callable[[str], str]:
    """Takes the values of NoEcho parameters of both releases out of a text."""
    from copilot_preflight.resolve.run import run_of
    from copilot_preflight.run.no_echo import hidden_in

    stacks = {
        id(stack): stack
        for it in rollouts
        for side in (it.old, it.new)
        for stack in (side, *run_of(side).stacks)
    }
    return hidden_in(stacks.values()).text


def _end(
    found: Checked, options: Options, form: str, output: str | None, has_failed: bool
) -> NoReturn:
    from copilot_preflight.cli.printing import Printed, emit, remarks
    from copilot_preflight.render.rollout import render
    from copilot_preflight.render.text import render as findings

    report = found.report
    rollouts = list(_rollouts(found, options))
    if not rollouts and not report.errors:
        for line in remarks(report):
            tell(line)
        fail("no task definition is in both releases: are they of one stack?")
    text = ""
    if rollouts or form == "json":
        text = render(report, rollouts, form, _hidden(rollouts))
        if form == "text":
            text = f"{text}\n{findings(report)}"
    status = FAILED if report.errors else FINDINGS if has_failed else CLEAN
    told = Printed(remarks(report), is_data=form != "text", status=status)
    told = (
        told._replace(text=text)
        if output is None
        else told._replace(files=((output, text),), is_data=False)
    )
    emit(told, map(Path, report.sources))
