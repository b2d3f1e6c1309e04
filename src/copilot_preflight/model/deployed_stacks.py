"""The stack of the account that a template was deployed as before: its name, and what it was then.

Copilot names the stack of a workload after application, environment and workload.
Source: https://aws.github.io/copilot-cli/docs/concepts/services/
"""

from __future__ import annotations

from typing import Final

from copilot_preflight.base.symbolic import Text
from copilot_preflight.inputs.package import Package
from copilot_preflight.inputs.parameter_files import ParameterValue
from copilot_preflight.read.document import Document
from copilot_preflight.resolve.query import query
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.view import View

_OF_A_WORKLOAD: Final = ("AppName", "EnvName", "WorkloadName")
_ROLE: Final = "AWS::IAM::Role"


@query
def stack_name(view: View) -> str:
    """The name of a template's stack, ``""`` where nothing tells.

    It is given, or made up of what Copilot gives, or the one stack of the answers that has made
    all the roles of a template that is the only one of its run.
    """
    given = view.pseudo("AWS::StackName").literal
    if given:
        return given
    if all(map(view.stack.declares, _OF_A_WORKLOAD)):
        app, environment, workload = map(view.resolver.parameter, _OF_A_WORKLOAD)
        # whose logical ids are those of all of Copilot's workloads
        return Text.of(app, "-", environment, "-", workload).literal or ""
    account = view.run.outside.account
    if account is None or not view.run.has_one or len(account.stacks) != 1:
        return ""
    only = next(iter(account.stacks))
    own = [logical_id for logical_id, _ in view.stack.of_type(_ROLE)]
    made = [account.deployed(only, logical_id) for logical_id in own]
    return only if own and all(it is not None and it.type == _ROLE for it in made) else ""


@query
def template_as_deployed(view: View) -> View | None:
    """The template that the stack was deployed with, under the ARNs that it was deployed with.

    What else it was deployed with is not known, so that defaults count for nothing. None where the
    answers do not have it: those of ``get-template``.
    """
    account, name = view.run.outside.account, stack_name(view)
    found = account.template(name) if account is not None and name else None
    if account is None or found is None:
        return None
    values = dict(account.parameters_of(name))
    if all(map(view.stack.declares, _OF_A_WORKLOAD)):  # the stack has its name from them
        for key in _OF_A_WORKLOAD:
            values[key] = view.resolver.parameter(key).literal or ""
    package = Package(
        Document(found.place.file, "", found.raw),
        {key: ParameterValue(value) for key, value in values.items() if value},
    )
    return View(Run(opens=None).add(package, view.stack.pseudo))
