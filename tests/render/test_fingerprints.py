"""What makes two findings the same."""

from __future__ import annotations

import string
from typing import Any

import pytest

from copilot_preflight.base.finding import CitedCall, Finding, Place
from copilot_preflight.render.fingerprints import fingerprints

CALL = CitedCall("Role", "s3:GetObject", f"arn:aws:s3:::b/web.env/{'0f1c' * 16}.env", "because")
FOUND = Finding(
    Place("a.yml", ("Resources", 0)), "message", cause="stale-hash", call=CALL, rule="E9712"
)


def printed(*findings: Finding) -> list[str]:
    return fingerprints(findings, lambda file: file)


@pytest.mark.parametrize(
    "change",
    [
        {"message": "a better wording"},
        {"label": "elsewhere", "help": "do something else", "url": "moved"},
        {"call": CALL._replace(resource=f"arn:aws:s3:::b/web.env/{'80ce' * 16}.env")},
        {"call": CALL._replace(because="AWS has moved its page")},
    ],
)
def test_a_finding_stays_the_same(change: dict[str, Any]) -> None:
    """The next version of a file, and of this tool, has the finding of before."""
    assert printed(FOUND._replace(**change)) == printed(FOUND)


@pytest.mark.parametrize(
    "change",
    [
        {"rule": "E9711"},
        {"at": Place("b.yml", ("Resources", 0))},
        {"at": Place("a.yml", ("Resources", 1))},
        {"cause": "no-grant"},
        {"call": CALL._replace(action="s3:PutObject")},
        {"call": CALL._replace(principal="Other")},
        {"call": CALL._replace(resource="arn:aws:s3:::other/web.env")},
        {"call": None},
    ],
)
def test_another_finding_is_another(change: dict[str, Any]) -> None:
    """Rule, file, path, cause and call make a finding."""
    assert printed(FOUND._replace(**change)) != printed(FOUND)


def test_without_a_cause_the_message_counts() -> None:
    """All of the message but lines and hashes of contents."""
    bare = FOUND._replace(cause="", message="'0f1c1e71….env' on line 12")
    assert printed(bare) == printed(bare._replace(message="'80ce….env' on line 7"))
    assert printed(bare) != printed(bare._replace(message="another"))


def test_equal_findings_are_told_apart() -> None:
    """GitLab and GitHub count what has the same fingerprint once."""
    found = printed(FOUND, FOUND, FOUND._replace(rule="E9711"))
    assert len(set(found)) == 3
    assert found[0] == printed(FOUND)[0]
    assert all(len(it) == 64 and set(it) <= set(string.hexdigits) for it in found)
