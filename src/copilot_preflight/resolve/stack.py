"""A template in all its scenarios, and the run of templates that it is judged among."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, TypeVar, cast

from copilot_preflight.base.symbolic import Text
from copilot_preflight.inputs.package import Package
from copilot_preflight.inputs.parameter_files import ParameterValue
from copilot_preflight.read.document import kind_of
from copilot_preflight.resolve import hints as evidence
from copilot_preflight.resolve.functions import Resolver
from copilot_preflight.resolve.outside import NOTHING, Outside
from copilot_preflight.resolve.parameters import Inputs
from copilot_preflight.resolve.scenario import ANY, Scenario
from copilot_preflight.resolve.template import Template
from copilot_preflight.resolve.value import Guard, TemplateError, Value

T = TypeVar("T")

_MAX_READ: Final = 4_000_000
"""Nodes of a template, times the scenarios in which it may be read: beyond, conditions stay open.

Copilot's own stacks come to 30,000; no limit would let conditions multiply without end.
"""

_MISSING: Final = object()

ADDONS_STACK: Final = "AddonsStack"
"""The logical id under which Copilot nests a workload's addons template."""


class Stack:
    """One template with its parameter values, read under any scenario.

    Raises TemplateError where the template has the wrong shape in a place that is read.
    """

    def __init__(
        self,
        package: Package,
        run: Run,
        given: Mapping[str, Text] | None = None,
        pseudo: Mapping[str, str] | None = None,
    ) -> None:
        self.package = package
        self.run = run
        self.file = package.template.file
        self.data: Mapping[str, Any] = package.template.data
        values = {name: Text.of(value.value) for name, value in package.parameters.items()}
        required = [it.resource for it in run.outside.requirements if it.is_for(self.file)]
        known = evidence.with_partition(pseudo or {}, values, self.data, required)
        self._handed_down = known if required else pseudo
        self._inputs = Inputs(
            given=values if given is None else given,
            complete=package.has_parameters or given is not None,
            pseudo=known,
            shapes=evidence.shapes(self.data),
        )
        self._resolvers: dict[Scenario, Resolver] = {}
        self._memo: dict[Hashable, Any] = {}
        self._addons: Stack | None = None
        self._is_nesting = False

    def verify(self) -> None:
        """Raises TemplateError for conditions that depend on themselves or cannot be read."""
        for condition in self.data.get("Conditions") or {}:
            if not condition.startswith("Fn::"):
                self.resolver().decide(condition)

    # --- reading -----------------------------------------------------------------------------

    @cached_property
    def _template(self) -> Template:
        return Template(self.file, self.data)

    def resolver(self, scenario: Scenario = ANY) -> Resolver:
        found = self._resolvers.get(scenario)
        if found is None:
            found = Resolver(self._template, self._inputs, self, scenario)
            self._resolvers[scenario] = found
        return found

    def resources(self, kind: str, scenario: Scenario = ANY) -> Iterator[tuple[str, Value]]:
        """Logical ids and resources of a type that are there, or may be there, in a scenario."""
        resolver = self.resolver(scenario)
        for logical_id, raw in self._by_type().get(kind, ()):
            condition = raw.get("Condition")
            guard: Guard = ()
            if isinstance(condition, str):
                outcome = resolver.decide(condition)
                if outcome is False:
                    continue
                guard = () if outcome else ((condition, True),)
            yield logical_id, Value(resolver, raw, ("Resources", logical_id), guard)

    def has(self, kind: str) -> bool:
        """Whether the template has resources of a type, under whatever conditions."""
        return kind in self._by_type()

    def keys_of(self, kind: str) -> frozenset[str]:
        """Every key that stands anywhere in the resources of a type."""
        return self.memo(
            ("keys of", kind),
            lambda: frozenset(_keys([raw for _, raw in self._by_type().get(kind, ())])),
        )

    def _by_type(self) -> Mapping[str, list[tuple[str, dict[str, Any]]]]:
        def build() -> dict[str, list[tuple[str, dict[str, Any]]]]:
            found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
            for logical_id, raw in self._resources():
                found.setdefault(str(raw.get("Type")), []).append((logical_id, raw))
            return found

        return self.memo("by type", build)

    def _resources(self) -> Iterator[tuple[str, dict[str, Any]]]:
        resources = self.data.get("Resources")
        if resources is not None and not isinstance(resources, dict):
            message = f"Resources must be a map, found {kind_of(resources)}"
            raise TemplateError(self.file, ("Resources",), message)
        for logical_id, raw in (resources or {}).items():
            if logical_id.startswith("Fn::"):
                continue  # Fn::ForEach, Fn::Transform: resources that only AWS can write out
            if not isinstance(raw, dict):
                message = f"a resource must be a map, found {kind_of(raw)}"
                raise TemplateError(self.file, ("Resources", logical_id), message)
            yield logical_id, raw

    @cached_property
    def unwritten(self) -> tuple[str, ...]:
        """What only AWS can write out, and may add anything to any resource: macros and loops."""
        return tuple(evidence.unwritten(self.data))

    def receivers_of(self, logical_id: str) -> tuple[str, ...]:
        """The resources that are handed a role and may attach policies to it, out of our sight."""
        return tuple(
            receiver
            for receiver, raw in self._receivers
            if not (receiver == ADDONS_STACK and self.package.addons is not None)
            if evidence.mentions(raw.get("Properties"), logical_id)
        )

    @cached_property
    def _receivers(self) -> list[tuple[str, dict[str, Any]]]:
        return [item for item in self._resources() if evidence.may_attach(str(item[1].get("Type")))]

    def memo(self, key: Hashable, build: Callable[[], T]) -> T:
        """What was built for a key before, else what is built now."""
        found = self._memo.get(key, _MISSING)  # once: hashing a scenario takes its time
        if found is _MISSING:
            found = self._memo[key] = build()
        return cast("T", found)

    def given(self, parameter: str) -> ParameterValue | None:
        """The value that was handed over for a parameter, with its place."""
        return self.package.parameters.get(parameter)

    def declares(self, parameter: str) -> bool:
        declared = self.data.get("Parameters")
        return isinstance(declared, dict) and parameter in declared

    @property
    def environment(self) -> str:
        """The name of the Copilot environment, ``""`` where it is not known."""
        if not self.declares("EnvName"):
            return ""
        return self.resolver().parameter("EnvName").literal or ""

    @property
    def workload(self) -> str:
        """The name of the Copilot workload, ``""`` for other stacks and unknown names.

        Source: the parameters that every workload template of Copilot declares.
        """
        if not (self.declares("WorkloadName") and self.declares("EnvName")):
            return ""
        return self.resolver().parameter("WorkloadName").literal or ""

    # --- scenarios ---------------------------------------------------------------------------

    @property
    def scenarios(self) -> int:
        """In how many scenarios the template has been read so far."""
        return len(self._resolvers)

    def settle(self, scenario: Scenario, condition: str) -> list[Scenario]:
        """The ways to go on from a scenario so that a condition is decided.

        The scenario itself, where it is decided already or must stay open.
        """
        resolver = self.resolver(scenario)
        if scenario.every_branch or resolver.decide(condition) is not None:
            return [scenario]
        if len(self._resolvers) >= self._max_scenarios:
            return [scenario]
        leaves: list[Scenario] = []
        for finer in resolver.alternatives(scenario, condition):
            for leaf in self.settle(finer, condition):
                outcome = self.resolver(leaf).decide(condition)
                leaves.append(leaf if outcome is None else leaf.deciding(condition, outcome))
        return [leaf for leaf in leaves if self._is_possible(leaf)]

    def _is_possible(self, scenario: Scenario) -> bool:
        """Whether what was chosen last agrees with what was decided before."""
        resolver = self.resolver(scenario)
        return all(resolver.decide(name) in (None, outcome) for name, outcome in scenario.decisions)

    @cached_property
    def _max_scenarios(self) -> int:
        return min(max(32, _MAX_READ // _size(self.data.get("Resources"))), 400)

    def where(self, guard: Guard, scenario: Scenario = ANY) -> list[Scenario]:
        """The scenarios, no finer than needed, in which every condition of a guard may hold."""
        leaves = [scenario]
        for condition, outcome in guard:
            leaves = [
                leaf
                for start in leaves
                for leaf in self.settle(start, condition)
                if self.resolver(leaf).decide(condition) in (outcome, None)
            ]
        return leaves

    # --- other stacks ------------------------------------------------------------------------

    def exported(self, name: Text) -> Text | None:
        return self.run.exported(name)

    def nested_output(self, logical_id: str, output: str) -> Text | None:
        addons = self.package.addons
        if logical_id != ADDONS_STACK or addons is None or self._is_nesting:
            return None  # also where the parameters of a stack take what the stack itself returns
        return self.addons(addons).output(output)

    def addons(self, template: Any) -> Stack:
        """The nested addons stack, with the parameter values that this template passes to it."""
        if self._addons is None:
            raw = self.data.get("Resources", {}).get(ADDONS_STACK)
            path = ("Resources", ADDONS_STACK)
            nested = Value(self.resolver(), raw, path) if isinstance(raw, dict) else None
            self._is_nesting = True
            try:
                parameters = nested and nested.child("Properties", "Parameters")
                passed = parameters.items() if parameters else ()
                given = {name: value.text() for name, value in passed}
            finally:
                self._is_nesting = False
            # What is nested is deployed where its parent is.
            self._addons = Stack(Package(template), self.run, given, self._handed_down)
        return self._addons

    def with_addons(self) -> Sequence[Stack]:
        """The stack, and its addons if it has any."""
        addons = self.package.addons
        return (self,) if addons is None else (self, self.addons(addons))

    def output(self, name: str) -> Text | None:
        """The value of an output, None where there is no such output."""
        outputs = self.data.get("Outputs")
        raw = outputs.get(name) if isinstance(outputs, dict) else None
        if not isinstance(raw, dict) or "Value" not in raw:
            return None
        return self.resolver().text(raw["Value"], ("Outputs", name, "Value"))

    def exports(self) -> Iterator[tuple[str, str]]:
        """(export name, output) of every output whose export name is wholly known."""
        outputs = self.data.get("Outputs")
        for name, raw in (outputs if isinstance(outputs, dict) else {}).items():
            export = raw.get("Export") if isinstance(raw, dict) else None
            if isinstance(export, dict) and "Name" in export:
                path = ("Outputs", name, "Export", "Name")
                known = self.resolver().text(export["Name"], path).literal
                if known is not None:
                    yield known, name


class Run:
    """The stacks that are checked together: what one imports, another may export.

    ``handed`` is what the user tells of things outside the run.
    """

    def __init__(self, outside: Outside = NOTHING) -> None:
        self.stacks: list[Stack] = []
        self.outside = outside
        self._exports: dict[str, list[tuple[Stack, str]]] | None = None
        self._exported: dict[str, Text | None] = {}
        self._resolving: set[str] = set()
        self._has: dict[str, bool] = {}
        self._around: dict[Stack, Sequence[Stack]] = {}
        self._memo: dict[Hashable, Any] = {}

    def add(self, package: Package, pseudo: Mapping[str, str] | None = None) -> Stack:
        stack = Stack(package, self, pseudo=pseudo)
        self.stacks.append(stack)
        self._forget()
        return stack

    def has(self, kind: str) -> bool:
        """Whether a template of the run, or its addons, has resources of a type."""
        if kind not in self._has:
            self._has[kind] = any(
                other.has(kind) for stack in self.stacks for other in stack.with_addons()
            )
        return self._has[kind]

    def leave_out(self, file: str) -> None:
        """Goes on as if a template, which turned out broken, were not in the run."""
        self.stacks = [stack for stack in self.stacks if stack.file != file]
        for stack in self.stacks:
            if stack.package.addons is not None and stack.package.addons.file == file:
                stack.package = stack.package._replace(addons=None)
        self._forget()

    def _forget(self) -> None:
        """Drops what was worked out from all stacks together: they are others now."""
        self._exports = None
        self._exported.clear()
        self._has.clear()
        self._around.clear()
        self._memo.clear()

    def memo(self, key: Hashable, build: Callable[[], T]) -> T:
        """What was built for a key from all stacks together, else what is built now."""
        if key not in self._memo:
            self._memo[key] = build()
        return cast("T", self._memo[key])

    def around(self, stack: Stack) -> Sequence[Stack]:
        """A stack, then its addons, then the others of the run."""
        if stack not in self._around:
            others = (other for other in self.stacks if other is not stack)
            self._around[stack] = (*stack.with_addons(), *others)
        return self._around[stack]

    def exported(self, name: Text) -> Text | None:
        """The value that a stack of the run exports under a name."""
        known = name.literal
        if known is None or known in self._resolving:
            return None
        if known not in self._exported:
            self._exported[known] = self._export(known)
        return self._exported[known]

    def _export(self, known: str) -> Text | None:
        self._resolving.add(known)
        try:
            if self._exports is None:
                self._exports = {}
                for stack in self.stacks:
                    for export, output in stack.exports():
                        self._exports.setdefault(export, []).append((stack, output))
            found = self._exports.get(known, [])
            # Two stacks of a region cannot export one name: these are of two deployments.
            return found[0][0].output(found[0][1]) if len(found) == 1 else None
        finally:
            self._resolving.discard(known)


def _keys(data: Any) -> Iterator[str]:
    pending = [data]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            yield from node
            pending += node.values()
        elif isinstance(node, list):
            pending += node


def _size(data: Any) -> int:
    """How many nodes data have."""
    size, pending = 0, [data]
    while pending:
        node = pending.pop()
        size += 1
        pending += (
            node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        )
    return size
