"""What of an answer is written: no secret, nothing that changes by itself, all in a fixed order."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from copilot_preflight.inputs.template_shape import is_template
from copilot_preflight.read.document import DocumentError, parse
from copilot_preflight.resolve.value import function_of

HIDDEN: Final = "****"
"""What CloudFormation itself shows of a NoEcho parameter."""

NoEcho = frozenset[str]


def kept(command: str, body: Mapping[str, Any], no_echo: NoEcho = frozenset()) -> dict[str, Any]:
    """An answer as it is written.

    ``no_echo`` are the parameters of the stack that an answer of CloudFormation is about whose
    values nobody is to see.
    """
    plain = _plain(body)
    keep = _KEEPERS.get(command)
    return dict(_sorted(keep(plain, no_echo) if keep is not None else plain))


def text_of(data: Mapping[str, Any]) -> str:
    """Data as the AWS CLI prints it, but with its keys in order."""
    return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def template_in(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The data of the template in an answer of get-template, None where it is no template."""
    template = body.get("TemplateBody")
    if isinstance(template, str):
        try:
            template = parse(template, "TemplateBody").data
        except DocumentError:
            return None
    return template if is_template(template) else None


def no_echo_of(template: Mapping[str, Any] | None) -> NoEcho:
    """The parameters of a template whose values nobody is to see."""
    parameters = (template or {}).get("Parameters")
    return frozenset(
        name
        for name, declared in (parameters if isinstance(parameters, dict) else {}).items()
        if isinstance(declared, dict) and str(declared.get("NoEcho", "")).lower() == "true"
    )


# --- by command ----------------------------------------------------------------------------------


def _role(body: dict[str, Any], _: NoEcho) -> dict[str, Any]:
    """Without when a role was used last."""
    return {**body, "Role": _without(body.get("Role"), "RoleLastUsed")}


def _secret(body: dict[str, Any], _: NoEcho) -> dict[str, Any]:
    return _without(body, "LastAccessedDate")


def _parameters(body: dict[str, Any], _: NoEcho) -> dict[str, Any]:
    """Without who changed a parameter last."""
    found = [_without(it, "LastModifiedUser") for it in body.get("Parameters") or ()]
    return {**body, "Parameters": found}


_OF_TASK: Final = (
    "taskDefinitionArn", "family", "revision", "status", "executionRoleArn", "taskRoleArn",
    "networkMode", "requiresCompatibilities", "runtimePlatform", "volumes",
)  # fmt: skip
_OF_CONTAINER: Final = (
    "name", "image", "essential", "environmentFiles", "secrets", "repositoryCredentials",
    "mountPoints", "dependsOn",
)  # fmt: skip
_OF_SERVICE: Final = (
    "serviceArn", "serviceName", "clusterArn", "status", "taskDefinition", "launchType",
    "platformVersion", "platformFamily", "networkConfiguration", "roleArn",
    "enableExecuteCommand", "schedulingStrategy",
)  # fmt: skip
_OF_DEPLOYMENT: Final = ("status", "taskDefinition", "networkConfiguration", "platformVersion")


def _task(body: dict[str, Any], _: NoEcho) -> dict[str, Any]:
    """The roles of a task and what it reads; commands, labels and values may hold secrets."""
    task = body.get("taskDefinition") or {}
    containers = [_container(it) for it in task.get("containerDefinitions") or ()]
    return {"taskDefinition": {**_only(task, _OF_TASK), "containerDefinitions": containers}}


def _container(container: dict[str, Any]) -> dict[str, Any]:
    found = _only(container, _OF_CONTAINER)
    if "environment" in container:
        found["environment"] = [_only(it, ("name",)) for it in container["environment"] or ()]
    if "logConfiguration" in container:
        found["logConfiguration"] = _log(container["logConfiguration"])
    if "firelensConfiguration" in container:
        router = container["firelensConfiguration"]
        found["firelensConfiguration"] = _only(router, ("type",))
        options = _only(router.get("options") or {}, ("config-file-type", "config-file-value"))
        found["firelensConfiguration"]["options"] = options
    return found


def _log(configuration: dict[str, Any]) -> dict[str, Any]:
    """The options of the driver for CloudWatch; those of others may be the keys of a service."""
    options = configuration.get("options") or {}
    awslogs = {key: value for key, value in options.items() if key.startswith("awslogs-")}
    return {**_only(configuration, ("logDriver", "secretOptions")), "options": awslogs}


def _services(body: dict[str, Any], _: NoEcho) -> dict[str, Any]:
    """Without counts and events, which change by themselves."""
    services = []
    for service in body.get("services") or ():
        deployments = [_only(it, _OF_DEPLOYMENT) for it in service.get("deployments") or ()]
        services.append({**_only(service, _OF_SERVICE), "deployments": deployments})
    return {"services": services, "failures": body.get("failures", [])}


def _stacks(body: dict[str, Any], no_echo: NoEcho) -> dict[str, Any]:
    """Without the values of NoEcho parameters, and without outputs that may show them in clear.

    What a stack exports is an answer of list-exports.
    """
    return {**body, "Stacks": [_stack(it, no_echo) for it in body.get("Stacks") or ()]}


def _stack(stack: dict[str, Any], no_echo: NoEcho) -> dict[str, Any]:
    parameters = [
        _without(it, "ParameterValue", "ResolvedValue")
        if it.get("ParameterKey") in no_echo or it.get("ParameterValue") == HIDDEN
        else it
        for it in stack.get("Parameters") or ()
    ]
    found = {**_without(stack, "Outputs", "DriftInformation"), "Parameters": parameters}
    if "Outputs" in stack:
        found["Outputs"] = [
            it for it in stack["Outputs"] or () if _is_harmless(it.get("OutputValue"))
        ]
    return found


def _is_harmless(value: Any) -> bool:
    """Whether the value of an output is an ARN, which is what others need of it."""
    return isinstance(value, str) and value.startswith("arn:")


def _resources(body: dict[str, Any], _: NoEcho) -> dict[str, Any]:
    """Without drift and reasons, which change by themselves."""
    dropped = ("DriftInformation", "LastUpdatedTimestamp", "ResourceStatusReason")
    found = [_without(it, *dropped) for it in body.get("StackResourceSummaries") or ()]
    return {**body, "StackResourceSummaries": found}


def _template(body: dict[str, Any], no_echo: NoEcho) -> dict[str, Any]:
    """The template as data, so that a place in it is a line of the file.

    Defaults of NoEcho parameters and values of containers' variables are not written, but for
    references, which say where a value comes from and not what it is; nor is the metadata, where
    Copilot's manifest has the same values once more.
    """
    template = template_in(body)
    if template is None:
        return {"StagesAvailable": body.get("StagesAvailable", [])}
    cleaned = _without(template, "Metadata")
    parameters = template.get("Parameters")
    if isinstance(parameters, dict):
        cleaned["Parameters"] = {
            name: {**it, "Default": HIDDEN} if name in no_echo and "Default" in it else it
            for name, it in parameters.items()
        }
    cleaned["Resources"] = _without_values(template.get("Resources"), False)
    return {**body, "TemplateBody": cleaned}


_VARIABLES: Final = ("Environment", "EnvironmentVariables")
_REFERENCES: Final = ("Ref", "Fn::GetAtt", "Fn::ImportValue")
_NAMES: Final = ("PARAMETER_STORE", "SECRETS_MANAGER")
"""The variables of CodeBuild whose values are names of secrets."""


def _without_values(node: Any, in_variables: bool) -> Any:
    if isinstance(node, list):
        return [_without_values(it, in_variables) for it in node]
    if not isinstance(node, dict):
        return node
    cleaned = {}
    for key, value in node.items():
        if in_variables and key == "Value":
            is_name = node.get("Type") in _NAMES or function_of(value) in _REFERENCES
            cleaned[key] = value if is_name else HIDDEN
        elif in_variables and key == "Variables" and isinstance(value, dict):
            cleaned[key] = dict.fromkeys(value, HIDDEN)
        else:
            cleaned[key] = _without_values(value, in_variables or key in _VARIABLES)
    return cleaned


_KEEPERS: Final[Mapping[str, Callable[[dict[str, Any], NoEcho], dict[str, Any]]]] = {
    "iam get-role": _role,
    "secretsmanager describe-secret": _secret,
    "ssm describe-parameters": _parameters,
    "ecs describe-task-definition": _task,
    "ecs describe-services": _services,
    "cloudformation describe-stacks": _stacks,
    "cloudformation list-stack-resources": _resources,
    "cloudformation get-template": _template,
}


def _without(node: Any, *keys: str) -> dict[str, Any]:
    return {key: value for key, value in (node or {}).items() if key not in keys}


def _only(node: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: node[key] for key in keys if key in node}


# --- shape and order -----------------------------------------------------------------------------


def _plain(node: Any) -> Any:
    """With dates as the AWS CLI prints them, in UTC."""
    if isinstance(node, Mapping):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, (list, tuple)):
        return [_plain(item) for item in node]
    if isinstance(node, datetime.datetime):
        aware = node if node.tzinfo else node.replace(tzinfo=datetime.timezone.utc)
        return aware.astimezone(datetime.timezone.utc).isoformat()
    if node is None or isinstance(node, (str, bool, int, float)):
        return node
    return str(node)


_UNORDERED: Final = {
    "PolicyNames": "", "AttachedPolicies": "PolicyArn", "Tags": "Key", "TagList": "Key",
    "Exports": "Name", "VpcEndpoints": "VpcEndpointId", "RouteTables": "RouteTableId",
    "Subnets": "SubnetId", "Aliases": "AliasName",
    "StackResourceSummaries": "LogicalResourceId", "Policies": "Id", "Parameters": "ParameterKey",
    "Outputs": "OutputKey",
}  # fmt: skip
"""Lists at the top of an answer, or one below it, in an order that AWS does not promise."""


def _sorted(node: Any, depth: int = 0) -> Any:
    if not isinstance(node, dict):
        return node
    found = {}
    for key, value in node.items():
        if isinstance(value, list) and key in _UNORDERED:
            name = _UNORDERED[key]
            value = sorted(value, key=lambda it: _name_in(it, name))
        elif isinstance(value, list) and depth < 2:
            value = [_sorted(it, depth + 1) for it in value]
        elif depth < 2 and key != "TemplateBody":
            value = _sorted(value, depth + 1)
        found[key] = value
    return found


def _name_in(item: Any, name: str) -> str:
    named = item.get(name) or item.get("Name") if isinstance(item, dict) else item
    return str(named)
