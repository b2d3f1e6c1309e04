"""What a release calls its resources, in the words of another release of the same stack.

A hole is a value of one template, named after its file. The role ``ExecutionRole`` of two releases
is one role all the same, as long as CloudFormation does not replace it; a parameter of which no
release gives the value may be another one in each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar, cast

from copilot_preflight.base.finding import Place
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.needs.need import NeededCall
from copilot_preflight.resolve.return_values import naming_of
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.view import View

_OF_RESOURCE: Final = re.compile(r"([A-Za-z0-9]+)(?:\.[A-Za-z0-9.]+| suffix)?")

T = TypeVar("T")


class Release(NamedTuple):
    """A stack of one release, with what it is called in messages: ``"old"`` or ``"new"``."""

    name: str
    view: View

    @property
    def stack(self) -> Stack:
        return self.view.stack


class Words:
    """Translates what one release says into the words of another, its ``world``."""

    def __init__(self, release: View, world: View) -> None:
        self.release = release
        self.world = world
        self._pairs = dict(_pairs(release, world))
        self._same: dict[tuple[str, str], bool | None] = {}
        self._resources = {file: _resources(pair[0]) for file, pair in self._pairs.items()}

    def view_of(self, file: str) -> View | None:
        """The view of the world that has the same template as a file of the release."""
        pair = self._pairs.get(file)
        return None if pair is None else pair[1]

    def stays(self, file: str, logical_id: str) -> bool | None:
        """Whether a resource of the release is the one of that name in the world.

        False where it is not there, or certainly is another one: another type, another name. None
        where nobody knows whether CloudFormation would replace it.
        """
        key = (file, logical_id)
        if key not in self._same:
            self._same[key] = None  # a name that depends on itself says nothing
            self._same[key] = self._stays(file, logical_id)
        return self._same[key]

    def _stays(self, file: str, logical_id: str) -> bool | None:
        if file not in self._pairs:
            return None
        mine, other = self._pairs[file]
        one, two = self._resources[file].get(logical_id), _resources(other).get(logical_id)
        if not isinstance(one, dict) or not isinstance(two, dict):
            return False
        kind = str(one.get("Type"))
        if kind != two.get("Type"):
            return False
        if isinstance(condition := two.get("Condition"), str) and not other.decide(condition):
            return other.decide(condition)
        naming = naming_of(kind)
        if naming is None:
            return True if one.get("Properties") == two.get("Properties") else None
        answers = [self._is_kept(mine, other, logical_id, name) for name in naming]
        return False if False in answers else None if None in answers else True

    def _is_kept(self, mine: View, other: View, logical_id: str, name: str) -> bool | None:
        """Whether a property on which a resource's name depends stays as it is."""
        path = ("Resources", logical_id, "Properties", name)
        one, two = _property(mine, logical_id, name), _property(other, logical_id, name)
        if one is None or two is None:
            return one is two
        return self.text(mine.text(one, path)).equals(other.text(two, path))

    # --- translating -------------------------------------------------------------------------

    def text(self, text: Text) -> Text:
        if text.literal is not None:
            return text
        return Text(tuple(p if isinstance(p, str) else self._hole(p) for p in text.parts))

    def _hole(self, hole: Hole) -> Hole:
        file = hole.scope
        if file not in self._pairs:
            return hole
        own = _OF_RESOURCE.fullmatch(hole.name)
        if own is None or own[1] not in self._resources[file]:
            # Those of the stack itself stay; a parameter may have another value in each release.
            is_pseudo = hole.name.startswith("AWS::")
            return _scoped(hole, self._pairs[file][1].file if is_pseudo else f"{file} (released)")
        stays = self.stays(file, own[1])
        if stays:
            return _scoped(hole, self._pairs[file][1].file, unique=hole.unique)
        return _scoped(hole, f"{file} (released)", unique=hole.unique and stays is False)

    def of(self, value: T) -> T:
        """Anything made of named tuples and texts: statements, calls, trust policies."""
        return cast("T", self._of(value))

    def _of(self, value: Any) -> Any:
        if isinstance(value, Text):
            return self.text(value)
        if isinstance(value, Place) or not isinstance(value, tuple):
            return value
        parts = [self._of(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)

    def needed(self, needed: NeededCall) -> NeededCall:
        def context(values: Mapping[str, tuple[Text, ...]]) -> Mapping[str, tuple[Text, ...]]:
            return MappingProxyType({key: self.of(texts) for key, texts in values.items()})

        return needed._replace(
            resource=self.text(needed.resource),
            context=context(needed.context),
            evidence=context(needed.evidence),
            alternative=needed.alternative and self.needed(needed.alternative),
        )


def _scoped(hole: Hole, scope: str, *, unique: bool = False) -> Hole:
    """The hole of another file; a condition of the release says nothing in the world."""
    return Hole(hole.name, scope, hole.excludes, hole.nonempty, hole.never, "", unique, hole.length)


def _pairs(release: View, world: View) -> Mapping[str, tuple[View, View]]:
    """Each template of the release that the world has too, by its file."""
    found = {release.file: (release, world)}
    nested = [list(view.with_addons())[1:] for view in (release, world)]
    if all(nested):
        found[nested[0][0].file] = (nested[0][0], nested[1][0])
    others = [stack for stack in world.run.stacks if stack is not world.stack]
    for stack in release.run.stacks:
        if stack is not release.stack:
            same = counterpart(stack.file, [other.file for other in others])
            twin = next((other for other in others if other.file == same), None)
            if twin is not None:
                found[stack.file] = (View(stack), View(twin))
    return found


def counterpart(file: str, files: list[str]) -> str | None:
    """Of some files, the one that bears the name of another release's; None if that is not clear.

    Of those with the same name, it is the one in the folder with the same name, and so on upwards.
    """
    mine = _steps(file)
    alike = [(_shared(mine, _steps(other)), other) for other in files]
    best = max((shared for shared, _ in alike), default=0)
    found = [other for shared, other in alike if shared == best]
    return found[0] if best and len(found) == 1 else None


def _steps(file: str) -> list[str]:
    return re.split(r"[/\\:]", file)[::-1]


def _shared(one: list[str], two: list[str]) -> int:
    count = 0
    for mine, other in zip(one, two, strict=False):
        if mine != other:
            break
        count += 1
    return count


def _resources(view: View) -> Mapping[str, Any]:
    resources = view.stack.data.get("Resources")
    return resources if isinstance(resources, dict) else {}


def _property(view: View, logical_id: str, name: str) -> Any:
    properties = _resources(view)[logical_id].get("Properties")
    return properties.get(name) if isinstance(properties, dict) else None
