"""``copilot-preflight compare``: two releases of a stack, phase by phase."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from copilot_preflight.cli.commands.candidates import files
from copilot_preflight.cli.commands.options import settings_of, shared
from copilot_preflight.cli.console import CLEAN, FAILED, FINDINGS, fail, tell, write, write_file

if TYPE_CHECKING:
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

    OLD and NEW are each a package's folder, a template, REV:PATH of the git repository around, or
    a folder of answers of the AWS CLI. Values given by options are those of NEW.
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
            found = checked(second.paths, run)
    except RevisionError as error:
        fail(str(error))
    except DocumentError as error:
        fail(f"{error.file}: {error.message}")
    _end(found, list(_rollouts(found, run)), form, output, held.fails_on(found.report.worst))


def _rollouts(found: Checked, options: Options) -> Iterator[Rollout]:
    """The comparisons, in which defaults of parameters are no values unless they are to be."""
    from copilot_preflight.checks.analysis import Analysis
    from copilot_preflight.resolve.value import TemplateError

    stacks = [analysis.stack for analysis in found.analyses.values()]
    if not stacks or options.before is None:
        return
    run = stacks[0].run if options.assume_defaults else stacks[0].run.with_opened(None)
    for stack in run.stacks:
        try:
            rollout = Analysis(stack, options.before.stack_of(stack)).rollout
        except TemplateError:
            continue  # reported where the template was judged
        if rollout is not None and (rollout.tasks or rollout.added or rollout.removed):
            yield rollout


def _end(
    found: Checked, rollouts: list[Rollout], form: str, output: str | None, has_failed: bool
) -> None:
    from copilot_preflight.render.rollout import render
    from copilot_preflight.render.text import error_line
    from copilot_preflight.render.text import render as findings

    report = found.report
    hide: Callable[[str], str] = str
    if any(source.text.find("NoEcho") >= 0 for source in report.sources.values()):
        from copilot_preflight.run.no_echo import hidden_in

        sides = (stack for it in rollouts for stack in (it.old, it.new))
        hide = hidden_in([other for it in sides for other in it.run.stacks]).text
    for error in report.errors:
        tell(error_line(error))
    for note in report.notes:
        tell(f"note: {note}")
    if not rollouts and not report.errors:
        fail("no task definition is in both releases: are they of one stack?")
    text = render(report, rollouts, form, hide)
    if form == "text":
        text = f"{text}\n{findings(report)}"
    if output is not None:
        write_file(Path(output), text, _inputs(report.sources))
    else:
        if form != "text" and hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8")
        write(text)
    sys.exit(FAILED if report.errors else FINDINGS if has_failed else CLEAN)


def _inputs(names: Iterable[str]) -> Iterator[Path]:
    return map(Path, names)
