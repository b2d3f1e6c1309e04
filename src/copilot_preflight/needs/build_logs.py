"""The logs that CodeBuild sends to CloudWatch.

Where nothing is said, they go to ``/aws/codebuild/<name of the project>``. CodeBuild makes the
stream before it begins: without, the build ends with ``ACCESS_DENIED: Service role … does not
allow AWS CodeBuild to create Amazon CloudWatch Logs log streams for build …``.

Sources: https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html,
https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CloudWatchLogsConfig.html
and https://github.com/aws/aws-cdk/issues/12179
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from copilot_preflight.base.symbolic import Text
from copilot_preflight.model.pipelines import Project, projects
from copilot_preflight.needs.builds import need_of_build
from copilot_preflight.needs.logs import (
    LOGS,
    LogGroup,
    group_named,
    log_group_named,
    sending_calls,
    stream_hole,
)
from copilot_preflight.needs.need import Need, Site
from copilot_preflight.resolve.value import Value, text_of
from copilot_preflight.resolve.view import View

_PAGE: Final = "https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html"
_OWN_GROUPS: Final = "/aws/codebuild/"


def build_log_sites(view: View) -> Iterator[Site]:
    """The logs of every project; a need where they certainly go to CloudWatch.

    ``detail`` is the name of the log group. What happens to them under a LogsConfig that leaves
    CloudWatch out, no page says.
    """
    for project in projects(view):
        configurations = list(project.value.children("LogsConfig"))
        if not configurations:
            yield Site(LOGS, project.value, partial(_needs, project, None))
        for configuration in configurations:
            for value in configuration.children("CloudWatchLogs"):
                if not value.is_opaque:
                    yield Site(LOGS, value, partial(_needs, project, value))


def _needs(project: Project, configuration: Value | None) -> Iterator[Need]:
    view = project.view
    given = prefix = None
    if configuration is not None:
        if configuration.literal("Status") != "ENABLED":
            return
        given, prefix = text_of(configuration, "GroupName"), text_of(configuration, "StreamName")
    name = given if given is not None and given.parts else _own_group(project)
    group = group_named(name)
    if group is None:
        return
    build = stream_hole("id of the build", f"{view.file}:{project.value.path}")
    stream = Text.of(prefix, "/", build) if prefix is not None and prefix.parts else Text.of(build)
    who = f"CodeBuild sends the logs with the role of the build project ({_PAGE})"
    is_there = log_group_named(view, group) is not None
    region = view.pseudo("AWS::Region")
    value = project.value if configuration is None else configuration
    calls = sending_calls(view, LogGroup(group, region, not is_there), stream, who)
    yield need_of_build(project, LOGS, value, f"log delivery of {project}", calls, group)


def _own_group(project: Project) -> Text:
    name = project.view.resolver.text({"Ref": project.name}, project.value.path)
    return Text.of(_OWN_GROUPS, name)
