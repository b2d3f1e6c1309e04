"""IAM's policy simulator, offline: which calls a set of policies allows, and by which statement.

The answers have the shape of ``aws iam simulate-custom-policy``, so that scripts made for it can
read them; what goes beyond it stands under keys of its own. A condition key that is not given
counts as not sent, as in AWS's simulator, and is listed under MissingContextValues.
Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from copilot_preflight.access.resource_policies import ResourcePolicy
from copilot_preflight.base.finding import Place, Source
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.evaluate import Outcome, Request
from copilot_preflight.iam.layers import (
    Layer,
    Policies,
    PolicySet,
    Ruling,
    Voice,
    addressed,
    decide,
    same_account,
)
from copilot_preflight.iam.policy import VARIABLE, Match, Statement
from copilot_preflight.iam.principals import Caller
from copilot_preflight.model.policy_documents import statements_of
from copilot_preflight.read.document import Document
from copilot_preflight.resolve.plain import Plain
from copilot_preflight.resolve.value import Value
from copilot_preflight.simulator.results import SOURCE_TYPES, Answer, by_type, result

_DELEGATING: Final = ("kms:", "sts:assumerole")
"""How actions begin whose resources (keys, roles) admit nobody whom their own policy does not."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is simulated: every action on every resource, by one caller in one context.

    ``context`` maps condition keys, in any case, to their values. ``caller`` is an ARN, the name
    of a service, or a `Caller` of which less is known. ``explain`` asks for every
    statement with whether and why it matched. ``texts`` are the resources that are not wholly
    known, by the names under which ``resources`` has them.
    """

    actions: Sequence[str]
    resources: Sequence[str] = ("*",)
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)
    caller: str | Caller = ""
    explain: bool = True
    texts: Mapping[str, Text] = field(default_factory=dict)


class KnowsResources(Protocol):
    """Knows the policies of resources, such as a template that holds them."""

    def policy_of(self, action: str, resource: Text) -> ResourcePolicy: ...

    def without_secrets(self, results: list[Any]) -> list[Any]: ...


def policy_set(*documents: Document) -> PolicySet:
    """The statements of policy documents that work together. Raises TemplateError."""
    return PolicySet(tuple(s for document in documents for s in _statements(document)))


def simulate(
    policies: Policies,
    question: Question,
    sources: Mapping[str, Source],
    resources: KnowsResources | None = None,
) -> dict[str, Any]:
    """The answer for every action, as ``{"EvaluationResults": [...]}``.

    An action on several resources has one result, which tells the most restrictive decision, and
    one of ``ResourceSpecificResults`` for each of them. ``sources`` are the documents of the
    policies by file name; positions are 1-based. A resource whose ARN names an account belongs to
    it, any other to ``policies.owner``; to a caller whose account is not known, only the latter
    counts. Without ``policies.resource``, ``resources`` is asked for the policy of every resource.
    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html

    The result is to be read: its parts, such as the reference to a statement, are shared.
    """
    simulation = _Simulation(policies, question, sources, resources)
    named = [(name, question.texts.get(name) or Text.of(name)) for name in question.resources]
    results = [
        result(action, [simulation.answer(action, *resource) for resource in named])
        for action in question.actions
    ]
    if resources is not None:
        results = resources.without_secrets(results)
    return {"EvaluationResults": results, "IsTruncated": False}


class _Sent(dict[str, tuple[Text, ...]]):
    """The context of a request; a key that was not given was not sent, and is written down."""

    def __init__(self, given: Mapping[str, tuple[Text, ...]]) -> None:
        super().__init__(given)
        self.missing: dict[str, None] = {}

    def get(self, key: str, _default: Any = None) -> Any:
        if key not in self:
            self.missing[key] = None
            return ()
        return self[key]


class _Simulation:
    """One run of the simulator, with what its answers share."""

    def __init__(
        self,
        policies: Policies,
        question: Question,
        sources: Mapping[str, Source],
        resources: KnowsResources | None,
    ) -> None:
        self._policies = policies
        self._resources = resources if policies.resource is None else None
        self._sources = sources
        self._explain = question.explain
        caller = question.caller
        self._caller = caller_of(caller) if isinstance(caller, str) else caller
        account = self._caller.account
        self._is_of_known_account = account is not None and account.literal is not None
        self._context = {key.lower(): tuple(map(Text.of, v)) for key, v in question.context.items()}
        self._spelt = dict(_keys(policies))
        self._references: dict[tuple[Layer, Place], dict[str, Any]] = {}
        # Of each set of a layer, for each statement: what was told of it, by the reason.
        self._told: dict[tuple[Layer, int], list[dict[str, dict[str, Any]]]] = {}
        self._of_owner: dict[tuple[str, bool], Policies] = {}
        self._of_resource: dict[tuple[str, Text], Policies] = {}

    def answer(self, action: str, name: str, resource: Text) -> Answer:
        sent = _Sent(self._context)
        request = Request(action, resource, sent)
        policies = self._policies_for(action, resource)
        ruling = decide(policies, request, self._caller)
        return Answer(
            name,
            ruling,
            [
                self._reference(layer, statement)
                for layer, voice in ruling.voices
                for statement in _shown(ruling, voice)
            ],
            [self._spelt.get(key, key) for key in sent.missing],
            by_type(ruling) if same_account(policies, self._caller) is False else {},
            list(self._explained(policies, request)) if self._explain else None,
        )

    def _policies_for(self, action: str, resource: Text) -> Policies:
        """The policies, with what the resource's ARN and the action say about its owner."""
        if self._resources is not None:
            return self._policies_of(self._resources, action, resource)
        own = self._policies.resource is not None and action.lower().startswith(_DELEGATING)
        account = self._account_of(resource)
        found = self._of_owner.get((account, own))
        if found is None:
            found = self._policies._replace(
                owner=Text.of(account) if account else self._policies.owner,
                resource_must_allow=own or self._policies.resource_must_allow,
            )
            self._of_owner[account, own] = found
        return found

    def _policies_of(self, resources: KnowsResources, action: str, resource: Text) -> Policies:
        """The policies, with the one that the resource itself has."""
        key = action.partition(":")[0].lower(), resource
        found = self._of_resource.get(key)
        if found is None:
            said = resources.policy_of(action.lower(), resource)
            account = self._account_of(resource)
            owner = said.owner or (Text.of(account) if account else self._policies.owner)
            found = self._of_resource[key] = self._policies._replace(
                resource=said.policy,
                owner=owner,
                resource_must_allow=said.must_allow or self._policies.resource_must_allow,
            )
            self._spelt.update(_keys(found))
        return found

    def _account_of(self, resource: Text) -> str:
        """The account in a resource's ARN; it counts only if that of the caller is known too."""
        parsed = arn.parse(resource) if self._is_of_known_account else None
        account = (parsed.account.literal or "") if parsed is not None else ""
        return account if account.isdigit() else ""

    def _reference(self, layer: Layer, statement: Statement) -> dict[str, Any]:
        """A statement as AWS points at it; one dict for each, however often it is named."""
        found = self._references.get((layer, statement.place))
        if found is None:
            found = self._references[layer, statement.place] = {
                "SourcePolicyId": statement.policy or statement.place.file,
                "SourcePolicyType": SOURCE_TYPES[layer],
            }
            source = self._sources.get(statement.place.file)
            if source is not None:
                start, end = source.span(statement.place.path)
                found["StartPosition"] = {"Line": start.line, "Column": start.column}
                found["EndPosition"] = {"Line": end.line, "Column": end.column}
        return found

    def _explained(self, policies: Policies, request: Request) -> Iterator[dict[str, Any]]:
        """Every statement, with whether it matched and, where not, why."""
        bounded = policies.boundary is not None
        known = request.resource.literal
        for layer, found in _sets(policies):
            caller = self._caller if layer in (Layer.RESOURCE, Layer.ENDPOINT) else None
            told = self._told.get((layer, id(found)))
            if told is None:
                told = self._told[layer, id(found)] = [{} for _ in found.statements]
            for (prepared, covered), reasons in zip(found.about(request.action), told, strict=True):
                answer = prepared.applies(request, known, covered)
                if caller is not None and answer.verdict is not False:
                    answer = addressed(answer, *prepared.naming(caller, bounded=bounded))
                why = answer.why or _open(answer) or "every element matches"
                if why not in reasons:
                    reasons[why] = self._explanation(layer, prepared.statement, answer, why)
                yield reasons[why]

    def _explanation(
        self, layer: Layer, statement: Statement, answer: Match, why: str
    ) -> dict[str, Any]:
        return {
            **self._reference(layer, statement),
            **({"Sid": statement.sid} if statement.sid else {}),
            "Effect": statement.effect,
            "Matched": answer.verdict,
            "Why": why,
        }


def _open(answer: Match) -> str:
    return f"not known: {', '.join(fact.name for fact in answer.facts)}" if answer.facts else ""


def _shown(ruling: Ruling, voice: Voice) -> Sequence[Statement]:
    """The statements of a layer that led to the outcome; as in AWS, a denial shows its Deny."""
    if ruling.outcome is Outcome.EXPLICIT_DENY:
        return voice.denying
    return voice.allowing


def _sets(policies: Policies) -> Iterator[tuple[Layer, PolicySet]]:
    for layer, levels in ((Layer.RCP, policies.rcps), (Layer.SCP, policies.scps)):
        for level in levels:
            yield layer, level
    for layer, found in (
        (Layer.RESOURCE, policies.resource),
        (Layer.IDENTITY, policies.identity),
        (Layer.BOUNDARY, policies.boundary),
        (Layer.SESSION, policies.session),
        (Layer.ENDPOINT, policies.endpoint),
    ):
        if found is not None:
            yield layer, found


def _keys(policies: Policies) -> Iterator[tuple[str, str]]:
    """The condition keys that policies ask for, in lower case and as they are spelt."""
    for _, found in _sets(policies):
        for statement in found.statements:
            entries = [*statement.resources, *statement.not_resources]
            for clause in statement.clauses:
                yield clause.key.lower(), clause.key
                entries += clause.values
            for hole in (hole for entry in entries for hole in entry.text.holes):
                if hole.name.startswith(VARIABLE):
                    key = hole.name.removeprefix(VARIABLE).partition(",")[0].strip()
                    yield key.lower(), key


def caller_of(name: str) -> Caller:
    """The caller that an ARN, or the name of a service, stands for."""
    if name.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return Caller(Text.of(""), service=name)
    head, session, tail = name.partition(":assumed-role/")
    if not session:
        return Caller(Text.of(name))
    role = f"{head.replace(':sts:', ':iam:', 1)}:role/{tail.partition('/')[0]}"
    return Caller(Text.of(role), session=Text.of(name))


# --- policy documents -------------------------------------------------------------------------


def _statements(document: Document) -> tuple[Statement, ...]:
    return statements_of(Value(Plain(document.file), document.data, ()), document.file)
