"""The same rules in cfn-lint: ``cfn-lint -a copilot_preflight.cfnlint -t FILE``.

There is one cfn-lint rule class for each rule, and nothing else here that cfn-lint could take for
one: it makes a rule of every subclass of CloudFormationLintRule that a module has, imported ones
too. What a finding says apart from its place is folded into one line: cfn-lint shows no second
place.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Final
from weakref import WeakKeyDictionary

from cfnlint.rules import CloudFormationLintRule, RuleMatch, errors
from cfnlint.template import Template

from copilot_preflight.base.finding import DataPath, Finding, Place, Severity
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import Rule
from copilot_preflight.inputs import template_shape as anatomy
from copilot_preflight.inputs.copilot_names import is_parameter_file
from copilot_preflight.inputs.package import Loader
from copilot_preflight.inputs.parameter_files import ParameterValue
from copilot_preflight.read import document
from copilot_preflight.read.document import Document, DocumentError
from copilot_preflight.render.safe_text import safe
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.scenario import spelt
from copilot_preflight.resolve.stack import ADDONS_STACK, Stack
from copilot_preflight.resolve.value import TemplateError
from copilot_preflight.run.defaults import Defaults
from copilot_preflight.run.judge import InternalFault, findings_of
from copilot_preflight_rules import RULES


def _class_of(rule: Rule) -> type[CloudFormationLintRule]:
    """The cfn-lint rule class of a rule."""

    class Adapted(CloudFormationLintRule):
        id = rule.id
        shortdesc = rule.title
        description = f"{rule.title} ({rule.name})"
        source_url = rule.url
        tags: ClassVar[list[str]] = ["copilot-preflight", "ecs", "iam", rule.name]

        def __init__(self) -> None:
            super().__init__()
            self._deployed: set[str | None] = set()

        def match(self, cfn: Template) -> list[RuleMatch]:
            # cfn-lint runs a template with the values of --parameter-files, and then once more
            # without: by then the deployments that the user named are judged, and all others moot.
            if cfn.context.parameter_sets:
                self._deployed.add(cfn.filename)
            elif cfn.filename in self._deployed:
                return []
            return _judged(cfn).matches_of(rule, _Warning())

    class _Warning(Adapted):
        """The rule for findings that are true only with the default of a parameter."""

        severity = "warning" if rule.severity is Severity.ERROR else Adapted.severity

    Adapted.__name__ = Adapted.__qualname__ = rule.name.title().replace("-", "")
    return Adapted


CLASSES: Final = {made.__name__: made for made in map(_class_of, RULES)}
"""The rule classes by name; each is an attribute of the module too, where cfn-lint looks."""

globals().update(CLASSES)


# --- judging a template -----------------------------------------------------------------------


class _Judged:
    """The findings in a template under each set of parameter values, and what could not be read."""

    def __init__(self, cfn: Template) -> None:
        self._file = cfn.filename or ""
        self._is_file = os.path.isfile(self._file)
        self._sources: dict[str, Document] = {}
        self._deployments: list[str] = []
        self._findings: dict[tuple[str, Place, str], tuple[Finding, list[str]]] = {}
        self._faults: list[RuleMatch] = []
        try:
            if self._is_file:
                # Not what cfn-lint has decoded, though the paths are the same: it reads the account
                # 012345670123 as an octal number, and makes up values to write transforms out.
                self._judge(cfn, document.read(self._file), Path(self._file))
            elif not cfn.transform_pre["Transform"]:
                # From standard input. Written out and read again, it is held to the same limits.
                text = json.dumps(_certain_template(cfn.template))
                self._judge(cfn, document.parse(text, self._file), None)
        except DocumentError as fault:
            self._refuse(fault)
        self._suppress()

    def _judge(self, cfn: Template, template: Document, path: Path | None) -> None:
        if not anatomy.is_template(template.data) or any(anatomy.faults(template)):
            return  # what every template is made of, cfn-lint checks itself
        if path is not None:
            self._sources[self._file] = template
        loader = Loader()
        for name, values in _parameter_sets(cfn):
            self._deployments.append(name)
            run = Run()
            stack = run.add(loader.package(template, path, values), _pseudo_parameters(cfn))
            self._sources.update((loaded.file, loaded) for loaded in loader.documents)
            for finding in self._without_secrets(stack, self._findings_of(run, stack)):
                self._findings.setdefault(finding.identity, (finding, []))[1].append(name)
        for fault in loader.faults:
            self._refuse(fault)

    def _without_secrets(self, stack: Stack, findings: list[Finding]) -> list[Finding]:
        """The findings without the values of NoEcho parameters."""
        if not any(
            "NoEcho" in source.text for source in (stack.package.template, *self._sources.values())
        ):
            return findings
        from copilot_preflight.run.no_echo import hidden_in

        hidden = hidden_in([stack])
        return [hidden.finding(finding, self._sources) for finding in findings]

    def _findings_of(self, run: Run, stack: Stack) -> list[Finding]:
        """What the rules find; as if there were no addons, where those turn out broken."""
        try:
            stack.verify()
            defaults = Defaults(run, lambda other: findings_of(Analysis(other), RULES))
            return list(defaults.marked(stack, findings_of(Analysis(stack), RULES)))
        except InternalFault as fault:
            message = f"copilot-preflight: {fault}"
            self._faults.append(self._match((), message, rule=errors.RuleError()))
        except TemplateError as error:
            source = self._sources.get(error.file, stack.package.template)
            self._refuse(source.fault(error.path, str(error)), error.path)
            addons = stack.package.addons
            if addons is not None and addons.file == error.file:
                run.leave_out(error.file)
                return self._findings_of(run, stack)
        return []

    def _suppress(self) -> None:
        """Does what comments say. ``Metadata`` is cfn-lint's own, and so is which rules to run."""
        if not any("preflight:" in source.text for source in self._sources.values()):
            return
        from copilot_preflight.run.suppress.sieve import sifted

        left, _ = sifted(
            [(finding, self._file) for finding, _ in self._findings.values()],
            self._sources,
            looks=self._looks,
            is_whole=not self._faults,
            metadata=False,
        )
        self._findings = {
            it.identity: self._findings.get(it.identity, (it, self._deployments)) for it in left
        }

    def _looks(self, rule: str, file: str) -> bool:
        is_addons = file != self._file and anatomy.is_template(self._sources[file].data)
        return not is_addons and any(rule == it.id for it in RULES)

    def _refuse(self, fault: DocumentError, path: DataPath = ()) -> None:
        """Tells of a file that cannot be read, under the id that cfn-lint has for one."""
        if fault.file == self._file:
            message = f"copilot-preflight cannot judge the template: {fault.message}"
            line, column = max(fault.line, 1), max(fault.column, 1)
            here = (line - 1, column - 1, line - 1, column)
            more: dict[str, Any] = {"location": here} if self._is_file else {}
        else:
            where = ":".join(str(it) for it in (fault.file, fault.line, fault.column) if it)
            message, path, more = f"{where}: {fault.message}", _stand_in(fault.file), {"key": True}
        self._faults.append(self._match(path, message, rule=errors.ParseError(), **more))

    # --- matches ------------------------------------------------------------------------------

    def matches_of(self, rule: Rule, warning: CloudFormationLintRule) -> list[RuleMatch]:
        """A rule's findings, behind what could not be read; ``warning`` is for those that assume.

        What could not be read is the same for every rule: cfn-lint shows equal matches once.
        """
        found = [it for (rule_id, *_), it in self._findings.items() if rule_id == rule.id]
        return [*self._faults, *(self._match_of(*it, warning) for it in found)]

    def _match_of(
        self, finding: Finding, deployments: list[str], warning: CloudFormationLintRule
    ) -> RuleMatch:
        notes = [f"{self._where(it.place)}: {it.message}" for it in finding.related]
        if len(deployments) < len(self._deployments):
            notes.insert(0, f"with the parameters of {' and '.join(deployments)}")
        if finding.cause:
            notes.append(f"cause: {finding.cause}")
        if way_out := finding.help.strip().partition("\n")[0]:
            notes.append(f"help: {way_out.removesuffix(':')}")
        told = finding.message + (f" ({'; '.join(notes)})" if notes else "")
        at = finding.at
        more: dict[str, Any] = {"rule": warning} if finding.assumes else {}
        if at.file == self._file:
            return self._match(at.path, told, key=at.key, **more)
        path = _stand_in(at.file, at.path)
        return self._match(path, f"{self._where(at)}: {told}", key=True, **more)

    def _match(self, path: DataPath, message: str, *, key: bool = False, **more: Any) -> RuleMatch:
        template = self._sources.get(self._file)
        if template is not None and "location" not in more:
            start, end = template.span(path, key=key)
            more["location"] = (start.line - 1, start.column - 1, end.line - 1, end.column - 1)
        return RuleMatch(list(path) or ["Resources"], safe(message), **more)

    def _where(self, place: Place) -> str:
        """``line 12``, ``web-test.params.json:4``; the path where no file has been read."""
        source = self._sources.get(place.file)
        if source is None:
            return "/".join(map(str, place.path))
        line = source.span(place.path, key=place.key).start.line
        return f"line {line}" if place.file == self._file else f"{place.file}:{line}"


_JUDGED: Final[WeakKeyDictionary[Template, _Judged]] = WeakKeyDictionary()


def _judged(cfn: Template) -> _Judged:
    """One judgement of a template serves all rules, and goes when the template goes."""
    found = _JUDGED.get(cfn)
    if found is None:
        found = _JUDGED[cfn] = _Judged(cfn)
    return found


def _stand_in(file: str, path: DataPath = ()) -> DataPath:
    """Where a template speaks of what another file of its package says at a path."""
    name = Path(file).name
    if is_parameter_file(Path(file)):
        return ("Parameters", *path[-1:])
    return ("Resources", ADDONS_STACK) if ".addons." in name else ("Metadata", "Manifest")


# --- what cfn-lint knows ----------------------------------------------------------------------


def _parameter_sets(cfn: Template) -> Iterator[tuple[str, dict[str, ParameterValue]]]:
    """The deployments that cfn-lint was told: a name for each, and its parameter values.

    They win over the values next to the template; with none, there are those values alone.
    """
    for number, told in enumerate(cfn.context.parameter_sets or (), start=1):
        name = f"'{told.source}'" if told.source else f"set {number}"
        values = told.parameters if isinstance(told.parameters, Mapping) else {}
        spelled = ((str(key), _spelt(value)) for key, value in values.items())
        yield name, {key: ParameterValue(value) for key, value in spelled if value is not None}
    if not cfn.context.parameter_sets:
        yield "", {}


def _spelt(value: Any) -> str | None:
    if isinstance(value, list):
        items = [_spelt(item) for item in value]
        return None if None in items else ",".join(map(str, items))
    return spelt(value) if isinstance(value, (str, int, float)) else None


def _pseudo_parameters(cfn: Template) -> dict[str, str]:
    """The region, where the user has told cfn-lint exactly one.

    A rule sees the regions but not where they come from, so that the one which cfn-lint falls back
    to is not taken for one that somebody has told.
    """
    fallback = os.environ.get("AWS_DEFAULT_REGION", "us-east-1")
    untold = ("us-east-1", os.environ.get("AWS_REGION", fallback))
    regions = list(cfn.regions)
    return {"AWS::Region": regions[0]} if len(regions) == 1 and regions[0] not in untold else {}


_UNKNOWN: Final = "Fn::Transform"  # a function that only AWS can carry out


def _certain_template(decoded: Mapping[str, Any]) -> Any:
    """Decoded data without what may have been written in another way, such as ``010`` for 8."""
    data = _certain(decoded)
    declared = data.get("Parameters")
    for parameter in declared.values() if isinstance(declared, dict) else ():
        for key in ("Default", "AllowedValues"):
            if isinstance(parameter, dict) and _UNKNOWN in json.dumps(parameter.get(key)):
                del parameter[key]
    return data


def _certain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _certain(node[key]) for key in node if isinstance(key, str)}
    if isinstance(node, list):
        return [_certain(item) for item in node]
    if node is None or isinstance(node, (str, bool)) or node in range(10):
        return node
    return str(node) if type(node) is date else {_UNKNOWN: str(node)}
