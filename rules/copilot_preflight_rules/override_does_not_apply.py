"""E9784: a patch of the workspace does not apply to the package, so that Copilot stops at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from copilot_preflight.base.finding import Finding, Place, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.overrides.apply import DoesNotApply, Reason
from copilot_preflight.overrides.nodes import Kind, YamlNode
from copilot_preflight.overrides.patches import ADD, END, OPERATIONS, Patch, pointer


@rule(
    "E9784",
    "override-does-not-apply",
    "A patch of Copilot's does not apply to the package",
    no_fix="what the patch was meant to change, only you know",
)
def override_does_not_apply(analysis: Analysis) -> Iterator[Finding]:
    verdict = analysis.overrides
    if verdict is None:
        return
    for patch in verdict.patches:
        if patch.path and "/" not in patch.path and patch.op in OPERATIONS:
            yield Finding(
                at=_at(patch, "path"),
                message=f"path '{patch.path}' has no slash at its beginning, so that the patch "
                "is for the whole template",
                label="all of the template",
                cause="whole-template",
                help=f"write '/{patch.path}'",
            )
    stop, patch_ = verdict.stop, verdict.stopped
    if stop is not None and patch_ is not None:
        yield _finding(patch_, stop, PurePath(analysis.stack.file).name)


def _finding(patch: Patch, stop: DoesNotApply, package: str) -> Finding:
    index = f'unable to apply the "{patch.op}" patch at index {stop.number}: '
    said = f"{'' if stop.reason is Reason.OPERATION else index}{stop}"
    if stop.reason is Reason.OPERATION:
        at = _at(patch, "op")
        message = f"operation '{patch.op}' is none of Copilot's, which stops at the patch"
        help = f"use one of {', '.join(OPERATIONS)}"
    elif stop.reason is Reason.VALUE:
        at = _at(patch)
        message = f"{_named(patch)} has no value, so that Copilot stops at it"
        help = "write what is to stand there behind 'value:'"
    else:
        at = _at(patch, "path")
        why, help = _argument(patch, stop)
        message = f"{_named(patch)} does not apply to '{package}': {why}"
    related: tuple[Related, ...] = ()
    if stop.node is not None and stop.node.place is not None:
        related = (Related(stop.node.place, _shape(stop.node)),)
    return Finding(
        at=at,
        message=message,
        label=said,
        related=related,
        cause=stop.reason.value,
        help=help,
    )


def _argument(patch: Patch, stop: DoesNotApply) -> tuple[str, str]:
    """Why a path leads nowhere, and what to do about it."""
    steps, depth, node = patch.steps, stop.depth, stop.node
    step = steps[depth]
    where = f"'{pointer(steps[1:depth])}'" if depth > 1 else "the top of the template"
    if stop.reason is Reason.KEY:
        if depth == 1 and steps[0]:
            return (
                f"without a slash at its beginning the path loses '{steps[0]}', and there is no "
                f"'{step}' at the top of the template",
                f"write '/{patch.path}'",
            )
        return f"there is no '{step}' at {where}", _instead_of(step, node)
    assert node is not None
    count = len(node.content) if node.kind is Kind.SEQUENCE else 0
    items = f"{count} item{'s' * (count != 1)}"
    if stop.reason is Reason.BOUNDS:
        if patch.op == ADD and depth == len(steps) - 1:
            return (
                f"there is no place {step} at {where}, which has {items}",
                f"append to the list: '{pointer((*steps[1:depth], END))}'",
            )
        return (
            f"there is no item {step} at {where}, which has {items}",
            "how many there are depends on Copilot's version and on the manifest: count them, or "
            "add what is missing with '-' in place of an index",
        )
    if stop.reason is Reason.NO_INDEX:
        if step == END:
            return (
                f"there is no item '-' at {where}, which has {items}: only 'add' appends",
                "name the item by its index, or use 'add'",
            )
        without = pointer((*steps[1:depth], *steps[depth + 1 :]))
        if step == node.tag:
            return (
                f"what stands at {where} is written '{_tag(node)}', of which '{step}' is no step",
                f"leave the step out: '{without}'",
            )
        return f"there is a list at {where}, in which '{step}' is no index", "name an item: 0, 1, …"
    what = "an alias" if node.kind is Kind.ALIAS else "a single value"
    written = f", written '{_tag(node)}'" if node.tag else ""
    return (
        f"there is {what} at {where}{written}, and nothing below it",
        f"replace all of it: '{pointer(steps[1:depth])}'",
    )


def _instead_of(step: str, node: YamlNode | None) -> str:
    from difflib import get_close_matches  # here: hardly any run needs it

    keys = list(node.content) if node is not None and node.kind is Kind.MAPPING else []
    near = get_close_matches(step, keys, 1)
    if near:
        return f"is '{near[0]}' meant?"
    return "correct the path, or add what is missing on the way with a patch before this one"


def _shape(node: YamlNode) -> str:
    """What there is in place of what a patch expects."""
    tag = f", written '{_tag(node)}'" if node.tag else ""
    if node.kind is Kind.MAPPING:
        return "there is no such key here"
    if node.kind is Kind.SEQUENCE:
        return f"a list of {len(node.content)}{tag}"
    return f"an alias{tag}" if node.kind is Kind.ALIAS else f"a single value{tag}"


def _tag(node: YamlNode) -> str:
    return f"!{node.tag.removeprefix('Fn::')}"


def _named(patch: Patch) -> str:
    return f"patch '{patch.op} {patch.path}'"


def _at(patch: Patch, *below: str) -> Place:
    place = patch.at(*below)
    assert place is not None, "these patches are read from a file"
    return place
