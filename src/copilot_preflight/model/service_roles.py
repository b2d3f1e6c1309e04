"""Which resource hands which role to which service.

Source: the page that each row of the table names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View

_AWS: Final = "https://docs.aws.amazon.com/"
_ECS: Final = f"{_AWS}AmazonECS/latest/developerguide/"
_INFRASTRUCTURE: Final = f"{_ECS}infrastructure_IAM_role.html"
_EXECUTION: Final = f"{_ECS}task_execution_IAM_role.html"
_EXPRESS: Final = f"{_ECS}express-service-work.html"
_LAMBDA: Final = f"{_AWS}lambda/latest/dg/lambda-intro-execution-role.html"
_STATES: Final = f"{_AWS}step-functions/latest/dg/procedure-create-iam-role.html"
_APP_RUNNER: Final = f"{_AWS}apprunner/latest/dg/security_iam_service-with-iam.html"
_BATCH_JOBS: Final = f"{_AWS}batch/latest/userguide/execution-IAM-role.html"
_CFN_ROLE: Final = f"{_AWS}AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html"
_PIPELINE: Final = f"{_AWS}codepipeline/latest/userguide/pipelines-create-service-role-cli.html"
_ACTION: Final = f"{_AWS}codepipeline/latest/APIReference/API_ActionDeclaration.html"


class Source(NamedTuple):
    """What a service says of the resource for which it assumes a role.

    ``service`` is that of the resource's ARN, which aws:SourceArn then is, and ``begins`` how the
    last part of the ARN begins, where AWS documents it.
    """

    service: str
    begins: str = ""


CONFUSED_DEPUTY: Final = {
    "ecs-tasks.amazonaws.com": Source("ecs"),
    "codebuild.amazonaws.com": Source("codebuild", "project/"),
    "codepipeline.amazonaws.com": Source("codepipeline"),
    "states.amazonaws.com": Source("states"),
    "scheduler.amazonaws.com": Source("scheduler"),
    "pipes.amazonaws.com": Source("pipes"),
}
"""Services that say for whom they act, by aws:SourceArn and aws:SourceAccount and by no other key.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
https://docs.aws.amazon.com/codebuild/latest/userguide/cross-service-confused-deputy-prevention.html
https://docs.aws.amazon.com/codepipeline/latest/userguide/cross-service-confused-deputy-prevention.html
https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-permissions.html
"""

EXTERNAL_ID_IS_ACCOUNT: Final = frozenset({"firehose.amazonaws.com"})
"""Services that are documented to send the account's id as sts:ExternalId.

Source: https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
"""


class RoleHandover(NamedTuple):
    """Where resources of a type name a role, and the service that assumes it.

    ``path`` leads from the properties to the role; lists on the way are walked through. ``fails``
    says what does not work without the role, with ``{}`` for the resource.
    """

    kind: str
    path: str
    service: str
    what: str
    fails: str
    page: str


class RoleUse(NamedTuple):
    """A resource's role. ``value`` is the node that names it, by ARN or by name.

    ``through`` is the node that names the role by which this one is assumed, where it is not the
    service itself that does it.
    """

    owner: str
    value: Value
    handover: RoleHandover
    through: Value | None = None

    @property
    def fails(self) -> str:
        return self.handover.fails.format(self.owner)

    @property
    def caller(self) -> str:
        """Who assumes the role, for messages."""
        return "the pipeline's role" if self.through is not None else f"'{self.handover.service}'"


def _hands(service: str, *rows: tuple[str, str, str, str, str]) -> Iterator[RoleHandover]:
    for kind, path, what, fails, page in rows:
        yield RoleHandover(f"AWS::{kind}", path, f"{service}.amazonaws.com", what, fails, page)


_TASKS: Final = "ECS cannot start the tasks of '{}'"
_JOBS: Final = "Batch cannot start the jobs of '{}'"
_VOLUMES: Final = "ECS cannot attach the volumes of '{}'"
_FUNCTION: Final = "Lambda cannot create or run '{}'"
_MACHINE: Final = "Step Functions cannot run '{}'"

ROLE_HANDOVERS: Final[tuple[RoleHandover, ...]] = (
    *_hands(
        "ecs-tasks",
        ("ECS::TaskDefinition", "ExecutionRoleArn", "execution", _TASKS, _EXECUTION),
        ("ECS::TaskDefinition", "TaskRoleArn", "task", _TASKS, f"{_ECS}task-iam-roles.html"),
        ("ECS::ExpressGatewayService", "ExecutionRoleArn", "execution", _TASKS, _EXPRESS),
        ("ECS::ExpressGatewayService", "TaskRoleArn", "task", _TASKS, _EXPRESS),
        *(
            ("Batch::JobDefinition", f"{container}.{key}", what, _JOBS, _BATCH_JOBS)
            for container in (
                "ContainerProperties",
                "NodeProperties.NodeRangeProperties.Container",
            )
            for key, what in (("ExecutionRoleArn", "execution"), ("JobRoleArn", "job"))
        ),
        *(
            ("Batch::JobDefinition", f"{tasks}.{key}", what, _JOBS, _BATCH_JOBS)
            for tasks in (
                "EcsProperties.TaskProperties",
                "NodeProperties.NodeRangeProperties.EcsProperties.TaskProperties",
            )
            for key, what in (("ExecutionRoleArn", "execution"), ("TaskRoleArn", "job"))
        ),
    ),
    *_hands(
        "ecs",
        (
            "ECS::Service",
            "Role",
            "service",
            "ECS cannot register the tasks of '{}' with the load balancer",
            f"{_ECS}using-service-linked-roles.html",
        ),
        (
            "ECS::Service",
            "VolumeConfigurations.ManagedEBSVolume.RoleArn",
            "infrastructure",
            _VOLUMES,
            _INFRASTRUCTURE,
        ),
        (
            "ECS::Service",
            "ServiceConnectConfiguration.Services.Tls.RoleArn",
            "infrastructure",
            "ECS cannot encrypt the Service Connect traffic of '{}'",
            _INFRASTRUCTURE,
        ),
        (
            "ECS::Service",
            "VpcLatticeConfigurations.RoleArn",
            "infrastructure",
            "ECS cannot register the tasks of '{}' with VPC Lattice",
            _INFRASTRUCTURE,
        ),
        (
            "ECS::Service",
            "LoadBalancers.AdvancedConfiguration.RoleArn",
            "infrastructure",
            "ECS cannot shift the traffic of '{}'",
            f"{_ECS}AmazonECSInfrastructureRolePolicyForLoadBalancers.html",
        ),
        (
            "ECS::Service",
            "DeploymentConfiguration.LifecycleHooks.RoleArn",
            "hook",
            "ECS cannot call the deployment hooks of '{}'",
            f"{_ECS}blue-green-permissions.html",
        ),
        (
            "ECS::ExpressGatewayService",
            "InfrastructureRoleArn",
            "infrastructure",
            "ECS cannot make the load balancer of '{}'",
            _INFRASTRUCTURE,
        ),
        (
            "ECS::CapacityProvider",
            "ManagedInstancesProvider.InfrastructureRoleArn",
            "infrastructure",
            "ECS cannot start the instances of '{}'",
            _INFRASTRUCTURE,
        ),
    ),
    *_hands(
        "tasks.apprunner",
        (
            "AppRunner::Service",
            "InstanceConfiguration.InstanceRoleArn",
            "instance",
            "App Runner cannot run '{}'",
            _APP_RUNNER,
        ),
    ),
    *_hands(
        "build.apprunner",
        (
            "AppRunner::Service",
            "SourceConfiguration.AuthenticationConfiguration.AccessRoleArn",
            "access",
            "App Runner cannot pull the image of '{}'",
            _APP_RUNNER,
        ),
    ),
    *_hands(
        "codebuild",
        (
            "CodeBuild::Project",
            "ServiceRole",
            "service",
            "CodeBuild cannot start the builds of '{}'",
            f"{_AWS}codebuild/latest/userguide/setting-up-service-role.html",
        ),
    ),
    *_hands(
        "codepipeline",
        (
            "CodePipeline::Pipeline",
            "RoleArn",
            "service",
            "CodePipeline cannot run '{}'",
            _PIPELINE,
        ),
    ),
    *_hands(
        "codedeploy",
        (
            "CodeDeploy::DeploymentGroup",
            "ServiceRoleArn",
            "service",
            "CodeDeploy cannot deploy to '{}'",
            f"{_AWS}codedeploy/latest/userguide/getting-started-create-service-role.html",
        ),
    ),
    *_hands(
        "lambda",
        ("Lambda::Function", "Role", "execution", _FUNCTION, _LAMBDA),
        ("Serverless::Function", "Role", "execution", _FUNCTION, _LAMBDA),
    ),
    *_hands(
        "states",
        ("StepFunctions::StateMachine", "RoleArn", "execution", _MACHINE, _STATES),
        ("Serverless::StateMachine", "Role", "execution", _MACHINE, _STATES),
    ),
    *_hands(
        "events",
        (
            "Events::Rule",
            "Targets.RoleArn",
            "target",
            "EventBridge cannot start the target of '{}'",
            f"{_AWS}eventbridge/latest/userguide/eb-events-iam-roles.html",
        ),
    ),
    *_hands(
        "scheduler",
        (
            "Scheduler::Schedule",
            "Target.RoleArn",
            "target",
            "EventBridge Scheduler cannot start the target of '{}'",
            f"{_AWS}scheduler/latest/UserGuide/setting-up.html",
        ),
    ),
    *_hands(
        "pipes",
        (
            "Pipes::Pipe",
            "RoleArn",
            "execution",
            "EventBridge cannot run the pipe '{}'",
            f"{_AWS}eventbridge/latest/userguide/eb-pipes-permissions.html",
        ),
    ),
    *_hands(
        "ec2",
        (
            "IAM::InstanceProfile",
            "Roles",
            "instance",
            "EC2 instances with profile '{}' get no credentials",
            f"{_AWS}AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html",
        ),
    ),
    *_hands(
        "firehose",
        *(
            (
                "KinesisFirehose::DeliveryStream",
                f"{part}.RoleARN",
                "delivery",
                "Firehose cannot deliver the records of '{}'",
                f"{_AWS}firehose/latest/dev/controlling-access.html",
            )
            for part in (
                "ExtendedS3DestinationConfiguration",
                "S3DestinationConfiguration",
                "KinesisStreamSourceConfiguration",
            )
        ),
    ),
    *_hands(
        "apigateway",
        (
            "ApiGateway::Account",
            "CloudWatchRoleArn",
            "logging",
            "API Gateway cannot write logs",
            f"{_AWS}apigateway/latest/developerguide/set-up-logging.html",
        ),
    ),
)
"""One row for each place in which a role is handed to a service.

Left out: the role of a scalable target of ECS, in whose place a service-linked role is used
whatever stands there, and that of flow logs, which one of two services takes on.
Source: https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html
and https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-firehose.html
"""

_CLOUDFORMATION: Final = RoleHandover(
    "AWS::CodePipeline::Pipeline",
    "RoleArn",
    "cloudformation.amazonaws.com",
    "deployment",
    "CloudFormation cannot deploy for pipeline '{}'",
    _CFN_ROLE,
)
_BY_PIPELINE: Final = RoleHandover(
    "AWS::CodePipeline::Pipeline",
    "RoleArn",
    "",
    "action",
    "CodePipeline cannot run an action of '{}'",
    _ACTION,
)


def role_uses(view: View) -> Iterator[RoleUse]:
    """Every role that a resource of a template hands to a service."""
    for handover in ROLE_HANDOVERS:
        for owner, resource in view.resources(handover.kind):
            for value in _at(resource, ("Properties", *handover.path.split("."))):
                yield RoleUse(owner, value, handover)
    for owner, pipeline in view.resources(_BY_PIPELINE.kind):
        yield from _of_actions(owner, pipeline)


def _of_actions(owner: str, pipeline: Value) -> Iterator[RoleUse]:
    """The roles of a pipeline's actions.

    An action's own role is assumed through the pipeline's; what CloudFormation deploys with is in
    the action's configuration.
    Source: https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ActionDeclaration.html
    and https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html
    """
    roles = list(_at(pipeline, ("Properties", "RoleArn")))
    for action in _at(pipeline, ("Properties", "Stages", "Actions")):
        for value in _at(action, ("RoleArn",)) if len(roles) == 1 else ():
            if not value.text().equals(roles[0].text()):  # else there is no other role to assume
                yield RoleUse(owner, value, _BY_PIPELINE, roles[0])
        providers = [value.text().literal for value in _at(action, ("ActionTypeId", "Provider"))]
        if providers == ["CloudFormation"]:
            for value in _at(action, ("Configuration", "RoleArn")):
                yield RoleUse(owner, value, _CLOUDFORMATION)


def _at(value: Value, path: Sequence[str]) -> Iterator[Value]:
    """The values at the end of a path; what has another shape is not for this question to judge."""
    for item in value.elements():
        if item.is_open:
            continue
        if not path:
            yield item
        elif isinstance(item.raw, dict) and not item.is_opaque and path[0] in item.raw:
            child = Value(item.reader, item.raw[path[0]], (*item.path, path[0]), item.guard)
            yield from _at(child, path[1:])
