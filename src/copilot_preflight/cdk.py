"""A validation plugin for the CDK in Python; the one in TypeScript is in ``integrations/cdk/``.

Both have the installed command check the templates after synthesis, so that a configuration holds
as it does elsewhere, and report what it finds with the constructs that the resources come from. It
takes ``aws-cdk-lib``, which an app of the CDK has.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import aws_cdk
import jsii
from aws_cdk import (
    IPolicyValidationContextBeta1,
    PolicyValidationPluginReportBeta1,
    PolicyViolatingResourceBeta1,
    PolicyViolationBeta1,
)

from copilot_preflight._version import NAME, __version__
from copilot_preflight.cli.console import CLEAN, FINDINGS

_RESOURCE: Final = re.compile(r"\$\.Resources\.([A-Za-z0-9]+)(?=[.\[]|$)")

_INTERFACES: Final = [
    getattr(aws_cdk, name)
    for name in ("IPolicyValidationPluginBeta1", "IPolicyValidationPlugin")
    if hasattr(aws_cdk, name)  # the second is newer, and takes the place of the first
]


@jsii.implements(*_INTERFACES)
class CopilotPreflight:
    """For ``Validations.of(app).add_plugins(CopilotPreflight())``.

    Before the CDK had that, it was ``App(policy_validation_beta1=[CopilotPreflight()])``.

    ``args`` are more options of ``copilot-preflight check``; ``command`` is what to run in the
    place of this very installation.
    """

    def __init__(
        self,
        *,
        args: Sequence[str] = (),
        command: Sequence[str] = (sys.executable, "-m", "copilot_preflight"),
    ) -> None:
        self._args = tuple(args)
        self._command = tuple(command)

    @property
    def name(self) -> str:
        return NAME

    @property
    def version(self) -> str:
        return __version__

    @property
    def rule_ids(self) -> list[str] | None:
        return None

    def validate(self, context: IPolicyValidationContextBeta1) -> PolicyValidationPluginReportBeta1:
        """Checks the templates of an app together, as they know each other.

        Raises RuntimeError where the command cannot run or could not judge a template: the CDK then
        says so, and the synthesis fails.
        """
        paths = list(context.template_paths)
        if not paths:
            return PolicyValidationPluginReportBeta1(success=True, violations=[])
        status, report = self._checked(paths)
        templates = _Templates(paths)
        return PolicyValidationPluginReportBeta1(
            success=status == CLEAN,
            plugin_version=report["tool"]["version"],
            violations=[_violation(it, templates) for it in report["findings"]],
        )

    def _checked(self, paths: Sequence[str]) -> tuple[int, Mapping[str, Any]]:
        command = [*self._command, "check", "--format", "json", *self._args, "--", *paths]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                env={**os.environ, "PYTHONUTF8": "1"},
            )
        except OSError as error:
            raise RuntimeError(f"cannot run '{command[0]}': {error.strerror}") from None
        if done.returncode not in (CLEAN, FINDINGS):
            said = done.stderr.decode("utf-8", "replace").strip()
            raise RuntimeError(f"{NAME} could not judge the templates: {said}")
        try:
            report = json.loads(done.stdout)
        except ValueError:
            raise RuntimeError(f"'{command[0]}' printed no JSON: is it {NAME}?") from None
        return done.returncode, report


def _violation(finding: Mapping[str, Any], templates: _Templates) -> PolicyViolationBeta1:
    call, cause = finding["call"], finding["cause"]
    related = [f"{templates.named(it)}: {it['message']}" for it in finding["related"]]
    told = {
        "url": finding["url"],
        "call": call and f"{call['action']} on {call['resource']}",
        "cause": cause,
        "related": "\n".join(related),
    }
    return PolicyViolationBeta1(
        rule_name=f"{finding['rule']} {finding['name']}",
        description=finding["message"],
        severity=finding["severity"],
        fix=finding.get("help"),
        rule_metadata={key: value for key, value in told.items() if value},
        violating_resources=[templates.resource(finding)],
    )


class _Templates:
    """The templates of an app, each read when something of it is asked for."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = {os.path.realpath(path): path for path in paths}  # as the CDK knows them
        self._read: dict[str, Any] = {}

    def resource(self, place: Mapping[str, Any]) -> PolicyViolatingResourceBeta1:
        """The resource in which a place is. The CDK finds its construct by the two names."""
        found = _RESOURCE.match(place["path"])
        return PolicyViolatingResourceBeta1(
            resource_logical_id=found[1] if found else "N/A",
            template_path=self._paths.get(os.path.realpath(place["file"]), place["file"]),
            locations=[place["path"]],
        )

    def named(self, place: Mapping[str, Any]) -> str:
        """A place as somebody who writes constructs knows it."""
        where, found = os.path.realpath(place["file"]), _RESOURCE.match(place["path"])
        if found and where in self._paths:
            resource = self._template(where).get("Resources", {}).get(found[1], {})
            path = resource.get("Metadata", {}).get("aws:cdk:path")
            if isinstance(path, str):
                return path
        return f"{place['file']} {place['path']}"

    def _template(self, where: str) -> Any:
        if where not in self._read:
            try:
                self._read[where] = json.loads(Path(where).read_text(encoding="utf-8"))
            except (OSError, ValueError):
                self._read[where] = {}
        return self._read[where]
