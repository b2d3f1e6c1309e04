"""How long 10,000 simulated calls take against a role of 50 statements. The target: one second.

Next to the seconds stands their ratio to a reference of the same run, which does not depend on the
machine: one regular expression for each statement, matched against every resource of the worst
case by hand. Run it from a checkout: ``python benchmarks/simulate.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import Any

from page import Figure, Sample, Section

from copilot_preflight.base.wildcards import regex_of
from copilot_preflight.iam.layers import Policies
from copilot_preflight.read.document import parse
from copilot_preflight.simulator.simulate import Question, policy_set, simulate

STATEMENTS, CALLS = 50, 10_000
CONTEXT = {"aws:ResourceTag/app": ["web"]}
SERVICES = ("s3", "ssm", "sqs", "kms", "logs")
MIXED_ACTIONS = (
    "s3:GetObject",
    "s3:PutObject",
    "ssm:GetParameters",
    "sqs:SendMessage",
    "kms:Decrypt",
)


def mixed(number: int) -> dict[str, Any]:
    """A statement of a role that works with several services."""
    service = SERVICES[number % len(SERVICES)]
    return {
        "Effect": "Deny" if number % 10 == 9 else "Allow",
        "Action": [f"{service}:{verb}" for verb in ("Get*", "Put*", "Send*", "Decrypt")],
        "Resource": [f"arn:aws:{service}:::app-{number}-*/*", f"arn:aws:*:::{number}-?"],
        **condition(number),
    }


def worst(number: int) -> dict[str, Any]:
    """A statement that covers every call, with patterns that only their last letters tell apart."""
    return {
        "Effect": "Deny" if number % 10 == 9 else "Allow",
        "Action": "s3:Get*" if number % 2 else "s3:GetObject",
        "Resource": [
            f"arn:aws:s3:::app-*/team-{number}/*.env",
            f"arn:aws:s3:::*-{number}-bucket/*/key-?.env",
            f"arn:aws:s3:::app-{number}-*",
            f"arn:aws:s3:::app-{number}-bucket/exact.env",
        ],
        **condition(number),
    }


def open_to_all(number: int) -> dict[str, Any]:
    """A statement that covers every call and every resource, but for its condition."""
    return {
        "Effect": "Allow",
        "Action": "s3:Get*",
        "Resource": "arn:aws:s3:::*",
        **condition(number),
    }


def condition(number: int) -> dict[str, Any]:
    """Every third statement has one."""
    if number % 3:
        return {}
    return {"Condition": {"StringLike": {"aws:ResourceTag/app": ["api", "w?b"]}}}


RESOURCES = [f"arn:aws:s3:::app-{n % 60}-bucket/team-{n % 70}/key-{n}.env" for n in range(CALLS)]

CASES = (
    ("mixed", mixed, MIXED_ACTIONS, RESOURCES[: CALLS // len(MIXED_ACTIONS)]),
    ("worst", worst, ("s3:GetObject",), RESOURCES),
    ("open to all", open_to_all, ("s3:GetObject",), RESOURCES),
)


def reference() -> float:
    """Seconds that the resources of the worst case take without any simulator."""
    statements = map(worst, range(STATEMENTS))
    regexes = [re.compile("|".join(map(regex_of, it["Resource"]))) for it in statements]
    begin = perf_counter()
    for resource in RESOURCES:
        for regex in regexes:
            regex.match(resource)
    return perf_counter() - begin


def seconds(make: Any, actions: Sequence[str], resources: Sequence[str], *, explain: bool) -> float:
    """How long the simulation of a role of such statements takes; the policy is read before."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": [*map(make, range(STATEMENTS))]})
    document = parse(policy, "policy.json")
    policies = Policies(identity=policy_set(document))
    question = Question(actions, resources, CONTEXT, explain=explain)
    begin = perf_counter()
    results = simulate(policies, question, {document.file: document})["EvaluationResults"]
    taken = perf_counter() - begin
    assert sum(len(it["ResourceSpecificResults"]) for it in results) == CALLS
    return taken


def sections() -> Iterator[Section]:
    """The seconds of each case, three times."""
    figures = []
    yardstick = "reference"
    samples = tuple(Sample(taken, taken) for taken in (reference() for _ in range(3)))
    for name, make, actions, resources in CASES:
        figures.append(Figure(name, yardstick, samples, CALLS))
        for explain, how in ((False, "decided"), (True, "explained")):
            every = (seconds(make, actions, resources, explain=explain) for _ in range(3))
            figures.append(Figure(name, how, tuple(Sample(it, it) for it in every), CALLS))
    yield Section(
        f"The policy simulator, {CALLS:,} calls against {STATEMENTS} statements",
        "under a second",
        tuple(figures),
        (yardstick,),
        ("The reference is one regular expression for each statement, matched by hand",),
    )


def main() -> None:
    """Prints the best of three, for the bare answers and for every statement explained."""
    base = min(reference() for _ in range(3))
    print(f"reference    {base:.2f} s")
    for name, make, actions, resources in CASES:
        for explain in (False, True):
            taken = min(seconds(make, actions, resources, explain=explain) for _ in range(3))
            how = "explained" if explain else "decided"
            print(f"{name:<12} {taken:.2f} s, {taken / base:.1f} x reference, {how}")


if __name__ == "__main__":
    main()
