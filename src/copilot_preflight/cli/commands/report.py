"""``copilot-preflight report``: the picture of what is allowed, and by what."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from copilot_preflight.cli.checking import inputs_of
from copilot_preflight.cli.commands.candidates import files
from copilot_preflight.cli.commands.options import settings_of, shared
from copilot_preflight.cli.console import CLEAN, FAILED, FINDINGS, fail, tell, write, write_file
from copilot_preflight.cli.printing import remarks
from copilot_preflight.render.safe_text import safe
from copilot_preflight.report.formats import FORMATS, SUFFIXES

if TYPE_CHECKING:
    from copilot_preflight.report.model import Picture

_MISSING = (
    "the HTML report needs Jinja2: install copilot-preflight with its extra 'report' "
    "(pip install Jinja2 does, too), or take --format svg, mermaid or markdown, which need nothing"
)
_STDOUT = "-"


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", shell_complete=files)
@shared
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="What to draw.  [default: what the name of the output says, else html]",
)
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    shell_complete=files,
    help="Where to write it, - for standard output, as all formats but html do by default.",
)
def report(paths: tuple[str, ...], form: str | None, output: str | None, **given: Any) -> None:
    """Draw who makes which call with which role, and what decides it.

    The HTML report is one file that needs no network. The exit status is that of check.
    """
    form = form or SUFFIXES.get(Path(output or "").suffix.lower(), "html")
    if form == "html":
        if output is None:
            raise click.UsageError("--format html needs --output FILE, or - for standard output")
        try:
            import jinja2  # noqa: F401
        except ImportError:
            fail(_MISSING)
    from copilot_preflight.cli.progress import Bar
    from copilot_preflight.config.to_options import options_of
    from copilot_preflight.report.formats import render
    from copilot_preflight.report.gather import observe
    from copilot_preflight.report.joining import joined
    from copilot_preflight.run.check import checked
    from copilot_preflight.run.workers import WorkerLost

    held = settings_of(paths=paths, **given)
    options = options_of(held)._replace(jobs=None, observe=observe)
    try:
        with Bar(sys.stderr, is_wanted=True) as bar:
            found = checked(paths, options._replace(progress=bar.step))
    except WorkerLost as lost:
        fail(str(lost))
    for line in remarks(found.report):
        tell(line)
    picture = joined((it.observed for it in found.judged), found.report, found.hidden)
    text = render(picture, form)
    if output in (None, _STDOUT):
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8")
        write(text)
    else:
        write_file(Path(output or ""), text, inputs_of(paths, found, options))
        tell(safe(f"{output}: {_told(picture)}"))
    if found.report.errors:
        sys.exit(FAILED)
    sys.exit(FINDINGS if held.fails_on(found.report.worst) else CLEAN)


def _told(picture: Picture) -> str:
    from copilot_preflight.report.model import summary

    return summary(picture.counts)
