"""``copilot-preflight rules``: the catalogue."""

from __future__ import annotations

import click

from copilot_preflight.cli.console import write


@click.command()
def rules() -> None:
    """List the rules."""
    from copilot_preflight_rules import RULES

    name = max(len(rule.name) for rule in RULES)
    title = max(len(rule.title) for rule in RULES)
    for rule in RULES:
        severity = rule.severity.label
        told = f"{rule.id}  {severity:<7}  {rule.name:<{name}}  {rule.title:<{title}}"
        write(f"{told}  {rule.way_out}\n")
