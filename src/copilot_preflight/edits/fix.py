"""What of a finding's way out is carried out: the edits, all together, that end the finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, NamedTuple

from copilot_preflight.base.finding import Finding
from copilot_preflight.edits.edit import Applicability, Edit, Help
from copilot_preflight.edits.grant import Grant, PolicyOwner
from copilot_preflight.edits.placing import placed

DataOf = Callable[[str], Any]
"""The data of the document of a name, None where there is none."""


class Way(Enum):
    """Which of two ways out is taken where a finding has both."""

    IN_PLACE = "in place"
    """What is wrong is put right where it stands."""
    ADDED = "added"
    """A statement is added to the role, which depends on no position in a list."""


class Fix(NamedTuple):
    """The edits that end a finding, in one or several files; they are carried out together.

    ``title`` is an imperative without a full stop, as an editor offers it. ``grants`` are the
    statements that the edits add, for whoever writes them elsewhere than in a template.
    """

    title: str
    applicability: Applicability
    edits: tuple[Edit, ...]
    grants: tuple[Grant, ...] = ()

    @property
    def gaps(self) -> tuple[str, ...]:
        """What somebody has to fill in before it can be carried out."""
        return tuple(dict.fromkeys(gap for edit in self.edits for gap in edit.gaps))

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(edit.file for edit in self.edits))


def fix_of(finding: Finding, data_of: DataOf, way: Way = Way.IN_PLACE) -> Fix | None:
    """The fix of a finding; of two, the one that is asked for.

    None where its way out is a sentence alone, where the policy to write in is in no file, and
    where a secret was taken out of it.
    """
    help = finding.remedy
    if not isinstance(help, Help) or help.is_masked:
        return None
    ways = (_corrections, _additions) if way is Way.IN_PLACE else (_additions, _corrections)
    return next(filter(None, (make(help, data_of) for make in ways)), None)


def _corrections(help: Help, _data_of: DataOf) -> Fix | None:
    if not help.edits:
        return None
    is_safe = all(edit.applicability is Applicability.SAFE for edit in help.edits)
    applicability = Applicability.SAFE if is_safe else Applicability.REVIEW
    return Fix(help.edits[0].title, applicability, help.edits)


def _additions(help: Help, data_of: DataOf) -> Fix | None:
    if not help.grants:
        return None
    title = _title(help.grants)
    edits: list[Edit] = []
    for owner, grants in _by_owner(help.grants).items():
        if owner.place is None:
            return None
        found = placed(grants, data_of(owner.place.file), title, help.applicability)
        if found is None:
            return None
        edits += found
    return Fix(title, help.applicability, tuple(edits), help.grants)


def _title(grants: Iterable[Grant]) -> str:
    """``allow s3:GetObject and s3:GetBucketLocation to role 'ExecutionRole'``."""
    found = tuple(grants)
    actions = dict.fromkeys(action for grant in found for action in grant.actions)
    named = " and ".join(filter(None, (", ".join([*actions][:-1]), [*actions][-1])))
    return f"allow {named} in {found[0].owner.name}"


def _by_owner(grants: Iterable[Grant]) -> dict[PolicyOwner, tuple[Grant, ...]]:
    found: dict[PolicyOwner, tuple[Grant, ...]] = {}
    for grant in grants:
        found[grant.owner] = (*found.get(grant.owner, ()), grant)
    return found
