"""The calls of one release, judged as the roles and policies of another release stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from copilot_preflight.access.decide import Decision, decide
from copilot_preflight.access.request import Call
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.iam.layers import Layer
from copilot_preflight.iam.policy import Fact
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


def _is_retained(words: Words, role: Role) -> bool:
    """Whether CloudFormation is asked to keep a role that it no longer needs, or may be."""
    pair = next((v for v in words.release.of_file(role.place.file)), None)
    resource = pair.stack.data["Resources"].get(role.logical_id) if pair is not None else None
    policies = [(resource or {}).get(key) for key in ("DeletionPolicy", "UpdateReplacePolicy")]
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
    file, name = role.place.file, role.logical_id
    fixed = tuple(
        statement
        for statement in role.statements
        if statement.place.file != file
        or statement.place.path[1:2] == (name,)
        or not _is_attaching(words, statement.place.path)
    )
    answers = [_judge(call, words, words.world, role)]
    if len(fixed) != len(role.statements):
        answers.append(_judge(call, words, words.world, role._replace(statements=fixed)))
    return together(answers)


def _is_attaching(words: Words, path: tuple[str | int, ...]) -> bool:
    """Whether a statement stands in a policy that names its roles, and not the other way round."""
    resources = words.release.stack.data.get("Resources") or {}
    resource = resources.get(path[1]) if len(path) > 1 else None
    properties = (resource or {}).get("Properties") or {}
    return "Roles" in properties or "RoleName" in properties


def _judge(call: Call, words: Words, world: View, role: Role) -> Judged:
    needed = words.needed(call.needed)
    need = call.need._replace(view=world, role=role, source=None, calls=(needed,))
    (decision,) = decide(Call(need, role, needed))
    judged = own(decision)
    if judged.is_allowed is False and decision.layer is Layer.ENDPOINT:
        # Where the tasks of the old revision run, the service of the other release does not say.
        return judged._replace(is_allowed=None, missing=(Fact("endpoint", "the task's subnets"),))
    return judged
