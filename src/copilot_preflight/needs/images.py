"""The private images of containers, and what pulling them takes.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
and https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Fact
from copilot_preflight.model.tasks import Container, TaskDefinition
from copilot_preflight.needs.agent_role import agent_role
from copilot_preflight.needs.need import Need, NeededCall, Site, SitesOfTasks
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View

IMAGE: Final = "image"
"""The kind of this source's needs."""

GET_AUTHORIZATION_TOKEN: Final = "ecr:GetAuthorizationToken"
BATCH_GET_IMAGE: Final = "ecr:BatchGetImage"
GET_DOWNLOAD_URL: Final = "ecr:GetDownloadUrlForLayer"
CHECK_LAYERS: Final = "ecr:BatchCheckLayerAvailability"
IMPORT_UPSTREAM: Final = "ecr:BatchImportUpstreamImage"
CREATE_REPOSITORY: Final = "ecr:CreateRepository"

_PAGE: Final = (
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"
)
_CACHE_PAGE: Final = (
    "https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html"
)
_NAME_EXCLUDES: Final = ":@*?"
"""What no repository name can hold."""


class PrivateImage(NamedTuple):
    """A repository of a private registry, as the name of an image tells it."""

    account: Text
    region: Text
    repository: Text


class Puller(NamedTuple):
    """Who pulls an image: fields of a `Need`, and a sentence that says it, with AWS's page."""

    user: str
    role_value: Value | None
    who: str
    needs_role: bool = False


@SitesOfTasks
def image_sites(view: View, tasks: Iterable[TaskDefinition]) -> Iterator[Site]:
    """The image of every container; a need where it comes from a private registry of ECR.

    Whoever gives credentials for a registry logs in with them instead.
    """
    for task in tasks:
        for container in task.containers:
            if any(container.value.children("RepositoryCredentials")):
                continue
            for value in container.value.children("Image"):
                yield Site(IMAGE, value, partial(_needs, view, task, container, value))


def _needs(view: View, task: TaskDefinition, container: Container, value: Value) -> Iterator[Need]:
    is_asked = private_image(value.text()) is not None or _open_condition(value)
    agent = agent_role(view, task) if is_asked else None
    if agent is None:
        return
    who = f"ECS pulls the image with the {agent.user} role ({_PAGE})"
    puller = Puller(agent.user, agent.role_value, who, agent.needs_role)
    for need in image_needs(view, value, f"image of {container}", puller):
        yield need._replace(task=task, role=agent.role)


def image_needs(view: View, value: Value, subject: str, puller: Puller) -> Iterator[Need]:
    """The need of a node that names an image, where that is, or may be, a private one.

    ``subject`` is how messages name the image; ``detail`` is its `PrivateImage`.
    """
    image = private_image(value.text())
    undecided = "" if image else _open_condition(value)
    if image is None and not undecided:
        return
    yield Need(
        kind=IMAGE,
        view=view,
        value=value,
        subject=subject,
        user=puller.user,
        role_value=puller.role_value,
        calls=tuple(_calls(view, image, puller)) if image else (),
        needs_role=puller.needs_role and image is not None,
        undecided=undecided,
        is_copilots=image is not None and _is_copilots(view, image),
        detail=image,
    )


def _is_copilots(view: View, image: PrivateImage) -> bool:
    """Whether an image is from the repository that Copilot makes for a workload.

    Its policy lets in the accounts of the application, and leaves the rest to IAM.
    Source: https://github.com/aws/copilot-cli, internal/pkg/template/templates/app/cf.yml
    """
    if not view.stack.workload or not view.stack.declares("AppName"):
        return False
    names = map(view.resolver.parameter, ("AppName", "WorkloadName"))
    return image.repository == Text.of(next(names), "/", next(names))


def _open_condition(value: Value) -> str:
    """A condition that decides whether the image is a private one."""
    return next((hole.condition for hole in value.text().holes if hole.condition), "")


def _calls(view: View, image: PrivateImage, puller: Puller) -> Iterator[NeededCall]:
    from copilot_preflight.model.repositories import is_cache  # here: many images are public

    who = puller.who
    resource = repository_arn(view, image)
    yield NeededCall(GET_AUTHORIZATION_TOKEN, Text.of("*"), who)
    yield NeededCall(BATCH_GET_IMAGE, resource, who)
    yield NeededCall(GET_DOWNLOAD_URL, resource, who)
    # AWS asks for it, but says that layers are checked when an image is pushed: policies without
    # it are known to pull.
    # https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchCheckLayerAvailability.html
    yield NeededCall(CHECK_LAYERS, resource, who, is_optional=True)
    if is_cache(view, resource):
        fetched = f"ECR fetches what is not cached yet with the {puller.user} role ({_CACHE_PAGE})"
        cached = (Fact("fact", f"whether repository '{image.repository}' is cached already"),)
        yield NeededCall(IMPORT_UPSTREAM, resource, fetched, doubts=cached)
        yield NeededCall(CREATE_REPOSITORY, resource, fetched, doubts=cached)


def repository_arn(view: View, image: PrivateImage) -> Text:
    partition = view.resolver.pseudo("AWS::Partition")
    head = Text.of("arn:", partition, ":ecr:", image.region, ":", image.account)
    return Text.of(head, ":repository/", image.repository)


# --- names of images ------------------------------------------------------------------------------


def private_image(image: Text) -> PrivateImage | None:
    """The repository of ``account.dkr.ecr.region.amazonaws.com/name[:tag][@digest]``.

    None for every other registry, and where it cannot be known. Hosts for FIPS are
    ``account.dkr.ecr-fips.region…``, dual-stack ones ``account.dkr-ecr.region.on.aws``.
    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html
    """
    host, slash, path = _cut(image, "/")
    account, _, rest = _cut(host, ".")
    for head in ("dkr.ecr.", "dkr.ecr-fips.", "dkr-ecr.", "dkr-ecr-fips."):
        first = rest.parts[0] if rest.parts else ""
        if not slash or not isinstance(first, str) or not first.startswith(head):
            continue
        region, dot, suffix = _cut(Text.of(first[len(head) :], *rest.parts[1:]), ".")
        known = account.literal
        is_account = known is None or (len(known) == 12 and known.isdigit())
        if is_account and account.parts and region.parts and dot and suffix.parts:
            excludes = arn.NAME_EXCLUDES
            name = _repository(path)
            return PrivateImage(_narrowed(account, excludes), _narrowed(region, excludes), name)
    return None


def _repository(path: Text) -> Text:
    """The name of a repository, without tag and digest.

    No slash stands behind it, and a colon that is written out begins a tag: what stands before
    them is the name. Else what is not known may bring a tag or a digest with it.
    """
    name, colon, _ = _cut(path, ":")
    name, at, _ = _cut(name, "@")
    is_whole = bool(colon) and not at
    slash = max(
        (i for i, p in enumerate(name.parts) if isinstance(p, str) and "/" in p), default=-1
    )
    parts: list[str | Hole] = []
    for index, part in enumerate(name.parts):
        if isinstance(part, Hole) and (is_whole or index < slash):
            parts.append(_without(part, _NAME_EXCLUDES))
        elif isinstance(part, Hole) and not (":" in part.excludes and "@" in part.excludes):
            if ":" in part.excludes and not part.may_be_wildcard:  # the name of a resource
                parts.append(part)
                continue
            rest = Text(name.parts[index:]).identity
            hole = Hole("image repository", rest, _NAME_EXCLUDES, condition=part.condition)
            return Text.of(*parts, hole)
        else:
            parts.append(part)
    return Text.of(*parts)


def _cut(text: Text, separator: str) -> tuple[Text, str, Text]:
    """A string cut in two where a character is first written out, as ``str.partition`` does."""
    for index, part in enumerate(text.parts):
        if isinstance(part, str) and separator in part:
            before, found, after = part.partition(separator)
            rest = text.parts[index + 1 :]
            return Text.of(*text.parts[:index], before), found, Text.of(after, *rest)
    return text, "", Text(())


def _narrowed(text: Text, excludes: str) -> Text:
    return Text(tuple(_without(p, excludes) if isinstance(p, Hole) else p for p in text.parts))


def _without(hole: Hole, characters: str) -> Hole:
    more = "".join(c for c in characters if c not in hole.excludes)
    return hole.but(excludes=hole.excludes + more) if more else hole
