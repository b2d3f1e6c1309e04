"""How many calls are decided before and after the account has answered what is missing.

``python benchmarks/evidence.py PATH...``: each template below the paths is checked by itself, and
again with answers that are made up for whatever it lacks: roles, policies, buckets, keys, secrets,
parameters, repositories and file systems that allow what is asked. The answers are what `aws` would
print; what is asked for once more after the first answers is answered, too.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from copilot_preflight.access.decide import Decision
from copilot_preflight.base.symbolic import Text
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.iam import arn
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.inputs.discovery import Discovery
from copilot_preflight.model.roles import Role
from copilot_preflight.needs.need import Need
from copilot_preflight.run.check import checked
from copilot_preflight.run.options import Options

ACCOUNT, REGION, PARTITION = "111122223333", "eu-west-1", "aws"
ROUNDS: Final = 4
"""What is answered may ask for more: a secret for its key, a key for its policy."""

ALLOW: Final = {"Effect": "Allow", "Action": "*", "Resource": "*"}
TRUSTED: Final = (
    "ecs-tasks", "codebuild", "codepipeline", "tasks.apprunner", "build.apprunner", "ec2",
)  # fmt: skip


def main() -> None:
    before, after = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for path in templates(sys.argv[1:]):
        measure(path, before, after)
    kinds = sorted({kind for kind, _ in before} | {kind for kind, _ in after})
    print(f"{'asked for':<24}{'calls':>7}{'decided before':>16}{'after':>8}")
    for kind in (*kinds, ""):
        print(row(kind, before, after))


def templates(paths: Iterable[str]) -> Iterator[str]:
    for found in Discovery().templates(paths):
        if found.path is not None:
            yield str(found.path)


def row(kind: str, before: Mapping[tuple[str, str], int], after: Any) -> str:
    """One kind of need, or all of them, with the shares that are decided."""

    def share(counts: Mapping[tuple[str, str], int]) -> tuple[int, int]:
        own = {key: count for key, count in counts.items() if kind in ("", key[0])}
        return sum(own.values()), sum(it for (_, how), it in own.items() if how == "decided")

    (many, known), (more, now) = share(before), share(after)
    known_share = 100 * known / many if many else 0
    now_share = 100 * now / more if more else 0
    return f"{kind or 'all':<24}{more:>7}{known_share:>15.0f}%{now_share:>7.0f}%"


def measure(path: str, before: Counter[tuple[str, str]], after: Counter[tuple[str, str]]) -> None:
    """Counts the calls of a template with and without answers."""
    pseudo = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": PARTITION}
    options = Options(info=True, pseudo=pseudo)
    with tempfile.TemporaryDirectory() as folder:
        answers = Answers(Path(folder))
        for number in range(ROUNDS):
            given = [Path(folder)] if answers.files else []
            found = checked([path], options._replace(evidence=given))
            if found.report.errors:
                return
            analyses = list(found.analyses.values())
            if number == 0:
                count(analyses, before)
            asked = len(answers.files)
            for analysis in analyses:
                answers.answer(analysis)
            if len(answers.files) == asked:
                break
            answers.write()
        count(analyses, after)


def count(analyses: Iterable[Analysis], counts: Counter[tuple[str, str]]) -> None:
    """Calls are decided or not; what a role outside the run does is none of its calls yet."""
    for analysis in analyses:
        for need in analysis.needs_once():
            if need.role is None and need.role_value is not None:
                counts[need.kind, "open"] += len(need.calls)
        outcomes: dict[Any, set[Outcome]] = {}
        for decision in analysis.decisions:
            key = (decision.call.need.key, decision.call.action)
            outcomes.setdefault(key, set()).add(decision.outcome)
        for (need_key, _), answers in outcomes.items():
            how = "open" if Outcome.UNDETERMINED in answers else "decided"
            counts[need_key[0], how] += 1


class Answers:
    """Answers that allow everything, for what some templates lack: each account by itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, Any] = {}
        self.listed: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def answer(self, analysis: Analysis) -> None:
        """Answers what is missing for the calls of a template."""
        for need in analysis.needs:
            if need.role is None and need.role_value is not None:
                self._role(need)
            for needed in need.calls:
                if needed.action == "ssm:GetParameters":
                    self._parameter(needed.resource, tags_for(need.role))
                if needed.action == "secretsmanager:GetSecretValue":
                    self._secret(needed.resource, tags_for(need.role))
        for decision in analysis.decisions:
            if decision.outcome is Outcome.UNDETERMINED:
                self._missing(decision)

    def write(self) -> None:
        """Writes all answers, with an index for each account and region."""
        for (account, region), answers in self.listed.items():
            index = {
                "version": 1,
                "account": account,
                "partition": PARTITION,
                "region": region,
                "answers": answers,
            }
            own = self.folder / f"{account}-{region}"
            own.mkdir(exist_ok=True)
            (own / "snapshot.json").write_text(json.dumps(index))
            for answer in answers:
                name = answer["file"]
                (own / name).write_text(json.dumps(self.files[name]))

    def _add(self, of: str, call: str, data: Any, **parameters: str) -> None:
        """Adds an answer about something in the account and region of an ARN."""
        pieces = of.split(":", 5)
        where = (pieces[4] or ACCOUNT, pieces[3] or REGION)
        key = json.dumps([call, where, parameters, data], sort_keys=True)
        name = f"{sha256(key.encode()).hexdigest()[:16]}.json"
        if name not in self.files:
            self.files[name] = data
            listed = self.listed.setdefault(where, [])
            listed.append({"call": call, "parameters": parameters, "file": name})

    # --- one thing each ----------------------------------------------------------------------

    def _role(self, need: Need) -> None:
        reference = filled(need.role_value.text()) if need.role_value is not None else None
        if reference is None:
            return
        name = reference.rpartition("/")[2]
        own = reference if ":" in reference else f"arn:aws:iam::{ACCOUNT}:role/{name}"
        services = [f"{service}.amazonaws.com" for service in TRUSTED]
        trust = {**ALLOW, "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
        del trust["Resource"]
        role = {
            "RoleName": name,
            "Arn": own,
            "RoleId": "AROA1",
            "AssumeRolePolicyDocument": {"Statement": [trust]},
        }
        self._add(own, "iam get-role", {"Role": role})
        self._add(own, "iam list-attached-role-policies", {"AttachedPolicies": []}, RoleName=name)
        self._add(own, "iam list-role-policies", {"PolicyNames": ["all"]}, RoleName=name)
        document = {"Statement": [ALLOW]}
        policy = {"RoleName": name, "PolicyName": "all", "PolicyDocument": document}
        self._add(own, "iam get-role-policy", policy)

    def _parameter(self, resource: Text, tags: list[dict[str, str]]) -> None:
        known = filled(resource)
        if known is not None and ":parameter" in known:
            name = known.partition(":parameter")[2]
            described = {"Parameters": [{"Name": name, "Type": "String", "ARN": known}]}
            self._add(known, "ssm describe-parameters", described)
            self._add(known, "ssm list-tags-for-resource", {"TagList": tags}, ResourceId=name)

    def _secret(self, resource: Text, tags: list[dict[str, str]]) -> None:
        imported = next(
            (it.name for it in resource.holes if it.name.startswith("ImportValue ")), ""
        )
        if imported:
            name = imported.removeprefix("ImportValue ")
            known = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf"
            export = {"Name": name, "Value": known}
            self._add(known, "cloudformation list-exports", {"Exports": [export]})
        known = filled(resource) or ""
        if known:
            name = known.partition(":secret:")[2]
            bare = name[:-7] if len(name) > 7 and name[-7] == "-" else name
            self._add(
                known,
                "secretsmanager describe-secret",
                {"ARN": known, "Name": bare, "CreatedDate": 1.0, "Tags": tags},
            )
            self._add(known, "secretsmanager get-resource-policy", {"ARN": known, "Name": bare})

    def _missing(self, decision: Decision) -> None:
        resource = filled(decision.call.resource)
        for fact in decision.facts:
            if fact.kind == "resource-policy" and resource is not None:
                self._policy(resource)
            if fact.kind in ("document", "boundary") and ":policy/" in fact.name:
                named = fact.name.removeprefix("managed policy ")
                self._managed(named.replace("${AWS::Partition}", PARTITION))

    def _managed(self, own: str) -> None:
        own = own.replace("${AWS::AccountId}", ACCOUNT)
        if "${" not in own:
            version = {
                "VersionId": "v1",
                "IsDefaultVersion": True,
                "Document": {"Statement": ALLOW},
            }
            answer = {"PolicyVersion": version}
            self._add(own, "iam get-policy-version", answer, PolicyArn=own)

    def _policy(self, resource: str) -> None:
        pieces = resource.split(":", 5)
        service = pieces[2]
        root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        text = json.dumps({"Statement": [{**ALLOW, "Principal": root}]})
        if service == "s3":
            bucket = pieces[5].partition("/")[0]
            self._add(resource, "s3api get-bucket-policy", {"Policy": text}, Bucket=bucket)
        elif service == "kms":
            self._add(resource, "kms get-key-policy", {"Policy": text}, KeyId=resource)
        elif service == "ecr":
            name = pieces[5].partition("/")[2]
            answer = {"registryId": pieces[4], "repositoryName": name, "policyText": text}
            self._add(resource, "ecr get-repository-policy", answer)
        elif service == "elasticfilesystem":
            answer = {"FileSystemId": resource, "Policy": text}
            self._add(resource, "efs describe-file-system-policy", answer)


def tags_for(role: Role | None) -> list[dict[str, str]]:
    """The tags that the grants of a role ask for."""
    found = {}
    for statement in role.statements if role is not None else ():
        for clause in statement.clauses:
            _, is_tag, name = clause.key.partition(":ResourceTag/")
            value = clause.values[0].text.literal if clause.values else None
            if is_tag and value is not None:
                found[name] = value
    return [{"Key": name, "Value": value} for name, value in found.items()]


def filled(text: Text) -> str | None:
    """A string with the account, region and partition of the answers; None where more is open."""
    known = {
        "AWS::AccountId": ACCOUNT,
        "AWS::Region": REGION,
        "AWS::Partition": PARTITION,
        "AWS::URLSuffix": "amazonaws.com",
        "suffix": "AbCdEf",
    }
    parts = []
    for part in text.parts:
        value = part if isinstance(part, str) else known.get(part.name)
        if value is None:
            return None
        parts.append(value)
    found = "".join(parts)
    return found if arn.parse(Text.of(found)) is not None or ":" not in found else None


if __name__ == "__main__":
    main()
