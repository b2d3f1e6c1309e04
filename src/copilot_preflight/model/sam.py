"""The policies of SAM functions, from which SAM writes the role that each of them runs with.

Source: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam.policy import Entry, Statement
from copilot_preflight.model.managed_policies import document_of
from copilot_preflight.model.policy_documents import statements_of
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View

_KINDS: Final = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")

_TEMPLATES: Final = {
    "AWSSecretsManager": "secretsmanager:*",
    "CodePipeline": "codepipeline:*",
    "ECS": "ecs:*",
    "EFS": "elasticfilesystem:*",
    "FilterLog": "logs:*",
    "KMS": "kms:*",
    "S3": "s3:*",
    "SSM": "ssm:*",
}
"""How the names of policy templates begin, and what those may grant, on whatever they name.

Source: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-template-list.html
"""
_FOLDERS: Final = ("", "service-role/", "job-function/")


class InlinePolicies(NamedTuple):
    """``written`` are the statements of a function's own documents; ``others`` stand beside them.

    Those are what managed policies say, as far as it is known, and what policy templates may.
    """

    written: tuple[Statement, ...]
    others: tuple[Statement, ...]


def inline_policies(view: View) -> Iterator[InlinePolicies]:
    """The policies of every SAM function that has no role of its own: with one, they are unused."""
    for kind in _KINDS:
        for logical_id, resource in view.resources(kind):
            for properties in resource.children("Properties"):
                if properties.child("Role") is None:
                    yield _policies(view, logical_id, properties)


def _policies(view: View, logical_id: str, properties: Value) -> InlinePolicies:
    written: list[Statement] = []
    others: list[Statement] = []
    for policy in properties.each("Policies"):
        if not isinstance(policy.raw, dict) or policy.is_opaque:
            others += _managed(view, policy)
        elif "Statement" in policy.raw:
            written += statements_of(policy, logical_id)
        else:
            others += (_of_template(policy, name) for name in policy.raw)
    return InlinePolicies(tuple(written), tuple(others))


def _managed(view: View, policy: Value) -> Iterator[Statement]:
    """What a managed policy says, by its ARN or, if it is one of AWS's, by its name."""
    named = policy.text()
    names = [named]
    if named.literal is not None and ":" not in named.literal:
        head = Text.of("arn:", view.pseudo("AWS::Partition"), ":iam::aws:policy/")
        names = [Text.of(head, folder, named) for folder in _FOLDERS]
    for name in names:
        yield from document_of(view, name, policy) or ()


def _of_template(policy: Value, name: str) -> Statement:
    """What a policy template may grant: any action of its service, on anything."""
    granted = (pattern for start, pattern in _TEMPLATES.items() if name.startswith(start))
    actions = tuple(Entry(Text.of(pattern), policy.place) for pattern in granted)
    anything = (Entry(Text.of("*"), policy.place),)
    return Statement("Allow", policy.place, name, actions=actions, resources=anything)
