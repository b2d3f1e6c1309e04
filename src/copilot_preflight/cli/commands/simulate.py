"""``copilot-preflight simulate``: the options of ``aws iam simulate-custom-policy``, offline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from copilot_preflight.iam.layers import PolicySet
    from copilot_preflight.model.roles import Role
    from copilot_preflight.read.document import Document


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


def _refuse_source(_context: click.Context, _option: click.Parameter, arn: str | None) -> None:
    if arn is not None:
        raise click.UsageError(
            f"--policy-source-arn '{arn}': the policies of a role in AWS are out of reach offline; "
            "--template FILE --role LOGICAL_ID takes them out of its template"
        )


_POLICY = "JSON text or file://PATH"


@click.command(cls=_AwsOptions)
@click.option("--policy-input-list", multiple=True, metavar="POLICY", help=f"Identity: {_POLICY}.")
@click.option("--permissions-boundary-policy-input-list", multiple=True, metavar="POLICY")
@click.option("--session-policy", multiple=True, metavar="POLICY")
@click.option("--resource-policy", metavar="POLICY", help="The policy of the resource itself.")
@click.option("--scp", multiple=True, metavar="POLICY", help="One for each level; all must allow.")
@click.option(
    "--ordered-organization-policy-input-list",
    metavar="LEVELS",
    help="SCPs as AWS takes them: JSON, from the root of the organization to the account.",
)
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
@click.option(
    "--policy-source-arn", hidden=True, is_eager=True, expose_value=False, callback=_refuse_source
)
def simulate(**given: Any) -> None:
    """Simulate IAM's decision on calls, offline, and say which statement decides each."""
    import json

    from copilot_preflight.read.document import DocumentError
    from copilot_preflight.resolve.value import TemplateError

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
    from copilot_preflight.base.symbolic import Text
    from copilot_preflight.iam.layers import Policies, PolicySet
    from copilot_preflight.iam.policy import Fact
    from copilot_preflight.iam.principals import Caller
    from copilot_preflight.simulator.simulate import Question, policy_set
    from copilot_preflight.simulator.simulate import simulate as answer

    documents: dict[str, Document] = {}

    def levels(option: str) -> tuple[PolicySet, ...]:
        texts = given[option] if isinstance(given[option], tuple) else (given[option],)
        found = list(_documents(filter(None, texts), option, isinstance(given[option], tuple)))
        documents.update((document.file, document) for document in found)
        return tuple(policy_set(document) for document in found)

    def policies(option: str) -> PolicySet | None:
        found = levels(option)
        return PolicySet(tuple(s for level in found for s in level.statements)) if found else None

    identity = policies("policy_input_list") or PolicySet()
    boundary = policies("permissions_boundary_policy_input_list")
    ordered = tuple(
        policy_set(*level)
        for level in _levels(given["ordered_organization_policy_input_list"], documents)
    )
    caller: str | Caller = _caller(given["caller_arn"])
    if (given["template"] is None) is not (given["role"] is None):
        raise click.UsageError("--template and --role go together")
    if given["template"] is not None:
        role = _role(given["template"], given["role"], documents)
        identity = PolicySet((*role.statements, *identity.statements), role.unread)
        if role.boundary is not None and boundary is None:
            known, fact = role.boundary.statements, Fact("boundary", str(role.boundary.arn))
            if role.undecided:
                known, fact = None, Fact("condition", role.undecided)
            boundary = PolicySet(unread=(fact,)) if known is None else PolicySet(known)
        caller = caller or Caller(role.arn)
    resource = policies("resource_policy")
    if resource is not None and not caller:
        raise click.UsageError("--resource-policy needs --caller-arn, whom its Principal may name")
    owner = given["resource_owner"]
    return answer(
        Policies(
            identity=identity,
            resource=resource,
            boundary=boundary,
            session=policies("session_policy"),
            scps=(*levels("scp"), *ordered),
            rcps=levels("rcp"),
            endpoint=policies("endpoint_policy"),
            owner=Text.of(_account(owner)) if owner else None,
        ),
        Question(
            tuple(map(_action, given["action_names"])),
            tuple(map(_resource, given["resource_arns"])) or ("*",),
            dict(_context(given["context_entries"])),
            caller,
        ),
        documents,
    )


def _action(name: str) -> str:
    """An action; a mistyped one would be a call that only stars allow."""
    service, _, action = name.partition(":")
    if not service or not action or ":" in action or "," in name:
        raise click.BadParameter(
            f"'{name}' is no action: give them as s3:GetObject, with spaces between several",
            param_hint="--action-names",
        )
    return name


def _resource(arn: str) -> str:
    if arn != "*" and not (arn.startswith("arn:") and arn.count(":") >= 5):
        raise click.BadParameter(
            f"'{arn}' is no ARN: give them as arn:aws:s3:::bucket/key, with spaces between several",
            param_hint="--resource-arns",
        )
    return arn


def _account(owner: str) -> str:
    """The account of an owner, given as its id or, as AWS asks for it, as its root's ARN."""
    account = owner.split(":")[4] if owner.startswith("arn:") and owner.count(":") >= 5 else owner
    if not (account.isdigit() and len(account) == 12):
        raise click.BadParameter(
            f"'{owner}' is no account: give its 12 digits or arn:aws:iam::111122223333:root",
            param_hint="--resource-owner",
        )
    return account


def _caller(name: str) -> str:
    """An ARN or the name of a service; a mistyped one would be nobody, whom nothing allows."""
    is_arn = name.startswith("arn:") and name.count(":") >= 5
    is_service = name.endswith((".amazonaws.com", ".amazonaws.com.cn"))
    if name and not is_arn and not is_service:
        raise click.BadParameter(
            f"'{name}' is neither an ARN nor a service such as ecs-tasks.amazonaws.com",
            param_hint="--caller-arn",
        )
    return name


def _levels(text: str | None, documents: dict[str, Document]) -> Iterator[list[Document]]:
    """The policies of each level: ``[{"ServiceControlPolicyInputList": ["{...}", ...]}, ...]``.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
    """
    from copilot_preflight.read import document

    if text is None:
        return
    option = "--ordered-organization-policy-input-list"
    found = _listed(text, option)
    for number, level in enumerate(found, 1):
        them = level.get("ServiceControlPolicyInputList") if isinstance(level, dict) else None
        if not isinstance(them, list) or not all(isinstance(it, str) for it in them):
            raise click.BadParameter(
                "a level is {ServiceControlPolicyInputList: [string, …]}", param_hint=option
            )
        name = "OrderedOrganizationPolicyInputList"
        read = [document.parse(it, f"{name}.{number}.{at}") for at, it in enumerate(them, 1)]
        for one in read:
            _require_policy(one)
            documents[one.file] = one
        yield read


def _listed(text: str, option: str) -> list[Any]:
    """A JSON list, or the one item that stands for it. ``text`` may be file://PATH."""
    import json

    try:
        found = json.loads(_content(text))
    except ValueError as error:
        message = str(error)[:1].lower() + str(error)[1:]
        raise click.BadParameter(message, param_hint=option) from None
    return found if isinstance(found, list) else [found]


def _documents(texts: Iterable[str], option: str, several: bool) -> Iterator[Document]:
    """The policies given to an option, each a policy or, as in the AWS CLI, a list of them.

    They are named as AWS names them: ``PolicyInputList.1``, but ``ResourcePolicy``.
    """
    from copilot_preflight.read import document

    prefix = "".join(word.capitalize() for word in option.split("_"))
    number = 0
    for text in texts:
        number += 1
        if text.startswith("file://"):
            found = document.read(text.removeprefix("file://"))
        else:
            found = document.parse(text, f"{prefix}.{number}" if several else prefix)
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

    from copilot_preflight.inputs.package import Loader
    from copilot_preflight.model.roles import roles
    from copilot_preflight.read import document
    from copilot_preflight.resolve.stack import Run
    from copilot_preflight.resolve.view import View

    loaded = document.read(template)
    loader = Loader()
    stack = Run().add(loader.package(loaded, Path(template)))
    documents.update((it.file, it) for it in (loaded, *loader.documents))
    for role in roles(View(stack)):
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
    from copilot_preflight.read import document

    return document.read(entry.removeprefix("file://")).text


def _json_context(text: str) -> Iterator[tuple[str, list[str]]]:
    for item in _listed(text, "--context-entries"):
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
