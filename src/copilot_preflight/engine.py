"""The pipeline: paths -> packages -> analyses -> findings -> report."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from copilot_preflight import anatomy, document
from copilot_preflight.analysis import Analysis
from copilot_preflight.cursor import TemplateError
from copilot_preflight.discovery import Discovery, Found
from copilot_preflight.document import Document, DocumentError
from copilot_preflight.finding import Finding, InputError, Position, Report, Severity
from copilot_preflight.handed import NOTHING, Handed
from copilot_preflight.package import Loader, ParameterValue, parameter_values
from copilot_preflight.rule import Listed, Rule
from copilot_preflight.stack import Run, Stack
from copilot_preflight_rules import CATALOGUE

ISSUES: Final = "https://github.com/copilot-preflight/copilot-preflight/issues"


class Options(NamedTuple):
    """What the user asks for. ``pseudo`` are values of pseudo parameters by their full name.

    ``policies`` are names or ARNs with the file of the policy; ``scps`` and ``rcps`` are the files
    of each level of the organization.
    """

    rules: Sequence[Rule | Listed] = CATALOGUE
    info: bool = False
    params: Sequence[Path] = ()
    parameters: Mapping[str, str] = MappingProxyType({})
    pseudo: Mapping[str, str] = MappingProxyType({})
    policies: Sequence[tuple[str, Path]] = ()
    scps: Sequence[Sequence[Path]] = ()
    rcps: Sequence[Sequence[Path]] = ()

    @property
    def files(self) -> Iterator[Path]:
        """The files that are named by options."""
        yield from self.params
        yield from (path for _, path in self.policies)
        for level in (*self.scps, *self.rcps):
            yield from level


class InternalFault(Exception):
    """A fault of ours; ``str()`` is one line that names the rule, the fault and its place."""


def check(paths: Iterable[str], options: Options | None = None) -> Report:
    """Checks files, folders and standard input (``"-"``) together, as one run.

    What cannot be read or judged is an error of the report and leaves the rest of the run alone.
    """
    return _Check(options or Options()).run(paths)


def findings_of(stack: Stack, rules: Iterable[Rule | Listed]) -> Iterator[Finding]:
    """What some rules find in one template, each finding once.

    Raises TemplateError and, for whatever else goes wrong, InternalFault.
    """
    analysis = Analysis(stack)
    seen = set()
    for rule in rules:
        try:
            found = list(rule(analysis))
        except TemplateError:
            raise
        except RecursionError:
            message = "values refer to each other too deeply to be followed, or in a circle"
            raise TemplateError(stack.file, (), message) from None
        except Exception as fault:
            raise InternalFault(_told(rule, fault)) from fault
        for finding in found:
            key = (finding.rule, finding.at, finding.message)
            if key not in seen:
                seen.add(key)
                yield finding


def _told(rule: Rule | Listed, fault: Exception) -> str:
    """A fault as a report of it needs it, in one line."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
    what = " ".join(f"{type(fault).__name__}: {fault}".split())[:200].removesuffix(":")
    return (
        f"rule {rule.id} ({rule.name}) failed with {what} at {where}: "
        f"this is a fault of copilot-preflight, please report it at {ISSUES}"
    )


_UNUSED: Final = "--policy '{}': nothing in this run asked for it: is the name right?"
"""One set of policies may serve the runs over many stacks: hence a note, and no error."""


class _Check:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.errors: list[InputError] = []
        self.sources: dict[str, Document] = {}
        self.discovery = Discovery()
        self.loader = Loader()

    def run(self, paths: Iterable[str]) -> Report:
        values = self._values()
        handed = self._handed()
        found = list(self.discovery.templates(paths))
        self._refuse(*self.discovery.faults)
        if not self.discovery.faults:
            self._refuse_unused(values, [template for template, _ in found])
        run = Run(handed)
        for template, path in filter(self._is_sound, found):
            run.add(self.loader.package(template, path, values), self.options.pseudo)
        self._refuse(*self.loader.faults)
        self.sources.update((it.file, it) for it in self.loader.documents)
        self.sources.update((template.file, template) for template, _ in found)
        findings = {
            (finding.rule, finding.at, finding.message): finding
            for stack in tuple(run.stacks)
            for finding in self._findings(run, stack)
        }
        used = {*self.loader.paths, *map(os.path.realpath, self.options.files)}
        return Report(
            files=len(found),
            findings=tuple(findings.values()),
            errors=tuple(dict.fromkeys(self.errors)),
            ignored=len(self.discovery.others - used),
            sources=self.sources,
            notes=tuple(map(_UNUSED.format, handed.unused)) if self.options.info else (),
        )

    def _findings(
        self, run: Run, stack: Stack, left_out: frozenset[str] = frozenset()
    ) -> list[Finding]:
        """The findings in one template, in the order of their places."""
        rules = [r for r in self.options.rules if self.options.info or r.severity > Severity.INFO]
        try:
            stack.verify()
            found = list(findings_of(stack, rules))
        except InternalFault as fault:
            self.errors.append(InputError(stack.file, 0, 0, str(fault)))
            return []
        except TemplateError as error:
            self._refuse(self.sources[error.file].fault(error.path, str(error)))
            if error.file == stack.file or error.file in left_out:
                return []
            # Another template of the run is broken: whatever it says to this one is not known.
            run.leave_out(error.file)
            return self._findings(run, stack, left_out | {error.file})
        return sorted(found, key=lambda finding: self._order(finding, stack))

    def _order(self, finding: Finding, stack: Stack) -> tuple[bool, Position]:
        at = finding.at
        return at.file != stack.file, self.sources[at.file].span(at.path, key=at.key).start

    # --- parameter values --------------------------------------------------------------------

    def _values(self) -> dict[str, ParameterValue]:
        """What ``--params`` and ``--parameter`` give; the latter wins."""
        values: dict[str, ParameterValue] = {}
        for path in self.options.params:
            values.update(self._values_in(path))
        given = self.options.parameters.items()
        return {**values, **{name: ParameterValue(value) for name, value in given}}

    def _values_in(self, path: Path) -> dict[str, ParameterValue]:
        try:
            loaded = document.read(path)
            self.sources[loaded.file] = loaded
            return parameter_values(loaded)
        except DocumentError as fault:
            self._refuse(fault)
            return {}

    def _refuse_unused(
        self, values: Mapping[str, ParameterValue], templates: Sequence[Document]
    ) -> None:
        """A value that no template declares belongs to another stack, or is misspelt."""
        sections = [template.data.get("Parameters") for template in templates]
        declared = {name for section in sections if isinstance(section, dict) for name in section}
        for name, value in values.items():
            if name in declared:
                continue
            message = (
                f"no template of the run declares parameter '{name}': is this another stack's?"
            )
            if value.place is None:
                self.errors.append(InputError("--parameter", 0, 0, message))
            else:
                self._refuse(self.sources[value.place.file].fault(value.place.path, message))

    # --- policies from outside ---------------------------------------------------------------

    def _handed(self) -> Handed:
        """What ``--policy``, ``--scp`` and ``--rcp`` give."""
        options = self.options
        if not (options.policies or options.scps or options.rcps):
            return NOTHING
        from copilot_preflight.policy_files import PolicyReader

        reader = PolicyReader()
        handed = reader.handed(options.policies, options.scps, options.rcps)
        self._refuse(*reader.faults)
        self.sources.update(reader.documents)
        return handed

    # --- errors ------------------------------------------------------------------------------

    def _is_sound(self, found: Found) -> bool:
        wrong = list(anatomy.faults(found.template))
        self._refuse(*wrong)
        return not wrong

    def _refuse(self, *faults: DocumentError) -> None:
        self.errors += (InputError(it.file, it.line, it.column, it.message) for it in faults)
