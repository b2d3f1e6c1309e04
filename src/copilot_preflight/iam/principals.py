"""Whom a statement of a resource policy speaks of.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Final

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Hole, Text, match
from copilot_preflight.base.three_valued import all_of, any_of
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Clause, Principal, Statement


class Caller(NamedTuple):
    """Who makes a call.

    ``arn`` is the ARN of the role or user, or of a federated user; ``session`` that of the role
    session, None for a user and where it is not known. A role of which only the session is known
    has no path in its ARN. ``service`` is set, and the rest empty, where an AWS service calls for
    itself; the ARN is empty too of who ``is_anonymous``, and calls without credentials.
    """

    arn: Text
    session: Text | None = None
    service: str = ""
    is_anonymous: bool = False

    @property
    def account(self) -> Text | None:
        parsed = arn.parse(self.arn)
        return parsed.account if parsed else None

    @property
    def is_service_linked(self) -> bool | None:
        """Whether it is a service-linked role, which no policy of the organization limits.

        They have a path of their own, which the ARN of a session does not tell, and a name that
        begins with AWSServiceRoleFor, which AWS does not promise to keep for them.
        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
        """
        known = self.arn.literal
        if known is not None:
            lost = self.session is not None and _LINKED_NAME in known
            return True if _LINKED in known else None if lost else False
        parts = self.arn.parts
        slashes = sum(
            2 * ("/" not in it.excludes) if isinstance(it, Hole) else it.count("/") for it in parts
        )
        if slashes < 2 and self.session is None:
            return False  # without a path, as most are
        if any(isinstance(part, str) and _LINKED in part for part in parts):
            return True
        may_be = (_LINKED, _LINKED_NAME) if self.session is not None else (_LINKED,)
        return any_of([match(Text.of("*", it, "*"), self.arn) and None for it in may_be])

    @property
    def is_user(self) -> bool | None:
        """Whether its ARN is that of an IAM user or a federated user session."""
        kind = _kind_of(self.arn)
        return None if kind is None else kind in ("user", "federated-user")

    @property
    def is_federated(self) -> bool | None:
        """Whether it is the session of a user or root user who called sts:GetFederationToken."""
        kind = _kind_of(self.arn)
        return None if kind is None else kind == "federated-user"

    @property
    def is_root(self) -> bool | None:
        """Whether it is an account's root user, who has every permission and no boundary."""
        kind = _kind_of(self.arn)
        return None if kind is None else kind == "root"


def _kind_of(name: Text) -> str | None:
    """``role``, ``user``, ``root``, ``assumed-role``, ... of an ARN.

    "" for what is no ARN with a resource, and None where a hole decides.
    """
    parsed = arn.parse(name)
    parts = parsed.resource.parts if parsed is not None else ()
    if not parts:
        return None if name.literal is None else ""
    if not isinstance(parts[0], str):
        return None
    kind, slash, _ = parts[0].partition("/")
    return kind if slash or len(parts) == 1 else None


_LINKED: Final = ":role/aws-service-role/"
_LINKED_NAME: Final = ":role/AWSServiceRoleFor"


class Naming(IntEnum):
    """How closely a Principal element names a caller; the closer, the less limits its Allow.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """

    NOT = 0
    ACCOUNT = 1  # delegates to the account's IAM policies, grants nothing by itself
    ROLE = 2  # the role: limited by boundary and session policies
    SESSION = 3  # the role session or the user itself: limited by neither


_UNIQUE_IDS: Final = ("AROA", "AIDA")
"""How the ids begin that AWS shows for a role or user that was deleted, or made anew."""

_ANY: Final = Hole("any stretch of a principal")
_SEGMENT: Final = Hole("any segment of a principal", excludes=":")
_EVERYONE: Final = Text.of("*")


def naming(
    statement: Statement, caller: Caller, *, bounded: bool | None = False
) -> tuple[Naming, Naming]:
    """The least and the greatest closeness with which a statement may name a caller.

    ``bounded``: the caller has a permissions boundary. AWS refuses a statement that has neither
    Principal nor NotPrincipal; nothing is known of what it does.
    """
    if statement.not_principals:
        return _not_among(statement, caller, bounded=bounded)
    if not statement.principals:
        return Naming.NOT, Naming.SESSION
    least = greatest = Naming.NOT
    pinned = any(map(_names_arn, statement.clauses))
    denies = statement.effect == "Deny"
    for principal in statement.principals:
        if denies and caller.service and _is_anyone(principal):
            low = high = Naming.ROLE
        else:
            low, high = _one(principal, caller, pinned=pinned)
        least = max(least, Naming.NOT if principal.entry.conditions else low)
        greatest = max(greatest, high)
    return least, greatest


def _names_arn(clause: Clause) -> bool:
    """Whether a condition grants by the caller's ARN: one that is spelt out, and no other.

    AWS says what a condition does by which "permissions that the ARN grants"; ``Null``,
    ``ArnNotEquals`` and wildcards grant by no ARN.
    """
    return (
        clause.key.lower() == "aws:principalarn"
        and clause.operator.lower() in _EQUALS
        and not any(
            it.text.has_wildcard() or any(hole.may_be_wildcard for hole in it.text.holes)
            for it in clause.values
        )
    )


_EQUALS: Final = frozenset({"arnequals", "arnlike", "stringequals", "stringlike"})


def _is_anyone(principal: Principal) -> bool:
    """Whether a principal is ``Principal: "*"``, all principals, services among them.

    That ``{"AWS": "*"}`` is the same, AWS says for anonymous users only.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-anonymous
    """
    entry = principal.entry
    if entry.text.literal != "*" or "Principal" not in entry.place.path:
        return False
    return "AWS" not in entry.place.path[entry.place.path.index("Principal") :]


def _not_among(
    statement: Statement, caller: Caller, *, bounded: bool | None
) -> tuple[Naming, Naming]:
    """What NotPrincipal says of a caller.

    Whoever has a permissions boundary is denied even if listed; whoever is listed without the
    account may be. An account that is listed next to others of its own excepts those alone. AWS
    supports NotPrincipal with Deny only.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    """
    listed = [
        (p, *_one(p, caller, pinned=False)) for p in statement.not_principals
    ]  # each with the least and the greatest closeness
    if statement.effect != "Deny":
        return Naming.NOT, Naming.SESSION
    if bounded or all(high is Naming.NOT for _, _, high in listed):
        return Naming.ROLE, Naming.ROLE
    if all(high <= Naming.ACCOUNT for _, _, high in listed) and any(
        high is Naming.NOT and not p.entry.conditions and _is_of_account(p.entry.text, caller)
        for p, _, high in listed
    ):
        return Naming.ROLE, Naming.ROLE
    certain = {low for principal, low, _ in listed if not principal.entry.conditions}
    anyone = any(p.entry.text.literal == "*" and not p.entry.conditions for p, _, _ in listed)
    itself = bool(certain & {Naming.ROLE, Naming.SESSION})
    if anyone or (itself and (caller.service or Naming.ACCOUNT in certain)):
        return Naming.NOT, Naming.NOT if bounded is False else Naming.ROLE
    return Naming.NOT, Naming.ROLE


def _is_of_account(name: Text, caller: Caller) -> bool | None:
    """Whether a principal is a role or user in the account of the caller."""
    parsed = arn.parse(name)
    if parsed is None or caller.account is None:
        return False
    return _kind_of(name) in ("role", "user") and parsed.account.equals(caller.account)


def _one(principal: Principal, caller: Caller, *, pinned: bool) -> tuple[Naming, Naming]:
    """How closely one principal names a caller. ``pinned``: a condition that `_names_arn`."""
    name = principal.entry.text
    if caller.service:
        same = _is_service(principal, caller.service)
        if same is None:
            return Naming.NOT, Naming.ROLE
        return (Naming.ROLE, Naming.ROLE) if same else (Naming.NOT, Naming.NOT)
    if caller.is_anonymous:
        return _names_everybody(principal)
    if principal.kind != "AWS":
        return Naming.NOT, _OTHER_KINDS.get(principal.kind, Naming.SESSION)
    if name.literal == "*":
        # With aws:PrincipalArn, no boundary limits it; without, AWS does not say.
        return (Naming.SESSION if pinned else Naming.ROLE), Naming.SESSION
    levels = tuple(_levels(name, caller))
    return _closest(level for level, answer in levels if answer), _closest(
        level for level, answer in levels if answer is not False
    )


def _names_everybody(principal: Principal) -> tuple[Naming, Naming]:
    """How closely a principal names an anonymous client: only ``*`` takes one in.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-anonymous
    """
    if principal.kind in _OTHER_KINDS:
        return Naming.NOT, Naming.NOT
    is_everybody = principal.entry.text.equals(_EVERYONE) if principal.kind == "AWS" else None
    least = Naming.ROLE if is_everybody else Naming.NOT
    return least, Naming.NOT if is_everybody is False else Naming.ROLE


def _levels(name: Text, caller: Caller) -> Iterator[tuple[Naming, bool | None]]:
    """Each way in which a principal may name a caller, and whether it does."""
    kind = _kind_of(name)
    if kind is None and _is_account(name, caller):
        yield Naming.ACCOUNT, True  # the number of an account is nothing else
        return
    if not kind:
        yield Naming.ROLE if caller.is_user is False else Naming.SESSION, _may_be_unique_id(name)
    if kind is None:
        yield Naming.SESSION, _may_be(name, _EVERYONE)
    if kind in (None, "assumed-role"):
        yield Naming.SESSION, _is_session(name, caller)
    if kind in (None, "role", "user", "federated-user", "root"):
        itself = _is_role(name, caller)
        yield Naming.ROLE, itself
        if itself is not False:
            yield Naming.SESSION, all_of([caller.is_user, itself])
    if kind in (None, "user"):
        yield Naming.ROLE, _may_have_federated(name, caller)
    if kind in (None, "root", ""):
        yield Naming.ACCOUNT, _is_account(name, caller)


_OTHER_KINDS: Final = {
    "Service": Naming.NOT,
    "Federated": Naming.NOT,
    "CanonicalUser": Naming.ACCOUNT,  # an account, by an id that only AWS can tell
}
"""How closely a principal may name a caller that is no service. Of any other kind (``Fn::If``,
``Fn::Transform``), only AWS can write out what it is."""


_SERVICE_SUFFIXES: Final = (
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
)
"""How the names of services end in the partitions."""


def _is_service(principal: Principal, service: str) -> bool | None:
    """Whether a principal is a service; AWS does not say which services ``*`` takes in.

    Some services go by a name of each region or partition too (``states.us-east-1.amazonaws.com``,
    ``ec2.amazonaws.com.cn``): that such a name is of no use, nobody can tell.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services
    """
    name = principal.entry.text
    if principal.kind == "AWS":
        return None if name.equals(_EVERYONE) is not False else False
    if principal.kind in ("Federated", "CanonicalUser"):
        return False
    if principal.kind != "Service" or name.equals(_EVERYONE) is not False:
        return None  # Fn::If, Fn::Transform: what only AWS can write out
    same = name.equals(Text.of(service))
    label = service.removesuffix(".amazonaws.com")
    if same is not False or label == service:
        return same
    if name.literal is None:
        return None if match(Text.of(f"{label}.*"), name) is not False else False
    suffixes = "|".join(map(re.escape, _SERVICE_SUFFIXES))
    spelt = rf"{re.escape(label)}\.([a-z]+(-[a-z]+)+-[0-9]+\.)?({suffixes})"
    return None if re.fullmatch(spelt, name.literal.lower()) else False


def _closest(levels: Iterable[Naming]) -> Naming:
    return max(levels, default=Naming.NOT)


def _may_be_unique_id(name: Text) -> bool | None:
    """Whether a principal may be the id of a role or user: None, as nobody knows the ids."""
    if name.literal is not None:
        return None if name.literal.startswith(_UNIQUE_IDS) else False
    return any_of([match(Text.of(prefix, "*"), name) and None for prefix in _UNIQUE_IDS])


def _is_session(name: Text, caller: Caller) -> bool | None:
    """Whether a principal is the caller's session; one that is not known may be any of its role."""
    if caller.session is not None:
        return name.equals(caller.session)
    role = _role_of(caller.arn)
    if role is None:
        return False
    one = Text.of("arn:", role.partition, ":sts::", role.account, ":assumed-role/", role.name, "/")
    return _may_be(name, Text.of(one, _ANY))


def _is_role(name: Text, caller: Caller) -> bool | None:
    """Whether a principal is the caller's role or user.

    A session's ARN does not tell the path of its role, and need not: names of roles are unique in
    an account whatever their paths.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    same = name.equals(caller.arn)
    if same or caller.session is None:
        return same
    one, role = _role_of(name), _role_of(caller.arn)
    if one is None or role is None:
        return same
    if one.is_certain and role.is_certain:
        pairs = ((one.name, role.name), (one.partition, role.partition))
        equal = [left.equals(right) for left, right in pairs]
        return all_of([*equal, one.account.equals(role.account)])
    begin = Text.of("arn:", role.partition, ":iam::", role.account, ":role/")
    in_folder = _may_be(name, Text.of(begin, _ANY, "/", role.name))
    return any_of([same, in_folder, _may_be(name, Text.of(begin, role.name))])


class _Role(NamedTuple):
    """The parts of a role's ARN; where they are not certain, any stretch stands for some."""

    partition: Text
    account: Text
    name: Text
    is_certain: bool = True


def _role_of(text: Text) -> _Role | None:
    """The role that an ARN names, or may name; None if it names none."""
    parsed = arn.parse(text)
    if parsed is None:
        some = Text.of(_SEGMENT)
        return None if text.literal is not None else _Role(some, some, Text.of(_ANY), False)
    pieces, complete = parsed.resource.split("/")
    kind = pieces[0].literal if len(pieces) > 1 or complete else None
    if kind is not None and (kind != "role" or (complete and len(pieces) == 1)):
        return None
    is_certain = complete and kind is not None
    name = pieces[-1] if complete and len(pieces) > 1 else Text.of(_ANY)
    return _Role(parsed.partition, parsed.account, name, is_certain)


def _may_have_federated(name: Text, caller: Caller) -> bool | None:
    """Whether a principal may be the user who made the federated user session that calls.

    The name of the session tells nothing of that user.
    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
    """
    if caller.is_federated is False:
        return False
    account = caller.account or _SEGMENT
    return _may_be(name, Text.of("arn:", _SEGMENT, ":iam::", account, ":user/", _ANY))


def _is_account(name: Text, caller: Caller) -> bool | None:
    """Whether a principal is the caller's account: ``123456789012`` or ``arn:P:iam::…:root``."""
    account = caller.account or Text.of(_SEGMENT)
    parsed = arn.parse(name)
    if parsed is not None and parsed.resource.literal is not None:
        return parsed.account.equals(account) if parsed.resource.literal == "root" else False
    if name.literal is not None:
        return name.equals(account) if name.literal.isdigit() else False
    root = Text.of("arn:", _SEGMENT, ":", _SEGMENT, ":", _SEGMENT, ":", account, ":root")
    return any_of([name.equals(account), _may_be(name, root)])


def _may_be(name: Text, shape: Text) -> bool | None:
    """Whether a principal may be of a shape, in which any stretches stand for what is not known."""
    return False if name.equals(shape) is False else None
