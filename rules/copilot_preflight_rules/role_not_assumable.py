"""E9732: the trust policy of a role does not let the service assume it that is handed the role."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from copilot_preflight.base.finding import Finding, Place, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import (
    added_to,
    removed,
    replaced,
    statement_next_to,
    taken_out,
)
from copilot_preflight.iam.evaluate import covers_action
from copilot_preflight.iam.layers import Layer
from copilot_preflight.iam.policy import Clause, Principal, Statement
from copilot_preflight.model.trust import ASSUME, Assumption, trusted

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Edit
    from copilot_preflight.edits.spelling import Expression, Spelling

_SHOWN = 3
_LONGEST = 100
_ALIKE = 0.8
"""From here on a name may be a slip: ``ecs.`` for ``ecs-tasks.``, but not ``lambda.``."""


@rule(
    "E9732",
    "role-not-assumable",
    "A service may not assume the role that it is handed",
    fix="safe or review",
)
def role_not_assumable(analysis: Analysis) -> Iterator[Finding]:
    asked: dict[tuple[Place, str], list[Assumption]] = {}
    services: dict[Place, set[str | None]] = {}
    for found in analysis.assumptions:
        caller = found.use.caller if found.use.through is None else found.use.owner
        asked.setdefault((found.role.place, caller), []).append(found)
        services.setdefault(found.role.place, set()).add(found.use.handover.service)
    for (place, _), group in asked.items():
        refused = [found for found in group if found.is_refused]
        if refused:
            yield _finding(refused, group, services[place])


def _finding(
    refused: Sequence[Assumption], group: Sequence[Assumption], services: Collection[str | None]
) -> Finding:
    """The finding for one role and one service; ``services`` are all that are handed the role."""
    first = refused[0]
    use, statement = first.use, first.naming
    everywhere = all(found.is_refused for found in group if found.use.value == use.value)
    when = f" when {first.scenario}" if not everywhere and str(first.scenario) else ""
    policy = f"the trust policy of {use.handover.what} {first.role}"
    fails = f"{use.fails}{when}"
    if first.denying is not None:
        at, message, label, help, edits = _denied(first, policy)
    elif statement is None:
        at, message, label, help, edits = _not_named(first, policy, services)
    elif covers_action(statement, ASSUME).verdict is False:
        at, message, label, help, edits = _without_action(first, policy, statement)
    elif first.unmet is not None:
        at, message, label, help, edits = _unmet(first, policy, first.unmet, statement)
    else:
        at, message, label, help, edits = _not_named(first, policy, services)
    places = dict.fromkeys((it.use.value.place, it.use.handover.what) for it in refused)
    remedy = advice.help_with(
        f"{help} ({use.handover.page})",
        edits=edits,
        no_fix="" if any(edits) else "whom else the trust policy is for, only you know",
    )
    return Finding(
        at=at,
        message=f"{message}: {fails}",
        label=label,
        related=tuple(
            Related(place, f"used as the {what} role") for place, what in [*places][:_SHOWN]
        ),
        cause="not-assumable",
        help=remedy.text,
        remedy=remedy,
    )


_Told = tuple[Place, str, str, str, "Sequence[Edit | None]"]
"""Where, the message so far, the label, and the way out: in a sentence, and as edits."""


def _denied(found: Assumption, policy: str) -> _Told:
    caller = found.use.caller
    at = found.denying.place if found.denying is not None else found.role.trust_place
    message = f"{policy} denies {caller} {ASSUME}"
    help = f"take {caller} out of the Deny statement: no Allow can overrule it"
    return at, message, "the Deny", help, [*_undenied(found)]


def _undenied(found: Assumption) -> Iterator[Edit]:
    """The service, where the Deny statement names it, taken out."""
    denying, service = found.denying, found.use.handover.service
    if denying is not None and found.use.through is None:
        names = [name.entry for name in denying.principals]
        own = [name for name in names if name.text.literal == service]
        if own:
            yield from taken_out(denying, own, names, f"take {service} out of the Deny statement")


def _without_action(found: Assumption, policy: str, statement: Statement) -> _Told:
    caller = found.use.caller
    at = statement.actions[0].place if statement.actions else statement.place
    message = f"{policy} names {caller} but does not allow it {ASSUME}"
    label = f"{caller} calls {ASSUME}"
    title = f"add {ASSUME} to the statement's Action"
    edit = added_to(statement.place, at, ASSUME, title) if statement.actions else None
    return at, message, label, title, [edit]


def _unmet(found: Assumption, policy: str, clause: Clause, statement: Statement) -> _Told:
    caller = found.use.caller
    wanted = _listed([f"'{value.text}'" for value in clause.values])
    at = clause.values[0].place if clause.values else statement.place
    sent = next((it[clause.key.lower()] for it in found.contexts if it.get(clause.key.lower())), ())
    message = f"{policy} lets {caller} assume it only by {clause.operator} {clause.key} {wanted}"
    label = f"{clause.key} is '{sent[0]}'" if sent else f"{clause.key} is never that"
    help = f"correct the condition, or take it out, for {caller}"
    if clause.key.lower() in _NEVER_SENT:
        label = f"{caller} sends no {clause.key}"
        help = f"take the condition out for {caller}: {_NEVER_SENT[clause.key.lower()]}"
    elif _is_literal_star(clause):
        label = f"'*' is no wildcard to {clause.operator}"
        help = f"use {_LIKE.get(clause.key.lower(), 'StringLike')}, to which '*' is a wildcard"
    return at, message, label, help, [_loosened(clause, statement)]


def _loosened(clause: Clause, statement: Statement) -> Edit | None:
    """The condition taken out that no call of the service can meet."""
    start, entry = statement.place.path, next((it.place for it in clause.values), None)
    is_hopeless = clause.key.lower() in _NEVER_SENT
    if not is_hopeless or entry is None or entry.path[len(start) :][:1] != ("Condition",):
        return None
    at = Place(entry.file, entry.path[: len(start) + 3])
    return removed(at, f"take the condition on {clause.key} out")


_NEVER_SENT = {
    "sts:externalid": "it is for third parties, services are held to aws:SourceArn "
    "(https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html)",
    "aws:multifactorauthpresent": "only people have a second factor",
    "aws:multifactorauthage": "only people have a second factor",
}
_LIKE = {"aws:sourcearn": "ArnLike"}


def _is_literal_star(clause: Clause) -> bool:
    """Whether stars stand where an operator takes them for the character.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    exact = "stringequals" in clause.operator.lower()
    return exact and any(value.text.has_wildcard() for value in clause.values)


def _not_named(found: Assumption, policy: str, services: Collection[str | None]) -> _Told:
    names = trusted(found.role)
    others = [name for name in names if name.entry.text.literal not in services]
    by_pipeline = found.use.through is not None
    near = None if by_pipeline else _nearest(found.use.handover.service, others)
    at = near or next(iter(names), None)
    told = _listed(list(dict.fromkeys(map(_told, names))))
    caller = found.use.caller
    message = f"{policy} lets {told} assume it, but not {caller}"
    if not names:
        message = f"{policy} names nobody who may assume it, so not {caller} either"
    label = f"did you mean {caller}?" if near is not None else f"{caller} is missing"
    edits: Sequence[Edit | None] = ()
    if by_pipeline:
        help = f"let the pipeline's role call {ASSUME}: name its ARN under Principal.AWS"
        edits = [_let_pipeline_in(found)]
    else:
        too = " as well" if len(others) < len(names) else ""
        help = f"let Principal.Service {caller}{too} call {ASSUME}"
        edits = [_let_in(found, near)]
    place = at.entry.place if at is not None else found.role.trust_place
    return place, message, label, help, edits


def _let_in(found: Assumption, near: Principal | None) -> Edit | None:
    """The service in the place of a slip, or next to the services that are let in already."""
    service = found.use.handover.service
    if near is not None:
        return replaced(near.entry.place, service, f"correct it to {service}")
    for statement in found.role.trust:
        names = [name for name in statement.principals if name.kind == "Service"]
        lets_in = statement.effect == "Allow" and covers_action(statement, ASSUME).verdict
        if lets_in and names and not statement.clauses:
            title = f"let {service} assume the role as well"
            return added_to(statement.place, names[0].entry.place, service, title, depth=2)
    from copilot_preflight.edits.spelling import Spelling

    return _statement(found, Spelling(service), "Service")


def _let_pipeline_in(found: Assumption) -> Edit | None:
    """A statement for the pipeline's role, as the pipeline itself names it."""
    from copilot_preflight.edits.spelling import Expression

    through = found.use.through
    if through is None or through.reader.file != found.role.place.file:
        return None
    raw = through.raw
    is_whole = isinstance(raw, dict) and [*raw] in (["Fn::GetAtt"], ["Fn::Sub"])
    return _statement(found, Expression(str(through.text()), raw), "AWS") if is_whole else None


def _statement(found: Assumption, principal: Spelling | Expression, kind: str) -> Edit | None:
    """A statement more in the trust policy, where it has one that is written there."""
    role = found.role
    whose = advice.owner(Layer.RESOURCE, f"the trust policy of {role}", role.place, role.logical_id)
    statement = advice.grant(whose, ASSUME, principal=principal, kind=kind)
    name = found.use.handover.service if kind == "Service" else "the pipeline's role"
    at = role.trust[0].place if role.trust else None
    if at is None or at.file != role.place.file:
        return None
    return statement_next_to(at, statement, f"let {name} assume the role as well")


def _nearest(service: str, names: Sequence[Principal]) -> Principal | None:
    """The name that was probably meant to be the service's."""
    from difflib import SequenceMatcher  # of use to few runs

    def likeness(name: Principal) -> float:
        spelt = str(name.entry.text)[:_LONGEST]
        bare = "." not in spelt and spelt == service.partition(".")[0]
        return 1.0 if bare else SequenceMatcher(None, service, spelt).ratio()

    services = [name for name in names if name.kind == "Service"]
    nearest = max(services, key=likeness, default=None)
    return nearest if nearest is not None and likeness(nearest) >= _ALIKE else None


def _listed(told: Sequence[str]) -> str:
    more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return ", ".join(told[:_SHOWN]) + more


def _told(name: Principal) -> str:
    return f"'{name.entry.text}'" if name.kind == "Service" else f"{name.kind} '{name.entry.text}'"
