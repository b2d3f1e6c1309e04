"""Whom principals with unknown stretches name: never "nobody" where some value names the caller.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from tests.iam.evaluation_cases import (
    HERE,
    LINKED,
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

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam import policy
from copilot_preflight.iam.evaluate import Outcome, Request
from copilot_preflight.iam.layers import Layer, Policies, PolicySet, Ruling, decide
from copilot_preflight.iam.policy import Fact
from copilot_preflight.iam.principals import Caller, Naming, naming
from copilot_preflight.read.document import parse
from copilot_preflight.simulator.simulate import caller_of, policy_set

P: Final = Hole("P")
ACCOUNT: Final = Hole("P", excludes=":/*?", nonempty=True)
ALL, NOTHING = allow(), allow(Action="sns:*")


def read(*statements: Statement) -> PolicySet:
    return policy_set(parse(json.dumps({"Version": "2012-10-17", "Statement": statements}), "p"))


def naming_one(made: Statement, name: Text, kind: str = "AWS") -> policy.Statement:
    """A statement whose only principal has unknown stretches."""
    statement = read({**made, **aws("x")}).statements[0]
    entry = statement.principals[0].entry._replace(text=name)
    return statement._replace(principals=(policy.Principal(kind, entry),))


def ruled(policies: Policies, caller: str | Caller = ROLE, **context: str) -> Ruling:
    sent = {"aws:principalarn": (Text.of(ROLE),)}
    sent |= {key: (Text.of(value),) for key, value in context.items()}
    asks = caller_of(caller) if isinstance(caller, str) else caller
    return decide(policies, Request("s3:GetObject", Text.of(OBJECT), sent), asks)


# --- accounts -------------------------------------------------------------------------------------

UNKNOWN_ACCOUNTS: Final = [
    Text.of("arn:aws:iam::", P, ":root"),
    Text.of("arn:", P, ":iam::", HERE, ":root"),
    Text.of("arn:aws:iam::1111", P),
    Text.of("arn:", P),
    Text.of(P, ":root"),
    Text.of(P),
    Text.of("1111", P),
]


@pytest.mark.parametrize("name", UNKNOWN_ACCOUNTS, ids=str)
def test_an_unknown_account_may_be_the_callers(name: Text) -> None:
    """The account of a hole that may hold colons is as unknown as that of one that may not."""
    key = PolicySet((naming_one(ALL, name),))
    found = Policies(read(ALL), key, resource_must_allow=True)
    assert ruled(found).outcome is Outcome.UNDETERMINED
    refused = Policies(read(ALL), PolicySet((naming_one(deny(), name),)))
    assert ruled(refused).outcome is Outcome.UNDETERMINED


@pytest.mark.parametrize(
    "name",
    [
        Text.of("arn:aws:iam::", THERE, ":root", P),
        Text.of("arn:aws:iam::9", P, ":root"),
        Text.of("9", P),
        Text.of("arn:aws:iam::", ACCOUNT, ":user/ana"),
        Text.of("arn:aws:iam::", HERE, ":group/", P),
    ],
    ids=str,
)
def test_what_can_be_nobody_of_the_callers(name: Text) -> None:
    """A beginning or an end that no principal of the caller has is proof, whatever the hole."""
    found = Policies(read(ALL), PolicySet((naming_one(ALL, name),)), resource_must_allow=True)
    assert (ruled(found).outcome, ruled(found).layer) == (Outcome.IMPLICIT_DENY, Layer.RESOURCE)


def test_the_same_unknown_account_is_the_callers() -> None:
    """``AWS::AccountId`` in the role's ARN and in the principal is one value."""
    role = Caller(Text.of("arn:aws:iam::", ACCOUNT, ":role/app"))
    for name in (Text.of("arn:aws:iam::", ACCOUNT, ":root"), Text.of(ACCOUNT)):
        key = PolicySet((naming_one(ALL, name),))
        found = Policies(read(ALL), key, resource_must_allow=True)
        assert ruled(found, role).outcome is Outcome.ALLOWED
        silent = found._replace(identity=read(NOTHING))
        assert ruled(silent, role).outcome is Outcome.IMPLICIT_DENY


def test_a_canonical_user_may_be_the_callers_account() -> None:
    """AWS alone can tell which account a canonical user id stands for."""
    name = Text.of("79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be")
    owner = naming_one(deny(), name, "CanonicalUser")
    assert ruled(Policies(read(ALL), PolicySet((owner,)))).outcome is Outcome.UNDETERMINED


# --- everyone -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        Text.of(Hole("P", excludes=":/", nonempty=True)),
        Text.of("*", P),
        Text.of(P, "*"),
        Text.of(Hole("P", length=1)),
    ],
    ids=["a hole", "after a star", "before a star", "one character"],
)
def test_a_principal_that_may_be_everyone_may_be_the_role(name: Text) -> None:
    """A parameter with AllowedValues ``['*', '222222222222']`` lets the role in, or does not."""
    found = Policies(resource=PolicySet((naming_one(ALL, name),)))
    assert ruled(found).outcome is Outcome.UNDETERMINED


def test_an_unknown_principal_may_be_without_limits() -> None:
    """``*`` under a condition on aws:PrincipalArn lifts a boundary, so a hole may.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles
    """
    pinned = allow(**when("ArnEquals", "aws:PrincipalArn", ROLE))
    for name in (Text.of(P), Text.of("*")):
        resource = PolicySet((naming_one(pinned, name),))
        found = Policies(read(ALL), resource, boundary=read(NOTHING))
        expected = Outcome.ALLOWED if name.literal else Outcome.UNDETERMINED
        assert ruled(found).outcome is expected


@pytest.mark.parametrize("value", [Text.of(P), Text.of("arn:aws:iam::", HERE, ":role/", P)])
def test_an_arn_that_may_be_a_wildcard_lifts_no_boundary_for_certain(value: Text) -> None:
    """The ARN in the condition has to be one, for the grant to be by the caller's ARN."""
    pinned = allow(**aws("*"), **when("ArnLike", "aws:PrincipalArn", ROLE))
    statement = read(pinned).statements[0]
    clause = statement.clauses[0]
    clause = clause._replace(values=(clause.values[0]._replace(text=value),))
    least, greatest = naming(statement._replace(clauses=(clause,)), caller_of(ROLE))
    assert (least, greatest) == (Naming.ROLE, Naming.SESSION)


# --- roles, sessions, users -----------------------------------------------------------------------


def test_a_session_may_be_that_of_a_role_with_the_same_unknown_name() -> None:
    """Names of roles are unique whatever their paths, and so are unknown names."""
    for name, expected in ((P, Outcome.UNDETERMINED), (ACCOUNT, Outcome.ALLOWED)):
        role = Text.of("arn:aws:iam::", HERE, ":role/", name)
        session = Text.of("arn:aws:sts::", HERE, ":assumed-role/", name, "/task")
        named = naming_one(ALL, Text.of("arn:aws:iam::", HERE, ":role/svc/", name))
        found = Policies(resource=PolicySet((named,)))
        assert ruled(found, Caller(role, session)).outcome is expected


def test_a_role_of_another_partition_is_another() -> None:
    """A session is compared with a role by partition, account and name."""
    named = read(allow(**aws(ROLE.replace("arn:aws:", "arn:aws-cn:").replace("app", "x/app"))))
    assert ruled(Policies(resource=named), SESSION).outcome is Outcome.IMPLICIT_DENY


def test_an_unknown_principal_may_be_the_session() -> None:
    """Where the session is not known, a hole may name it, and lift a boundary."""
    for name in (Text.of("arn:aws:", P, "/app/x"), Text.of("arn:aws:sts::", P)):
        resource = PolicySet((naming_one(ALL, name),))
        found = Policies(read(ALL), resource, boundary=read(NOTHING))
        assert ruled(found).outcome is Outcome.UNDETERMINED
        assert ruled(found, USER).outcome is Outcome.IMPLICIT_DENY


def test_a_hole_may_bring_a_unique_id() -> None:
    """AWS shows ``AROA...`` for a role that was made anew: whose id it is, nobody can tell."""
    found = Policies(resource=PolicySet((naming_one(ALL, Text.of("AROA", ACCOUNT)),)))
    assert ruled(found).outcome is Outcome.UNDETERMINED
    named = Policies(resource=read(allow(**aws("AIDAEXAMPLEID"))), boundary=read(NOTHING))
    assert ruled(named, USER).outcome is Outcome.UNDETERMINED


# --- policies that nobody can read ----------------------------------------------------------------


@pytest.mark.parametrize("ceiling", ["boundary", "session"])
@pytest.mark.parametrize("identity", [ALL, NOTHING])
def test_an_unread_policy_may_name_the_session(ceiling: str, identity: Statement) -> None:
    """What a boundary or a session policy is silent on, an unread resource policy may allow.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    missing = Fact("document", "the bucket's policy")
    limits: dict[str, Any] = {ceiling: read(NOTHING)}
    unread = PolicySet(unread=(missing,))
    ruling = ruled(Policies(read(identity), unread, **limits), SESSION)
    assert ruling.outcome is Outcome.UNDETERMINED
    assert ruling.facts == (missing,)
    seen = read(allow(**aws(SESSION)))
    assert ruled(Policies(read(identity), seen, **limits), SESSION).outcome is Outcome.ALLOWED


def test_a_statement_without_principal_may_name_anyone() -> None:
    """A document that only AWS can write out comes as one, and may lift a boundary too."""
    found = Policies(read(ALL), read(allow()), boundary=read(NOTHING))
    assert ruled(found).outcome is Outcome.UNDETERMINED


def test_an_unread_policy_may_delegate_to_the_account() -> None:
    """The policy of a key that nobody can read may name the account; the identity still counts."""
    unread = PolicySet(unread=(Fact("document", "the key's policy"),))
    found = Policies(read(NOTHING), unread, resource_must_allow=True)
    assert ruled(found).outcome is Outcome.UNDETERMINED


def test_a_boundary_under_a_condition_denies_nobody_listed() -> None:
    """NotPrincipal denies whoever has a boundary, and nobody knows whether the caller has one."""
    guarded = read(deny(NotPrincipal={"AWS": [ROOT, ROLE]}))
    boundary = PolicySet(unread=(Fact("condition", "IsProd"),))
    found = Policies(read(ALL), guarded, boundary=boundary)
    assert ruled(found).outcome is Outcome.UNDETERMINED
    assert ruled(found._replace(boundary=read(ALL))).outcome is Outcome.EXPLICIT_DENY


def test_an_account_may_be_all_that_is_listed() -> None:
    """A role of the account that is listed under an open condition proves nothing."""
    other = ROLE + "2"
    (guarded,) = read(deny(NotPrincipal={"AWS": [ROOT, other]})).statements
    assert naming(guarded, caller_of(ROLE)) == (Naming.ROLE, Naming.ROLE)
    account, role = guarded.not_principals
    perhaps = role._replace(entry=role.entry._replace(conditions=("IsProd",)))
    unsure = guarded._replace(not_principals=(account, perhaps))
    assert naming(unsure, caller_of(ROLE)) == (Naming.NOT, Naming.ROLE)


# --- callers of which something is unknown --------------------------------------------------------


def test_a_role_that_may_be_service_linked() -> None:
    """SCPs do not touch service-linked roles, whose path a parameter may bring."""
    found = Policies(read(ALL), scps=(read(ALL, deny(Action="s3:*")),))
    for path, expected in (
        (Hole("Path"), Outcome.UNDETERMINED),
        (Hole("Name", excludes="/"), Outcome.EXPLICIT_DENY),
    ):
        caller = Caller(Text.of("arn:aws:iam::", HERE, ":role/", path, "app"))
        assert ruled(found, caller).outcome is expected


def test_a_caller_of_unknown_account_may_be_of_another() -> None:
    """Nothing is known of an ARN that is a hole, so not that it is of the owner's account."""
    found = Policies(read(ALL), owner=Text.of(HERE))
    assert ruled(found, Caller(Text.of(P))).outcome is Outcome.UNDETERMINED


@pytest.mark.parametrize(
    ("arn", "session", "linked"),
    [
        (Text.of(ROLE), None, False),
        (Text.of(ROLE), SESSION, False),
        (Text.of(LINKED), None, True),
        (Text.of("arn:aws:iam::", HERE, ":role/AWSServiceRoleForECS"), None, False),
        (Text.of("arn:aws:iam::", HERE, ":role/AWSServiceRoleForECS"), SESSION, None),
        (Text.of("arn:aws:iam::", ACCOUNT, ":role/aws-service-role/x/", ACCOUNT), None, True),
        (Text.of("arn:aws:iam::", ACCOUNT, ":role/x/", ACCOUNT), None, False),
        (Text.of("arn:aws:iam::", ACCOUNT, ":role/x/y/", ACCOUNT), None, False),
        (Text.of("arn:aws:iam::", ACCOUNT, ":role/x/", P), None, None),
        (Text.of("arn:aws:iam::", ACCOUNT, ":role/x/", Hole("Q", excludes=":")), None, False),
        (Text.of("arn:aws:iam::", ACCOUNT, ":role/", P, "app"), None, None),
        (Text.of("arn:aws:iam::", ACCOUNT, ":role/", ACCOUNT, "app"), None, False),
        (Text.of("arn:aws:iam::", ACCOUNT, ":role/", ACCOUNT), SESSION, None),
        (Text.of("arn:aws:iam::", ACCOUNT, ":role/x", ACCOUNT), SESSION, False),
        (Text.of(P), None, None),
    ],
    ids=str,
)
def test_which_roles_are_service_linked(
    arn: Text, session: str | None, linked: bool | None
) -> None:
    """By their path, and by their name where a session does not tell the path."""
    caller = Caller(arn, Text.of(session) if session else None)
    assert caller.is_service_linked is linked


@pytest.mark.parametrize(
    ("arn", "user", "federated", "root"),
    [
        (Text.of(ROLE), False, False, False),
        (Text.of(USER), True, False, False),
        (Text.of(ROOT), False, False, True),
        (Text.of("arn:aws:sts::", HERE, ":federated-user/ana"), True, True, False),
        (Text.of("arn:aws:iam::", ACCOUNT, ":user/", P), True, False, False),
        (Text.of("arn:aws:iam::", ACCOUNT, ":", P), None, None, None),
        (Text.of("arn:aws:iam::", ACCOUNT, ":root", P), None, None, None),
        (Text.of(P), None, None, None),
        (Text.of("app"), False, False, False),
    ],
    ids=str,
)
def test_what_kind_of_caller_an_arn_is(
    arn: Text, user: bool | None, federated: bool | None, root: bool | None
) -> None:
    """A hole in the place of the kind leaves it open, one behind it does not."""
    caller = Caller(arn)
    assert (caller.is_user, caller.is_federated, caller.is_root) == (user, federated, root)


def test_nobody_is_named_by_principals_of_other_kinds() -> None:
    """A role is no service and no identity provider; of a kind that AWS writes out, who knows."""
    for kind, expected in (
        ("Service", Naming.NOT),
        ("Federated", Naming.NOT),
        ("CanonicalUser", Naming.ACCOUNT),
        ("Fn::If", Naming.SESSION),
    ):
        assert naming(naming_one(ALL, Text.of("x"), kind), caller_of(ROLE)) == (
            Naming.NOT,
            expected,
        )


SERVICE: Final = "states.amazonaws.com"


@pytest.mark.parametrize(
    ("kind", "name", "named"),
    [
        ("Service", Text.of(SERVICE), True),
        ("Service", Text.of("ecs.amazonaws.com"), False),
        ("Service", Text.of("states.us-east-1.amazonaws.com"), None),
        ("Service", Text.of("states.amazonaws.com.cn"), None),
        ("Service", Text.of("states.cn-north-1.amazonaws.com.cn"), None),
        ("Service", Text.of("states.example.com"), False),
        ("Service", Text.of("states.us-east.amazonaws.com"), False),
        ("Service", Text.of("xstates.amazonaws.com"), False),
        ("Service", Text.of("*"), None),
        ("Service", Text.of("states.", P), None),
        ("Service", Text.of(P, ".amazonaws.com"), None),
        ("Service", Text.of("ecs.", P), False),
        ("AWS", Text.of("*"), None),
        ("AWS", Text.of(P), None),
        ("AWS", Text.of(ROLE), False),
        ("Federated", Text.of(SERVICE), False),
        ("CanonicalUser", Text.of(SERVICE), False),
        ("Fn::If", Text.of(SERVICE), None),
    ],
    ids=str,
)
def test_which_principals_are_a_service(kind: str, name: Text, named: bool | None) -> None:
    """By its name; names of regions and partitions may be its own too."""
    least, greatest = naming(naming_one(ALL, name, kind), caller_of(SERVICE))
    expected = {True: (2, 2), False: (0, 0), None: (0, 2)}[named]
    assert (least, greatest) == expected


@pytest.mark.parametrize(
    ("name", "greatest"),
    [
        ("app", Naming.NOT),
        (THERE, Naming.NOT),
        (HERE, Naming.ACCOUNT),
        (ROOT, Naming.ACCOUNT),
        (ROOT.replace("root", "/x"), Naming.NOT),
        (ROOT.replace("root", "group/x"), Naming.NOT),
        (ROLE, Naming.ROLE),
        (ROLE + "2", Naming.NOT),
        (USER, Naming.NOT),
        (SESSION, Naming.SESSION),
    ],
)
def test_how_closely_a_name_may_mean_a_role(name: str, greatest: Naming) -> None:
    """A session of the role is named perhaps, as the session is not known."""
    found = naming(naming_one(ALL, Text.of(name)), caller_of(ROLE))
    assert found == (Naming.NOT if name == SESSION else greatest, greatest)


def test_a_deny_for_everyone_is_for_services_too() -> None:
    """Of ``{"AWS": "*"}``, AWS does not say that it takes services in."""
    for principal, least in (("*", Naming.ROLE), ({"AWS": ["*"]}, Naming.NOT)):
        (refused,) = read(deny(Principal=principal)).statements
        assert naming(refused, caller_of(SERVICE)) == (least, Naming.ROLE)
        (granted,) = read(allow(Principal=principal)).statements
        assert naming(granted, caller_of(SERVICE)) == (Naming.NOT, Naming.ROLE)
