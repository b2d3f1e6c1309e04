"""The evaluator against what AWS documents, and against another evaluator."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pytest
from moto.iam import access_control
from tests.iam.evaluation_cases import (
    ACTION,
    ALLOWED,
    ARNS,
    CASES,
    EXPLICIT,
    HERE,
    NOT_RESOURCE,
    OPEN,
    RESOURCE,
    Case,
    Statement,
)

from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam.layers import Policies, PolicySet
from copilot_preflight.read.document import parse
from copilot_preflight.simulator.simulate import Question, policy_set, simulate


def policy(statements: Sequence[Statement], version: str) -> str:
    head = {"Version": version} if version else {}
    return json.dumps({**head, "Statement": list(statements)})


def read(statements: Sequence[Statement] | None, version: str) -> PolicySet | None:
    if statements is None:
        return None
    return policy_set(parse(policy(statements, version), "policy.json"))


def answer(case: Case) -> dict[str, Any]:
    def read_all(levels: Sequence[Sequence[Statement]]) -> tuple[PolicySet, ...]:
        return tuple(found for level in levels if (found := read(level, case.version)))

    policies = Policies(
        identity=read(case.identity, case.version) or PolicySet(),
        resource=read(case.resource, case.version),
        boundary=read(case.boundary, case.version),
        session=read(case.session, case.version),
        scps=read_all(case.scps),
        rcps=read_all(case.rcps),
        endpoint=read(case.endpoint, case.version),
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


class Difference(NamedTuple):
    """Where moto's IAMPolicy answers otherwise than AWS documents, and how to tell such a case.

    AWS is right by the page in all of them; `is_open` says that the page leaves it at silence,
    so that our answer is that nobody knows.
    """

    why: str
    page: str
    concerns: Callable[[Case], bool]
    is_open: bool = False


def is_incomplete(case: Case) -> bool:
    return any(
        text.startswith("arn:") and text.count(":") < 5 for text in strings(case, "Resource")
    )


DIFFERENCES: list[Difference] = [
    Difference(
        "takes a statement without Resource for a trust policy, and so NotResource for an Allow",
        NOT_RESOURCE,
        lambda case: "NotResource" in elements(case),
    ),
    Difference(
        "reads a pattern as a regular expression, in which '?' makes a character optional",
        ACTION,
        lambda case: any("?" in text for e in ("Action", "Resource") for text in strings(case, e)),
    ),
    Difference(
        "compares the names of actions with case",
        ACTION,
        lambda case: "S3:getOBJECT" in strings(case, "Action"),
    ),
    Difference(
        "does not complete an ARN of fewer than six segments",
        ARNS,
        lambda case: is_incomplete(case) and case.outcome != OPEN,
    ),
    Difference(
        "lets a star inside a segment run over colons, which AWS grants to one that ends it",
        RESOURCE,
        lambda case: is_incomplete(case) and case.outcome == OPEN,
        is_open=True,
    ),
]


def moto_supports(case: Case) -> bool:
    """Whether a case is about identity policies alone, without conditions or variables."""
    others = (case.resource, case.boundary, case.session, case.endpoint)
    bare = all(it is None for it in others) and not case.scps and not case.rcps
    variable = any("${" in text for text in strings(case, "Resource"))
    bare = bare and case.owner == HERE
    return bare and bool(case.identity) and "Condition" not in elements(case) and not variable


def of_moto(case: Case) -> str:
    document = {"policy_document": policy(case.identity, case.version)}
    engine = access_control.IAMPolicy(document)
    said: str = engine.is_action_permitted(case.action, case.on).name
    return said


def in_words_of_moto(case: Case) -> str:
    return {ALLOWED: "PERMITTED", EXPLICIT: "DENIED"}.get(case.outcome, "NEUTRAL")


SUPPORTED = [case for case in CASES if moto_supports(case) and case.on.startswith("arn:aws:s3")]


@pytest.mark.parametrize("case", SUPPORTED, ids=[case.says for case in SUPPORTED])
def test_moto_agrees(case: Case) -> None:
    """Another engine gives the same answer, but where it is known to depart from AWS."""
    known = [it for it in DIFFERENCES if it.concerns(case)]
    assert of_moto(case) == in_words_of_moto(case) or known


def test_every_known_difference_shows() -> None:
    """A difference that no case shows any more is no longer recorded; each names its page."""
    for it in DIFFERENCES:
        concerned = [case for case in SUPPORTED if it.concerns(case)]
        different = [case for case in concerned if of_moto(case) != in_words_of_moto(case)]
        assert different, it.why
        assert it.page in {case.page for case in different}, it.why
        assert it.is_open is all(case.outcome == OPEN for case in different), it.why
