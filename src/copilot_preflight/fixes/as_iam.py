"""Fixes as policies of IAM, with the command that attaches each: nothing is called."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Final

from copilot_preflight.base.finding import Finding, Report
from copilot_preflight.edits.fix import Fix, Way
from copilot_preflight.edits.grant import Grant, PolicyOwner
from copilot_preflight.edits.placing import POLICY_VERSION
from copilot_preflight.fixes.in_template import InTemplate
from copilot_preflight.iam.layers import Layer
from copilot_preflight.inputs.package import Package
from copilot_preflight.render.safe_text import safe

_HOLE: Final = re.compile(r"\$\{([^}]*)\}")
_POLICY_NAME: Final = "copilot-preflight"
_LOGICAL_ID: Final = re.compile(r"[A-Za-z0-9]+")
_STACK: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
"""Names that CloudFormation takes. Others are in no account, and may be more than a name.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
"""


_NOT_OF_ROLES: Final = "its fix is no grant to a role: --as template changes a file"


class AsIam(InTemplate):
    """Tries in the templates what the commands are to do: grants in policies of roles, no more."""

    def __init__(self) -> None:
        super().__init__(Way.ADDED)

    def fix_of(self, finding: Finding, report: Report) -> Fix | str:
        fix = super().fix_of(finding, report)
        if isinstance(fix, str):
            return fix
        return fix if fix.grants and all(map(_is_of_role, fix.grants)) else _NOT_OF_ROLES


def _is_of_role(grant: Grant) -> bool:
    return grant.owner.layer is Layer.IDENTITY and grant.owner.place is not None


def commands(fixes: Iterable[Fix], packages: Mapping[str, Package]) -> Iterator[str]:
    """One command for each role: a policy with all that it has to be granted.

    Source: https://docs.aws.amazon.com/cli/latest/reference/iam/put-role-policy.html
    """
    by_role: dict[PolicyOwner, dict[Grant, None]] = {}
    for grant in (grant for fix in fixes for grant in fix.grants):
        by_role.setdefault(grant.owner, {})[grant] = None
    for owner, grants in by_role.items():
        yield _command(owner, tuple(grants), packages)


def _command(owner: PolicyOwner, grants: tuple[Grant, ...], packages: Mapping[str, Package]) -> str:
    statements = [_concrete(grant) for grant in grants]
    document = json.dumps({"Version": POLICY_VERSION, "Statement": statements}, indent=2)
    gaps = dict.fromkeys(re.findall(r"<[^<>]+>", document))
    file = owner.place.file if owner.place is not None else ""
    role = owner.logical_id if _LOGICAL_ID.fullmatch(owner.logical_id) else "<role>"
    stack = _stack_name(packages.get(file))
    gaps.update(dict.fromkeys(it for it in (role, stack) if it.startswith("<")))
    lines = [f"# {_quiet(owner.name)} of {_quiet(PurePath(file).name)}"]
    if gaps:
        lines.append(f"# fill in {', '.join(map(_quiet, gaps))}")
    lines += [
        f"ROLE=$(aws cloudformation describe-stack-resource --stack-name {shlex.quote(stack)} \\",
        f"  --logical-resource-id {shlex.quote(role)} \\",
        "  --query StackResourceDetail.PhysicalResourceId --output text)",
        f'aws iam put-role-policy --role-name "$ROLE" --policy-name {_POLICY_NAME} \\',
        f"  --policy-document {shlex.quote(document)}",
    ]
    return "\n".join(lines)


def _concrete(grant: Grant) -> dict[str, object]:
    """A statement without functions: what only CloudFormation knows is left to be filled in."""
    texts = [it if isinstance(it, str) else it.text for it in grant.resources]
    plain: dict[str, object] = {**grant.plain}
    if texts:
        plain["Resource"] = [_HOLE.sub(r"<\1>", text) for text in texts]
    return plain


def _stack_name(package: Package | None) -> str:
    """Copilot's name of a stack: ``<app>-<env>-<workload>``.

    Source: ``NameForWorkload`` in internal/pkg/deploy/cloudformation/stack of
    https://github.com/aws/copilot-cli
    """
    values = {} if package is None else package.parameters
    names = [values[it].value for it in ("AppName", "EnvName", "WorkloadName") if it in values]
    name = "-".join(names) if len(names) == 3 else ""
    return name if _STACK.fullmatch(name) else "<stack>"


def _quiet(text: str) -> str:
    """A text in a comment of a shell: on one line, whatever a template has for a name."""
    return safe(" ".join(text.split()))
