"""What CodeBuild projects put into buckets of their own, and the sources that they fetch from S3.

Source: https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from copilot_preflight.base.symbolic import Text
from copilot_preflight.model.buckets import encryption_of
from copilot_preflight.model.pipelines import Encrypted, Project, projects
from copilot_preflight.needs.artifact_calls import (
    ARTIFACT_DOWNLOAD,
    ARTIFACT_UPLOAD,
    DECRYPT,
    GENERATE_DATA_KEY,
    GET_OBJECT,
    PUT_OBJECT,
    Reason,
    any_key,
    built,
    kms_call,
    name_of,
    object_in,
    open_key,
)
from copilot_preflight.needs.builds import need_of_build
from copilot_preflight.needs.need import Need, NeededCall, Site
from copilot_preflight.resolve.value import Value, text_of
from copilot_preflight.resolve.view import View


def build_artifact_sites(view: View) -> Iterator[Site]:
    """Every artifact and every source of a project that is an S3 object.

    ``detail`` of the need is its `Reason`. What goes through a pipeline is the pipeline's need.
    """
    for project in projects(view):
        for artifact in project.artifacts:
            for location in artifact.children("Location"):
                build = partial(_of_project_artifact, project, artifact)
                yield Site(ARTIFACT_UPLOAD, location, build)
        for source in project.sources:
            for location in source.children("Location"):
                build = partial(_of_project_source, project, source)
                yield Site(ARTIFACT_DOWNLOAD, location, build)


def _of_project_artifact(project: Project, artifact: Value) -> Iterator[Need]:
    """What a project puts into a bucket of its own: below its Path, where it has one."""
    location = next(artifact.children("Location"), None)
    if artifact.literal("Type") != "S3" or location is None:
        return
    name = text_of(artifact, "Location")
    if name is None or str(name).startswith("arn:"):
        return
    view = project.view
    folder = (text_of(artifact, "Path") or Text(())).literal or ""
    key = Text.of(f"{folder}/", any_key(view.stack)) if folder.strip("/") == folder != "" else None
    resource = object_in(view, name, key)
    calls = [NeededCall(PUT_OBJECT, resource, built("CodeBuild puts the build output"))]
    disabled = text_of(artifact, "EncryptionDisabled")
    if disabled is None or disabled.literal == "false":
        calls += kms_call(view, project.encrypted, GENERATE_DATA_KEY)
    need = need_of_build(
        project,
        ARTIFACT_UPLOAD,
        location,
        f"output of {project}",
        calls,
        Reason(project.encrypted.value),
    )
    yield need._replace(undecided=open_key(project))


def _of_project_source(project: Project, source: Value) -> Iterator[Need]:
    """The object that a project fetches its source from: ``bucket/path/to/object.zip``."""
    location = next(source.children("Location"), None)
    text = text_of(source, "Location")
    if source.literal("Type") != "S3" or location is None or text is None:
        return
    split = _bucket_and_key(text)
    if split is None:
        return
    view = project.view
    name, key = split
    resource = object_in(view, name, None if str(key).endswith("/") else key)
    calls = [NeededCall(GET_OBJECT, resource, built("CodeBuild gets the source"))]
    encryption = encryption_of(view, name_of(name))
    if encryption is not None:
        calls += kms_call(view, Encrypted(encryption.key), DECRYPT)
    yield need_of_build(
        project,
        ARTIFACT_DOWNLOAD,
        location,
        f"source of {project}",
        calls,
        Reason(project.encrypted.value),
    )


def _bucket_and_key(location: Text) -> tuple[Text, Text] | None:
    """``bucket/key`` taken apart, where it can be known where the bucket ends."""
    first, rest = location.parts[0] if location.parts else "", location.parts[1:]
    if isinstance(first, str):
        name, slash, key = first.partition("/")
        found = name and slash and not name.startswith("arn:")
        return (Text.of(name), Text.of(key, *rest)) if found else None
    after = rest[0] if rest else ""
    if isinstance(after, str) and after.startswith("/"):
        return Text((first,)), Text.of(after[1:], *rest[1:])
    return None
