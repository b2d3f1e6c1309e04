"""What the roles of a stack lose and gain from one release to the next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from copilot_preflight.base.finding import Place
from copilot_preflight.base.symbolic import Text, match
from copilot_preflight.base.wildcards import wildcard_match
from copilot_preflight.iam.policy import Statement
from copilot_preflight.model.roles import Role, roles
from copilot_preflight.resolve.view import View
from copilot_preflight.rollout.words import Words


class Change(NamedTuple):
    """An action on a resource that one release grants to a role, or denies it, and another not.

    ``action`` and ``resource`` are as the policy writes them, in the words of the release that has
    them; ``effect`` is ``"Allow"`` or ``"Deny"``. ``conditional``: under a Condition block.
    """

    role: str
    effect: str
    action: str
    resource: Text
    place: Place
    conditional: bool = False

    @property
    def said(self) -> str:
        """``s3:GetObject on 'arn:…'``."""
        negated = "not to be denied " if self.effect == "Deny" else ""
        return f"{negated}{self.action} on '{self.resource}'{' (conditional)' * self.conditional}"


def changes(
    before: View, after: View, forth: Words, back: Words
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """What the roles lose and what they gain; a Deny that goes is a gain, one that comes a loss."""
    gone, come = list(_only(before, after, forth)), list(_only(after, before, back))
    lost = [it for it in gone if it.effect == "Allow"] + [it for it in come if it.effect == "Deny"]
    gained = [it for it in come if it.effect == "Allow"] + [
        it for it in gone if it.effect == "Deny"
    ]
    # What depends on a value that no release tells is written the same way, and says nothing.
    alike = {_written(it) for it in lost} & {_written(it) for it in gained}
    return _but(lost, alike), _but(gained, alike)


_Written = tuple[str, str, str, str, bool]


def _written(it: Change) -> _Written:
    return it.role, it.effect, it.action, str(it.resource), it.conditional


def _but(changes: list[Change], alike: set[_Written]) -> tuple[Change, ...]:
    return tuple(it for it in dict.fromkeys(changes) if _written(it) not in alike)


def replaced(before: View, words: Words) -> tuple[str, ...]:
    """The roles of a release that the next one certainly does not have under their ARNs."""
    return tuple(
        role.logical_id
        for view in before.with_addons()
        for role in roles(view)
        if words.stays(role.place.file, role.logical_id) is False
    )


def _only(view: View, other: View, words: Words) -> Iterator[Change]:
    """What only the first of two releases has, of the roles that it names."""
    others = {role.logical_id: role for at in other.with_addons() for role in roles(at)}
    for own in view.with_addons():
        for role in roles(own):
            twin = others.get(role.logical_id)
            stays = words.stays(role.place.file, role.logical_id)
            if twin is None or not stays:
                twin = None
            yield from _differences(role, twin, words)


def _differences(role: Role, twin: Role | None, words: Words) -> Iterator[Change]:
    for statement in role.statements:
        if statement.effect not in ("Allow", "Deny"):
            continue
        translated = words.of(statement)
        for action in statement.actions:
            pairs = zip(statement.resources, translated.resources, strict=True)
            for written, meant in pairs:
                if twin is None or not _has(twin, translated, action.text, meant.text):
                    yield Change(
                        role.logical_id,
                        statement.effect,
                        str(action.text),
                        written.text,
                        written.place,
                        bool(statement.clauses),
                    )


def _has(role: Role, like: Statement, action: Text, resource: Text) -> bool:
    """Whether a role has a statement of the same effect that covers an action on a resource."""
    for statement in role.statements:
        if statement.effect != like.effect or (statement.clauses and not _same(statement, like)):
            continue
        if any(_covers(entry.text, action) for entry in statement.actions) and any(
            match(entry.text, resource) for entry in statement.resources
        ):
            return True
    return False


def _covers(pattern: Text, action: Text) -> bool:
    one, two = pattern.literal, action.literal
    if one is None or two is None:
        return pattern == action
    return wildcard_match(one.lower(), two.lower())


def _same(one: Statement, two: Statement) -> bool:
    """Whether two statements ask for the same conditions, wherever they stand."""

    def clauses(statement: Statement) -> set[tuple[str, str, tuple[Text, ...]]]:
        return {
            (c.operator.lower(), c.key.lower(), tuple(v.text for v in c.values))
            for c in statement.clauses
        }

    return clauses(one) == clauses(two)
