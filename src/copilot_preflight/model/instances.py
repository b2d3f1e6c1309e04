"""The role of the EC2 instances that a task is placed on.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/instance_IAM_role.html
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from copilot_preflight.base.symbolic import Text
from copilot_preflight.model.named_resources import NamedResource, resource_named
from copilot_preflight.model.roles import Role, role_named
from copilot_preflight.model.services import CAPACITY_PROVIDER, EC2, TaskRun, cluster_names, runs_of
from copilot_preflight.model.tasks import TaskDefinition
from copilot_preflight.resolve import hints as evidence
from copilot_preflight.resolve.value import Value, text_of
from copilot_preflight.resolve.view import View

_GROUP: Final = "AWS::AutoScaling::AutoScalingGroup"
_LAUNCH_TEMPLATE: Final = "AWS::EC2::LaunchTemplate"


def instance_role(view: View, task: TaskDefinition) -> Role | None:
    """The role of every instance on which a task may be placed; None where that cannot be known.

    An instance is tied to a task by the capacity provider of its Auto Scaling group. Where the
    run names the launch type alone, the group must be the only one in the files, stand next to
    the cluster, and name it in its user data, as an instance must to join it.
    """
    runs = runs_of(view, task)
    found: list[Role | None] = [
        None if group is None else _role_of(group)
        for run in runs
        for group in (_groups(view, run) if run.launch_type == EC2 else [None])
    ]
    first = found[0] if found else None
    return first if all(role == first for role in found) else None


def _groups(view: View, run: TaskRun) -> list[NamedResource | None]:
    """The Auto Scaling groups behind a run; None in the place of each that is not in the files."""
    if run.providers:
        return [_group_of(view, provider) for provider in run.providers]
    groups = list(islice(_all_groups(view), 2))  # a second one is enough to know of
    if len(groups) != 1:
        return [None]
    (group,) = groups
    beside = [
        logical_id
        for logical_id, names in cluster_names(group.view).items()
        if run.cluster in names
    ]
    joined = [
        user_data
        for data in _launch_data(group)
        for user_data in data.properties.children("UserData")
        if any(evidence.mentions(user_data.raw, logical_id) for logical_id in beside)
    ]
    return [group if len(joined) == 1 else None]


def _all_groups(view: View) -> Iterator[NamedResource]:
    for other in view.having(_GROUP):
        for _, resource in other.resources(_GROUP):
            for properties in resource.children("Properties"):
                yield NamedResource(other, properties)


def _group_of(view: View, provider: Text) -> NamedResource | None:
    found = resource_named(view, CAPACITY_PROVIDER, "Name", provider)
    if found is None:
        return None
    asked = found.properties.child("AutoScalingGroupProvider", "AutoScalingGroupArn")
    reference = None if asked is None else asked.text()
    return resource_named(found.view, _GROUP, "AutoScalingGroupName", reference)


def _launch_data(group: NamedResource) -> Iterator[NamedResource]:
    """What an instance of a group is launched with: from its launch template or configuration."""
    view, properties = group
    if any(properties.children("LaunchConfigurationName")):
        kind, key = "AWS::AutoScaling::LaunchConfiguration", "LaunchConfigurationName"
        found = resource_named(view, kind, key, text_of(properties, key))
        if found is not None:
            yield found
        return
    template = properties.child("LaunchTemplate")
    if template is None:
        mixed = properties.child("MixedInstancesPolicy", "LaunchTemplate")
        overrides = mixed.each("Overrides") if mixed else ()
        if any(item.is_opaque or "LaunchTemplateSpecification" in item.raw for item in overrides):
            return  # several templates
        template = mixed.child("LaunchTemplateSpecification") if mixed else None
    if template is None:
        return
    name = text_of(template, "LaunchTemplateId") or text_of(template, "LaunchTemplateName")
    found = resource_named(view, _LAUNCH_TEMPLATE, "LaunchTemplateName", name)
    if found is None or not _is_newest(template):
        return
    for data in found.properties.children("LaunchTemplateData"):
        yield found._replace(properties=data)


def _is_newest(template: Value) -> bool:
    """Whether the version that is asked for is certainly the one in the file."""
    version = text_of(template, "Version") or Text(())
    attribute = version.only_hole.name if version.only_hole else ""
    return version.literal == "$Latest" or attribute.endswith(".LatestVersionNumber")


def _role_of(group: NamedResource) -> Role | None:
    profiles = [
        (data, profile)
        for data in _launch_data(group)
        for profile in data.properties.children("IamInstanceProfile")
    ]
    if len(profiles) != 1:
        return None
    data, profile = profiles[0]
    if profile.guard != data.properties.guard:
        return None
    name = profile.text()
    if isinstance(profile.raw, dict) and not profile.is_opaque:  # a launch template's
        name = text_of(profile, "Arn") or text_of(profile, "Name") or Text(())
    kind = "AWS::IAM::InstanceProfile"
    found = resource_named(data.view, kind, "InstanceProfileName", name)
    if found is None:
        return None
    roles = list(found.properties.each("Roles"))  # no more than one, says IAM
    if len(roles) != 1 or roles[0].is_open or roles[0].guard != found.properties.guard:
        return None
    return role_named(found.view, roles[0].text())
