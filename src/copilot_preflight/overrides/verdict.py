"""Whether the patches of a workspace apply to a package, as far as that can be proved.

A package that has patches applied already says nothing of the template that they met.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from copilot_preflight.inputs.package import Package, embedded_manifest
from copilot_preflight.overrides.apply import (
    DoesNotApply,
    Patched,
    Reason,
    apply,
    certain_stop,
    is_patched,
)
from copilot_preflight.overrides.nodes import Kind, YamlNode, node_of
from copilot_preflight.overrides.patches import ADD, END, Patch, parse, pointer
from copilot_preflight.read.document import DocumentError

_SECTIONS: Final = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
        "Transform",
    }
)
"""All that may stand at the top of a template.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

_ORDERED: Final = frozenset({"Policies", "Statement"})
"""Lists in which Copilot writes more or fewer items, by version and by manifest."""

_INDEX: Final = re.compile(r"[0-9]+")


class Verdict(NamedTuple):
    """What is known of some patches and a package.

    ``faults`` are what is wrong with the file's shape. ``stop`` is the patch at which Copilot
    stops, None where there is none or nobody can tell; ``patched`` is the package with the patches
    that it does not have yet, None where they do not apply, or are applied already.
    """

    patches: tuple[Patch, ...]
    faults: tuple[DocumentError, ...] = ()
    is_applied: bool = False
    stop: DoesNotApply | None = None
    patched: Patched | None = None

    @property
    def stopped(self) -> Patch | None:
        """The patch at which Copilot stops."""
        return None if self.stop is None else self.patches[self.stop.number]

    @property
    def replaced(self) -> Iterator[tuple[Patch, YamlNode]]:
        """The patches that add what is there already, each with what they replace by that."""
        effects = () if self.patched is None else self.patched.effects
        for effect in effects:
            old = effect.replaced
            if effect.patch.op != ADD or old is None or not effect.visits:
                continue
            is_ours = old.place is not None and old.place.file == _file(effect.patch)
            if not is_ours and old.data != effect.patch.data:
                yield effect.patch, old

    @property
    def positions(self) -> Iterator[tuple[Patch, tuple[str, ...]]]:
        """The patches that name a policy or a statement by its index, each with the pointers to it.

        What an earlier patch has added stands where that has put it. The patch at which Copilot
        stops has its own fault.
        """
        for number, patch in enumerate(self.patches):
            if self.stop is not None and number == self.stop.number:
                continue
            added = [it.path for it in self.patches[:number] if it.op == ADD]
            found = tuple(
                where
                for where in _indexed(patch)
                if not any(where.startswith(f"{path}/") for path in added)
            )
            if found:
                yield patch, found


def _file(patch: Patch) -> str:
    return "" if patch.place is None else patch.place.file


def _indexed(patch: Patch) -> Iterator[str]:
    """The pointers in the path of a patch that lead to a policy or a statement by its index.

    An ``add`` at 0 always finds its place.
    """
    steps = patch.steps
    for depth in range(2, len(steps)):
        step = steps[depth]
        if steps[depth - 1] not in _ORDERED or not _INDEX.fullmatch(step):
            continue
        if steps[depth - 2] == "AssumeRolePolicyDocument":
            continue  # Copilot writes one statement there, whatever its version
        is_last = depth == len(steps) - 1
        if not (is_last and patch.op == ADD and int(step) == 0):
            yield pointer(steps[1 : depth + 1])


def verdict_of(package: Package) -> Verdict | None:
    """What is known of a package and the patches in its workspace, None where there are none."""
    if package.overrides is None:
        return None
    source, original = package.overrides
    template = original or package.template
    patches, faults = parse(source)
    if faults:
        return Verdict((), faults)
    if is_patched(template):
        stop = _certain_stop(patches)
        new = () if stop is not None else _since(patches, node_of(template))
        patched = apply(new, template, source) if new else None
        return Verdict(patches, is_applied=True, stop=stop, patched=patched)
    try:
        return Verdict(patches, patched=apply(patches, template, source))
    except DoesNotApply as stop:
        if _is_outdated(package):  # what the patch is for may be in the manifest by now
            return Verdict(patches, stop=_certain_stop(patches))
        return Verdict(patches, stop=stop)


def _is_outdated(package: Package) -> bool:
    """Whether the manifest is not the one any more that the package was made of."""
    now, then = package.in_workspace, embedded_manifest(package.template)
    return now is not None and then is not None and not _may_become(now.data, then.data)


def _may_become(written: Any, filled_in: Any) -> bool:
    """Whether data of a manifest may be what Copilot made of others, with all variables known.

    Source: https://aws.github.io/copilot-cli/docs/developing/manifest-env-var/
    """
    if isinstance(written, dict) and isinstance(filled_in, dict):
        return written.keys() == filled_in.keys() and all(
            _may_become(value, filled_in[key]) for key, value in written.items()
        )
    if isinstance(written, list) and isinstance(filled_in, list):
        return len(written) == len(filled_in) and all(map(_may_become, written, filled_in))
    is_open = isinstance(written, str) and "${" in written
    return is_open or bool(written == filled_in)


def _since(patches: tuple[Patch, ...], root: YamlNode) -> tuple[Patch, ...]:
    """The last patches, as far as a package certainly does not have them, though it has others.

    Those add something that is not there, below keys alone: indices move with each patch.
    """
    count = len(patches)
    while count and _is_missing(patches[count - 1], root):
        count -= 1
    return patches[count:]


def _is_missing(patch: Patch, root: YamlNode) -> bool:
    if patch.op != ADD or len(patch.steps) < 2 or patch.steps[0]:
        return False
    *steps, last = patch.steps[1:]
    node: YamlNode | None = root
    for step in steps:
        if node is None or node.kind is not Kind.MAPPING:
            return False
        node = node.child(step)
    if node is None:
        return False
    if node.kind is Kind.SEQUENCE and last == END:
        return all(item.data != patch.data for item in node.content)
    return node.kind is Kind.MAPPING and node.child(last) is None


def _certain_stop(patches: tuple[Patch, ...]) -> DoesNotApply | None:
    """The first patch at which Copilot stops whatever the template is.

    The file has been applied to some template, but it may have been edited since.
    """
    for number, patch in enumerate(patches):
        stop = certain_stop(patch) or _without_slash(patch)
        if stop is not None:
            stop.number = number
            return stop
    return None


def _without_slash(patch: Patch) -> DoesNotApply | None:
    """A path whose first key is lost, and whose second one no template has at its top."""
    steps = patch.steps
    is_lost = steps[0] in _SECTIONS and len(steps) > 2 and steps[1] not in _SECTIONS
    if not is_lost:
        return None
    return DoesNotApply(Reason.KEY, f'key "{steps[0]}": "{steps[1]}" not found in map', 1)
