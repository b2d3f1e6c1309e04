"""Managed policies: those of the run's templates, those that were provided, and AWS's own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import arn, managed
from copilot_preflight.iam.policy import CURRENT_VERSION, Statement
from copilot_preflight.model.policy_documents import statements_of
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View, index_of


def is_elsewhere(view: View, policy: Text) -> bool:
    """Whether a policy's ARN is certainly one of another partition than the stack's.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """
    parsed = arn.parse(policy)
    named = None if parsed is None else parsed.partition.literal
    here = view.stack.partition
    return here is not None and named in arn.PARTITIONS and named != here


def document_of(view: View, policy: Text, value: Value) -> tuple[Statement, ...] | None:
    """What a managed policy says: as a template of the run has it, as provided, or as AWS does.

    Whoever gives a policy of AWS's may know of a version that we do not.
    """
    found = view.lookup(_documents, policy)
    if found is not None:
        return found
    provided = view.run.outside.find(policy)
    if provided is not None:
        return provided.statements
    if (answer := _in_account(view, policy)) is not None:
        return answer
    tail = None if is_elsewhere(view, policy) else aws_managed(policy)
    document = None if tail is None else _of_aws(tail)
    if tail is None or document is None:
        return None
    statements = statements_of(value._replace(raw=document), tail, source=tail)
    return tuple(s._replace(place=value.place) for s in statements)


def _in_account(view: View, policy: Text) -> tuple[Statement, ...] | None:
    """What the account has answered of a policy, AWS's own among them."""
    account = view.run.outside.account
    found = None if account is None else account.policy(policy)
    if found is None or found.policy is None:
        return None
    from copilot_preflight.model.account_documents import answered
    from copilot_preflight.model.account_names import may_be_made

    if aws_managed(policy) is None and may_be_made(
        view, "AWS::IAM::ManagedPolicy", found.name, found.arn
    ):
        return None
    return answered(found.policy, found.name)


@index_of("AWS::IAM::ManagedPolicy")
def _documents(view: View) -> Mapping[Text, tuple[Statement, ...]]:
    """The managed policies that a template has, by what a ``Ref`` to them gives: their ARNs."""
    found: dict[Text, tuple[Statement, ...]] = {}
    for logical_id, resource in view.resources("AWS::IAM::ManagedPolicy"):
        documents = [
            document
            for properties in resource.children("Properties")
            for document in properties.children("PolicyDocument")
        ]
        arn_of = view.resolver.text({"Ref": logical_id}, resource.path)
        said = (s for document in documents for s in statements_of(document, logical_id))
        found.setdefault(arn_of, tuple(said))
    return found


def aws_managed(policy: Text) -> str | None:
    """``service-role/X`` of ``arn:P:iam::aws:policy/service-role/X``, whatever P is.

    Some of Copilot's own stacks spell ``${AWS::Partition}`` there without ``!Sub``.
    """
    _, found, tail = str(policy).partition(":iam::aws:policy/")
    return tail if found and "${" not in tail else None


@lru_cache(maxsize=128)
def _of_aws(tail: str) -> Mapping[str, Any] | None:
    """A policy of AWS's as a template would have it, which nobody changes."""
    known = managed.statements_of(tail)
    if known is None:
        return None
    return {"Version": CURRENT_VERSION, "Statement": _in_partition(known)}


def _in_partition(raw: Any) -> Any:
    """A document as every partition has it: the table spells the ARNs of ``aws``."""
    if isinstance(raw, str) and raw.startswith("arn:aws:"):
        return {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, raw.removeprefix("arn:aws")]]}
    if isinstance(raw, list):
        return [_in_partition(item) for item in raw]
    if isinstance(raw, dict):
        return {key: _in_partition(item) for key, item in raw.items()}
    return raw
