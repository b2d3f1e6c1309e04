"""A template in all its scenarios."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, Protocol, TypeVar

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam.arn import partition_of_region
from copilot_preflight.inputs.package import Manifest, Package
from copilot_preflight.inputs.parameter_files import ParameterValue
from copilot_preflight.read.document import kind_of
from copilot_preflight.resolve import hints as evidence
from copilot_preflight.resolve.functions import Resolver
from copilot_preflight.resolve.outside import Outside
from copilot_preflight.resolve.parameters import Inputs, is_placeholder
from copilot_preflight.resolve.query import Answers, Reads, drop, query
from copilot_preflight.resolve.scenario import ANY, Scenario, spelt
from copilot_preflight.resolve.template import Mentions, Template, size_of
from copilot_preflight.resolve.value import TemplateError, Value

_MAX_READ: Final = 4_000_000
"""Nodes of a template, times the scenarios in which it may be read: beyond, conditions stay open.

Copilot's own stacks come to 60,000; no limit would let conditions multiply without end.
"""

_CONDITION_WEIGHT: Final = 20
"""Nodes of a resource that are read in the time of one of a condition, which compares texts."""

ADDONS_STACK: Final = "AddonsStack"
"""The logical id under which Copilot nests a workload's addons template."""


T = TypeVar("T")


class Export(NamedTuple):
    """What the run exports under a name, None for nothing, and the templates that say so."""

    value: Text | None
    files: frozenset[str] = frozenset()


class Surroundings(Protocol):
    """What a stack asks of the `Run` that it is judged in."""

    outside: Outside
    reads: Reads
    defaulted: dict[str, set[str]]
    kinds: dict[frozenset[str], frozenset[str]]

    def is_read(self, stack: Stack) -> None: ...

    def opened(self, stack: Stack) -> frozenset[str]: ...

    def exported(self, name: Text) -> Export: ...


class Reading(NamedTuple):
    """A stack under one scenario: what reads its strings, and what was worked out so far."""

    resolver: Resolver
    answers: Answers


class Stack:
    """One template with its parameter values, read under any scenario.

    Raises TemplateError where the template has the wrong shape in a place that is read.
    """

    def __init__(
        self,
        package: Package,
        run: Surroundings,
        given: Mapping[str, Text] | None = None,
        pseudo: Mapping[str, str] | None = None,
    ) -> None:
        self.package = package
        self.run = run
        self.reads: Final = run.reads
        self.file = package.template.file
        self.pseudo = pseudo or {}
        self.answers: Answers = {}
        self._passed = given
        self._readings: dict[Scenario, Reading] = {}
        self._imported: set[str] = set()
        self._addons: Stack | None = None
        self._is_nesting = False

    @cached_property
    def data(self) -> Mapping[str, Any]:
        """The template as plain data."""
        self.run.is_read(self)
        data: Mapping[str, Any] = self.package.template.data
        return data

    @cached_property
    def partition(self) -> str | None:
        """The partition that the region or the values given tell; None where nothing does.

        Neither defaults nor ARNs of the template count: where a template is deployed, these may be
        meant for elsewhere.
        """
        known = evidence.with_partition(self.pseudo, self._values, {})
        region = known.get("AWS::Region")
        return known.get("AWS::Partition") or (partition_of_region(region) if region else None)

    def verify(self) -> None:
        """Raises TemplateError for conditions that depend on themselves or cannot be read."""
        for condition in self.data.get("Conditions") or {}:
            if not condition.startswith("Fn::"):
                self.resolver().decide(condition)

    def mentions(self, raw: Any) -> Mentions:
        """The conditions, parameters and resources of which template data speak."""
        return self._template.mentions_of(raw)

    # --- reading -----------------------------------------------------------------------------

    @cached_property
    def manifest(self) -> Manifest | None:
        return self.package.manifest

    @cached_property
    def _template(self) -> Template:
        return Template(self.file, self.data)

    @cached_property
    def _known(self) -> Mapping[str, str]:
        """The pseudo parameters that are given, or that the values given tell."""
        asked = [it.resource for it in self.run.outside.requirements if it.is_for(self.file)]
        return evidence.with_partition(self.pseudo, self._values, self.data, asked)

    @cached_property
    def _values(self) -> Mapping[str, Text]:
        """The values of parameters that are given: by a parent's template, or with the package."""
        if self._passed is not None:
            return self._passed
        return {name: Text.of(it.value) for name, it in self.package.parameters.items()}

    @cached_property
    def _shapes(self) -> Mapping[str, str]:
        return evidence.shapes(self.data)

    @cached_property
    def _inputs(self) -> Inputs:
        return Inputs(
            given=self._values,
            complete=self.package.has_parameters or self._passed is not None,
            pseudo=self._known,
            shapes=lambda: self._shapes,  # of no use where a file gives all parameters
            opened=self.run.opened(self),
            defaulted=None
            if self.package.has_parameters  # what its file leaves out has its default for certain
            else self.run.defaulted.setdefault(self.file, set()),
        )

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: it for name, it in self.__dict__.items() if name not in _WORKED_OUT}
        return {**kept, "answers": {}, "_readings": {}, "_addons": None}

    def put_down(self) -> None:
        """Keeps of the stack what it takes to read it again, and no answer."""
        self.answers.clear()
        for reading in self._readings.values():
            reading.answers.clear()  # a view in them refers to them: nobody else would notice
        self._readings.clear()
        self._addons = None
        for name in _WORKED_OUT:
            self.__dict__.pop(name, None)
        for document in (self.package.template, self.package.addons):
            if document is not None:
                document.put_down()

    def reading(self, scenario: Scenario = ANY) -> Reading:
        """The stack under a scenario; equal scenarios share what is worked out."""
        self.reads.add(self.file)
        found = self._readings.get(scenario)  # once: hashing a scenario takes its time
        if found is None:
            resolver = Resolver(self._template, self._inputs, self, scenario)
            found = self._readings[scenario] = Reading(resolver, {})
        return found

    def resolver(self, scenario: Scenario = ANY) -> Resolver:
        return self.reading(scenario).resolver

    def assumed_defaults(self) -> Iterator[str]:
        """The parameters whose defaults count as their values, as nobody gives them any.

        A parameter file is complete: CloudFormation takes the default of what it leaves out.
        """
        declared = self.data.get("Parameters")
        if self.package.has_parameters or not isinstance(declared, dict):
            return
        for name, raw in declared.items():
            default = raw.get("Default") if isinstance(raw, dict) else None
            if default is None or default == "" or isinstance(default, (dict, list)):
                continue
            if not is_placeholder(spelt(default)):
                yield name

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The types of the template's resources, under whatever conditions."""
        kinds = self.package.kinds
        if kinds is None:
            kinds = frozenset(str(raw.get("Type")) for _, raw in self.written())
        return self.run.kinds.setdefault(kinds, kinds)

    def has(self, kind: str) -> bool:
        """Whether the template has resources of a type, under whatever conditions."""
        self.reads.add(self.file)
        return kind in self.kinds

    def of_type(self, kind: str) -> Sequence[tuple[str, dict[str, Any]]]:
        """Logical ids and raw data of the resources of a type, under whatever conditions."""
        return _by_type(self).get(kind, ())

    def written(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Logical ids and raw data of the resources, without what only AWS can write out."""
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
        return [item for item in self.written() if evidence.may_attach(str(item[1].get("Type")))]

    # --- what was worked out -------------------------------------------------------------------

    @property
    def imports(self) -> frozenset[str]:
        """The other files from which values of this template came, so far."""
        return frozenset(self._imported)

    def depends_on(self, files: Collection[str]) -> bool:
        """Whether a value of this template comes from one of some other files."""
        return not self._imported.isdisjoint(files)

    def forget(self, files: frozenset[str]) -> None:
        """Drops what was worked out from some files; all of it, if values depend on them."""
        if self.file in files:
            self._readings.clear()
            self.__dict__.pop("_template", None)
            self._addons = None
        for answers in (self.answers, *(reading.answers for reading in self._readings.values())):
            drop(answers, files)
        if self._addons is not None:
            self._addons.forget(files)

    def given(self, parameter: str) -> ParameterValue | None:
        """The value that was provided for a parameter, with its place."""
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

    @property
    def scenarios(self) -> int:
        """In how many scenarios the template has been read so far."""
        return len(self._readings)

    @cached_property
    def may_split(self) -> int:
        """In how many scenarios the template may be read; beyond, conditions stay open."""
        conditions = _CONDITION_WEIGHT * size_of(self.data.get("Conditions"))
        return min(max(32, _MAX_READ // (conditions + size_of(self.data.get("Resources")))), 400)

    # --- other stacks ------------------------------------------------------------------------

    def exported(self, name: Text) -> Text | None:
        """The value that a stack of the run exports under a name."""
        found = self.run.exported(name)
        self._imported.update(found.files)
        self.reads.update(found.files)
        if not found.files:
            return self.run.outside.exported(name, self.pseudo)
        return found.value

    def nested_output(self, logical_id: str, output: str) -> Text | None:
        addons = self.package.addons
        if logical_id != ADDONS_STACK or addons is None or self._is_nesting:
            return None  # also where the parameters of a stack take what the stack itself returns
        self._imported.add(addons.file)
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
            asks = any(it.is_for(self.file) for it in self.run.outside.requirements)
            deployed = self._known if asks else self.pseudo
            self._addons = Stack(Package(template), self.run, given, deployed)
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


_WORKED_OUT: Final = (
    "data",
    "manifest",
    "partition",
    "unwritten",
    "may_split",
    "_inputs",
    "_known",
    "_receivers",
    "_shapes",
    "_template",
    "_values",
)


@query
def _by_type(stack: Stack) -> Mapping[str, list[tuple[str, dict[str, Any]]]]:
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    stack.reads.add(stack.file)
    for logical_id, raw in stack.written():
        found.setdefault(str(raw.get("Type")), []).append((logical_id, raw))
    return found


def noted(stack: Stack, ask: Callable[[Stack], T]) -> T:
    """What a stack of the run is asked for an index: to have noted it is not to have read it."""
    stack.reads.begin()
    try:
        return ask(stack)
    finally:
        stack.reads.end_without(stack.file)
