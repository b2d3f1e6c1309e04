"""E9755: ARNs that the actions next to them can never match."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from copilot_preflight.base.finding import Finding, Place, Related
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import corrected, replaced, statement_next_to
from copilot_preflight.iam.layers import Layer
from copilot_preflight.iam.policy import Statement
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.statements import arn_traps as traps
from copilot_preflight.statements.arn_traps import Unmatched, unmatched
from copilot_preflight.statements.s3_pairs import OBJECTS

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Edit, Help
    from copilot_preflight.edits.grant import Grant, PolicyOwner

# Trap -> why the ARN does not match, the few words under it, and what to do.
_WORDS: Final = {
    traps.NEEDS_EVERYTHING: (
        "as {acts} on no resource of {its} own",
        "needs '*'",
        "grant {names} on '*', in a statement of {its} own",
    ),
    traps.OTHER_PARTITION: (
        "which is in another partition than the stack",
        "another partition",
        "name the stack's own partition: {fixed}",
    ),
    traps.LOG_STREAM: (
        "which names a log group and none of its streams",
        "a log group, not its streams",
        "name the group's streams: {fixed}",
    ),
    traps.SECRET_SUFFIX: (
        "as every secret's ARN ends in a hyphen and six random characters",
        "the suffix is missing",
        "leave room for them: {fixed}",
    ),
    traps.SECRET_FIELD: (
        "which goes on behind the secret's own ARN",
        "more than the secret's ARN",
        "leave out key, stage and version; in a policy the secret is {fixed}",
    ),
    traps.KEY_ALIAS: (
        "which is an alias, where IAM compares the key's own ARN",
        "an alias, not a key",
        "name the key: {formats}, or all keys, under a condition on kms:ResourceAliases",
    ),
    traps.DOUBLE_SLASH: (
        "as no parameter's ARN has two slashes before its name",
        "one slash too many",
        "name the parameter: {fixed}",
    ),
    traps.ACCESS_POINT: (
        "which is the access point itself, where {acts} on the objects behind it",
        "no /object/ behind the access point",
        "name the objects: {fixed}",
    ),
    traps.S3_FORM: (
        "which is not how S3 writes its ARNs",
        "not an ARN of S3",
        "region and account stay empty: {fixed}",
    ),
    traps.OTHER_KIND: (
        "as {acts} on {kinds}",
        "another kind of resource",
        "name what {acts} on: {formats}",
    ),
}
_SLOTS: Final = {
    "Partition": "${AWS::Partition}",
    "Region": "${AWS::Region}",
    "Account": "${AWS::AccountId}",
}


@rule(
    "E9755",
    "resource-never-matches",
    "A statement's actions can never match its ARN",
    fix="safe or review",
)
def resource_never_matches(analysis: Analysis) -> Iterator[Finding]:
    useless = unmatched(analysis.stack)
    told = _told(analysis) if useless else set()
    for found in useless:
        if found.resource.place in told:
            continue  # the call that is denied for it says more
        if found.trap.slug in (traps.NOT_AN_ARN, traps.PARTITION):
            yield _refused(found, analysis.stack)
        else:
            yield _finding(found)


def _told(analysis: Analysis) -> set[Place]:
    """The ARNs for which a denied call is reported already."""
    from copilot_preflight.checks.wording import images_and_logs as starts
    from copilot_preflight.checks.wording import secret_reads as secrets

    entries = (denied.cause.entry for denied in analysis.denials)
    told = {entry.place for entry in entries if entry is not None}
    return told | secrets.blamed(analysis) | starts.blamed(analysis)


def _refused(found: Unmatched, stack: Stack) -> Finding:
    """IAM takes no policy with such a resource: the deployment fails."""
    resource, trap = found.resource, found.trap
    if trap.fixed is not None:
        what, label = f"the ARN '{resource.text}' names no partition of AWS", "no such partition"
        title = "let the stack say its partition"
        edit = replaced(resource.place, str(trap.fixed), title)
        help = advice.help_with(f"let the stack tell its partition: {edit.yaml}", edits=[edit])
    else:
        what, label = f"'{resource.text}' is not an ARN", "not an ARN"
        help = _named_by_arn(found, stack)
    return Finding(
        at=resource.place,
        message=f"{what}: IAM refuses the policy",
        label=label,
        cause=trap.slug,
        help=help.text,
        remedy=help,
    )


def _named_by_arn(found: Unmatched, stack: Stack) -> Help:
    """The ARN in the place of a resource of the stack, where that is what is named."""
    from copilot_preflight.edits.edit import Applicability, replacement
    from copilot_preflight.edits.spelling import Spelling

    what = "name the resource by its ARN"
    resource = found.resource
    first, *rest = resource.text.parts
    if not isinstance(first, Hole) or first.name not in stack.data["Resources"]:
        return advice.help_with(what, no_fix="which resource is meant, nobody can tell")
    if not rest and all(map(OBJECTS.is_only_use_of, found.actions)):
        what, rest = "name the objects by the ARN of their bucket", ["/*"]
    attribute = f"{first.name}.Arn"
    new = Spelling(attribute, "Fn::GetAtt")
    if rest:
        new = Spelling(f"${{{attribute}}}{Text.of(*rest)}", "Fn::Sub")
    edit = replacement(resource.place, new, what, Applicability.REVIEW)
    return advice.help_with(f"{what}: {edit.yaml}", edits=[edit])


def _finding(found: Unmatched) -> Finding:
    statement, trap = found.statement, found.trap
    one = len(found.actions) == 1
    names = " and ".join(str(action.text) for action in found.actions)
    effect = "deny" if statement.effect == "Deny" else "grant"
    fills = {
        "acts": "it acts" if one else "they act",
        "its": "its" if one else "their",
        "names": names,
        "kinds": " or ".join(kind.replace("-", " ").lower() for kind in trap.kinds) + "s",
        "fixed": advice.quoted(str(trap.fixed)),
        "formats": " or ".join(map(_spelt, trap.formats)),
    }
    why, label, help = (words.format_map(fills) for words in _WORDS[trap.slug])
    remedy = advice.help_with(
        help,
        grants=[_by_alias(found)] if trap.slug == traps.KEY_ALIAS else [],
        edits=[_edit(found)] if trap.fixed is not None else [],
        is_safe=False,
        no_fix="which resource is meant, nobody can tell",
    )
    return Finding(
        at=found.resource.place,
        message=f"{names} can never match '{found.resource.text}', {why}: "
        f"the statement does not {effect} {'it' if one else 'them'}",
        label=label,
        related=tuple(Related(action.place, "never matches") for action in found.actions),
        cause=trap.slug,
        help=remedy.text,
        remedy=remedy,
    )


def _spelt(form: str) -> str:
    """An ARN of the reference as a template would spell it, with <names> to fill in."""
    spelt = re.sub(r"\$\{(\w+)\}", lambda slot: _SLOTS.get(slot[1], f"<{slot[1]}>"), form)
    return advice.quoted(spelt)


def _edit(found: Unmatched) -> Edit | None:
    """The ARN that was meant, or a statement of their own for actions that take none."""
    statement, fixed, actions = found.statement, str(found.trap.fixed), found.actions
    title = f"correct the ARN of {' and '.join(str(action.text) for action in actions)}"
    if found.trap.slug != traps.NEEDS_EVERYTHING or len(actions) == len(statement.actions):
        return corrected(statement, found.resource, actions, fixed, title)
    if statement.effect != "Allow" or statement.clauses or statement.principals:
        return None
    own = advice.grant(_owner(statement), [str(action.text) for action in actions], fixed)
    return statement_next_to(statement.place, own, "grant on '*' what acts on no resource")


def _owner(statement: Statement) -> PolicyOwner:
    """The policy that a statement stands in already."""
    layer = Layer.RESOURCE if statement.principals else Layer.IDENTITY
    return advice.owner(layer, f"policy '{statement.policy}'", statement.place)


def _by_alias(found: Unmatched) -> Grant:
    """The statement that lets an alias decide.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    """
    from copilot_preflight.edits.grant import Clause

    written = str(found.resource.text).replace(":key/alias/", ":alias/")
    key, _, alias = written.partition(":alias/")
    return advice.grant(
        _owner(found.statement),
        [str(action.text) for action in found.actions],
        f"{key}:key/*",
        condition=[Clause("ForAnyValue:StringLike", "kms:ResourceAliases", f"alias/{alias}")],
        in_line=True,
    )
