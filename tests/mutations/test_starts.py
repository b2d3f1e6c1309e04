"""Copilot's stacks with other grants on the execution role, for images and for logs.

What must be found is counted in the text of the stack: nothing here asks the linter.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from tests.mutations.harness import CORPUS, _golden_parameters

from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.inputs.package import Package
from copilot_preflight.inputs.parameter_files import ParameterValue
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.run import Run
from copilot_preflight_rules.execution_role_missing import execution_role_missing
from copilot_preflight_rules.grant_on_wrong_role import grant_on_wrong_role
from copilot_preflight_rules.image_pull_denied import image_pull_denied
from copilot_preflight_rules.log_delivery_denied import log_delivery_denied
from copilot_preflight_rules.resource_never_matches import resource_never_matches

IMAGE: Final = "111122223333.dkr.ecr.us-west-2.amazonaws.com/their/image:1"
MANAGED: Final = re.compile(
    r"^( +)ManagedPolicyArns:\n +- !Sub '[^'\n]*AmazonECSTaskExecutionRolePolicy'\n", re.MULTILINE
)
PULL: Final = "[ecr:BatchCheckLayerAvailability, ecr:GetDownloadUrlForLayer, ecr:BatchGetImage]"
SEND: Final = "[logs:CreateLogStream, logs:PutLogEvents]"
GROUP: Final = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${LogGroup}"


def managed(*names: str) -> str:
    items = "".join(f"\n  - !Sub 'arn:${{AWS::Partition}}:iam::aws:policy/{n}'" for n in names)
    return f"ManagedPolicyArns:{items}"


class Case(NamedTuple):
    """What takes the place of the managed policy, and whether images and logs are denied."""

    name: str
    managed: str
    statements: tuple[str, ...] = ()
    image: bool = False
    logs: bool = False


def allow(action: str, resource: str) -> str:
    return f"{{Effect: Allow, Action: {action}, Resource: {resource}}}"


TOKEN: Final = allow("ecr:GetAuthorizationToken", "'*'")
NONE: Final = "Path: /"

CASES: Final = (
    Case("as Copilot writes it", managed("service-role/AmazonECSTaskExecutionRolePolicy")),
    Case("the instances' policy", managed("service-role/AmazonEC2ContainerServiceforEC2Role")),
    Case("nothing", NONE, image=True, logs=True),
    Case("logs alone", managed("CloudWatchLogsFullAccess"), image=True),
    Case("images alone", managed("AmazonEC2ContainerRegistryReadOnly"), logs=True),
    Case("both apart", managed("AmazonEC2ContainerRegistryPullOnly", "CloudWatchLogsFullAccess")),
    Case("everything", NONE, (allow("'*'", "'*'"),)),
    Case("by wildcards", NONE, (allow("['ecr:*Get*', 'logs:*Log*']", "'*'"),)),
    Case("on the repository", NONE, (TOKEN, allow(PULL, "'arn:*:ecr:*:*:repository/their/*'"),
         allow(SEND, "!GetAtt LogGroup.Arn"))),
    Case("on another repository", NONE, (TOKEN, allow(PULL, "'arn:*:ecr:*:*:repository/our/*'"),
         allow(SEND, f"!Sub '{GROUP}:*'")), image=True),
    Case("no token", NONE, (allow(PULL, "'*'"), allow(SEND, f"!Sub '{GROUP}*'")), image=True),
    Case("token of one repository", NONE, (allow("'ecr:*'", "'arn:*:ecr:*:*:repository/*'"),
         allow(SEND, f"!Sub '{GROUP}:log-stream:*'")), image=True),
    Case("no layers", NONE, (allow("[ecr:GetAuthorizationToken, ecr:BatchGetImage]", "'*'"),
         allow(SEND, "!Sub 'arn:${AWS::Partition}:logs:*:*:*'")), image=True),
    Case("log group alone", NONE, (allow("'ecr:*'", "'*'"), allow(SEND, f"!Sub '{GROUP}'")),
         logs=True),
    Case("half of the calls", NONE, (allow("'ecr:*'", "'*'"),
         allow("logs:PutLogEvents", "'*'")), logs=True),
    Case("another log group", NONE, (allow("'ecr:*'", "'*'"),
         allow(SEND, "!Sub 'arn:${AWS::Partition}:logs:*:*:log-group:/ecs/other:*'")), logs=True),
)  # fmt: skip


def _stacks() -> list[Path]:
    return sorted(path for path in CORPUS.rglob("*.yml") if MANAGED.search(path.read_text()))


STACKS: Final = _stacks()


def changed(text: str, case: Case) -> str:
    """The stack with the case's grants, marked by a Policies list of the role's own."""
    found = MANAGED.search(text)
    assert found is not None
    indent = found[1]
    lines = case.managed.split("\n")
    text = text[: found.start()] + "".join(f"{indent}{x}\n" for x in lines) + text[found.end() :]
    if not case.statements:
        return text
    more = "".join(f"\n          - {statement}" for statement in case.statements)
    policy = (
        "\nResources:\n  StartPolicy:\n    Type: AWS::IAM::Policy\n    Properties:\n"
        "      PolicyName: start\n      Roles: [!Ref ExecutionRole]\n"
        "      PolicyDocument:\n        Statement:" + more + "\n"
    )
    return re.sub(r"\nResources:.*\n", lambda _: policy, text, count=1)


def counted(path: Path, text: str) -> Counter[str]:
    """How many findings there are of each rule; of one at a place in several scenarios, one.

    Where the task role may log, as ECS Exec asks for, the grant is on the wrong role.
    """
    given = {**_golden_parameters(path), "ContainerImage": IMAGE}
    values = {name: ParameterValue(value) for name, value in given.items()}
    stack = Run().add(Package(parse(text, path.name), values, has_parameters=True))
    analysis = Analysis(stack)
    rules = (
        image_pull_denied, log_delivery_denied, execution_role_missing, grant_on_wrong_role,
        resource_never_matches,
    )  # fmt: skip
    found = Counter(rule.id for rule in rules for _ in {it.at for it in rule.check(analysis)})
    found["E9743"] += found.pop("E9733", 0)
    return +found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_grants_of_the_execution_role_decide(case: Case) -> None:
    """Each private image and each log configuration is found denied, or none is."""
    turn = CASES.index(case)
    for path in STACKS[turn % 5 :: 5]:
        text = path.read_text()
        images = len(re.findall(r"^ +(?:- )?Image: !Ref ContainerImage", text, re.MULTILINE))
        logs = len(re.findall(r"^ +LogDriver: awslogs", text, re.MULTILINE))
        want = Counter({"E9742": case.image * images, "E9743": case.logs * logs})
        assert counted(path, changed(text, case)) == +want, path.name


def test_there_are_stacks_to_change() -> None:
    """Where the corpus is, most of its workloads are changed, and all have images and logs."""
    assert not CORPUS.exists() or len(STACKS) >= 20
