"""Why a call is denied: the one most specific cause, and the statement that shows it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Final

from copilot_preflight.access.decide import Decision
from copilot_preflight.access.request import Call
from copilot_preflight.base.finding import Place
from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text, match
from copilot_preflight.iam import arn
from copilot_preflight.iam.evaluate import Outcome, applies, covers_action, evaluate
from copilot_preflight.iam.layers import Layer
from copilot_preflight.iam.policy import Clause, Entry, Statement
from copilot_preflight.iam.services import ResourcePolicyKind, service_of
from copilot_preflight.model.roles import Role, role_named, role_of
from copilot_preflight.needs.env_files import GET_BUCKET_LOCATION
from copilot_preflight.needs.registry import needs_in
from copilot_preflight.resolve.node_paths import conditions_above
from copilot_preflight.resolve.query import query
from copilot_preflight.resolve.view import View
from copilot_preflight.statements.s3_pairs import BUCKET, OBJECTS, S3Level

CONTENT_HASH: Final = lazy_pattern(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
"""A SHA-256 in an object key: Copilot and CDK name uploads after their content."""


class Cause(NamedTuple):
    """``kind`` is a stable slug (``"stale-hash"``); ``statement`` and ``entry`` show it.

    ``clause`` is the one of the statement's Condition that the request does not meet, ``near`` what
    the right role is granted in place of what it needs, where the grant is on another one.
    """

    kind: str
    statement: Statement | None = None
    entry: Entry | None = None
    condition: str = ""
    role: Role | None = None
    clause: Clause | None = None
    near: Entry | None = None


EXPLICIT_DENY: Final = "explicit-deny"
BUCKET_POLICY: Final = ResourcePolicyKind.BUCKET.value
KEY_POLICY: Final = ResourcePolicyKind.KEY.value
RESOURCE_POLICY: Final = ResourcePolicyKind.OTHER.value
BOUNDARY: Final = "boundary"
ENDPOINT_POLICY: Final = "endpoint-policy"
ORGANIZATION_POLICY: Final = "organization-policy"
WRONG_ROLE: Final = "wrong-role"
STALE_HASH: Final = "stale-hash"
OBJECT_ACTION_ON_BUCKET: Final = "object-action-on-bucket-arn"
BUCKET_ACTION_ON_OBJECT: Final = "bucket-action-on-object-arn"
HALF_GRANTED: Final = "half-granted-pair"
CONDITION_OFF: Final = "condition-off"
UNMET_CONDITION: Final = "unmet-condition"
LITERAL_VARIABLES: Final = "literal-variables"
OTHER_PARTITION: Final = "other-partition"
OTHER_BUCKET: Final = "other-bucket"
OTHER_KEY: Final = "other-key"
OTHER_RESOURCE: Final = "other-resource"
OTHER_ACTION: Final = "other-action"
EXCLUDED: Final = "excluded"
NO_GRANT: Final = "no-grant"

LAYER_CAUSES: Final = frozenset(
    (EXPLICIT_DENY, BUCKET_POLICY, KEY_POLICY, BOUNDARY, ENDPOINT_POLICY, ORGANIZATION_POLICY)
)
"""The causes that lie outside what the role's own Allow statements say."""

_MOST_SPECIFIC_FIRST: Final = (
    STALE_HASH,
    OBJECT_ACTION_ON_BUCKET,
    BUCKET_ACTION_ON_OBJECT,
    HALF_GRANTED,
    OTHER_PARTITION,
    EXCLUDED,
    OTHER_KEY,
    OTHER_BUCKET,
    OTHER_RESOURCE,
    OTHER_ACTION,
)


_LEVELS: Final = {OBJECT_ACTION_ON_BUCKET: OBJECTS, BUCKET_ACTION_ON_OBJECT: BUCKET}


def cause_of(decision: Decision) -> Cause:
    """The most specific cause of a denial."""
    call = decision.call
    if decision.layer is not Layer.IDENTITY or decision.outcome is Outcome.EXPLICIT_DENY:
        return Cause(_kind_of_layer(decision), next(iter(decision.deciding), None))
    near = sorted(_near_misses(call), key=lambda cause: _rank(cause, call.action))
    # A grant that names this very file, but another version or half of it, says most. Then come
    # grants that would serve, were they on this role or switched on; then those for other things.
    close = near[:1] if near and near[0].kind in _MOST_SPECIFIC_FIRST[:5] else []
    for cause in (
        *close,
        *_as_text(call),
        *_on_other_role(call),
        *_switched_off(call),
        *_unmet(call),
        *near,
    ):
        missed = near[0].entry if near and cause.kind == WRONG_ROLE else None
        return cause._replace(near=missed)
    return next(_of_elsewhere(call), Cause(NO_GRANT))


_KINDS_OF_LAYERS: Final = {
    Layer.IDENTITY: EXPLICIT_DENY,
    Layer.BOUNDARY: BOUNDARY,
    Layer.ENDPOINT: ENDPOINT_POLICY,
    Layer.SCP: ORGANIZATION_POLICY,
    Layer.RCP: ORGANIZATION_POLICY,
}


def _kind_of_layer(decision: Decision) -> str:
    policy = service_of(decision.call.action).policy or ResourcePolicyKind.OTHER
    return _KINDS_OF_LAYERS.get(decision.layer or Layer.RESOURCE, policy.value)


def _on_other_role(call: Call) -> Iterator[Cause]:
    """A grant that would serve, on the other one of a task's two roles."""
    need, task = call.need, call.need.task
    if task is None or need.user not in ("execution", "task"):
        return
    other = task.task_role if need.user == "execution" else task.execution_role
    if other is None:
        return
    role = role_named(need.view, other.text())
    if role is None or role.arn == call.role.arn:
        return
    verdict = evaluate(role.statements, call.request)
    if verdict.outcome is Outcome.ALLOWED:
        yield Cause(WRONG_ROLE, verdict.deciding[0], role=role)


def _switched_off(call: Call) -> Iterator[Cause]:
    """A grant that would serve, under a condition that is off in this scenario."""
    request = call.request
    everything = call.view.at(call.view.scenario.but(every_branch=True))
    role = role_of(everything, call.role.logical_id)
    if role is None or role.place != call.role.place:
        return
    for statement in role.statements:
        entries = [c for entry in statement.resources for c in entry.conditions]
        if not statement.conditions and not entries:
            continue
        bare = statement._replace(
            conditions=(),
            resources=tuple(e._replace(conditions=()) for e in statement.resources),
        )
        if statement.effect == "Allow" and applies(bare, request).verdict:
            where = (statement.place, *(entry.place for entry in statement.resources))
            ways = dict(way for place in where for way in _conditions_above(call.view, place))
            for condition in (*statement.conditions, *entries):
                outcome = call.view.resolver.decide(condition)
                if outcome is not None and outcome is not ways.get(condition):
                    yield Cause(CONDITION_OFF, statement, condition=condition)


def _conditions_above(view: View, place: Place) -> Iterator[tuple[str, bool]]:
    data = view.stack.data if place.file == view.file else {}
    return conditions_above(data, place.path)


def _as_text(call: Call) -> Iterator[Cause]:
    """A grant that may serve, if its variables were not plain text for want of a Version."""
    for statement in call.role.statements:
        if statement.effect != "Allow" or not statement.has_literal_variables:
            continue
        if applies(statement.in_current_version(), call.request).verdict is not False:
            yield Cause(LITERAL_VARIABLES, statement)


def _unmet(call: Call) -> Iterator[Cause]:
    """A grant that would serve, but for a clause of its Condition that does not hold."""
    request = call.request
    for statement in call.role.statements:
        if statement.effect == "Allow" and statement.clauses and not statement.conditions:
            bare = statement._replace(clauses=())
            if applies(bare, request).verdict:
                for clause in statement.clauses:
                    one = statement._replace(clauses=(clause,))
                    if applies(one, request).verdict is False:
                        yield Cause(UNMET_CONDITION, statement, clause=clause)
                        break


def _near_misses(call: Call) -> Iterator[Cause]:
    target = call.resource
    for statement in call.role.statements:
        if statement.effect != "Allow":
            continue
        if covers_action(statement, call.action).verdict:
            for entry in statement.not_resources:
                if match(entry.text, target):
                    yield Cause(EXCLUDED, statement, entry)
            for entry in statement.resources:
                kind = _difference(call.action, entry.text, target)
                level = _LEVELS.get(kind or "")
                if level is not None:
                    if _names_some(level, statement, target):
                        continue  # this ARN is there for the statement's other actions
                    if not any(map(level.is_only_use_of, statement.actions)):
                        kind = HALF_GRANTED
                # A grant that something else needs is no attempt at this.
                asking = _asking(call.view, call.action, entry.text) if kind is not None else ()
                if kind is not None and not any(key != call.need.key for key in asking):
                    yield Cause(kind, statement, entry)
        elif any(match(entry.text, target) for entry in statement.resources) and any(
            str(action.text).lower().startswith(call.action.lower().partition(":")[0] + ":")
            for action in statement.actions
        ):
            yield Cause(
                OTHER_ACTION, statement, statement.actions[0] if statement.actions else None
            )


def _of_elsewhere(call: Call) -> Iterator[Cause]:
    """A managed policy that the role lists by an ARN of another partition, and so does not have."""
    for entry in call.role.elsewhere:
        if not entry.conditions:
            yield Cause(OTHER_PARTITION, entry=entry)


def _rank(cause: Cause, action: str) -> tuple[int, bool]:
    level = BUCKET if action == GET_BUCKET_LOCATION else OBJECTS
    missed = cause.entry is not None and level.is_missed_by(cause.entry)
    return _MOST_SPECIFIC_FIRST.index(cause.kind), missed


def _names_some(level: S3Level, statement: Statement, asked: Text) -> bool:
    """Whether a statement has an ARN for a half of the bucket that is asked for."""
    name = arn.parse_s3(asked)
    some = level.arn_in(name.partition, name.bucket) if name else asked
    return any(match(entry.text, some) is not False for entry in statement.resources)


@query
def _asking(view: View, action: str, granted: Text) -> tuple[Hashable, ...]:
    """The keys of needs that ask for an action on something that an ARN covers, up to two of them.

    So there is another one than any one of them, or there is not.
    """
    written = "".join(part for part in granted.parts if isinstance(part, str))
    if "*" not in written and "?" not in written:  # then it certainly covers itself alone
        return _asked_on(view).get((action, Text.of(*granted.parts)), ())
    found: list[Hashable] = []
    for key, resource in _asked(view).get(action, ()):
        if key not in found and match(granted, resource):
            found.append(key)
            if len(found) == 2:
                break
    return tuple(found)


@query
def _asked_on(view: View) -> Mapping[tuple[str, Text], tuple[Hashable, ...]]:
    """Action and resource -> the keys of needs that ask for them, up to two."""
    found: dict[tuple[str, Text], tuple[Hashable, ...]] = {}
    for action, asked in _asked(view).items():
        for key, resource in asked:
            on = action, Text.of(*resource.parts)
            keys = found.get(on, ())
            if len(keys) < 2 and key not in keys:
                found[on] = (*keys, key)
    return found


@query
def _asked(view: View) -> Mapping[str, Sequence[tuple[Hashable, Text]]]:
    """Action -> the resources that the template asks for it on, each with the key of its need."""
    found: dict[str, list[tuple[Hashable, Text]]] = {}
    for need in needs_in(view):
        for needed in need.calls:
            found.setdefault(needed.action, []).append((need.key, needed.resource))
    return found


def _difference(action: str, granted: Text, asked: Text) -> str | None:
    """How a granted ARN misses the one that is asked for; None if it is of no interest."""
    if match(granted, asked) is not False:
        return None
    have, want = arn.parse_s3(granted), arn.parse_s3(asked)
    if have is None or want is None:
        one, two = (text.split(":", 3).items[2:3] for text in (granted, asked))
        return OTHER_RESOURCE if one == two else None
    same_bucket = match(have.bucket, want.bucket)
    same_key = have.key is None or want.key is None or match(have.key, want.key)
    elsewhere = match(have.partition, want.partition) is False
    if same_bucket and same_key and elsewhere and have.partition.literal in arn.PARTITIONS:
        return OTHER_PARTITION
    if want.key is not None and (have.key is None or have.key.literal == ""):
        return OBJECT_ACTION_ON_BUCKET if same_bucket else OTHER_BUCKET
    if action == GET_BUCKET_LOCATION and have.key is not None:
        return BUCKET_ACTION_ON_OBJECT if same_bucket else OTHER_BUCKET
    if same_bucket and same_key:
        return OTHER_PARTITION
    if not same_bucket:
        return OTHER_BUCKET
    if have.key is not None and want.key is not None and is_other_version(have.key, want.key):
        return STALE_HASH
    return OTHER_KEY


def is_other_version(granted: Text, asked: Text) -> bool:
    """Whether two keys are the same but for a content hash."""
    one, two = str(granted), str(asked)
    return one != two and bool(CONTENT_HASH.search(two)) and _blank(one) == _blank(two)


def _blank(key: str) -> str:
    return CONTENT_HASH.sub("<hash>", key)
