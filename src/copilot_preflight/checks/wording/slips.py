"""Statements of a role that would allow what is denied, but for one slip, and what mends it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from copilot_preflight.access.request import Call
from copilot_preflight.base.symbolic import Text, match
from copilot_preflight.base.wildcards import wildcard_match
from copilot_preflight.checks.analysis import Denial
from copilot_preflight.checks.wording.corrections import (
    added_to,
    corrected,
    list_of,
    replaced,
    with_version,
)
from copilot_preflight.iam import arn
from copilot_preflight.iam.evaluate import applies, covers_action
from copilot_preflight.iam.policy import Entry, Statement
from copilot_preflight.statements.arn_traps import NEEDS_EVERYTHING, unmatched
from copilot_preflight.statements.unknown_actions import meant_by

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Edit

_SINGULAR: Final = {"ssm:GetParameters": "ssm:getparameter"}
"""What ECS calls -> the action that is often granted in its place."""

_ALIASES: Final = (":alias/", ":key/alias/")


class _Mended(NamedTuple):
    """A statement as it would be, and the edit that makes it so."""

    statement: Statement
    edit: Edit | None


def slips(denials: Sequence[Denial]) -> tuple[Edit, ...]:
    """The edits that let denied calls through, none if there is a call that they would not."""
    found = [slip_of(denied.call) for denied in denials]
    edits = dict.fromkeys(edit for edit in found if edit is not None)
    return tuple(edits) if None not in found else ()


def slip_of(call: Call) -> Edit | None:
    """The edit of one statement of a call's role that would then allow the call for certain."""
    for statement in call.role.statements:
        if statement.effect == "Allow":
            for mended in _mended(call, statement):
                if mended.edit is not None and applies(mended.statement, call.request).verdict:
                    return mended.edit
    return None


def _mended(call: Call, statement: Statement) -> Iterator[_Mended]:
    if statement.has_literal_variables:
        is_safe = not any(_denies_by_variables(other) for other in call.role.statements)
        yield _Mended(statement.in_current_version(), with_version(statement, is_safe=is_safe))
    if covers_action(statement, call.action).verdict is False:
        for action in statement.actions:
            if list_of(statement.place, action.place, 1) is not None:
                yield from _renamed(call, statement, action)
        return
    for entry in statement.resources:
        if list_of(statement.place, entry.place, 1) is not None:
            yield from _readdressed(call, statement, entry)


def _denies_by_variables(statement: Statement) -> bool:
    return statement.effect == "Deny" and statement.has_literal_variables


def _renamed(call: Call, statement: Statement, action: Entry) -> Iterator[_Mended]:
    """The statement with the action that is called, where another name was written for it."""
    written = action.text.literal or ""
    now = statement._replace(actions=(action._replace(text=Text.of(call.action)),))
    if written.lower() == _SINGULAR.get(call.action):
        title = f"allow {call.action} there as well"
        yield _Mended(now, added_to(statement.place, action.place, call.action, title))
    elif (meant := meant_by(written)) and wildcard_match(meant.lower(), call.action.lower()):
        yield _Mended(now, replaced(action.place, meant, f"correct '{written}' to '{meant}'"))


def _readdressed(call: Call, statement: Statement, entry: Entry) -> Iterator[_Mended]:
    """The statement with the ARN that was meant."""
    actions = tuple(it for it in statement.actions if _is_named(it, call.action))

    def mended(text: Text, title: str) -> _Mended:
        now = statement._replace(resources=(entry._replace(text=text),))
        return _Mended(now, corrected(statement, entry, actions, str(text), title))

    for found in unmatched(call.view.stack):
        fixed = found.trap.fixed
        is_here = found.statement.place == statement.place and found.resource == entry
        if is_here and fixed is not None and found.trap.slug != NEEDS_EVERYTHING:
            yield mended(fixed, f"correct the ARN of {call.action}")
    asked, granted = arn.parse(call.resource), arn.parse(entry.text)
    if asked is None or granted is None:
        return
    if match(granted.partition, asked.partition) is False:
        rest = entry.text.split(":", 2).items[2]
        yield mended(Text.of("arn:", asked.partition, ":", rest), "name the stack's own partition")
    if (every := every_revision(call, entry)) is not None:
        yield mended(every, "name every revision of the task definition")
    if asked.service.literal == "kms" and any(alias in str(entry.text) for alias in _ALIASES):
        yield mended(call.resource, "name the key itself, not its alias")


def every_revision(call: Call, entry: Entry) -> Text | None:
    """The ARN of a family with all of its revisions, where a grant names the family alone."""
    granted = arn.parse(entry.text)
    if call.action != "ecs:RunTask" or granted is None:
        return None
    pieces, is_whole = granted.resource.split(":", 1)
    every = Text.of(entry.text, ":*")
    return every if is_whole and len(pieces) == 1 and match(every, call.resource) else None


def _is_named(action: Entry, name: str) -> bool:
    known = action.text.literal
    return known is not None and wildcard_match(known.lower(), name.lower())
