"""A stack with something replaced, and what is found in it then: for tables of one line each."""

from __future__ import annotations

from typing import NamedTuple


class Mutation(NamedTuple):
    """Replacements in a stack, and the errors: names of what is denied, each with a word on it.

    ``open`` are the names of what is undetermined then. What the names and words are, each table
    says.
    """

    name: str
    edits: tuple[tuple[str, str], ...]
    errors: tuple[tuple[str, str], ...] = ()
    open: tuple[str, ...] = ()


def denied(name: str, old: str, new: str, *errors: tuple[str, str]) -> Mutation:
    return Mutation(name, ((old, new),), errors)


def allowed(name: str, old: str, new: str) -> Mutation:
    return Mutation(name, ((old, new),))


def undetermined(name: str, old: str, new: str, *names: str) -> Mutation:
    return Mutation(name, ((old, new),), open=names)
