"""The evaluator against what AWS documents, and against another evaluator."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from moto.iam import access_control
from tests.iam.evaluation_cases import ALLOWED, CASES, EXPLICIT, HERE, Case, Statement

from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam.layers import Policies, PolicySet
from copilot_preflight.read.document import parse
from copilot_preflight.simulator.simulate import Question, policy_set, simulate


def policy(statements: Sequence[Statement]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def read(statements: Sequence[Statement] | None) -> PolicySet | None:
    return None if statements is None else policy_set(parse(policy(statements), "policy.json"))


def answer(case: Case) -> dict[str, Any]:
    policies = Policies(
        identity=read(case.identity) or PolicySet(),
        resource=read(case.resource),
        boundary=read(case.boundary),
        session=read(case.session),
        scps=tuple(filter(None, map(read, case.scps))),
        rcps=tuple(filter(None, map(read, case.rcps))),
        endpoint=read(case.endpoint),
        owner=Text.of(case.owner),
    )
    question = Question([case.action], [case.on], case.context, case.caller, explain=False)
    result: dict[str, Any] = simulate(policies, question, {})["EvaluationResults"][0]
    return result


@pytest.mark.parametrize("case", CASES, ids=[case.says for case in CASES])
def test_what_aws_documents(case: Case) -> None:
    """The outcome, and for all but an allowed call the layer that decides, are AWS's."""
    result = answer(case)
    assert (result["EvalDecision"], result.get("DecidedBy", "")) == (case.outcome, case.layer)


def test_there_are_cases_of_everything() -> None:
    """The table is as large as promised, says nothing twice, and cites AWS for every row."""
    assert len(CASES) >= 300
    assert len({case.says for case in CASES}) == len(CASES)
    assert all(case.page.startswith("https://docs.aws.amazon.com/") for case in CASES)


# --- a second engine ------------------------------------------------------------------------------


def elements(case: Case) -> set[str]:
    return {element for statement in case.identity for element in statement}


def strings(case: Case, element: str) -> list[str]:
    """The strings of Action or NotAction, Resource or NotResource."""
    found = [s[name] for s in case.identity for name in (element, f"Not{element}") if name in s]
    return [text for it in found for text in (it if isinstance(it, list) else [it])]


DIFFERENCES: list[tuple[str, Callable[[Case], bool]]] = [
    (
        "takes a statement without Resource for a trust policy, and so NotResource for an Allow",
        lambda case: "NotResource" in elements(case),
    ),
    (
        "reads a pattern as a regular expression, in which '?' makes a character optional",
        lambda case: any("?" in text for e in ("Action", "Resource") for text in strings(case, e)),
    ),
    (
        "compares the names of actions with case",
        lambda case: "S3:getOBJECT" in strings(case, "Action"),
    ),
]
"""Where moto's IAMPolicy answers otherwise than AWS documents, and how to tell such a case."""


def moto_supports(case: Case) -> bool:
    """Whether a case is about identity policies alone, without conditions or variables."""
    others = (case.resource, case.boundary, case.session, case.endpoint)
    bare = all(it is None for it in others) and not case.scps and not case.rcps
    variable = any("${" in text for text in strings(case, "Resource"))
    bare = bare and case.owner == HERE
    return bare and bool(case.identity) and "Condition" not in elements(case) and not variable


def of_moto(case: Case) -> str:
    document = {"policy_document": policy(case.identity)}
    engine = access_control.IAMPolicy(document)
    said: str = engine.is_action_permitted(case.action, case.on).name
    return said


def in_words_of_moto(case: Case) -> str:
    return {ALLOWED: "PERMITTED", EXPLICIT: "DENIED"}.get(case.outcome, "NEUTRAL")


SUPPORTED = [case for case in CASES if moto_supports(case) and case.on.startswith("arn:aws:s3")]


@pytest.mark.parametrize("case", SUPPORTED, ids=[case.says for case in SUPPORTED])
def test_moto_agrees(case: Case) -> None:
    """Another engine gives the same answer, but where it is known to depart from AWS."""
    known = [why for why, concerns in DIFFERENCES if concerns(case)]
    assert of_moto(case) == in_words_of_moto(case) or known


def test_every_known_difference_shows() -> None:
    """A difference that no case shows any more is no longer recorded."""
    for why, concerns in DIFFERENCES:
        concerned = [case for case in SUPPORTED if concerns(case)]
        assert any(of_moto(case) != in_words_of_moto(case) for case in concerned), why
