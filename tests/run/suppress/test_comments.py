"""Comments: on which line they stand, and what they say."""

from __future__ import annotations

import pytest
from tests.run.suppress.stack import ACCEPTED, LOG, STACK, WEB, Check, above, beside, reported

from copilot_preflight.base.finding import IN_SOURCE

# --- comments: where they stand ------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        beside("Value: ", ACCEPTED),
        above("Value: ", ACCEPTED),
        above("Value: ", f"{ACCEPTED}\n              # and another remark"),
        above("- Type: s3", ACCEPTED),
        beside("- Type: s3", ACCEPTED),
        beside("- Name: web", ACCEPTED),
        above("- Name: web", ACCEPTED),
        above("- Name: web", ACCEPTED).replace("        # pre", "# pre"),
    ],
    ids=["on", "above", "block", "item", "on-item", "key", "above-key", "unindented"],
)
def test_a_comment_silences_what_begins_on_its_line(check: Check, text: str) -> None:
    """On the line or directly above it: that node with all below it, and nothing beside it."""
    report = check(text)
    assert reported(report) == [LOG]
    (silenced,) = report.silenced
    assert (silenced.finding.rule, silenced.kind) == ("E9711", IN_SOURCE)
    assert silenced.reason == "accepted by the owner"


@pytest.mark.parametrize(
    "text",
    [
        beside("Task:", ACCEPTED),
        above("Task:", ACCEPTED),
        above("ContainerDefinitions:", ACCEPTED),
        above("Resources:", ACCEPTED),
    ],
    ids=["resource", "above-resource", "property", "section"],
)
def test_a_comment_on_a_key_silences_all_below_it(check: Check, text: str) -> None:
    """The key of an enclosing resource, property or section stands for what is in it."""
    report = check(text)
    assert reported(report) == []
    assert report.suppressed == 2


def test_a_line_of_a_flow_collection_is_one(check: Check) -> None:
    """In ``{...}`` too, a comment is about what begins on its line."""
    flow = "            - {Type: s3, Value: 'arn:aws:s3:::files/log.env'}"
    split = (
        f"            - {{Type: s3,\n              Value: 'arn:aws:s3:::files/log.env'}} {ACCEPTED}"
    )
    assert reported(check(STACK.replace(flow, f"{flow} {ACCEPTED}"))) == [WEB]
    assert reported(check(STACK.replace(flow, split))) == [WEB]


@pytest.mark.parametrize(
    "text",
    [
        above("Value: ", f"{ACCEPTED}\n"),
        above("- Name: log", f"  {ACCEPTED}").replace(ACCEPTED, f"{ACCEPTED}\n"),
        beside("Type: AWS::ECS::TaskDefinition", ACCEPTED),
        beside("ExecutionRoleArn:", ACCEPTED),
        above("Role:", ACCEPTED),
        f"{STACK}{ACCEPTED}\n",
    ],
    ids=["blank-line", "below", "first-property", "sibling", "other-resource", "end"],
)
def test_a_comment_elsewhere_silences_nothing(check: Check, text: str) -> None:
    """Not what stands above it or beside it; it is told to be unused, where it stands."""
    report = check(text)
    line = text[: text.index(ACCEPTED)].count("\n") + 1
    assert reported(report) == [WEB, LOG, ("W9791", str(line), "unused")]
    span = report.sources["web.yml"].span(report.findings[-1].at.path)
    assert text.splitlines()[line - 1][span.start.column - 1 : span.end.column - 1] == ACCEPTED


@pytest.mark.parametrize(
    "text",
    [
        STACK.replace("Task:\n", f"Task:\n    Metadata:\n      Note: |\n        {ACCEPTED}\n"),
        STACK.replace("Name: web", f"Name: 'web {ACCEPTED}'"),
        STACK.replace("Name: web", "Name: web#preflight:ignore[E9711]why"),
        STACK.replace("Name: web", f'Hostname: "\n            {ACCEPTED}"\n          Name: web'),
    ],
    ids=["block", "quoted", "plain", "folded"],
)
def test_text_is_no_comment(check: Check, text: str) -> None:
    """What a block scalar, quotes or a word hold is neither a suppression nor an unused one."""
    report = check(text)
    assert not report.errors
    assert [finding.rule for finding in report.findings] == ["E9711", "E9711"]


def test_json_has_no_comments(check: Check) -> None:
    """A string of a JSON template that reads like a suppression is a string."""
    text = '{"Resources": {"A": {"Type": "AWS::SNS::Topic", "Metadata": "# preflight: ignore"}}}'
    assert reported(check({"a.json": text})) == []


# --- comments: what they say ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        ("# preflight: ignore[E9711] why", "why"),
        ("#preflight:ignore[e9711]: why", "why"),
        ("# preflight: ignore[env-file-denied] - why, see #12", "why, see #12"),
        ("# preflight: ignore [E9712,E9711 ] why", "why"),
        ("# preflight: ignore[E9711] why # noqa", "why"),
        ("# noqa # preflight: ignore[E9711] why", "why"),
        ("# preflight: ignore[E9711] until all is granted", "until all is granted"),
    ],
)
def test_rules_and_reason(check: Check, comment: str, reason: str) -> None:
    """Ids in any case, or names, between commas; what follows is the reason."""
    report = check(beside("Value: ", comment))
    assert [it.reason for it in report.silenced] == [reason]
    unused = [("W9791", "10", "unused")] if "E9712" in comment else []
    assert reported(report) == [LOG, *unused]


@pytest.mark.parametrize(
    ("comment", "causes"),
    [
        ("# preflight: ignore[E9711]", ["no-reason"]),
        ("# preflight: ignore[E9711] -", ["no-reason"]),
        ("# preflight: ignore[E9711] until 2027-01", ["no-reason"]),
        ("# preflight: ignore[E9711]  # noqa", ["no-reason"]),
        ("# preflight: ignore", ["malformed"]),
        ("# preflight: ignore[] why", ["malformed"]),
        ("# preflight: ignore E9711 why", ["malformed"]),
        ("# preflight: ignore[E9999] why", ["unknown-rule"]),
        ("# preflight: ignore[E97] why", ["unknown-rule"]),
        ("# preflight: ignore[E9711] why until 2027-13", ["no-date"]),
        ("# preflight: ignore[E9711] why until 2027-02-30", ["no-date"]),
        ("# preflight: ignore[E9711] why until 2027/01", ["no-date"]),
        ("# preflight: ignore[E9711] why until 31.12.2027", ["no-date"]),
        ("# preflight: ignore[E9711, foo]", ["unknown-rule", "no-reason"]),
        ("# preflight: checks this", []),
        ("# ignore[E9711] why", []),
    ],
)
def test_what_does_not_count_is_told(check: Check, comment: str, causes: list[str]) -> None:
    """The finding remains; a suppression that is not valid is reported by what is wrong with it."""
    report = check(beside("Value: ", comment))
    assert reported(report) == [WEB, LOG, *(("W9791", "10", cause) for cause in causes)]
    assert report.suppressed == 0


@pytest.mark.parametrize(
    ("until", "today", "counts"),
    [
        ("2027-01", "2026-12-31", True),
        ("2027-01", "2027-01-31", True),
        ("2027-01", "2027-02-01", False),
        ("2027-01-15", "2027-01-15", True),
        ("2027-01-15.", "2027-01-16", False),
        ("2027-01-15,", "2028-01-01", False),
    ],
)
def test_a_date_ends_it(check: Check, until: str, today: str, counts: bool) -> None:
    """It counts until the end of the month or day, and is told to be expired from then on."""
    text = beside("Value: ", f"# preflight: ignore[E9711] accepted until {until}")
    expected = [LOG] if counts else [WEB, LOG, ("W9791", "10", "expired")]
    assert reported(check(text, today=today)) == expected


def test_today_is_the_day_of_the_run(check: Check) -> None:
    """Without a date for the run, it is the machine's own."""
    text = beside("Value: ", "# preflight: ignore[E9711] accepted until 2020-01")
    assert reported(check(text, today=""))[-1] == ("W9791", "10", "expired")
    assert reported(check(text.replace("2020", "9999"), today="")) == [LOG]
