"""Condition blocks: every operator, over a context of which only a part is known.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.symbolic import Text
from copilot_preflight.base.three_valued import all_of, any_of
from copilot_preflight.iam.policy import (
    Clause,
    Entry,
    Fact,
    Match,
    equal,
    filled,
    matches,
    missing_values,
)

if TYPE_CHECKING:
    from decimal import Decimal

Compare = Callable[[Text, Text], "bool | None"]
"""(value in the policy, value in the request) -> whether they agree."""


def hold(clauses: Iterable[Clause], context: Mapping[str, tuple[Text, ...]]) -> Match:
    """Whether all clauses hold. An empty tuple in ``context`` says that the key is not sent."""
    return all_hold((_filled(clause, context) for clause in clauses), context)


def all_hold(tests: Iterable[Test], context: Mapping[str, tuple[Text, ...]]) -> Match:
    """The same of clauses that were read before."""
    facts: list[Fact] = []
    for test in tests:
        answer = test.holds(context.get(test.key))
        if answer.verdict is False:
            return answer
        facts += answer.facts
    return Match(None, tuple(facts)) if facts else _HOLDS


def _filled(clause: Clause, context: Mapping[str, tuple[Text, ...]]) -> Test:
    """A clause with its policy variables filled, where its operator is one that takes them.

    Strings and ARNs do. Numbers, dates, addresses, binary values and Null do not; of Bool, one
    page of AWS says that it does and another that it does not.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-wheretouse
    """
    takes_variables = _parts(clause.operator)[0].startswith(("string", "arn"))
    if not takes_variables or all(value.text.literal is not None for value in clause.values):
        return Test(clause)
    return Test(clause, tuple(filled(clause.values, context)))


class Test:
    """One clause, its operator taken apart, for as many requests as there are.

    ``values`` are its values with their variables filled; there may be none left.
    """

    __slots__ = (
        "_answered",
        "_clause",
        "_compare",
        "_if_exists",
        "_name",
        "_negated",
        "_quantifier",
        "_values",
        "key",
    )

    def __init__(self, clause: Clause, values: tuple[Entry, ...] | None = None) -> None:
        self.key: Final = clause.key.lower()
        self._clause = clause
        self._values = clause.values if values is None else values
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
        undecided = tuple(Fact("condition", c) for value in self._values for c in value.conditions)
        if undecided:
            return Match(None, undecided)
        if sent is None or not clause.values or (quantifier and quantifier not in _QUANTIFIERS):
            return _unknown(clause)
        if self._name == "null" and not self._if_exists and not quantifier:
            return _null(clause, sent) or _unknown(clause)
        if self._compare is None:
            return _unknown(clause)
        if not sent:
            absent = _when_absent(quantifier, if_exists=self._if_exists, negated=self._negated)
            return _unknown(clause) if absent is None else _answer(absent, clause)
        answers = [_one(self._compare, self._values, value, self._negated) for value in sent]
        if quantifier:
            verdict = _QUANTIFIERS[quantifier](answers)
        else:
            verdict = _without_quantifier(answers, sent, negated=self._negated)
        if verdict is None:
            return _unknown(clause, self._missing(sent))
        return _answer(verdict, clause)

    def _missing(self, sent: tuple[Text, ...]) -> tuple[Fact, ...]:
        return missing_values(*(value.text for value in self._values), *sent)


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


def _parts(operator: str) -> tuple[str, str, bool]:
    """``ForAnyValue:StringLikeIfExists`` -> (``stringlike``, ``foranyvalue``, True)."""
    quantifier, _, name = operator.lower().rpartition(":")
    return name.removesuffix("ifexists"), quantifier, name.endswith("ifexists")


def _one(compare: Compare, values: tuple[Entry, ...], sent: Text, negated: bool) -> bool | None:
    """Whether one value of the request agrees with some (negated: with none) of the policy's."""
    verdict = any_of([compare(value.text, sent) for value in values])
    return verdict if verdict is None or not negated else not verdict


def _without_quantifier(
    answers: list[bool | None], sent: tuple[Text, ...], *, negated: bool
) -> bool | None:
    """An operator without quantifier, which is for a single value.

    AWS says that a key of several needs a quantifier, and not what comes of one that has none;
    but where no value is like the policy's, nothing can make a match of them.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    """
    if len(set(sent)) == 1:
        return answers[0]
    return False if not negated and set(answers) == {False} else None


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


def _truth(wanted: Text, sent: Text) -> bool | None:
    """Whether two Boolean values agree; what is neither true nor false, AWS does not know."""
    if wanted.literal is None or sent.literal is None:
        return None
    one, other = wanted.literal.lower(), sent.literal.lower()
    return one == other if {one, other} <= {"true", "false"} else None


def _ordered(read: Callable[[str], Decimal], holds: Callable[[Decimal, Decimal], bool]) -> Compare:
    def compare(wanted: Text, sent: Text) -> bool | None:
        if wanted.literal is None or sent.literal is None:
            return None
        try:
            return holds(read(sent.literal), read(wanted.literal))
        except ValueError:
            return None

    return compare


_NUMBER: Final = lazy_pattern(r"-?[0-9]+(?:\.[0-9]+)?")
_DATE: Final = lazy_pattern(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:T(?P<minute>[0-9]{2}:[0-9]{2})(?::(?P<second>[0-9]{2})(?P<fraction>\.[0-9]+)?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2}))?"
)


def _number(value: str) -> Decimal:
    """An integer or a decimal number, the two that AWS names. Raises ValueError."""
    from decimal import Decimal

    if not _NUMBER.fullmatch(value):
        raise ValueError(value)
    return Decimal(value)


def _seconds(value: str) -> Decimal:
    """A date as IAM takes it: a day or a moment in W3C's form, or seconds since the epoch.

    Four digits are both, seconds and a year: AWS does not say which. Raises ValueError.
    Source: https://www.w3.org/TR/NOTE-datetime
    """
    from datetime import datetime
    from decimal import Decimal

    if len(value) != 4 and _NUMBER.fullmatch(value):
        return Decimal(value)
    found = _DATE.fullmatch(value)
    if found is None:
        raise ValueError(value)
    zone = (found["zone"] or "Z").replace("Z", "+00:00")
    clock = f"{found['minute'] or '00:00'}:{found['second'] or '00'}"
    moment = datetime.fromisoformat(f"{found['day']}T{clock}{zone}")
    return Decimal(round(moment.timestamp())) + Decimal(found["fraction"] or 0)


def _in_network(wanted: Text, sent: Text) -> bool | None:
    """Whether an address lies in a range; one without a prefix is a range of a single address.

    AWS's page gives such an address the prefix /32, of version 6 too, where that is a wide range:
    the answer stands only where it is the same for both.
    """
    from ipaddress import ip_address, ip_network

    if wanted.literal is None or sent.literal is None:
        return None
    base, slash, prefix = wanted.literal.partition("/")
    if slash and not (prefix.isascii() and prefix.isdigit()):
        return None
    try:
        address = ip_address(sent.literal)
        verdict = address in ip_network(wanted.literal, strict=False)
        if not slash and (address in ip_network(f"{base}/32", strict=False)) is not verdict:
            return None
    except ValueError:
        return None
    return verdict


def _orders(prefix: str, read: Callable[[str], Decimal]) -> dict[str, Compare]:
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
    "bool": _truth,
    "binaryequals": _equal,
    "ipaddress": _in_network,
    **_orders("numeric", _number),
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
    "foranyvalue": any_of,
    "forallvalues": all_of,
}
