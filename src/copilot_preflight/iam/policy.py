"""Policy documents as the evaluator reads them: statements whose strings may have holes.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from copilot_preflight.base.finding import Place
from copilot_preflight.base.symbolic import Hole, Text, match


class Fact(NamedTuple):
    """Something that would have to be known to decide a call.

    ``kind`` is ``"condition"`` (a template condition), ``"value"`` (a string), ``"context"`` (a
    condition key of the request), ``"document"`` (a role or policy outside the run),
    ``"boundary"`` (a permissions boundary, which is not evaluated) or ``"attachment"`` (a policy of
    which it is not known whether it is the role's).
    """

    kind: str
    name: str


class Match(NamedTuple):
    """A three-valued answer: ``facts`` are those missing where it is None, ``why`` explains no."""

    verdict: bool | None
    facts: tuple[Fact, ...] = ()
    why: str = ""


class Entry(NamedTuple):
    """One string of a policy: an action, an ARN, a principal, a condition value.

    ``conditions`` are the undecided template conditions under which the entry is there.
    """

    text: Text
    place: Place
    conditions: tuple[str, ...] = ()


class Principal(NamedTuple):
    """``kind`` is ``AWS``, ``Service``, ``Federated`` or ``CanonicalUser``."""

    kind: str
    entry: Entry


class Clause(NamedTuple):
    """One key of one operator of a Condition block; one of the values must hold."""

    operator: str
    key: str
    values: tuple[Entry, ...]


class Statement(NamedTuple):
    """One statement; an element that it does not have is empty.

    ``conditions`` are the undecided template conditions under which the statement is there.
    ``policy`` names the policy that it stands in, for messages.
    """

    effect: str  # "Allow", "Deny", or "" where it is not known
    place: Place
    policy: str = ""
    sid: str = ""
    actions: tuple[Entry, ...] = ()
    not_actions: tuple[Entry, ...] = ()
    resources: tuple[Entry, ...] = ()
    not_resources: tuple[Entry, ...] = ()
    principals: tuple[Principal, ...] = ()
    not_principals: tuple[Principal, ...] = ()
    clauses: tuple[Clause, ...] = ()
    conditions: tuple[str, ...] = ()


def missing_values(*texts: Text) -> tuple[Fact, ...]:
    """The facts that would fill the holes of strings; a hole that all share decides nothing."""
    holes = [dict.fromkeys(text.holes) for text in texts]
    shared = [hole for hole in holes[0] if all(hole in others for others in holes[1:])]
    telling = [hole for each in holes for hole in each if len(texts) == 1 or hole not in shared]
    return tuple(
        Fact("condition", hole.condition) if hole.condition else Fact("value", hole.name)
        for hole in telling or shared
    )


VARIABLE: Final = "policy variable "
_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")


def with_variables(text: Text) -> Text:
    """Policy variables such as ``${aws:username}`` become holes: only the request fills them.

    So do ``${*}``, ``${?}`` and ``${$}``, which stand for the bare character, whatever is sent.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """
    if not any("${" in part for part in text.parts if isinstance(part, str)):
        return text
    return Text.of(*_variable_parts(text))


def _variable_parts(text: Text) -> Iterator[str | Hole]:
    for part in text.parts:
        if isinstance(part, Hole):
            yield part
            continue
        for index, piece in enumerate(_VARIABLE.split(part)):
            if index % 2:
                yield Hole(VARIABLE + piece)
                continue
            literal, begun, rest = piece.partition("${")
            yield literal
            if begun:  # a variable whose end a hole of ours is to bring
                yield Hole(f"{VARIABLE}{rest} in {text}", text.identity)
                return


# A policy holds no character beyond U+00FF, so these two are free to say "a star" and "a question
# mark" in a pattern, where * and ? themselves are wildcards.
# Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
_BARE_STAR: Final = "\ufdd0"
_BARE_MARK: Final = "\ufdd1"
_CHARACTERS: Final = {"$": "$", "*": _BARE_STAR, "?": _BARE_MARK}
_TO_BARE: Final = str.maketrans({"*": _BARE_STAR, "?": _BARE_MARK})


def matches(pattern: Text, target: Text) -> bool | None:
    """Whether a pattern whose variables are filled matches a string, as `text.match` has it."""
    return match(pattern, _bare(target) if _has_bare(pattern) else target)


def equal(wanted: Text, sent: Text) -> bool | None:
    """Whether a string whose variables are filled is the same as another, wildcards and all."""
    return _bare(wanted).equals(_bare(sent)) if _has_bare(wanted) else wanted.equals(sent)


def _has_bare(text: Text) -> bool:
    return any(
        _BARE_STAR in part or _BARE_MARK in part for part in text.parts if isinstance(part, str)
    )


def _bare(text: Text) -> Text:
    """A string of which the stars and question marks are themselves."""
    return Text(tuple(p.translate(_TO_BARE) if isinstance(p, str) else p for p in text.parts))


def fill_variables(text: Text, context: Mapping[str, tuple[Text, ...]]) -> Text | None:
    """A string with its policy variables filled from a request's context.

    ``${*}`` and ``${?}`` become characters of our own, which `matches` and `equal` know.
    A variable that is not sent takes its default (``${aws:PrincipalTag/team, 'none'}``); without
    one, nothing can match, and the answer is None. One of which nothing is known stays a hole.
    """
    parts: list[str | Hole | Text] = []
    for part in text.parts:
        if not isinstance(part, Hole) or not part.name.startswith(VARIABLE):
            parts.append(part)
            continue
        key, comma, default = part.name.removeprefix(VARIABLE).partition(",")
        if key in _CHARACTERS:
            parts.append(_CHARACTERS[key])
            continue
        sent = context.get(key.strip().lower())
        if sent is None or len(sent) > 1:
            parts.append(part)
        elif sent:
            parts.append(sent[0])
        elif comma:
            parts.append(default.strip().strip("'"))
        else:
            return None
    return (
        Text.of(*parts) if any(a is not b for a, b in zip(parts, text.parts, strict=True)) else text
    )
