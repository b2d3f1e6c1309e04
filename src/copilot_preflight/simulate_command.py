"""``copilot-preflight simulate``: the options of ``aws iam simulate-custom-policy``, offline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from copilot_preflight.document import Document
    from copilot_preflight.iam.layers import PolicySet
    from copilot_preflight.model.roles import Role


class _AwsOptions(click.Command):
    """Options that take several values after one name, as the AWS CLI has them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        several = {name for it in self.params if getattr(it, "multiple", False) for name in it.opts}
        return super().parse_args(ctx, list(_repeated(args, several)))


def _repeated(args: Sequence[str], several: set[str]) -> Iterator[str]:
    """``--action-names a b`` -> ``--action-names a --action-names b``."""
    option, given = "", 0
    for argument in args:
        if argument.startswith("--"):
            option, given = (argument if argument in several else ""), 0
        elif option and given:
            yield option
        if not argument.startswith("--"):
            given += 1
        yield argument


_POLICY = "JSON text or file://PATH"


@click.command(cls=_AwsOptions)
@click.option("--policy-input-list", multiple=True, metavar="POLICY", help=f"Identity: {_POLICY}.")
@click.option("--permissions-boundary-policy-input-list", multiple=True, metavar="POLICY")
@click.option("--session-policy", multiple=True, metavar="POLICY")
@click.option("--resource-policy", metavar="POLICY", help="The policy of the resource itself.")
@click.option("--scp", multiple=True, metavar="POLICY", help="One for each level; all must allow.")
@click.option(
    "--rcp", multiple=True, metavar="POLICY", help="One for each level; only their Deny counts."
)
@click.option("--endpoint-policy", metavar="POLICY", help="The policy of the VPC endpoint.")
@click.option("--action-names", multiple=True, required=True, metavar="ACTION")
@click.option("--resource-arns", multiple=True, metavar="ARN", help="Default: '*'.")
@click.option("--context-entries", multiple=True, metavar="ENTRY", help="AWS's shorthand or JSON.")
@click.option("--caller-arn", default="", metavar="ARN", help="Role, user, session or service.")
@click.option("--resource-owner", default="", metavar="ACCOUNT", help="Default: the caller's.")
@click.option("--template", metavar="FILE", help="Take the policies of a role out of a template.")
@click.option("--role", metavar="LOGICAL_ID", help="The role in the template.")
def simulate(**given: Any) -> None:
    """Simulate IAM's decision on calls, offline, and say which statement decides each."""
    import json

    from copilot_preflight.cursor import TemplateError
    from copilot_preflight.document import DocumentError

    try:
        result = _simulated(given)
    except DocumentError as fault:
        raise click.ClickException(
            ":".join(str(it) for it in (fault.file, fault.line, fault.column) if it)
            + f": {fault.message}"
        ) from None
    except TemplateError as fault:
        raise click.ClickException(f"{fault.file}: {fault}") from None
    click.echo(json.dumps(result, indent=4))


def _simulated(given: dict[str, Any]) -> dict[str, Any]:
    from copilot_preflight.iam.layers import Policies, PolicySet
    from copilot_preflight.iam.policy import Fact
    from copilot_preflight.iam.principals import Caller
    from copilot_preflight.simulate import Question, policy_set
    from copilot_preflight.simulate import simulate as answer
    from copilot_preflight.text import Text

    documents: dict[str, Document] = {}

    def levels(option: str) -> tuple[PolicySet, ...]:
        texts = given[option] if isinstance(given[option], tuple) else (given[option],)
        found = list(_documents(filter(None, texts), option))
        documents.update((document.file, document) for document in found)
        return tuple(policy_set(document) for document in found)

    def policies(option: str) -> PolicySet | None:
        found = levels(option)
        return PolicySet(tuple(s for level in found for s in level.statements)) if found else None

    identity = policies("policy_input_list") or PolicySet()
    boundary = policies("permissions_boundary_policy_input_list")
    caller: str | Caller = given["caller_arn"]
    if (given["template"] is None) is not (given["role"] is None):
        raise click.UsageError("--template and --role go together")
    if given["template"] is not None:
        role = _role(given["template"], given["role"], documents)
        identity = PolicySet((*role.statements, *identity.statements), role.unread)
        if role.boundary is not None and boundary is None:
            boundary = PolicySet(unread=(Fact("boundary", str(role.boundary)),))
        caller = caller or Caller(role.arn)
    owner = given["resource_owner"]
    return answer(
        Policies(
            identity=identity,
            resource=policies("resource_policy"),
            boundary=boundary,
            session=policies("session_policy"),
            scps=levels("scp"),
            rcps=levels("rcp"),
            endpoint=policies("endpoint_policy"),
            owner=Text.of(_account(owner)) if owner else None,
        ),
        Question(
            given["action_names"],
            given["resource_arns"] or ("*",),
            dict(_context(given["context_entries"])),
            caller,
        ),
        documents,
    )


def _account(owner: str) -> str:
    """The account of an owner, given as its id or, as AWS asks for it, as its root's ARN."""
    return owner.split(":")[4] if owner.count(":") >= 5 else owner


def _documents(texts: Iterable[str], option: str) -> Iterator[Document]:
    """The policies given to an option, each a policy or, as in the AWS CLI, a list of them."""
    from copilot_preflight import document

    prefix = "".join(word.capitalize() for word in option.split("_"))
    number = 0
    for text in texts:
        number += 1
        if text.startswith("file://"):
            found = document.read(text.removeprefix("file://"))
        else:
            found = document.parse(text, f"{prefix}.{number}")
        if not isinstance(found.data, list):
            _require_policy(found)
            yield found
            continue
        for index, inner in enumerate(found.data):
            if not isinstance(inner, str):
                raise found.fault((index,), "a list of policies holds them as strings")
            one = document.parse(inner, f"{prefix}.{number + index}")
            _require_policy(one)
            yield one
        number += len(found.data) - 1


def _require_policy(found: Document) -> None:
    if not isinstance(found.data, dict) or "Statement" not in found.data:
        raise found.fault((), "a policy is a map that has Statement")


def _role(template: str, logical_id: str, documents: dict[str, Document]) -> Role:
    """A role of a template, with the parameter values that lie beside it."""
    from pathlib import Path

    from copilot_preflight import document
    from copilot_preflight.model.roles import roles
    from copilot_preflight.package import Loader
    from copilot_preflight.stack import Run

    loaded = document.read(template)
    loader = Loader()
    stack = Run().add(loader.package(loaded, Path(template)))
    documents.update((it.file, it) for it in (loaded, *loader.documents))
    for role in roles(stack):
        if role.logical_id == logical_id:
            return role
    raise click.BadParameter(f"'{template}' has no role '{logical_id}'", param_hint="--role")


_PARTS = ("ContextKeyName", "ContextKeyValues", "ContextKeyType")


def _context(entries: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """``ContextKeyName=k,ContextKeyValues=v1,v2,ContextKeyType=string``, or JSON of the same."""
    for entry in entries:
        text = _content(entry)
        is_json = text.lstrip().startswith(("[", "{"))
        for name, values in _json_context(text) if is_json else [_shorthand(text)]:
            if not name:
                raise _bad_entry(f"'{text}' has no ContextKeyName")
            yield name, values


def _content(entry: str) -> str:
    if not entry.startswith("file://"):
        return entry
    from copilot_preflight import document

    return document.read(entry.removeprefix("file://")).text


def _json_context(text: str) -> Iterator[tuple[str, list[str]]]:
    import json

    try:
        found = json.loads(text)
    except ValueError as error:
        raise _bad_entry(str(error)[:1].lower() + str(error)[1:]) from None
    for item in found if isinstance(found, list) else [found]:
        values = item.get("ContextKeyValues", []) if isinstance(item, dict) else None
        if not isinstance(values, list) or not isinstance(item.get("ContextKeyName"), str):
            raise _bad_entry("an entry is {ContextKeyName: string, ContextKeyValues: [string, …]}")
        yield item["ContextKeyName"], [_plain(value) for value in values]


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shorthand(entry: str) -> tuple[str, list[str]]:
    found: dict[str, list[str]] = {}
    reading = ""
    for part in entry.split(","):
        key, equals, value = part.partition("=")
        if equals and key.strip() in _PARTS:
            reading, part = key.strip(), value
        found.setdefault(reading, []).append(part.strip().strip("\"'"))
    name = ",".join(found.get("ContextKeyName", []))
    return name, found.get("ContextKeyValues", [])


def _bad_entry(message: str) -> click.BadParameter:
    return click.BadParameter(message, param_hint="--context-entries")
