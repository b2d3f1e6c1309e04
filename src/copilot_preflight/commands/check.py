"""``copilot-preflight check``: what is asked for, where the report goes, and the exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from copilot_preflight.console import CLEAN, FAILED, FINDINGS, write, write_file
from copilot_preflight.render import FORMATS, render, safe, width_of

if TYPE_CHECKING:
    from copilot_preflight.finding import Report
    from copilot_preflight.rule import Listed

_LEVELS = ("error", "warning", "info")


@click.command()
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
        write_file(Path(output), render(report, form), [Path(name) for name in report.sources])
        form = "text" if form != "text" else ""
    if form == "text" and (report.files or not report.errors):  # "no findings" is no comfort then
        colour = _is_terminal() and not os.environ.get("NO_COLOR")
        width = width_of(sys.stdout) if sys.stdout else 100
        write(render(report, form, colour=colour, width=width), colour=colour)
    elif form and form != "text":
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8")  # as JSON is, whatever the terminal's is
        write(render(report, form))


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
