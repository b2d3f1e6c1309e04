"""Env files of other stacks under the prefix that holds every version of one.

Copilot's key has the name of the file without its folder: services of one application that both
have a ``web.env`` share a prefix, and so do a service's environments.
Source: https://github.com/aws/copilot-cli, internal/pkg/template/artifactpath/artifactpath.go
"""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Related
from copilot_preflight.base.symbolic import Text, match
from copilot_preflight.checks.wording.grants import every_version
from copilot_preflight.checks.wording.parts import value_of_parameter
from copilot_preflight.iam.evaluate import covers_action
from copilot_preflight.model.roles import Role
from copilot_preflight.model.tasks import task_definitions
from copilot_preflight.needs.env_files import GET_OBJECT, EnvFileRead
from copilot_preflight.resolve.view import View, index_of


def neighbours(read: EnvFileRead, role: Role) -> Iterator[Related]:
    """The first env file of another stack that a role could read if it may read every version.

    Only where both ARNs are known in full and differ, and no statement lets the role read it now.
    """
    pattern = every_version(read)
    others: dict[str, EnvFileRead] = {}
    for view in read.view.holding(_by_every_version, (pattern,)):
        if view.file not in (read.view.file, *(it.file for it in read.view.with_addons())):
            for other in _by_every_version(view).get(pattern, ()):
                if other.file.arn != read.file.arn and not _may_read(role, other.file.arn):
                    others.setdefault(view.file, other)
    if read.file.arn.literal is None or not others:
        return
    first, *more = others.values()
    given = next(value_of_parameter(first.view.stack, first.file.value), None)
    count = f" (and {len(more)} more)" if more else ""
    yield Related(
        first.file.value.place if given is None else given.place,
        f"another stack's file under the same prefix: with every version, the role may read it "
        f"too{count}",
    )


def _may_read(role: Role, file: Text) -> bool:
    return any(
        match(entry.text, file) is not False
        for statement in role.statements
        if statement.effect != "Deny"
        if covers_action(statement, GET_OBJECT).verdict is not False
        for entry in statement.resources
    )


@index_of("AWS::ECS::TaskDefinition")
def _by_every_version(view: View) -> dict[str, tuple[EnvFileRead, ...]]:
    """The env files of a template that are certainly asked for, by the ARN of all versions."""
    found: dict[str, tuple[EnvFileRead, ...]] = {}
    for task in task_definitions(view):
        for container in task.containers:
            for file in container.files:
                read = EnvFileRead(view, task, container, file)
                if file.arn.literal is not None and not file.value.guard and read.name is not None:
                    pattern = every_version(read)
                    found[pattern] = (*found.get(pattern, ()), read)
    return found
