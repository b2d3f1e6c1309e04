"""The command line: what is asked for, where the report goes, and the exit status."""

from __future__ import annotations

import gc
import os
import stat
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from copilot_preflight.render import FORMATS, render, safe, width_of
from copilot_preflight.simulate_command import simulate

if TYPE_CHECKING:
    from copilot_preflight.finding import Report
    from copilot_preflight.rule import Listed

CLEAN, FINDINGS, FAILED, INTERRUPTED = 0, 1, 2, 130

_LEVELS = ("error", "warning", "info")


class _DefaultToCheck(click.Group):
    """``copilot-preflight PATH`` is ``copilot-preflight check PATH``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args:  # a script whose list of files came out empty must not pass
            click.echo(ctx.get_help(), err=True)
            ctx.exit(FAILED)
        if args[0] not in self.commands and args[0] not in ("-h", "--help", "--version"):
            args = ["check", *args]
        return super().parse_args(ctx, args)


def _print_version(ctx: click.Context, _option: click.Parameter, asked: bool) -> None:
    if asked:
        from copilot_preflight.render.json import TOOL, tool_version

        click.echo(f"{TOOL} {tool_version()}")
        ctx.exit()


@click.group(cls=_DefaultToCheck, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Print the version.",
)
def cli() -> None:
    """Prove, before a deploy, that ECS may make every AWS call that starting a task takes.

    "check" may be left out, unless the first path is the name of a command.
    """


@cli.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--params", multiple=True, metavar="FILE", help="Parameter file, JSON or YAML.")
@click.option("--parameter", multiple=True, metavar="KEY=VALUE", help="One parameter value.")
@click.option("--region", metavar="NAME", help="Region that the stacks are deployed in.")
@click.option("--account", metavar="ID", help="Account that the stacks are deployed in.")
@click.option(
    "--partition", metavar="NAME", help="Partition; told by the region, if that is given."
)
@click.option(
    "--policy",
    multiple=True,
    metavar="NAME_OR_ARN=FILE",
    help="A policy from outside the run: of a managed policy or boundary, a bucket, a key (by name "
    "or ARN), a secret or a repository (by ARN).",
)
@click.option(
    "--scp",
    multiple=True,
    metavar="FILE[,FILE...]",
    help="Service control policies: once for each level of the organization, with all its files.",
)
@click.option("--rcp", multiple=True, metavar="FILE[,FILE...]", help="Resource control policies.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--output", metavar="FILE", help="Write the report to a file, whole or not at all.")
@click.option("--select", multiple=True, metavar="IDS", help="Only these rules: ids or prefixes.")
@click.option("--ignore", multiple=True, metavar="IDS", help="Not these rules.")
@click.option("--info", is_flag=True, help="Tell also what cannot be decided, and why.")
@click.option(
    "--fail-on",
    type=click.Choice([*_LEVELS, "never"]),
    default="error",
    show_default=True,
    help="The least severity that makes the exit status 1.",
)
def check(
    paths: tuple[str, ...],
    params: tuple[str, ...],
    parameter: tuple[str, ...],
    region: str | None,
    account: str | None,
    partition: str | None,
    policy: tuple[str, ...],
    scp: tuple[str, ...],
    rcp: tuple[str, ...],
    form: str,
    output: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    info: bool,
    fail_on: str,
) -> None:
    """Check templates, Copilot packages, folders, or standard input (-).

    The exit status is 0 for nothing at or above --fail-on, 1 for findings, and 2 where an input
    could not be judged.
    """
    from copilot_preflight import engine
    from copilot_preflight.finding import Severity
    from copilot_preflight_rules import CATALOGUE

    rules = _chosen(CATALOGUE, select, ignore)
    pseudo = {"AWS::Region": region, "AWS::AccountId": account, "AWS::Partition": partition}
    asked = [rule.severity for rule in rules] if select else []
    options = engine.Options(
        rules=rules,
        info=info or fail_on == "info" or Severity.INFO in asked,
        params=[Path(path) for path in params],
        parameters=dict(_pair(text, "--parameter", "KEY=VALUE") for text in parameter),
        pseudo={name: value for name, value in pseudo.items() if value},
        policies=list(map(_policy, policy)),
        scps=[_level(text, "--scp") for text in scp],
        rcps=[_level(text, "--rcp") for text in rcp],
    )
    report = engine.check(paths, options)
    _show(report, form, output)
    if report.errors:
        sys.exit(FAILED)
    worst = report.worst
    failing = worst is not None and fail_on != "never" and worst >= Severity[fail_on.upper()]
    sys.exit(FINDINGS if failing else CLEAN)


@cli.command()
@click.argument("rule")
def explain(rule: str) -> None:
    """Print the page of a rule, named by its id or its name."""
    import copilot_preflight_rules

    wanted = rule.lower()
    for known in copilot_preflight_rules.RULES:
        if wanted in (known.id.lower(), known.name):
            page = Path(copilot_preflight_rules.__file__).with_name(known.page)
            _write(page.read_text(encoding="utf-8"))
            return
    raise click.UsageError(f"no rule '{rule}': 'copilot-preflight rules' lists them")


@cli.command()
def rules() -> None:
    """List the rules."""
    from copilot_preflight_rules import RULES

    width = max(len(rule.name) for rule in RULES)
    for rule in RULES:
        _write(f"{rule.id}  {rule.severity.label:<7}  {rule.name:<{width}}  {rule.title}\n")


cli.add_command(simulate)


# --- options -------------------------------------------------------------------------------------


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"'{text}' is not {form}", param_hint=option)
    return name, value


def _policy(text: str) -> tuple[str, Path]:
    name, file = _pair(text, "--policy", form := "NAME_OR_ARN=FILE")
    if not file:
        raise click.BadParameter(f"'{text}' is not {form}", param_hint="--policy")
    return name, Path(file)


def _level(text: str, option: str) -> list[Path]:
    """The files of one level of the organization."""
    files = [Path(name) for name in text.split(",") if name.strip()]
    if not files:
        raise click.BadParameter(f"'{text}' names no file", param_hint=option)
    return files


def _chosen(rules: Sequence[Listed], select: Sequence[str], ignore: Sequence[str]) -> list[Listed]:
    wanted = _ids(rules, select, "--select") or {rule.id for rule in rules}
    unwanted = _ids(rules, ignore, "--ignore")
    return [rule for rule in rules if rule.id in wanted - unwanted]


def _ids(rules: Sequence[Listed], given: Iterable[str], option: str) -> set[str]:
    """The rules that an option names by id, name or the beginning of ids, split at commas."""
    found: set[str] = set()
    for name in filter(None, (part.strip() for text in given for part in text.split(","))):
        matching = {r.id for r in rules if r.id.startswith(name.upper()) or r.name == name.lower()}
        if not matching:
            raise click.BadParameter(f"no rule '{name}'", param_hint=option)
        found |= matching
    return found


# --- output --------------------------------------------------------------------------------------


def _show(report: Report, form: str, output: str | None) -> None:
    if report.errors:
        from copilot_preflight.render.text import error_line

        for error in report.errors:
            click.echo(error_line(error), err=True)
    for note in report.notes:
        click.echo(f"note: {safe(note)}", err=True)
    if output is not None:
        _write_file(Path(output), render(report, form), [Path(name) for name in report.sources])
        form = "text" if form != "text" else ""
    if form == "text" and (report.files or not report.errors):  # "no findings" is no comfort then
        colour = _is_terminal() and not os.environ.get("NO_COLOR")
        width = width_of(sys.stdout) if sys.stdout else 100
        _write(render(report, form, colour=colour, width=width), colour=colour)
    elif form and form != "text":
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8")  # as JSON is, whatever the terminal's is
        _write(render(report, form))


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _write(text: str, *, colour: bool = False) -> None:
    """Writes to standard output. A reader that has gone (`| head`) does not change what is true."""
    try:
        click.echo(text, nl=False, color=colour)
    except BrokenPipeError:
        _discard_output()
    except OSError as error:
        _discard_output()
        _fail(f"cannot write to standard output: {_reason(error)}")


def _discard_output() -> None:
    # What is still buffered would fail once more, without a handler, when Python ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write_file(path: Path, text: str, inputs: Iterable[Path]) -> None:
    """Writes a file whole or not at all; never over an input."""
    path = Path(os.path.realpath(path))
    if any(os.path.realpath(it) == str(path) for it in inputs):
        _fail(f"{path}: will not write the report over an input")
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            path.write_text(text, encoding="utf-8")  # /dev/null, a pipe: nothing to replace
            return
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        _fail(f"{path}: cannot write: {_reason(error)}")
    finally:
        _remove(beside)


def _remove(path: Path) -> None:
    with suppress(OSError):  # a folder that is not there, or not ours, does not have it either
        path.unlink(missing_ok=True)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _fail(message: str) -> NoReturn:
    click.echo(f"error: {safe(message)}", err=True)
    sys.exit(FAILED)


# --- entry ---------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The entry point of ``copilot-preflight``; ends the process with the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    given = None if arguments is None else list(arguments)
    try:
        sys.exit(cli.main(given, "copilot-preflight", standalone_mode=False))
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "copilot-preflight"
        message = " ".join(error.format_message().split()).rstrip(".")
        _fail(f"{message[:1].lower()}{message[1:]} (see '{command} --help')")
    except click.ClickException as error:
        _fail(error.format_message())
    except click.Abort:
        sys.exit(INTERRUPTED)
    finally:
        gc.freeze()  # the process ends: nothing is left to be looked for
