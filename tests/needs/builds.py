"""Build projects for the tests of what they need, with a role that may do what a test says."""

from __future__ import annotations

from textwrap import dedent, indent

from tests import stacks

from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.resolve.stack import Stack

LOGS = "{Effect: Allow, Action: 'logs:*', Resource: '*'}"
"""What every build needs, so that a test sees nothing but what it is about."""


def build(properties: str, *statements: str, more: str = "") -> Stack:
    """A template with one project, ``Project``, and its role, ``Role``."""
    return stacks.stack(f"""
Parameters:
  Given: {{Type: String}}
Conditions:
  Chosen: !Equals [!Ref Given, yes]
Resources:
  Project:
    Type: AWS::CodeBuild::Project
    Properties:
      ServiceRole: !GetAtt Role.Arn
{indent(dedent(properties).strip(chr(10)), " " * 6)}
{stacks.role(*statements)}
{indent(dedent(more).strip(chr(10)), "  ")}
""")


def calls(found: Stack, kind: str) -> list[tuple[str, str]]:
    """What the needs of a kind ask for, as actions and resources, in the order of the calls."""
    return [
        (d.call.action, str(d.call.resource))
        for d in Analysis(found).decisions
        if d.call.need.kind == kind
    ]


def answers(found: Stack, kind: str) -> dict[str, str]:
    """What becomes of the calls of the needs of a kind, by their actions."""
    return {
        d.call.action: d.outcome.name for d in Analysis(found).decisions if d.call.need.kind == kind
    }
