"""A statement that would allow a call but for one slip, and what mends it."""

from __future__ import annotations

import pytest
from tests.stacks import role, stack, task

from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.wording.slips import slips
from copilot_preflight.edits.edit import Applicability, Operation

FILE = "arn:aws:s3:::config/web.env"
BUCKET = "arn:aws:s3:::config"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/key"
GET = ["Resources", "Role", "Properties", "Policies", 0, "PolicyDocument", "Statement", 0]
HERE = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333"}
ENV_FILE = f"EnvironmentFiles: [{{Type: s3, Value: '{FILE}'}}]"
SECRETS = "Secrets: [{Name: A, ValueFrom: '%s'}]"


def found(container: str, statement: str, action: str) -> list[tuple[str, list[str | int], object]]:
    text = f"Resources:\n{task(container)}{role(statement)}"
    analysis = Analysis(stack(text, pseudo=HERE))
    denied = [it for it in analysis.denials if it.call.action == action]
    assert denied
    edits = slips(denied)
    assert all(edit.applicability is Applicability.SAFE for edit in edits)
    return [(edit.operation.value, [*edit.path][len(GET) :], edit.value) for edit in edits]


@pytest.mark.parametrize(
    ("actions", "resources", "edits"),
    [
        ("s3:GetObjects", f"'{FILE}'", [("replace", ["Action"], "s3:GetObject")]),
        ("[s3:PutObject, s3:GetObjcet]", "'*'", [("replace", ["Action", 1], "s3:GetObject")]),
        ("s3:GetObject", "'arn::s3:::config/web.env'", [("replace", ["Resource"], FILE)]),
        ("s3:GetObject", "'arn:aws-cn:s3:::config/*'", [("replace", ["Resource"], f"{BUCKET}/*")]),
        # Nothing that was meant for this file.
        ("s3:GetObjects", "'arn:aws:s3:::other/*'", []),
        ("s3:PutObject", f"'{FILE}'", []),
        ("s3:GetObject", "'arn:aws:s3:::other/*'", []),
        ("s3:GetObjects", f"'{FILE}', Condition: {{Bool: {{'aws:SecureTransport': 'false'}}}}", []),
    ],
)
def test_a_slip_of_a_grant_for_a_file(
    actions: str, resources: str, edits: list[tuple[str, list[str | int], object]]
) -> None:
    """Only what would then certainly allow the call is taken for one."""
    statement = f"{{Effect: Allow, Action: {actions}, Resource: {resources}}}"
    assert found(ENV_FILE, statement, "s3:GetObject") == edits


@pytest.mark.parametrize(
    ("variable", "is_mended"), [("aws:PrincipalType", True), ("aws:username", False)]
)
def test_variables_that_are_plain_text(variable: str, is_mended: bool) -> None:
    """The Version of the document is what they lack, if they then name the file."""
    statement = f"{{Effect: Allow, Action: s3:GetObject, Resource: '{BUCKET}/${{{variable}}}.env'}}"
    container = ENV_FILE.replace("web.env", "AssumedRole.env")
    analysis = Analysis(stack(f"Resources:\n{task(container)}{role(statement)}", pseudo=HERE))
    edits = slips([it for it in analysis.denials if it.call.action == "s3:GetObject"])
    document = (*GET[:-2], "Version")
    assert [(it.path, it.value) for it in edits] == [(document, "2012-10-17")] * is_mended


def test_the_singular_stays_next_to_the_plural() -> None:
    """The application may read one parameter, ECS reads several."""
    statement = "{Effect: Allow, Action: ssm:GetParameter, Resource: '*'}"
    edits = found(SECRETS % "/shop/key", statement, "ssm:GetParameters")
    assert edits == [(Operation.INSERT.value, ["Action", "-"], "ssm:GetParameters")]


def test_the_suffix_of_a_secret() -> None:
    """What Secrets Manager adds to a name."""
    statement = f"{{Effect: Allow, Action: 'secretsmanager:GetSecretValue', Resource: '{SECRET}'}}"
    edits = found(SECRETS % SECRET, statement, "secretsmanager:GetSecretValue")
    assert edits == [("replace", ["Resource"], f"{SECRET}-??????")]


def test_calls_are_mended_all_or_none() -> None:
    """A finding of two calls is not ended by the slip of one."""
    statement = f"{{Effect: Allow, Action: s3:GetObjects, Resource: '{FILE}'}}"
    analysis = Analysis(stack(f"Resources:\n{task(ENV_FILE)}{role(statement)}", pseudo=HERE))
    assert len(analysis.denials) == 2
    assert slips(analysis.denials) == ()
    assert len(slips([it for it in analysis.denials if it.call.action == "s3:GetObject"])) == 1
