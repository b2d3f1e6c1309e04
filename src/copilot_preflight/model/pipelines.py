"""CodePipeline pipelines and CodeBuild projects, as far as artifacts go through S3.

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-codepipeline-pipeline.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-codebuild-project.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from copilot_preflight.base.symbolic import Text
from copilot_preflight.model.keys import key_arn
from copilot_preflight.model.named_resources import resource_named
from copilot_preflight.resolve.query import query
from copilot_preflight.resolve.value import Value, text_of
from copilot_preflight.resolve.view import View

PIPELINE: Final = "AWS::CodePipeline::Pipeline"
PROJECT: Final = "AWS::CodeBuild::Project"


class Encrypted(NamedTuple):
    """The key that something is said to be encrypted with.

    ``key`` is the ARN of a customer key; None where no key is named, or the one that AWS manages
    for S3, which asks for no permission. ``is_known`` is False where it cannot be known which.
    """

    key: Text | None = None
    value: Value | None = None
    is_known: bool = True


class Store(NamedTuple):
    """An artifact store. ``region`` is None where it serves the region of the pipeline."""

    value: Value
    bucket: Text
    region: Text | None
    encrypted: Encrypted


class Artifact(NamedTuple):
    """An artifact that an action takes or gives; ``value`` is the node of its name."""

    name: Text
    value: Value


class Action(NamedTuple):
    """An action of a stage. ``provider`` and ``category`` are ``""`` where they are not known."""

    value: Value
    stage: str
    name: str
    category: str
    provider: str
    role: Value | None
    region: Text | None
    inputs: tuple[Artifact, ...]
    outputs: tuple[Artifact, ...]
    settings: Value | None

    def __str__(self) -> str:
        """``action 'Deploy/Prod'``, the stage before the name, as in ARNs of actions."""
        return f"action '{self.stage}/{self.name}'"

    def setting(self, key: str) -> Text | None:
        """What the action's Configuration says under a key; None where it says nothing."""
        return text_of(self.settings, key) if self.settings is not None else None

    def setting_value(self, key: str) -> Value | None:
        """The node under a key of the Configuration."""
        return next(self.settings.children(key), None) if self.settings is not None else None


class Pipeline(NamedTuple):
    """A pipeline. ``undecided`` is an open condition on which its stores hang."""

    logical_id: str
    value: Value
    role: Value | None
    stores: tuple[Store, ...]
    actions: tuple[Action, ...]
    undecided: str = ""

    def __str__(self) -> str:
        return f"pipeline '{self.logical_id}'"

    def producer(self, artifact: Text) -> Action | None:
        """The action that certainly gives an artifact: no two give the same."""
        named = (a for a in self.actions if any(out.name == artifact for out in a.outputs))
        return next(named, None)


class Project(NamedTuple):
    """A build project, with the template that has it and how that is read.

    ``encrypted`` is what it encrypts artifacts with, ``artifacts`` and ``sources`` are the maps of
    the primary and the secondary ones.
    """

    view: View
    value: Value
    name: str
    role: Value | None
    encrypted: Encrypted
    artifacts: tuple[Value, ...] = ()
    sources: tuple[Value, ...] = ()

    def __str__(self) -> str:
        return f"build project '{self.name}'"


@query
def pipelines(view: View) -> tuple[Pipeline, ...]:
    """The pipelines of a template in a scenario."""
    return tuple(_pipelines(view))


@query
def projects(view: View) -> tuple[Project, ...]:
    """The build projects of a template in a scenario."""
    return tuple(
        _project(view, properties)
        for _, resource in view.resources(PROJECT)
        for properties in resource.children("Properties")
    )


def project_of(view: View, action: Action) -> Project | None:
    """The project of the run that certainly is the one that a CodeBuild action starts."""
    found = resource_named(view, PROJECT, "Name", action.setting("ProjectName"))
    return _project(*found) if found is not None else None


def store_of(view: View, pipeline: Pipeline, action: Action) -> Store | None:
    """The store of an action: that of its region; None where it cannot be known.

    Source: https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-create-cross-region.html
    """
    here = view.resolver.pseudo("AWS::Region")
    region = action.region if action.region is not None else here
    same = [store for store in pipeline.stores if (store.region or here) == region]
    if len(same) == 1:
        return same[0]
    if len(pipeline.stores) == 1:  # the only one there is, unless it is certainly elsewhere
        only = pipeline.stores[0]
        return only if (only.region or here).equals(region) is not False else None
    return None


def acls_disabled(view: View, bucket: Text | None) -> Value | None:
    """The node by which a bucket of the run, or of the account, certainly disables ACLs.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
    """
    found = resource_named(view, "AWS::S3::Bucket", "BucketName", bucket)
    if found is None and bucket is not None and view.run.outside.account is not None:
        from copilot_preflight.model.account_storage import ownership_in_account

        answered = ownership_in_account(view, bucket)
        is_off = answered is not None and answered.text().literal == _ENFORCED
        return answered if is_off else None
    return disabled_by(found.properties) if found is not None else None


_ENFORCED: Final = "BucketOwnerEnforced"


def disabled_by(properties: Value) -> Value | None:
    """The node by which the properties of a bucket certainly disable ACLs."""
    controls = properties.child("OwnershipControls")
    for rule in controls.each("Rules") if controls is not None else ():
        ownership = rule.child("ObjectOwnership")
        certain = rule.guard == properties.guard and ownership is not None
        if certain and ownership and ownership.text().literal == _ENFORCED:
            return ownership
    return None


# --- pipelines ------------------------------------------------------------------------------------


def _pipelines(view: View) -> Iterator[Pipeline]:
    for logical_id, resource in view.resources(PIPELINE):
        for properties in resource.children("Properties"):
            stores = tuple(_stores(view, properties))
            yield Pipeline(
                logical_id,
                resource,
                _role(properties, "RoleArn"),
                stores,
                tuple(_actions(properties)),
                undecided=_open_condition(properties, stores),
            )


def _stores(view: View, properties: Value) -> Iterator[Store]:
    for store in properties.children("ArtifactStore"):
        yield from _store(view, store, None)
    for item in properties.each("ArtifactStores"):
        if not item.is_open and not item.is_opaque:
            for store in item.children("ArtifactStore"):
                yield from _store(view, store, text_of(item, "Region"))


def _store(view: View, value: Value, region: Text | None) -> Iterator[Store]:
    bucket = text_of(value, "Location")
    if bucket is not None:
        encrypted = _encrypted(view, value, "EncryptionKey", "Id")
        yield Store(value, bucket, region, encrypted)


def _encrypted(view: View, value: Value, *keys: str) -> Encrypted:
    found = [value]
    for step in keys:
        found = [child for each in found for child in each.children(step)]
    if not found:
        # A function may stand where the map should.
        return Encrypted(is_known=not any(value.children(keys[0])))
    if len(found) != 1:
        return Encrypted(value=found[0], is_known=False)
    key = key_arn(view, found[0].text())
    if key is None:
        return Encrypted(value=found[0], is_known=False)
    return Encrypted(key if key.parts else None, found[0])


def _open_condition(properties: Value, stores: tuple[Store, ...]) -> str:
    """A condition on which a store or its key hangs, beyond those of the pipeline."""
    values = [store.value for store in stores]
    values += [store.encrypted.value for store in stores if store.encrypted.value is not None]
    names = (name for value in values for name in value.conditions)
    return next((name for name in names if name not in properties.conditions), "")


def _actions(properties: Value) -> Iterator[Action]:
    for stage in properties.each("Stages"):
        if stage.is_open or stage.is_opaque:
            continue
        name = text_of(stage, "Name")
        for action in stage.each("Actions"):
            if not action.is_open and not action.is_opaque:
                yield _action(action, str(name or "?"))


def _action(value: Value, stage: str) -> Action:
    return Action(
        value,
        stage,
        name=str(text_of(value, "Name") or "?"),
        category=value.literal("ActionTypeId", "Category") or "",
        provider=value.literal("ActionTypeId", "Provider") or "",
        role=_role(value, "RoleArn"),
        region=text_of(value, "Region"),
        inputs=tuple(_artifacts(value, "InputArtifacts")),
        outputs=tuple(_artifacts(value, "OutputArtifacts")),
        settings=next(value.children("Configuration"), None),
    )


def _artifacts(value: Value, key: str) -> Iterator[Artifact]:
    for item in value.each(key):
        if not item.is_open and not item.is_opaque:
            for name in item.children("Name"):
                yield Artifact(name.text(), name)


def _role(value: Value, key: str) -> Value | None:
    found = list(value.children(key))
    return None if not found or found[0].text().literal == "" else found[0]


# --- build projects -------------------------------------------------------------------------------


def _project(view: View, properties: Value) -> Project:
    return Project(
        view,
        properties,
        name=str(properties.path[1]),
        role=_role(properties, "ServiceRole"),
        encrypted=_encrypted(view, properties, "EncryptionKey"),
        artifacts=tuple(_maps(properties, "Artifacts", "SecondaryArtifacts")),
        sources=tuple(_maps(properties, "Source", "SecondarySources")),
    )


def _maps(properties: Value, *keys: str) -> Iterator[Value]:
    for key in keys:
        for item in properties.each(key):
            if not item.is_open and not item.is_opaque:
                yield item
