"""The sentences of the rules about secrets and registry credentials."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.access.cause import OTHER_ACTION, OTHER_RESOURCE
from copilot_preflight.base.finding import Finding, Place, Related
from copilot_preflight.base.symbolic import Text, match
from copilot_preflight.checks.analysis import Analysis, Denial
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import corrected, replaced
from copilot_preflight.checks.wording.parts import abridged, value_of_parameter
from copilot_preflight.checks.wording.slips import slips
from copilot_preflight.edits.edit import Edit, Help
from copilot_preflight.iam.evaluate import Request, covers_action, evaluate
from copilot_preflight.model.secrets import complete_arn, secret_arn, without_suffix
from copilot_preflight.needs.container_secrets import (
    DECRYPT,
    GET_PARAMETERS,
    GET_SECRET_VALUE,
    REGISTRY,
    SECRET,
    SecretRead,
)

_CALLERS: Final = {"execution": "ECS", "build": "CodeBuild"}
"""Who reads secrets with a role, by what the role is for; App Runner with that of instances."""

_IMPROVED: Final = (OTHER_RESOURCE, OTHER_ACTION, diagnosis.NO_GRANT)
"""The causes for which a closer look at secrets may find a better one."""


def findings(analysis: Analysis, kind: str) -> Iterator[Finding]:
    """Whatever is wrong with the secrets of a kind: the value, or what the role may do."""
    for need in analysis.needs_once():
        if need.kind == kind and need.about(SecretRead).reference.problem:
            read = need.about(SecretRead)
            yield Finding(
                at=need.place,
                message=f"{need.subject}: '{read.value.text()}' {read.reference.problem}",
                label="not a reference to a secret",
                related=tuple(value_of_parameter(need.view.stack, read.value)),
                cause="secret-reference-invalid",
                help="write the ARN of a secret, with ':json-key:version-stage:version-id' behind "
                "it for a part of it, or the name or ARN of an SSM parameter",
            )
    for group in telling.together(analysis.denials_of(kind)):
        yield _denied([_closest(denied) for denied in group])


def blamed(analysis: Analysis) -> frozenset[Place]:
    """The ARNs of grants that are given as the reason why some secret cannot be read."""
    denials = (d for kind in (SECRET, REGISTRY) for d in analysis.denials_of(kind))
    causes = [_closest(denied).cause for denied in denials]
    return frozenset(cause.entry.place for cause in causes if cause.entry is not None)


def _closest(denied: Denial) -> Denial:
    """A denial with the grant that all but gives what is asked for, where there is one."""
    if denied.cause.kind not in _IMPROVED:
        return denied
    if denied.call.action == GET_PARAMETERS:
        for statement in denied.call.role.statements:
            single = next((a for a in statement.actions if _is_single(a.text)), None)
            if statement.effect != "Allow" or single is None:
                continue
            if any(
                match(e.text, denied.call.resource) is not False or _missed_by(e.text, denied)
                for e in statement.resources
            ):
                return denied._replace(cause=diagnosis.Cause(OTHER_ACTION, statement, single))
    for statement in denied.call.role.statements:
        if statement.effect == "Allow" and covers_action(statement, denied.call.action).verdict:
            for entry in statement.resources:
                if _near_miss(denied.call.action, entry.text, denied.call.resource):
                    return denied._replace(cause=diagnosis.Cause(OTHER_RESOURCE, statement, entry))
    return denied


def _is_single(action: Text) -> bool:
    return str(action).lower() == "ssm:getparameter"


def _denied(group: Sequence[Denial]) -> Finding:
    first = group[0]
    reason, way_out = _argument(first)
    alternative = first.call.needed.alternative
    help = way_out or advice.granted(
        first.call, *telling.grants(group), edits=slips(group) or _respelt(group)
    )
    related = [*telling.shown(first)]
    secret = _read(first).secret
    if secret is not None and first.call.action == DECRYPT:
        related.append(Related(secret.place, "the secret, under that key"))
    if alternative is None:
        return telling.finding(group, reason, help=help, related=related)
    # Of the value nothing is known but that it is denied whatever it is.
    value = _read(first).value.text()
    return first.finding(
        f"{first.call.who} may call neither {alternative.action} nor {first.call.action} for "
        f"'{value}', and the {first.need.subject} needs one of them: {reason}",
        label=f"403 for {first.call.role}",
        related=[*related, Related(first.call.role.place, "the role that makes the call")],
        help=help,
    )


def _read(denied: Denial) -> SecretRead:
    return denied.need.about(SecretRead)


def _argument(denied: Denial) -> tuple[str, Help | str]:
    """Why a secret cannot be read, and the way out where that is not just the missing grant."""
    cause, action = denied.cause, denied.call.action
    if cause.kind == diagnosis.RESOURCE_POLICY:
        said = "denies it" if denied.decision.deciding else "does not let the role in"
        let_in = f"let {denied.call.role} in, in that policy"
        no_fix = "whom else the policy of a secret is for, only its owner knows"
        return f"the policy of the secret {said}", advice.help_with(let_in, no_fix=no_fix)
    by_name = action == GET_PARAMETERS and denied.need.user != "build"
    if by_name and (taken := _taken_for_a_name(denied)) is not None:
        name, secret = taken
        at, title = _read(denied).value.place, "name the secret by its ARN"
        edit = replaced(at, str(secret), title, is_safe=False)
        return (
            f"ECS takes the name '{name}' for an SSM parameter, and the role may read the secret "
            "of that name",
            Help(f"give the secret's ARN in place of its name: {edit.yaml}", edits=(edit,)),
        )
    if cause.kind == OTHER_ACTION and cause.entry is not None and _is_single(cause.entry.text):
        who = _CALLERS.get(denied.need.user, "App Runner")
        reason = f"the grant is for {cause.entry.text}, and {who} calls {GET_PARAMETERS}"
        for entry in cause.statement.resources if cause.statement is not None else ():
            if near := _missed_by(entry.text, denied):
                reason += f"; its '{abridged(entry.text)}' {near}"
        return reason, ""
    if action == GET_PARAMETERS and not by_name and _is_meant_as_secret(denied):
        return (
            f"the variable has the type PARAMETER_STORE, and the role is granted "
            f"{GET_SECRET_VALUE}: for a secret the type is SECRETS_MANAGER",
            "",
        )
    if by_name and _is_meant_as_secret(denied):
        name = _read(denied).value.text()
        return (
            f"a bare name such as '{name}' is that of an SSM parameter, and the role is granted "
            f"{GET_SECRET_VALUE}: a secret is named by its ARN",
            "",
        )
    if cause.kind == OTHER_RESOURCE and cause.entry is not None:
        near = _near_miss(action, cause.entry.text, denied.call.resource)
        if near:
            return f"the grant '{abridged(cause.entry.text)}' {near}", ""
    return telling.reason(denied), ""


def _respelt(group: Sequence[Denial]) -> list[Edit]:
    """The secret's or parameter's ARN in the place of one that all but names it."""
    edits = []
    for denied in group:
        cause, call = denied.cause, denied.call
        if cause.kind != OTHER_RESOURCE or cause.entry is None or cause.statement is None:
            return []
        if not _missed_by(cause.entry.text, denied):
            return []
        named = [
            it for it in cause.statement.actions if str(it.text).lower() == call.action.lower()
        ]
        new, title = advice.resource_of(call), f"correct the ARN of {call.action}"
        edits.append(corrected(cause.statement, cause.entry, named, new, title))
    return edits


def _missed_by(granted: Text, denied: Denial) -> str:
    return _near_miss(denied.call.action, granted, denied.call.resource)


def _is_meant_as_secret(denied: Denial) -> bool:
    """Whether a bare name is given to a role that may read secrets and no parameter at all."""
    allows = [s for s in denied.call.role.statements if s.effect == "Allow"]
    return (
        _read(denied).reference.is_name
        and any(covers_action(s, GET_SECRET_VALUE).verdict for s in allows)
        and not any(covers_action(s, GET_PARAMETERS).verdict is not False for s in allows)
    )


def _near_miss(action: str, granted: Text, asked: Text) -> str:
    """What separates a granted ARN from the one of the same secret or parameter; else ``""``."""
    if action == GET_PARAMETERS:
        doubled = ":parameter//" in str(granted)
        same = str(granted).replace(":parameter//", ":parameter/") == str(asked)
        return "has a slash too many: the name's own slash is the ARN's" if doubled and same else ""
    if action != GET_SECRET_VALUE:
        return ""
    partial = without_suffix(asked)
    if granted == partial:
        return "lacks what Secrets Manager adds to a name: a hyphen and six characters"
    if granted == Text.of(asked, "-??????"):
        return (
            "does not match: an ARN that ends in a hyphen and six characters is taken for a "
            "complete one"
        )
    for known in (asked, partial):
        written = str(granted)
        if written.startswith(f"{known}:"):
            tail = written[len(str(known)) :]
            return f"ends in '{tail}', which is no part of a secret's ARN"
    return ""


def _taken_for_a_name(denied: Denial) -> tuple[Text, Text] | None:
    """The name and ARN of a secret that the role may read, where its bare name was given."""
    read = _read(denied)
    if not read.reference.is_name:
        return None
    name = read.value.text()
    partial = secret_arn(denied.need.view, name)
    request = Request(GET_SECRET_VALUE, complete_arn(partial), denied.call.request.context)
    verdict = evaluate(denied.call.role.statements, request)
    named = any(
        str(name) in str(entry.text)
        for statement in verdict.deciding
        for entry in statement.resources
    )
    return None if verdict.outcome.is_denied or not named else (name, partial)
