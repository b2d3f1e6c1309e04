"""The proxies that Service Connect adds to the tasks of a service, as far as they have logs.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts-deploy.html
and https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectConfiguration.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.model.services import names_of_task
from copilot_preflight.model.tasks import SERVICE, TaskDefinition
from copilot_preflight.resolve.value import Value, flag_of, text_of
from copilot_preflight.resolve.view import View


class Proxy(NamedTuple):
    """A proxy next to the containers of a task; ``logs`` is its LogConfiguration."""

    service: str
    task: TaskDefinition
    logs: Value

    def __str__(self) -> str:
        return f"the Service Connect proxy of '{self.service}'"


def proxies(view: View, tasks: Iterable[TaskDefinition]) -> Iterator[Proxy]:
    """The proxies with logs that the services of a template add to tasks of the same template."""
    by_name = None
    for service, resource in view.resources(SERVICE):
        for properties in resource.children("Properties"):
            for logs in _logs(properties):
                if by_name is None:
                    by_name = {n: it for it in tasks for n in names_of_task(view, it)}
                named = text_of(properties, "TaskDefinition")
                if named is not None and (task := by_name.get(named)) is not None:
                    yield Proxy(service, task, logs)


def _logs(properties: Value) -> Iterator[Value]:
    """The log configurations of a service's proxy, where Service Connect is turned on."""
    for configuration in properties.children("ServiceConnectConfiguration"):
        if configuration.is_opaque or flag_of(configuration, "Enabled") is False:
            continue
        for logs in configuration.children("LogConfiguration"):
            if isinstance(logs.raw, dict) and not logs.is_opaque:
                yield logs
