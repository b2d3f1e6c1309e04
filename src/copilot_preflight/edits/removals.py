"""Removals that would leave a policy without a statement, which AWS refuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from copilot_preflight.base.finding import DataPath, Place
from copilot_preflight.edits.edit import (
    END,
    Applicability,
    Edit,
    NoFix,
    Operation,
    removal,
    replacement,
)
from copilot_preflight.edits.spelling import Spelling

_STATEMENT: Final = "Statement"
_NOTHING: Final = Spelling("AWS::NoValue", "Ref")


def without_empty_policies(edits: Sequence[Edit], data: Any) -> tuple[Edit, ...] | NoFix:
    """Edits of one document that take a whole inline policy away with the last of its statements.

    A reason where such a policy is a resource or the only one of something: others may refer to it.
    """
    emptied = dict.fromkeys(
        documents
        for documents in map(_document_of, edits)
        if documents is not None and not _left(documents, edits, data)
    )
    policies: dict[DataPath, DataPath] = {}
    for document in emptied:
        if document[-1:] != ("PolicyDocument",) or not isinstance(document[-2], int):
            owner = document[1] if len(document) > 1 else "the policy"
            return NoFix(f"no statement would be left in '{owner}'")
        policies[document] = document[:-1]
    return tuple(_once(edits, policies))


def _once(edits: Sequence[Edit], policies: dict[DataPath, DataPath]) -> Iterator[Edit]:
    gone: set[DataPath] = set()
    for edit in edits:
        document = _document_of(edit)
        policy = None if document is None else policies.get(document)
        if policy is None:
            yield edit
        elif policy not in gone:
            gone.add(policy)
            at = Place(edit.file, policy)
            is_branch = policy[-2] == "Fn::If"  # which has to say that it is empty
            yield (
                replacement(at, _NOTHING, edit.title, Applicability.REVIEW)
                if is_branch
                else removal(at, edit.title)
            )


def _document_of(edit: Edit) -> DataPath | None:
    """The policy document of which an edit takes a whole statement away."""
    path = edit.path
    if edit.operation is not Operation.REMOVE or _STATEMENT not in path:
        return None
    end = len(path) - 1 - path[::-1].index(_STATEMENT)
    return path[:end] if len(path) - end <= 2 else None


def _left(document: DataPath, edits: Sequence[Edit], data: Any) -> int:
    """How many statements a policy document has when edits are carried out."""
    node = data
    for step in document:
        node = node[step]
    statements = node[_STATEMENT]
    there = len(statements) if isinstance(statements, list) else 1
    removed = {edit.path for edit in edits if _document_of(edit) == document}
    added = [edit for edit in edits if edit.path == (*document, _STATEMENT, END)]
    return there - len(removed) + len(added)
