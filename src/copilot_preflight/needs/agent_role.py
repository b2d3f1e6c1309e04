"""The role with which images are pulled and logs are sent: a task's own, or its instance's.

AWS asks for an execution role on Fargate, on instances that ECS manages and on external ones; on
EC2 the instance's role serves.
Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
"""

from __future__ import annotations

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.model.roles import Role
from copilot_preflight.model.tasks import TaskDefinition
from copilot_preflight.resolve.query import query_by
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View


class AgentRole(NamedTuple):
    """The first fields are those of a `Need` of the same names."""

    user: str
    role_value: Value | None = None
    role: Role | None = None
    needs_role: bool = False


@query_by(lambda task: task.logical_id)
def agent_role(view: View, task: TaskDefinition) -> AgentRole | None:
    """The execution role; without one, that of the instance, None where it cannot be known.

    Only an instance of EC2 has a role that could serve.
    """
    if task.execution_role is not None:
        return AgentRole("execution", task.execution_role)
    from copilot_preflight.model.instances import instance_role
    from copilot_preflight.model.services import EC2, is_fargate, runs_of

    types = {run.launch_type for run in runs_of(view, task)}
    if types and not types & {EC2, None}:
        return AgentRole("execution", needs_role=True)
    role = instance_role(view, task) if is_fargate(view, task) is False else None
    return None if role is None else AgentRole("instance", role=role)
