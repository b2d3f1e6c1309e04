"""EFS file systems and their policies.

Source: https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
"""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam.policy import Entry, Statement
from copilot_preflight.model.policy_documents import statements_of
from copilot_preflight.resolve.functions import Resolver
from copilot_preflight.resolve.query import query
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View, index_of


class FileSystem(NamedTuple):
    """A file system of a template.

    ``ids`` are its id, as ``Ref`` and as an attribute. ``policy`` is None where it has none, which
    lets in everybody who reaches it; one without statements EFS refuses. ``undecided`` is an open
    condition that decides whether it has one.
    """

    logical_id: str
    place: Place
    ids: tuple[Text, ...]
    arn: Text
    policy: tuple[Statement, ...] | None
    undecided: str = ""

    def __str__(self) -> str:
        return f"file system '{self.logical_id}'"


def file_system(view: View, reference: Text) -> FileSystem | None:
    """The file system that certainly has an id or an ARN: of the run, or by its policy's file."""
    if (found := view.lookup(_by_reference, reference)) is not None:
        return found
    provided = view.run.outside.find(reference)
    if provided is None:
        if view.run.outside.account is None:
            return None
        from copilot_preflight.model.account_storage import file_system_in_account

        found = file_system_in_account(view, reference)
        said = tuple(_on(found.arn, it) for it in found.policy or ()) if found else ()
        return found and found._replace(policy=said or None)
    said = tuple(_on(reference, statement) for statement in provided.statements)
    return FileSystem(provided.name, provided.document.place, (), reference, said or None)


@index_of("AWS::EFS::FileSystem")
def _by_reference(view: View) -> dict[Text, FileSystem]:
    found = reversed(file_systems(view))
    return {name: each for each in found for name in (*each.ids, each.arn)}


@query
def file_systems(view: View) -> tuple[FileSystem, ...]:
    return tuple(_file_systems(view))


def _file_systems(view: View) -> Iterator[FileSystem]:
    resolver = view.resolver
    for logical_id, resource in view.resources("AWS::EFS::FileSystem"):
        policies = [
            policy
            for properties in resource.children("Properties")
            for policy in properties.children("FileSystemPolicy")
        ]
        arn = resolver.text({"Fn::GetAtt": [logical_id, "Arn"]}, resource.path)
        said = tuple(s for policy in policies for s in statements_of(policy, logical_id))
        yield FileSystem(
            logical_id,
            resource.key_place,
            _ids(resolver, logical_id, "FileSystemId", resource),
            arn,
            tuple(_on(arn, s) for s in said) or None,
            undecided=next((c for policy in policies for c in policy.conditions), ""),
        )


def _on(file_system: Text, statement: Statement) -> Statement:
    """A statement that names no resource means the file system; the CDK writes none.

    Source: https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_efs.FileSystem.html
    """
    if statement.resources or statement.not_resources:
        return statement
    return statement._replace(resources=(Entry(file_system, statement.place),))


def _ids(resolver: Resolver, logical_id: str, attribute: str, resource: Value) -> tuple[Text, ...]:
    return (
        resolver.text({"Ref": logical_id}, resource.path),
        resolver.text({"Fn::GetAtt": [logical_id, attribute]}, resource.path),
    )


def arn_behind(view: View, kind: str, reference: Text) -> Text:
    """The ARN behind an id, which may be an ARN itself; ``kind`` is ``file-system``, for one."""
    if str(reference).startswith("arn:"):
        return reference
    return view.own_arn("elasticfilesystem", f"{kind}/", reference)


def access_point_arn(view: View, reference: Text) -> Text | None:
    """The ARN of the access point of the run that certainly has an id."""
    return view.lookup(_access_point_arns, reference)


@index_of("AWS::EFS::AccessPoint")
def _access_point_arns(view: View) -> dict[Text, Text]:
    found: dict[Text, Text] = {}
    for logical_id, resource in view.resources("AWS::EFS::AccessPoint"):
        own = view.attribute(logical_id, "Arn", resource)
        for name in _ids(view.resolver, logical_id, "AccessPointId", resource):
            found.setdefault(name, own)
    return found
