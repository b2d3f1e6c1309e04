"""Trust policies: whether a service may assume the role that a resource hands to it.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-service.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from types import MappingProxyType
from typing import Final

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import EMPTY, Hole, Text
from copilot_preflight.base.wildcards import WILDCARDS
from copilot_preflight.iam import arn, conditions
from copilot_preflight.iam.evaluate import Outcome, Request, covers_action
from copilot_preflight.iam.layers import Layer, Policies, PolicySet, Ruling, decide
from copilot_preflight.iam.policy import Clause, Fact, Principal, Statement, missing_values
from copilot_preflight.iam.principals import Caller, Naming, naming
from copilot_preflight.model.roles import Trust, role_named, trust_named
from copilot_preflight.model.service_roles import (
    CONFUSED_DEPUTY,
    EXTERNAL_ID_IS_ACCOUNT,
    RoleUse,
    role_uses,
)
from copilot_preflight.resolve.hints import mentions
from copilot_preflight.resolve.scenario import Scenario
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View

ASSUME: Final = "sts:AssumeRole"

_PROFILE: Final = "AWS::IAM::InstanceProfile"

Context = Mapping[str, tuple[Text, ...]]

_OPEN_PRINCIPAL: Final = Fact("value", "Principal")
"""What `decide` gives for a principal that may be the caller, or not."""

_NOTHING: Final[Context] = MappingProxyType({})


class Assumption(NamedTuple):
    """A role that is handed to a service, and IAM's answer to the service that assumes it.

    ``rulings`` holds one answer for each of ``contexts``, the requests that the service may make.
    """

    use: RoleUse
    role: Trust
    scenario: Scenario
    caller: Caller
    contexts: tuple[Context, ...] = (_NOTHING,)
    rulings: tuple[Ruling, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The answer to all requests; where some differ, it is not known which one is made."""
        found = {ruling.outcome for ruling in self.rulings}
        return found.pop() if len(found) == 1 else Outcome.UNDETERMINED

    @property
    def is_refused(self) -> bool:
        """Whether the trust policy certainly keeps the service out."""
        return bool(self.rulings) and all(
            ruling.outcome.is_denied and ruling.layer is Layer.RESOURCE for ruling in self.rulings
        )

    @property
    def missing(self) -> tuple[Fact, ...]:
        """What would have to be known, where even the request that AWS documents has no answer.

        That a name with a star, or with a region in it, is that of the service is taken to be so;
        and so is the name of the resource for which the service acts.
        """
        if not self.rulings or self.outcome is not Outcome.UNDETERMINED:
            return ()
        documented = self.rulings[0]
        if documented.outcome is Outcome.ALLOWED:
            return ()
        facts = documented.facts
        if not facts and self.naming is not None:
            facts = tuple(Fact("context", clause.key) for clause in self.naming.clauses)
        own = _resource_hole(self.use).name
        known_by_user = [f for f in facts if f != _OPEN_PRINCIPAL and f.name != own]
        if _OPEN_PRINCIPAL in facts:
            for statement in self.role.trust:
                for principal in statement.principals:
                    known_by_user += missing_values(principal.entry.text)
        return tuple(dict.fromkeys(known_by_user))

    @property
    def denying(self) -> Statement | None:
        """The Deny statement that keeps the service out."""
        if self.outcome is not Outcome.EXPLICIT_DENY:
            return None
        return next((statement for statement in self.rulings[0].deciding), None)

    @property
    def naming(self) -> Statement | None:
        """The first Allow statement that names the caller, whatever else it asks for."""
        named = (
            statement
            for statement in self.role.trust
            if statement.effect == "Allow" and naming(statement, self.caller)[0] is not Naming.NOT
        )
        return min(named, key=lambda it: covers_action(it, ASSUME).verdict is False, default=None)

    @property
    def unmet(self) -> Clause | None:
        """The first condition of `naming` that no request of the service meets."""
        for clause in self.naming.clauses if self.naming is not None else ():
            if all(conditions.hold((clause,), it).verdict is False for it in self.contexts):
                return clause
        return None


def assumptions(stack: Stack) -> Iterator[Assumption]:
    """Every role of the run that a resource of a template hands to a service."""
    anyhow = View(stack)
    for use in role_uses(anyhow):
        if _is_idle(stack, use):
            continue
        for view in anyhow.where(use.value.guard):
            yield from _assumptions(view, use)


def _is_idle(stack: Stack, use: RoleUse) -> bool:
    """Whether a role serves nothing: an instance profile without users and without a name.

    Nothing tells that an instance runs with it, and many are there for no reason at all.
    """
    if use.handover.kind != _PROFILE:
        return False
    data = stack.data
    resources = data["Resources"]
    properties = resources[use.owner].get("Properties")
    if isinstance(properties, dict) and "InstanceProfileName" in properties:
        return False  # whoever knows the name may use it
    others = [raw for name, raw in resources.items() if name != use.owner]
    return not mentions([*others, data.get("Outputs")], use.owner)


def _assumptions(view: View, use: RoleUse) -> Iterator[Assumption]:
    """The answer in a scenario, or in the finer ones on which it depends."""
    resolver = view.resolver
    if any(resolver.decide(name) not in (None, wanted) for name, wanted in use.value.guard):
        return
    role = _role(view, use.value)
    if role is None:
        return
    found = _assumption(view, use, role)
    if found.outcome is Outcome.UNDETERMINED and role.place.file == view.file:
        for name in _conditions(role):
            finer = [leaf for leaf in view.settle(name) if leaf != view]
            if resolver.decide(name) is None and finer:
                for leaf in finer:
                    yield from _assumptions(leaf, use)
                return
    yield found


def _assumption(view: View, use: RoleUse, role: Trust) -> Assumption:
    policies = Policies(resource=PolicySet(role.trust), resource_must_allow=True)
    caller = Caller(EMPTY, service=use.handover.service)
    if use.through is not None:
        caller, policies = _pipeline(view, use.through, policies, role)
    found = Assumption(use, role, view.scenario, caller)
    if not role.trust or _is_written_by_aws(view, role):
        return found
    contexts = tuple(_contexts(view, use, role))
    rulings = (decide(policies, Request(ASSUME, role.arn, it), caller) for it in contexts)
    return found._replace(contexts=contexts, rulings=tuple(rulings))


def _role(view: View, value: Value) -> Trust | None:
    named = view.resolver.text(value.raw, value.path, value.guard)
    return trust_named(view, named)


def _pipeline(
    view: View, through: Value, policies: Policies, role: Trust
) -> tuple[Caller, Policies]:
    """The pipeline's role as it assumes the role of an action."""
    named = view.resolver.text(through.raw, through.path, through.guard)
    pipeline = role_named(view, named)
    owner = arn.parse(role.arn)
    policies = policies._replace(owner=owner.account if owner else None)
    if pipeline is None:
        nothing = PolicySet(unread=(Fact("document", f"role '{named}'"),))
        return Caller(named), policies._replace(identity=nothing)
    identity = PolicySet(pipeline.statements, pipeline.unread)
    if pipeline.boundary is not None:
        known = None if pipeline.undecided else pipeline.boundary.statements
        unread = () if known is not None else (Fact("boundary", str(pipeline.boundary.arn)),)
        policies = policies._replace(boundary=PolicySet(known or (), unread))
    return Caller(pipeline.arn), policies._replace(identity=identity)


def _is_written_by_aws(view: View, role: Trust) -> bool:
    """Whether a macro may write the trust policy, or the resource that uses the role, anew."""
    files = dict.fromkeys((view.file, role.place.file))
    for other in (it for file in files for it in view.of_file(file)):
        if other.stack.unwritten:
            return True
        if other.file == role.place.file:
            properties = other.stack.data["Resources"][role.logical_id].get("Properties")
            if Value(other.resolver, properties, ()).is_written_out_by_aws:
                return True
    return False


def _contexts(view: View, use: RoleUse, role: Trust) -> Iterator[Context]:
    """The requests that the service may make, the one that AWS documents first.

    It may say for which resource it acts, or not. No service has a second factor: AWS documents
    that the age of one is then not sent, and not whether its presence is sent as false.
    Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    and https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    asked = {clause.key.lower() for statement in role.trust for clause in statement.clauses}
    if not asked:
        yield _NOTHING
        return
    sent = {"aws:multifactorauthage": _NOT_SENT, **_sent_by(view, use)}
    may_send = [(key, sent[key]) for key in sorted(asked & set(sent))]
    for values in product(*(each for _, each in may_send)):
        pairs = zip((key for key, _ in may_send), values, strict=True)
        yield {key: value for key, value in pairs if value is not None}


_NOT_SENT: Final = ((),)


def _sent_by(view: View, use: RoleUse) -> Mapping[str, tuple[tuple[Text, ...] | None, ...]]:
    """What may be sent under each key, the documented value first; None for anything else."""
    service = use.handover.service
    account = view.pseudo("AWS::AccountId")
    presence: dict[str, tuple[tuple[Text, ...] | None, ...]] = {
        "aws:multifactorauthpresent": ((), (Text.of("false"),))
    }
    if service in EXTERNAL_ID_IS_ACCOUNT:
        return {**presence, "sts:externalid": ((account,), (), None)}
    source = CONFUSED_DEPUTY.get(service)
    if source is None:
        return presence
    head = ("arn:", view.pseudo("AWS::Partition"), f":{source.service}:")
    place = (view.pseudo("AWS::Region"), ":", account, ":", source.begins)
    return {
        **presence,
        "aws:sourcearn": ((Text.of(*head, *place, _resource_hole(use)),), ()),
        "aws:sourceaccount": ((account,), ()),
        "sts:externalid": _NOT_SENT,
    }


def _resource_hole(use: RoleUse) -> Hole:
    """The last part of a resource's ARN, which is spelt out: no wildcard stands in it."""
    file = use.value.reader.file
    return Hole(f"the resource of '{use.owner}'", file, excludes=WILDCARDS, nonempty=True)


def _conditions(role: Trust) -> Iterator[str]:
    """The template conditions on which a trust policy hangs."""
    for statement in role.trust:
        yield from statement.conditions
        entries = [principal.entry for principal in statement.principals]
        entries += (entry for clause in statement.clauses for entry in clause.values)
        for entry in (*entries, *statement.actions, *statement.not_actions):
            yield from entry.conditions
            yield from (hole.condition for hole in entry.text.holes if hole.condition)


def trusted(role: Trust) -> tuple[Principal, ...]:
    """The principals that the trust policy lets in."""
    return tuple(
        principal
        for statement in role.trust
        if statement.effect == "Allow"
        for principal in statement.principals
    )
