"""A view: one stack under one scenario, and from there the other stacks of the run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from typing import Any, Final, Generic, TypeVar

from copilot_preflight.base.finding import DataPath
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.resolve import indexes
from copilot_preflight.resolve.functions import Resolver
from copilot_preflight.resolve.query import Answers, Reads, query
from copilot_preflight.resolve.run import Run, run_of
from copilot_preflight.resolve.scenario import ANY, Scenario
from copilot_preflight.resolve.stack import Stack, noted
from copilot_preflight.resolve.template import Mentions
from copilot_preflight.resolve.value import Guard, Value

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Index(Generic[K, T]):
    """A query that gives what a view has by some key; nothing without resources of some types.

    Other templates are found by the keys that they have with nothing chosen. What may be meant by
    several keys is kept under `OPEN` too, which is then to be asked for as well.
    """

    def __init__(self, kinds: tuple[str, ...], compute: Callable[[View], Mapping[K, T]]) -> None:
        self.kinds = kinds
        self._ask = query(compute)

    def __call__(self, view: View) -> Mapping[K, T]:
        return self._ask(view)


def index_of(*kinds: str) -> Callable[[Callable[[View], Mapping[K, T]]], Index[K, T]]:
    """Makes an index of a function of a view, for templates with resources of some types."""

    def make(compute: Callable[[View], Mapping[K, T]]) -> Index[K, T]:
        return Index(kinds, compute)

    return make


OPEN: Final = "\0open"
"""The key of what may be what somebody names by another text."""


class View:
    """One stack as one scenario shows it.

    Views of one stack are equal where their scenarios are. `query` keeps answers about a view.
    """

    __slots__ = ("answers", "reads", "resolver", "scenario", "stack")

    def __init__(self, stack: Stack, scenario: Scenario = ANY) -> None:
        reading = stack.reading(scenario)
        self.stack: Final = stack
        self.scenario: Final = scenario
        self.resolver: Final[Resolver] = reading.resolver
        self.answers: Final[Answers] = reading.answers
        self.reads: Final[Reads] = stack.reads

    def __eq__(self, other: object) -> bool:
        return isinstance(other, View) and self.answers is other.answers

    def __hash__(self) -> int:
        return id(self.answers)

    def __repr__(self) -> str:
        return f"View({self.stack.file!r}, {str(self.scenario)!r})"

    @property
    def run(self) -> Run:
        return run_of(self.stack)

    @property
    def file(self) -> str:
        """The path of the stack's template, as shown to the user."""
        return self.stack.file

    # --- other views -------------------------------------------------------------------------

    def at(self, scenario: Scenario) -> View:
        """The same stack under another scenario."""
        return View(self.stack, scenario)

    def of(self, other: Stack) -> View:
        """A stack of the run next to this view: only the view's own stack has its scenario."""
        return self if other is self.stack else View(other)

    def with_addons(self) -> Iterator[View]:
        """This view, and that of the stack's addons if it has any."""
        return map(self.of, self.stack.with_addons())

    def of_file(self, file: str) -> Iterator[View]:
        """Of the views around, those of one template: an addons template may be there twice."""
        yield from (own for own in self.with_addons() if own.file == file)
        yield from (View(it) for it in indexes.of_file(self.run, file) if it is not self.stack)

    def having(self, *kinds: str) -> Iterator[View]:
        """Of the views around, those whose templates have resources of one of some types."""
        for own in self.with_addons():
            if any(map(own.stack.has, kinds)):
                yield own
        yield from (View(it) for it in indexes.having(self.run, kinds) if it is not self.stack)

    def holding(self, index: Index[K, T], keys: Collection[K]) -> Iterator[View]:
        """This view and its addons, then those around that have one of some keys in an index."""
        yield from self.with_addons()
        if self.run.has_one:
            return
        others = _stacks_by_key(self.run, index)
        found = {number: it for key in keys for number, it in others.get(key, ())}
        for number in sorted(found):
            if found[number] is not self.stack and self.run.has(found[number]):
                yield View(found[number])

    def lookup(self, index: Index[K, T], key: K) -> T | None:
        """What stands under a key: in this view, in its addons, else in another stack."""
        for other in self.holding(index, (key,)):
            if (found := index(other).get(key)) is not None:
                return found
        return None

    # --- scenarios ---------------------------------------------------------------------------

    def settle(self, condition: str) -> list[View]:
        """The ways to go on so that a condition is decided.

        This very view, where the condition is decided already or must stay open.
        """
        if self.scenario.every_branch or self.decide(condition) is not None:
            return [self]
        if self.stack.scenarios >= self.stack.may_split:
            return [self]
        leaves: list[View] = []
        for scenario in self.resolver.alternatives(self.scenario, condition):
            for leaf in self.at(scenario).settle(condition):
                outcome = leaf.decide(condition)
                leaves.append(leaf if outcome is None else leaf._deciding(condition, outcome))
        return [leaf for leaf in leaves if leaf._is_possible()]

    def _deciding(self, condition: str, outcome: bool) -> View:
        return self.at(self.scenario.deciding(condition, outcome))

    def _is_possible(self) -> bool:
        """Whether what was chosen last agrees with what was decided before."""
        return all(
            self.decide(name) in (None, outcome) for name, outcome in self.scenario.decisions
        )

    def choosing(self, values: Mapping[str, str]) -> View | None:
        """This view where parameters have some values; None where it knows them to have others."""
        scenario = self.scenario
        for name, value in values.items():
            scenario = scenario.choosing(name, Text.of(value), self.file)
        leaf = self.at(scenario)
        return leaf if scenario.is_possible and leaf._is_possible() else None

    def where(self, guard: Guard) -> list[View]:
        """The views, no finer than needed, in which every condition of a guard may hold."""
        leaves = [self]
        for condition, outcome in guard:
            leaves = [
                leaf
                for start in leaves
                for leaf in start.settle(condition)
                if leaf.decide(condition) in (outcome, None)
            ]
        return leaves

    # --- reading -----------------------------------------------------------------------------

    def resources(self, kind: str) -> Iterator[tuple[str, Value]]:
        """Logical ids and resources of a type that are there, or may be there."""
        for logical_id, raw in self.stack.of_type(kind):
            resource = self.resource(logical_id, raw)
            if resource is not None:
                yield logical_id, resource

    def resource(self, logical_id: str, raw: dict[str, Any]) -> Value | None:
        """A resource of the template, None where it is certainly not there."""
        condition = raw.get("Condition")
        guard: Guard = ()
        if isinstance(condition, str):
            outcome = self.decide(condition)
            if outcome is False:
                return None
            guard = () if outcome else ((condition, True),)
        return Value(self.resolver, raw, ("Resources", logical_id), guard)

    def text(self, raw: Any, path: DataPath) -> Text:
        """The string that raw template data stand for."""
        return self.resolver.text(raw, path)

    def ref(self, logical_id: str, resource: Value) -> Text:
        """What ``Ref`` returns for a resource."""
        return self.resolver.text({"Ref": logical_id}, resource.path)

    def attribute(self, logical_id: str, name: str, resource: Value) -> Text:
        """What ``Fn::GetAtt`` returns for a resource."""
        return self.resolver.text({"Fn::GetAtt": [logical_id, name]}, resource.path)

    def pseudo(self, name: str) -> Text:
        """A pseudo parameter, such as ``AWS::Region``."""
        return self.resolver.pseudo(name)

    def own_arn(self, service: str, *resource: str | Hole | Text) -> Text:
        """An ARN of a service in the stack's own region and account."""
        region, account = self.pseudo("AWS::Region"), self.pseudo("AWS::AccountId")
        partition = self.pseudo("AWS::Partition")
        return Text.of("arn:", partition, f":{service}:", region, ":", account, ":", *resource)

    def reads_alike(self, mentions: Mentions) -> bool:
        """Whether what speaks of no more than that is the same with nothing chosen."""
        scenario = self.scenario
        is_free = not mentions.conditions and not scenario.choices(mentions.names)
        return is_free and not scenario.every_branch

    def decide(self, condition: str) -> bool | None:
        """The outcome of a condition, None where it is open."""
        return self.resolver.decide(condition)


@query
def _stacks_by_key(run: Run, index: Index[Any, Any]) -> Mapping[Any, list[tuple[int, Stack]]]:
    """The stacks of a run, numbered, by what an index of each of them has."""

    def keys(stack: Stack) -> Collection[Any]:
        return index(View(stack))

    found: dict[Any, list[tuple[int, Stack]]] = {}
    for number, stack in enumerate(indexes.having(run, index.kinds)):
        for key in noted(stack, keys):
            found.setdefault(key, []).append((number, stack))
    return found
