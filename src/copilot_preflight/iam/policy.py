"""Policy documents as the evaluator reads them: statements whose strings may have holes.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from copilot_preflight.base.finding import Place
from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import EMPTY, Hole, Text, match


class Fact(NamedTuple):
    """Something that would have to be known to decide a call.

    ``kind`` is ``"condition"`` (a template condition), ``"value"`` (a string), ``"context"`` (a
    condition key of the request), ``"document"`` (a role or policy outside the run),
    ``"boundary"`` (a permissions boundary, which is not evaluated), ``"attachment"`` (a policy of
    which it is not known whether it is the role's) or ``"answer"`` (an answer of the account, by
    the call that gives it). ``subject`` is the ARN of a managed policy that is missing, with all
    that is known of it; ``name`` is what people read.
    """

    kind: str
    name: str
    subject: Text = EMPTY


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


CURRENT_VERSION: Final = "2012-10-17"
"""The Version of the policy language that has policy variables.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
"""

_WITHOUT_VARIABLES: Final = ("", "2008-10-17")
VERSIONS: Final = (*_WITHOUT_VARIABLES, CURRENT_VERSION)
"""All that there are, and none, which counts as the first."""


class Statement(NamedTuple):
    """One statement; an element that it does not have is empty.

    ``conditions`` are the undecided template conditions under which the statement is there.
    ``policy`` names the policy that it stands in, for messages. ``version`` is the Version of its
    document: ``""`` where it has none, None where it is not known, or none that AWS knows.
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
    version: str | None = CURRENT_VERSION

    @property
    def is_identity_based(self) -> bool:
        """Whether it names no principals, as only the statements of other policies do."""
        return not self.principals and not self.not_principals

    @property
    def has_literal_variables(self) -> bool:
        """Whether it writes ``${...}`` where its document's Version makes plain text of that."""
        return self.version in _WITHOUT_VARIABLES and self.in_current_version() is not self

    def in_current_version(self) -> Statement:
        """The statement as it would be read under ``Version: 2012-10-17``.

        It is the same object where it writes no variables, or where they are variables already.
        """
        if self.version not in _WITHOUT_VARIABLES:
            return self
        changed = self._replace(
            resources=tuple(map(_reread, self.resources)),
            not_resources=tuple(map(_reread, self.not_resources)),
            clauses=tuple(c._replace(values=tuple(map(_reread, c.values))) for c in self.clauses),
        )
        return self if changed == self else changed._replace(version=CURRENT_VERSION)


def _reread(entry: Entry) -> Entry:
    return entry._replace(text=with_variables(entry.text))


def missing_values(*texts: Text) -> tuple[Fact, ...]:
    """The facts that would fill the holes of strings; a hole that all share decides nothing."""
    first, *others = [dict.fromkeys(it for it in t.parts if isinstance(it, Hole)) for t in texts]
    shared = dict.fromkeys(hole for hole in first if all(hole in each for each in others))
    telling = [
        hole for each in (first, *others) for hole in each if not others or hole not in shared
    ]
    return tuple(
        Fact("condition", hole.condition) if hole.condition else Fact("value", hole.name)
        for hole in telling or shared
    )


VARIABLE: Final = "policy variable "
_VARIABLE: Final = lazy_pattern(r"\$\{([^}]*)\}")


def with_variables(text: Text, version: str | None = CURRENT_VERSION) -> Text:
    """Policy variables such as ``${aws:username}`` become holes: only the request fills them.

    So do ``${*}``, ``${?}`` and ``${$}``, which stand for the bare character, whatever is sent.
    ``version`` is that of the document, as in `Statement`: without one, or with the first, all of
    them are plain text; where it is not known, they may be either.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """
    if version in _WITHOUT_VARIABLES:
        return text
    for part in text.parts:
        if isinstance(part, str) and "${" in part:
            return Text.of(*_variable_parts(text, is_known=version == CURRENT_VERSION))
    return text


def _variable_parts(text: Text, *, is_known: bool) -> Iterator[str | Hole]:
    for part in text.parts:
        if isinstance(part, Hole):
            yield part
            continue
        for index, piece in enumerate(_VARIABLE.split(part)):
            if index % 2:
                yield Hole(VARIABLE + piece) if is_known else Hole("Version of the policy", piece)
                continue
            literal, begun, rest = piece.partition("${")
            yield literal
            if begun:  # a variable whose end a hole of ours is to bring
                yield Hole(f"{VARIABLE}{rest} in {text}", text.identity)
                return


# A policy holds no character beyond U+00FF, so these are free to say "a star" and "a question
# mark" in a pattern, where * and ? themselves are wildcards.
# Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
_BARE: Final = str.maketrans({"*": "\ufdd0", "?": "\ufdd1"})
# Whether they are wildcards where the value of a variable brings them, no page of AWS says.
_BROUGHT: Final = str.maketrans({"*": "\ufdd2", "?": "\ufdd3"})
_BROUGHT_TO_BARE: Final = str.maketrans({"\ufdd2": "\ufdd0", "\ufdd3": "\ufdd1"})
_BROUGHT_TO_WILD: Final = str.maketrans({"\ufdd2": "*", "\ufdd3": "?"})
_OURS: Final = lazy_pattern("[\ufdd0-\ufdd3]")
_CHARACTERS: Final = {"$": "$", "*": "*".translate(_BARE), "?": "?".translate(_BARE)}


def matches(
    pattern: Text, target: Text, match: Callable[[Text, Text], bool | None] = match
) -> bool | None:
    """Whether a pattern whose variables are filled matches a string, as ``match`` has it."""
    if not _has_ours(pattern):
        return match(pattern, target)
    bare, asked = _translated(pattern, _BROUGHT_TO_BARE), _translated(target, _BARE)
    verdict = match(bare, asked)
    if verdict is not False or bare == pattern:
        return verdict
    return None if match(_translated(pattern, _BROUGHT_TO_WILD), asked) is not False else False


def equal(wanted: Text, sent: Text) -> bool | None:
    """Whether a string whose variables are filled is the same as another, wildcards and all."""
    if not _has_ours(wanted):
        return wanted.equals(sent)
    bare = _translated(_translated(wanted, _BROUGHT_TO_BARE), _BARE)
    return bare.equals(_translated(sent, _BARE))


def _has_ours(text: Text) -> bool:
    for part in text.parts:
        if isinstance(part, str) and not part.isascii() and _OURS.search(part):
            return True
    return False


def _translated(text: Text, table: Mapping[int, str]) -> Text:
    return Text(tuple(p.translate(table) if isinstance(p, str) else p for p in text.parts))


def filled(entries: Iterable[Entry], context: Mapping[str, tuple[Text, ...]]) -> Iterator[Entry]:
    """Entries with their policy variables filled, without those that nothing can match.

    What has a variable that is not sent, and has no default, matches no resource and is equal to
    no value, in Resource, in NotResource and in a Condition.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value
    """
    for entry in entries:
        if entry.text.literal is not None:
            yield entry
        elif (text := fill_variables(entry.text, context)) is not None:
            yield entry if text is entry.text else entry._replace(text=text)


def fill_variables(text: Text, context: Mapping[str, tuple[Text, ...]]) -> Text | None:
    """A string with its policy variables filled from a request's context.

    ``${*}`` and ``${?}`` become characters of our own, which `matches` and `equal` know, and so do
    the stars and question marks that a value brings.
    A variable that is not sent takes its default (``${aws:PrincipalTag/team, 'none'}``); without
    one, nothing can match, and the answer is None. One of which nothing is known stays a hole, and
    so does a key of several values, which AWS takes for no variable.
    """
    for part in text.parts:
        if isinstance(part, Hole) and part.name.startswith(VARIABLE):
            break
    else:  # as nearly all are
        return text
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
            parts.append(_translated(sent[0], _BROUGHT))
        elif comma:
            parts.append(default.strip().strip("'"))
        else:
            return None
    return (
        Text.of(*parts) if any(a is not b for a, b in zip(parts, text.parts, strict=True)) else text
    )
