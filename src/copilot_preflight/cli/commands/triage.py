"""``copilot-preflight triage``: from an error text to its causes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from copilot_preflight.cli.commands.candidates import files
from copilot_preflight.cli.commands.options import settings_of, shared
from copilot_preflight.cli.console import CLEAN, FAILED, FINDINGS, fail, tell, write
from copilot_preflight.cli.printing import remarks
from copilot_preflight.render.safe_text import safe
from copilot_preflight.triage.formats import FORMATS

if TYPE_CHECKING:
    from copilot_preflight.run.check import Checked
    from copilot_preflight.triage.failure import Failure

_WITH: Final = "--with"
_STDIN: Final = "-"


class _SeveralPaths(click.Command):
    """``--with`` takes all paths that follow, up to the next option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, list(_repeated(args)))


def _repeated(args: Sequence[str]) -> Iterator[str]:
    is_open, given = False, 0
    for argument in args:
        if argument.startswith("-"):
            is_open, given = argument == _WITH, 0
        elif is_open and given:
            yield _WITH
        given += not argument.startswith("-")
        yield argument


@click.command(cls=_SeveralPaths)
@click.argument("text", required=False, metavar="[TEXT|FILE|-]", shell_complete=files)
@click.option(
    _WITH,
    "paths",
    multiple=True,
    metavar="PATH...",
    shell_complete=files,
    help="The templates or packages that may be behind it: files and folders, up to the next "
    "option.",
)
@shared
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
def triage(text: str | None, paths: tuple[str, ...], form: str, **given: Any) -> None:
    """Say what an error text means, and which line of which template is behind it.

    Takes a text, a file or standard input: stopped reasons, answers of the AWS CLI, logs, events
    and CloudTrail records, several at once. Secrets in it are not shown.

    The exit status is 0 if nothing in it is a failure, 1 if something is, 2 if it cannot be read.
    """
    from copilot_preflight.triage.formats import render
    from copilot_preflight.triage.join import diagnosed
    from copilot_preflight.triage.recognise import failures_in

    content = _content(text)
    if not content.strip():
        fail("there is no text to read: name one, a file, or - for standard input")
    failures = failures_in(content)
    found = _checked(paths, failures, **given) if paths else None
    if found is None:
        settings_of(**given)
        if given["evidence"]:
            tell("note: --evidence counts together with templates: name them --with PATH")
    else:
        for line in remarks(found.report):
            tell(line)
    diagnoses = diagnosed(failures, found)
    if form != "text" and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    write(render(diagnoses, form))
    if not failures:
        tell("nothing in this text is a failure that triage knows")
    if found is not None and found.report.errors:
        sys.exit(FAILED)
    sys.exit(FINDINGS if failures else CLEAN)


def _checked(paths: tuple[str, ...], failures: Sequence[Failure], **given: Any) -> Checked:
    """A run over the templates, in the account of the failures if they are of one."""
    from copilot_preflight.config.to_options import options_of
    from copilot_preflight.run.check import checked

    options = options_of(settings_of(**given))._replace(jobs=1, info=True)
    accounts = {failure.account for failure in failures if failure.role} - {""}
    if len(accounts) == 1 and "AWS::AccountId" not in options.pseudo:
        account = accounts.pop()
        options = options._replace(
            pseudo={**options.pseudo, "AWS::AccountId": account},
            asked=(*options.asked, ("--account", account)),
        )
    return checked(paths, options)


def _content(text: str | None) -> str:
    from copilot_preflight.triage.opening import CannotRead, read_file, read_stream

    try:
        if text in (None, _STDIN):
            if sys.stdin is None or sys.stdin.isatty():
                raise click.UsageError("name a text or a file, in front of --with, or pipe it in")
            return read_stream(sys.stdin.buffer)
        if os.path.lexists(text or ""):
            return read_file(text or "")
    except CannotRead as fault:
        fail(safe(f"{'<stdin>' if text in (None, _STDIN) else text}: {fault}"))
    if _is_path(text or ""):
        fail(f"{text}: no such file")
    return text or ""


def _is_path(text: str) -> bool:
    """Whether a word is meant as the name of a file, and is no text."""
    is_word = not any(character.isspace() for character in text) and ":" not in text
    return is_word and ("/" in text or text.lower().endswith(_SUFFIXES))


_SUFFIXES: Final = (".json", ".log", ".txt", ".csv", ".gz", ".out", ".err", ".yml", ".yaml")
