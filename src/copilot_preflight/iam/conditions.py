"""Condition blocks: every operator, over a context of which only a part is known.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from copilot_preflight.base.symbolic import Text
from copilot_preflight.base.three_valued import all_of, any_of
from copilot_preflight.iam.policy import Clause, Entry, Fact, Match, equal, matches, missing_values

Compare = Callable[[Text, Text], "bool | None"]
"""(value in the policy, value in the request) -> whether they agree."""


def hold(clauses: Iterable[Clause], context: Mapping[str, tuple[Text, ...]]) -> Match:
    """Whether all clauses hold. An empty tuple in ``context`` says that the key is not sent."""
    return all_hold(map(Test, clauses), context)


def all_hold(tests: Iterable[Test], context: Mapping[str, tuple[Text, ...]]) -> Match:
    """The same of clauses that were read before."""
    facts: list[Fact] = []
    for test in tests:
        answer = test.holds(context.get(test.key))
        if answer.verdict is False:
            return answer
        facts += answer.facts
    return Match(None, tuple(facts)) if facts else _HOLDS


class Test:
    """One clause, its operator taken apart, for as many requests as there are."""

    __slots__ = (
        "_answered",
        "_clause",
        "_compare",
        "_if_exists",
        "_name",
        "_negated",
        "_quantifier",
        "key",
    )

    def __init__(self, clause: Clause) -> None:
        self.key: Final = clause.key.lower()
        self._clause = clause
        self._name, self._quantifier, self._if_exists = _parts(clause.operator)
        positive = _NEGATED.get(self._name, self._name)
        self._negated = positive != self._name
        self._compare = _COMPARE.get(positive)
        self._answered: tuple[tuple[Text, ...] | None, Match] | None = None

    def holds(self, sent: tuple[Text, ...] | None) -> Match:
        """Whether the clause holds of the values of its key; None: they are not known."""
        # One context often serves many requests: it is compared once.
        if self._answered is None or self._answered[0] is not sent:
            self._answered = sent, self._holds(sent)
        return self._answered[1]

    def _holds(self, sent: tuple[Text, ...] | None) -> Match:
        clause, quantifier = self._clause, self._quantifier
        undecided = tuple(Fact("condition", c) for value in clause.values for c in value.conditions)
        if undecided:
            return Match(None, undecided)
        if sent is None or not clause.values or quantifier not in _QUANTIFIERS:
            return _unknown(clause)
        if self._name == "null" and not self._if_exists and not quantifier:
            return _null(clause, sent) or _unknown(clause)
        if self._compare is None:
            return _unknown(clause)
        if not sent:
            absent = _when_absent(quantifier, if_exists=self._if_exists, negated=self._negated)
            return _unknown(clause) if absent is None else _answer(absent, clause)
        answers = [_one(self._compare, clause.values, value, self._negated) for value in sent]
        verdict = _QUANTIFIERS[quantifier](answers)
        if verdict is None:
            return _unknown(clause, _missing(clause, sent))
        return _answer(verdict, clause)


_HOLDS: Final = Match(True)


def _unknown(clause: Clause, missing: tuple[Fact, ...] = ()) -> Match:
    return Match(None, missing or (Fact("context", clause.key),))


def _null(clause: Clause, sent: tuple[Text, ...]) -> Match | None:
    """``true`` asks for a key that is not sent, ``false`` for one that is."""
    wanted = {(value.text.literal or "").lower() for value in clause.values}
    if not wanted <= {"true", "false"}:
        return None
    return _answer(("true" if not sent else "false") in wanted, clause)


def _when_absent(quantifier: str, *, if_exists: bool, negated: bool) -> bool | None:
    """The answer for a key that is not sent.

    AWS says that ``...IfExists`` is then true and that ``ForAnyValue`` is then false, and not
    which of the two wins.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    """
    if quantifier == "foranyvalue":
        return None if if_exists else False
    return quantifier == "forallvalues" or if_exists or negated


def _missing(clause: Clause, sent: tuple[Text, ...]) -> tuple[Fact, ...]:
    return missing_values(*(value.text for value in clause.values), *sent)


def _parts(operator: str) -> tuple[str, str, bool]:
    """``ForAnyValue:StringLikeIfExists`` -> (``stringlike``, ``foranyvalue``, True)."""
    quantifier, _, name = operator.lower().rpartition(":")
    return name.removesuffix("ifexists"), quantifier, name.endswith("ifexists")


def _one(compare: Compare, values: tuple[Entry, ...], sent: Text, negated: bool) -> bool | None:
    """Whether one value of the request agrees with some (negated: with none) of the policy's."""
    verdict = any_of([compare(value.text, sent) for value in values])
    return verdict if verdict is None or not negated else not verdict


def _same(answers: list[bool | None]) -> bool | None:
    """An operator without quantifier is for a single value; AWS does not say what several do."""
    return answers[0] if len(set(answers)) == 1 else None


def _answer(verdict: bool, clause: Clause) -> Match:
    if verdict:
        return _HOLDS
    return Match(False, why=f"{clause.operator} {clause.key} does not hold")


# --- comparisons -----------------------------------------------------------------------------


def _equal(wanted: Text, sent: Text) -> bool | None:
    return equal(wanted, sent)


def _equal_ignoring_case(wanted: Text, sent: Text) -> bool | None:
    return equal(wanted.lower(), sent.lower())


def _arn_like(wanted: Text, sent: Text) -> bool | None:
    """Matches each of the six parts by itself: a wildcard does not span the colons."""
    verdict = matches(wanted, sent)
    if verdict is False or wanted == sent:
        return verdict
    patterns, arns = wanted.split(":", 5), sent.split(":", 5)
    if not (patterns.complete and arns.complete and len(patterns.items) == len(arns.items) == 6):
        return None
    return all_of([matches(*pair) for pair in zip(patterns.items, arns.items, strict=True)])


def _ordered(read: Callable[[str], float], holds: Callable[[float, float], bool]) -> Compare:
    def compare(wanted: Text, sent: Text) -> bool | None:
        if wanted.literal is None or sent.literal is None:
            return None
        try:
            return holds(read(sent.literal), read(wanted.literal))
        except ValueError:
            return None

    return compare


def _seconds(value: str) -> float:
    """A date as IAM takes it, ISO 8601 or seconds since the epoch."""
    from datetime import datetime, timezone

    try:
        return float(value)
    except ValueError:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return moment.replace(tzinfo=moment.tzinfo or timezone.utc).timestamp()


def _in_network(wanted: Text, sent: Text) -> bool | None:
    from ipaddress import ip_address, ip_network

    if wanted.literal is None or sent.literal is None:
        return None
    try:
        return ip_address(sent.literal) in ip_network(wanted.literal, strict=False)
    except ValueError:
        return None


def _orders(prefix: str, read: Callable[[str], float]) -> dict[str, Compare]:
    return {
        f"{prefix}equals": _ordered(read, lambda a, b: a == b),
        f"{prefix}lessthan": _ordered(read, lambda a, b: a < b),
        f"{prefix}lessthanequals": _ordered(read, lambda a, b: a <= b),
        f"{prefix}greaterthan": _ordered(read, lambda a, b: a > b),
        f"{prefix}greaterthanequals": _ordered(read, lambda a, b: a >= b),
    }


_COMPARE: Final[dict[str, Compare]] = {
    "stringequals": _equal,
    "stringequalsignorecase": _equal_ignoring_case,
    "stringlike": matches,
    "arnequals": _arn_like,  # AWS: ArnEquals and ArnLike behave identically
    "arnlike": _arn_like,
    "bool": _equal_ignoring_case,
    "binaryequals": _equal,
    "ipaddress": _in_network,
    **_orders("numeric", float),
    **_orders("date", _seconds),
}

_NEGATED: Final = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "notipaddress": "ipaddress",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
}

_QUANTIFIERS: Final[dict[str, Callable[[list[bool | None]], bool | None]]] = {
    "": _same,
    "foranyvalue": any_of,
    "forallvalues": all_of,
}
