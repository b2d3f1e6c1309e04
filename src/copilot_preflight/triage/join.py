"""Failures joined with the templates at hand: the causes in the order of their likelihood."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Final

from copilot_preflight.access.drift import drifts
from copilot_preflight.base.finding import Finding, Place, Position
from copilot_preflight.checks.wording import drifts as drifting
from copilot_preflight.edits.edit import Applicability
from copilot_preflight.edits.fix import Fix, answer_of
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.iam.layers import Layer
from copilot_preflight.read.document import data_of
from copilot_preflight.run.check import Checked
from copilot_preflight.triage import confirm
from copilot_preflight.triage.at_hand import AtHand, Used, users_at
from copilot_preflight.triage.by_words import said_by_words, step_of_layer, way_out
from copilot_preflight.triage.failure import Failure
from copilot_preflight.triage.keeping import unique, with_words, without_doubles
from copilot_preflight.triage.question import Answer, ask
from copilot_preflight.triage.result import Cause, Diagnosis, Excluded, Weight
from copilot_preflight.triage.weighing import (
    DRIFT,
    grade_of,
    has_version,
    may_be,
    same_file,
    step_of,
    version_in,
)

_STEP_OF_LAYER: Final = {
    Layer.RESOURCE: "resource-policy",
    Layer.ENDPOINT: "endpoint",
    Layer.SCP: "organization",
}


def diagnosed(failures: Iterable[Failure], found: Checked | None = None) -> tuple[Diagnosis, ...]:
    """The diagnosis of each failure; ``found`` is a run over what may be behind them."""
    if found is None:
        return tuple(_by_words(failure) for failure in failures)
    joining = _Joining(found)
    return tuple(joining.diagnosis(failure) for failure in failures)


def _by_words(failure: Failure) -> Diagnosis:
    said = said_by_words(failure)
    return Diagnosis(failure, tuple(sorted(said.causes, key=lambda it: it.key)), said.excluded)


class _Joining:
    """A run, and what it says of failures."""

    def __init__(self, found: Checked) -> None:
        self._found = found
        self._report = found.report
        self._hand = AtHand(iter(found.analyses.values()))

    def diagnosis(self, failure: Failure) -> Diagnosis:
        """The causes of one failure and what is excluded, by AWS's words and by the templates."""
        matched = self._hand.roles_of(failure)
        causes: list[Cause] = []
        words = said_by_words(failure._replace(resource=self._resource_of(failure, matched)))
        excluded: list[Excluded] = list(words.excluded)
        if failure.kind == "access":
            causes += self._of_roles(failure, matched)
            answers = self._answers(failure, matched)
            for answer in answers:
                causes += self._of_answer(failure, answer)
            excluded += self._excluded(failure, matched, answers)
        if failure.kind != "network":
            causes += self._of_findings(failure, matched)
        gone_by_words = {it.step for it in words.excluded}
        causes = [
            it for it in unique(causes) if it.weight < Weight.FOUND or it.step not in gone_by_words
        ]
        kept = with_words(failure, causes, words.causes, excluded)
        blamed = {it.step for it in kept if it.weight <= Weight.NAMED}
        gone = without_doubles(excluded, blamed)
        steps = {it.step for it in gone}
        kept = [it for it in kept if it.step not in steps]
        kept.sort(key=lambda it: it.key)
        return Diagnosis(failure, tuple(kept), gone)

    def _resource_of(self, failure: Failure, matched: Sequence[Used]) -> str:
        """What the call was about: by the text, else by the finding that proves it denied."""
        if failure.resource or failure.kind != "access":
            return failure.resource
        for finding in self._report.findings:
            grade = grade_of(finding, failure, self._makers(failure, matched), bool(matched))
            if grade is not None and grade[0] is Weight.PROVED and finding.call is not None:
                return "" if "$" in finding.call.resource else finding.call.resource
        return ""

    def _makers(self, failure: Failure, matched: Sequence[Used]) -> frozenset[str]:
        """The logical ids of the roles that may have made a call; none where it may be any."""
        found = matched or self._hand.expected(failure)
        return frozenset(used.role.logical_id for used in found)

    # --- roles -------------------------------------------------------------------------------

    def _of_roles(self, failure: Failure, matched: Sequence[Used]) -> Iterator[Cause]:
        """Whether the call was made with the role that the templates name for it."""
        expected = self._hand.expected(failure)
        if not failure.principal or not expected:
            return
        right = expected[0]
        if not matched:
            message = (
                f"the call was made by '{_short(failure.principal)}', which no template at hand "
                f"has: they name {right.name}"
            )
            is_task = failure.moment in ("start", "run")
            weight = Weight.NAMED if is_task else Weight.FOUND
            check = confirm.caller(failure)
            yield self._cause("role", weight, message, check, place=right.role.place, rank=-1)
            return
        if not any(it.users & users_at(failure) for it in matched) and matched[0].users:
            message = (
                f"the call was made with {matched[0].name}, and not with {right.name}: what runs "
                "has other credentials than the templates give it"
            )
            yield self._cause(
                "role", Weight.FOUND, message, confirm.caller(failure), place=matched[0].role.place
            )

    def _answers(self, failure: Failure, matched: Sequence[Used]) -> list[Answer]:
        """What the templates say of the very call."""
        if not failure.action or failure.action.endswith("*"):
            return []
        others = (
            self._hand.in_account(failure) if failure.principal else self._hand.expected(failure)
        )
        answers = []
        for used in matched or others:
            resource = self._hand.resource(used, failure)
            if resource is None:
                continue
            user = next(iter(sorted(used.users & users_at(failure)) or sorted(used.users)), "")
            answers.append(ask(used, user, failure.action, resource))
        return answers

    def _of_answer(self, failure: Failure, answer: Answer) -> Iterator[Cause]:
        used = answer.used
        if answer.is_denied:
            found = answer.finding()
            step = step_of(found, failure)
            named = step_of_layer(failure)
            fits = not named or named == step or (named == "grant" and step in ("role", "grant"))
            weight = Weight.PROVED if fits else Weight.FOUND
            yield self._of_finding(failure, found, weight, rank=1, step=step)
        elif answer.granted_at and (_lacks_grant(failure) or _names_nothing(failure)):
            drift = next(drifts([answer.decision]), None)
            if drift is not None:
                found = drifting.finding([drift])._replace(rule=DRIFT)
                yield self._of_finding(failure, found, Weight.PROVED, rank=0, step="account")
                return
            on = _short(failure.resource)
            who = f"the templates allow {used.name} {failure.action} on '{on}'"
            message = f"{who}, and AWS does not: what is deployed is not what the templates say"
            if not _lacks_grant(failure):
                message = f"{who}: what is deployed differs, or a policy from elsewhere denies it"
            yield self._cause(
                "account",
                Weight.NAMED if _lacks_grant(failure) else Weight.LIKELY,
                message,
                confirm.of_step("account", failure),
                "deploy the templates, and look for changes by hand: aws cloudformation "
                "detect-stack-drift",
                rule=DRIFT,
                place=answer.granted_at,
            )

    # --- findings ----------------------------------------------------------------------------

    def _of_findings(self, failure: Failure, matched: Sequence[Used]) -> Iterator[Cause]:
        """The findings of the run that may be behind a failure."""
        for finding in self._report.findings:
            grade = grade_of(finding, failure, self._makers(failure, matched), bool(matched))
            if grade is None:
                continue
            weight, rank = grade
            yield self._of_finding(failure, finding, weight, rank=rank)
        yield from self._other_versions(failure)

    def _other_versions(self, failure: Failure) -> Iterator[Cause]:
        """The env file of another revision than the templates': its hash is another one."""
        if failure.what != "env-file" or not has_version(failure.resource):
            return
        for analysis in self._hand.analyses:
            for read in analysis.read_once():
                own = str(read.file.arn)
                if not same_file(own, failure.resource) or may_be(own, failure.resource):
                    continue
                message = (
                    f"the task asks for version {version_in(failure.resource)} of the env file, "
                    f"and this package names {version_in(own)}: a revision of another deploy was "
                    "started, and the role does not grant its version"
                )
                at = read.file.value.place
                locked = next(
                    (
                        it
                        for it in self._report.findings
                        if it.rule == "W9713" and it.at.file == at.file
                    ),
                    None,
                )
                fix = self._fix(locked) if locked is not None else ""
                yield self._cause(
                    "grant",
                    Weight.PROVED if failure.is_explicit is not True else Weight.LIKELY,
                    message,
                    confirm.simulate(failure),
                    fix or "allow every version of the file: …/manual/env-files/NAME.env/*",
                    rule="W9713",
                    place=at,
                    rank=-1,
                )

    def _of_finding(
        self, failure: Failure, finding: Finding, weight: Weight, *, rank: int, step: str = ""
    ) -> Cause:
        step = step or step_of(finding, failure)
        asked = failure
        if not failure.resource and finding.call is not None and "$" not in finding.call.resource:
            asked = failure._replace(resource=finding.call.resource)
        check = confirm.of_step("grant" if step == "role" else step, asked)
        if finding.rule == "E9763":
            check = confirm.boundary(failure)
        return self._cause(
            step,
            weight,
            finding.message,
            check,
            self._fix(finding) or way_out(step),
            rule=finding.rule,
            place=finding.at,
            rank=rank,
        )

    def _fix(self, finding: Finding) -> str:
        """The command that fixes a finding, else the first line of its help."""
        answer = answer_of(finding, partial(data_of, self._report.sources))
        is_reported = any(it.rule == finding.rule for it in self._report.findings)
        asked = self._report.asked
        is_sayable = is_reported and self._paths and asked is not None
        if isinstance(answer, Fix) and not answer.gaps and is_sayable:
            review = ("--review",) if answer.applicability is Applicability.REVIEW else ()
            others = (it for it in asked or () if it[0] not in ("--select", "--ignore"))
            words = (*review, "--select", finding.rule, *(word for it in others for word in it))
            return confirm.command("copilot-preflight", "fix", *words, *self._paths)
        title = answer.title if isinstance(answer, Fix) else ""
        return title or " ".join(finding.help.split("\n")[0].split()).rstrip(":")

    @property
    def _paths(self) -> Sequence[str]:
        paths = self._report.paths
        return () if "-" in paths or any(it.startswith("-") for it in paths) else paths

    # --- what is excluded --------------------------------------------------------------------

    def _excluded(
        self, failure: Failure, matched: Sequence[Used], answers: Sequence[Answer]
    ) -> Iterator[Excluded]:
        right = [it for it in matched if it.users & users_at(failure)]
        if right:
            by = f"the call was made with {right[0].name} of the templates"
            yield self._out("role", by, right[0].role.place)
        if failure.moment in ("start", "run") and not matched and not failure.principal:
            yield from self._assumed(failure)
        for answer in answers:
            yield from self._silent(failure, answer)
            if answer.granted_at is not None:
                by = f"the templates allow {failure.action} to {answer.used.name}"
                yield self._out("grant", by, answer.granted_at)

    def _silent(self, failure: Failure, answer: Answer) -> Iterator[Excluded]:
        """The layers that the templates have, and that do not deny the call."""
        for layer, voice in answer.decision.ruling.voices:
            step = _STEP_OF_LAYER.get(layer)
            if step is None or voice.deny is not False or answer.decision.facts:
                continue
            if answer.decision.layer is layer:
                continue
            by = f"no {layer.value} of the templates denies {failure.action}"
            yield self._out(step, by, None)

    def _assumed(self, failure: Failure) -> Iterator[Excluded]:
        """What the templates prove of the roles that make such calls."""
        for used in self._hand.expected(failure)[:1]:
            task = used.task
            if task is None:
                continue
            named = task.execution_role if failure.moment == "start" else task.task_role
            if named is not None:
                by = f"{task.title} names {used.name}"
                yield self._out("set", by, named.place)
            trusts = [it for it in used.analysis.assumptions if it.role.place == used.role.place]
            if trusts and all(
                it.rulings and it.rulings[0].outcome is Outcome.ALLOWED for it in trusts
            ):
                by = f"the trust policy of {used.role} lets the service assume it"
                yield self._out("trust", by, used.role.trust_place)

    def _out(self, step: str, by: str, place: Place | None) -> Excluded:
        return Excluded(step, by, place, self._start(place))

    # --- shared ------------------------------------------------------------------------------

    def _cause(
        self,
        step: str,
        weight: Weight,
        message: str,
        check: str,
        fix: str = "",
        *,
        rule: str = "",
        place: Place | None = None,
        rank: int = 0,
    ) -> Cause:
        hidden = self._found.hidden
        if hidden:
            message, fix = hidden.text(message), hidden.text(fix)
        return Cause(
            step,
            weight,
            message,
            check,
            fix or way_out(step),
            rule,
            place,
            self._start(place),
            rank,
        )

    def _start(self, place: Place | None) -> Position | None:
        return None if place is None else self._report.span(place).start


def _lacks_grant(failure: Failure) -> bool:
    """Whether AWS says that the caller's own policies lack an Allow."""
    return failure.layer == "identity-based policy" and failure.is_explicit is False


def _names_nothing(failure: Failure) -> bool:
    """Whether AWS does not say which kind of policy decided, nor that a Deny did."""
    return not failure.layer and not failure.is_explicit


def _short(text: str) -> str:
    return text if len(text) <= 160 else f"{text[:159]}…"
