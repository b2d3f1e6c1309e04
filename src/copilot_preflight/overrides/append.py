"""The text of a ``cfn.patches.yml`` with more patches, and not a byte of it changed otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from copilot_preflight.inputs.copilot_names import PATCHES
from copilot_preflight.overrides.patches import Patch, parse
from copilot_preflight.overrides.spelling import block, flow
from copilot_preflight.read import document
from copilot_preflight.read.document import Document, DocumentError
from copilot_preflight.read.yaml.scalars import content_start
from copilot_preflight.read.yaml.tree import build

FILE: Final = PATCHES

PAGE: Final = "https://aws.github.io/copilot-cli/docs/developing/overrides/yamlpatch/"

HEADER: Final = f"""\
# Patches that Copilot applies to the CloudFormation template whenever it packages or deploys.
# See {PAGE}
"""


class CannotPatch(Exception):
    """Why something cannot become a patch, or a patch not be written; ``str()`` is one line."""


def missing(patches: Iterable[Patch], there: Iterable[Patch]) -> list[Patch]:
    """The patches that are not there already. One that is wanted twice has to be there twice."""
    left = list(there)
    wanted = []
    for patch in patches:
        same = next((number for number, it in enumerate(left) if it.is_same(patch)), None)
        if same is None:
            wanted.append(patch)
        else:
            del left[same]
    return wanted


def with_patches(text: str | None, patches: Sequence[Patch], file: str = FILE) -> str:
    """The text of a patch file, None for one that is still to be made, with patches at its end.

    A patch that is there already is not written again. Raises CannotPatch where the file has no
    list, or cannot be read.
    """
    if text is None:
        return HEADER + "".join(map(block, patches))
    source = _read(text, file)
    parsed = parse(source)
    if parsed.faults:
        raise CannotPatch(f"{file} cannot be added to: {parsed.faults[0]}")
    wanted = missing(patches, parsed.patches)
    if not wanted:
        return text
    changed = _appended(text, source, wanted)
    if not _holds(changed, (*parsed.patches, *wanted)):
        raise CannotPatch(f"{file} cannot be added to as it is written: make it a list in blocks")
    return changed


def _holds(text: str, patches: Sequence[Patch]) -> bool:
    """Whether a text is read as these patches."""
    try:
        found = parse(document.parse(text, FILE)).patches
    except DocumentError:
        return False
    return len(found) == len(patches) and all(map(Patch.is_same, found, patches))


def _read(text: str, file: str) -> Document:
    try:
        return document.parse(text, file)
    except DocumentError as error:
        if error.is_empty:
            return Document(file, text, None)
        where = f":{error.line}:{error.column}" if error.line else ""
        raise CannotPatch(f"{file}{where} cannot be read: {error}") from None


def _appended(text: str, source: Document, patches: Sequence[Patch]) -> str:
    indentation = ""
    if source.data is not None:
        root = build(text).root
        if text[content_start(text, root.start, root.end)] == "[":
            assert isinstance(root.children, list)
            if root.children:
                at = root.children[-1].end
                return text[:at] + "".join(f", {flow(it)}" for it in patches) + text[at:]
            text = text[: root.start] + text[root.end :]
        else:
            before = text[: root.start]
            indentation = re.split(r"[\r\n]", before)[-1]
            indentation = indentation if not indentation.strip(" ") else ""
    line_end = "\r\n" if "\r\n" in text else "\n"
    added = "".join(block(it, indentation) for it in patches).replace("\n", line_end)
    if text.strip() and not text.endswith(("\n", "\r")):
        text += line_end
    return text + added
