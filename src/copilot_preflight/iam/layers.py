"""IAM's decision across every layer of policy, with answers that admit what is not known.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
and https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Final, TypeAlias

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.base.three_valued import all_of, any_of
from copilot_preflight.iam.evaluate import Outcome, Request, covers_action
from copilot_preflight.iam.policy import Fact, Match, Statement
from copilot_preflight.iam.prepared import Prepared
from copilot_preflight.iam.principals import Caller, Naming


class Layer(Enum):
    """A kind of policy, in the words of an AccessDenied message."""

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    SCP = "service control policy"
    RCP = "resource control policy"
    ENDPOINT = "VPC endpoint policy"


Covers: TypeAlias = "tuple[tuple[Prepared, Match], ...]"
"""Statements with what `covers_action` says of them."""


class PolicySet:
    """Policies of one layer that work together; ``unread`` are those that cannot be read."""

    __slots__ = ("_about", "_covering", "_prepared", "statements", "unread")

    def __init__(
        self, statements: tuple[Statement, ...] = (), unread: tuple[Fact, ...] = ()
    ) -> None:
        self.statements = statements
        self.unread = unread
        self._prepared: list[Prepared] = []
        self._about: dict[str, Covers] = {}
        self._covering: dict[str, Covers] = {}

    def about(self, action: str) -> Covers:
        """Every statement with whether it covers an action; worked out once for each action."""
        found = self._about.get(action)
        if found is None:
            if not self._prepared:
                self._prepared.extend(map(Prepared, self.statements))
            found = tuple((it, covers_action(it.statement, action)) for it in self._prepared)
            self._about[action] = found
        return found

    def covering(self, action: str) -> Covers:
        """The statements that cover an action, or may."""
        found = self._covering.get(action)
        if found is None:
            found = tuple(it for it in self.about(action) if it[1].verdict is not False)
            self._covering[action] = found
        return found


class Policies(NamedTuple):
    """All that has a say. None is a layer that does not exist; it limits nothing.

    ``scps`` hold one set for each level of the organization, each of which must allow; ``rcps``
    only ever deny.
    ``owner`` is the account that the resource belongs to; ``resource_must_allow`` is true for
    KMS keys and trust policies, where no identity policy counts without the resource's own.
    """

    identity: PolicySet = PolicySet()
    resource: PolicySet | None = None
    boundary: PolicySet | None = None
    session: PolicySet | None = None
    scps: tuple[PolicySet, ...] = ()
    rcps: tuple[PolicySet, ...] = ()
    endpoint: PolicySet | None = None
    owner: Text | None = None
    resource_must_allow: bool = False


class Voice(NamedTuple):
    """What one layer says, each answer None where it is open.

    ``allow`` and ``deny`` speak of the caller itself; ``delegates`` is a resource policy's Allow to
    the caller's account, which leaves the rest to identity policies; ``to_session`` is an Allow
    that names the role session or user itself, which no boundary or session policy limits.
    """

    allow: bool | None = False
    deny: bool | None = False
    delegates: bool | None = False
    to_session: bool | None = False
    allowing: tuple[Statement, ...] = ()
    denying: tuple[Statement, ...] = ()
    facts: tuple[Fact, ...] = ()


class Ruling(NamedTuple):
    """The decision, the layer that decided, its statements, and the facts that are missing.

    ``layer`` is None for an allowed call. ``voices`` are all layers, in AWS's order.
    """

    outcome: Outcome
    layer: Layer | None = None
    deciding: tuple[Statement, ...] = ()
    facts: tuple[Fact, ...] = ()
    voices: tuple[tuple[Layer, Voice], ...] = ()


def decide(policies: Policies, request: Request, caller: Caller) -> Ruling:
    """The decision on one request of one caller.

    An explicit Deny anywhere wins. Otherwise every ceiling must allow, and the grant must come
    from the caller's identity policies, from the resource's policy, or, across accounts, from both.
    """
    brief = _brief_voice(policies.identity, request)
    ruling = None if brief is None else _decide(policies, request, caller, brief)
    if ruling is None or ruling.outcome is Outcome.UNDETERMINED:  # all that is missing is named
        return _decide(policies, request, caller)
    return ruling


def _decide(
    policies: Policies, request: Request, caller: Caller, own: Voice | None = None
) -> Ruling:
    """The decision; ``own`` is what the caller's own policies say, where that is known already."""
    voices = tuple(_voices(policies, request, caller, own))
    if request.action.lower() == _NEEDS_NOTHING:
        return _of_needing_nothing(voices)
    for layer, voice in voices:
        if voice.deny:
            deciding = tuple(s for other, v in voices if other is layer for s in v.denying)
            return Ruling(Outcome.EXPLICIT_DENY, layer, deciding, voices=voices)
    steps = [*_ceilings(voices), *_grant(policies, dict(voices), caller)]
    for layer, answer in steps:
        if answer is False:
            return Ruling(Outcome.IMPLICIT_DENY, layer, voices=voices)
    open_ones = [layer for layer, answer in steps if answer is None]
    open_ones += [layer for layer, voice in voices if voice.deny is None]
    if open_ones:
        facts = [f for layer, voice in voices if layer in open_ones for f in voice.facts]
        facts = facts or [f for _, voice in voices for f in voice.facts] or [_ACCOUNTS]
        return Ruling(
            Outcome.UNDETERMINED, open_ones[0], facts=tuple(dict.fromkeys(facts)), voices=voices
        )
    deciding = tuple(s for _, voice in voices for s in voice.allowing)
    return Ruling(Outcome.ALLOWED, None, deciding, voices=voices)


_NEEDS_NOTHING: Final = "sts:getcalleridentity"


def _of_needing_nothing(voices: tuple[tuple[Layer, Voice], ...]) -> Ruling:
    """The decision on sts:GetCallerIdentity, which a Deny in the caller's policies does not stop.

    What a policy of the organization or of an endpoint does to it, AWS does not say.
    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    for layer, voice in voices:
        limits = layer in (Layer.SCP, Layer.RCP, Layer.ENDPOINT)
        silent = layer is not Layer.RCP and voice.allow is not True
        if limits and (silent or voice.deny is not False):
            facts = (*voice.facts, Fact("document", f"the {layer.value} as AWS applies it"))
            return Ruling(Outcome.UNDETERMINED, layer, facts=facts, voices=voices)
    return Ruling(Outcome.ALLOWED, voices=voices)


ACCOUNTS: Final = "the accounts of the caller and the resource"
"""What it is called where it is not known whether both are of one account."""

_ACCOUNTS: Final = Fact("value", ACCOUNTS)


def _voices(
    policies: Policies, request: Request, caller: Caller, own: Voice | None
) -> Iterator[tuple[Layer, Voice]]:
    """What every layer says, in the order in which AWS looks at them.

    SCPs and RCPs do not touch service-linked roles. A service that calls for itself has no
    policies of its own, and belongs to no account that an SCP limits, nor does an anonymous client.
    Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
    """
    bounded = _is_bounded(policies.boundary)
    if policies.rcps or policies.scps:
        yield from _of_organization(policies, request, caller)
    if policies.resource is not None:
        yield Layer.RESOURCE, _voice(policies.resource, request, caller, bounded=bounded)
    if caller.service or caller.is_anonymous:
        return
    yield Layer.IDENTITY, own or _voice(policies.identity, request)
    if policies.boundary is not None:
        yield Layer.BOUNDARY, _voice(policies.boundary, request)
    if policies.session is not None:
        yield Layer.SESSION, _voice(policies.session, request)
    if policies.endpoint is not None:
        yield Layer.ENDPOINT, _voice(policies.endpoint, request, caller, bounded=bounded)


def _of_organization(
    policies: Policies, request: Request, caller: Caller
) -> Iterator[tuple[Layer, Voice]]:
    linked = caller.is_service_linked
    if linked:
        return
    for layer, levels in (
        (Layer.RCP, policies.rcps),
        (Layer.SCP, () if caller.service or caller.is_anonymous else policies.scps),
    ):
        for level in levels:
            voice = _voice(level, request)
            yield layer, voice if linked is False else _doubted(voice)


def _doubted(voice: Voice) -> Voice:
    """What a layer says that may not apply to the caller."""
    return voice._replace(
        allow=voice.allow or None,
        deny=voice.deny and None,
        denying=(),
        facts=(*voice.facts, Fact("value", "the path of the role")),
    )


def _is_bounded(boundary: PolicySet | None) -> bool | None:
    """Whether the caller has a permissions boundary: open where a template's condition decides."""
    if boundary is None:
        return False
    return None if any(fact.kind == "condition" for fact in boundary.unread) else True


def addressed(answer: Match, least: Naming, most: Naming) -> Match:
    """The answer of a statement that applies, or may, to a caller whom it names so closely."""
    if most is Naming.NOT:
        return Match(False, why="no principal names the caller")
    if least is Naming.NOT:
        return Match(None, (*answer.facts, Fact("value", "Principal")))
    return answer


def _brief_voice(policies: PolicySet, request: Request) -> Voice | None:
    """What the statements of a caller say that certainly allow a request; None where none does.

    What may allow it too, if a condition of the template holds, is not even looked at: Copilot
    writes such a grant for every environment file, each of which could be any object.
    """
    covers = policies.covering(request.action)
    certain = tuple(
        it for it in covers if not it[0].statement.conditions or it[0].statement.effect != "Allow"
    )
    if len(certain) == len(covers) or policies.unread:
        return None
    voice = _voice(policies, request, certain=certain)
    return voice if voice.allow and voice.deny is False else None


def _voice(
    policies: PolicySet,
    request: Request,
    caller: Caller | None = None,
    *,
    bounded: bool | None = False,
    certain: Covers | None = None,
) -> Voice:
    """What the statements of one layer, or the ``certain`` ones of them, say together."""
    allowing: list[Statement] = []
    denying: list[Statement] = []
    facts: list[Fact] = list(policies.unread)
    heard: set[tuple[str, bool, Naming, Naming]] = set()
    least = most = Naming.ROLE
    known = request.resource.literal
    for prepared, covered in policies.covering(request.action) if certain is None else certain:
        reached = prepared.reach(request, known)
        if reached.verdict is False:
            continue
        answer = prepared.holds(request, covered, reached)
        if answer.verdict is False:
            continue
        if caller is not None:
            least, most = prepared.naming(caller, bounded=bounded)
            answer = addressed(answer, least, most)
            if answer.verdict is False:
                continue
        statement = prepared.statement
        effect = statement.effect
        sure = answer.verdict is True and effect in ("Allow", "Deny")
        heard.add((effect, sure, least, most))
        facts += answer.facts
        if effect not in ("Allow", "Deny"):
            facts.append(Fact("value", "Effect"))
        elif sure and least is not most and effect == "Allow":
            facts.append(Fact("value", "Principal"))
        if sure:
            (denying if effect == "Deny" else allowing).append(statement)
    allows = [it for it in heard if it[0] != "Deny"]
    unread = [None] if policies.unread else []
    return Voice(
        allow=any_of([*unread, *_at_least(Naming.ROLE, allows)]),
        deny=any_of(
            [*unread, *(sure or None for effect, sure, _, _ in heard if effect != "Allow")]
        ),
        delegates=any_of([*unread, *_at_least(Naming.ACCOUNT, allows)]),
        to_session=any_of([*unread, *_at_least(Naming.SESSION, allows)]),
        allowing=tuple(allowing),
        denying=tuple(denying),
        facts=tuple(dict.fromkeys(facts)),
    )


def _at_least(
    wanted: Naming, allows: Iterable[tuple[str, bool, Naming, Naming]]
) -> list[bool | None]:
    """One answer for each Allow that names the caller closely enough, or may."""
    return [
        True if sure and least >= wanted else None
        for _, sure, least, most in allows
        if most >= wanted
    ]


def _ceilings(voices: Sequence[tuple[Layer, Voice]]) -> Iterator[tuple[Layer, bool | None]]:
    """The layers that grant nothing and must allow all the same.

    RCPs are not among them: RCPFullAWSAccess, which cannot be detached, allows on every level.
    Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html
    An endpoint's Allow for an account speaks of the root user alone if it is a gateway.
    Source: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    """
    for layer, voice in voices:
        if layer is Layer.SCP:
            yield layer, voice.allow
        elif layer is Layer.ENDPOINT:
            yield layer, _either(voice.allow, voice.delegates and None)


def _grant(
    policies: Policies, said: Mapping[Layer, Voice], caller: Caller
) -> Iterator[tuple[Layer, bool | None]]:
    """Where the permission comes from, and what limits it.

    The root user has every permission of its account, and can have no boundary.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#access_policies-root
    and: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-resource-based.html
    """
    resource = said.get(Layer.RESOURCE, Voice())
    if caller.service or caller.is_anonymous:
        yield Layer.RESOURCE, resource.allow
        return
    root = caller.is_root
    own = _either(root, said[Layer.IDENTITY].allow)
    same = same_account(policies, caller)
    admitted = _either(resource.allow, resource.delegates)
    across = _both(admitted, own)
    if policies.resource_must_allow:
        # A key's or a role's own policy must let the caller in, or leave it to its account.
        yield Layer.RESOURCE, admitted
        within = _either(resource.allow, across)
        yield Layer.IDENTITY, _choose(same, within, across)
    else:
        yield Layer.IDENTITY, _choose(same, _either(resource.allow, own), own)
        yield Layer.RESOURCE, _choose(same, True, admitted)
    free = _either(root, _both(same, resource.to_session))
    for layer in (Layer.BOUNDARY, Layer.SESSION):
        if layer in said:
            yield layer, _either(free, said[layer].allow)


def same_account(policies: Policies, caller: Caller) -> bool | None:
    """Whether caller and resource share an account; they do where nobody says otherwise."""
    if policies.owner is None:
        return True
    account = caller.account
    if account is None:
        return None if caller.arn.literal is None else True
    return account.equals(policies.owner)


# --- three-valued logic ----------------------------------------------------------------------


def _either(*answers: bool | None) -> bool | None:
    return any_of(answers)


def _both(*answers: bool | None) -> bool | None:
    return all_of(answers)


def _choose(which: bool | None, yes: bool | None, no: bool | None) -> bool | None:
    """``yes`` or ``no``; both answers where it is open which."""
    if which is None:
        return yes if yes is no else None
    return yes if which else no
