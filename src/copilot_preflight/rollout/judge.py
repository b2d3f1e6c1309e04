"""The calls of one release, judged as the roles and policies of another release stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from copilot_preflight.access.decide import Decision, decide
from copilot_preflight.access.request import Call
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.iam.layers import Layer
from copilot_preflight.iam.policy import Fact, Statement
from copilot_preflight.model.roles import Role, roles
from copilot_preflight.resolve.view import View
from copilot_preflight.rollout.words import Words

_MAX_SPLITS: Final = 6

ROLE_DELETED: Final = "role-deleted"
"""What stands in the way of a call whose role is no longer there."""


class Judged(NamedTuple):
    """What becomes of a call: ``is_allowed`` is None where it depends on ``missing``.

    ``decision`` is the one that denies it or leaves it open; None where its role is gone
    (``cause`` is ``ROLE_DELETED``) or cannot be told.
    """

    is_allowed: bool | None
    missing: tuple[Fact, ...] = ()
    decision: Decision | None = None
    cause: str = ""


def own(decision: Decision) -> Judged:
    """A decision of a release about itself."""
    if decision.outcome is Outcome.UNDETERMINED:
        return Judged(None, decision.facts, decision)
    return Judged(not decision.is_denied, (), decision)


def together(judged: list[Judged]) -> Judged:
    """One answer for what was judged in several scenarios: certain if it is the same in all."""
    answers = {each.is_allowed for each in judged}
    if len(answers) == 1:
        return judged[0]
    told = next((each for each in judged if each.missing), judged[0])
    return told._replace(is_allowed=None)


def judged_in(call: Call, words: Words, *, is_cleaned_up: bool) -> Judged:
    """A call of a release under the policies of the world that ``words`` translates into."""
    role, file = call.role, call.role.place.file
    there = words.view_of(file)
    stays = words.stays(file, role.logical_id)
    if there is None or stays is None:
        return Judged(None, (Fact("role", f"whether {role} is replaced"),))
    if stays:
        return together(list(_under_its_successor(call, words, there, 0)))
    if is_cleaned_up:
        if _is_retained(words, role):
            return Judged(None, (Fact("role", f"whether {role} is kept"),))
        return Judged(False, cause=ROLE_DELETED)
    return _under_itself(call, words)


_WITH_POLICIES: Final = (
    "AWS::S3::BucketPolicy",
    "AWS::S3::Bucket",
    "AWS::KMS::Key",
    "AWS::SecretsManager::ResourcePolicy",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::EC2::VPCEndpoint",
)
"""What has a policy of its own, which nothing makes a role wait for, nor the other way round."""


def has_order(words: Words) -> bool:
    """Whether roles alone decide calls, so that it is the same what is updated first."""
    stacks = (*words.release.run.stacks, *words.world.run.stacks)
    return not any(stack.has(kind) for stack in stacks for kind in _WITH_POLICIES)


def half_updated(call: Call, words: Words, back: Words, *, is_role_new: bool) -> Judged:
    """A call when the policies of resources, or the roles, are those of the world, the others not.

    ``is_role_new`` is about the roles: they are those of the world, and everything else is not yet.
    """
    file, name = call.role.place.file, call.role.logical_id
    if not is_role_new and words.stays(file, name):
        return _judge(call, words, words.world, words.of(call.role))
    if not is_role_new:
        return _under_itself(call, words)
    there = words.view_of(file)
    if there is None or words.stays(file, name) is None:
        return Judged(None, (Fact("role", f"whether {call.role} is replaced"),))
    found = next((role for role in roles(there) if role.logical_id == name), None)
    if found is None or not words.stays(file, name):
        role = call.role  # that of the call's own release is there until the clean-up
    else:
        role = back.of(found)
    need = call.need._replace(role=role, source=None)
    (decision,) = decide(Call(need, role, call.needed))
    return own(decision)


def half_attached(
    call: Call, words: Words, back: Words, ordered: frozenset[str], *, is_other: bool
) -> Judged | None:
    """A call while the policies that name their roles are those of the one or of the other release.

    They are resources of their own, which a service need not wait for: certain is only what both
    releases attach, and what the task waits for, its logical ids being ``ordered``. ``is_other``:
    by the role as it stands in the world. None where nothing is attached so.
    """
    file, name = call.role.place.file, call.role.logical_id
    there = words.view_of(file)
    if there is None or not words.stays(file, name):
        return None
    found = next((role for role in roles(there) if role.logical_id == name), None)
    if found is None:
        return None
    if is_other:
        certain = _certain(found, words.of(call.role), words, ordered)
        return None if certain is None else _judge(call, words, words.world, certain)
    certain = _certain(call.role, back.of(found), words, ordered)
    if certain is None:
        return None
    need = call.need._replace(role=certain, source=None)
    (decision,) = decide(Call(need, certain, call.needed))
    return own(decision)


def _certain(role: Role, other: Role, words: Words, ordered: frozenset[str]) -> Role | None:
    """A role with what certainly is attached to it, and with every Deny that may be."""

    def is_attached(statement: Statement) -> bool:
        return any(_is_attaching(each, statement) for each in (words.release, words.world))

    mine, theirs = (list(filter(is_attached, it.statements)) for it in (role, other))
    known = {_content(statement) for statement in theirs}
    if {_content(statement) for statement in mine} == known:
        return None
    kept = [
        statement
        for statement in role.statements
        if not is_attached(statement)
        or statement.effect == "Deny"
        or statement.place.path[1] in ordered
        or _content(statement) in known
    ]
    denials = [statement for statement in theirs if statement.effect == "Deny"]
    return role._replace(statements=(*kept, *denials))


def _content(statement: Statement) -> object:
    """What a statement says, wherever it stands."""
    lists = (
        statement.actions, statement.not_actions, statement.resources, statement.not_resources
    )  # fmt: skip
    clauses = tuple(
        (clause.operator, clause.key, tuple(value.text for value in clause.values))
        for clause in statement.clauses
    )
    texts = tuple(tuple((entry.text, entry.conditions) for entry in each) for each in lists)
    return statement.effect, texts, clauses, statement.conditions


def _is_retained(words: Words, role: Role) -> bool:
    """Whether either release asks CloudFormation to keep a role that is no longer needed."""
    file = role.place.file
    views = [*words.release.of_file(file), words.view_of(file)]
    resources = [(it.stack.data.get("Resources") or {}) for it in views if it is not None]
    asked = [it.get(role.logical_id) for it in resources]
    policies = [
        it.get(key)
        for it in asked
        if isinstance(it, dict)
        for key in ("DeletionPolicy", "UpdateReplacePolicy")
    ]
    return any(policy not in (None, "Delete") for policy in policies)


def _under_its_successor(call: Call, words: Words, there: View, depth: int) -> Iterator[Judged]:
    """The call as the role stands in the world, in as many scenarios as change the answer."""
    name = call.role.logical_id
    role = next((role for role in roles(there) if role.logical_id == name), None)
    if role is None:
        yield Judged(None, (Fact("role", f"whether {call.role} is there"),))
        return
    world = there if there.stack is words.world.stack else words.world
    judged = _judge(call, words, world, role)
    known = there.stack.data.get("Conditions") or {}
    open_ones = [fact.name for fact in judged.missing if fact.kind == "condition"]
    condition = next((name for name in open_ones if name in known), None)
    leaves = there.settle(condition) if condition is not None and depth < _MAX_SPLITS else [there]
    if leaves in ([], [there]):
        yield judged
        return
    for leaf in leaves:
        yield from _under_its_successor(call, words, leaf, depth + 1)


def _under_itself(call: Call, words: Words) -> Judged:
    """The call of a role that the update replaces or removes: it stands until the clean-up.

    Policies that are resources of their own move to another role, or go, at some point before
    that: only an answer that does not depend on them is certain.
    """
    role = words.of(call.role)
    fixed = tuple(
        statement for statement in role.statements if not _is_attaching(words.release, statement)
    )
    answers = [_judge(call, words, words.world, role)]
    if len(fixed) != len(role.statements):
        answers.append(_judge(call, words, words.world, role._replace(statements=fixed)))
    return together(answers)


def _is_attaching(view: View, statement: Statement) -> bool:
    """Whether a statement stands in a policy that names its roles, and not the other way round."""
    path = statement.place.path
    if len(path) < 2:
        return False
    for other in view.of_file(statement.place.file):
        resource = (other.stack.data.get("Resources") or {}).get(path[1])
        if isinstance(resource, dict) and resource.get("Type") != "AWS::IAM::Role":
            properties = resource.get("Properties") or {}
            return "Roles" in properties or "RoleName" in properties
    return False


def _judge(call: Call, words: Words, world: View, role: Role) -> Judged:
    needed = words.needed(call.needed)
    need = call.need._replace(view=world, role=role, source=None, calls=(needed,))
    (decision,) = decide(Call(need, role, needed))
    judged = own(decision)
    if judged.is_allowed is False and decision.layer is Layer.ENDPOINT:
        # Where the tasks of the old revision run, the service of the other release does not say.
        return judged._replace(is_allowed=None, missing=(Fact("endpoint", "the task's subnets"),))
    return judged
