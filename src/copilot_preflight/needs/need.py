"""A need: something of a template that works only if a role is allowed certain AWS calls.

Sources (environment files, secrets, images, artifact stores …) tell what a template needs in one
scenario; here their needs meet the scenarios that matter and the roles that they name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import update_wrapper
from types import MappingProxyType
from typing import TypeVar

from copilot_preflight.base.finding import DataPath, Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam.policy import Fact
from copilot_preflight.model.roles import Role, role_named
from copilot_preflight.model.tasks import TaskDefinition, task_definitions, task_definitions_of
from copilot_preflight.resolve.query import query
from copilot_preflight.resolve.scenario import ANY
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View

T = TypeVar("T")


Key = tuple[str, DataPath, str]
"""What a need, or the site that asks for it, has in common with itself in another scenario."""


class NeededCall(NamedTuple):
    """One AWS call of a need; ``because`` says who makes it, with the AWS page that demands it.

    ``context`` are the condition keys of this call beyond those of every call. ``is_optional``: it
    is documented, but work goes on without it. ``doubts`` are facts without which it is not certain
    that the call is made at all, or on this resource: a denial then proves nothing, unless the call
    that is made instead, ``alternative``, is denied too. ``evidence`` are condition keys that are
    as good as certain: an answer that rests on them may allow the call, but never deny it.
    """

    action: str
    resource: Text
    because: str
    context: Mapping[str, tuple[Text, ...]] = MappingProxyType({})
    is_optional: bool = False
    doubts: tuple[Fact, ...] = ()
    alternative: NeededCall | None = None
    evidence: Mapping[str, tuple[Text, ...]] = MappingProxyType({})


class Need(NamedTuple):
    """What must be allowed, and to whom.

    ``kind`` is a stable slug (``"env-file"``) by which rules choose; ``value`` is the node that
    asks, ``subject`` how a message names it (``"environment file of container 'web'"``). ``user``
    is what the role is for whoever uses it (``"execution"``, ``"task"``, ``"instance"`` …), as in
    "execution role 'X'"; ``role_value`` is the node that names the role, None where there is none,
    which is a defect if ``needs_role``. A source leaves ``role`` out, unless only it can tell.
    ``is_anonymous``: the calls are made without credentials, whatever role the task has; ``role``
    is then one without policies. ``undecided`` is an open condition that must be decided before the
    asks are certain.
    ``is_copilots``: what is asked for lies in the bucket, under the key or in the repository that
    Copilot makes for an application, whose policies are known to leave access to IAM.
    ``detail`` is a record of what else the source knows, for its own rules: see `about`. ``name``
    tells needs apart that are of one kind and stand at one node.
    """

    kind: str
    view: View
    value: Value
    subject: str
    user: str
    role_value: Value | None
    calls: tuple[NeededCall, ...]
    task: TaskDefinition | None = None
    role: Role | None = None
    needs_role: bool = True
    undecided: str = ""
    is_copilots: bool = False
    detail: object = None
    source: Source | None = None
    name: str = ""
    is_anonymous: bool = False

    @property
    def key(self) -> Key:
        """What a need has in common with itself in another scenario."""
        return self.kind, self.value.path, self.name

    @property
    def place(self) -> Place:
        return self.value.place

    def about(self, record: type[T]) -> T:
        """The ``detail``, of a need whose source has records of that type. Raises TypeError."""
        if not isinstance(self.detail, record):
            raise TypeError(f"a need of kind '{self.kind}' has no {record.__name__}")
        return self.detail


class Site(NamedTuple):
    """A node that asks for something; what it needs is worked out for the sites that are looked at.

    ``kind`` and ``name`` are those of the needs that ``build`` gives: none where nothing is asked
    for after all.
    """

    kind: str
    value: Value
    build: Callable[[], Iterable[Need]]
    name: str = ""

    @property
    def key(self) -> Key:
        """What a site has in common with itself in another scenario, and with its needs."""
        return self.kind, self.value.path, self.name


Source = Callable[[View], Iterator[Site]]
"""Gives the sites of one kind, or of a few, in a template, as one scenario shows them."""


class SitesOfTasks:
    """A source whose sites stand in task definitions, as a decorator of what reads some of them.

    So those in one task can be asked for alone: a template with a hundred conditions has as many
    scenarios, and all of its tasks would be read in each for the sake of one.
    """

    def __init__(self, sites: Callable[[View, Iterable[TaskDefinition]], Iterator[Site]]) -> None:
        self._sites = sites
        update_wrapper(self, sites)

    def __call__(self, view: View) -> Iterator[Site]:
        return self._sites(view, task_definitions(view))

    def of_task(self, view: View, logical_id: str) -> Iterator[Site]:
        """The sites in one task definition, and perhaps those of the template outside of any."""
        return self._sites(view, task_definitions_of(view, logical_id))


def needs_of(stack: Stack, source: Source) -> Iterator[Need]:
    """The needs of a source in every scenario that has them, no finer than needed."""
    anyhow = View(stack)
    for key, sites in _sites(anyhow, source).items():
        for view in anyhow.where(sites[0].value.guard):
            yield from needs_at(view, source, key)


def needs_at(view: View, source: Source, key: Key) -> Iterator[Need]:
    """The needs with a key, in a scenario or in the finer ones that decide what they ask."""
    for need in _needs(view, source, key):
        condition = _open_condition(need)
        if condition is None:
            yield need
            continue
        for leaf in view.settle(condition):
            if leaf != view:  # else the condition stays open
                yield from needs_at(leaf, source, key)
        return


def needs_seen(view: View, source: Source) -> Iterator[Need]:
    """The needs of a source as one scenario shows them, with what is open left open."""
    for key in _sites(view, source):
        yield from _needs(view, source, key)


@query
def _sites(view: View, source: Source) -> Mapping[Key, tuple[Site, ...]]:
    return _by_key(source(view))


@query
def _sites_of_task(view: View, source: SitesOfTasks, task: str) -> Mapping[Key, tuple[Site, ...]]:
    return _by_key(source.of_task(view, task))


def _by_key(sites: Iterable[Site]) -> Mapping[Key, tuple[Site, ...]]:
    found: dict[Key, list[Site]] = {}
    for site in sites:
        found.setdefault(site.key, []).append(site)
    return {key: tuple(alike) for key, alike in found.items()}


def _sites_with(view: View, source: Source, key: Key) -> tuple[Site, ...]:
    path = key[1]
    # All sites are read in the scenario that decides nothing, whose answer is there already.
    if view.scenario != ANY and isinstance(source, SitesOfTasks) and len(path) > 1:
        found = _sites_of_task(view, source, str(path[1])).get(key)
        if found is not None:
            return found
    return _sites(view, source).get(key, ())


@query
def _needs(view: View, source: Source, key: Key) -> tuple[Need, ...]:
    sites = _sites_with(view, source, key)
    return tuple(_with_role(need, source) for site in sites for need in site.build())


def _with_role(need: Need, source: Source) -> Need:
    role = need.role
    if role is None and need.role_value is not None:
        role = role_named(need.view, need.role_value.text())
    return need._replace(role=role, source=source)


def _open_condition(need: Need) -> str | None:
    """A condition on which it depends what is asked, or of whom."""
    value = need.role_value
    if value is not None and value.guard:
        return value.guard[0][0]
    texts = [needed.resource for needed in need.calls]
    if value is not None:
        texts.append(value.text())
    names = [need.undecided, *(hole.condition for text in texts for hole in text.holes)]
    resolver = need.view.resolver
    return next((name for name in names if name and resolver.decide(name) is None), None)
