"""The way out where a Deny statement decides: how the role is excepted from it."""

from __future__ import annotations

from collections.abc import Collection

from copilot_preflight.base.finding import Place
from copilot_preflight.base.symbolic import Text
from copilot_preflight.checks.analysis import Denial
from copilot_preflight.checks.wording.corrections import added_to, taken_out
from copilot_preflight.checks.wording.parts import abridged
from copilot_preflight.edits.edit import END, Applicability, Edit, Help, insertion, removal
from copilot_preflight.edits.spelling import EVERYBODY, Spelling, spelling_of
from copilot_preflight.iam import arn
from copilot_preflight.iam.layers import Layer
from copilot_preflight.iam.policy import Clause, Entry, Statement
from copilot_preflight.resolve import indexes

_OPERATOR, _KEY = "ArnNotEquals", "aws:PrincipalArn"


def exception(denied: Denial) -> Help | None:
    """What to change in the Deny statement that covers a call, so that it no longer does.

    None where no statement denies it.
    """
    statement, role = denied.cause.statement, denied.call.role
    if statement is None:
        return None
    file, endpoint = statement.place.file, denied.decision.endpoint
    for clause in filter(is_negated, statement.clauses):
        key = clause.key.lower()
        if key == "aws:principalarn":
            return _added(statement, clause, "role", role_in(denied, file))
        if key == "aws:sourcevpce" and endpoint is not None and endpoint.place.file == file:
            return _added(statement, clause, "endpoint", Spelling(endpoint.logical_id, "Ref"))
    if statement.not_principals and role.boundary is None:
        return _listed(denied, statement)
    if statement.not_principals:
        return _by_condition_alone(denied, statement)
    names = [principal.entry for principal in statement.principals]
    own = [name for name in names if name.text.equals(role.arn)]
    if own:
        edits = taken_out(statement, own, names, "take the role out of the Deny statement")
        return Help(
            "no Allow overrules a Deny: take the role out of its Principal", edits=(*edits,)
        )
    excepted = _excepted(denied, statement)
    is_of_organization = denied.decision.layer in (Layer.SCP, Layer.RCP)
    if statement.principals or (is_of_organization and not excepted.gaps):
        return Help(
            "no Allow overrules a Deny: except the role from it, with this in its Condition:",
            edits=(excepted,),
            lines=(f"{_OPERATOR}:", f"  {_KEY}: {excepted.yaml}"),
        )
    if (narrowed := _narrowed(denied, statement)) is not None:
        return narrowed
    left_out = f"{denied.call.action} on '{abridged(denied.call.resource)}'"
    return Help(
        f"no Allow overrules a Deny: narrow it, so that it leaves out {left_out}",
        no_fix="what else the Deny statement is for, only you know",
    )


def _narrowed(denied: Denial, statement: Statement) -> Help | None:
    """The very resource or action taken out of a Deny statement that names it next to others."""
    call = denied.call
    named = [it for it in statement.resources if it.text.equals(call.resource)]
    of: tuple[Entry, ...] = statement.resources
    if not named:
        named = [
            it for it in statement.actions if (it.text.literal or "").lower() == call.action.lower()
        ]
        of = statement.actions
    start, file = statement.place.path, statement.place.file
    is_written = all(it.place.file == file and it.place.path[: len(start)] == start for it in named)
    if (
        len(named) != 1
        or (of is statement.resources and not _are_alike(of))
        or not is_written
        or "Statement" in named[0].place.path[len(start) :]
    ):
        return None
    title = f"take '{abridged(named[0].text)}' out of the Deny statement"
    edits = taken_out(statement, named, of, title)
    left_out = f"{call.action} on '{abridged(call.resource)}'"
    return Help(
        f"no Allow overrules a Deny: narrow it, so that it leaves out {left_out}", edits=(*edits,)
    )


def is_negated(clause: Clause) -> bool:
    return "not" in clause.operator.lower()


def _are_alike(resources: Collection[Entry]) -> bool:
    """Whether all ARNs of a statement serve the same actions, so that one can go by itself."""
    names = [arn.parse_s3(entry.text) for entry in resources]
    return len({name is None or name.key is None for name in names}) == 1


def _added(statement: Statement, clause: Clause, what: str, value: Spelling) -> Help:
    """One more value of a condition that excepts by name."""
    title = f"except the {what} from the Deny statement"
    at = clause.values[0].place if clause.values else statement.place
    edit = added_to(statement.place, at, value, title, depth=3, is_safe=False)
    return Help(
        f"add the {what} to {clause.operator} {clause.key} there:",
        edits=(edit,) if edit is not None else (),
        lines=(f"- {value.yaml}",),
    )


def _listed(denied: Denial, statement: Statement) -> Help:
    """The role under NotPrincipal, which has to list its account as well."""
    role = denied.call.role
    root = f"arn:{_part(role.arn, 1)}:iam::{_part(role.arn, 4)}:root"
    names = (role_in(denied, statement.place.file), spelling_of(root))
    title = "except the role from the Deny statement"
    at = next((it.entry for it in statement.not_principals if it.kind == "AWS"), None)
    edits = [
        added_to(statement.place, at.place, name, title, depth=2, is_safe=False)
        for name in names
        if at is not None
    ]
    return Help(
        "list the role there, and its account, without which it does not count:",
        edits=tuple(edit for edit in edits if edit is not None),
        lines=("NotPrincipal:", "  AWS:", *(f"    - {name.yaml}" for name in names)),
    )


def _by_condition_alone(denied: Denial, statement: Statement) -> Help:
    """A condition in place of NotPrincipal, which no role with a boundary can be excepted by."""
    file, path = statement.place.file, statement.place.path
    title = "deny everybody, except the role by a condition"
    excepted = _excepted(denied, statement)
    return Help(
        "except the role by a condition, which counts for it in spite of its boundary:",
        edits=(
            removal(Place(file, (*path, "NotPrincipal")), "take NotPrincipal out"),
            insertion(file, (*path, "Principal"), EVERYBODY, title, Applicability.REVIEW),
            excepted,
        ),
        lines=(
            f"Principal: {EVERYBODY.yaml}",
            "Condition:",
            f"  {_OPERATOR}:",
            f"    {_KEY}: {excepted.yaml}",
        ),
    )


def _excepted(denied: Denial, statement: Statement) -> Edit:
    """The condition that a Deny statement does not have yet, and that leaves the role out."""
    file, path = statement.place.file, statement.place.path
    return insertion(
        file,
        (*path, "Condition", _OPERATOR, _KEY, END),
        _role_like(denied, file),
        "except the role from the Deny statement",
        Applicability.REVIEW,
    )


def _role_like(denied: Denial, file: str) -> Spelling:
    """The ARN of a call's role as the value of a condition on ARNs, where it may have wildcards.

    Outside of templates nothing fills in the partition and the account.
    """
    role = denied.call.role
    found = role_in(denied, file)
    if not found.open and not found.function and "${AWS::" in found.text:
        parts = (part if isinstance(part, str) else "*" for part in role.arn.parts)
        return Spelling("".join(parts))
    return found


def role_in(denied: Denial, file: str) -> Spelling:
    """The ARN of a call's role as a file can write it."""
    role = denied.call.role
    if denied.call.view.run.outside.is_answer(role.place.file):
        is_known = role.arn.literal is not None
        return Spelling(str(role.arn)) if is_known else Spelling(f"<the ARN of {role}>", open=True)
    if file == role.place.file:
        return Spelling(f"{role.logical_id}.Arn", "Fn::GetAtt")
    if not all(hole.name.startswith("AWS::") for hole in role.arn.holes):
        return Spelling(f"<the ARN of {role}>", open=True)
    is_template = bool(indexes.of_file(denied.call.view.run, file))
    return spelling_of(str(role.arn)) if is_template else Spelling(str(role.arn))


def _part(arn: Text, index: int) -> Text:
    return arn.split(":", 5).items[index]
