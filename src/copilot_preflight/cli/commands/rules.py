"""``copilot-preflight rules``: the catalogue."""

from __future__ import annotations

import click

from copilot_preflight.cli.console import write


@click.command()
def rules() -> None:
    """List the rules."""
    from copilot_preflight_rules import RULES

    width = max(len(rule.name) for rule in RULES)
    for rule in RULES:
        write(f"{rule.id}  {rule.severity.label:<7}  {rule.name:<{width}}  {rule.title}\n")
