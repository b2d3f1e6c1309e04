"""``copilot-preflight completion``: the script that makes a shell complete the command."""

from __future__ import annotations

import click

from copilot_preflight.cli.console import write

_NAME = "copilot-preflight"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that makes a shell complete commands, options, rules and files.

    \b
    bash  eval "$(copilot-preflight completion bash)" in ~/.bashrc
    zsh   eval "$(copilot-preflight completion zsh)" in ~/.zshrc, behind compinit
    fish  copilot-preflight completion fish > ~/.config/fish/completions/copilot-preflight.fish
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None, "click has had these three since 8.0"
    variable = f"_{_NAME}_complete".replace("-", "_").upper()
    write(found(ctx.find_root().command, {}, _NAME, variable).source())
