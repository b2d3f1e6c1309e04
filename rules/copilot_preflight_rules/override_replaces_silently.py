"""W9786: a patch of the workspace adds what is there already, and so replaces it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.overrides.nodes import Kind, YamlNode
from copilot_preflight.overrides.patches import END, Patch


@rule(
    "W9786",
    "override-replaces-silently",
    "A patch that adds replaces what is there",
    no_fix="whether it was meant to replace it, only you know",
)
def override_replaces_silently(analysis: Analysis) -> Iterator[Finding]:
    verdict = analysis.overrides
    if verdict is None:
        return
    package = PurePath(analysis.stack.file).name
    for patch, old in verdict.replaced:
        at = patch.at("path")
        if at is not None:
            yield Finding(
                at=at,
                message=f"patch 'add {patch.path}' replaces what '{package}' has there, "
                f"{_what(old)}: Copilot does not say so",
                label="is there already",
                related=() if old.place is None else (Related(old.place, "this is replaced"),),
                cause="replaces",
                help=_help(patch, old),
            )


def _what(old: YamlNode) -> str:
    if old.tag:
        return f"a value written '!{old.tag.removeprefix('Fn::')}'"
    if old.kind is Kind.SEQUENCE:
        return f"a list of {len(old.content)}"
    return "a map" if old.kind is Kind.MAPPING else "a single value"


def _help(patch: Patch, old: YamlNode) -> str:
    if old.kind is Kind.SEQUENCE and not old.tag:
        return f"append to it with '{patch.path}/{END}', or write 'replace' if all of it shall go"
    if old.kind is Kind.MAPPING and not old.tag:
        return f"add single keys below '{patch.path}', or write 'replace' if all of it shall go"
    return "write 'replace', which fails where there is nothing to replace"
