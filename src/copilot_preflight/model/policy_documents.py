"""Policy documents of a template -> the statements that `iam` evaluates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam.policy import (
    CURRENT_VERSION,
    VERSIONS,
    Clause,
    Entry,
    Principal,
    Statement,
    with_variables,
)
from copilot_preflight.resolve.functions import Resolver
from copilot_preflight.resolve.value import Value, text_of

_UNKNOWN: Final = Text.of(Hole("statement"))


def statements_of(document: Value, policy: str = "", source: str = "") -> tuple[Statement, ...]:
    """The statements of a policy document.

    ``source`` names a document that does not stand in the template at the path of its value.

    What cannot be read (a document behind a parameter, a transform or a JSON string) comes back
    as one statement with no known effect, which may do anything.
    """
    reader = document.reader
    if not isinstance(reader, Resolver):
        return tuple(_named(_statements(document), policy))
    kind = ("statements", source)
    read = reader.shared(document, kind, lambda: tuple(_statements(document)))
    if not policy:
        return read
    return reader.shared(document, (*kind, policy), lambda: tuple(_named(read, policy)))


def _named(statements: Iterable[Statement], policy: str) -> Iterator[Statement]:
    return (statement._replace(policy=policy) for statement in statements)


def _statements(document: Value) -> Iterator[Statement]:
    for variant in document.variants():
        if variant.is_opaque or isinstance(variant.raw, str):
            yield _unreadable(variant)
            continue
        if variant.is_written_out_by_aws:
            yield _unreadable(variant)
        version = _version(variant)
        for statement in variant.each("Statement"):
            if statement.is_opaque or statement.is_open or statement.is_written_out_by_aws:
                yield _unreadable(statement)
            else:
                yield _read(statement, version)


def _version(document: Value) -> str | None:
    """The Version of a document, as `Statement` has it."""
    text = text_of(document, "Version")
    version = "" if text is None else text.literal
    is_known = version in VERSIONS and not document.is_written_out_by_aws
    return version if is_known else None


def _unreadable(value: Value) -> Statement:
    anything = (Entry(Text.of(value.text().only_hole or Hole("statement")), value.place),)
    return Statement(
        "", value.place, actions=anything, resources=anything, conditions=value.conditions
    )


def statement_of(value: Value, policy: str, version: str | None = CURRENT_VERSION) -> Statement:
    """The statement at a node of a policy document, of which `Statement` tells the version."""
    return _read(value, version)._replace(policy=policy)


def _read(value: Value, version: str | None) -> Statement:
    # Fn::If around the effect alone leaves two statements in one.
    own = (c for effect in value.children("Effect") for c in effect.conditions)
    conditions = tuple(dict.fromkeys((*value.conditions, *own)))
    return Statement(
        effect=value.literal("Effect") or "",
        place=value.place,
        sid=value.literal("Sid") or "",
        actions=_entries(value, "Action", version),
        not_actions=_entries(value, "NotAction", version),
        resources=_entries(value, "Resource", version),
        not_resources=_entries(value, "NotResource", version),
        principals=tuple(_principals(value, "Principal", version)),
        not_principals=tuple(_principals(value, "NotPrincipal", version)),
        clauses=tuple(_clauses(value, version)),
        conditions=conditions,
        version=version,
    )


def _entries(statement: Value, key: str, version: str | None) -> tuple[Entry, ...]:
    if key not in (statement.raw or ()):  # as most statements have two of the four
        return ()
    return tuple([_entry(item, statement, version) for item in statement.each(key)])


def _entry(item: Value, statement: Value, version: str | None) -> Entry:
    text = with_variables(item.text(), version)
    if item.guard is statement.guard:  # as of nearly all
        return Entry(text, item.place)
    own = item.guard[len(statement.guard) :]
    return Entry(text, item.place, tuple(condition for condition, _ in own))


def _principals(statement: Value, key: str, version: str | None) -> Iterator[Principal]:
    for value in statement.children(key):
        if isinstance(value.raw, dict) and not value.is_opaque:
            for kind, names in value.items():
                for name in names.elements():
                    yield Principal(kind, _entry(name, statement, version))
        else:
            yield Principal("AWS", _entry(value, statement, version))


def _clauses(statement: Value, version: str | None) -> Iterator[Clause]:
    for block in statement.children("Condition"):
        if block.is_opaque or block.is_written_out_by_aws:
            yield Clause("", "", (_entry(block, statement, version),))
            continue
        for operator, value in block.items():
            for keys in value.variants():
                if keys.is_opaque or keys.is_written_out_by_aws:
                    yield Clause(operator, "", (_entry(keys, statement, version),))
                    continue
                for key, values in keys.items():
                    entries = tuple(
                        _entry(value, statement, version) for value in values.elements()
                    )
                    yield Clause(operator, key, entries)
