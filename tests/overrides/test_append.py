"""Patches written to a file: at its end, in its style, and nothing else changed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from copilot_preflight.overrides.append import HEADER, CannotPatch, with_patches
from copilot_preflight.overrides.nodes import node_of_data
from copilot_preflight.overrides.patches import Patch, parse
from copilot_preflight.overrides.spelling import block, flow
from copilot_preflight.read.document import parse as read

POLICY = Patch(
    "add",
    "/Resources/ExecutionRole/Properties/Policies/-",
    node_of_data(
        {
            "Fn::If": [
                "HasEnvFile",
                {
                    "PolicyName": "Every",
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": ["s3:GetObject", "s3:Get*"],
                                "Resource": {
                                    "Fn::Join": ["/", [{"Ref": "EnvFileARN"}, "manual", "*"]]
                                },
                            }
                        ],
                    },
                },
                {"Ref": "AWS::NoValue"},
            ]
        }
    ),
)
WRITTEN = """\
- op: add
  path: /Resources/ExecutionRole/Properties/Policies/-
  value: !If
    - HasEnvFile
    - PolicyName: Every
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Action:
              - s3:GetObject
              - 's3:Get*'
            Resource: !Join ['/', [!Ref EnvFileARN, manual, '*']]
    - !Ref AWS::NoValue
"""
RETENTION = Patch("replace", "/Resources/LogGroup/Properties/RetentionInDays", node_of_data(60))
GONE = Patch("remove", "/Resources/a~1b")


def test_a_file_is_made_with_a_comment() -> None:
    """It says what it is, and where Copilot documents it."""
    assert with_patches(None, [POLICY]) == HEADER + WRITTEN
    assert all(line.startswith("# ") for line in HEADER.splitlines())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "- op: remove\n  path: /Resources/a~1b\n"),
        ("# why\n", "# why\n- op: remove\n  path: /Resources/a~1b\n"),
        ("# why", "# why\n- op: remove\n  path: /Resources/a~1b\n"),
        ("---\n# why\n", "---\n# why\n- op: remove\n  path: /Resources/a~1b\n"),
        ("[]\n", "\n- op: remove\n  path: /Resources/a~1b\n"),
        ("[]  # none\n", "  # none\n- op: remove\n  path: /Resources/a~1b\n"),
        (
            "- op: remove  # a\n  path: /b\n# end",
            "- op: remove  # a\n  path: /b\n# end\n- op: remove\n  path: /Resources/a~1b\n",
        ),
        (
            "  - {op: add, path: /b, value: 1}\n",
            "  - {op: add, path: /b, value: 1}\n  - op: remove\n    path: /Resources/a~1b\n",
        ),
        (
            "# a\r\n- op: remove\r\n  path: /b\r\n",
            "# a\r\n- op: remove\r\n  path: /b\r\n- op: remove\r\n  path: /Resources/a~1b\r\n",
        ),
        (
            "[{op: remove, path: /b}, ]  # c\n",
            "[{op: remove, path: /b}, {op: remove, path: /Resources/a~1b}, ]  # c\n",
        ),
        (
            "[\n  {op: remove, path: /b}  # c\n]\n",
            "[\n  {op: remove, path: /b}, {op: remove, path: /Resources/a~1b}  # c\n]\n",
        ),
    ],
)
def test_a_patch_goes_to_the_end(text: str, expected: str) -> None:
    """Comments and bytes are kept, the list's indentation and its line ends are followed."""
    assert with_patches(text, [GONE]) == expected


def test_what_is_there_is_not_added_again() -> None:
    """However it is written there; twice wanted, it must be there twice."""
    text = with_patches("# mine\n", [POLICY, GONE])
    assert with_patches(text, [POLICY, GONE]) == text
    assert with_patches(text, [GONE]) == text
    quoted = "- {path: \"/Resources/a~1b\", op: 'remove'}\n"
    assert with_patches(quoted, [GONE]) == quoted
    assert with_patches(quoted, [GONE, GONE]) == quoted + block(GONE)
    assert with_patches(text, [RETENTION]) == text + block(RETENTION)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "op: add",
            "cfn.patches.yml cannot be added to: a patch file must be a list of {op, path, value}, "
            "found a map: Copilot stops at it",
        ),
        ("- [", "cfn.patches.yml:1:4 cannot be read: a value is missing: found the end"),
        (
            "- {op: remove, path: /b}\n...\n",
            "cfn.patches.yml cannot be added to as it is written: make it a list in blocks",
        ),
    ],
)
def test_a_file_that_cannot_go_on_stays_as_it_is(text: str, message: str) -> None:
    """Nothing is written that would not be read as meant."""
    with pytest.raises(CannotPatch) as raised:
        with_patches(text, [GONE])
    assert str(raised.value) == message


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)
WORDS = st.sampled_from(
    ["true", "no", "null", "~", "1", "01", "1e3", "2012-10-17", "a: b", "a #b", "- a", "*a", "&a",
     "!Ref a", "", " ", "a\nb", "a\r\n", "\t", "'", '"', "y", "=", "<<", "@a", "%a", "a:", "[a"]
)  # fmt: skip
NAMES = st.sampled_from(["Ref", "Fn::Sub", "Fn::If", "Fn::GetAtt", "Fn::Base64", "Fn::Join"])
DATA: st.SearchStrategy[Any] = st.recursive(
    TEXTS | WORDS | st.integers(-9, 99) | st.booleans() | st.none() | st.floats(-9, 9),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(TEXTS | WORDS, below, max_size=3)
        | st.tuples(NAMES, below).map(lambda pair: {pair[0]: pair[1]})
    ),
    max_leaves=15,
)


@given(DATA)
@example(5e-324)
@example(1e16)
def test_whatever_is_written_is_read_back(data: Any) -> None:
    """In blocks, between brackets, and in a file."""
    patch = Patch("add", "/Resources/-", node_of_data(data))
    for text in (block(patch), block(patch, "    "), f"[{flow(patch)}]\n"):
        (again,) = parse(read(text, "p.yml")).patches
        assert again.is_same(patch)
        assert with_patches(text, [patch]) == text
        added = parse(read(with_patches(text, [patch, patch]), "p.yml")).patches
        assert all(it.is_same(patch) for it in added)
        assert len(added) == 2
