"""The evaluator against a naive one, which knows everything: every guess would show."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.amount import examples

from copilot_preflight.base.finding import Place
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam.evaluate import (
    Outcome,
    Request,
    applies,
    covers_action,
    covers_resource,
    evaluate,
)
from copilot_preflight.iam.policy import Clause, Entry, Fact, Principal, Statement

PLACE = Place("t.yml", ())
BUCKET = Hole("Bucket", excludes=":/*?", nonempty=True)
FREE = Hole("Free")
KEY = Hole("Key", excludes="*?", nonempty=True)

FILLS = {
    BUCKET: ["b", "c"],
    FREE: ["", "b", "*", "arn:aws:s3:::b/k", "/k"],
    KEY: ["k", "k/x", "x"],
}
CONDITIONS = ("IsProd", "HasFile")


def entry(*parts: str | Hole, conditions: tuple[str, ...] = ()) -> Entry:
    return Entry(Text.of(*parts), PLACE, conditions)


def statement(
    effect: str, actions: Sequence[str], resources: Sequence[str | Text], **more: object
) -> Statement:
    made = Statement(
        effect,
        PLACE,
        actions=tuple(map(entry, actions)),
        resources=tuple(Entry(Text.of(r), PLACE) for r in resources),
    )
    return made._replace(**more)  # type: ignore[arg-type]


# --- the naive evaluator --------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """One way in which everything may be: hole values, template conditions, open effects."""

    holes: Mapping[Hole, str]
    conditions: Mapping[str, bool]
    effect: str

    def fill(self, text: Text) -> str:
        return "".join(self.holes[part] if isinstance(part, Hole) else part for part in text.parts)

    def has(self, item: Entry | Statement) -> bool:
        return all(self.conditions[name] for name in item.conditions)

    def decide(self, statements: Sequence[Statement], request: Request) -> Outcome:
        effects = {
            found.effect or self.effect
            for found in statements
            if self.has(found) and self.applies(found, request)
        }
        if "Deny" in effects:
            return Outcome.EXPLICIT_DENY
        return Outcome.ALLOWED if "Allow" in effects else Outcome.IMPLICIT_DENY

    def applies(self, found: Statement, request: Request) -> bool:
        action, resource = request.action.lower(), self.fill(request.resource)
        covered = self.any(found.actions, action, str.lower)
        if found.not_actions:
            covered = not self.any(found.not_actions, action, str.lower)
        reached = self.any(found.resources, resource)
        if found.not_resources:
            reached = not self.any(found.not_resources, resource)
        return covered and reached and all(self.holds(clause, request) for clause in found.clauses)

    def any(self, entries: Sequence[Entry], target: str, spell: type[str] | object = str) -> bool:
        assert callable(spell)
        return any(
            wildcards(spell(self.fill(item.text)), target) for item in entries if self.has(item)
        )

    def holds(self, clause: Clause, request: Request) -> bool:
        """StringEquals only: the operators have tests of their own."""
        assert clause.operator == "StringEquals"
        sent = {self.fill(value) for value in request.context[clause.key.lower()]}
        return any(self.fill(v.text) in sent for v in clause.values if self.has(v))


def wildcards(pattern: str, target: str) -> bool:
    special = {"*": ".*", "?": "."}
    written = "".join(special.get(c) or re.escape(c) for c in pattern)
    return re.fullmatch(written, target, re.DOTALL) is not None


def worlds(seed: int, count: int = 40) -> Iterator[World]:
    every = list(
        itertools.product(
            itertools.product(*FILLS.values()),
            itertools.product((True, False), repeat=len(CONDITIONS)),
            ("Allow", "Deny"),
        )
    )
    for fills, outcomes, effect in random.Random(seed).sample(every, count):
        yield World(
            dict(zip(FILLS, fills, strict=True)),
            dict(zip(CONDITIONS, outcomes, strict=True)),
            effect,
        )


# --- strategies -----------------------------------------------------------------------------------

conditional = st.sampled_from([(), (), (), ("IsProd",), ("HasFile",), CONDITIONS])
action_texts = st.sampled_from(
    [("s3:GetObject",), ("S3:getobject",), ("s3:Get*",), ("*",), ("s3:PutObject",), (FREE,)]
)
resource_texts = st.sampled_from(
    [
        ("*",),
        ("arn:aws:s3:::b/k",),
        ("arn:aws:s3:::b/*",),
        ("arn:aws:s3:::b",),
        ("arn:aws:s3:::c/?",),
        ("arn:aws:s3:::", BUCKET, "/*"),
        ("arn:aws:s3:::", BUCKET, "/", KEY),
        ("arn:aws:s3:::b/", FREE),
        (FREE,),
        ("arn:aws:s3:::", BUCKET),
    ]
)
certain_action = st.builds(lambda parts: entry(*parts), action_texts)
certain_resource = st.builds(lambda parts: entry(*parts), resource_texts)
an_action = st.builds(
    lambda parts, names: entry(*parts, conditions=names), action_texts, conditional
)
a_resource = st.builds(
    lambda parts, names: entry(*parts, conditions=names), resource_texts, conditional
)
clause_values = st.lists(
    st.builds(
        lambda parts, names: entry(*parts, conditions=names),
        st.sampled_from([("x",), ("y",), (FREE,), (BUCKET,)]),
        conditional,
    ),
    min_size=1,
    max_size=2,
).map(tuple)
clauses = st.lists(
    st.builds(Clause, st.just("StringEquals"), st.sampled_from(["aws:A", "aws:B"]), clause_values),
    max_size=1,
).map(tuple)


def some(entries: st.SearchStrategy[Entry]) -> st.SearchStrategy[tuple[Entry, ...]]:
    return st.lists(entries, min_size=1, max_size=2).map(tuple)


# A Not element without a certain entry may vanish, and AWS refuses a statement without either.
statements = st.builds(
    lambda effect, acts, reaches, clauses, names: Statement(
        effect, PLACE, **acts, **reaches, clauses=clauses, conditions=names
    ),
    st.sampled_from(["Allow", "Allow", "Deny", ""]),
    st.one_of(
        some(an_action).map(lambda e: {"actions": e}),
        some(certain_action).map(lambda e: {"not_actions": e}),
    ),
    st.one_of(
        some(a_resource).map(lambda e: {"resources": e}),
        some(certain_resource).map(lambda e: {"not_resources": e}),
    ),
    clauses,
    conditional,
)
requests = st.builds(
    lambda action, parts, a, b: Request(
        action, Text.of(*parts), {"aws:a": (Text.of(a),), "aws:b": (Text.of(b),)}
    ),
    st.sampled_from(["s3:GetObject", "s3:PutObject"]),
    st.sampled_from(
        [
            ("arn:aws:s3:::b/k",),
            ("arn:aws:s3:::b",),
            ("arn:aws:s3:::", BUCKET, "/k"),
            ("arn:aws:s3:::", BUCKET, "/", KEY),
            ("arn:aws:s3:::b/", KEY),
        ]
    ),
    st.sampled_from(["x", "y", BUCKET]),
    st.sampled_from(["x", FREE]),
)
policies = st.lists(statements, max_size=4)


# --- properties -----------------------------------------------------------------------------------


@settings(max_examples=examples(600), deadline=None)
@given(policies, requests, st.integers(0, 9))
def test_verdicts_are_proofs(policy: list[Statement], request: Request, seed: int) -> None:
    """Allowed is allowed in every world, denied is denied in every world."""
    outcome = evaluate(policy, request).outcome
    for world in worlds(seed):
        found = world.decide(policy, request)
        if outcome in (Outcome.ALLOWED, Outcome.EXPLICIT_DENY):
            assert found is outcome, world
        elif outcome is Outcome.IMPLICIT_DENY:
            assert found.is_denied, world


@settings(max_examples=examples(300), deadline=None)
@given(policies, requests, st.integers(0, 9))
def test_known_policies_are_decided(policy: list[Statement], request: Request, seed: int) -> None:
    """Where nothing is unknown, the verdict is the naive evaluator's."""
    world = next(worlds(seed))

    def known(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        return tuple(entry(world.fill(e.text)) for e in entries if world.has(e))

    filled = [
        found._replace(
            effect=found.effect or world.effect,
            actions=known(found.actions),
            not_actions=known(found.not_actions),
            resources=known(found.resources),
            not_resources=known(found.not_resources),
            clauses=tuple(c._replace(values=known(c.values)) for c in found.clauses),
            conditions=(),
        )
        for found in policy
        if world.has(found)
    ]
    # AWS refuses a policy with an element of which nothing is left.
    if any(not s.resources + s.not_resources for s in filled):
        return
    if any(not c.values for s in filled for c in s.clauses):
        return
    asked = Request(
        request.action,
        Text.of(world.fill(request.resource)),
        {key: tuple(Text.of(world.fill(v)) for v in sent) for key, sent in request.context.items()},
    )
    assert evaluate(filled, asked).outcome is world.decide(policy, request)


_RANK = {
    Outcome.EXPLICIT_DENY: 0,
    Outcome.IMPLICIT_DENY: 0,
    Outcome.UNDETERMINED: 1,
    Outcome.ALLOWED: 2,
}


@settings(max_examples=examples(300), deadline=None)
@given(policies, statements, requests)
def test_a_deny_never_allows_more(
    policy: list[Statement], more: Statement, request: Request
) -> None:
    """Adding a Deny moves the verdict towards denial, or leaves it."""
    before = evaluate(policy, request).outcome
    after = evaluate([*policy, more._replace(effect="Deny")], request).outcome
    assert _RANK[after] <= _RANK[before]


@settings(max_examples=examples(300), deadline=None)
@given(policies, statements, requests)
def test_an_allow_never_allows_less(
    policy: list[Statement], more: Statement, request: Request
) -> None:
    """Adding an Allow moves the verdict towards access, and never past an explicit Deny."""
    before = evaluate(policy, request).outcome
    after = evaluate([*policy, more._replace(effect="Allow")], request).outcome
    assert _RANK[after] >= _RANK[before]
    if before is Outcome.EXPLICIT_DENY:
        assert after is Outcome.EXPLICIT_DENY


@settings(max_examples=examples(200), deadline=None)
@given(policies, requests, st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(
    policy: list[Statement], request: Request, chance: random.Random
) -> None:
    """Policies are sets of statements."""
    verdict = evaluate(policy, request)
    shuffled = [*policy, *policy]
    chance.shuffle(shuffled)
    again = evaluate(shuffled, request)
    assert again.outcome is verdict.outcome
    assert set(again.facts) == set(verdict.facts)
    assert set(again.deciding) == set(verdict.deciding)


@settings(max_examples=examples(200), deadline=None)
@given(policies, requests)
def test_an_open_verdict_names_what_is_missing(policy: list[Statement], request: Request) -> None:
    """Facts come with UNDETERMINED and with nothing else; statements come with all but silence."""
    verdict = evaluate(policy, request)
    assert bool(verdict.facts) is (verdict.outcome is Outcome.UNDETERMINED)
    assert bool(verdict.deciding) is (verdict.outcome is not Outcome.IMPLICIT_DENY)
    assert set(verdict.deciding) <= set(policy)


# --- single answers -------------------------------------------------------------------------------

READ = Request("s3:GetObject", Text.of("arn:aws:s3:::b/k"))


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        ("s3:GetObject", True),
        ("S3:GETOBJECT", True),
        ("s3:Get*", True),
        ("s3:GetObject?", False),
        ("s3:G?tObject", True),
        ("*", True),
        ("s3:*", True),
        ("s3*", True),
        ("kms:*", False),
        ("s3:PutObject", False),
        ("", False),
    ],
)
def test_actions_are_patterns_without_case(pattern: str, covered: bool) -> None:
    """Action names are compared without case, wildcards and all; NotAction is the opposite."""
    assert covers_action(statement("Allow", [pattern], ["*"]), READ.action).verdict is covered
    inverse = statement("Allow", [], ["*"], not_actions=(entry(pattern),))
    assert covers_action(inverse, READ.action).verdict is not covered


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        ("*", True),
        ("arn:aws:s3:::b/k", True),
        ("arn:aws:s3:::b/*", True),
        ("arn:aws:s3:::b*", True),
        ("arn:*", True),
        ("arn:aws:s3:::B/k", False),
        ("arn:aws:s3:::b", False),
        ("arn:aws:s3:::b/", False),
        ("arn:aws-cn:s3:::b/*", False),
    ],
)
def test_resources_are_patterns_with_case(pattern: str, covered: bool) -> None:
    """ARNs are compared with case; NotResource is the opposite."""
    assert covers_resource(statement("Allow", ["*"], [pattern]), READ).verdict is covered
    inverse = statement("Allow", ["*"], [], not_resources=(entry(pattern),))
    assert covers_resource(inverse, READ).verdict is not covered


def test_a_statement_without_resource_gives_nothing_for_certain() -> None:
    """AWS refuses such a policy: neither access nor denial is proved by it."""
    bare = statement("Allow", ["s3:*"], [])
    assert evaluate([bare], READ).outcome is Outcome.UNDETERMINED
    assert evaluate([bare, statement("Allow", ["s3:*"], ["*"])], READ).outcome is Outcome.ALLOWED


def test_a_statement_without_action_applies_to_nothing() -> None:
    """With neither Action nor NotAction there is no call that it speaks of."""
    assert applies(statement("Allow", [], ["*"]), READ).verdict is False


def test_an_unknown_effect_is_neither() -> None:
    """A statement that may allow or deny leaves the verdict open, unless another one settles it."""
    unknown = statement("", ["*"], ["*"])
    verdict = evaluate([unknown, statement("Allow", ["*"], ["*"])], READ)
    assert verdict.outcome is Outcome.UNDETERMINED
    assert Fact("value", "Effect") in verdict.facts
    denied = evaluate([unknown, statement("Deny", ["*"], ["*"])], READ)
    assert denied.outcome is Outcome.EXPLICIT_DENY


def test_an_open_deny_without_any_allow_is_still_a_denial() -> None:
    """Whether the Deny applies makes no difference where nothing allows the call."""
    maybe = statement("Deny", ["*"], ["*"], conditions=("IsProd",))
    assert evaluate([maybe], READ).outcome is Outcome.IMPLICIT_DENY


def test_why_not_is_told() -> None:
    """A statement that does not apply says which element leaves the call out."""
    assert applies(statement("Allow", ["s3:Put*"], ["*"]), READ).why == (
        "no action covers s3:GetObject"
    )
    assert applies(statement("Allow", ["s3:*"], ["x"]), READ).why == "no resource covers it"
    excluded = statement("Allow", ["s3:*"], [], not_resources=(entry("*"),))
    assert applies(excluded, READ).why == "NotResource leaves it out"


def test_an_action_that_nobody_knows_may_be_any() -> None:
    """What the action is missing stays missing, however certain resource and conditions are."""
    some = statement("Allow", [], ["*"])._replace(actions=(entry(FREE),))
    found = evaluate([some], Request("s3:GetObject", Text.of("arn:aws:s3:::b/k")))
    assert (found.outcome, found.facts) == (Outcome.UNDETERMINED, (Fact("value", "Free"),))
    perhaps = statement("Allow", [], ["*"])._replace(
        actions=(entry("s3:*", conditions=("IsProd",)),)
    )
    found = evaluate([perhaps], Request("s3:GetObject", Text.of("arn:aws:s3:::b/k")))
    assert (found.outcome, found.facts) == (Outcome.UNDETERMINED, (Fact("condition", "IsProd"),))


def test_only_a_trust_policy_needs_no_resource() -> None:
    """AWS refuses any other policy without one; nothing is known of what it would grant."""
    principal = (Principal("AWS", entry("*")),)
    for action, principals, verdict in (
        ("sts:AssumeRole", principal, True),
        ("STS:AssumeRole", principal, True),
        ("sts:AssumeRole", (), None),
        ("s3:GetObject", principal, None),
        ("s3:GetObject", (), None),
    ):
        bare = statement("Allow", ["*"], [], principals=principals)
        assert covers_resource(bare, Request(action, Text.of("x"))).verdict is verdict
