"""How long 10,000 simulated calls take against a role of 50 statements. The target: one second.

Run it from a checkout: ``python benchmarks/simulate.py``.
"""

from __future__ import annotations

import json
from time import perf_counter

from copilot_preflight.document import parse
from copilot_preflight.iam.layers import Policies
from copilot_preflight.simulate import Question, policy_set, simulate

SERVICES = ("s3", "ssm", "sqs", "kms", "logs")
ACTIONS = ("s3:GetObject", "s3:PutObject", "ssm:GetParameters", "sqs:SendMessage", "kms:Decrypt")
CALLS = 10_000


def policy(statements: int) -> str:
    """A policy of as many statements, of which every one could be about a call."""
    made = []
    for number in range(statements):
        service = SERVICES[number % len(SERVICES)]
        made.append(
            {
                "Effect": "Deny" if number % 10 == 9 else "Allow",
                "Action": [
                    f"{service}:Get*",
                    f"{service}:Put*",
                    f"{service}:Send*",
                    f"{service}:Decrypt",
                ],
                "Resource": [f"arn:aws:{service}:::app-{number}-*/*", f"arn:aws:*:::{number}-?"],
            }
        )
        if number % 4 == 0:
            made[-1]["Condition"] = {"StringEquals": {"aws:ResourceTag/app": "web"}}
    return json.dumps({"Version": "2012-10-17", "Statement": made})


def main() -> None:
    """Prints the seconds for the bare answers, and for those with every statement explained."""
    document = parse(policy(50), "policy.json")
    resources = [f"arn:aws:s3:::app-{n % 50}-bucket/key-{n}" for n in range(CALLS // len(ACTIONS))]
    context = {"aws:ResourceTag/app": ["web"]}
    for explain in (False, True):
        policies = Policies(identity=policy_set(document))
        question = Question(ACTIONS, resources, context, explain=explain)
        begin = perf_counter()
        results = simulate(policies, question, {document.file: document})["EvaluationResults"]
        seconds = perf_counter() - begin
        how = "explained" if explain else "decided"
        print(f"{len(results):,} calls {how} in {seconds:.2f} s")


if __name__ == "__main__":
    main()
