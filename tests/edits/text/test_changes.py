"""Edits of small texts, each with the whole text that comes out."""

from __future__ import annotations

import pytest
from tests.edits.text.plain import insert, remove, replace

from copilot_preflight.edits.edit import END, Edit
from copilot_preflight.edits.text.changes import CannotWrite, changed, text_changes
from copilot_preflight.read.document import parse

STATEMENT = {"Effect": "Allow", "Action": ["s3:Get", "s3:Put"], "Resource": {"Fn::Sub": "${B.Arn}"}}
IF = {"Fn::If": ["HasFile", {"PolicyName": "file"}, {"Ref": "AWS::NoValue"}]}


def edited(text: str, *edits: Edit) -> str:
    return changed(text, text_changes(text, edits))


def refused(text: str, *edits: Edit) -> str:
    with pytest.raises(CannotWrite) as raised:
        text_changes(text, edits)
    return raised.value.reason


CASES: dict[str, tuple[str, list[Edit], str]] = {
    # --- replace, YAML -----------------------------------------------------------------------
    "plain stays plain": ("A: x # c\n", [replace(("A",), "u")], "A: u # c\n"),
    "plain that needs quotes": ("A: x # c\n", [replace(("A",), "yes")], "A: 'yes' # c\n"),
    "single quotes stay": ("A: 'x'\n", [replace(("A",), "it's")], "A: 'it''s'\n"),
    "double quotes stay": ('A: "x"\n', [replace(("A",), 'say "y"')], 'A: "say \\"y\\""\n'),
    "tag and its quotes stay": (
        'A: !Sub "x"\n',
        [replace(("A",), {"Fn::Sub": "${y}"})],
        'A: !Sub "${y}"\n',
    ),
    "argument of a tag": ('A: !Sub "x"\n', [replace(("A", "Fn::Sub"), "y")], 'A: !Sub "y"\n'),
    "half of a name": (
        "A: !GetAtt Role.Arn\n",
        [replace(("A", "Fn::GetAtt", 1), "Name")],
        "A: !GetAtt Role.Name\n",
    ),
    "number becomes a string": ("A: 5\n", [replace(("A",), "5")], "A: '5'\n"),
    "string over several lines": ("A: x\n  y\nB: z\n", [replace(("A",), "u")], "A: u\nB: z\n"),
    "quoted over several lines": (
        'A: "x\n  y" # c\nB: z\n',
        [replace(("A",), "u")],
        'A: "u" # c\nB: z\n',
    ),
    "literal stays literal": (
        "A: |\n  x\n  y\nB: z\n",
        [replace(("A",), "u\n\nv\n")],
        "A: |\n  u\n\n  v\nB: z\n",
    ),
    "literal without its last break": (
        "A: |\r\n    x\r\nB: z\r\n",
        [replace(("A",), "u\nv")],
        "A: |-\r\n    u\r\n    v\r\nB: z\r\n",
    ),
    "folded stays folded": ("A: >-\n  x\n  y\n", [replace(("A",), "u v")], "A: >-\n  u v\n"),
    "nothing": ("A: # c\nB: x\n", [replace(("A",), "u")], "A: u # c\nB: x\n"),
    "nothing in a list": ("A:\n  -\n  - x\n", [replace(("A", 0), "u")], "A:\n  - u\n  - x\n"),
    "scalar becomes a list": (
        "A:\n    B: x # c\n",
        [replace(("A", "B"), ["u", "v"])],
        "A:\n    B:\n      - u\n      - v # c\n",
    ),
    "list becomes a scalar": (
        "A:\n  - x # x\n  - y # y\nB: z\n",
        [replace(("A",), "u")],
        "A: u # y\nB: z\n",
    ),
    "list becomes a scalar, comment above it": (
        "A: # c\n  # d\n  - x\n  - y\nB: z\n",
        [replace(("A",), "u")],
        "A: u # c\n  # d\nB: z\n",
    ),
    "list keeps its column": (
        "A:\n- x\n- y\nB:\n  - z\nC:\n  - w\n",
        [replace(("A",), ["u"])],
        "A:\n- u\nB:\n  - z\nC:\n  - w\n",
    ),
    "mapping in a list": (
        "A:\n- B: x\n  C: y\n- z\n",
        [replace(("A", 0), {"D": "u", "E": {"F": "v"}})],
        "A:\n- D: u\n  E:\n    F: v\n- z\n",
    ),
    "list in brackets": ("A: [x, y] # c\n", [replace(("A",), ["u"])], "A: [u] # c\n"),
    "item in brackets": ("A: [x, 'y']\n", [replace(("A", 1), "a, b")], "A: [x, 'a, b']\n"),
    "function for a string": (
        "A: x\nB: !Ref C\n",
        [replace(("A",), IF)],
        "A: !If\n  - HasFile\n  - PolicyName: file\n  - !Ref AWS::NoValue\nB: !Ref C\n",
    ),
    "functions are spelt long where the document does so": (
        "A: x\nB:\n  Ref: C\n",
        [replace(("A",), {"Fn::GetAtt": ["R", "Arn"]})],
        "A:\n  Fn::GetAtt:\n    - R\n    - Arn\nB:\n  Ref: C\n",
    ),
    "short functions of functions stay on one line": (
        "A: !Ref C\n",
        [replace(("A",), {"Fn::Select": [0, {"Fn::Split": ["/", {"Ref": "EnvFileARN"}]}]})],
        "A: !Select [0, !Split ['/', !Ref EnvFileARN]]\n",
    ),
    "literal behind a tag": (
        "A: !Sub |\n  x\n  y\nB: z\n",
        [replace(("A",), {"Fn::Sub": "u\n${v}\n"})],
        "A: !Sub |\n  u\n  ${v}\nB: z\n",
    ),
    "quotes of the item before": (
        'A:\n  - "x:y"\nB: [x:y]\n',
        [insert(("A", END), "u:v"), insert(("B", END), "u:v")],
        'A:\n  - "x:y"\n  - "u:v"\nB: [x:y, u:v]\n',
    ),
    "anchor in front of a list": (
        "A: &a !Join\n  - ''\n  - [x]\n",
        [replace(("A",), ["u"])],
        "A: &a\n  - u\n",
    ),
    "literal that begins with a blank line": (
        "A: |\n\n  x\n",
        [replace(("A",), "u\n")],
        "A: |\n  u\n",
    ),
    "literal for what cannot be one": ("A: |\n  x\n", [replace(("A",), " u\n")], 'A: " u\\x0a"\n'),
    "document without keys": ("{}\n", [insert(("A", "B"), "u")], '{"A": {"B": "u"}}\n'),
    "document without items": ("[]", [insert((END,), "u")], '["u"]'),
    "function in a function takes one tag": (
        "A: !Ref C\n",
        [replace(("A",), {"Fn::Base64": {"Fn::Sub": "x"}})],
        "A:\n  Fn::Base64: !Sub 'x'\n",
    ),
    "alias": ("A: &a x\nB: *a # c\n", [replace(("B",), "u")], "A: &a x\nB: u # c\n"),
    "anchor that nobody repeats": ("A: &a x\n", [replace(("A",), "u")], "A: &a u\n"),
    "behind an explicit key": (
        "? A\n: x\n? B\n: y\n",
        [replace(("A",), "u")],
        "? A\n: u\n? B\n: y\n",
    ),
    # --- insert, YAML ------------------------------------------------------------------------
    "key": (
        "A:\n  B: x # c\n\nC: y\n",
        [insert(("A", "D"), "u")],
        "A:\n  B: x # c\n  D: u\n\nC: y\n",
    ),
    "key with all above it": (
        "A:\n  B: x\n",
        [insert(("A", "P", "Tags", END), STATEMENT)],
        "A:\n  B: x\n  P:\n    Tags:\n      - Effect: Allow\n        Action:\n          - s3:Get\n"
        "          - s3:Put\n        Resource:\n          Fn::Sub: '${B.Arn}'\n",
    ),
    "item": (
        "A:\n- x # x\n# about C\nC: !Ref y\n",
        [insert(("A", END), STATEMENT)],
        "A:\n- x # x\n- Effect: Allow\n  Action:\n  - s3:Get\n  - s3:Put\n"
        "  Resource: !Sub '${B.Arn}'\n# about C\nC: !Ref y\n",
    ),
    "item of a list in a list": (
        "A:\n  - - x\n    - y\n  - z\n",
        [insert(("A", 0, END), "u")],
        "A:\n  - - x\n    - y\n    - u\n  - z\n",
    ),
    "item of a function": (
        "A: !Join\n  - ''\n  - - x\n",
        [insert(("A", "Fn::Join", 1, END), "u")],
        "A: !Join\n  - ''\n  - - x\n    - u\n",
    ),
    "item behind comments of what is deeper": (
        "A:\n  - B:\n      - x\n      # - y\n\n  # about C\nC: y\n",
        [insert(("A", END), "u")],
        "A:\n  - B:\n      - x\n      # - y\n  - u\n\n  # about C\nC: y\n",
    ),
    "no final line break": ("A:\n  - x", [insert(("A", END), "u")], "A:\n  - x\n  - u"),
    "line breaks of the neighbour": (
        "A:\r\n  - x\r\nB: y\n",
        [insert(("A", END), "u"), insert(("C",), "v")],
        "A:\r\n  - x\r\n  - u\r\nB: y\nC: v\n",
    ),
    "single value becomes a list": (
        "A:\n  B: x # c\n  C: y\n",
        [insert(("A", "B", END), "u")],
        "A:\n  B:\n    - x # c\n    - u\n  C: y\n",
    ),
    "single mapping becomes a list": (
        "A:\n  # a\n  B: x\n\n  C: |\n    y\nD: z\n",
        [insert(("A", END), "u")],
        "A:\n  # a\n  - B: x\n\n    C: |\n      y\n  - u\nD: z\n",
    ),
    "single function becomes a list": (
        "A: !Sub\n  - x\n  - B: y\n",
        [insert(("A", END), "u")],
        "A:\n  - !Sub\n    - x\n    - B: y\n  - u\n",
    ),
    "item of nothing": ("A: # c\nB: x\n", [insert(("A", END), "u")], "A: # c\n  - u\nB: x\n"),
    "item of an empty list": ("A: []\nB: x\n", [insert(("A", END), "u")], "A:\n  - u\nB: x\n"),
    "key of an empty mapping": ("A: {} # c\n", [insert(("A", "B"), "u")], "A:\n  B: u # c\n"),
    "item in brackets behind others": (
        "A: [x, y ] # c\n",
        [insert(("A", END), "u")],
        "A: [x, y, u ] # c\n",
    ),
    "key in brackets": ("A: {B: x}\n", [insert(("A", "C"), "u:v")], "A: {B: x, C: 'u:v'}\n"),
    "item in brackets over lines": (
        "A: [\n  x, # x\n  y # y\n]\n",
        [insert(("A", END), "u")],
        "A: [\n  x, # x\n  y, # y\n  u\n]\n",
    ),
    "item behind a last comma": (
        "A: [\n  x,\n  y, # y\n]\n",
        [insert(("A", END), "u")],
        "A: [\n  x,\n  y, # y\n  u,\n]\n",
    ),
    "single value in brackets becomes a list": (
        "A: {B: x, C: y}\n",
        [insert(("A", "B", END), "u")],
        "A: {B: [x, u], C: y}\n",
    ),
    "blank lines that belong to a string": (
        "A:\n  - |+\n    x\n\nB: y\n",
        [insert(("A", END), "u")],
        "A:\n  - |+\n    x\n\n  - u\nB: y\n",
    ),
    "blank lines that belong to a string, at the end": (
        "A:\n  - |+\n    x\n\n",
        [insert(("A", END), "u")],
        "A:\n  - |+\n    x\n\n  - u\n",
    ),
    "before the end of the document": (
        "--- \nA: x\n...\n",
        [insert(("B",), "u")],
        "--- \nA: x\nB: u\n...\n",
    ),
    # --- remove, YAML ------------------------------------------------------------------------
    "remove a key": (
        "A: x\n# b\nB: y # y\n# c\nC: z\n",
        [remove(("B",))],
        "A: x\n# b\n# c\nC: z\n",
    ),
    "remove the first key of an item": (
        "A:\n- B: x # x\n  C: y\n",
        [remove(("A", 0, "B"))],
        "A:\n-\n  C: y\n",
    ),
    "remove the first key of an item without a comment": (
        "A:\n- B: x\n  C: y\n",
        [remove(("A", 0, "B"))],
        "A:\n- C: y\n",
    ),
    "remove an item": ("A:\n  - x\n  - y\n  - z\n", [remove(("A", 1))], "A:\n  - x\n  - z\n"),
    "remove what is empty then": (
        "A:\n  B:\n    - C: x\n  D: y\n",
        [remove(("A", "B", 0, "C"))],
        "A:\n  D: y\n",
    ),
    "remove items of a list in a list": (
        "A:\n- - x\n  - y\n- - z\n",
        [remove(("A", 0, 0)), remove(("A", 1, 0))],
        "A:\n- - y\n",
    ),
    "remove comments of what is removed": (
        "A:\n  - |\n    x\n  - B:\n      - y\n      # - z\n  # about C\nC: z\n",
        [remove(("A", 1))],
        "A:\n  - |\n    x\n  # about C\nC: z\n",
    ),
    "line breaks that are no longer in use": (
        "A:\r- x\r- y\r",
        [remove(("A", 1)), insert(("B",), "u")],
        "A:\r- x\rB: u\r",
    ),
    "remove everything": ("# a\nA: x\n", [remove(("A",))], "# a\n{}\n"),
    "remove in brackets": ("A: [x, y, z]\n", [remove(("A", 0)), remove(("A", 2))], "A: [y]\n"),
    "remove in brackets over lines": (
        "A: {\n  B: x, # x\n  C: y # y\n}\n",
        [remove(("A", "C"))],
        "A: {\n  B: x # x\n}\n",
    ),
    # --- JSON --------------------------------------------------------------------------------
    "JSON value": ('{"A": "x", "B": 1}', [replace(("A",), "ü\n")], '{"A": "\\u00fc\\n", "B": 1}'),
    "JSON item": ('{"A": ["x"]}', [insert(("A", END), {"Ref": "R"})], '{"A": ["x", {"Ref": "R"}]}'),
    "JSON without blanks": (
        '{"A":["x"],"B":{}}',
        [insert(("A", END), ["y", "z"]), insert(("B", "C"), "u")],
        '{"A":["x",["y","z"]],"B":{"C":"u"}}',
    ),
    "JSON over lines, with tabs": (
        '{\n\t"A": {\n\t\t"B": "x"\n\t}\n}\n',
        [insert(("A", "C"), {"D": ["u", []]})],
        '{\n\t"A": {\n\t\t"B": "x",\n\t\t"C": {\n\t\t\t"D": [\n\t\t\t\t"u",\n\t\t\t\t[]\n\t\t\t]\n'
        "\t\t}\n\t}\n}\n",
    ),
    "JSON list on one line in a document over lines": (
        '{\n  "A": ["x", "y"]\n}',
        [insert(("A", END), {"B": "u"})],
        '{\n  "A": ["x", "y", {"B": "u"}]\n}',
    ),
    "JSON mapping becomes a list": (
        '{\r\n    "A": {\r\n        "B": "x"\r\n    }\r\n}',
        [insert(("A", END), "u")],
        '{\r\n    "A": [\r\n        {\r\n            "B": "x"\r\n        },\r\n        "u"\r\n'
        "    ]\r\n}",
    ),
    "JSON empty list": (
        '{\n  "A": []\n}\n',
        [insert(("A", END), "u")],
        '{\n  "A": [\n    "u"\n  ]\n}\n',
    ),
    "JSON remove the last": ('{\n  "A": 1,\n  "B": 2\n}\n', [remove(("B",))], '{\n  "A": 1\n}\n'),
    "JSON remove the first": ('{\n  "A": 1,\n  "B": 2\n}\n', [remove(("A",))], '{\n  "B": 2\n}\n'),
    "JSON remove on one line": ('{"A": [1, 2, 3]}', [remove(("A", 1))], '{"A": [1, 3]}'),
    # --- several -----------------------------------------------------------------------------
    "two items for one list, in order": (
        "A: x\n",
        [insert(("A", END), "u"), insert(("A", END), "v")],
        "A:\n  - x\n  - u\n  - v\n",
    ),
    "two keys below one that is not there": (
        "A: x\n",
        [insert(("B", "C"), "u"), insert(("B", "D"), "v")],
        "A: x\nB:\n  C: u\n  D: v\n",
    ),
    "the same edit twice": (
        "A:\n  - x\n",
        [insert(("A", END), "u"), insert(("A", END), "u")],
        "A:\n  - x\n  - u\n",
    ),
    "paths are those of the document as it is": (
        "A:\n  - x\n  - y\n  - z\n",
        [remove(("A", 0)), replace(("A", 2), "u"), insert(("A", END), "v"), remove(("A", 1))],
        "A:\n  - u\n  - v\n",
    ),
    "all items, and a new one": (
        "A:\n  - x\n  - y\n",
        [remove(("A", 0)), remove(("A", 1)), insert(("A", END), "v")],
        "A:\n  - v\n",
    ),
    "what is there already": ("A: 'x'\n", [replace(("A",), "x")], "A: 'x'\n"),
}


@pytest.mark.parametrize(("text", "edits", "expected"), CASES.values(), ids=CASES)
def test_the_changed_text(text: str, edits: list[Edit], expected: str) -> None:
    """The whole text, to the last byte, and it can be read."""
    assert edited(text, *edits) == expected
    parse(expected, "t.yml")


REFUSED: dict[str, tuple[str, list[Edit], str]] = {
    "below an alias": (
        "A: &a {B: x}\nC: *a\n",
        [replace(("C", "B"), "u")],
        "'$.C.B' lies below an alias: change it at its anchor, by hand",
    ),
    "key below an alias": (
        "A: &a {B: x}\nC: *a\n",
        [insert(("C", "D"), "u")],
        "'$.C.D' lies below an alias: change it at its anchor, by hand",
    ),
    "item below an alias": (
        "A: &a [x]\nC: *a\n",
        [insert(("C", END), "u")],
        "'$.C' lies below an alias: change it at its anchor, by hand",
    ),
    "part of a name": (
        "A: !GetAtt B.Arn\n",
        [remove(("A", "Fn::GetAtt", 0))],
        "'$.A['Fn::GetAtt'][0]' is a part of a name",
    ),
    "names that are no list": (
        "A: !GetAtt B.Arn\n",
        [insert(("A", "Fn::GetAtt", END), "u")],
        "'$.A['Fn::GetAtt']' is the argument of a function, and no list",
    ),
    "a comment that would be lost": (
        "A: [ # c\n]\n",
        [insert(("A", END), "u")],
        "'$.A' is empty but for a comment between its brackets: fill it in by hand",
    ),
    "no document of keys": (
        "x\n",
        [insert((END,), "u")],
        "'$' is the whole document, and no list",
    ),
    "anchored, and repeated elsewhere": (
        "A: &a [x]\nC: *a\n",
        [insert(("A", END), "u")],
        "'$.A' cannot be changed without other places that an alias or a '<<' key repeats: "
        "change it by hand",
    ),
    "anchor that an alias needs": (
        "A: &a x\nC: *a\nD: y\n",
        [remove(("A",))],
        "'$.A' cannot be changed without other places that an alias or a '<<' key repeats: "
        "change it by hand",
    ),
    "merged": (
        "A: &a {B: x}\nC:\n  <<: *a\n  D: y\n",
        [replace(("C", "B"), "u")],
        "'$.C.B' comes out of a '<<' key: change it at its anchor, by hand",
    ),
    "not there": ("A: x\n", [replace(("B",), "u")], "'$.B' is not there"),
    "no such item": ("A: [x]\n", [remove(("A", 1))], "'$.A[1]' is not there"),
    "there already": (
        "A: x\n",
        [insert(("A",), "u")],
        "'$.A' is there already",
    ),
    "below a function": (
        "A: !Sub x\n",
        [insert(("A", "B"), "u")],
        "'$.A.B' lies below the function Fn::Sub, which takes no other key",
    ),
    "twice": (
        "A: x\n",
        [replace(("A",), "u"), replace(("A",), "v")],
        "'$.A' is changed by two edits: write one after the other",
    ),
    "inside of what becomes an item of a list": (
        "A:\n  B: x\n",
        [insert(("A", END), "u"), replace(("A", "B"), "v")],
        "'$.A.B' is changed by two edits: write one after the other",
    ),
    "inside of another": (
        "A:\n  B: x\n",
        [remove(("A",)), replace(("A", "B"), "v")],
        "'$.A.B' is changed by two edits: write one after the other",
    ),
    "two documents": (
        "A: x\n---\nB: y\n",
        [replace(("A",), "u")],
        "the file cannot be read: a second document begins here: expected only one",
    ),
    "explicit key": (
        "? A\n: x\n? B\n: y\n",
        [remove(("B",))],
        "'$.B' is a key behind a '?': take it away by hand",
    ),
    "everything": ("A: x\n", [replace((), "u")], "'$' is not there"),
}


@pytest.mark.parametrize(("text", "edits", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused(text: str, edits: list[Edit], reason: str) -> None:
    """What cannot be written says which edit, and why."""
    assert refused(text, *edits) == reason


def test_no_item_moves_before_what_is_written_below_it() -> None:
    """A key next to a function's tag has to wait for its removal, which takes the item along."""
    text = "A:\n- !If [C, x, y]\n- B: 1\n"
    removal, other = remove(("A", 0, "Fn::If")), replace(("A", 1, "B"), "2")
    reason = refused(text, insert(("A", 0, "New"), "z"), removal, other)
    assert reason == "'$.A[0].New' lies below the function Fn::If, which takes no other key"
    assert edited(text, removal, other) == "A:\n- B: '2'\n"
