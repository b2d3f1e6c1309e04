"""Any call of any role of a template, decided as if the template asked for it."""

from __future__ import annotations

from typing import Final, NamedTuple

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.access.cause import cause_of
from copilot_preflight.access.decide import Decision, decide
from copilot_preflight.access.request import Call
from copilot_preflight.base.finding import Finding, Place
from copilot_preflight.base.symbolic import Text
from copilot_preflight.checks.analysis import Denial
from copilot_preflight.checks.wording import denials as wording
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.needs.need import Need, NeededCall
from copilot_preflight.resolve.value import Value
from copilot_preflight.triage.at_hand import LAUNCHERS, Used

_KIND: Final = "triage"

_RULES: Final = {
    diagnosis.EXPLICIT_DENY: ("E9766", "denied-by-identity-policy"),
    diagnosis.BUCKET_POLICY: ("E9761", "denied-by-bucket-policy"),
    diagnosis.KEY_POLICY: ("E9762", "denied-by-key-policy"),
    diagnosis.BOUNDARY: ("E9763", "denied-by-boundary"),
    diagnosis.ENDPOINT_POLICY: ("E9764", "denied-by-endpoint-policy"),
    diagnosis.ORGANIZATION_POLICY: ("E9765", "denied-by-organization-policy"),
    diagnosis.WRONG_ROLE: ("E9733", "grant-on-wrong-role"),
}
"""The rules for the layers, whatever is called; E9748 is the one for a call that just lacks it."""
_LACKING: Final = ("E9748", "required-call-denied")
_LAUNCHING: Final = ("E9749", "task-launch-denied")


class Answer(NamedTuple):
    """What the templates say of a call of a role."""

    used: Used
    decision: Decision

    @property
    def is_denied(self) -> bool:
        return self.decision.is_denied

    @property
    def is_allowed(self) -> bool:
        return self.decision.outcome is Outcome.ALLOWED

    @property
    def granted_at(self) -> Place | None:
        """The first statement that allows the call, whatever the other layers say."""
        return next((statement.place for statement in self.decision.granting), None)

    def finding(self) -> Finding:
        """The denial as a finding, under the rule that would report it."""
        denied = Denial(self.decision, cause_of(self.decision))
        lacking = _LAUNCHING if self.used.users & LAUNCHERS else _LACKING
        rule, name = _RULES.get(denied.cause.kind, lacking)
        found = wording.not_granted([denied])
        why = wording.reason(denied)
        if denied.cause.kind in diagnosis.LAYER_CAUSES:
            layer = self.decision.layer
            policy = f"the {layer.value}" if layer is not None else "a policy"
            has_deny = denied.cause.statement is not None
            why = (
                f"a Deny statement of {policy} covers it"
                if has_deny
                else f"{policy} lacks an Allow"
            )
            found = found._replace(help="", remedy=None)
        call = denied.call
        if call.view.run.outside.is_answer(call.role.place.file):
            found = found._replace(help="", remedy=None)
        message = f"{call.who} may not {wording.calls([denied])}: {why}"
        statement = denied.cause.statement
        at = call.role.place if statement is None else statement.place
        return found._replace(rule=rule, name=name, at=at, message=message)


def ask(used: Used, user: str, action: str, resource: Text) -> Answer:
    """The decision on a call; `UNDETERMINED` where the templates do not say enough."""
    view, role = used.analysis.view, used.role
    bucket = str(resource).partition(":s3:::")[2].partition("/")[0]
    value = Value(view.resolver, {}, role.place.path)
    need = Need(
        kind=_KIND,
        view=view,
        value=value,
        subject="text",
        user=user,
        role_value=None,
        calls=(NeededCall(action, resource, "the text that was read says so"),),
        task=used.task,
        role=role,
        is_copilots=bucket.startswith("stackset-") and "pipelinebuilt" in bucket,
    )
    call = Call(need, role, need.calls[0])
    return Answer(used, next(decide(call)))
