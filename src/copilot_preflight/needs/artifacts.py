"""The artifacts of pipelines: who puts them into S3, and who gets them there.

An action works with its own role, or with the role of the pipeline where it names none; what a
CodeBuild action takes and gives, CodeBuild moves with the role of the build project. Only calls
that AWS documents, of actions that certainly make them, are asked for.
Sources: https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html
https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-create-cross-account.html
https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple, TypeAlias

from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam.policy import Fact
from copilot_preflight.model.buckets import bucket_named, encryption_of
from copilot_preflight.model.keys import key_arn
from copilot_preflight.model.pipelines import (
    Action,
    Artifact,
    Encrypted,
    Pipeline,
    Project,
    Store,
    pipelines,
    project_of,
    store_of,
)
from copilot_preflight.model.roles import role_named
from copilot_preflight.needs.artifact_calls import (
    ARTIFACT_DOWNLOAD,
    ARTIFACT_UPLOAD,
    DECRYPT,
    GENERATE_DATA_KEY,
    GET_OBJECT,
    PUT_OBJECT,
    Reason,
    built,
    doubted,
    is_copilots,
    kms_call,
    name_of,
    object_in,
    open_key,
)
from copilot_preflight.needs.need import Need, NeededCall, Site
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View

_PIPELINES: Final = "https://docs.aws.amazon.com/codepipeline/latest/userguide/"
_ROLE_PAGE: Final = f"{_PIPELINES}how-to-custom-role.html"
_S3_SOURCE_PAGE: Final = f"{_PIPELINES}action-reference-S3.html"
_S3_DEPLOY_PAGE: Final = f"{_PIPELINES}action-reference-S3Deploy.html"

_WITH_STORE_KEY: Final = frozenset({"CodeCommit", "CodeStarSourceConnection", "GitHub"})
_SOURCES: Final = _WITH_STORE_KEY | {"S3", "ECR"}
"""Source actions that put what they fetch into the store; of the first, with the store's key."""

_READERS: Final = frozenset({"ECS", "CodeDeployToECS", "S3"})
"""Deploy actions that read their input artifacts themselves, whatever they are told to do."""


Doubts: TypeAlias = "tuple[Fact, ...]"


def artifact_sites(view: View) -> Iterator[Site]:
    """What every action of every pipeline puts into S3, or gets there.

    ``detail`` of the needs is their `Reason`.
    """
    for pipeline in pipelines(view):
        for action in pipeline.actions:
            for need in _of_action(_Step(view, pipeline, action)):
                yield Site(need.kind, need.value, partial(iter, (need,)))


def _of_action(at: _Step) -> Iterator[Need]:
    yield from _of_store(at)
    if at.action.provider == "S3":
        yield from _of_s3_action(at)


class _Step(NamedTuple):
    view: View
    pipeline: Pipeline
    action: Action

    @property
    def store(self) -> Store | None:
        return store_of(self.view, self.pipeline, self.action)

    @property
    def user(self) -> str:
        return "pipeline" if self.action.role is None else "action"

    @property
    def role(self) -> Value | None:
        return self.pipeline.role if self.action.role is None else self.action.role

    def object_in(self, store: Store) -> Text:
        """Some object of a store."""
        return object_in(self.view, store.bucket, encrypted=store.encrypted)

    def kms(self, store: Store, found: Encrypted, action: str, doubts: Doubts) -> list[NeededCall]:
        """The call to KMS for an artifact in a store, which lies in the region that it serves."""
        here = self.view.resolver.pseudo("AWS::Region")
        return kms_call(self.view, found, action, doubts, region=store.region or here)

    def __str__(self) -> str:
        return f"{self.action} of {self.pipeline}"


# --- what goes through the store of a pipeline ----------------------------------------------------


def _of_store(at: _Step) -> Iterator[Need]:
    action, store = at.action, at.store
    if store is None:
        return
    if action.provider == "CodeBuild":
        yield from _of_build(at, store)
    elif action.category == "Source" and action.provider in _SOURCES and action.outputs:
        value = action.outputs[0].value
        who = f"CodePipeline puts what a source action fetches into the store with the {at.user}"
        calls = [NeededCall(PUT_OBJECT, at.object_in(store), _said(who))]
        sure = action.provider in _WITH_STORE_KEY
        calls += at.kms(store, store.encrypted, GENERATE_DATA_KEY, _unsure(at, sure=sure))
        calls = doubted(calls, _of_reference(action))
        subject = f"upload of artifact '{action.outputs[0].name}' by {at}"
        yield _need(at, ARTIFACT_UPLOAD, value, subject, calls, store.encrypted)
    elif _reads(action) and action.inputs:
        value = action.inputs[0].value
        who = "CodePipeline gets the input artifacts of this action with the"
        resource = at.object_in(store)
        calls = [NeededCall(GET_OBJECT, resource, _said(f"{who} {at.user}"))]
        calls += _decrypts(at, store)
        subject = f"download of artifact '{action.inputs[0].name}' by {at}"
        yield _need(at, ARTIFACT_DOWNLOAD, value, subject, calls, store.encrypted)


def _reads(action: Action) -> bool:
    """Whether an action certainly reads its input artifacts with its own permissions.

    A CloudFormation action hands on a signed URL of the template, which its own role signs.
    Source: https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html
    """
    if action.category != "Deploy":
        return False
    if action.provider == "CloudFormation":
        return action.setting("TemplatePath") is not None
    return action.provider in _READERS


def _of_build(at: _Step, store: Store) -> Iterator[Need]:
    """What CodeBuild moves for a pipeline with the role of the build project."""
    action = at.action
    project = project_of(at.view, action)
    if project is None:
        return
    override = action.setting_value("ServiceRoleArnOverride")
    resource = at.object_in(store)
    if action.inputs and _moves(project.sources):
        name = action.inputs[0].name
        needed = NeededCall(GET_OBJECT, resource, built("CodeBuild gets the input artifacts"))
        calls = doubted([needed], _references(at))
        calls += _decrypts(at, store)
        subject = f"download of artifact '{name}' by {project} in {at}"
        need = _need(at, ARTIFACT_DOWNLOAD, action.inputs[0].value, subject, calls, store.encrypted)
        yield _with_build_role(need, project, override)
    if action.outputs and _moves(project.artifacts):
        name = action.outputs[0].name
        calls = [NeededCall(PUT_OBJECT, resource, built("CodeBuild puts the output artifacts"))]
        encrypted, sure = _of_output(at, store, project)
        calls += at.kms(store, encrypted, GENERATE_DATA_KEY, _unsure(at, sure=sure))
        subject = f"upload of artifact '{name}' by {project} in {at}"
        need = _need(at, ARTIFACT_UPLOAD, action.outputs[0].value, subject, calls, encrypted)
        need = need._replace(undecided=need.undecided or open_key(project))
        yield _with_build_role(need, project, override)


def _moves(maps: tuple[Value, ...]) -> bool:
    """Whether a project leaves its sources, or its artifacts, to the pipeline."""
    return bool(maps) and maps[0].literal("Type") == "CODEPIPELINE"


def _with_build_role(need: Need, project: Project, override: Value | None) -> Need:
    need = need._replace(user="build")
    if override is not None:
        return need._replace(role_value=override)
    if project.view.stack is need.view.stack:
        return need._replace(role_value=project.role)
    named = project.role.text() if project.role is not None else None
    role = role_named(project.view, named) if named is not None else None
    return need._replace(role_value=None, role=role)


def _decrypts(at: _Step, store: Store) -> list[NeededCall]:
    """The decryption of input artifacts; certain if one of them is under the key of the store."""
    sure = any(_is_under_store_key(at, store, artifact) for artifact in at.action.inputs)
    doubts = () if sure else _unsure(at, sure=False)
    return at.kms(store, store.encrypted, DECRYPT, doubts)


def _is_under_store_key(at: _Step, store: Store, artifact: Artifact) -> bool:
    producer = at.pipeline.producer(artifact.name)
    if producer is None or store_of(at.view, at.pipeline, producer) is not store:
        return False
    if producer.provider == "CodeBuild":
        project = project_of(at.view, producer)
        return project is not None and _of_output(at, store, project)[1]
    is_source = producer.category == "Source" and producer.provider in _WITH_STORE_KEY
    return is_source and not _of_reference(producer)


def _of_output(at: _Step, store: Store, project: Project) -> tuple[Encrypted, bool]:
    """What CodeBuild encrypts its output with, and whether that is certain.

    It goes by the key of the project. That of the store is certain only if it is the same: one
    may overrule the other, which AWS does not document. In a pipeline of Copilot's it is: every
    project imports the key of the application, which is that of the store.
    """
    own = store.encrypted if is_copilots(at.view.stack) else project.encrypted
    found = own if own.key is not None else store.encrypted
    return found, own.key is not None and own.key == store.encrypted.key


def _unsure(at: _Step, *, sure: bool) -> Doubts:
    whose = "the key of the artifact store or another one encrypts the artifacts"
    return () if sure else (Fact("fact", f"whether {whose} of {at.action}"),)


def _of_reference(action: Action) -> Doubts:
    """A source action may hand on a reference to the repository in place of its files."""
    form = action.setting("OutputArtifactFormat")
    if form is None or form.literal == "CODE_ZIP":
        return ()
    return (Fact("fact", f"what {action} stores when it hands on a reference to the repository"),)


def _references(at: _Step) -> Doubts:
    """What is doubtful where every input of an action may be such a reference."""
    doubts: Doubts = ()
    for artifact in at.action.inputs:
        producer = at.pipeline.producer(artifact.name)
        found = _of_reference(producer) if producer is not None else ()
        if not found:
            return ()
        doubts = doubts or found
    return doubts


# --- other buckets than the store -----------------------------------------------------------------


def _of_s3_action(at: _Step) -> Iterator[Need]:
    """The object that an S3 source action fetches, and what an S3 deploy action puts."""
    action, view = at.action, at.view
    if action.category == "Source":
        name, value = action.setting("S3Bucket"), action.setting_value("S3Bucket")
        key = action.setting("S3ObjectKey")
        if name is None or value is None or key is None:
            return
        resource = object_in(view, name, key)
        who = f"CodePipeline fetches the source object with the {at.user}"
        calls = [NeededCall(GET_OBJECT, resource, f"{who} role ({_S3_SOURCE_PAGE})")]
        bucket = bucket_named(view, name_of(name))
        own = encryption_of(view, name_of(name))
        encrypted = Encrypted(own.key if own is not None else None)
        calls += kms_call(view, encrypted, DECRYPT)
        subject = f"source object of {at}"
        need = _need(at, ARTIFACT_DOWNLOAD, value, subject, calls, encrypted)
        undecided = bucket.undecided if bucket and bucket.place.file == view.file else ""
        yield need._replace(undecided=need.undecided or undecided)
    elif action.category == "Deploy":
        name, value = action.setting("BucketName"), action.setting_value("BucketName")
        if name is None or value is None:
            return
        target = action.setting("ObjectKey")
        extracts = action.setting("Extract")
        exact = extracts is not None and (extracts.literal or "").lower() == "false"
        is_plain = target is not None and "{" not in str(target)  # else a variable of the pipeline
        resource = object_in(view, name, target if exact and is_plain else None)
        who = f"CodePipeline puts the files with the {at.user}"
        calls = [NeededCall(PUT_OBJECT, resource, f"{who} role ({_S3_DEPLOY_PAGE})")]
        key_value = action.setting_value("KMSEncryptionKeyARN")
        encrypted = _key(at, key_value)
        calls += kms_call(view, encrypted, GENERATE_DATA_KEY)
        yield _need(at, ARTIFACT_UPLOAD, value, f"deployment by {at}", calls, encrypted)


def _key(at: _Step, value: Value | None) -> Encrypted:
    known = key_arn(at.view, value.text()) if value is not None else None
    return Encrypted(known if known is not None and known.parts else None, value)


# --- needs and calls ------------------------------------------------------------------------------


def _need(
    at: _Step, kind: str, value: Value, subject: str, calls: list[NeededCall], encrypted: Encrypted
) -> Need:
    return Need(
        kind=kind,
        view=at.view,
        value=value,
        subject=subject,
        user=at.user,
        role_value=at.role,
        calls=tuple(calls),
        needs_role=False,
        undecided=at.pipeline.undecided,
        is_copilots=is_copilots(at.view.stack),
        detail=Reason(encrypted.value),
    )


def _said(who: str) -> str:
    return f"{who} role ({_ROLE_PAGE})"
