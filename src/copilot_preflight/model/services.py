"""How tasks are run: by services, schedules, rules, pipes and state machines.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from copilot_preflight.base.finding import Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import arn
from copilot_preflight.model.named_resources import resource_named
from copilot_preflight.model.state_machines import run_task_parameters
from copilot_preflight.model.tasks import EXPRESS_SERVICE, TaskDefinition
from copilot_preflight.resolve.query import query, query_by
from copilot_preflight.resolve.value import Value, flag_of, text_of, texts_of
from copilot_preflight.resolve.view import View, index_of

FARGATE: Final = "FARGATE"
EC2: Final = "EC2"
EXTERNAL: Final = "EXTERNAL"
MANAGED_INSTANCES: Final = "MANAGED_INSTANCES"

CAPACITY_PROVIDER: Final = "AWS::ECS::CapacityProvider"
_CLUSTER: Final = "AWS::ECS::Cluster"
_ASSOCIATIONS: Final = "AWS::ECS::ClusterCapacityProviderAssociations"

_LAUNCH_TYPES: Final = (FARGATE, EC2, EXTERNAL, MANAGED_INSTANCES)
_ON_FARGATE: Final = ("FARGATE", "FARGATE_SPOT")
"""The capacity providers that AWS keeps; no other name may begin with "fargate".

Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCapacityProvider.html
"""


class TaskRun(NamedTuple):
    """One way in which a task is run.

    ``launch_type`` and ``fargate`` are None where the files do not tell; that a task is not on
    Fargate may be known without its launch type. ``platform_version`` is None where none is
    asked for: LATEST. ``execute_command`` says whether ECS Exec is turned on. ``subnets`` are
    those of the task's own network interface: empty where it has none, a hole for a list of
    unknown length, None where branches are open. ``providers`` are the capacity providers, the
    cluster's own where the run names neither them nor a launch type; None where they cannot be
    listed. ``conditions`` are open.
    """

    place: Place
    cluster: Text | None
    launch_type: str | None
    fargate: bool | None
    platform_version: Text | None
    execute_command: bool | None
    subnets: tuple[Text, ...] | None
    providers: tuple[Text, ...] | None
    conditions: tuple[str, ...] = ()


@query_by(lambda task: task.logical_id)
def runs_of(view: View, task: TaskDefinition) -> tuple[TaskRun, ...]:
    """The runs, in any template of the run, that certainly take a task definition of a stack.

    A task definition is named by its ARN or by its family, whose newest revision it then is; what
    is pinned to a revision number is another one, as far as can be known.
    """
    if task.is_express:
        return tuple(map(_run_of_express, task.value.children("Properties")))
    names = names_of_task(view, task)
    return tuple(
        run
        for other in view.holding(_runs_by_name, names)
        for reference, run in _runs(other)
        if reference in names
        or ((named := arn.parse(reference)) is not None and named.resource in names)
    )


def is_fargate(view: View, task: TaskDefinition) -> bool | None:
    """Whether a task runs on Fargate, as far as the files run it; None where they do not tell.

    ``RequiresCompatibilities`` is what a definition is validated against when it is registered.
    One that asks for FARGATE alone is still compatible with EC2, so it proves nothing; one that
    leaves FARGATE out is refused there, and so is any network mode but awsvpc.
    Sources: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html
    (``compatibilities``),
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
    """
    answers = {run.fargate for run in runs_of(view, task)}
    if answers in ({True}, {False}):
        return answers.pop()
    if True not in answers and not _may_run_on_fargate(task):
        return False
    return None


def may_execute_command(view: View, task: TaskDefinition) -> bool | None:
    """Whether ECS Exec is turned on in some run of a task.

    None where no run is in the files, or none says yes and one cannot be read.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
    """
    runs = runs_of(view, task)
    if any(run.execute_command and not run.conditions for run in runs):
        return True
    return False if runs and all(run.execute_command is False for run in runs) else None


def network_mode(task: TaskDefinition) -> str | None:
    """The network mode in small letters, ``""`` where none is asked for; None where not known."""
    for properties in task.value.children("Properties"):
        mode = text_of(properties, "NetworkMode")
        return "" if mode is None else mode.literal.lower() if mode.literal is not None else None
    return None


def _may_run_on_fargate(task: TaskDefinition) -> bool:
    mode = network_mode(task)
    if mode in ("bridge", "host", "none"):
        return False
    for properties in task.value.children("Properties"):
        if not any(properties.children("RequiresCompatibilities")):
            return True  # said nowhere, or by an older template: nothing is proved
        asked = texts_of(properties, "RequiresCompatibilities")
        known = [text.literal for text in asked or ()]
        return asked is None or not known or None in known or FARGATE in known
    return True


def names_of_task(view: View, task: TaskDefinition) -> set[Text]:
    """What a template may call a task definition: by reference, and by its family."""
    resolver = view.resolver
    path = task.value.path
    names = {
        resolver.text({"Ref": task.logical_id}, path),
        resolver.text({"Fn::GetAtt": [task.logical_id, "TaskDefinitionArn"]}, path),
    }
    for properties in task.value.children("Properties"):
        family = text_of(properties, "Family")
        if family is not None and family.parts:
            names |= {family, Text.of("task-definition/", family)}
    return names


# --- what runs tasks ------------------------------------------------------------------------------


@query
def _runs(view: View) -> tuple[tuple[Text, TaskRun], ...]:
    """Every run of a template, with the text that names its task definition."""
    return tuple(_read_runs(view))


def _read_runs(view: View) -> Iterator[tuple[Text, TaskRun]]:
    for kind, read in _KINDS.items():
        for _, resource in view.resources(kind):
            for properties in resource.children("Properties"):
                for asked in read(properties):
                    reference = text_of(asked.value, asked.task_key)
                    if reference is not None and not asked.value.is_open:
                        is_express = kind == EXPRESS_SERVICE
                        run = _run_of_express(properties) if is_express else None
                        yield reference, run or _run(view, resource, asked)


class _Asked(NamedTuple):
    """A map that asks for a task, with the cluster where it stands elsewhere."""

    value: Value
    cluster: Text | None
    task_key: str = "TaskDefinitionArn"
    has_exec: bool = True  # whether the map is where ECS Exec is turned on


def _of_service(properties: Value) -> Iterator[_Asked]:
    yield _Asked(properties, text_of(properties, "Cluster"), "TaskDefinition")


def _of_task_set(properties: Value) -> Iterator[_Asked]:
    # ECS Exec is turned on in the service, which need not be in the files.
    yield _Asked(properties, text_of(properties, "Cluster"), "TaskDefinition", has_exec=False)


def _of_rule(properties: Value) -> Iterator[_Asked]:
    for target in properties.each("Targets"):
        for asked in target.children("EcsParameters"):
            yield _Asked(asked, text_of(target, "Arn"))


def _of_schedule(properties: Value) -> Iterator[_Asked]:
    for target in properties.children("Target"):
        for asked in target.children("EcsParameters"):
            yield _Asked(asked, text_of(target, "Arn"))


def _of_pipe(properties: Value) -> Iterator[_Asked]:
    for parameters in properties.children("TargetParameters"):
        for asked in parameters.children("EcsTaskParameters"):
            yield _Asked(asked, text_of(properties, "Target"))


def _of_state_machine(properties: Value) -> Iterator[_Asked]:
    for asked in run_task_parameters(properties):
        yield _Asked(asked, text_of(asked, "Cluster"), "TaskDefinition")


def _of_express(properties: Value) -> Iterator[_Asked]:
    yield _Asked(properties, text_of(properties, "Cluster"))


_KINDS: Final[dict[str, Callable[[Value], Iterator[_Asked]]]] = {
    "AWS::ECS::Service": _of_service,
    "AWS::ECS::TaskSet": _of_task_set,
    "AWS::Events::Rule": _of_rule,
    "AWS::Scheduler::Schedule": _of_schedule,
    "AWS::Pipes::Pipe": _of_pipe,
    "AWS::StepFunctions::StateMachine": _of_state_machine,
    EXPRESS_SERVICE: _of_express,
}


@index_of(*_KINDS)
def _runs_by_name(view: View) -> Mapping[Text, tuple[TaskRun, ...]]:
    """The runs of a template by what may name their task definition: the text, its resource."""
    found: dict[Text, tuple[TaskRun, ...]] = {}
    for reference, run in _runs(view):
        parsed = arn.parse(reference)
        for name in (reference, *([] if parsed is None else [parsed.resource])):
            found[name] = (*found.get(name, ()), run)
    return found


def _run(view: View, resource: Value, asked: _Asked) -> TaskRun:
    value = asked.value
    launch = text_of(value, "LaunchType")
    providers = _providers(value, "CapacityProviderStrategy")
    if launch is None and providers == ():
        # Else the launch type is EC2, unless somebody gives the cluster a strategy elsewhere.
        # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service_definition_parameters.html
        providers = _defaults(view, asked.cluster)
    if launch is not None:
        launch_type = launch.literal if launch.literal in _LAUNCH_TYPES else None
        fargate = None if launch_type is None else launch_type == FARGATE
    else:
        launch_type, fargate = _launched_by(view, providers)
    return TaskRun(
        resource.key_place,
        asked.cluster,
        launch_type,
        fargate,
        platform_version=text_of(value, "PlatformVersion"),
        execute_command=flag_of(value, "EnableExecuteCommand") if asked.has_exec else None,
        subnets=_subnets(value),
        providers=providers,
        conditions=value.conditions,
    )


def _run_of_express(properties: Value) -> TaskRun:
    """The run of an Express service: on Fargate, whatever the cluster has.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/express-service-work.html
    """
    networks = list(properties.children("NetworkConfiguration"))
    is_known = len(networks) == 1 and networks[0].guard == properties.guard
    return TaskRun(
        Place(properties.place.file, properties.path[:2], key=True),
        text_of(properties, "Cluster"),
        FARGATE,
        fargate=True,
        platform_version=None,
        execute_command=False,
        subnets=texts_of(networks[0], "Subnets") or None if is_known else None,
        providers=(Text.of(FARGATE),),
        conditions=properties.conditions,
    )


def _subnets(value: Value) -> tuple[Text, ...] | None:
    networks = list(value.children("NetworkConfiguration"))
    if not networks:
        return ()
    found = [
        configuration
        for network in networks
        for key in ("AwsvpcConfiguration", "AwsVpcConfiguration")  # rules and task sets: the latter
        for configuration in network.children(key)
    ]
    if len(found) != 1 or found[0].guard != value.guard or found[0].is_opaque:
        return None
    return texts_of(found[0], "Subnets")


# --- clusters and capacity providers --------------------------------------------------------------


def _providers(value: Value, key: str) -> tuple[Text, ...] | None:
    found: list[Text] = []
    for item in value.each(key):
        name = text_of(item, "CapacityProvider") if not item.is_opaque else None
        if name is None or item.guard != value.guard:
            return None
        found.append(name)
    return tuple(found)


def _launched_by(view: View, providers: tuple[Text, ...] | None) -> tuple[str | None, bool | None]:
    """Launch type of a capacity provider strategy, and whether it is Fargate.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/capacity-launch-type-comparison.html
    """
    found = [_launch_type_of(view, provider) for provider in providers or ()]
    types = {launch_type for launch_type, _ in found}
    answers = {fargate for _, fargate in found}
    return (
        types.pop() if len(types) == 1 else None,
        answers.pop() if len(answers) == 1 else None,
    )


def _launch_type_of(view: View, provider: Text) -> tuple[str | None, bool | None]:
    if provider.literal in _ON_FARGATE:
        return FARGATE, True
    found = resource_named(view, CAPACITY_PROVIDER, "Name", provider)
    if found is not None and any(found.properties.children("AutoScalingGroupProvider")):
        return EC2, False
    if found is not None and any(found.properties.children("ManagedInstancesProvider")):
        return MANAGED_INSTANCES, False
    return None, (False if found is not None or provider.literal else None)


def _defaults(view: View, cluster: Text | None) -> tuple[Text, ...] | None:
    """The default strategy that a cluster is given in the files; None where it is not there."""
    key = "DefaultCapacityProviderStrategy"
    if cluster is None:
        return None
    same = _names_of_cluster(view, cluster)
    found: list[tuple[Text, ...] | None] = []
    for other in view.holding(_with_cluster, {cluster, *same}):
        for logical_id, resource in other.resources(_CLUSTER):
            if cluster in cluster_names(other)[logical_id]:
                found += (_providers(p, key) for p in resource.children("Properties"))
        for _, resource in other.resources(_ASSOCIATIONS):
            for properties in resource.children("Properties"):
                if text_of(properties, "Cluster") in same:
                    found.append(None if resource.guard else _providers(properties, key))
    given = [strategy for strategy in found if strategy != ()]
    return given[0] if len(given) == 1 else None


def _names_of_cluster(view: View, cluster: Text) -> tuple[Text, ...]:
    return view.lookup(_clusters, cluster) or (cluster,)


@index_of(_CLUSTER)
def _clusters(view: View) -> dict[Text, tuple[Text, Text]]:
    """Name and ARN of every cluster of a template, by each of them."""
    found: dict[Text, tuple[Text, Text]] = {}
    for names in cluster_names(view).values():
        for name in names:
            found.setdefault(name, names)
    return found


@index_of(_CLUSTER, _ASSOCIATIONS)
def _with_cluster(view: View) -> dict[Text, None]:
    """By what they call a cluster, the templates that have it or give it a strategy."""
    asked = (
        text_of(properties, "Cluster")
        for _, resource in view.resources(_ASSOCIATIONS)
        for properties in resource.children("Properties")
    )
    return dict.fromkeys((*_clusters(view), *(name for name in asked if name is not None)))


@query
def cluster_names(view: View) -> dict[str, tuple[Text, Text]]:
    """Name and ARN of every cluster of a template, by its logical id."""
    resolver = view.resolver
    return {
        logical_id: (
            resolver.text({"Ref": logical_id}, resource.path),
            resolver.text({"Fn::GetAtt": [logical_id, "Arn"]}, resource.path),
        )
        for logical_id, resource in view.resources(_CLUSTER)
    }
