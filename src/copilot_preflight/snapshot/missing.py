"""What a template's undecided calls lack, as calls that would answer it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from copilot_preflight.access import request as access
from copilot_preflight.base.symbolic import Text
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.iam import arn
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.iam.policy import Fact
from copilot_preflight.model.roles import Role
from copilot_preflight.model.secrets import parameter_with_arn
from copilot_preflight.needs.need import Need, NeededCall
from copilot_preflight.snapshot import asking
from copilot_preflight.snapshot.asking import Calls, Unnamed
from copilot_preflight.snapshot.calls import Call


class Wanted(NamedTuple):
    """Calls that would answer, and sentences on what no call can be made for.

    ``objects`` ask for the environment files themselves, which takes leave to read them.
    ``imports`` say which values other stacks export, each in words that hold the export's name.
    """

    calls: tuple[Call, ...] = ()
    objects: tuple[Call, ...] = ()
    unasked: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()

    @classmethod
    def total(cls, several: Iterable[Wanted]) -> Wanted:
        """All of them together, each call once."""
        found = list(several)
        return cls(
            tuple(dict.fromkeys(call for it in found for call in it.calls)),
            tuple(dict.fromkeys(call for it in found for call in it.objects)),
            tuple(dict.fromkeys(said for it in found for said in it.unasked)),
            tuple(dict.fromkeys(said for it in found for said in it.imports)),
        )


def wanted(analysis: Analysis, *_: Any) -> Wanted:
    """What would decide the undecided calls of a template; fit for `Options.observe`."""
    gathering = _Gathering(analysis)
    gathering.gather()
    return Wanted(
        tuple(gathering.calls),
        tuple(gathering.objects),
        tuple(gathering.unasked),
        tuple(gathering.imports),
    )


class _Gathering:
    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._account = analysis.view.pseudo("AWS::AccountId").literal or ""
        self.calls: dict[Call, None] = {}
        self.objects: dict[Call, None] = {}
        self.unasked: dict[str, None] = {}
        self.imports: dict[str, None] = {}

    def gather(self) -> None:
        for need in self._analysis.needs:
            if need.role is None and need.role_value is not None:
                self._outside(need, need.role_value.text())
        for decision in self._analysis.decisions:
            if decision.outcome is Outcome.UNDETERMINED:
                self._of_role(decision.call.role)
                self._of_call(decision.call.needed)
                self._of_facts(decision.facts)
            elif decision.outcome is Outcome.ALLOWED and _may_take_a_key(decision.call):
                self._of_call(decision.call.needed)
        for assumption in self._analysis.assumptions:
            self._of_facts(assumption.missing)

    def _outside(self, need: Need, role: Text) -> None:
        """A role outside the run: what it asks for is open, too."""
        self._ask(f"{need.user} role '{role}'", lambda: asking.about_role(role, self._account))
        for needed in need.calls:
            self._of_call(needed)

    def _of_role(self, role: Role) -> None:
        for fact in role.unread:
            if (policy := fact.subject).parts:
                self._policy(fact.name, policy)
        boundary = role.boundary
        if boundary is not None and boundary.statements is None:
            self._policy(f"permissions boundary '{boundary.arn}'", boundary.arn)

    def _policy(self, what: str, policy: Text) -> None:
        self._ask(what, lambda: asking.about_policy(policy, self._account))

    def _of_call(self, needed: NeededCall) -> None:
        resource = needed.resource
        self._ask(
            f"'{resource}'",
            lambda: asking.about_resource(needed.action, resource, self._account),
        )
        name = arn.parse_s3(resource)
        if needed.action == "s3:GetObject" and name is not None and name.key is not None:
            bucket, key = name.bucket.literal, name.key.literal
            if bucket and key and not name.key.has_wildcard():
                self.objects.update(dict.fromkeys(asking.of_object(bucket, key)))
        self._look_for_imports(hole.name for hole in resource.holes)

    def _of_facts(self, facts: Iterable[Fact]) -> None:
        self._look_for_imports(fact.name for fact in facts if fact.kind == "value")

    def _look_for_imports(self, names: Iterable[str]) -> None:
        self.imports.update((name, None) for name in names if "ImportValue" in name)

    def _ask(self, what: str, calls: Callable[[], Calls]) -> None:
        try:
            self.calls.update(dict.fromkeys(calls()))
        except Unnamed as why:
            self.unasked[f"{what}: {why}"] = None
            self._look_for_imports([str(why)])


def _may_take_a_key(call: access.Call) -> bool:
    """Whether a call reads a parameter outside the run: under which key it is, no file says."""
    return (
        call.action == "ssm:GetParameters" and parameter_with_arn(call.view, call.resource) is None
    )


def imported(answer: Mapping[str, Any], imports: Iterable[str]) -> list[Mapping[str, Any]]:
    """The exports in an answer of list-exports that are asked for: the others are of no use."""
    words = tuple(imports)
    return [
        export
        for export in answer.get("Exports", ())
        if isinstance(export.get("Value"), str) and any(export.get("Name") in it for it in words)
    ]


def exporting(exports: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A template that exports the same values, by which a run knows them."""
    outputs = {
        f"Export{number}": {"Value": export["Value"], "Export": {"Name": export["Name"]}}
        for number, export in enumerate(exports)
    }
    handle = {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}
    return {"Resources": handle, "Outputs": outputs}
