"""``copilot-preflight rules``: the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

import click

from copilot_preflight.cli.commands import candidates
from copilot_preflight.cli.console import write


@click.command()
@click.option(
    "--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True
)
@click.option(
    "--select",
    multiple=True,
    metavar="IDS",
    shell_complete=candidates.rules,
    help="Only these rules: ids, beginnings of ids or names, split at commas.",
)
def rules(form: str, select: tuple[str, ...]) -> None:
    """List the rules."""
    from copilot_preflight_rules import RULES

    chosen = [rule for rule in RULES if not select or rule.id in _ids(select)]
    if form == "json":
        from copilot_preflight.render.json import dump

        described = [
            {
                "id": rule.id,
                "name": rule.name,
                "severity": rule.severity.label,
                "title": rule.title,
                "url": rule.url,
                "fix": rule.fix or None,
                "no_fix": rule.no_fix or None,
            }
            for rule in chosen
        ]
        write(dump({"version": 1, "rules": described}))
        return
    name = max(len(rule.name) for rule in chosen)
    title = max(len(rule.title) for rule in chosen)
    for rule in chosen:
        severity = rule.severity.label
        told = f"{rule.id}  {severity:<7}  {rule.name:<{name}}  {rule.title:<{title}}"
        write(f"{told}  {rule.way_out}\n")


def _ids(select: Sequence[str]) -> set[str]:
    from copilot_preflight.cli.commands.options import names_of
    from copilot_preflight.config.settings import named

    return {rule.id for rule in named(names_of(select, "--select"))}
