"""Policy documents of a template, read into statements: nothing is lost, nothing is made up."""

from __future__ import annotations

import pytest

from copilot_preflight.iam.policy import Statement
from copilot_preflight.inputs.package import Package
from copilot_preflight.model.policy_documents import statements_of
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.value import TemplateError, Value

TEMPLATE = """
Parameters:
  Env: {Type: String}
  Arns: {Type: CommaDelimitedList}
Conditions: {IsProd: !Equals [!Ref Env, prod]}
Resources: {}
"""


def statements(document: str) -> tuple[Statement, ...]:
    resolver = Run().add(Package(parse(TEMPLATE, "t.yml"))).resolver()
    return statements_of(Value(resolver, parse(document, "d.yml").data, ("Doc",)), "P")


def only(document: str) -> Statement:
    (found,) = statements(document)
    return found


def test_every_element_of_a_statement() -> None:
    """All elements are read, each string at its place."""
    found = only("""
Statement:
  - Sid: Read
    Effect: Allow
    Principal: {AWS: [a, b], Service: ecs-tasks.amazonaws.com}
    Action: ['s3:GetObject', 's3:Get*']
    Resource: arn:aws:s3:::b/*
    Condition: {StringEquals: {'aws:PrincipalTag/x': [y, z]}, Bool: {'aws:SecureTransport': true}}
""")
    assert (found.effect, found.sid, found.policy) == ("Allow", "Read", "P")
    assert [str(e.text) for e in found.actions] == ["s3:GetObject", "s3:Get*"]
    assert [e.place.path[-2:] for e in found.actions] == [("Action", 0), ("Action", 1)]
    assert [str(e.text) for e in found.resources] == ["arn:aws:s3:::b/*"]
    assert [(p.kind, str(p.entry.text)) for p in found.principals] == [
        ("AWS", "a"),
        ("AWS", "b"),
        ("Service", "ecs-tasks.amazonaws.com"),
    ]
    assert [(c.operator, c.key, [str(v.text) for v in c.values]) for c in found.clauses] == [
        ("StringEquals", "aws:PrincipalTag/x", ["y", "z"]),
        ("Bool", "aws:SecureTransport", ["true"]),
    ]
    assert found.place.path == ("Doc", "Statement", 0)


def test_the_inverse_elements() -> None:
    """NotAction, NotResource and NotPrincipal are kept apart from their opposites."""
    found = only("Statement: {Effect: Deny, NotAction: a, NotResource: b, NotPrincipal: {AWS: c}}")
    assert (found.actions, found.resources, found.principals) == ((), (), ())
    texts = [str(e.text) for e in (*found.not_actions, *found.not_resources)]
    assert texts == ["a", "b"]
    assert [str(p.entry.text) for p in found.not_principals] == ["c"]


def test_a_principal_of_everyone() -> None:
    """``Principal: "*"`` is everyone."""
    (principal,) = only("Statement: {Effect: Allow, Principal: '*', Action: a}").principals
    assert (principal.kind, str(principal.entry.text)) == ("AWS", "*")


def test_entries_under_conditions() -> None:
    """Only what an entry adds to its statement's own conditions is the entry's."""
    found = only("""
Statement:
  - !If
    - IsProd
    - Effect: Allow
      Action: [a, !If [Other, b, !Ref AWS::NoValue]]
      Resource: !If [Other, [c, d], e]
    - !Ref AWS::NoValue
""")
    assert found.conditions == ("IsProd",)
    assert [(str(e.text), e.conditions) for e in found.actions] == [("a", ()), ("b", ("Other",))]
    assert [(str(e.text), e.conditions) for e in found.resources] == [
        ("c", ("Other",)),
        ("d", ("Other",)),
        ("e", ("Other",)),
    ]


def test_conditions_inside_the_condition_element() -> None:
    """Fn::If may choose a block, an operator's keys, or values: each entry knows its condition."""
    for block in (
        "!If [IsProd, {StringEquals: {k: v}}, !Ref AWS::NoValue]",
        "{StringEquals: !If [IsProd, {k: v}, !Ref AWS::NoValue]}",
        "{StringEquals: {k: !If [IsProd, v, !Ref AWS::NoValue]}}",
        "{StringEquals: {k: [!If [IsProd, v, !Ref AWS::NoValue]]}}",
    ):
        (clause,) = only(
            f"Statement: {{Effect: Allow, Action: a, Resource: b, Condition: {block}}}"
        ).clauses
        assert (clause.operator, clause.key) == ("StringEquals", "k")
        assert [e.conditions for e in clause.values] == [("IsProd",)]


@pytest.mark.parametrize(
    "block",
    [
        "!Ref Env",
        "{'Fn::Transform': {Name: M}}",
        "{StringEquals: !Ref Env}",
        "{StringEquals: {'Fn::Transform': {Name: M}}}",
        "{StringEquals: {k: v, 'Fn::Transform': {Name: M}}}",
        "{StringEquals: {k: v}, 'Fn::Transform': {Name: M}}",
    ],
)
def test_condition_elements_that_cannot_be_read_are_not_lost(block: str) -> None:
    """What nobody can read is a clause that nobody can decide, never no clause."""
    found = only(f"Statement: {{Effect: Allow, Action: a, Resource: b, Condition: {block}}}")
    assert [(c.key, len(c.values)) for c in found.clauses] == [("", 1)]


def test_lists_of_unknown_length() -> None:
    """A list parameter stands for any number of resources: one hole that excludes nothing."""
    (entry,) = only("Statement: {Effect: Allow, Action: a, Resource: !Ref Arns}").resources
    assert entry.text.only_hole is not None


def test_a_policy_variable_is_a_hole() -> None:
    """What IAM fills in is not the literal text that the template has."""
    (entry,) = only(f"Version: '2012-10-17'\n{WITH_VARIABLE}").resources
    assert str(entry.text) == "b/${policy variable aws:username}/*"


WITH_VARIABLE = "Statement: {Effect: Allow, Action: a, Resource: !Sub 'b/${!aws:username}/*'}"


@pytest.mark.parametrize(
    ("version", "read"),
    [
        ("Version: '2012-10-17'", "2012-10-17"),
        ("Version: 2012-10-17", "2012-10-17"),  # YAML's own date
        ("Version: '2008-10-17'", "2008-10-17"),
        ("Version: 2008-10-17", "2008-10-17"),
        ("", ""),
        ("Version: !Ref AWS::NoValue", ""),
        ("Version: !Ref Env", None),
        ("Version: !If [IsProd, '2012-10-17', !Ref AWS::NoValue]", None),
        ("Version: '2012-10-71'", None),  # AWS refuses the document
        ("Fn::Transform: {Name: M}", None),
    ],
)
def test_a_statement_has_the_version_of_its_document(version: str, read: str | None) -> None:
    """Without one, or with the first, variables are the text that they are spelt with."""
    *_, found = statements(f"{version}\n{WITH_VARIABLE}")
    (entry,) = found.resources
    assert found.version == read
    assert found.has_literal_variables is (read in ("", "2008-10-17"))
    assert str(entry.text) == {
        "2012-10-17": "b/${policy variable aws:username}/*",
        None: "b/${Version of the policy}/*",
    }.get(read, "b/${aws:username}/*")


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ("Statement: [text]", ("Doc", "Statement", 0)),
        ("[]", ("Doc",)),
        ("Statement: [{Effect: Allow, Condition: text}]", ("Doc", "Statement", 0, "Condition")),
        (
            "Statement: [{Effect: Allow, Condition: {Bool: text}}]",
            ("Doc", "Statement", 0, "Condition", "Bool"),
        ),
    ],
)
def test_wrong_shapes_are_refused_with_their_place(
    document: str, place: tuple[str | int, ...]
) -> None:
    """A list or a string where a map belongs is an error of the template."""
    with pytest.raises(TemplateError, match="expected a map here") as caught:
        statements(document)
    assert caught.value.path == place


@pytest.mark.parametrize("document", ["{}", "Statement: []", "Statement: ~", "~"])
def test_empty_documents_say_nothing(document: str) -> None:
    """A document without statements has none."""
    assert statements(document) == ()
