"""The logs that containers send to CloudWatch, and what sending them takes.

The proxy of Service Connect logs like any container of the task that it is added to, with the same
role; an Express service has awslogs for its only container whatever is asked for.
Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
and https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam.policy import Fact
from copilot_preflight.model.tasks import (
    Container,
    TaskDefinition,
    may_have_proxies,
    task_definitions,
)
from copilot_preflight.needs.agent_role import AgentRole, agent_role
from copilot_preflight.needs.need import Need, NeededCall, Site, SitesOfTasks
from copilot_preflight.resolve.value import Value, text_of
from copilot_preflight.resolve.view import View, index_of

LOGS: Final = "log-delivery"
"""The kind of this source's needs."""

CREATE_LOG_STREAM: Final = "logs:CreateLogStream"
PUT_LOG_EVENTS: Final = "logs:PutLogEvents"
CREATE_LOG_GROUP: Final = "logs:CreateLogGroup"
OWN_GROUP: Final = "log group"
"""What is not known of the name of a log group that ECS makes for an Express service."""

_DRIVER: Final = "awslogs"
_PAGE: Final = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html"
_EXPRESS_PAGE: Final = (
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/express-service-work.html"
)
_PROXY_PAGE: Final = (
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/create-service-connect.html"
)
_EXCLUDES: Final = ":*?"
"""What no name of a log group, of a log stream or of a container can hold."""


class _Logging(NamedTuple):
    """Who logs where: the log group is None where nothing names one.

    ``who`` is for messages; ``container`` is its name in that of a stream. ``page`` says which role
    the logs are sent with.
    """

    value: Value
    who: str
    container: Text
    group: Text | None
    region: Text | None
    prefix: Text | None
    page: str = _PAGE


@SitesOfTasks
def log_sites(view: View, tasks: Iterable[TaskDefinition]) -> Iterator[Site]:
    """Every log configuration; a need where it asks for the awslogs driver.

    ``detail`` is the name of the log group. Other drivers ask nothing of the role; what a FireLens
    router sends on, it sends with the task role.
    """
    tasks = tuple(tasks)
    for task in tasks:
        for container in task.containers:
            if task.is_express:
                yield from _of_express(view, task, container)
                continue
            for value in container.value.children("LogConfiguration"):
                if not value.is_opaque:
                    logging = _asked(value, str(container), container.name)
                    yield Site(LOGS, value, partial(_needs, view, task, logging))
    if may_have_proxies(view.stack):
        yield from _of_proxies(view, tasks or task_definitions(view))


def _of_proxies(view: View, tasks: Iterable[TaskDefinition]) -> Iterator[Site]:
    """The logs of Service Connect's proxies, whose names ECS makes up."""
    from copilot_preflight.model.service_connect import proxies

    for proxy in proxies(view, tasks):
        scope = f"{view.file}:{proxy.logs.path}"
        name = Text.of(Hole("container", scope, f"{_EXCLUDES}/", nonempty=True))
        logging = _asked(proxy.logs, str(proxy), name, _PROXY_PAGE)
        yield Site(LOGS, proxy.logs, partial(_needs, view, proxy.task, logging))


def _asked(value: Value, who: str, container: Text, page: str = _PAGE) -> _Logging:
    """What a LogConfiguration asks for."""
    group, region = option_of(value, "group"), option_of(value, "region")
    return _Logging(value, who, container, group, region, option_of(value, "stream-prefix"), page)


def _of_express(view: View, task: TaskDefinition, container: Container) -> Iterator[Site]:
    """The logs of an Express service, to a group of ECS's own where it names none.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/express-service-work.html
    """
    given = list(container.value.children("AwsLogsConfiguration"))
    for value in given:
        if not value.is_opaque and isinstance(value.raw, dict):
            group, prefix = text_of(value, "LogGroup"), text_of(value, "LogStreamPrefix")
            logging = _Logging(
                value, str(container), container.name, group, None, prefix, _EXPRESS_PAGE
            )
            yield Site(LOGS, value, partial(_needs, view, task, logging))
    if not given:
        value = container.value
        own = Hole(OWN_GROUP, f"{view.file}:{value.path}", _EXCLUDES, nonempty=True)
        group, prefix = Text.of("/aws/ecs/", own), Text.of("ecs")
        who, name = str(container), container.name
        logging = _Logging(value, who, name, group, None, prefix, _EXPRESS_PAGE)
        yield Site(LOGS, value, partial(_needs, view, task, logging))


def _needs(view: View, task: TaskDefinition, logging: _Logging) -> Iterator[Need]:
    value = logging.value
    is_ours = task.is_express or value.literal("LogDriver") == _DRIVER
    agent = agent_role(view, task) if is_ours else None
    if agent is None:
        return
    group = None if logging.group is None else group_named(logging.group)
    yield Need(
        kind=LOGS,
        view=view,
        value=value,
        subject=f"log delivery of {logging.who}",
        user=agent.user,
        role_value=agent.role_value,
        calls=tuple(_calls(view, logging, group, agent)) if group else (),
        task=task,
        role=agent.role,
        needs_role=agent.needs_role,
        detail=group,
    )


def group_of(configuration: Value) -> Text | None:
    """The name of the log group; None where there is none, or what stands there is no name."""
    name = option_of(configuration, "group")
    return None if name is None else group_named(name)


def group_named(name: Text) -> Text | None:
    """A name of a log group, of which its holes are known to be parts; None for what is none."""
    if not name.parts or any(":" in p for p in name.parts if isinstance(p, str)):
        return None
    return _named(name)


def stream_hole(name: str, scope: str) -> Hole:
    """A part of the name of a log stream that nobody knows beforehand."""
    return Hole(name, scope, _EXCLUDES, nonempty=True)


def _calls(view: View, logging: _Logging, group: Text, agent: AgentRole) -> Iterator[NeededCall]:
    """What sending takes. Streams are always made by the driver, groups if it is told to."""
    region = logging.region or view.pseudo("AWS::Region")
    who = f"ECS sends the logs with the {agent.user} role ({logging.page})"
    may_make = _may_be_made(view, logging.value, group)
    yield from sending_calls(view, LogGroup(group, region, may_make), _stream(logging), who)


class LogGroup(NamedTuple):
    """Where logs go. ``may_be_made``: whoever sends them makes the group, if it is not there."""

    name: Text
    region: Text
    may_be_made: bool = False


def sending_calls(view: View, group: LogGroup, stream: Text, who: str) -> Iterator[NeededCall]:
    """The calls that send logs to a stream; ``who`` says who makes them, with AWS's page.

    That IAM compares the group's creation with the ARN of a stream without a name, AWS tells in
    the text of its AccessDenied, as in https://github.com/terraform-aws-modules/terraform-aws-ecs/pull/313
    """
    head = Text.of("arn:", view.pseudo("AWS::Partition"), ":logs:", group.region, ":")
    streams = Text.of(head, view.pseudo("AWS::AccountId"), ":log-group:", group.name)
    streams = Text.of(streams, ":log-stream:")
    resource = Text.of(streams, stream)
    if group.may_be_made:
        unknown = (Fact("fact", f"whether log group '{group.name}' exists already"),)
        yield NeededCall(CREATE_LOG_GROUP, streams, who, doubts=unknown)
    yield NeededCall(CREATE_LOG_STREAM, resource, who)
    yield NeededCall(PUT_LOG_EVENTS, resource, who)


def _stream(logging: _Logging) -> Text:
    """``prefix/container/task id``; without a prefix Docker gives the id of the container."""
    scope = f"{logging.value.place.file}:{logging.value.path}"
    prefix = logging.prefix
    if prefix is None or not prefix.parts:
        return Text.of(stream_hole("log stream", scope))
    task = Hole("task id", scope, f"{_EXCLUDES}/", nonempty=True)
    return Text.of(_named(prefix), "/", _named(logging.container), "/", task)


def _may_be_made(view: View, configuration: Value, group: Text) -> bool:
    asked = option_of(configuration, "create-group")
    return (
        asked is not None
        and (asked.literal or "").lower() == "true"
        and view.lookup(_groups, group) is None
    )


def log_group_named(view: View, group: Text) -> str | None:
    """The log group of a template that certainly is there and bears a name."""
    return _groups(view).get(group)


def is_blocking(configuration: Value) -> bool:
    """Whether a container certainly does not start where its logs cannot be sent.

    The driver makes the stream before it starts the container, or, in non-blocking mode, tries
    until it succeeds. That is the mode that ECS takes since June 2025, unless the account says
    otherwise.
    Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html
    ("Default log driver mode") and daemon/logger/awslogs/cloudwatchlogs.go of
    https://github.com/moby/moby
    """
    for options in configuration.children("Options"):
        if isinstance(options.raw, dict) and not options.is_opaque:
            mode = text_of(options, "mode")
            return mode is not None and mode.literal == "blocking"
    return False


def is_made_by_the_driver(configuration: Value) -> bool:
    """Whether the driver is told, or may be told, to make the log group itself."""
    asked = option_of(configuration, "create-group")
    return asked is not None and (asked.literal or "").lower() != "false"


@index_of("AWS::Logs::LogGroup")
def _groups(view: View) -> dict[Text, str]:
    """The log groups that are there in any case, by their names."""
    return {
        _named(view.ref(logical_id, resource)): logical_id
        for logical_id, resource in view.resources("AWS::Logs::LogGroup")
        if not resource.guard
    }


def option_of(configuration: Value, name: str) -> Text | None:
    """The option ``awslogs-<name>`` of a log configuration; None where there is none."""
    for options in configuration.children("Options"):
        if isinstance(options.raw, dict) and not options.is_opaque:
            return text_of(options, f"awslogs-{name}")
    return None


def _named(name: Text) -> Text:
    """A name, whose holes hold nothing that a name cannot hold."""
    return Text(tuple(_narrowed(part) if isinstance(part, Hole) else part for part in name.parts))


def _narrowed(hole: Hole) -> Hole:
    more = "".join(c for c in _EXCLUDES if c not in hole.excludes)
    return hole.but(excludes=hole.excludes + more) if more else hole
