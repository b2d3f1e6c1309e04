"""Everything that the rules ask of one template, worked out once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from copilot_preflight.access.cause import (
    BUCKET_ACTION_ON_OBJECT,
    ENDPOINT_POLICY,
    LAYER_CAUSES,
    OBJECT_ACTION_ON_BUCKET,
    WRONG_ROLE,
    Cause,
    cause_of,
)
from copilot_preflight.access.decide import Decision, decide
from copilot_preflight.access.request import Call, calls_of
from copilot_preflight.base.finding import Finding, Place, Related, Remedy
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.checks.outcomes import CallOutcome, every_call
from copilot_preflight.checks.wording.parts import cited, value_of_parameter
from copilot_preflight.model.starts import GRANTING, KINDS
from copilot_preflight.needs.env_files import ENV_FILE, GET_BUCKET_LOCATION, GET_OBJECT, EnvFileRead
from copilot_preflight.needs.need import Need
from copilot_preflight.needs.registry import all_needs
from copilot_preflight.resolve import indexes
from copilot_preflight.resolve.references import UnknownName, unknown_names
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.view import View
from copilot_preflight.statements.s3_pairs import BUCKET, OBJECTS, Mismatch, S3Level, mismatches

if TYPE_CHECKING:
    from copilot_preflight.access.drift import Drift
    from copilot_preflight.access.endpoint_routes import PossibleDenial
    from copilot_preflight.access.service_pulls import RefusedPull
    from copilot_preflight.access.unawaited import Unawaited
    from copilot_preflight.inputs.package import Manifest
    from copilot_preflight.model.trust import Assumption
    from copilot_preflight.overrides.verdict import Verdict
    from copilot_preflight.rollout.comparison import Rollout, Stranded


_DECIDING: Final = (
    "AWS::ECS::TaskDefinition",
    "AWS::ECS::Service",
    "AWS::ECS::ExpressGatewayService",
    "AWS::IAM::Role",
    "AWS::IAM::Policy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::ManagedPolicy",
    "AWS::S3::BucketPolicy",
    "AWS::KMS::Key",
    "AWS::CodePipeline::Pipeline",
    "AWS::CodeBuild::Project",
    "AWS::AppRunner::Service",
    "AWS::Batch::JobDefinition",
)
"""What decides whether a call is allowed, or asks for one."""


class Denial(NamedTuple):
    """A call that will be denied, and why. ``when`` names the scenario, ``""`` for all of them."""

    decision: Decision
    cause: Cause
    when: str = ""

    @property
    def call(self) -> Call:
        return self.decision.call

    @property
    def need(self) -> Need:
        return self.decision.call.need

    @property
    def read(self) -> EnvFileRead:
        """The environment file, of a need that is one."""
        return self.need.about(EnvFileRead)

    def finding(
        self, message: str, *, label: str, help: Remedy | str, related: Iterable[Related] = ()
    ) -> Finding:
        """A finding at the place that asks for the call; the rule's id is filled in later."""
        return Finding(
            at=self.need.place,
            message=f"{message} when {self.when}" if self.when else message,
            label=label,
            related=(*related, *value_of_parameter(self.need.view.stack, self.need.value)),
            call=cited(self.call),
            cause=self.cause.kind,
            help=help if isinstance(help, str) else help.text,
            remedy=None if isinstance(help, str) else help,
        )


class Analysis:
    """One template of a run: its needs, its decisions, its denials.

    ``before`` is the same stack in the release that it is compared with, if there is one.
    """

    def __init__(self, stack: Stack, before: Stack | None = None) -> None:
        self.stack = stack
        self.before = before
        self.view = View(stack)

    @property
    def manifest(self) -> Manifest | None:
        """The manifest of the template's workload, where it is known."""
        return self.stack.manifest

    @cached_property
    def needs(self) -> tuple[Need, ...]:
        """Whatever the template needs to be allowed, in every scenario that has it."""
        return tuple(all_needs(self.stack))

    @cached_property
    def reads(self) -> tuple[EnvFileRead, ...]:
        """Every environment file of every container, in every scenario that has it."""
        return tuple(need.about(EnvFileRead) for need in self.needs if need.kind == ENV_FILE)

    @cached_property
    def invalid_reads(self) -> tuple[EnvFileRead, ...]:
        """The environment files that are not named by the ARN of an object."""
        return tuple(read for read in self.reads if read.problem is not None)

    @cached_property
    def reads_of_known_buckets(self) -> tuple[EnvFileRead, ...]:
        """The environment files in buckets of the run."""
        return tuple(read for read in self.reads if read.bucket is not None)

    @property
    def reads_of_manifest(self) -> tuple[EnvFileRead, ...]:
        """The environment files of a template whose manifest is known."""
        return () if self.stack.manifest is None else self.reads

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        return tuple(
            decision for need in self.needs for call in calls_of(need) for decision in decide(call)
        )

    @cached_property
    def calls(self) -> Sequence[CallOutcome]:
        """Every call of the template with what becomes of it in all scenarios together."""
        return every_call(self.needs, self.decisions)

    @cached_property
    def denials(self) -> tuple[Denial, ...]:
        """One denial for each call that some scenario denies."""
        by_call: dict[tuple[object, str], Denial] = {}
        sometimes = {_identity(other) for other in self.decisions if not other.is_denied}
        for decision in self.decisions:
            key = _identity(decision)
            if decision.is_denied and key not in by_call:
                when = str(decision.call.view.scenario) if key in sometimes else ""
                by_call[key] = Denial(decision, cause_of(decision), when)
        return tuple(by_call.values())

    def denials_of(self, kind: str, action: str = "") -> Iterator[Denial]:
        """The denials of a kind of need for want of a grant: those of its own rules.

        Other layers have rules of their own, and so has a grant that is on a task's other role.
        """
        elsewhere = LAYER_CAUSES if kind == ENV_FILE else {*LAYER_CAUSES, WRONG_ROLE}
        for denial in self.denials:
            if denial.need.kind != kind or action not in ("", denial.call.action):
                continue
            if denial.cause.kind not in elsewhere:
                yield denial

    def denied_by(self, cause: str) -> Iterator[Denial]:
        """The denials with a cause that has a rule of its own, whatever they are needed for."""
        return (denial for denial in self.denials if denial.cause.kind == cause)

    @cached_property
    def possible_denials(self) -> tuple[Denial, ...]:
        """The calls that an endpoint would deny, if they went through it, one of each."""
        by_call: dict[object, Denial] = {}
        for decision in self.decisions:
            if decision.possible_denial is not None:
                statement = next(iter(decision.possible_denial.deciding), None)
                denial = Denial(decision, Cause(ENDPOINT_POLICY, statement))
                by_call.setdefault(_identity(decision), denial)
        return tuple(by_call.values())

    @cached_property
    def refused_layers(self) -> tuple[tuple[Need, PossibleDenial, str], ...]:
        """The private images whose layers an endpoint keeps back, and in which scenario."""
        by_need: dict[object, list[tuple[Need, PossibleDenial | None]]] = {}
        outside = self.view.run.outside
        if not indexes.has(self.view.run, "AWS::EC2::VPCEndpoint") and not (
            outside.account is not None and outside.account.endpoints
        ):
            return ()
        from copilot_preflight.access.endpoint_routes import layers_refused
        from copilot_preflight.needs.images import PrivateImage

        for need in self.needs:
            if isinstance(need.detail, PrivateImage):
                answer = layers_refused(need, need.detail.region)
                by_need.setdefault(need.key, []).append((need, answer))
        return tuple(
            (*pair, "" if all(other for _, other in answers) else str(pair[0].view.scenario))
            for answers in by_need.values()
            for pair in [
                (need, possible_denial)
                for need, possible_denial in answers
                if possible_denial is not None
            ][:1]
        )

    @cached_property
    def refused_pulls(self) -> tuple[RefusedPull, ...]:
        """The images that CodeBuild may not pull with credentials of its own."""
        if "ImagePullCredentialsType" not in indexes.keys_of(self.stack, "AWS::CodeBuild::Project"):
            return ()
        from copilot_preflight.access.service_pulls import refused_pulls

        return tuple(refused_pulls(self.view))

    @cached_property
    def refused_on_the_way(self) -> bool:
        """Whether some endpoint certainly refuses something."""
        return bool(self.refused_layers) or any(self.denied_by(ENDPOINT_POLICY))

    @cached_property
    def unawaited(self) -> tuple[Unawaited, ...]:
        """What tasks need when they start, and what starts them does not wait for."""
        if not any(map(self.stack.has, KINDS)) or not self._may_have_to_wait():
            return ()
        from copilot_preflight.access.unawaited import everything_unawaited

        return tuple(everything_unawaited(self.stack, self.needs, self.decisions))

    def _may_have_to_wait(self) -> bool:
        """Whether there is anything for which a start may have to wait: most templates have not."""
        if any(map(self.stack.has, (*GRANTING, "AWS::EC2::VPCEndpoint"))):
            return True
        if not self.stack.has("AWS::Logs::LogGroup"):
            return False
        from copilot_preflight.needs.logs import LOGS, is_blocking

        return any(need.kind == LOGS and is_blocking(need.value) for need in self.needs)

    @cached_property
    def drifts(self) -> tuple[Drift, ...]:
        """The calls that roles of the account decide differently, where the account was asked."""
        if self.view.run.outside.account is None:
            return ()
        from copilot_preflight.access.drift import drifts

        return tuple(drifts(self.decisions))

    def allowed(self, kind: str, action: str) -> Iterator[Decision]:
        """The calls that some statement of the role's own policies allows, one of each."""
        calls = set()
        for decision in self.decisions:
            call = decision.call
            if call.need.kind != kind or call.action != action or not decision.granting:
                continue
            if (key := _identity(decision)) not in calls:
                calls.add(key)
                yield decision

    @cached_property
    def object_mismatches(self) -> tuple[tuple[Mismatch, Denial | None], ...]:
        """The statements whose actions on objects only have ARNs of buckets."""
        return tuple(self._mismatches(OBJECTS, GET_OBJECT))

    @cached_property
    def bucket_mismatches(self) -> tuple[tuple[Mismatch, Denial | None], ...]:
        """The statements whose actions on buckets only have ARNs of objects."""
        return tuple(self._mismatches(BUCKET, GET_BUCKET_LOCATION))

    def _mismatches(self, level: S3Level, action: str) -> Iterator[tuple[Mismatch, Denial | None]]:
        """Statements whose actions can never match, each with the call that it breaks, if any.

        ``action`` is the one that an environment file needs of this half. A denied call whose ARN
        only its own scenario can tell comes last.
        """
        kind = OBJECT_ACTION_ON_BUCKET if level is OBJECTS else BUCKET_ACTION_ON_OBJECT
        broken: dict[Place, Denial] = {}
        for denied in self.denials_of(ENV_FILE, action):
            if denied.cause.kind == kind and denied.cause.statement is not None:
                broken.setdefault(denied.cause.statement.place, denied)
        invalid = {read.file.arn for read in self.invalid_reads}
        for mismatch in mismatches(self.stack, level):
            if mismatch.resource.text not in invalid:  # else the value is to blame, not the grant
                yield mismatch, broken.pop(mismatch.statement.place, None)
        for denied in broken.values():
            cause = denied.cause
            if cause.statement is not None and cause.entry is not None:
                actions = tuple(filter(level.is_only_use_of, cause.statement.actions))
                yield Mismatch(cause.statement, cause.entry, actions), denied

    def is_told_of(self, denied: Denial) -> bool:
        """Whether the statement that breaks a call has a finding of its own: a bucket's ARN."""
        statement = denied.cause.statement
        return (
            denied.cause.kind == OBJECT_ACTION_ON_BUCKET
            and statement is not None
            and any(
                mismatch.statement.place == statement.place
                for mismatch in mismatches(self.stack, OBJECTS)
            )
        )

    def read_once(self) -> Iterator[EnvFileRead]:
        """The environment files, each in the first scenario that has it."""
        paths = set()
        for read in self.reads:
            if (path := read.file.value.path) not in paths:
                paths.add(path)
                yield read

    @cached_property
    def unknown_references(self) -> tuple[UnknownName, ...]:
        """The names that what decides about access refers to, and that the template lacks."""
        return tuple(
            unknown
            for kind in _DECIDING
            for logical_id, _ in self.stack.of_type(kind)
            for unknown in unknown_names(self.stack, ("Resources", logical_id))
        )

    @cached_property
    def assumptions(self) -> tuple[Assumption, ...]:
        """Every role that a resource hands to a service, with the answer of its trust policy."""
        from copilot_preflight.model.trust import assumptions

        return tuple(assumptions(self.stack))

    @cached_property
    def rollout(self) -> Rollout | None:
        """The update from the release before, where the run compares with one."""
        if self.before is None:
            return None
        from copilot_preflight.rollout.comparison import compare

        return compare(self.before, self.stack)

    @cached_property
    def stranded(self) -> tuple[Stranded, ...]:
        """The calls that the update from the release before denies to the old revision."""
        return () if self.rollout is None else tuple(self.rollout.stranded)

    @cached_property
    def overrides(self) -> Verdict | None:
        """What is known of the patches in the workspace, where there are some for this package."""
        if self.stack.package.overrides is None:
            return None
        from copilot_preflight.overrides.verdict import verdict_of

        return verdict_of(self.stack.package)

    @cached_property
    def needs_without_role(self) -> tuple[Need, ...]:
        """The needs whose role is not named at all, where one is needed."""
        return tuple(n for n in self.needs if n.role is None and not n.role_value and n.needs_role)

    @cached_property
    def needs_without_calls(self) -> tuple[Need, ...]:
        """The needs that ask for nothing, as their own values may be wrong."""
        return tuple(need for need in self.needs if not need.calls)

    def needs_once(self) -> Iterator[Need]:
        """The needs, each in the first scenario that has it."""
        keys = set()
        for need in self.needs:
            if need.key not in keys:
                keys.add(need.key)
                yield need


def _identity(decision: Decision) -> tuple[object, str]:
    return decision.call.need.key, decision.call.action
