"""How layers of policy work together: what can be added without a surprise, and what is open."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.amount import examples
from tests.iam.evaluation_cases import (
    HERE,
    OBJECT,
    ROLE,
    ROOT,
    SESSION,
    THERE,
    USER,
    Statement,
    allow,
    aws,
    deny,
    when,
)

from copilot_preflight.base.finding import Place
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam import layers, policy
from copilot_preflight.iam.evaluate import Outcome, Request
from copilot_preflight.iam.layers import Layer, Policies, PolicySet, Ruling, decide
from copilot_preflight.iam.policy import Entry, Fact
from copilot_preflight.iam.principals import Caller
from copilot_preflight.read.document import parse
from copilot_preflight.simulator.simulate import caller_of, policy_set

_RANK = {
    Outcome.EXPLICIT_DENY: 0,
    Outcome.IMPLICIT_DENY: 0,
    Outcome.UNDETERMINED: 1,
    Outcome.ALLOWED: 2,
}
_CEILINGS = ("boundary", "session", "endpoint", "scps", "rcps")
_LEVELS = ("scps", "rcps")
_LAYERS = ("identity", "resource", "boundary", "session", "endpoint")
_EVERY = (*_LAYERS, *_LEVELS)


def read(*statements: Statement) -> PolicySet:
    return policy_set(parse(json.dumps({"Statement": list(statements)}), "p.json"))


_ELEMENTS: list[dict[str, Any]] = [
    {},
    {"Action": "s3:Get*"},
    {"Action": "s3:Put*"},
    {"NotAction": "s3:*"},
    {"Resource": "arn:aws:s3:::b/*"},
    {"Resource": "arn:aws:s3:::c/*"},
    {"NotResource": "arn:aws:s3:::c/*"},
    when("Bool", "aws:SecureTransport", "true"),
    when("StringEquals", "aws:Unknown", "x"),
]
_NAMES: list[dict[str, Any]] = [
    aws(name) for name in ("*", ROLE, SESSION, USER, ROOT, THERE, ROLE + "2")
]
_STATEMENTS = [
    read(make(**elements)).statements[0] for make in (allow, allow, deny) for elements in _ELEMENTS
]
_NAMING = [
    read(make(**elements, **names)).statements[0]
    for make in (allow, deny)
    for elements in _ELEMENTS
    for names in _NAMES
] + [read(deny(NotPrincipal={"AWS": names})).statements[0] for names in ([ROLE], [ROLE, ROOT])]

sets = st.builds(PolicySet, st.lists(st.sampled_from(_STATEMENTS), max_size=3).map(tuple))
naming_sets = st.builds(PolicySet, st.lists(st.sampled_from(_NAMING), max_size=3).map(tuple))
policies = st.builds(
    Policies,
    identity=sets,
    resource=st.none() | naming_sets,
    boundary=st.none() | sets,
    session=st.none() | sets,
    scps=st.lists(sets, max_size=2).map(tuple),
    rcps=st.lists(naming_sets, max_size=2).map(tuple),
    endpoint=st.none() | naming_sets,
    owner=st.sampled_from([None, Text.of(HERE), Text.of(THERE), Text.of(Hole("Account"))]),
    resource_must_allow=st.booleans(),
)
callers = st.sampled_from([ROLE, SESSION, USER, "ecs-tasks.amazonaws.com"]).map(caller_of)
READ = Request("s3:GetObject", Text.of(OBJECT), {"aws:securetransport": (Text.of("true"),)})


def ruled(found: Policies, caller: Any) -> Ruling:
    return decide(found, READ, caller)


def changed(found: Policies, **layers: Any) -> Policies:
    return found._replace(**layers)


def has(found: Policies, layer: str) -> bool:
    return getattr(found, layer) not in (None, ())


def with_statement(found: Policies, layer: str, added: policy.Statement) -> Policies:
    """With one more statement in a layer that there is; of several levels, in the first."""
    before = getattr(found, layer)
    if layer not in _LEVELS:
        return changed(found, **{layer: more(before, added)})
    return changed(found, **{layer: (more(before[0], added), *before[1:])})


def more(before: PolicySet, added: policy.Statement) -> PolicySet:
    return PolicySet((*before.statements, added), before.unread)


@settings(max_examples=examples(100), deadline=None)
@given(policies, callers, st.sampled_from(_EVERY), st.sampled_from(_NAMING))
def test_a_deny_never_allows_more(
    found: Policies, caller: Any, layer: str, added: policy.Statement
) -> None:
    """A Deny that is added to a layer moves the decision towards denial, or leaves it."""
    if not has(found, layer):
        return  # a layer that begins to exist is a ceiling: another test
    after = with_statement(found, layer, added._replace(effect="Deny"))
    assert _RANK[ruled(after, caller).outcome] <= _RANK[ruled(found, caller).outcome]


@settings(max_examples=examples(100), deadline=None)
@given(policies, callers, st.sampled_from(_EVERY), st.sampled_from(_NAMING))
def test_an_allow_never_allows_less(
    found: Policies, caller: Any, layer: str, added: policy.Statement
) -> None:
    """An Allow that is added to a layer moves the decision towards access, never past a Deny."""
    if not has(found, layer) or added.not_principals:
        return
    before = ruled(found, caller).outcome
    after = ruled(with_statement(found, layer, added._replace(effect="Allow")), caller).outcome
    assert _RANK[after] >= _RANK[before]
    if before is Outcome.EXPLICIT_DENY:
        assert after is before


@settings(max_examples=examples(100), deadline=None)
@given(policies, callers, st.sampled_from(_CEILINGS), sets, naming_sets)
def test_a_ceiling_never_allows_more(
    found: Policies, caller: Any, layer: str, plain: PolicySet, naming: PolicySet
) -> None:
    """A layer that begins to exist, or a level of the organization, limits and never grants."""
    if layer in ("scps", "rcps"):
        more = changed(found, **{layer: (*getattr(found, layer), plain)})
    else:
        bare = changed(found, **{layer: None})
        found = bare
        more = changed(bare, **{layer: naming if layer == "endpoint" else plain})
    assert _RANK[ruled(more, caller).outcome] <= _RANK[ruled(found, caller).outcome]


@settings(max_examples=examples(100), deadline=None)
@given(policies, callers, st.randoms(use_true_random=False))
def test_order_never_matters(found: Policies, caller: Any, chance: random.Random) -> None:
    """Neither the order of statements nor that of levels changes the decision."""

    def shuffled(given: PolicySet | None) -> PolicySet | None:
        if given is None:
            return None
        return PolicySet(tuple(chance.sample(given.statements, len(given.statements))))

    other = changed(
        found,
        **{layer: shuffled(getattr(found, layer)) for layer in _LAYERS},
        **{
            layer: tuple(chance.sample([shuffled(level) for level in levels], len(levels)))
            for layer, levels in (("scps", found.scps), ("rcps", found.rcps))
        },
    )
    one, two = ruled(found, caller), ruled(other, caller)
    assert (one.outcome, one.layer) == (two.outcome, two.layer)
    assert set(one.deciding) == set(two.deciding)
    assert set(one.facts) == set(two.facts)


@settings(max_examples=examples(100), deadline=None)
@given(policies, callers)
def test_what_is_open_names_what_is_missing(found: Policies, caller: Any) -> None:
    """Facts come with an open decision and with no other; every denial names its layer."""
    ruling = ruled(found, caller)
    assert bool(ruling.facts) is (ruling.outcome is Outcome.UNDETERMINED)
    assert (ruling.layer is None) is (ruling.outcome is Outcome.ALLOWED)


# --- single answers -------------------------------------------------------------------------------


def test_a_policy_that_cannot_be_read_leaves_its_layer_open() -> None:
    """A boundary outside the run neither allows nor denies for certain."""
    missing = Fact("document", "managed policy limits")
    found = Policies(read(allow()), boundary=PolicySet(unread=(missing,)))
    ruling = ruled(found, caller_of(ROLE))
    assert (ruling.outcome, ruling.layer) == (Outcome.UNDETERMINED, Layer.BOUNDARY)
    assert ruling.facts == (missing,)


def test_a_deny_for_a_session_of_the_role_may_be_for_the_caller() -> None:
    """Where the session is not known, a statement that names one of the role's is open."""
    found = Policies(read(allow()), resource=read(deny(**aws(SESSION))))
    assert ruled(found, caller_of(ROLE)).outcome is Outcome.UNDETERMINED
    other = Policies(read(allow()), resource=read(deny(**aws(SESSION.replace("app", "api")))))
    assert ruled(other, caller_of(ROLE)).outcome is Outcome.ALLOWED


def test_a_session_is_of_its_role_whatever_the_path() -> None:
    """Names of roles are unique in an account: a session's ARN without the path will do."""
    named = read(allow(**aws(f"arn:aws:iam::{HERE}:role/copilot/app")))
    assert ruled(Policies(resource=named), caller_of(SESSION)).outcome is Outcome.ALLOWED


def test_principals_that_may_be_anyone_are_open() -> None:
    """A unique id, a name behind a parameter and a missing Principal decide nothing."""
    unknown = (
        read(allow(**aws(ROLE)))
        .statements[0]
        ._replace(
            principals=(policy.Principal("AWS", Entry(Text.of(Hole("Who")), Place("p.json", ()))),),
        )
    )
    for resource in (
        read(allow(**aws("AROAEXAMPLEID"))),
        read(allow()),
        read(allow(NotPrincipal={"AWS": [THERE]})),
        PolicySet((unknown,)),
    ):
        ruling = ruled(Policies(resource=resource), caller_of(ROLE))
        assert ruling.outcome is Outcome.UNDETERMINED
        assert ruling.facts


def test_everyone_leaves_open_whether_a_boundary_limits() -> None:
    """AWS says what limits a grant to everyone with aws:PrincipalArn, and not without."""
    found = Policies(resource=read(allow(**aws("*"))), boundary=read(allow(Action="sns:*")))
    ruling = ruled(found, caller_of(ROLE))
    assert ruling.outcome is Outcome.UNDETERMINED
    assert ruling.facts == (Fact("value", "Principal"),)


def test_unknown_accounts_are_named() -> None:
    """Where only the account of the resource is missing, that is what is said."""
    found = Policies(read(allow()), owner=Text.of(Hole("Account")))
    ruling = ruled(found, caller_of(ROLE))
    assert ruling.outcome is Outcome.UNDETERMINED
    assert [fact.name for fact in ruling.facts] == ["the accounts of the caller and the resource"]


# --- what a ruling tells --------------------------------------------------------------------------


def test_only_the_layer_that_denies_is_cited() -> None:
    """A Deny of the organization comes first, and the role's own is none of its statements."""
    limit, own = read(deny()), read(allow(), deny(Action="s3:*"))
    ruling = ruled(Policies(own, scps=(limit, read(allow()))), caller_of(ROLE))
    assert (ruling.outcome, ruling.layer) == (Outcome.EXPLICIT_DENY, Layer.SCP)
    assert ruling.deciding == limit.statements
    assert ruled(Policies(own), caller_of(ROLE)).deciding == own.statements[1:]


def test_every_level_that_denies_is_cited() -> None:
    """Levels of one layer are told together."""
    one, two = read(allow(), deny()), read(allow(), deny(Action="s3:*"))
    ruling = ruled(Policies(read(allow()), scps=(one, two)), caller_of(ROLE))
    assert ruling.deciding == (one.statements[1], two.statements[1])


def test_a_set_of_policies_answers_for_each_action_anew() -> None:
    """One set serves all calls of a role; each of its statements is heard once in each."""
    own = read(allow(Action="s3:Get*"), deny(Action="s3:Put*"))
    for _ in range(2):
        for action, expected in (
            ("s3:GetObject", (Outcome.ALLOWED, own.statements[:1])),
            ("s3:PutObject", (Outcome.EXPLICIT_DENY, own.statements[1:])),
            ("s3:DeleteObject", (Outcome.IMPLICIT_DENY, ())),
        ):
            ruling = decide(Policies(own), READ._replace(action=action), caller_of(ROLE))
            assert (ruling.outcome, ruling.deciding) == expected


def test_only_what_is_missing_in_open_layers_is_named() -> None:
    """A boundary that allows for certain has nothing to ask, whatever else stands in it."""
    unknown = when("StringEquals", "aws:Unknown", "x")
    other = when("StringEquals", "aws:Other", "x")
    boundary = read(allow(), allow(**other))
    ruling = ruled(Policies(read(allow(**unknown)), boundary=boundary), caller_of(ROLE))
    assert (ruling.outcome, ruling.layer) == (Outcome.UNDETERMINED, Layer.IDENTITY)
    assert ruling.facts == (Fact("context", "aws:Unknown"),)


_DOUBTED = [
    *(it._replace(conditions=("HasFile",)) for it in _STATEMENTS),
    *(it._replace(conditions=("IsProd",)) for it in _STATEMENTS[::3]),
]


@settings(max_examples=examples(300), deadline=None)
@given(
    policies,
    callers,
    st.lists(st.sampled_from(_STATEMENTS) | st.sampled_from(_DOUBTED), max_size=5).map(tuple),
)
def test_what_may_allow_too_makes_no_difference(
    found: Policies, caller: Any, own: tuple[policy.Statement, ...]
) -> None:
    """A certain Allow is enough, and where it is not, all that is missing is named in order."""
    found = found._replace(identity=PolicySet(own))
    ruling, whole = ruled(found, caller), layers._decide(found, READ, caller)
    assert ruling._replace(voices=()) == whole._replace(voices=())
    for (layer, brief), (other, voice) in zip(ruling.voices, whole.voices, strict=True):
        assert layer is other
        assert brief._replace(facts=()) == voice._replace(facts=())


def test_the_first_of_several_open_layers_is_named() -> None:
    """In AWS's order; all that is missing is told, each once."""
    one, two = (Fact("document", name) for name in ("one", "two"))
    open_ones = PolicySet(unread=(one,)), PolicySet(unread=(two, one))
    found = Policies(read(allow()), boundary=open_ones[1], scps=open_ones[:1])
    ruling = ruled(found, caller_of(ROLE))
    assert (ruling.outcome, ruling.layer) == (Outcome.UNDETERMINED, Layer.SCP)
    assert ruling.facts == (one, two)


def test_who_calls_is_told_whatever_an_rcp_leaves_out() -> None:
    """RCPFullAWSAccess, which nobody can detach, allows next to every other RCP."""
    asked = Request("sts:GetCallerIdentity", Text.of("*"))

    def asking(**layers: Any) -> Ruling:
        return decide(Policies(read(deny()), **layers), asked, caller_of(ROLE))

    silent = read(allow(Action="s3:*"))
    assert asking(rcps=(silent,)).outcome is Outcome.ALLOWED
    for layer, of_it in (("scps", (silent,)), ("endpoint", silent), ("rcps", (read(deny()),))):
        ruling = asking(**{layer: of_it})
        assert ruling.outcome is Outcome.UNDETERMINED
        assert [fact.kind for fact in ruling.facts] == ["document"]
        assert "policy as AWS applies it" in ruling.facts[0].name
    assert asking(boundary=read(deny()), session=read(deny())).outcome is Outcome.ALLOWED


def test_a_role_that_may_be_service_linked_is_asked_for_its_path() -> None:
    """Its SCP is open, and so is a Deny in it: what decides is the role's path."""
    caller = Caller(Text.of("arn:aws:iam::", HERE, ":role/", Hole("Path"), "app"))
    for level in (read(deny()), read(allow(Action="sns:*"))):
        ruling = ruled(Policies(read(allow()), scps=(level,)), caller)
        assert (ruling.outcome, ruling.layer) == (Outcome.UNDETERMINED, Layer.SCP)
        assert ruling.facts == (Fact("value", "the path of the role"),)
        assert not ruling.deciding
    allowed = ruled(Policies(read(allow()), scps=(read(allow()),)), caller)
    assert (allowed.outcome, allowed.facts) == (Outcome.ALLOWED, ())


def test_an_effect_that_nobody_knows_is_neither() -> None:
    """A parameter may make it Allow or Deny: it grants nothing and forbids nothing for certain."""
    (statement,) = read(allow()).statements
    either = PolicySet((statement._replace(effect=""),))
    for own in (either, PolicySet((statement, *either.statements))):
        ruling = ruled(Policies(own), caller_of(ROLE))
        assert ruling.outcome is Outcome.UNDETERMINED
        assert ruling.facts == (Fact("value", "Effect"),)
    assert ruled(Policies(read(deny(), allow())), caller_of(ROLE)).outcome is not Outcome.ALLOWED
    limited = Policies(read(allow(Action="sns:*")), boundary=either)
    assert ruled(limited, caller_of(ROLE)).outcome is Outcome.IMPLICIT_DENY


def test_a_deny_that_may_apply_is_no_allow_that_may() -> None:
    """Where nothing allows, the call is denied, whatever else may forbid it."""
    perhaps = deny(**when("StringEquals", "aws:Unknown", "x"))
    assert ruled(Policies(read(perhaps)), caller_of(ROLE)).outcome is Outcome.IMPLICIT_DENY
    limited = Policies(read(allow()), boundary=read(perhaps))
    assert ruled(limited, caller_of(ROLE)).outcome is Outcome.IMPLICIT_DENY


def test_a_deny_for_someone_else_hides_no_allow() -> None:
    """Each statement of a policy is heard, whatever those before it say of others."""
    known = when("Bool", "aws:SecureTransport", "false")
    before = (
        allow(**aws(ROLE + "2")),
        deny(**aws(ROLE), Resource="arn:aws:s3:::c/*"),
        deny(**aws(ROLE), **known),
    )
    for first in before:
        found = Policies(resource=read(first, allow(**aws(ROLE))))
        assert ruled(found, caller_of(ROLE)).outcome is Outcome.ALLOWED


def test_only_what_certainly_applies_is_cited() -> None:
    """An Allow that may apply is not among those that allow; a Deny that may asks for its key."""
    unknown = when("StringEquals", "aws:Unknown", "x")
    own = read(allow(), allow(**unknown), allow(Action="s3:*"))
    ruling = ruled(Policies(own), caller_of(ROLE))
    assert (ruling.outcome, ruling.deciding) == (Outcome.ALLOWED, own.statements[::2])
    forbidden = ruled(Policies(read(allow(), deny(**unknown))), caller_of(ROLE))
    assert forbidden.outcome is Outcome.UNDETERMINED
    assert forbidden.facts == (Fact("context", "aws:Unknown"),)
    refused = read(allow(), deny(**unknown), deny())
    assert ruled(Policies(refused), caller_of(ROLE)).deciding == refused.statements[2:]


def test_whoever_owns_the_resource() -> None:
    """Where the answer is the same in one account and across two, the owner need not be known."""
    owner, silent = Text.of(Hole("Account")), read(allow(Action="sns:*"))
    for must_allow in (False, True):
        found = Policies(read(allow()), owner=owner, resource_must_allow=must_allow)
        named = found._replace(resource=read(allow(**aws(ROLE))))
        assert ruled(named, caller_of(ROLE)).outcome is Outcome.ALLOWED
        assert ruled(named._replace(identity=silent), caller_of(ROLE)).outcome is (
            Outcome.UNDETERMINED
        )
        nobody = found._replace(identity=silent)
        assert ruled(nobody, caller_of(ROLE)).outcome is Outcome.IMPLICIT_DENY
