"""The answers, events and files that hold errors, several at once and in noise."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest

from copilot_preflight.triage.opening import CannotRead, read_file, read_stream
from copilot_preflight.triage.recognise import failures_in

ROLE = "arn:aws:sts::123456789012:assumed-role/shop-test-web-ExecutionRole-1ABCDEFGHIJK/0a1b"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"
REASON = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
    "retrieval failed: unable to retrieve secret from asm: service call has been retried 1 "
    f"time(s): failed to fetch secret {SECRET} from secrets manager: AccessDeniedException: User: "
    f"{ROLE} is not authorized to perform: secretsmanager:GetSecretValue on resource: "
    f"{SECRET} because no identity-based policy allows the secretsmanager:GetSecretValue action"
)
TASK = {
    "taskArn": "arn:aws:ecs:eu-west-1:123456789012:task/shop/0a1b",
    "lastStatus": "STOPPED",
    "stopCode": "TaskFailedToStart",
    "stoppedReason": REASON,
    "containers": [{"name": "web", "lastStatus": "STOPPED"}],
}
RECORD = {
    "eventVersion": "1.09",
    "userIdentity": {
        "type": "AssumedRole",
        "arn": "arn:aws:sts::123456789012:assumed-role/shop-pipeline-BuildRole-1ABC/AWSCodeBuild-1",
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
    },
    "eventTime": "2026-01-02T03:04:05Z",
    "eventSource": "s3.amazonaws.com",
    "eventName": "PutObject",
    "awsRegion": "eu-west-1",
    "errorCode": "AccessDenied",
    "errorMessage": "Access Denied",
    "requestParameters": {"bucketName": "shop-data", "key": "web.zip"},
    "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::shop-data/web.zip"}],
}
UPLOAD = ("access", "pipeline", "s3:PutObject", "arn:aws:s3:::shop-data/web.zip")
SERVICE = {"serviceArn": "x", "events": [{"message": REASON}]}
WELL = {**RECORD, "errorCode": None, "errorMessage": None}
SECRET_READ = ("access", "start", "secretsmanager:GetSecretValue", SECRET)

TABLE = (
    '"eventtime","eventsource","eventname","useridentity","errorcode","errormessage",'
    '"requestparameters","resources"\n'
    '"2026-01-02T03:04:05Z","s3.amazonaws.com","PutObject","{type=AssumedRole, '
    "arn=arn:aws:sts::123456789012:assumed-role/shop-pipeline-BuildRole-1ABC/AWSCodeBuild-1, "
    'accountid=123456789012}","AccessDenied","Access Denied",'
    '"{""bucketName"":""shop-data"",""key"":""web.zip""}",""\n'
    '"2026-01-02T03:04:06Z","s3.amazonaws.com","GetObject","{}","","","{}",""\n'
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (json.dumps({"tasks": [TASK], "failures": []}), SECRET_READ),
        (json.dumps({"detail-type": "ECS Task State Change", "detail": TASK}), SECRET_READ),
        (json.dumps({"services": [SERVICE]}), SECRET_READ),
        (f"2026-01-02 12:00:00 start\n{json.dumps(TASK)}\nmore noise", SECRET_READ),
        (json.dumps(RECORD), UPLOAD),
        (json.dumps({"Records": [RECORD, WELL]}), UPLOAD),
        (json.dumps({"Events": [{"CloudTrailEvent": json.dumps(RECORD)}]}), UPLOAD),
        (json.dumps({"detail-type": "AWS API Call via CloudTrail", "detail": RECORD}), UPLOAD),
        (json.dumps({"events": [{"message": json.dumps(RECORD)}]}), UPLOAD),
        ("\n".join(json.dumps(RECORD) for _ in range(3)), UPLOAD),
        (TABLE, UPLOAD),
        (
            json.dumps({"StackEvents": [{"ResourceStatus": "CREATE_FAILED", "ResourceStatusReason":
                "Resource handler returned message: \"User: arn:aws:sts::123456789012:assumed-role/"
                "Deployer/me is not authorized to perform: iam:PassRole on resource: "
                "arn:aws:iam::123456789012:role/web (Service: Ecs, Status Code: 400)\""}]}),
            ("access", "deploy", "iam:PassRole", "arn:aws:iam::123456789012:role/web"),
        ),
        (
            json.dumps({"detail-type": "CodePipeline Action Execution State Change", "detail": {
                "state": "FAILED", "execution-result": {"external-execution-summary":
                "Upload to S3 failed with the following error: Access Denied"}}}),
            ("access", "pipeline", "", ""),
        ),
    ],
)  # fmt: skip
def test_shapes_are_recognised(text: str, expected: tuple[str, str, str, str]) -> None:
    """Each tells of one failure, with the moment that its shape says."""
    found = failures_in(text)
    assert [(it.kind, it.moment, it.action, it.resource) for it in found] == [expected]


def test_several_things_in_one_text() -> None:
    """A log, a record and an answer, one below the other."""
    text = f"INFO starting\n{REASON}\n\n{json.dumps(RECORD, indent=2)}\nENOTFOUND api.ecr\n"
    kinds = [(it.kind, it.action) for it in failures_in(text)]
    assert kinds[:2] == [
        ("access", "secretsmanager:GetSecretValue"),
        ("access", "s3:PutObject"),
    ]
    assert ("network", "") in kinds


@pytest.mark.parametrize(
    "text",
    [
        "INFO server started on port 8080\nGET /health 200",
        json.dumps({"tasks": [{"lastStatus": "RUNNING"}]}),
        json.dumps({**RECORD, "errorCode": None, "errorMessage": None}),
        "the deploy went well: 403 files were uploaded",
    ],
)
def test_what_is_no_failure_is_none(text: str) -> None:
    """Nothing is made up."""
    assert failures_in(text) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "User: arn:aws:iam::123456789012:user/me is not authorized to perform: iam:PassRole on "
            "resource: arn:aws:iam::123456789012:role/web",
            ("access", "deploy"),
        ),
        ("getaddrinfo ENOTFOUND secretsmanager.eu-west-1.amazonaws.com", ("network", "run")),
        (
            "Aws::S3::Errors::AccessDenied (Access Denied):\napp/report.rb:10",
            ("access", "run"),
        ),
        (
            "AccessDenied: Access Denied\n    at throwDefaultError (/app/node_modules/@smithy/"
            "smithy-client/dist-cjs/index.js:838:20)\n  '$metadata': {\n    httpStatusCode: 403,",
            ("access", "run"),
        ),
        (
            "ServiceError { source: Unhandled(Unhandled { source: ErrorMetadata { code: "
            'Some("AccessDenied"), message: Some("Access Denied")',
            ("access", "run"),
        ),
    ],
)
def test_moments_without_a_sign(text: str, expected: tuple[str, str]) -> None:
    """A running application, but for calls that only deploys make."""
    assert [(it.kind, it.moment) for it in failures_in(text)] == [expected]


def test_numbers_that_are_statuses_are_read() -> None:
    """A line is no other one but for its numbers, if one of them is a status."""
    text = "request 1 failed, code: 500\nrequest 2 failed, code: 403\nrequest 3 failed, code: 501"
    assert [it.kind for it in failures_in(text)] == ["access"]


@pytest.mark.parametrize(
    "data",
    [
        REASON.encode(),
        b"\xef\xbb\xbf" + REASON.encode(),
        REASON.encode("utf-16"),
        REASON.encode("utf-16-le"),
        gzip.compress(REASON.encode()),
    ],
)
def test_encodings_and_packed_files(data: bytes) -> None:
    """UTF-8, what PowerShell writes, and what CloudTrail delivers to S3."""
    assert read_stream(io.BytesIO(data)) == REASON


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """A file that only begins as gzip does, and none at all."""
    with pytest.raises(CannotRead, match="gzip"):
        read_stream(io.BytesIO(b"\x1f\x8bnothing"))
    with pytest.raises(CannotRead, match="no such file"):
        read_file(str(tmp_path / "missing.log"))


def test_a_packed_file_does_not_grow_without_end() -> None:
    """A bomb of a gigabyte is read as far as any text is."""
    bomb = gzip.compress(b"a" * 100_000_000)
    assert len(read_stream(io.BytesIO(bomb))) == 20_000_000
