"""The pipeline: paths -> packages -> analyses -> findings -> report."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from copilot_preflight import document
from copilot_preflight.analysis import Analysis
from copilot_preflight.cursor import TemplateError
from copilot_preflight.document import Document, DocumentError
from copilot_preflight.finding import Finding, InputError, Report, Severity
from copilot_preflight.package import (
    Loader,
    ParameterValue,
    candidates,
    is_template,
    looks_like_template,
    parameter_values,
    template_of,
)
from copilot_preflight.rule import Rule
from copilot_preflight.stack import Run, Stack
from copilot_preflight_rules import RULES

STDIN: Final = "-"


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asks for. ``pseudo`` are values of pseudo parameters by their full name."""

    rules: Sequence[Rule] = RULES
    info: bool = False
    params: Sequence[Path] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    pseudo: Mapping[str, str] = field(default_factory=dict)


def check(paths: Iterable[str], options: Options | None = None) -> Report:
    """Checks files, folders and standard input (``"-"``) together, as one run."""
    return _Check(options or Options()).run(paths)


def findings_of(stack: Stack, rules: Iterable[Rule]) -> Iterator[Finding]:
    """What some rules find in one template, each finding once."""
    analysis = Analysis(stack)
    seen = set()
    for rule in rules:
        for finding in rule(analysis):
            key = (finding.rule, finding.at, finding.message)
            if key not in seen:
                seen.add(key)
                yield finding


class _Check:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.errors: list[InputError] = []
        self.sources: dict[str, Document] = {}
        self.ignored = 0
        self.loader = Loader()

    def run(self, paths: Iterable[str]) -> Report:
        overrides = self._overrides()
        templates = list(self._templates(paths))
        self._refuse_unused(overrides, templates)
        run = Run()
        for template, path in templates:
            package = self.loader.package(template, path, overrides)
            run.add(package, self.options.pseudo)
        for fault in self.loader.faults:
            self._refuse(fault)
        for loaded in self.loader.documents:
            self.sources.setdefault(loaded.file, loaded)
        findings = [finding for stack in run.stacks for finding in self._findings(stack)]
        return Report(
            files=len(templates),
            findings=findings,
            errors=tuple(dict.fromkeys(self.errors)),
            ignored=self.ignored,
            sources=self.sources,
        )

    # --- input -------------------------------------------------------------------------------

    def _templates(self, paths: Iterable[str]) -> Iterator[tuple[Document, Path | None]]:
        seen: set[Path] = set()
        for name in paths:
            for path in self._files(name):
                where = path.resolve() if path is not None else Path(STDIN)
                if where in seen:
                    continue
                seen.add(where)
                found = self._template(path, named=path is None or str(path) == name)
                if found is not None:
                    self.sources[found.file] = found
                    yield found, path

    def _files(self, name: str) -> Iterator[Path | None]:
        path = Path(name)
        if name == STDIN:
            yield None
        elif path.is_dir():
            yield from candidates(path)
        elif (template := template_of(path)) is not None:
            yield template
        else:
            yield path

    def _template(self, path: Path | None, *, named: bool) -> Document | None:
        try:
            if path is None:
                found = document.parse(sys.stdin.buffer.read(), "<stdin>")
            elif named:
                found = document.read(path)
            else:
                if not looks_like_template(path):
                    self.ignored += 1
                    return None
                found = document.read(path)
        except DocumentError as error:
            self._refuse(error)
            return None
        if is_template(found.data):
            return found
        if named:
            message = "not a CloudFormation template: it has no Resources"
            self.errors.append(InputError(found.file, 1, 1, message))
        else:
            self.ignored += 1
        return None

    def _overrides(self) -> dict[str, ParameterValue]:
        values: dict[str, ParameterValue] = {}
        for path in self.options.params:
            values.update(self._parameter_file(path))
        given = self.options.parameters.items()
        return {**values, **{name: ParameterValue(value) for name, value in given}}

    def _parameter_file(self, path: Path) -> dict[str, ParameterValue]:
        try:
            loaded = document.read(path)
            self.sources[loaded.file] = loaded
            return parameter_values(loaded)
        except DocumentError as error:
            self._refuse(error)
            return {}

    def _refuse_unused(
        self,
        overrides: Mapping[str, ParameterValue],
        templates: Sequence[tuple[Document, Path | None]],
    ) -> None:
        """A value that no template declares belongs to another stack, or is misspelt."""
        declared: set[str] = set()
        for template, _ in templates:
            parameters = template.data.get("Parameters")
            declared.update(parameters if isinstance(parameters, dict) else ())
        for name, value in overrides.items():
            if not templates or name in declared:
                continue
            message = (
                f"no template of the run declares parameter '{name}': is this another stack's?"
            )
            if value.place is None:
                self.errors.append(InputError("--parameter", 0, 0, message))
            else:
                start = self.sources[value.place.file].span(value.place.path).start
                self.errors.append(InputError(value.place.file, start.line, start.column, message))

    def _refuse(self, error: DocumentError) -> None:
        self.errors.append(InputError(error.file, error.line, error.column, error.message))

    # --- output ------------------------------------------------------------------------------

    def _findings(self, stack: Stack) -> list[Finding]:
        rules = [r for r in self.options.rules if self.options.info or r.severity > Severity.INFO]
        source = self.sources[stack.file]
        try:
            found = list(findings_of(stack, rules))
        except TemplateError as error:
            start = source.span(error.path).start
            self.errors.append(InputError(stack.file, start.line, start.column, str(error)))
            return []
        return sorted(found, key=lambda f: source.span(f.at.path, key=f.at.key).start)
