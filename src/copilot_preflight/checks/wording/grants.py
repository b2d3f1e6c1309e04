"""The way out: which statement to grant in which policy.

The values that say it are loaded when there is something to say: a run without findings needs none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from copilot_preflight.access.cause import CONTENT_HASH
from copilot_preflight.access.request import Call
from copilot_preflight.base.finding import Place
from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.layers import Layer
from copilot_preflight.needs.env_files import (
    COPILOT_KEY_PARAMETER,
    GET_BUCKET_LOCATION,
    EnvFileRead,
)
from copilot_preflight.resolve.view import View

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Edit, Help
    from copilot_preflight.edits.grant import Clause, Grant, PolicyOwner
    from copilot_preflight.edits.spelling import Expression, Plain, Spelling, Written


def policy_of(call: Call) -> PolicyOwner:
    """The role that makes a call, whose own policies are to allow it."""
    role, stack = call.role, call.view.stack
    found = owner(Layer.IDENTITY, str(role), role.place, role.logical_id, stack.workload)
    return found._replace(program=stack.package.program)


def resource_of(call: Call) -> str:
    """The resource of a call as the template of its role can name it: see `written_in`."""
    return written_in(call.role.place.file, call.resource, call.view)


def written_in(own: str, resource: Text, view: View) -> str:
    """An ARN as one template can name it.

    A name that another template of the run gives cannot be written there: its place is left open.
    """
    return "".join(
        f"<{part.name} of {PurePath(part.scope).name}>"
        if isinstance(part, Hole) and part.scope != own and any(view.of_file(part.scope))
        else str(Text.of(part))
        for part in resource.parts
    )


def owner(
    layer: Layer, name: str, place: Place | None, logical_id: str = "", workload: str = ""
) -> PolicyOwner:
    """What has the policy that a statement belongs in: see `PolicyOwner`."""
    from copilot_preflight.edits.grant import PolicyOwner

    return PolicyOwner(layer, name, place, logical_id, workload)


def grant(
    owner: PolicyOwner,
    actions: str | Sequence[str],
    *resources: Written,
    principal: Spelling | Expression | None = None,
    condition: Sequence[Clause] = (),
    under: str = "",
    kind: str = "AWS",
    in_line: bool = False,
) -> Grant:
    """One Allow statement: see `Grant`."""
    from copilot_preflight.edits.grant import Grant

    names = (actions,) if isinstance(actions, str) else tuple(actions)
    return Grant(owner, names, resources, principal, tuple(condition), under, kind, in_line)


def help_with(
    sentence: str,
    *,
    grants: Sequence[Grant] = (),
    edits: Sequence[Edit | None] = (),
    lines: Sequence[str] = (),
    is_safe: bool = True,
    no_fix: str = "",
) -> Help:
    """A way out with the values behind it; ``is_safe`` is said of the grants. See `Help`."""
    from copilot_preflight.edits.edit import Applicability, Help

    applicability = Applicability.SAFE if is_safe else Applicability.REVIEW
    known = tuple(edit for edit in edits if edit is not None)
    return Help(sentence, tuple(grants), known, tuple(lines), applicability, no_fix=no_fix)


def granted(
    call: Call,
    *grants: Grant,
    words: str = "grant it in",
    edits: Sequence[Edit | None] = (),
    is_safe: bool = True,
) -> Help:
    """The way out that is a grant to the role that makes a call."""
    where = policy_of(call).where
    return help_with(f"{words} {where}:", grants=grants, edits=edits, is_safe=is_safe)


def read_grants(read: EnvFileRead, owner: PolicyOwner) -> tuple[Grant, ...]:
    """The statements that let a role read an environment file in every version, and no more."""
    name, file = read.name, owner.place.file if owner.place is not None else read.view.file
    if name is None:
        return (grant(owner, "s3:GetObject", every_version(read, file)),)
    by_parameter = by_parameter_of(read) if file == read.view.file else None
    if by_parameter is not None:
        every, bucket, under = by_parameter
        return (
            grant(owner, "s3:GetObject", every, under=under),
            grant(owner, "s3:GetBucketLocation", bucket, under=under),
        )
    return (
        grant(owner, "s3:GetObject", every_version(read, file)),
        grant(
            owner,
            "s3:GetBucketLocation",
            _in_file(read, arn.s3_arn(name.partition, name.bucket), file),
        ),
    )


def bucket_grant(read: EnvFileRead, call: Call) -> Grant:
    """The statement that lets a role locate the bucket of an environment file."""
    owner = policy_of(call)
    if read.name is not None:
        return read_grants(read, owner)[-1]
    return grant(owner, GET_BUCKET_LOCATION, resource_of(call))


def key_of(call: Call) -> Written:
    """The key that an environment file is encrypted with, as the template of a role can name it.

    Copilot's is written by the template's own parameter, which says it in every environment.
    """
    from copilot_preflight.edits.spelling import Expression

    stack, key = call.view.stack, call.resource
    is_copilots = call.need.is_copilots and stack.declares(COPILOT_KEY_PARAMETER)
    is_here = call.role.place.file == call.view.file
    if is_copilots and is_here and call.view.resolver.parameter(COPILOT_KEY_PARAMETER) == key:
        return Expression(str(key), {"Ref": COPILOT_KEY_PARAMETER})
    return resource_of(call)


def every_version(read: EnvFileRead, file: str = "") -> str:
    """The ARN of an environment file, with a wildcard where its content hash stands.

    In the folder of an upload of Copilot's lie the versions of one file; other folders have more.
    ``file`` is the template that it is written in, if not the one that asks for the file.
    """
    name = read.name
    if name is None or name.key is None:
        return _in_file(read, read.asked, file)
    key = str(name.key)
    if _UPLOAD.fullmatch(key):
        key = f"{key.rpartition('/')[0]}/*"
    elif CONTENT_HASH.search(key):
        key = CONTENT_HASH.sub("*", key)
    elif read.is_copilot and name.key.literal is None:
        key = "manual/env-files/*"
    return _in_file(read, arn.s3_arn(name.partition, name.bucket, Text.of(key)), file)


def _in_file(read: EnvFileRead, resource: Text, file: str) -> str:
    return str(resource) if not file else written_in(file, resource, read.view)


def every_version_at(read: EnvFileRead, place: Place) -> Written:
    """What `every_version` says, as it can be written at one place of a template.

    By the template's own parameter if that has a value whenever something is read from the place.
    """
    found = _by_parameter_at(read, place)
    return every_version(read, place.file) if found is None else found.every_version


def bucket_at(read: EnvFileRead, place: Place) -> Written:
    """The ARN of the bucket of an environment file, as `every_version_at` writes the file's."""
    found = _by_parameter_at(read, place)
    if found is not None:
        return found.bucket
    name = read.name
    bucket = read.asked if name is None else arn.s3_arn(name.partition, name.bucket)
    return _in_file(read, bucket, place.file)


def _by_parameter_at(read: EnvFileRead, place: Place) -> ByParameter | None:
    found = by_parameter_of(read)
    if found is None or place.file != read.view.file:
        return None
    node: Any = read.view.stack.data
    is_certain = not found.under
    for step, following in zip(place.path, (*place.path[1:], None), strict=True):
        node = node[step]
        if step == "Fn::If" and following == 1:
            is_certain = is_certain or node[0] == found.under
    return found if is_certain else None


class ByParameter(NamedTuple):
    """What to grant, by the template's own parameter: it holds of every deployment of the template.

    ``under`` is the condition of the template that the parameter has a value, ``""`` where it
    always has one.
    """

    every_version: Expression
    bucket: Expression
    under: str


def by_parameter_of(read: EnvFileRead) -> ByParameter | None:
    """How a template whose parameter has the ARN of an upload of Copilot's can name its versions.

    None where the ARN is another one, or where the parameter may be empty and no condition says
    so: then no function can take it apart. Copilot's keys have been so since v1.21, see
    ``EnvFiles`` in internal/pkg/template/artifactpath of https://github.com/aws/copilot-cli
    """
    from copilot_preflight.edits.spelling import Expression

    parameter, name = read.file.parameter, read.name
    if not parameter or name is None or not _is_upload(read, str(name.key)):
        return None
    under = _has_value(read.view.stack.data, parameter)
    if under is None:
        return None
    parts: Plain = {"Fn::Split": ["/", {"Ref": parameter}]}
    bucket: Plain = {"Fn::Select": [0, parts]}
    file: Plain = {"Fn::Select": [3, parts]}
    every: Plain = {"Fn::Join": ["/", [bucket, "manual/env-files", file, "*"]]}
    return ByParameter(
        Expression(every_version(read), every),
        Expression(str(arn.s3_arn(name.partition, name.bucket)), bucket),
        under,
    )


def _is_upload(read: EnvFileRead, key: str) -> bool:
    """Whether a key is one of Copilot's, or will be one, by the version that wrote the template."""
    if not key.startswith("${"):
        return _UPLOAD.fullmatch(key) is not None
    metadata = read.view.stack.data.get("Metadata")
    written = metadata.get("Version") if isinstance(metadata, dict) else None
    version = _VERSION.match(written) if isinstance(written, str) else None
    return read.is_copilot and version is not None and (int(version[1]), int(version[2])) >= (1, 21)


_VERSION: Final = lazy_pattern(r"v(\d+)\.(\d+)\.")

_UPLOAD: Final = lazy_pattern(r"manual/env-files/[^/]+/[0-9a-f]{64}\.env")


def _has_value(template: Mapping[str, Any], parameter: str) -> str | None:
    """The condition that a parameter has a value: ``""`` if it always has, None if none says so."""
    declared = template.get("Parameters", {}).get(parameter)
    if isinstance(declared, dict) and declared.get("Default") != "":
        return ""
    reference = {"Ref": parameter}
    conditions = template.get("Conditions")
    for condition, written in conditions.items() if isinstance(conditions, dict) else ():
        for compared in ([reference, ""], ["", reference]):
            if written == {"Fn::Not": [{"Fn::Equals": compared}]}:
                return str(condition)
    return None


def quoted(resource: str) -> str:
    """A resource in a sentence, as YAML: what only CloudFormation can fill in needs ``!Sub``."""
    from copilot_preflight.edits.spelling import spelling_of

    return spelling_of(resource).yaml
