"""The comment that is written for a finding: where it stands, and that it silences just that."""

from __future__ import annotations

import json

import pytest
from tests.run.suppress.stack import LOG, STACK, WEB, Check, above, beside, reported

from copilot_preflight.edits.text.changes import changed
from copilot_preflight.read.document import parse
from copilot_preflight.run.suppress.writing import is_json, suppressing

TODAY = "2026-11-22"
COMMENT = "# preflight: ignore[E9711] TODO: say why"
WIDE = STACK.replace(
    "{Type: s3, Value: 'arn:aws:s3:::files/log.env'}",
    '{Note: "a\n              b", Type: s3, Value: "arn:aws:s3:::files/log.env"}',
)
"""The finding's line begins within a string."""


def silenced(check: Check, text: str, container: str) -> str:
    """A text after the finding of a container is silenced."""
    report = check(text)
    finding = next(it for it in report.findings if f"'{container}'" in it.message)
    source = parse(text, "web.yml")
    change = suppressing(source, finding, TODAY)
    assert change is not None
    assert change.start == change.end, "a comment takes nothing away"
    return changed(text, [change])


@pytest.mark.parametrize(
    ("text", "container", "expected"),
    [
        (STACK, "web", above("Value: ", COMMENT)),
        (STACK, "log", above("- {Type: s3", COMMENT)),
        (
            beside("Value: ", "# preflight: ignore[E9712, W9713] known"),
            "web",
            beside("Value: ", "# preflight: ignore[E9712, W9713, E9711] known"),
        ),
        (
            above("Value: ", "# preflight: ignore[E9712 ] known # noqa"),
            "web",
            above("Value: ", "# preflight: ignore[E9712, E9711 ] known # noqa"),
        ),
        (
            beside("Value: ", "# preflight: ignore[E9712] known until 2020-01"),
            "web",
            above("Value: ", COMMENT).replace(
                "web.env\n", "web.env  # preflight: ignore[E9712] known until 2020-01\n"
            ),
        ),
        (WIDE, "log", WIDE.replace('log.env"}', f'log.env"}}  {COMMENT}')),
        (
            WIDE.replace('log.env"}', 'log.env"} # a remark'),
            "log",
            WIDE.replace('log.env"}', f'log.env"}} {COMMENT} # a remark'),
        ),
    ],
    ids=["block", "flow", "joined", "joined-above", "over", "in-a-string", "behind-a-remark"],
)
def test_a_finding_is_silenced_where_it_stands(
    check: Check, text: str, container: str, expected: str
) -> None:
    """Above its line, or behind it where nothing may stand above; joined where one is there."""
    after = silenced(check, text, container)
    assert after == expected
    other = LOG if container == "web" else WEB
    assert [it for it in reported(check(after)) if it[0] == "E9711"] == [other]


def test_line_ends_and_tabs_are_those_of_the_text(check: Check) -> None:
    text = STACK.replace("\n", "\r\n")
    after = silenced(check, text, "web")
    assert after == above("Value: ", COMMENT).replace("\n", "\r\n")


@pytest.mark.parametrize("name", ["web.yml", "web.json", "web.template"])
def test_json_has_no_comment(check: Check, name: str) -> None:
    """Whatever its name is, what is JSON stays JSON."""
    text = json.dumps(parse(STACK, name).data, indent=2)
    source = parse(text, name)
    (finding, *_) = check({name: text}).findings
    assert is_json(source)
    assert suppressing(source, finding, TODAY) is None


def test_flow_maps_are_no_json(check: Check) -> None:
    """A comment may stand in YAML that only looks like it."""
    text = json.dumps(parse(STACK, "web.yml").data, indent=2).replace('"s3"', "s3")
    after = silenced(check, text, "web")
    assert [it for it in reported(check(after)) if it[0] == "E9711"] == [LOG]
