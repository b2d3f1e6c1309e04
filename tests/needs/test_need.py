"""Sites and needs: what is asked for is worked out where somebody looks, and only there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from tests import stacks

from copilot_preflight.model import tasks
from copilot_preflight.model.tasks import Container, task_definitions
from copilot_preflight.needs.env_files import env_file_sites
from copilot_preflight.needs.need import Need, Site, needs_of
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View


def conditional_containers(count: int) -> Stack:
    """A task with containers, each of which is there under a condition of its own."""
    lines = ["Parameters:"]
    lines += [f"  P{n}: {{Type: String}}" for n in range(count)]
    lines += ["Conditions:"]
    lines += [f"  C{n}: !Equals [!Ref P{n}, x]" for n in range(count)]
    lines += ["Resources:", "  Task:", "    Type: AWS::ECS::TaskDefinition", "    Properties:"]
    lines += ["      ContainerDefinitions:"]
    lines += [f"        - !If [C{n}, {{Name: c{n}}}, !Ref AWS::NoValue]" for n in range(count)]
    return stacks.stack("\n".join(lines))


@pytest.mark.parametrize("count", [1, 10, 40])
def test_a_need_is_built_for_its_own_site_only(count: int) -> None:
    """Each site is built in the scenario that has it, and not in those of all the others."""
    built: list[str] = []

    def build(view: View, container: Container) -> Iterator[Need]:
        built.append(str(container))
        yield Need("test", view, container.value, str(container), "task", None, ())

    def sites(view: View) -> Iterator[Site]:
        for task in task_definitions(view):
            for container in task.containers:
                yield Site("test", container.value, partial(build, view, container))

    needs = list(needs_of(conditional_containers(count), sites))
    assert [need.subject for need in needs] == [f"container 'c{n}'" for n in range(count)]
    assert all(need.value.guard == () for need in needs)
    assert len(built) == count


def test_a_record_is_asked_for_by_its_type() -> None:
    """Another type than the source's is a mistake of the one who asks."""
    view = View(conditional_containers(1))
    ((container, *_),) = (task.containers for task in task_definitions(view))
    need = Need("test", view, container.value, "", "task", None, (), detail=container)
    assert need.about(Container) is container
    with pytest.raises(TypeError, match="a need of kind 'test' has no Stack"):
        need.about(Stack)


def conditional_files(count: int) -> Stack:
    """Tasks of one container, whose environment file is there under a condition of its own."""
    lines = ["Parameters:"]
    lines += [f"  P{n}: {{Type: String}}" for n in range(count)]
    lines += ["Conditions:"]
    lines += [f"  C{n}: !Equals [!Ref P{n}, x]" for n in range(count)]
    lines += ["Resources:"]
    for n in range(count):
        file = f"{{Type: s3, Value: 'arn:aws:s3:::bucket/{n}.env'}}"
        lines += [
            f"  Task{n}:",
            "    Type: AWS::ECS::TaskDefinition",
            "    Properties:",
            "      ContainerDefinitions:",
            f"        - Name: c{n}",
            f"          EnvironmentFiles: [!If [C{n}, {file}, !Ref AWS::NoValue]]",
        ]
    return stacks.stack("\n".join(lines))


@pytest.mark.parametrize("count", [1, 10, 40])
def test_a_task_is_read_in_its_own_scenarios_only(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And once for all of them together; not in those of the other tasks' conditions."""
    read: list[str] = []
    container = tasks._container

    def counting(value: Value) -> Container:
        read.append(str(value.path))
        return container(value)

    monkeypatch.setattr(tasks, "_container", counting)
    needs = list(needs_of(conditional_files(count), env_file_sites))
    assert [need.subject for need in needs] == [
        f"environment file of container 'c{n}'" for n in range(count)
    ]
    assert len(read) == 2 * count


def test_sites_of_one_task_are_those_that_all_have() -> None:
    view = View(conditional_files(3))
    alone = [site.key for n in range(3) for site in env_file_sites.of_task(view, f"Task{n}")]
    assert alone == [site.key for site in env_file_sites(view)]
    assert len(alone) == 3
    assert not list(env_file_sites.of_task(view, "Missing"))
