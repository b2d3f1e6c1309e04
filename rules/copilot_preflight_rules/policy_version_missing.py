"""W9750: a policy uses variables and lacks the Version under which AWS fills them in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from copilot_preflight.base.finding import Finding, Place
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import with_version
from copilot_preflight.iam.policy import Entry, Statement
from copilot_preflight.statements.placed import placed_statements

_PAGE: Final = (
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html"
)


@rule(
    "W9750",
    "policy-version-missing",
    "Policy variables are plain text without a Version",
    fix="safe or review",
)
def policy_version_missing(analysis: Analysis) -> Iterator[Finding]:
    documents: set[tuple[str, Place]] = set()
    for item in placed_statements(analysis.stack, _has_literal_variables):
        statement = item.written
        place = statement.place
        document = Place(place.file, place.path[: place.path.index("Statement")])
        if (statement.policy, document) in documents:
            continue  # one finding for each document
        documents.add((statement.policy, document))
        entry = _first(statement)
        version = f"has Version '{statement.version}'" if statement.version else "has no Version"
        denies = any(it.effect == "Deny" for it in (statement, *item.neighbours))
        help = advice.help_with(
            f"add Version: '2012-10-17' to the policy document ({_PAGE})",
            edits=[with_version(statement, is_safe=not denies)],
        )
        yield Finding(
            at=place if entry is None else entry.place,
            message=f"'{entry.text if entry is not None else '${...}'}' is plain text, and no "
            f"variable: the policy {version}, and only 2012-10-17 has variables",
            label="not filled in",
            cause="literal-variables",
            help=help.text,
            remedy=help,
        )


def _has_literal_variables(statement: Statement) -> bool:
    return statement.has_literal_variables


def _first(statement: Statement) -> Entry | None:
    """The first value that would be another one under the current version."""
    other = statement.in_current_version()
    pairs = [
        *zip(statement.resources, other.resources, strict=True),
        *zip(statement.not_resources, other.not_resources, strict=True),
    ]
    for clause, changed in zip(statement.clauses, other.clauses, strict=True):
        pairs += zip(clause.values, changed.values, strict=True)
    return next((one for one, two in pairs if one.text != two.text), None)
