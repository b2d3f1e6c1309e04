"""What a shell may complete the value of an option or an argument to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem


def files(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Leaves it to the shell, which knows more of files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def rules(
    _ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """The ids that begin alike, and the names; an option takes several, with commas between."""
    from click.shell_completion import CompletionItem

    from copilot_preflight.config.settings import catalogue

    before, comma, begun = incomplete.rpartition(",") if param.multiple else ("", "", incomplete)
    by_id = [rule for rule in catalogue() if rule.id.startswith(begun.upper())]
    names = [] if by_id else [it for it in catalogue() if it.name.startswith(begun.lower())]
    return [
        *(CompletionItem(f"{before}{comma}{rule.id}", help=rule.name) for rule in by_id),
        *(CompletionItem(f"{before}{comma}{rule.name}", help=rule.id) for rule in names),
    ]
