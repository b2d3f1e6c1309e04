"""Whom a statement of a resource policy speaks of.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum
from typing import Final, NamedTuple

from copilot_preflight.base.symbolic import Text, match
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Principal, Statement


class Caller(NamedTuple):
    """Who makes a call.

    ``arn`` is the ARN of the role or user; ``session`` that of the role session, None for a user.
    ``service`` is set, and the rest empty, where an AWS service calls for itself.
    """

    arn: Text
    session: Text | None = None
    service: str = ""

    @property
    def account(self) -> Text | None:
        parsed = arn.parse(self.arn)
        return parsed.account if parsed else None

    @property
    def is_service_linked(self) -> bool:
        """Whether it is a service-linked role, which no policy of the organization limits."""
        return ":role/aws-service-role/" in str(self.arn)

    @property
    def is_user(self) -> bool:
        """Whether its ARN is that of an IAM user or a federated user session."""
        parsed = arn.parse(self.arn)
        return parsed is not None and str(parsed.resource).startswith(("user/", "federated-user/"))


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


def naming(statement: Statement, caller: Caller, *, bounded: bool = False) -> tuple[Naming, Naming]:
    """The least and the greatest closeness with which a statement may name a caller.

    ``bounded``: the caller has a permissions boundary. AWS refuses a statement that has neither
    Principal nor NotPrincipal; nothing is known of what it does.
    """
    if statement.not_principals:
        return _not_among(statement, caller, bounded=bounded)
    if not statement.principals:
        return Naming.NOT, Naming.ROLE
    least = greatest = Naming.NOT
    pinned = any(clause.key.lower() == "aws:principalarn" for clause in statement.clauses)
    for principal in statement.principals:
        low, high = _one(principal, caller, pinned=pinned)
        least = max(least, Naming.NOT if principal.entry.conditions else low)
        greatest = max(greatest, high)
    return least, greatest


def _not_among(statement: Statement, caller: Caller, *, bounded: bool) -> tuple[Naming, Naming]:
    """What NotPrincipal says of a caller.

    Whoever has a permissions boundary is denied even if listed; whoever is listed without the
    account may be. AWS supports NotPrincipal with Deny only.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    """
    listed = [
        (p, *_one(p, caller, pinned=False)) for p in statement.not_principals
    ]  # each with the least and the greatest closeness
    if statement.effect != "Deny":
        return Naming.NOT, Naming.ROLE
    if bounded or all(high is Naming.NOT for _, _, high in listed):
        return Naming.ROLE, Naming.ROLE
    certain = {low for principal, low, _ in listed if not principal.entry.conditions}
    anyone = any(p.entry.text.literal == "*" and not p.entry.conditions for p, _, _ in listed)
    itself = bool(certain & {Naming.ROLE, Naming.SESSION})
    if anyone or (itself and (caller.service or Naming.ACCOUNT in certain)):
        return Naming.NOT, Naming.NOT
    return Naming.NOT, Naming.ROLE


def _one(principal: Principal, caller: Caller, *, pinned: bool) -> tuple[Naming, Naming]:
    """How closely one principal names a caller. ``pinned``: a condition on aws:PrincipalArn."""
    name = principal.entry.text
    if caller.service:
        same = _is_service(principal, caller.service)
        if same is None:
            return Naming.NOT, Naming.ROLE
        return (Naming.ROLE, Naming.ROLE) if same else (Naming.NOT, Naming.NOT)
    if principal.kind != "AWS":
        return Naming.NOT, Naming.NOT
    if name.literal == "*":
        # With aws:PrincipalArn, no boundary limits it; without, AWS does not say.
        return (Naming.SESSION if pinned else Naming.ROLE), Naming.SESSION
    if name.literal is not None and name.literal.startswith(_UNIQUE_IDS):
        return Naming.NOT, Naming.ROLE
    levels = (
        (Naming.SESSION, _is_session(name, caller)),
        (Naming.SESSION if caller.is_user else Naming.ROLE, _is_role(name, caller)),
        (Naming.ACCOUNT, _is_account(name, caller)),
    )
    return _closest(level for level, answer in levels if answer), _closest(
        level for level, answer in levels if answer is not False
    )


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
        return None if name.equals(Text.of("*")) is not False else False
    if principal.kind in ("Federated", "CanonicalUser"):
        return False
    if principal.kind != "Service" or name.literal == "*":
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


def _is_session(name: Text, caller: Caller) -> bool | None:
    """Whether a principal is the caller's session; one that is not known may be any of its role."""
    if caller.session is not None:
        return name.equals(caller.session)
    one, role = arn.parse(name), arn.parse(caller.arn)
    if one is None or role is None or one.resource.literal is None or role.resource.literal is None:
        return False if ":assumed-role/" not in str(name) else None
    kind, _, of_session = one.resource.literal.partition("/")
    if kind != "assumed-role" or not role.resource.literal.startswith("role/"):
        return False
    same_name = of_session.partition("/")[0] == role.resource.literal.rpartition("/")[2]
    return None if same_name and one.account.equals(role.account) is not False else False


def _is_role(name: Text, caller: Caller) -> bool | None:
    """Whether a principal is the caller's role or user.

    A session's ARN does not tell the path of its role, and need not: names of roles are unique in
    an account whatever their paths.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    same = name.equals(caller.arn)
    if same is not False or caller.session is None:
        return same
    one, role = arn.parse(name), arn.parse(caller.arn)
    if one is None or role is None or one.resource.literal is None or role.resource.literal is None:
        return False
    mine, its = role.resource.literal, one.resource.literal
    is_role = its.startswith("role/") and mine.startswith("role/")
    if not is_role or its.rpartition("/")[2] != mine.rpartition("/")[2]:
        return False
    return one.account.equals(role.account)


def _is_account(name: Text, caller: Caller) -> bool | None:
    """Whether a principal is the caller's account: ``123456789012`` or ``arn:P:iam::…:root``."""
    account = caller.account
    if account is None:
        return None
    parsed = arn.parse(name)
    if parsed is not None:
        return parsed.account.equals(account) if parsed.resource.literal == "root" else False
    if name.literal is not None and not name.literal.isdigit():
        return False
    return name.equals(account)
