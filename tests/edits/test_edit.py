"""Edits by themselves, and the help that is made of them."""

from __future__ import annotations

import pickle

import pytest

from copilot_preflight.base.finding import Finding, Place
from copilot_preflight.edits.edit import (
    END,
    Applicability,
    Help,
    Operation,
    insertion,
    removal,
    replacement,
)
from copilot_preflight.edits.grant import Grant, PolicyOwner
from copilot_preflight.edits.spelling import Spelling, spelling_of
from copilot_preflight.iam.layers import Layer

AT = Place("t.yml", ("Resources", "R", "Statement", 0, "Resource"))
OWNER = PolicyOwner(Layer.IDENTITY, "role 'R'")
GRANT = Grant(OWNER, ("s3:GetObject",), ("*",))
STATEMENT = "- Effect: Allow\n  Action: s3:GetObject\n  Resource:\n    - '*'"


def test_an_edit_has_its_value_as_data_and_in_yaml() -> None:
    """A corrected string with a hole is written with its function."""
    edit = replacement(AT, spelling_of("${Bucket.Arn}/*"), "name the objects")
    assert (edit.operation, edit.file, edit.path) == (Operation.REPLACE, AT.file, AT.path)
    assert edit.value == {"Fn::Sub": "${Bucket.Arn}/*"}
    assert edit.yaml == "!Sub '${Bucket.Arn}/*'"
    assert edit.applicability is Applicability.SAFE


def test_a_statement_can_be_inserted() -> None:
    """What a list of statements gets is the grant itself."""
    edit = insertion(AT.file, ("Statement", END), GRANT, "grant it", Applicability.REVIEW)
    assert edit.value == GRANT.plain
    assert edit.yaml == STATEMENT
    assert edit.applicability is Applicability.REVIEW


def test_nothing_is_removed_unseen() -> None:
    """A removal writes nothing, and somebody has to look at it."""
    edit = removal(AT, "take it out")
    assert (edit.value, edit.yaml, edit.gaps) == (None, "", ())
    assert edit.applicability is Applicability.REVIEW


def test_an_edit_tells_what_somebody_has_to_fill_in() -> None:
    """A value with a placeholder is shown, and cannot be applied as it is."""
    unknown = Spelling("<the ARN of role 'x'>", open=True)
    assert replacement(AT, unknown, "name it").gaps == ("<the ARN of role 'x'>",)


@pytest.mark.parametrize(
    ("help", "text"),
    [
        (Help("package again"), "package again"),
        (Help("grant it in a policy:", (GRANT,)), f"grant it in a policy:\n{STATEMENT}"),
        # Two calls may ask for one statement: it is shown once.
        (Help("grant it:", (GRANT, GRANT)), f"grant it:\n{STATEMENT}"),
        (Help("list it:", lines=("AWS:", "  - x")), "list it:\nAWS:\n  - x"),
        (Help("grant it:", (GRANT,)).after("or "), f"or grant it:\n{STATEMENT}"),
    ],
)
def test_a_help_is_a_sentence_with_its_yaml(help: Help, text: str) -> None:
    """Reports show the sentence and below it what can be pasted."""
    assert help.text == text


def test_a_finding_with_a_remedy_can_be_sent_and_counted() -> None:
    """Worker processes send findings, and reports put them into sets, edits and all."""
    edit = replacement(AT, spelling_of("${Bucket.Arn}"), "name the bucket")
    help = Help("name it", (GRANT,), (edit, removal(AT, "take it out")))
    finding = Finding(AT, "message", help=help.text, remedy=help)
    assert pickle.loads(pickle.dumps(finding)) == finding
    assert len({finding, pickle.loads(pickle.dumps(finding))}) == 1
