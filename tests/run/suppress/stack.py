"""A stack with two findings, with suppressions put into it, and what a report says of it."""

from __future__ import annotations

from collections.abc import Callable

from copilot_preflight.base.finding import Report

STACK = """\
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          EnvironmentFiles:
            - Type: s3
              Value: arn:aws:s3:::files/web.env
        - Name: log
          EnvironmentFiles:
            - {Type: s3, Value: 'arn:aws:s3:::files/log.env'}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          Effect: Allow
          Principal: {Service: ecs-tasks.amazonaws.com}
          Action: sts:AssumeRole
      Policies:
        - PolicyName: location
          PolicyDocument:
            Statement:
              {Effect: Allow, Action: 's3:GetBucketLocation', Resource: 'arn:aws:s3:::files'}
"""
"""Neither file may be read: E9711 for `web` on its Value, and for `log` on its own."""

WEB, LOG = ("E9711", "web", "no-grant"), ("E9711", "log", "no-grant")

Check = Callable[..., Report]


def reported(report: Report) -> list[tuple[str, str, str]]:
    """(rule, what is at fault, cause): the container of an E9711, the line of a W9791."""
    triples = []
    for finding in report.findings:
        line, message = report.span(finding.at).start.line, finding.message
        about = "web" if "'web'" in message else "log" if "'log'" in message else str(line)
        triples.append((finding.rule, about, finding.cause))
    return triples


def above(line: str, comment: str) -> str:
    """The stack with a comment above a line, of which it needs the beginning."""
    lines = STACK.splitlines()
    (at,) = (n for n, text in enumerate(lines) if text.strip().startswith(line))
    indent = len(lines[at]) - len(lines[at].lstrip())
    return "\n".join([*lines[:at], " " * indent + comment, *lines[at:]]) + "\n"


def beside(line: str, comment: str) -> str:
    (found,) = (text for text in STACK.splitlines() if text.strip().startswith(line))
    return STACK.replace(found, f"{found}  {comment}")


ACCEPTED = "# preflight: ignore[E9711] accepted by the owner"


def metadata(*rules: str, indent: int = 0) -> str:
    text = f"Metadata:\n  cfn-lint:\n    config:\n      ignore_checks: [{', '.join(rules)}]\n"
    return "".join(f"{' ' * indent}{line}\n" for line in text.splitlines())
