"""The patches of a ``cfn.patches.yml``: a list of ``{op, path, value}``.

Source: https://aws.github.io/copilot-cli/docs/developing/overrides/yamlpatch/
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from copilot_preflight.base.finding import DataPath, Place
from copilot_preflight.overrides.nodes import YamlNode, node_of
from copilot_preflight.read.document import Document, DocumentError, kind_of

ADD: Final = "add"
REMOVE: Final = "remove"
REPLACE: Final = "replace"
OPERATIONS: Final = (ADD, REMOVE, REPLACE)
"""What Copilot takes of RFC 6902."""

END: Final = "-"
"""The last step of a path that is behind the last item of a list."""


class Patch(NamedTuple):
    """One patch. ``op`` and ``path`` are as written: they may be wrong.

    ``value`` is None where it is not given; ``place`` is the patch in its file, None for one that
    is in no file yet.
    """

    op: str
    path: str
    value: YamlNode | None = None
    place: Place | None = None

    @property
    def data(self) -> Any:
        """What is to be written, as data."""
        return None if self.value is None else self.value.data

    @property
    def steps(self) -> tuple[str, ...]:
        """The path as Copilot takes it apart; the first step is never looked at."""
        return tuple(it.replace("~1", "/").replace("~0", "~") for it in self.path.split("/"))

    def at(self, *below: str | int) -> Place | None:
        """A place in the patch: ``at("path")``."""
        return self.place and self.place._replace(path=(*self.place.path, *below))

    def is_same(self, other: Patch) -> bool:
        """Whether another patch writes the same to the same place."""
        return (self.op, self.path, self.value is None) == (
            other.op,
            other.path,
            other.value is None,
        ) and self.data == other.data


class Parsed(NamedTuple):
    """The patches of a file, and what is wrong with its shape: with that Copilot takes none."""

    patches: tuple[Patch, ...]
    faults: tuple[DocumentError, ...] = ()


def pointer(steps: Iterable[str | int]) -> str:
    """The path of a patch to the node below some steps.

    >>> pointer(["Resources", "a/b", 0])
    '/Resources/a~1b/0'
    """
    return "".join(f"/{str(it).replace('~', '~0').replace('/', '~1')}" for it in steps)


def parse(source: Document) -> Parsed:
    """The patches of a file; a file without any, one of comments alone, has none."""
    data = source.data
    if data is None:
        return Parsed(())
    if not isinstance(data, list):
        message = (
            f"a patch file must be a list of {{op, path, value}}, found {kind_of(data)}: "
            "Copilot stops at it"
        )
        return Parsed((), (source.fault((), message),))
    faults = [fault for number in range(len(data)) for fault in _faults(source, data, number)]
    if faults:
        return Parsed((), tuple(faults))
    root = node_of(source)
    return Parsed(tuple(_patch(source, item, root, n) for n, item in enumerate(data)))


def _faults(source: Document, data: list[Any], number: int) -> Iterable[DocumentError]:
    item, path = data[number], (number,)
    if item is None:
        return
    if not isinstance(item, dict):
        message = f"a patch must be a map with op, path and value, found {kind_of(item)}"
        yield source.fault(path, message)
        return
    for name in ("op", "path"):
        if isinstance(item.get(name), (dict, list)):
            message = f"{name} must be a string, found {kind_of(item[name])}"
            yield source.fault((*path, name), message)


def _patch(source: Document, item: Any, root: YamlNode, number: int) -> Patch:
    written = item or {}
    where: DataPath = (number,)
    value = root.at((*where, "value")) if "value" in written else None
    return Patch(
        _string(written.get("op")), _string(written.get("path")), value, Place(source.file, where)
    )


def _string(data: Any) -> str:
    return "" if data is None else str(data)
