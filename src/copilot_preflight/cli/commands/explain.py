"""``copilot-preflight explain``: the page of a rule."""

from __future__ import annotations

from pathlib import Path

import click

from copilot_preflight.cli.commands.candidates import rules
from copilot_preflight.cli.commands.options import coloured
from copilot_preflight.cli.console import write
from copilot_preflight.cli.printing import look_of


@click.command()
@click.argument("rule", shell_complete=rules)
@coloured
def explain(rule: str, color: str) -> None:
    """Print the page of a rule, named by its id or its name.

    A terminal shows it in style, anything else gets its Markdown.
    """
    import copilot_preflight_rules
    from copilot_preflight.config.settings import no_rule

    wanted = rule.lower()
    for known in copilot_preflight_rules.RULES:
        if wanted in (known.id.lower(), known.name):
            page = Path(copilot_preflight_rules.__file__).with_name(known.page)
            text, look = page.read_text(encoding="utf-8"), look_of(color)
            if look.is_live or look.colour:
                from copilot_preflight.render.terminal_page import rendered

                text = rendered(text, look)
            write(text, colour=look.colour)
            write(f"\n{known.way_out}\n")
            return
    message = no_rule(rule)
    raise click.UsageError(
        message if message.endswith("?") else f"{message}: 'copilot-preflight rules' lists them"
    )
