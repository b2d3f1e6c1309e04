"""Condition blocks: every operator, over a context of which only a part is known.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from copilot_preflight.iam.policy import Clause, Entry, Fact, Match, missing_values
from copilot_preflight.logic import all_of, any_of
from copilot_preflight.text import Text, match

Compare = Callable[[Text, Text], "bool | None"]
"""(value in the policy, value in the request) -> whether they agree."""


def hold(clauses: Iterable[Clause], context: Mapping[str, tuple[Text, ...]]) -> Match:
    """Whether all clauses hold. An empty tuple in ``context`` says that the key is not sent."""
    facts: list[Fact] = []
    for clause in clauses:
        answer = _holds(clause, context.get(clause.key.lower()))
        if answer.verdict is False:
            return answer
        facts += answer.facts
    return Match(None, tuple(facts)) if facts else Match(True)


def _holds(clause: Clause, sent: tuple[Text, ...] | None) -> Match:
    unknown = Match(None, (Fact("context", clause.key),))
    undecided = tuple(Fact("condition", c) for value in clause.values for c in value.conditions)
    if undecided:
        return Match(None, undecided)
    name, quantifier, if_exists = _parts(clause.operator)
    if sent is None or not clause.values or quantifier not in _QUANTIFIERS:
        return unknown
    if name == "null" and not if_exists and not quantifier:
        return _null(clause, sent) or unknown
    positive = _NEGATED.get(name, name)
    negated = positive != name
    compare = _COMPARE.get(positive)
    if compare is None:
        return unknown
    if not sent:
        absent = _when_absent(quantifier, if_exists=if_exists, negated=negated)
        return unknown if absent is None else _answer(absent, clause)
    answers = [_one(compare, clause.values, value, negated) for value in sent]
    verdict = _QUANTIFIERS[quantifier](answers)
    if verdict is None:
        return Match(None, _missing(clause, sent) or unknown.facts)
    return _answer(verdict, clause)


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
    return Match(verdict, why="" if verdict else f"{clause.operator} {clause.key} does not hold")


# --- comparisons -----------------------------------------------------------------------------


def _equal(wanted: Text, sent: Text) -> bool | None:
    return wanted.equals(sent)


def _equal_ignoring_case(wanted: Text, sent: Text) -> bool | None:
    return wanted.lower().equals(sent.lower())


def _arn_like(wanted: Text, sent: Text) -> bool | None:
    """Matches each of the six parts by itself: a wildcard does not span the colons."""
    verdict = match(wanted, sent)
    if not verdict or wanted == sent:
        return verdict
    patterns, arns = wanted.split(":", 5), sent.split(":", 5)
    if not (patterns.complete and arns.complete and len(patterns.items) == len(arns.items) == 6):
        return None
    return all_of([match(*pair) for pair in zip(patterns.items, arns.items, strict=True)])


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
    "stringlike": match,
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
