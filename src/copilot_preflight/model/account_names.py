"""Whether what the account has is something that a template of the run makes.

What the account has of that is how it was deployed before: the templates say how it will be.
"""

from __future__ import annotations

from typing import Final

from copilot_preflight.base.symbolic import Text
from copilot_preflight.evidence.naming import is_made_up
from copilot_preflight.model.deployed_stacks import stack_name
from copilot_preflight.resolve.view import View

KEYS: Final = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")


def may_be_made(view: View, kind: str, name: str, written: str = "") -> bool:
    """Whether a template of the run makes a resource of a type that has a name, or may have it.

    ``written`` is what ``Ref`` to it returns, where that is not the name. A name that
    CloudFormation makes up has the logical id in it, and random letters at its end.
    """
    known = Text.of(written or name)
    for other in view.having(kind):
        for logical_id, resource in other.resources(kind):
            own = other.ref(logical_id, resource)
            is_open = any(hole.unique for hole in own.holes)
            if own.equals(known) is not False and (not is_open or is_made_up(name, logical_id)):
                return True
    return False


def may_be_of_other(view: View, physical_id: str, *kinds: str) -> bool:
    """Whether another template of the run may have made what has an id that nobody chooses.

    A template names its own by their logical ids. What a stack has made of those of others, the
    answers of ``describe-stack-resources`` tell.
    """
    return any(
        _may_be(other, logical_id, kind, physical_id)
        for other in view.having(*kinds)
        if other.file != view.file
        for kind in kinds
        for logical_id, _ in other.resources(kind)
    )


def _may_be(view: View, logical_id: str, kind: str, physical_id: str) -> bool:
    """Whether a logical id of a template may stand for something of the account."""
    account, stack = view.run.outside.account, stack_name(view)
    if account is None:
        return True
    if stack:
        own = account.deployed(stack, logical_id)
        if own is not None:
            return own.physical_id == physical_id
        return not account.is_made_by_other(physical_id, stack)
    made = account.made_of(logical_id, kind)
    return not made or physical_id in made
