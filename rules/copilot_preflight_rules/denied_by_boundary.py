"""E9763: the role's permissions boundary denies a call, or does not allow it."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.exceptions import exception
from copilot_preflight.iam.layers import Layer


@rule("E9763", "denied-by-boundary", "Permissions boundary denies a call", fix="review")
def denied_by_boundary(analysis: Analysis) -> Iterator[Finding]:
    for group in telling.together(analysis.denied_by(diagnosis.BOUNDARY)):
        boundary = group[0].call.role.boundary
        arn = str(boundary.arn) if boundary else ""
        # What CloudFormation names is named by its logical id.
        last = arn.rpartition("/")[2].removeprefix("${").removesuffix("}")
        name = f"permissions boundary '{last}'"
        way = f"allow it in {name}, as well as in the role's own policy"
        if ":iam::aws:policy/" in arn:
            way = "set a boundary of your own in its place, for nobody but AWS can change it"
        statements = (boundary.statements or ()) if boundary else ()
        inside = next((statement.place for statement in statements), None)
        if ":iam::aws:policy/" in arn:
            inside = None
        owner = advice.owner(Layer.BOUNDARY, name, inside)
        yield telling.refused(
            group,
            name,
            related=[Related(boundary.place, "the role's boundary")] if boundary else [],
            help=exception(group[0])
            or advice.help_with(
                f"{way}:",
                grants=telling.grants(group, owner),
                is_safe=False,
            ),
        )
