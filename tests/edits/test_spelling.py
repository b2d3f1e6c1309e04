"""How strings with holes are written in a template, in YAML and as data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_preflight.edits.edit import Help
from copilot_preflight.edits.spelling import EVERYBODY, Plain, Spelling, spelling_of
from copilot_preflight.read.document import parse

BUCKET = "arn:aws:s3:::files"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret"


@pytest.mark.parametrize(
    ("text", "yaml", "item"),
    [
        (BUCKET, f"'{BUCKET}'", BUCKET),
        (f"{BUCKET}/*", f"'{BUCKET}/*'", f"{BUCKET}/*"),
        ("*", "'*'", "'*'"),
        ("*/app.env", "'*/app.env'", "'*/app.env'"),
        ("arn:aws:s3:::${Bucket}", "!Sub 'arn:aws:s3:::${Bucket}'", None),
        # A secret whose suffix is known to be missing, or may be.
        (f"{SECRET}:db-${{Db suffix}}", f"'{SECRET}:db-??????'", f"{SECRET}:db-??????"),
        (f"{SECRET}:db-${{suffix}}", f"'{SECRET}:db-??????'", f"{SECRET}:db-??????"),
        (f"{SECRET}:db${{suffix if any}}", f"'{SECRET}:db*'", f"{SECRET}:db*"),
        # A secret of the stack to which AWS gives the name: only Ref has it.
        (f"{SECRET}:${{Db}}-${{Db suffix}}", "!Ref Db", None),
        (f"{SECRET}:${{Db}}-${{Other suffix}}", f"!Sub '{SECRET}:${{Db}}-??????'", None),
        # Names that AWS makes up: for each task, and for a resource.
        ("arn:aws:ecs:::task/${task id}", "'arn:aws:ecs:::task/*'", "arn:aws:ecs:::task/*"),
        ("arn:aws:s3:::${Files bucket}", "'arn:aws:s3:::<bucket>'", "arn:aws:s3:::<bucket>"),
    ],
)
def test_a_string_is_written_with_the_function_that_fills_it(
    text: str, yaml: str, item: str | None
) -> None:
    """Holes of the template need a function, those that AWS fills become wildcards."""
    spelling = spelling_of(text)
    assert spelling.yaml == yaml
    assert spelling.item == (yaml if item is None else item)


@pytest.mark.parametrize(
    ("spelling", "plain"),
    [
        (spelling_of(BUCKET), BUCKET),
        (spelling_of("arn:${AWS::Partition}:s3:::x"), {"Fn::Sub": "arn:${AWS::Partition}:s3:::x"}),
        (spelling_of(f"{SECRET}:${{Db}}-${{Db suffix}}"), {"Ref": "Db"}),
        (Spelling("Role.Arn", "Fn::GetAtt"), {"Fn::GetAtt": ["Role", "Arn"]}),
        (
            Spelling("Addons.Outputs.RoleArn", "Fn::GetAtt"),
            {"Fn::GetAtt": ["Addons", "Outputs.RoleArn"]},
        ),
        (Spelling("<the ARN of role 'x'>", open=True), "<the ARN of role 'x'>"),
        (EVERYBODY, "*"),
    ],
)
def test_data_is_what_the_yaml_is_read_as(spelling: Spelling, plain: Plain) -> None:
    """The two ways to write a value are one value, alone and as an item."""
    assert spelling.plain == plain
    assert parse(f"- {spelling.yaml}\n- {spelling.item}", "x.yml").data == [plain, plain]


@pytest.mark.parametrize(
    ("spelling", "gaps"),
    [
        (spelling_of(BUCKET), ()),
        (spelling_of("arn:${AWS::Partition}:s3:::${Bucket}/${Role.Arn}/${!literal}"), ()),
        (spelling_of("arn:aws:s3:::${Files bucket}/x"), ("<bucket>",)),
        (spelling_of("arn:aws:s3:::${ImportValue files}/x"), ("${ImportValue files}",)),
        (spelling_of("${policy variable aws:username}"), ("${policy variable aws:username}",)),
        (Spelling("<the ARN of role 'x'>", open=True), ("<the ARN of role 'x'>",)),
        (Spelling("Role.Arn", "Fn::GetAtt"), ()),
    ],
)
def test_what_nobody_can_fill_in_is_a_gap(spelling: Spelling, gaps: tuple[str, ...]) -> None:
    """What no function of a template returns has to be filled in by hand."""
    assert spelling.gaps == gaps


TEXTS = st.lists(
    st.sampled_from(
        ["\n", "\r", "'", '"', "\\", ": ", " #", "#", "::", "- ", "a", "${A}", "*", "<"]
    )
    | st.characters(codec="utf-8"),
    max_size=6,
).map("".join)


@given(TEXTS)
def test_no_text_adds_a_line_to_what_is_pasted(text: str) -> None:
    """Whatever a name holds, it stays one value on one line, and reads back as it was."""
    spelling = spelling_of(f"arn:aws:s3:::{text}")
    for written in (spelling.yaml, spelling.item):
        assert len(written.splitlines()) == 1
        assert parse(f"- {written}\n", "x.yml").data == [spelling.plain]


def test_a_sentence_stays_one_line() -> None:
    """What can be pasted begins where it should."""
    assert Help("name 'a\n- Effect: Allow'", lines=("- b",)).text.split("\n")[1:] == ["- b"]
