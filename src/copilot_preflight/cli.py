"""The command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from copilot_preflight.finding import Report, Severity
from copilot_preflight.render import FORMATS, render, width_of
from copilot_preflight.rule import Rule

_LEVELS = {"error": Severity.ERROR, "warning": Severity.WARNING, "info": Severity.INFO}


class _DefaultToCheck(click.Group):
    """``copilot-preflight PATH`` is ``copilot-preflight check PATH``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h", "--version"):
            args = ["check", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_DefaultToCheck,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
)
@click.version_option(package_name="copilot-preflight", prog_name="copilot-preflight")
def cli() -> None:
    """Prove, before a deploy, that ECS may make every AWS call that starting a task takes."""


@cli.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--params", multiple=True, metavar="FILE", help="Parameter file, JSON or YAML.")
@click.option("--parameter", multiple=True, metavar="KEY=VALUE", help="One parameter value.")
@click.option("--region", metavar="NAME", help="Region that the stacks are deployed in.")
@click.option("--account", metavar="ID", help="Account that the stacks are deployed in.")
@click.option(
    "--partition", metavar="NAME", help="Partition; told by the region, if that is given."
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--output", metavar="FILE", help="Write the report to a file.")
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
    form: str,
    output: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    info: bool,
    fail_on: str,
) -> None:
    """Check templates, Copilot packages, folders, or standard input (-)."""
    from copilot_preflight import engine
    from copilot_preflight_rules import RULES

    pseudo = {"AWS::Region": region, "AWS::AccountId": account, "AWS::Partition": partition}
    options = engine.Options(
        rules=_chosen(RULES, select, ignore),
        info=info or fail_on == "info",
        params=[Path(path) for path in params],
        parameters=dict(map(_pair, parameter)),
        pseudo={name: value for name, value in pseudo.items() if value},
    )
    report = engine.check(paths, options)
    _show(report, form, output)
    if report.errors:
        sys.exit(2)
    worst = report.worst
    sys.exit(int(fail_on != "never" and worst is not None and worst >= _LEVELS[fail_on]))


@cli.command()
@click.argument("rule")
def explain(rule: str) -> None:
    """Print the page of a rule, named by its id or its name."""
    import copilot_preflight_rules

    wanted = rule.lower()
    for known in copilot_preflight_rules.RULES:
        if wanted in (known.id.lower(), known.name):
            page = Path(copilot_preflight_rules.__file__).with_name(known.page)
            click.echo(page.read_text(encoding="utf-8"), nl=False)
            return
    raise click.BadParameter(f"no rule '{rule}'; 'copilot-preflight rules' lists them")


@cli.command()
def rules() -> None:
    """List the rules."""
    from copilot_preflight_rules import RULES

    width = max(len(rule.name) for rule in RULES)
    for rule in RULES:
        click.echo(f"{rule.id}  {rule.severity.label:<7}  {rule.name:<{width}}  {rule.title}")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"'{text}' is not KEY=VALUE", param_hint="--parameter")
    return name, value


def _chosen(rules: Sequence[Rule], select: Sequence[str], ignore: Sequence[str]) -> list[Rule]:
    wanted = _ids(rules, select, "--select") if select else {rule.id for rule in rules}
    unwanted = _ids(rules, ignore, "--ignore")
    return [rule for rule in rules if rule.id in wanted - unwanted]


def _ids(rules: Sequence[Rule], given: Sequence[str], option: str) -> set[str]:
    found: set[str] = set()
    for name in (part.strip() for text in given for part in text.split(",")):
        matching = {
            r.id for r in rules if name and (r.id.startswith(name.upper()) or r.name == name)
        }
        if not matching:
            raise click.BadParameter(f"no rule '{name}'", param_hint=option)
        found |= matching
    return found


def _show(report: Report, form: str, output: str | None) -> None:
    from copilot_preflight.render.text import error_line

    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for error in report.errors:
        click.echo(error_line(error), err=True)
    if output is None or form != "text":
        shown = form if output is None else "text"
        click.echo(
            render(report, shown, colour=colour, width=width_of(sys.stdout)), nl=False, color=colour
        )
    if output is not None:
        _write(Path(output), render(report, form))


def _write(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise click.FileError(str(path), str(error.strerror)) from None


def main(arguments: Sequence[str] | None = None) -> Any:
    """The entry point of ``copilot-preflight``."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        return cli.main(list(arguments) if arguments is not None else None, "copilot-preflight")
    except BrokenPipeError:
        # The reader has gone (`| head`): nothing is wrong, and nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
