from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_preflight.base.finding import (
    CallCounts,
    CitedCall,
    Finding,
    InputError,
    Place,
    Related,
    Report,
    Silenced,
)
from copilot_preflight.render import json as json_format
from copilot_preflight.render.formats import render
from copilot_preflight.render.safe_text import UNSAFE

MakeReport = Callable[..., Report]
MakePlace = Callable[..., Place]


@pytest.fixture(autouse=True)
def _version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_format, "__version__", "1.2.3")


def test_json_is_the_contract_of_version_1(report: MakeReport, place: MakePlace) -> None:
    """Keys, their order and their types are frozen; this text changes with the version only."""
    full = Finding(
        place("0f1c.env"),
        "asks for '…/0f1c.env'",
        rule="E9712",
        name="env-file-stale-grant",
        label="not in the contract",
        related=(Related(place("GrantÄ", key=True, file="roles.yml"), "the grant"),),
        call=CitedCall("ExecutionRole", "s3:GetObject", "arn:aws:s3:::b/0f1c.env", "because"),
        cause="stale-hash",
        help="grant every version",
        url="https://example.org/E9712",
    )
    bare = Finding(Place("gone.yml", ()), "imported role", rule="I9790", name="access-undetermined")
    files = {"web.stack.yml": "Value: 0f1c.env\n", "roles.yml": "\nRole: GrantÄ\n"}
    shown = report(full, bare, files=files)._replace(
        errors=[InputError("x.yml", 3, 0, "tab")],
        silenced=[Silenced(bare, "inSource")] * 4,
        ignored=1,
        calls=CallCounts(3, 1, 2),
        not_judged=[("AWS::Batch::JobDefinition", 4)],
    )
    assert (
        render(shown, "json")
        == """\
{
  "version": 1,
  "tool": {
    "name": "copilot-preflight",
    "version": "1.2.3"
  },
  "summary": {
    "files": 2,
    "error": 1,
    "warning": 0,
    "info": 1,
    "suppressed": 4,
    "calls": {
      "allowed": 3,
      "denied": 1,
      "undetermined": 2,
      "not_judged": 4
    }
  },
  "findings": [
    {
      "rule": "E9712",
      "name": "env-file-stale-grant",
      "severity": "error",
      "message": "asks for '…/0f1c.env'",
      "file": "web.stack.yml",
      "start": {
        "line": 1,
        "column": 8
      },
      "end": {
        "line": 1,
        "column": 16
      },
      "path": "$['0f1c.env']",
      "call": {
        "principal": "ExecutionRole",
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::b/0f1c.env",
        "because": "because"
      },
      "cause": "stale-hash",
      "related": [
        {
          "file": "roles.yml",
          "start": {
            "line": 2,
            "column": 1
          },
          "end": {
            "line": 2,
            "column": 5
          },
          "path": "$['GrantÄ']",
          "message": "the grant"
        }
      ],
      "fix": null,
      "help": "grant every version",
      "url": "https://example.org/E9712"
    },
    {
      "rule": "I9790",
      "name": "access-undetermined",
      "severity": "info",
      "message": "imported role",
      "file": "gone.yml",
      "start": {
        "line": 1,
        "column": 1
      },
      "end": {
        "line": 1,
        "column": 1
      },
      "path": "$",
      "call": null,
      "cause": null,
      "related": [],
      "fix": null,
      "help": null,
      "url": ""
    }
  ],
  "errors": [
    {
      "file": "x.yml",
      "line": 3,
      "column": 0,
      "message": "tab"
    }
  ]
}
"""
    )


def test_json_without_findings(report: MakeReport) -> None:
    """A clean run has all the keys, with empty lists."""
    document = json.loads(render(report(files={}), "json"))
    assert list(document) == ["version", "tool", "summary", "findings", "errors"]
    assert document["findings"] == document["errors"] == []


@given(st.text(st.characters(codec=None)))
def test_json_is_safe_to_print_and_reads_back(text: str) -> None:
    """Unsafe characters are escaped, not dropped: reading the output gives the message back."""
    found = Finding(Place("gone.yml", ()), text, rule="E9712", name="x")
    dumped = render(Report(1, [found]), "json")
    assert not UNSAFE.search(dumped.replace("\n", ""))
    read = json.loads(dumped.encode())["findings"][0]["message"]
    assert read.encode("utf-16", "surrogatepass") == text.encode("utf-16", "surrogatepass")
