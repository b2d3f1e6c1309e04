"""Which writer a run's fixes go through: templates, overrides, or each finding to its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from copilot_preflight.base.finding import Finding, Report
from copilot_preflight.edits.fix import Fix
from copilot_preflight.fixes.as_iam import AsIam
from copilot_preflight.fixes.in_overrides import InOverrides
from copilot_preflight.fixes.in_template import InTemplate
from copilot_preflight.fixes.rounds import Writer, Written
from copilot_preflight.fixes.texts import Texts
from copilot_preflight.inputs.package import Package
from copilot_preflight.inputs.template_shape import is_template
from copilot_preflight.read.document import data_of
from copilot_preflight.run.check import Checked


def writer_for(form: str, run: Checked) -> Writer:
    """The writer for what ``--as`` takes: ``auto``, ``template``, ``override`` or ``iam``."""
    if form == "iam":
        return AsIam()
    if form == "template":
        return InTemplate()
    return InOverrides(run) if form == "override" else _Auto(run)


class _Auto:
    """Patches for what Copilot writes anew, and the files themselves for everything else."""

    def __init__(self, run: Checked) -> None:
        self._overrides = InOverrides(run)
        self._template = InTemplate()
        self._generated = _generated(run.packages)

    def fix_of(self, finding: Finding, report: Report) -> Fix | str:
        fix = self._template.fix_of(finding, report)
        if isinstance(fix, str):
            return fix
        if self._overrides.home_of(fix) is not None:
            return self._overrides.fix_of(finding, report)
        for file in fix.files:
            if reason := self._generated.get(file) or _why_not_copied(file, report):
                return reason
        return fix

    def written(self, fixes: Sequence[Fix], report: Report, texts: Texts) -> Written:
        patched = [fix for fix in fixes if self._overrides.home_of(fix) is not None]
        texts, refused = self._overrides.written(patched, report, texts)
        others = [fix for fix in fixes if fix not in patched]
        if not others:
            return Written(texts, refused)
        texts, more = self._template.written(others, report, texts)
        return Written(texts, [*refused, *more])


def _why_not_copied(file: str, report: Report) -> str:
    """Why a policy from outside is not changed, ``""`` for a template."""
    if is_template(data_of(report.sources, file)):
        return ""
    return (
        f"{PurePath(file).name} is a policy from outside: change it in AWS, or here with "
        "--as template"
    )


def _generated(packages: Mapping[str, Package]) -> dict[str, str]:
    """The files that packaging writes anew and that no override changes, with what to do."""
    found: dict[str, str] = {}
    for file, package in packages.items():
        manifest = package.in_workspace
        if manifest is None:
            continue
        folder = manifest.file.rpartition("manifest.yml")[0]
        found[file] = f"Copilot writes it anew from {folder}: --as template changes it all the same"
        if package.addons is not None:
            found[package.addons.file] = (
                f"Copilot writes it anew from {folder}addons: change it there, or here with "
                "--as template"
            )
    return found
