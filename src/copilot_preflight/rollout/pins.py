"""What goes on starting an old revision: launches that are pinned to it by its number.

A rule, a schedule, a pipe or a state machine that names a revision runs that one for ever, whatever
has been registered since.
Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
(``taskDefinition``)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from copilot_preflight.base.finding import Place
from copilot_preflight.base.symbolic import Text, match
from copilot_preflight.iam import arn
from copilot_preflight.model.launchers import KINDS, launches
from copilot_preflight.model.tasks import TaskDefinition
from copilot_preflight.resolve.view import View


class Pin(NamedTuple):
    """A launch of a release that names a revision of a task definition.

    ``launcher`` is what a message calls it. ``is_certain``: the revision is the one of the release
    before, which only an answer of the account can tell.
    """

    launcher: str
    place: Place
    revision: str
    is_certain: bool


def pins_on(before: View, after: View, task: TaskDefinition) -> tuple[Pin, ...]:
    """The launches that a new release has, in any template, of revisions of an old task's family.

    There are none where the family is not known in full.
    """
    return tuple(_pins(before, after, task))


def _pins(before: View, after: View, task: TaskDefinition) -> Iterator[Pin]:
    own = arn.parse(before.ref(task.logical_id, task.value))
    family = None if own is None else own.resource.split(":", 1).items[0].literal
    if own is None or family is None:
        return
    pinned = re.compile(f"{re.escape(family)}:([0-9]+)")
    registered = task.value.literal("Properties", "Revision")
    for view in after.having(*KINDS):
        for launch in launches(view):
            named = arn.parse(launch.task)
            resource = Text.of("task-definition/", launch.task) if named is None else named.resource
            found = pinned.fullmatch(resource.literal or "")
            is_elsewhere = named is not None and match(named.account, own.account) is False
            if found and not is_elsewhere:
                number = found[1]
                yield Pin(str(launch), launch.value.place, number, number == registered)
