"""Caches, logs in S3 and test reports of builds: where they go, and what is said of it."""

from __future__ import annotations

import pytest
from tests.needs.asked import findings
from tests.needs.builds import LOGS, answers, build, calls

from copilot_preflight.needs.build_outputs import BUILD_OUTPUT

BUCKET = "Bucket: {Type: AWS::S3::Bucket}"
OWN = "arn:${AWS::Partition}:s3:::${Bucket}"
PUT = "s3:PutObject"


def logs(location: str) -> str:
    cloudwatch = "CloudWatchLogs: {Status: DISABLED}"
    return f"LogsConfig: {{S3Logs: {{Status: ENABLED, Location: {location}}}, {cloudwatch}}}"


@pytest.mark.parametrize(
    ("location", "resource"),
    [
        ("!Sub '${Bucket}/logs'", f"{OWN}/logs/${{artifact key}}"),
        ("!Sub '${Bucket}/logs/'", f"{OWN}/logs/${{artifact key}}"),
        ("!Join [/, [!Ref Bucket, !Ref AWS::NoValue]]", f"{OWN}/${{artifact key}}"),
        ("!Ref Bucket", f"{OWN}/${{artifact key}}"),
        ("!Sub '${Bucket.Arn}/logs'", f"{OWN}/logs/${{artifact key}}"),
        ("theirs/a/b", "arn:${AWS::Partition}:s3:::theirs/a/b/${artifact key}"),
    ],
)
def test_a_location_is_a_bucket_and_what_keys_begin_with(location: str, resource: str) -> None:
    """The end of a key is made up by CodeBuild."""
    assert calls(build(logs(location), LOGS, more=BUCKET), BUILD_OUTPUT) == [(PUT, resource)]


@pytest.mark.parametrize(
    "properties",
    [
        logs("!Ref Given"),
        "Cache: {Type: NO_CACHE}",
        "Cache: {Type: LOCAL, Modes: [LOCAL_SOURCE_CACHE]}",
        "Cache: {Type: LOCAL, Location: theirs/cache}",
        "LogsConfig: {S3Logs: {Status: DISABLED, Location: theirs/logs}, "
        "CloudWatchLogs: {Status: DISABLED}}",
        "Source: {BuildSpec: reports.yml}",
        "Source: {BuildSpec: !Ref Given}",
        "Source: {BuildSpec: 'reports: {a: \\n'}",
    ],
)
def test_nothing_is_asked_where_nothing_is_stored(properties: str) -> None:
    """Nor where it cannot be known, or read."""
    assert calls(build(properties, LOGS), BUILD_OUTPUT) == []


CACHE = "Cache: {Type: S3, Location: !Sub '${Bucket}/cache'}"


@pytest.mark.parametrize(
    ("grant", "denied"),
    [
        (
            f"{{Effect: Allow, Action: [{PUT}, s3:GetObject], Resource: !Sub '${{Bucket.Arn}}/*'}}",
            "",
        ),
        (
            "{Effect: Allow, Action: 's3:*Object', Resource: !Sub '${Bucket.Arn}/cache/*'}",
            "",
        ),
        (f"{{Effect: Allow, Action: {PUT}, Resource: !Sub '${{Bucket.Arn}}/*'}}", "s3:GetObject"),
        (
            "{Effect: Allow, Action: 's3:*', Resource: !Sub '${Bucket.Arn}/other/*'}",
            f"{PUT} and s3:GetObject",
        ),
    ],
)
def test_a_cache_is_put_and_got(grant: str, denied: str) -> None:
    """A build goes on without it, so it is a warning."""
    found = [
        it for it in findings(build(CACHE, grant, LOGS, more=BUCKET), "EW") if it.rule != "W9754"
    ]
    assert [it.rule for it in found] == ["W9776"] * bool(denied)
    for it in found:
        assert f"may not {denied} on" in it.message
        assert "which the cache of build project 'Project' needs" in it.message


SPEC = """
Source:
  BuildSpec: |
    version: 0.2
    reports:
      unit:
        files: '**/*'
      arn:aws:codebuild:eu-west-1:111122223333:report-group/theirs:
        files: '**/*'
"""
REPORTS = "[codebuild:CreateReport, codebuild:UpdateReport, codebuild:BatchPutTestCases]"
GROUPS = "arn:${AWS::Partition}:codebuild:${AWS::Region}:${AWS::AccountId}:report-group"


def test_a_report_goes_into_a_group_of_the_project_or_another() -> None:
    """Named in the buildspec; by CDK's grant the first may be written, and made."""
    own = f"{GROUPS}/${{Project}}-unit"
    cdk = (
        "{Effect: Allow, Action: [codebuild:CreateReportGroup, codebuild:CreateReport, "
        "codebuild:UpdateReport, codebuild:BatchPutTestCases, codebuild:BatchPutCodeCoverages], "
        f"Resource: !Sub '{GROUPS}/${{Project}}-*'}}"
    )
    found = build(SPEC, cdk, LOGS)
    assert calls(found, BUILD_OUTPUT)[:2] == [
        ("codebuild:CreateReportGroup", own),
        ("codebuild:CreateReport", own),
    ]
    messages = [it.message for it in findings(found, "EW")]
    assert [it.partition("which the ")[2].partition(" of ")[0] for it in messages] == [
        "report 'arn:aws:codebuild:eu-west-1:111122223333:report-group/theirs'"
    ]
    everywhere = f"{{Effect: Allow, Action: {REPORTS}, Resource: '*'}}"
    made = answers(build(SPEC, everywhere, LOGS), BUILD_OUTPUT)
    assert made.pop("codebuild:CreateReportGroup") == "UNDETERMINED"
    assert set(made.values()) == {"ALLOWED"}
