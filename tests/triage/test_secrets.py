"""Secrets in a pasted text are never echoed, in whatever form and format."""

from __future__ import annotations

import json

import pytest

from copilot_preflight.triage.formats import FORMATS, render
from copilot_preflight.triage.join import diagnosed
from copilot_preflight.triage.recognise import failures_in
from copilot_preflight.triage.secrets import redacted

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLEEXAMPLEEXAMPLEexample0123456789+/abc="

SECRETS = {
    "AKIAIOSFODNN7EXAMPLE": "AccessDenied: Access Denied for AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE": "InvalidAccessKeyId: ASIAIOSFODNN7EXAMPLE is not known",
    SECRET: f"AWS_SECRET_ACCESS_KEY={SECRET} AccessDenied: Access Denied",
    TOKEN: f"AccessDenied: Access Denied aws_session_token = {TOKEN}",
    "hunter2": "AccessDenied: password=hunter2 refused",
    "hunter3": "Access Denied: postgres://shop:hunter3@db.example.com/shop",
    "hunter4": 'AccessDenied {"DB_PASSWORD": "hunter4"}',
    "ghp_0123456789abcdefghijABCDEFGHIJ012345": "403 Forbidden with "
    "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "f00dfeedbeef": "AccessDenied: GET "
    "https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE"
    "%2F20240101&X-Amz-Signature=f00dfeedbeef",
    "c2hvcDpodW50ZXI1": "403 Forbidden, Authorization: Basic c2hvcDpodW50ZXI1",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl": "AccessDenied token "
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "MIIEowIBAAKCAQEA": "AccessDenied -----BEGIN RSA PRIVATE KEY-----MIIEowIBAAKCAQEA-----END",
    "hunter6": json.dumps({"errors": [{"message": "AccessDenied", "password": "hunter6"}]}),
    "hunter7": json.dumps(
        {
            "environment": [{"name": "API_TOKEN", "value": "AccessDenied hunter7"}],
            "m": "403 Forbidden",
        }
    ),
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("form", FORMATS)
def test_no_secret_is_echoed(secret: str, form: str) -> None:
    """The failure is told of, the secret is not."""
    failures = failures_in(SECRETS[secret])
    assert failures
    assert secret not in render(diagnosed(failures), form)


@pytest.mark.parametrize(
    "text",
    [
        "failed to fetch secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:DB-abc123",
        "ExpiredTokenException: The security token included in the request is expired",
        "User: arn:aws:sts::123456789012:assumed-role/Web/0a1b is not authorized to perform: "
        "secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:eu-west-1:1:secret:db",
        "unable to pull secrets or registry auth: execution resource retrieval failed",
        "when calling the GetAuthorizationToken operation: Access Denied",
    ],
)
def test_what_only_speaks_of_secrets_stays(text: str) -> None:
    """Names of secrets, of errors and of actions are what a triage is about."""
    assert redacted(text) == text


def test_hidden_twice_is_hidden_once() -> None:
    """What is put for a secret is no secret."""
    for text in SECRETS.values():
        assert redacted(redacted(text)) == redacted(text)
