"""No picture shows a value of a NoEcho parameter, or lines near a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.report.pictures import THREE_SERVICES, call, picture, picture_of

from copilot_preflight.report.formats import FORMATS, render

SECRET = "hunter2hunter2"
WITH_NO_ECHO = THREE_SERVICES.replace(
    "Resources:\n",
    f"Parameters:\n  Token: {{Type: String, NoEcho: true, Default: {SECRET}}}\nResources:\n",
    1,
).replace("parameter/shop/api/features", f"parameter/shop/api/{SECRET}")
WRITTEN = (
    WITH_NO_ECHO.replace("Sid: ReadFeatures", f"Sid: {SECRET}")
    .replace("secret:shop/api-AbCdEf", "secret:shop/${Token}")
    .replace("ValueFrom: arn:aws:secretsmanager", "ValueFrom: !Sub arn:aws:secretsmanager")
)


@pytest.mark.parametrize("form", FORMATS)
def test_a_secret_is_in_no_format(form: str) -> None:
    drawn = picture_of(WRITTEN, assume_defaults=True)
    assert drawn.counts["denied"]
    assert SECRET not in render(drawn, form)


def test_a_statement_that_holds_a_secret_is_not_quoted() -> None:
    drawn = picture_of(WRITTEN, assume_defaults=True)
    read = call(drawn, "SharedExecutionRole", "ssm:GetParameters")
    (cited,) = read.cited
    assert cited.excerpt.text == ""
    assert cited.excerpt.line > 0
    (other,) = call(drawn, "SharedExecutionRole", "s3:GetObject").cited
    assert other.excerpt.text


@pytest.mark.parametrize("form", FORMATS)
def test_credentials_in_an_environment_are_in_no_format(form: str, tmp_path: Path) -> None:
    key = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
    text = THREE_SERVICES.replace(
        "        - Name: web\n",
        "        - Name: web\n          Environment:\n"
        "            - {Name: AWS_ACCESS_KEY_ID, Value: AKIAIOSFODNN7EXAMPLE}\n"
        f"            - {{Name: AWS_SECRET_ACCESS_KEY, Value: {key}}}\n",
        1,
    )
    (tmp_path / "t.yml").write_text(text, encoding="utf-8")
    drawn = picture(str(tmp_path / "t.yml"))
    assert any(it.rule == "W9735" for it in drawn.stacks[0].other_findings)
    written = render(drawn, form)
    assert key not in written
    assert "AKIAIOSFODNN7EXAMPLE" not in written
