"""W9785: a patch of the workspace names a policy or a statement by its position."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.overrides.patches import ADD, END, Patch, pointer


@rule(
    "W9785",
    "override-position-dependent",
    "A patch names a policy or statement by its position",
    no_fix="what the patch was meant to change, only you know",
)
def override_position_dependent(analysis: Analysis) -> Iterator[Finding]:
    verdict = analysis.overrides
    if verdict is None:
        return
    for patch, positions in verdict.positions:
        at = patch.at("path")
        if at is not None:
            yield Finding(
                at=at,
                message=f"patch '{patch.op} {patch.path}' counts on {_items(positions)}: which "
                "that is, and whether there is one, depends on Copilot's version and on the "
                "manifest",
                label="an index",
                cause="position",
                help=_help(patch, positions),
            )


def _items(positions: tuple[str, ...]) -> str:
    pairs = (position.rsplit("/", 2)[1:] for position in positions)
    return " and ".join(
        f"{'policy' if name == 'Policies' else 'statement'} {index}" for name, index in pairs
    )


def _help(patch: Patch, positions: tuple[str, ...]) -> str:
    steps = patch.steps[1:]
    if patch.op != ADD:
        return (
            "add a policy of its own with '-', if that can do it; else look at the path whenever "
            "Copilot or the manifest changes"
        )
    policies = next((n for n, step in enumerate(steps) if step == "Policies"), None)
    if policies is not None and policies < len(steps) - 2:
        where = pointer((*steps[: policies + 1], END))
        return f"add a policy of its own: '{where}'"
    return f"append to the list: '{positions[-1].rsplit('/', 1)[0]}/{END}'"
