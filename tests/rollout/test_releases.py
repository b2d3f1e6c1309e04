"""Copilot's own stacks of two releases, with equal and with different env files, in one table each.

The tables of three of them were derived by hand: from the template, the order in which
CloudFormation updates it, and IAM's rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.amount import some

from copilot_preflight.inputs.package import Package
from copilot_preflight.inputs.parameter_files import ParameterValue
from copilot_preflight.inputs.template_shape import is_template
from copilot_preflight.read.document import read
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.rollout.comparison import TaskRollout, compare

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
OLD, NEW = CORPUS / "copilot-v1.27.0", CORPUS / "copilot-v1.33.2"

if not CORPUS.is_dir():
    pytest.skip("the corpus is not here", allow_module_level=True)

HERE = {"AWS::Region": "us-west-2", "AWS::AccountId": "111122223333"}
VALUES = {
    "AppName": "app",
    "EnvName": "test",
    "WorkloadName": "fe",
    "ContainerImage": "111122223333.dkr.ecr.us-west-2.amazonaws.com/app/fe:1",
    "ArtifactKeyARN": "arn:aws:kms:us-west-2:111122223333:key/1",
    "AddonsTemplateURL": "",
}
SYMBOLS = {"allowed": "A", "denied": "403", "cannot-know": "?", "not-started": "-"}


def stack(path: Path, digit: str) -> Stack:
    """A stack of the corpus in which every env file has one content hash."""
    template = read(path, str(path))
    values = {}
    for name, declared in template.data.get("Parameters", {}).items():
        if "EnvFileARN" in name:
            key = f"manual/env-files/web.env/{digit * 64}.env"
            values[name] = ParameterValue(f"arn:aws:s3:::stackset-app-x/{key}")
        elif name in VALUES or "Default" not in declared:
            values[name] = ParameterValue(VALUES.get(name, "1"))
    return Run().add(Package(template, values, has_parameters=True), HERE)


def rows(task: TaskRollout) -> tuple[str, str]:
    """The table's two rows, phase by phase."""
    old, new = (
        " ".join(SYMBOLS[task.cell(revision, phase).status] for phase in task.phases)
        for revision in ("old", "new")
    )
    return old, new


def _pairs() -> Iterator[str]:
    for path in sorted(NEW.rglob("*.y*ml")):
        name = path.relative_to(NEW)
        data = read(path, str(path)).data
        if (OLD / name).exists() and is_template(data):
            kinds = [it.get("Type") for it in data["Resources"].values() if isinstance(it, dict)]
            if "AWS::ECS::TaskDefinition" in kinds:
                yield str(name)


PAIRS = list(_pairs())


@pytest.mark.parametrize(
    ("name", "digits"),
    [(name, digits) for n, digits in enumerate(("aa", "ab")) for name in some(PAIRS, 2, n)],
)
def test_an_edited_env_file_strands_the_old_revision(name: str, digits: str) -> None:
    """An upgrade of Copilot strands nothing; an edit does, as the grant names one version."""
    for old, new in ((OLD, NEW), (NEW, NEW), (OLD, OLD)):
        rollout = compare(stack(old / name, digits[0]), stack(new / name, digits[1]))
        stranded = list(rollout.stranded)
        assert rollout.tasks
        if digits == "aa":
            assert not stranded
            continue
        assert {it.start.action for it in stranded} == {"s3:GetObject"}
        runs = [it.deployment.is_running for it in rollout.tasks]
        assert all(it.is_certain for it in stranded) is all(runs)


# before, updating, steady, circuit breaker, --no-rollback, stack rollback, later; a job has neither
# the circuit breaker nor a service that a failed update leaves behind.
BY_HAND = {
    # Only logs, an image of ECR and the env file. 1.27 decrypts with any key of the account, 1.33
    # with the one in ArtifactKeyARN: nothing says that the bucket is encrypted in 1.27.
    ("workloads/backend/simple-template.yml", "aa"): ("A A - A A A A", "- A A - - A A"),
    ("workloads/backend/simple-template.yml", "ab"): ("A 403 - 403 403 A 403", "- A A - - 403 A"),
    # Secrets by tags, which no file has: what the hash does not decide, nobody knows.
    ("workloads/svc-prod.stack.yml", "aa"): ("? ? - ? ? ? ?", "- ? ? - - ? ?"),
    ("workloads/svc-prod.stack.yml", "ab"): ("? 403 - 403 403 ? 403", "- ? ? - - 403 ?"),
    ("workloads/job-test.stack.yml", "aa"): ("? ? - ? ?", "- ? ? ? ?"),
    ("workloads/job-test.stack.yml", "ab"): ("? 403 - ? 403", "- ? ? 403 ?"),
}


@pytest.mark.parametrize(("name", "digits"), BY_HAND)
def test_the_tables_derived_by_hand(name: str, digits: str) -> None:
    """The whole table of a service, of one with secrets, and of a scheduled job."""
    (task,) = compare(stack(OLD / name, digits[0]), stack(NEW / name, digits[1])).tasks
    assert rows(task) == BY_HAND[name, digits]
