"""Sites and needs: what is asked for is worked out where somebody looks, and only there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from tests import stacks

from copilot_preflight.model.tasks import Container, task_definitions
from copilot_preflight.needs.need import Need, Site, needs_of
from copilot_preflight.resolve.stack import Stack
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
