"""Actions of policy statements that AWS does not have, and the action that was meant."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.iam.actions import is_action, names_of
from copilot_preflight.iam.policy import Entry, Statement
from copilot_preflight.resolve.query import query
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.statements.placed import placed_statements

_OPERATIONS: Final = {
    "lambda:invoke": "lambda:InvokeFunction",
    "s3:completemultipartupload": "s3:PutObject",
    "s3:copyobject": "s3:PutObject",
    "s3:createmultipartupload": "s3:PutObject",
    "s3:deleteobjects": "s3:DeleteObject",
    "s3:getbucketencryption": "s3:GetEncryptionConfiguration",
    "s3:getbucketlifecycle": "s3:GetLifecycleConfiguration",
    "s3:getbucketlifecycleconfiguration": "s3:GetLifecycleConfiguration",
    "s3:getbucketreplication": "s3:GetReplicationConfiguration",
    "s3:headbucket": "s3:ListBucket",
    "s3:headobject": "s3:GetObject",
    "s3:listbuckets": "s3:ListAllMyBuckets",
    "s3:listmultipartuploads": "s3:ListBucketMultipartUploads",
    "s3:listobjects": "s3:ListBucket",
    "s3:listobjectsv2": "s3:ListBucket",
    "s3:listobjectversions": "s3:ListBucketVersions",
    "s3:listparts": "s3:ListMultipartUploadParts",
    "s3:selectobjectcontent": "s3:GetObject",
    "s3:uploadpart": "s3:PutObject",
}
"""Operations of the API that are no actions, each with the action that allows it.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""


_COPILOTS: Final = frozenset(
    {
        "codestar-connections:getuploadarchivetos3status",
        "codestar-connections:passedtoservice",
        "codestar-connections:startuploadarchivetos3",
        "resource-groups:getresources",
        "route53:describe*",
        "s3:emptybucket",
        "s3:listbucketbytags",
    }
)
"""What Copilot writes into its own stacks: nobody who reads about it could change it.

Nothing there makes such a call. "s3:HeadBucket" is Copilot's where it stands beside these.
Source: https://github.com/aws/copilot-cli/tree/mainline/internal/pkg/template/templates
"""


class UnknownAction(NamedTuple):
    """An action pattern that stands for no action; ``meant`` is what it may be for, or ``""``."""

    statement: Statement
    action: Entry
    meant: str

    @property
    def is_operation(self) -> bool:
        """Whether it is an operation of the API, of which AWS says what allows it."""
        return (self.action.text.literal or "").lower() in _OPERATIONS


@query
def unknown_actions(stack: Stack) -> tuple[UnknownAction, ...]:
    """The actions in a template's policies that AWS does not have."""
    return tuple(_unknown_actions(stack))


def _unknown_actions(stack: Stack) -> Iterator[UnknownAction]:
    for item in placed_statements(stack, lambda statement: any(_misnamed(statement))):
        for action, meant in _misnamed(item.statement):
            yield UnknownAction(item.statement, action, meant)


def _misnamed(statement: Statement) -> Iterator[tuple[Entry, str]]:
    entries = (*statement.actions, *statement.not_actions)
    names = [(entry.text.literal or "").lower() for entry in entries]
    copilots = not _COPILOTS.isdisjoint(names)
    for entry, name in zip(entries, names, strict=True):
        if name in _COPILOTS or (copilots and name == "s3:headbucket"):
            continue
        meant = meant_by(entry.text.literal or "")
        if meant is not None:
            yield entry, meant


@lru_cache(maxsize=1024)
def meant_by(pattern: str) -> str | None:
    """What was meant by a pattern that no action matches, ``""`` if nothing is like it.

    None: some action matches it, or the tables do not know the service. A pattern that only ends
    in a star is meant for the actions that begin with a known name.
    """
    service, colon, name = pattern.partition(":")
    if not colon or not name or is_action(service, name) is not False:
        return None
    known = _OPERATIONS.get(pattern.lower())
    if known is not None:
        return known
    stem = name.lower().rstrip("*")
    if not stem or "*" in stem or "?" in stem:
        return ""
    from difflib import get_close_matches  # here: few templates have such an action

    names = names_of(service) or {}
    close = get_close_matches(stem, list(names), n=1, cutoff=0.6)
    star = "*" if name.endswith("*") else ""
    return f"{service.lower()}:{names[close[0]]}{star}" if close else ""
