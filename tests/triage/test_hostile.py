"""Hostile and huge texts: bounded time, nothing that a terminal, a shell or a page would obey."""

from __future__ import annotations

import json
import shlex
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_preflight.triage.formats import FORMATS, render
from copilot_preflight.triage.join import diagnosed
from copilot_preflight.triage.recognise import failures_in

PIECES = (
    "User: arn:aws:sts::123456789012:assumed-role/Web/1 ",
    "is not authorized to perform: s3:GetObject ",
    "on resource: arn:aws:s3:::b/k ",
    "because no identity-based policy allows ",
    "with an explicit deny in a service control policy",
    "AccessDenied: ",
    "ResourceInitializationError: ",
    "context deadline exceeded ",
    "Encoded authorization failure message: abcDEF012345678901234567890 ",
    '{"eventSource": "s3.amazonaws.com", "eventName": "GetObject", "errorCode": "AccessDenied"}',
    '{"a": [',
    "}",
    "\n",
    "\x1b[31m",
    "::error::",
    "`$(rm -rf /)`",
    "--output",
    "\u202e",
    "AKIAIOSFODNN7EXAMPLE ",
    "password=",
    "'",
    '"',
    "\\",
)
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=30).map("".join)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_any_text_can_be_told_of_in_every_format(text: str) -> None:
    """No fault, no control character, and JSON that is JSON."""
    diagnoses = diagnosed(failures_in(text))
    for form in FORMATS:
        shown = render(diagnoses, form)
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "AKIAIOSFODNN7EXAMPLE" not in shown
        assert not any(line.lstrip().startswith("::") for line in shown.splitlines())
    for failure in json.loads(render(diagnoses, "json"))["failures"]:
        assert failure["kind"] in ("access", "network", "name", "other")
        assert failure["moment"] in ("start", "run", "pipeline", "deploy")


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1, max_size=60).filter(lambda it: not it.isspace()))
def test_a_confirming_command_is_one_command(name: str) -> None:
    """Whatever a resource is called, a shell reads it as words of one command."""
    text = (
        "User: arn:aws:sts::123456789012:assumed-role/Web/1 is not authorized to perform: "
        f"s3:GetObject on resource: arn:aws:s3:::b/{name}"
    )
    for diagnosis in diagnosed(failures_in(text)):
        for cause in diagnosis.causes:
            if not cause.confirm.startswith("printenv"):
                words = list(shlex.shlex(cause.confirm, posix=True, punctuation_chars=True))
                assert words[0] == "aws"
                assert not {";", "|", "&", "&&", "||", ">", "<", "(", ")"} & set(words)
            assert "\n" not in cause.confirm


HOSTILE = {
    "blanks": "is not authorized to perform:" + " " * 60_000,
    "subjects": "User: " * 4_000 + "is not authorized",
    "words": "a" * 60_000 + " is not authorized to perform: s3:GetObject",
    "braces": "{" * 60_000,
    "open maps": '{"a":' * 12_000,
    "open lists": '[{"a": [' * 9_000,
    "keys": "password" * 8_000,
    "keys with values": "password=" * 8_000,
    "base64": "aA0" * 20_000,
    "arns": "arn:aws:" * 8_000,
    "refusals": "is not authorized to perform: s3:GetObject " * 2_000,
    "errors": "".join(f"AccessDenied: error {n:x}\n" for n in range(3_000)),
    "one line of errors": "role error failed " * 12_000,
    "dots": "https://" + "s3." * 20_000,
    "escapes": "\x1b]" * 20_000,
    "private keys": "-----BEGIN PRIVATE KEY-----" * 8_000,
    "mounts": "mount fs-0123456789 " * 10_000 + "failed",
    "equal lines": ("x" * 60 + "\n") * 3_000 + "AccessDenied",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_with_the_length_alone(name: str) -> None:
    """200,000 characters take seconds at most, whatever they are; twice as many take about "
    "twice."""
    text = HOSTILE[name]
    begin = time.process_time()
    failures_in(text)
    once = time.process_time() - begin
    assert once < 5
    begin = time.process_time()
    failures_in(text * 2)
    twice = time.process_time() - begin
    assert twice < 3 * once + 1
