"""What of a finding's way out is carried out: the edits, all together, that end the finding."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import Enum
from pathlib import PurePath
from typing import Any, Final

from copilot_preflight.base.finding import Finding
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.edits.edit import Applicability, Edit, Help, NoFix
from copilot_preflight.edits.grant import Grant, PolicyOwner
from copilot_preflight.edits.placing import placed
from copilot_preflight.edits.references import refused
from copilot_preflight.edits.removals import without_empty_policies

_REQUIRED: Final = "E9748"
_HOLE: Final = re.compile(r"\$\{[^}]*\}")
_WILDCARD: Final = re.compile(r"[*?]")

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
    """The fix of a finding, None where it has none: see `answer_of`."""
    answer = answer_of(finding, data_of, way)
    return answer if isinstance(answer, Fix) else None


def answer_of(finding: Finding, data_of: DataOf, way: Way = Way.IN_PLACE) -> Fix | NoFix:
    """The fix of a finding, or why it has none; of two fixes, the one that is asked for.

    The reason is ``""`` where the way out is a sentence alone: then it is that of its rule.
    """
    help = finding.remedy
    if not isinstance(help, Help):
        return NoFix("")
    if help.is_masked:
        return NoFix("a secret was taken out of it")
    ways = (_corrections, _additions) if way is Way.IN_PLACE else (_additions, _corrections)
    reasons: list[NoFix] = []
    for make in ways:
        answer = make(help, data_of)
        if isinstance(answer, Fix):
            is_pattern = _is_pattern(finding)
            return answer._replace(applicability=Applicability.REVIEW) if is_pattern else answer
        reasons += [answer] if answer.reason else []
    return next(iter(reasons), NoFix(help.no_fix))


def _is_pattern(finding: Finding) -> bool:
    """Whether a task asks for one thing by a name that a policy takes for many: ``parameter/*``.

    A requirement of the configuration may well be on many.
    """
    call = finding.call
    if call is None or finding.rule == _REQUIRED or call.resource == "*":
        return False
    return _WILDCARD.search(_HOLE.sub("", call.resource)) is not None


def _corrections(help: Help, data_of: DataOf) -> Fix | NoFix:
    if not help.edits:
        return NoFix("")
    is_safe = all(edit.applicability is Applicability.SAFE for edit in help.edits)
    applicability = Applicability.SAFE if is_safe else Applicability.REVIEW
    return _written(Fix(help.edits[0].title, applicability, help.edits), data_of)


def _additions(help: Help, data_of: DataOf) -> Fix | NoFix:
    if not help.grants or not help.is_enough:
        return NoFix("")
    title = _title(help.grants)
    edits: list[Edit] = []
    for owner, grants in _by_owner(help.grants).items():
        data = None if owner.place is None else data_of(owner.place.file)
        found = placed(grants, data, title, help.applicability)
        if isinstance(found, NoFix):
            return found
        edits += found
    return _written(Fix(title, help.applicability, tuple(edits), help.grants), data_of)


def _written(fix: Fix, data_of: DataOf) -> Fix | NoFix:
    """The fix, if every document can have what its edits write, and do without what they take."""
    edits: list[Edit] = []
    for file in fix.files:
        data = data_of(file)
        if data is None:
            return NoFix(f"{PurePath(file).name} is no file of the run")
        of_file = without_empty_policies([it for it in fix.edits if it.file == file], data)
        if isinstance(of_file, NoFix):
            return of_file
        reason = refused(of_file, data, file)
        if reason:
            return NoFix(reason)
        edits += of_file
    return fix._replace(edits=tuple(edits))


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
