"""Whether what the account has is something that a template of the run makes.

What the account has of that is how it was deployed before: the templates say how it will be.
"""

from __future__ import annotations

import re
from typing import Final

from copilot_preflight.base.symbolic import Text
from copilot_preflight.model.deployed_stacks import stack_name
from copilot_preflight.resolve.view import View

_RANDOM: Final = re.compile(r"[A-Za-z0-9]{6,14}")
_SHORTEST: Final = 8
"""Letters of a logical id that show which one it is, where a name of CloudFormation's is cut."""

_KEYS: Final = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")


def may_be_made(view: View, kind: str, name: str, written: str = "") -> bool:
    """Whether a template of the run makes a resource of a type that has a name, or may have it.

    ``written`` is what ``Ref`` to it returns, where that is not the name. A name that
    CloudFormation makes up has the logical id in it, and random letters at its end.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
    """
    known = Text.of(written or name)
    for other in view.having(kind):
        for logical_id, resource in other.resources(kind):
            own = other.ref(logical_id, resource)
            is_open = any(hole.unique for hole in own.holes)
            if own.equals(known) is not False and (not is_open or is_made_up(name, logical_id)):
                return True
    return False


def is_made_up(name: str, logical_id: str) -> bool:
    """Whether CloudFormation may have made up a name for a logical id: ``STACK-ID-RANDOM``."""
    rest, _, end = name.rpartition("-")
    own, logical_id = rest.rpartition("-")[2].lower(), logical_id.lower()
    if not _RANDOM.fullmatch(end):
        return False
    return own == logical_id or (len(own) >= _SHORTEST and logical_id.startswith(own))


def may_be_key_of_run(view: View, key: str) -> bool:
    """Whether a key may be one of another template of the run, whose id nobody knows before.

    A template names its own keys by their logical ids. What a stack has made of those of others,
    the answers of ``describe-stack-resources`` tell.
    """
    for other in view.having(*_KEYS):
        if other.file == view.file:
            continue
        for kind in _KEYS:
            if any(_may_be_key(other, id, kind, key) for id, _ in other.resources(kind)):
                return True
    return False


def _may_be_key(view: View, logical_id: str, kind: str, key: str) -> bool:
    """Whether the key of a template may have become one of the account."""
    account, stack = view.run.outside.account, stack_name(view)
    if account is None:
        return True
    if stack:
        own = account.deployed(stack, logical_id)
        return own.physical_id == key if own else not account.is_made_by_other(key, stack)
    made = account.made_of(logical_id, kind)
    return not made or key in made
