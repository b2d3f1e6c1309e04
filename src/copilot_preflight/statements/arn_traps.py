"""ARNs that the actions next to them can never match, and the ARN that was meant.

S3's own pair, a bucket and its objects, is the business of `s3_statements`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Hole, Text, match
from copilot_preflight.iam import actions, arn
from copilot_preflight.iam.arn_formats import (
    can_match,
    format_of,
    forms_of,
    is_arn,
    kinds_of,
    matched_by,
)
from copilot_preflight.iam.policy import Entry, Statement
from copilot_preflight.model.tasks import task_definitions
from copilot_preflight.resolve.query import query
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.statements.placed import PlacedStatement, is_given, placed_statements

NOT_AN_ARN: Final = "not-an-arn"
PARTITION: Final = "partition"
OTHER_PARTITION: Final = "other-partition"
NEEDS_EVERYTHING: Final = "needs-everything"
LOG_STREAM: Final = "log-stream"
SECRET_SUFFIX: Final = "secret-suffix"
SECRET_FIELD: Final = "secret-field"
KEY_ALIAS: Final = "key-alias"
DOUBLE_SLASH: Final = "double-slash"
S3_FORM: Final = "s3-form"
ACCESS_POINT: Final = "access-point"
OTHER_KIND: Final = "other-kind"

_ONCE: Final = frozenset({NEEDS_EVERYTHING, OTHER_KIND, OTHER_PARTITION})
"""Traps in which a statement's ARNs are all wrong together: one finding tells it."""

_SURPLUS: Final = frozenset({"codebuild:batchgetreports"})
"""Actions that nobody calls who is granted them along with others that fit the ARN.

The CDK writes it into every policy with which Step Functions runs a build and waits for its end;
AWS's own policy for that goes without it.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/codebuild-iam.html
"""


_CDK_READS: Final = frozenset({"ssm:getparameters", "ssm:getparameter", "ssm:getparameterhistory"})
"""What the CDK grants on a parameter's ARN, together with ssm:DescribeParameters.

That one grants nothing there, and whoever reads one parameter does not list them all.
Source: https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_ssm.StringParameter.html
"""


class Trap(NamedTuple):
    """Why an ARN and an action can never meet. ``fixed`` is the ARN that was meant, if one is.

    ``kinds`` are those that the action works on, ``formats`` their ARNs, in the reference's words.
    """

    slug: str
    fixed: Text | None = None
    kinds: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()


class Unmatched(NamedTuple):
    """An ARN of a statement, and actions of the statement that can never match it."""

    statement: Statement
    resource: Entry
    actions: tuple[Entry, ...]
    trap: Trap


@query
def unmatched(stack: Stack) -> tuple[Unmatched, ...]:
    """The ARNs of a template that grant or deny nothing of what stands next to them.

    An action counts if it matches no ARN of its statement, or if the ARN is of use to no action.
    Where another statement of the same role or document may give the action what this one misses,
    nothing is wrong.
    """
    return tuple(_unmatched(stack))


def _unmatched(stack: Stack) -> Iterator[Unmatched]:
    for item in placed_statements(stack, _names_arns):
        told = set()
        known = tuple(action for action in item.statement.actions if _expanded(action))
        for resource in item.statement.resources:
            if item.is_elsewhere(resource):
                some = _in_other_partition(item, resource)
            else:
                some = _of_entry(item, resource, known) if known else iter(())
            for found in some:
                key = (found.trap.slug, found.actions)
                if found.trap.slug not in _ONCE or key not in told:
                    told.add(key)
                    yield found


def _names_arns(statement: Statement) -> bool:
    return bool(statement.actions) and any(e.text.literal != "*" for e in statement.resources)


def _in_other_partition(item: PlacedStatement, resource: Entry) -> Iterator[Unmatched]:
    _, _, rest = resource.text.split(":", 2).items
    meant = Text.of("arn:", Hole("AWS::Partition"), ":", rest)
    here = matched_by(Text.of("arn:", item.view.stack.partition or "", ":", rest))
    useless = tuple(
        action for action in item.statement.actions if not _is_covered(item, action, resource, here)
    )
    if useless:
        yield Unmatched(item.statement, resource, useless, Trap(OTHER_PARTITION, meant))


def _of_entry(
    item: PlacedStatement, resource: Entry, known: tuple[Entry, ...]
) -> Iterator[Unmatched]:
    """``known`` are the actions of the statement that the tables have."""
    statement = item.statement
    if resource.text.literal == "":
        return  # a value that nobody has given yet
    if not is_arn(resource.text):
        if not _is_asked_for(item, resource.text):
            yield Unmatched(statement, resource, known, _malformed(resource.text))
        return
    useless = [action for action in known if _misses(action, resource)]
    meant = [action for action in useless if _is_about(action, resource)]
    if len(useless) < len(statement.actions):
        useless = [
            action
            for action in meant
            if not _is_surplus(action, statement)
            if _misses_all(action, statement)
        ]
    elif meant:
        useless = meant
    elif not _is_dead(statement):
        return  # an ARN of another service: a leftover that harms nobody
    by_trap: dict[Trap, list[Entry]] = {}
    for action in useless:
        trap = _trap(action, resource.text)
        if trap.slug == KEY_ALIAS and _has(resource.text, "alias/aws/"):
            continue  # a key of AWS's own lets in whom its service lets in: nothing is missing
        if not _is_made_up_for(item, action, resource, trap):
            by_trap.setdefault(trap, []).append(action)
    for trap, found in by_trap.items():
        yield Unmatched(statement, resource, tuple(found), trap)


def _is_asked_for(item: PlacedStatement, resource: Text) -> bool:
    """Whether the value is that of an environment file, and so the value to blame."""
    name = resource.only_hole or resource
    return any(
        resource == file.arn or name == file.arn
        for task in task_definitions(item.view)
        for container in task.containers
        for file in container.files
    )


def _is_surplus(action: Entry, statement: Statement) -> bool:
    """Whether nobody calls an action who is granted it with the others of a statement."""
    name = (action.text.literal or "").lower()
    others = {(other.text.literal or "").lower() for other in statement.actions}
    return name in _SURPLUS or (name == "ssm:describeparameters" and others >= _CDK_READS)


def _is_dead(statement: Statement) -> bool:
    return all(_misses_all(action, statement) for action in statement.actions)


def _misses_all(action: Entry, statement: Statement) -> bool:
    return all(_misses(action, resource) for resource in statement.resources)


def _misses(action: Entry, resource: Entry) -> bool:
    """Whether nothing that an action pattern stands for can match an ARN; only True is a proof."""
    names = _expanded(action)
    parsed = arn.parse(resource.text)
    service = "" if parsed is None else parsed.service.literal or ""
    if service.startswith("s3") and service != "s3":
        return False  # Outposts, directory buckets and the like: other grammars
    return bool(names) and not any(can_match(resource.text, name) for name in names)


def _expanded(action: Entry) -> tuple[str, ...]:
    pattern = action.text.literal
    return (actions.expand(pattern) or ()) if pattern is not None else ()


def _is_about(action: Entry, resource: Entry) -> bool:
    """Whether an ARN is meant for an action's service, or may be."""
    parsed = arn.parse(resource.text)
    service = None if parsed is None else parsed.service.literal
    return (
        service is None
        or any(
            format_of(_service(name), kind).split(":")[2] == service
            for name in _expanded(action)
            for kind in kinds_of(name) or ()
        )
        or service in map(_service, _expanded(action))
    )


def _service(action: str) -> str:
    return action.partition(":")[0]


def _is_made_up_for(item: PlacedStatement, action: Entry, resource: Entry, trap: Trap) -> bool:
    """Whether the action may have what was meant, by another ARN here or in a neighbour."""
    if trap.fixed is None:
        targets = [matched_by(form) for name in _expanded(action) for form in forms_of(name)]
    else:
        targets = [trap.fixed if trap.fixed.literal == "*" else matched_by(trap.fixed)]
    return any(_is_covered(item, action, resource, target) for target in targets)


def _is_covered(item: PlacedStatement, action: Entry, resource: Entry, target: Text) -> bool:
    """Whether something else may give the action a target: another ARN, or another statement."""
    others = (entry for entry in item.statement.resources if entry is not resource)
    return any(match(entry.text, target) is not False for entry in others) or is_given(
        item.neighbours, item.statement, action, target
    )


# --- what was meant ------------------------------------------------------------------------------


def _malformed(resource: Text) -> Trap:
    pieces, complete = resource.split(":", 2)
    if not complete or len(pieces) < 3 or pieces[0].literal != "arn":
        return Trap(NOT_AN_ARN)
    partition = Hole("AWS::Partition")
    return Trap(PARTITION, Text.of("arn:", partition, ":", pieces[2]))


def _trap(action: Entry, resource: Text) -> Trap:
    name = _expanded(action)[0]
    service = _service(name)
    kinds = kinds_of(name) or ()
    formats = tuple(format_of(service, kind) for kind in kinds)
    if not kinds:
        return Trap(NEEDS_EVERYTHING, Text.of("*"))
    for slug, fixed in _repairs(service, resource):
        if can_match(fixed, name):
            return Trap(slug, fixed)
    is_alias = kinds == ("key",) and any(_has(resource, p) for p in (":alias/", ":key/alias/"))
    return Trap(KEY_ALIAS if is_alias else OTHER_KIND, kinds=kinds, formats=formats)


def _repairs(service: str, resource: Text) -> Iterator[tuple[str, Text]]:
    """What may have been meant by an ARN of a service, by the trap that leads there."""
    parsed = arn.parse(resource)
    if service == "s3":
        yield from _access_point_repairs(resource)
        yield from _s3_repairs(resource)
    if parsed is None and service == "secretsmanager" and isinstance(resource.parts[-1], str):
        yield SECRET_FIELD, Text.of(*resource.parts[:-1], resource.parts[-1].partition(":")[0])
    if parsed is None or parsed.service.literal != service:
        return
    head = Text.of("arn:", parsed.partition, ":", service, ":", parsed.region, ":", parsed.account)
    pieces = parsed.resource.split(":").items
    if service == "logs":
        yield LOG_STREAM, Text.of(resource, ":*")
        first = pieces[0].literal or ""
        if pieces and first.startswith("log-group/"):
            name = first.removeprefix("log-group")
            yield LOG_STREAM, Text.of(head, ":log-group:", name, ":*")
    elif service == "secretsmanager" and len(pieces) > 1:
        if len(pieces) == 2:
            yield SECRET_SUFFIX, Text.of(resource, "-??????")
        else:
            secret = Text.of(head, ":", pieces[0], ":", pieces[1])
            yield SECRET_FIELD, secret
            yield SECRET_FIELD, Text.of(secret, "-??????")
    elif service == "ssm":
        name_of = parsed.resource.split("/", 1).items
        if len(name_of) == 2 and name_of[0].literal == "parameter":
            yield DOUBLE_SLASH, Text.of(head, ":parameter/", _without_slashes(name_of[1]))


def _access_point_repairs(resource: Text) -> Iterator[tuple[str, Text]]:
    parsed = arn.parse(resource)
    pieces = () if parsed is None else parsed.resource.split("/", 2).items
    if parsed is None or len(pieces) < 2 or pieces[0].literal != "accesspoint":
        return
    head = Text.of("arn:", parsed.partition, ":s3:", parsed.region, ":", parsed.account, ":")
    key = pieces[2] if len(pieces) > 2 and pieces[2].literal != "" else Text.of("*")
    yield ACCESS_POINT, Text.of(head, "accesspoint/", pieces[1], "/object/", key)


def _s3_repairs(resource: Text) -> Iterator[tuple[str, Text]]:
    """A bucket's ARN names neither region nor account, only their colons."""
    pieces = [piece for piece in resource.split(":").items if piece.literal != ""]
    if len(pieces) > 3 and pieces[0].literal == "arn" and pieces[2].literal == "s3":
        yield S3_FORM, Text.of("arn:", pieces[1], ":s3:::", pieces[-1])


def _without_slashes(name: Text) -> Text:
    first, *rest = name.parts or ("",)
    return Text.of(first.lstrip("/"), *rest) if isinstance(first, str) else name


def _has(text: Text, part: str) -> bool:
    return any(part in piece for piece in text.parts if isinstance(piece, str))
