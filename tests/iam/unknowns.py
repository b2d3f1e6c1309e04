"""Worlds with unknowns, and what the unknowns may turn out to be.

Any stretch of any string becomes a hole, a policy cannot be read, a condition key, a session or an
effect is not known, or a statement stands under a condition. A `Guess` completes such a world
again, each time otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, Final, NamedTuple

from tests.iam.evaluation_cases import HERE, ROLE, ROOT, SESSION, THERE
from tests.iam.worlds import (
    DOCUMENTED,
    LEVELS,
    NAMES,
    SERVICE,
    SINGLE,
    World,
    each_element,
    known,
    rewrite,
    sets_of,
    with_sets,
)

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam.layers import PolicySet
from copilot_preflight.iam.policy import Entry, Fact, Statement

_EXCLUDED: Final = ("", "", ":/*?", "*?", ":*?", ":", "*")
_TOKENS: Final = (HERE, "app", "task", "svc", "b", "k", "aws", "role", "*", "ana")
"""Stretches that are often made a hole."""

_VALUES: Final = (
    *("", "*", "?", "x", "app", "task", "svc/app", "root", "role", "b/k", "k", "true", "false"),
    *("arn:aws:s3:::b", "assumed-role/app", "AROAX", "AIDAX", "1.1", "a:b/c", "/", ":"),
    *("aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", SERVICE, "s3:*"),
    *(*NAMES, ROOT.replace(HERE, THERE), ROLE.replace(HERE, THERE), SESSION + "2"),
)
"""What a hole may stand for, beside what it was made of."""

_ACCOUNTS: Final = (HERE, THERE, "777788889999")

Fill = Callable[[World, Random], World]
"""Takes one unknown out of a world: puts in something that it may be."""

Hidden = tuple[World, Fill]


class Guess(NamedTuple):
    """A world with unknowns, and how each of them is filled."""

    world: World
    fills: tuple[Fill, ...]

    def completed(self, chance: Random) -> World | None:
        """A world without unknowns; None for one that cannot be.

        The names of roles are unique in an account: where one has no path, no principal can name
        one of the same name with a path.
        """
        world = self.world
        for fill in self.fills:
            world = fill(world, chance)
        found_session = self.world.caller.session is None and world.caller.session is not None
        if found_session and any(_is_in_folder(it) for it in _principals_of(world)):
            return None
        return known(world)


def unknown(world: World, chance: Random) -> Guess:
    """A world with one to three unknowns."""
    fills: list[Fill] = []
    for number in range(chance.choice((1, 1, 2, 2, 3))):
        hide = chance.choice(_WAYS)
        found = hide(world, chance, f"U{number}")
        if found is not None:
            world, fill = found
            fills.insert(0, fill)  # what was hidden last may have hidden another unknown
    return Guess(world, tuple(fills))


def _hole(world: World, chance: Random, name: str) -> Hidden | None:
    """Makes a stretch of one string a hole, or all its occurrences, in the string or the world."""
    places: dict[int, Text] = {}

    def note(number: int, text: Text) -> Text:
        if any(isinstance(part, str) for part in text.parts):
            places.setdefault(number, text)
        return text

    rewrite(world, note)
    of_caller = max(places, default=0)
    if not places:
        return None
    named = {*_principals_of(world)}  # where most is at stake
    weights = [3 if text in named else 1 for text in places.values()]
    chosen = chance.choices([*places], weights)[0]
    written = chance.choice([part for part in places[chosen].parts if isinstance(part, str)])
    stretch = _stretch(written, chance)
    everywhere = bool(stretch) and chance.random() < 0.4
    own = f"{world.caller.arn} {world.caller.session}"
    in_caller = stretch in own and (everywhere or chosen == of_caller)
    if in_caller and (stretch not in _TOKENS or stretch in ("role", "*")):
        return None  # ARN and session of a caller would no longer belong together
    hole = _made(stretch, chance, name, is_name=in_caller)
    at = chance.random()

    def put(number: int, text: Text) -> Text:
        return replaced(text, stretch, hole, at) if everywhere or number == chosen else text

    def fill(holed: World, chance: Random) -> World:
        values = _ACCOUNTS if in_caller and stretch == HERE else _VALUES
        value = _value_of(hole, stretch, values, chance)
        return rewrite(
            holed, lambda _, text: Text.of(*(value if it == hole else it for it in text.parts))
        )

    return rewrite(world, put), fill


def _stretch(written: str, chance: Random) -> str:
    kind = chance.random()
    if kind < 0.2:
        return written
    if kind < 0.35:
        return ""
    tokens = [token for token in _TOKENS if token in written]
    if tokens and kind < 0.75:
        return chance.choice(tokens)
    begin, end = sorted(chance.choices(range(len(written) + 1), k=2))
    return written[begin:end]


def replaced(text: Text, stretch: str, hole: Hole, at: float) -> Text:
    """With a hole for every occurrence of a stretch; for an empty one, somewhere in the string."""
    parts: list[str | Hole] = []
    for part in text.parts:
        if isinstance(part, Hole):
            parts.append(part)
        elif not stretch:
            begin = round(len(part) * at)
            parts += [part[:begin], hole, part[begin:]]
        else:
            first, *rest = part.split(stretch)
            parts.append(first)
            for piece in rest:
                parts += [hole, piece]
    return Text.of(*parts)


def _made(value: str, chance: Random, name: str, *, is_name: bool) -> Hole:
    """A hole of which no more is said than is true of a value."""
    excludes = chance.choice([it for it in _EXCLUDED if not set(it) & set(value)])
    never = frozenset(chance.choices(_VALUES, k=2) if chance.random() < 0.2 else ()) - {value}
    length = len(value) if chance.random() < 0.15 else 0
    nonempty = is_name or (bool(value) and chance.random() < 0.5)
    return Hole(name, "", ":/*?" if is_name else excludes, nonempty, never, length=length)


def _value_of(hole: Hole, original: str, values: Sequence[str], chance: Random) -> str:
    if chance.random() < 0.35:
        return original
    fitting = [value for value in values if _fits(hole, value)]
    return chance.choice(fitting) if fitting else original


def _fits(hole: Hole, value: str) -> bool:
    if hole.length and len(value) != hole.length:
        return False
    barred = set(hole.excludes) & set(value) or value in hole.never
    return not barred and bool(value or not hole.nonempty)


def _unread(world: World, chance: Random, name: str) -> Hidden | None:
    """Makes policies of one layer, some of its statements or all, such that nobody can read."""
    layers = [it for it in (*SINGLE, *LEVELS) if getattr(world.policies, it)]
    if not layers:
        return None
    layer = chance.choice(layers)
    missing = Fact("document", name)
    kept = chance.randint(0, 2)
    hidden: list[Statement] = []

    def update(world: World, change: Callable[[PolicySet], PolicySet]) -> World:
        found = getattr(world.policies, layer)
        new: Any = (change(found[0]), *found[1:]) if layer in LEVELS else change(found)
        return world._replace(policies=world.policies._replace(**{layer: new}))

    def hide(found: PolicySet) -> PolicySet:
        hidden.extend(found.statements[kept:])
        return PolicySet(found.statements[:kept], (*found.unread, missing))

    def fill(holed: World, chance: Random) -> World:
        more = hidden
        if chance.random() < 0.5:
            others = sets_of(chance.choice(DOCUMENTED).policies)
            naming = layer in ("resource", "endpoint", "rcps")
            more = [it for each in others for it in each.statements if names_one(it) is naming]
        return update(
            holed,
            lambda it: PolicySet(
                (*it.statements, *more), tuple(fact for fact in it.unread if fact != missing)
            ),
        )

    return update(world, hide), fill


def names_one(statement: Statement) -> bool:
    return bool(statement.principals or statement.not_principals)


def _key(world: World, chance: Random, _name: str) -> Hidden | None:
    """Makes it unknown what is sent for a condition key."""
    context = dict(world.request.context)
    if not context:
        return None
    key = chance.choice(sorted(context))
    original = context.pop(key)

    def sent(world: World, values: Mapping[str, tuple[Text, ...]]) -> World:
        return world._replace(request=world.request._replace(context=values))

    def fill(holed: World, chance: Random) -> World:
        new = chance.choice((original, original, (), (Text.of(chance.choice(_VALUES)),)))
        return sent(holed, {**holed.request.context, key: new})

    return sent(world, context), fill


def _session(world: World, _chance: Random, _name: str) -> Hidden | None:
    """Makes it unknown which session of its role the caller is."""
    session = world.caller.session
    if session is None or "AWSServiceRole" in str(session):
        return None  # a role that is known has a path that is known: such a one is not linked

    def fill(holed: World, chance: Random) -> World:
        name = chance.choice(("", "", "2"))
        return holed._replace(caller=holed.caller._replace(session=Text.of(session, name)))

    return world._replace(caller=world.caller._replace(session=None)), fill


def _principals_of(world: World) -> Iterator[Text]:
    for found in sets_of(world.policies):
        for statement in found.statements:
            for it in (*statement.principals, *statement.not_principals):
                yield it.entry.text


def _is_in_folder(text: Text) -> bool:
    return "/" in str(text).partition(":role/")[2]


def _guard(world: World, chance: Random, name: str) -> Hidden:
    """Puts statements, or single strings of those that have several, under a condition."""
    often = chance.choice((0.3, 1))
    whole = chance.random() < 0.6

    def entries(given: tuple[Entry, ...]) -> tuple[Entry, ...]:
        if len(given) < 2:
            return given
        first = given[0]
        return (first._replace(conditions=(*first.conditions, name)), *given[1:])

    def hide(found: PolicySet) -> PolicySet:
        made = []
        for it in found.statements:
            if chance.random() < often:
                it = (
                    it._replace(conditions=(*it.conditions, name))
                    if whole
                    else each_element(it, entries)
                )
            made.append(it)
        return PolicySet(tuple(made), found.unread)

    def fill(holed: World, chance: Random) -> World:
        there = chance.random() < 0.5

        def settled(found: PolicySet) -> PolicySet:
            kept = (it for it in found.statements if there or name not in it.conditions)
            return PolicySet(
                tuple(each_element(it._replace(conditions=without(it)), of_entries) for it in kept),
                found.unread,
            )

        def without(it: Statement | Entry) -> tuple[str, ...]:
            return tuple(each for each in it.conditions if each != name)

        def of_entries(given: tuple[Entry, ...]) -> tuple[Entry, ...]:
            kept = (it for it in given if there or name not in it.conditions)
            return tuple(it._replace(conditions=without(it)) for it in kept)

        return holed._replace(policies=with_sets(holed.policies, settled))

    return world._replace(policies=with_sets(world.policies, hide)), fill


def _effect(world: World, chance: Random, _name: str) -> Hidden:
    """Makes it unknown whether statements allow or deny."""

    def hide(found: PolicySet) -> PolicySet:
        return PolicySet(
            tuple(
                it._replace(effect="") if chance.random() < 0.3 else it for it in found.statements
            ),
            found.unread,
        )

    def fill(holed: World, chance: Random) -> World:
        effects = ("Allow", "Deny")
        return holed._replace(
            policies=with_sets(
                holed.policies,
                lambda found: PolicySet(
                    tuple(
                        it._replace(effect=it.effect or chance.choice(effects))
                        for it in found.statements
                    ),
                    found.unread,
                ),
            )
        )

    return world._replace(policies=with_sets(world.policies, hide)), fill


_WAYS: Final[Sequence[Callable[[World, Random, str], Hidden | None]]] = (
    *(_hole,) * 9,
    *(_unread,) * 2,
    _key,
    _session,
    _guard,
    _effect,
)
