"""``copilot-preflight simulate``: the options of ``aws iam simulate-custom-policy``, offline."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from copilot_preflight.cli.commands.candidates import files
from copilot_preflight.cli.console import FINDINGS, write
from copilot_preflight.render.safe_text import safe

if TYPE_CHECKING:
    from copilot_preflight.iam.layers import PolicySet
    from copilot_preflight.iam.principals import Caller
    from copilot_preflight.read.document import Document, DocumentError
    from copilot_preflight.simulator.from_template import TemplateRole
    from copilot_preflight.simulator.inputs import Inputs


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


_POLICY: Final = "JSON or file://PATH"


@click.command(cls=_AwsOptions)
@click.option(
    "--policy-input-list",
    multiple=True,
    metavar="POLICY",
    help=f"A policy of the caller: {_POLICY}. Several may follow.",
)
@click.option(
    "--permissions-boundary-policy-input-list",
    multiple=True,
    metavar="POLICY",
    help="The caller's permissions boundary.",
)
@click.option(
    "--session-policy",
    multiple=True,
    metavar="POLICY",
    help="A policy passed when the session was created.",
)
@click.option(
    "--resource-policy",
    metavar="POLICY",
    help="The policy of the resource itself. It needs --caller-arn or --role.",
)
@click.option(
    "--scp",
    multiple=True,
    metavar="POLICY",
    help="Service control policy: one for each level of the organization. Every level must allow "
    "the call.",
)
@click.option(
    "--ordered-organization-policy-input-list",
    metavar="LEVELS",
    help="Service control policies as the AWS CLI takes them: a JSON list of levels, the root of "
    "the organization first.",
)
@click.option(
    "--rcp",
    multiple=True,
    metavar="POLICY",
    help="Resource control policy: one for each level. Only its Deny counts.",
)
@click.option("--endpoint-policy", metavar="POLICY", help="The policy of the VPC endpoint.")
@click.option(
    "--action-names",
    multiple=True,
    metavar="ACTION",
    help="What is called, such as s3:GetObject; no wildcards. Several may follow.",
)
@click.option(
    "--resource-arns",
    multiple=True,
    metavar="ARN",
    help="What it is called on. With --template, resources can stand in it as in Fn::Sub: "
    "'${Bucket.Arn}/app.env'.  [default: *]",
)
@click.option(
    "--context-entries",
    multiple=True,
    metavar="ENTRY",
    help="Values of condition keys, in the shorthand of the AWS CLI or JSON.",
)
@click.option(
    "--caller-arn",
    default="",
    metavar="ARN",
    help="Who calls: a role, user, session, or a service such as ecs-tasks.amazonaws.com.",
)
@click.option(
    "--resource-owner",
    default="",
    metavar="ACCOUNT",
    help="The account of the resource.  [default: the caller's]",
)
@click.option(
    "--resource-handling-option",
    default="",
    metavar="SCENARIO",
    help="A scenario of EC2, such as EC2-VPC-EBS, whose resources must all be given.",
)
@click.option(
    "--cli-input-json",
    metavar="FILE|JSON",
    shell_complete=files,
    help="All of this in the JSON of the AWS CLI. Options on the command line win.",
)
@click.option(
    "--template",
    metavar="FILE",
    shell_complete=files,
    help="Take the policies of a role from a CloudFormation template, and those of its buckets, "
    "keys, secrets and repositories.",
)
@click.option("--role", metavar="LOGICAL_ID", help="The role in the template.")
@click.option(
    "--params",
    multiple=True,
    metavar="FILE",
    shell_complete=files,
    help="Parameter file of the template, JSON or YAML.",
)
@click.option(
    "--parameter", multiple=True, metavar="KEY=VALUE", help="One parameter value of the template."
)
@click.option("--region", default="", metavar="NAME", help="Region of the template's stack.")
@click.option("--account", default="", metavar="ID", help="Account of the template's stack.")
@click.option("--query", metavar="JMESPATH", help="Print only this part of the answer.")
@click.option(
    "--output",
    type=click.Choice(("json", "text", "table")),
    default="json",
    show_default=True,
    help="How the answer is printed, as in the AWS CLI.",
)
@click.option(
    "--fail-on-denied",
    is_flag=True,
    help="Exit with 1 unless every call is allowed; an undetermined call is not.",
)
@click.option(
    "--policy-source-arn", hidden=True, is_eager=True, expose_value=False, callback=_refuse_source
)
def simulate(**given: Any) -> None:
    """Ask IAM about calls, offline: is each allowed, and which statement decides?

    The options and the output are those of "aws iam simulate-custom-policy".

    The exit status is 0 for an answer, 1 with --fail-on-denied if a call is not allowed, and 2
    for input that cannot be used, such as a misspelt action or policy.
    """
    from copilot_preflight.read.document import DocumentError
    from copilot_preflight.resolve.value import TemplateError
    from copilot_preflight.simulator.output import QueryError, queried, rendered
    from copilot_preflight.simulator.refusals import BadInput

    documents: dict[str, Document] = {}
    try:
        answer = _simulated(given, documents)
        query = given["query"]
        shown = answer if query is None else queried(answer, query)
    except BadInput as fault:
        raise click.BadParameter(str(fault), param_hint=fault.option) from None
    except QueryError as fault:
        raise click.BadParameter(str(fault), param_hint="--query") from None
    except TemplateError as fault:
        source = documents.get(fault.file)
        raise _failure(
            source.fault(fault.path, str(fault))
            if source
            else DocumentError(fault.file, 0, 0, str(fault))
        ) from None
    except DocumentError as fault:
        raise _failure(fault) from None
    write(rendered(shown, given["output"], width=_width()))
    if given["fail_on_denied"] and (told := _not_allowed(answer)):
        click.echo(safe(told), err=True)
        sys.exit(FINDINGS)


def _failure(fault: DocumentError) -> click.ClickException:
    place = ":".join(str(it) for it in (fault.file, fault.line, fault.column) if it)
    return click.ClickException(f"{place}: {fault.message}")


def _width() -> int:
    """The columns of a table: those of the terminal, 80 where there is none."""
    from shutil import get_terminal_size

    return max(60, get_terminal_size((80, 24)).columns)


def _not_allowed(answer: dict[str, Any]) -> str:
    """The calls that are not allowed, each with its decision, in one line; ``""`` for none."""
    calls = [
        (result["EvalActionName"], one["EvalResourceName"], one["EvalResourceDecision"])
        for result in answer["EvaluationResults"]
        for one in result.get("ResourceSpecificResults")
        or [{**result, "EvalResourceDecision": result["EvalDecision"]}]
    ]
    failed = [call for call in calls if call[2] != "allowed"]
    if not failed:
        return ""
    told = ", ".join(f"{action} on {name} ({decision})" for action, name, decision in failed[:5])
    more = f" and {len(failed) - 5} more" if len(failed) > 5 else ""
    return f"not allowed: {len(failed)} of {len(calls)} calls: {told}{more}"


# --- what is asked --------------------------------------------------------------------------------

_PARAMETERS: Final = {
    "PolicyInputList": "policy_input_list",
    "PermissionsBoundaryPolicyInputList": "permissions_boundary_policy_input_list",
    "SessionPolicy": "session_policy",
    "ResourcePolicy": "resource_policy",
    "Scp": "scp",
    "OrderedOrganizationPolicyInputList": "ordered_organization_policy_input_list",
    "Rcp": "rcp",
    "EndpointPolicy": "endpoint_policy",
    "ActionNames": "action_names",
    "ResourceArns": "resource_arns",
    "ContextEntries": "context_entries",
    "CallerArn": "caller_arn",
    "ResourceOwner": "resource_owner",
    "ResourceHandlingOption": "resource_handling_option",
}
"""The parameters by AWS's names, ours spelt alike, and the options that give them."""


def _simulated(given: dict[str, Any], documents: dict[str, Document]) -> dict[str, Any]:
    from copilot_preflight.simulator.inputs import Inputs, cli_input

    options = {
        name: value if isinstance(value, tuple) else (value,) if value else ()
        for name, value in ((name, given[key]) for name, key in _PARAMETERS.items())
    }
    whole = given["cli_input_json"]
    inputs = Inputs(options, None if whole is None else cli_input(whole))
    role = _role(given, [it.text for it in inputs.words("ResourceArns")], documents)
    return _answer(inputs, role, documents)


def _answer(
    inputs: Inputs, role: TemplateRole | None, documents: dict[str, Document]
) -> dict[str, Any]:
    from copilot_preflight.base.symbolic import Text
    from copilot_preflight.iam.layers import Policies, PolicySet
    from copilot_preflight.iam.principals import Caller
    from copilot_preflight.simulator import refusals
    from copilot_preflight.simulator.simulate import Question, policy_set
    from copilot_preflight.simulator.simulate import simulate as answer

    def levels(name: str) -> tuple[PolicySet, ...]:
        return tuple(policy_set(document) for document in inputs.policies(name))

    def policies(name: str) -> PolicySet | None:
        found = inputs.policies(name)
        return policy_set(*found) if found else None

    actions = tuple(map(refusals.action_of, inputs.words("ActionNames")))
    if not actions:
        raise click.UsageError("missing option --action-names, or ActionNames of --cli-input-json")
    words = inputs.words("ResourceArns")
    texts = {} if role is None else {it.text: role.resource(it) for it in words if "${" in it.text}
    named = (it.text if it.text in texts else refusals.resource_of(it) for it in words)
    resources = tuple(named) or ("*",)
    handling = inputs.word("ResourceHandlingOption")
    if handling.text:
        refusals.check_handling(handling, resources)
    caller: str | Caller = refusals.caller_of(inputs.word("CallerArn"))
    identity = policies("PolicyInputList") or PolicySet()
    boundary = policies("PermissionsBoundaryPolicyInputList")
    if role is not None:
        own = role.identity
        identity = PolicySet((*own.statements, *identity.statements), own.unread)
        boundary = role.boundary if boundary is None else boundary
        caller = caller or Caller(role.arn)
    resource = policies("ResourcePolicy")
    if resource is not None and not caller:
        raise click.UsageError("--resource-policy needs --caller-arn, whom its Principal may name")
    owner = inputs.word("ResourceOwner")
    question = Question(actions, resources, inputs.context(), caller, texts=texts)
    layers = Policies(
        identity=identity,
        resource=resource,
        boundary=boundary,
        session=policies("SessionPolicy"),
        scps=(*levels("Scp"), *(policy_set(*level) for level in inputs.levels())),
        rcps=levels("Rcp"),
        endpoint=policies("EndpointPolicy"),
        owner=Text.of(refusals.account_of(owner)) if owner.text else None,
    )
    documents.update(inputs.documents)
    return answer(layers, question, documents, role)


def _role(
    given: dict[str, Any], resources: Sequence[str], documents: dict[str, Document]
) -> TemplateRole | None:
    """The role of --template, None without one."""
    template, role = given["template"], given["role"]
    if (template is None) is not (role is None):
        raise click.UsageError("--template and --role go together")
    if template is None:
        for option in ("params", "parameter", "region", "account"):
            if given[option]:
                raise click.UsageError(f"--{option} is of use with --template only")
        return None
    from pathlib import Path

    from copilot_preflight.cli.commands.options import pair, require_shape
    from copilot_preflight.simulator.from_template import Deployment, role_of

    for key in ("region", "account"):
        if given[key]:
            require_shape(key, given[key])
    parameters = dict(pair(it, "--parameter", "KEY=VALUE") for it in given["parameter"])
    params = tuple(map(Path, given["params"]))
    deployment = Deployment(params, parameters, given["region"], given["account"], resources)
    return role_of(template, role, deployment, documents)
