"""What the mutations begin with: small, and together one of everything that is read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from tests.cli.test_wrong_shapes import EVERYTHING as _EVERYTHING
from tests.fuzz import bundle

ROOT: Final = Path(__file__).parents[2]
CORPUS: Final = Path(__file__).with_name("corpus")
EVERYTHING: Final = _EVERYTHING.read_text(encoding="utf-8")
RUNNERS: Final = Path(__file__).with_name("runners.yml").read_bytes()
ENV_FILE: Final = f"arn:aws:s3:::artifacts/manual/env-files/web.env/{'0f1c' * 16}.env"

_TEXTS: Final = (
    "a: 1\nb: [x, 'y', \"z\\n\", ~]\nc:\n  - d: !Ref e\n  - !Sub '${f}'\n",
    "%YAML 1.1\n---\na: &x {b: 1}\nc:\n  <<: *x\n  d: *x\n# end\n",
    "a: |\n  b\n  c\n\nd: >-2\n    e\n  f\n# g\n",
    "? a\n: b\n? [c]\n: d\n",
    "a: !If [x, !GetAtt b.c, !Join ['', [d, !Ref e]]] # f\ng: !!str 1\n",
    '{"a": [1, 2.5e3, true, null, "\\ud83d\\ude00"],\n\t"b" :{"c": "d\\/e"}}\n',
    '[{"a": ""}, [], {}, [[]]]',
    "- - a\n  - b\n-\n  c: 'd\n    e'\n  f: \"g\\\n    h\"\n-\n",
    "\ufeffa: 1\r\nb: 2\rc: 3\n\n\n",
    "a: {b: c, d, e: , f: [g, h: i]}\n",
    "a:\n- b\n- c:\n    d: e\n  ? f\n...\n",
    "!Sub\na: &b !!map\n  c: d\n",
    "a : 'b' # c\n'd': \"e\"\n\"f\" : *g\n",
)

_PATTERNS: Final = (
    ("$.Resources.Task.Properties", "*.stack.yml", "s3:*", "s3:GetObject"),
    ("$.Resources.*.Properties.ContainerDefinitions[*].Name", "a/**/b.yml", "a?b*", "a/x/b.yml"),
    ("$..Environment[?(@.Name=='A')].Value", "**/[a-z]*.yml", "*a*b*", "x/abc.yml"),
    ("$.Resources[?(@.Type=='AWS::S3::Bucket' & @.x > 1)]", "[!a]?", "arn:*:s3:::*", "bc"),
    ("$['Resources'][\"a b\"][0:2:1]", "/legacy/", "*", "legacy/a.yml"),
    ("$.a.`parent`.b where c | $.d", "../*", "**?", ".."),
)

_CONFIGURATION: Final = """\
ignore: [W9754]
severity: {W9713: error, W9720: off}
paths:
  - files: ['*-prod.stack.yml', 'legacy/**/[a-c]?.yml']
    ignore: W97
    severity: {W9719: error}
fail-on: warning
info: true
region: eu-west-1
account: '111122223333'
parameters: {Image: nginx, Port: 80}
params: [more.json]
policies: {Boundary: policy.json, 'arn:aws:iam::111122223333:policy/Own': policy.json}
scps: [policy.json, [policy.json, scp.json]]
rcps: [scp.json]
buckets:
  shop-config:
    encryption-key: arn:aws:kms:eu-west-1:111122223333:key/5b1f6c1e-7d0e-4a52-9a55-0c6f2a9d8e31
    bucket-key: true
    policy: policy.json
  other: {encryption-key: none, policy: none}
require:
  - action: s3:GetObject
    resource: arn:aws:s3:::{}/${AWS::Region}/*
    at: $.Resources.*.Properties.ContainerDefinitions[*].Environment[?(@.Name=='A')].Value
    because: it is read at start
    role: execution
    files: '*.yml'
suppress:
  - {rule: E9741, path: $.Resources.Task, files: '*.yml', reason: by hand, until: 2027-01}
  - {rule: [E9711], path: '$..EnvironmentFiles[?(@.Type==''s3'')]', reason: known}
baseline: known.json
"""

_STACK: Final = """\
Parameters:
  Image: {Type: String, Default: nginx}
  Token: {Type: String, NoEcho: true, Default: default-of-token}
  File: {Type: String, Default: 'arn:aws:s3:::shop-config/web.env'}
Conditions: {A: !Not [!Equals [!Ref Image, '']]}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      TaskRoleArn: !Ref Token
      ContainerDefinitions:
        - Name: web
          Image: !Ref Image
          Environment: [{Name: A, Value: !Sub '${Token}-bucket'}]
          Secrets:
            - Name: B
              ValueFrom: !Sub 'arn:aws:ssm:eu-west-1:111122223333:parameter/${Token}'
          EnvironmentFiles: # preflight: ignore[E9711] why, until 2027-01
            - {Type: s3, Value: !If [A, !Ref File, !Ref AWS::NoValue]}
            - {Type: s3, Value: !Sub 'arn:aws:s3:::shop-config/${Token}/web.env'}
  Role:
    Type: AWS::IAM::Role
    Metadata: {cfn-lint: {config: {ignore_checks: [W9713]}}}
    Properties:
      PermissionsBoundary: arn:aws:iam::111122223333:policy/Own
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Action: 'sts:AssumeRole',
        Principal: {Service: ecs-tasks.amazonaws.com}}]}
      Policies:
        - PolicyName: P
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: 's3:Get*'
                Resource: !Sub 'arn:aws:s3:::shop-config/${Token}/*'
              - Effect: Deny
                NotAction: 's3:*'
                Resource: '*'
                Condition: {StringLike: {'aws:SourceVpce': 'a*'}}
"""

_POLICY: Final = """\
{"Version": "2012-10-17", "Statement": [
  {"Sid": "A", "Effect": "Allow", "Action": ["s3:*", "kms:Decrypt"], "Resource": "*"},
  {"Effect": "Deny", "NotAction": "iam:*", "NotResource": ["arn:aws:s3:::shop-*/${aws:username}"],
   "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalTag/team": ["a", "b*"]},
     "NumericLessThan": {"s3:max-keys": "10"}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
     "ForAllValues:StringLike": {"aws:TagKeys": "*"}, "Null": {"aws:SourceVpce": "true"},
     "DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"},
     "Bool": {"aws:SecureTransport": "false"}}}
]}
"""

_RESOURCE_POLICY: Final = """\
{"Statement": {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::111122223333:role/x", "*"]},
  "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop-config/*"}}
"""

_REQUEST: Final = {
    "PolicyInputList": [_POLICY],
    "PermissionsBoundaryPolicyInputList": [_POLICY],
    "OrderedOrganizationPolicyInputList": [{"ServiceControlPolicyInputList": [_POLICY]}],
    "ActionNames": ["s3:GetObject", "kms:Decrypt"],
    "ResourceArns": ["arn:aws:s3:::shop-config/web.env", "*"],
    "ResourcePolicy": _RESOURCE_POLICY,
    "ResourceOwner": "111122223333",
    "CallerArn": "arn:aws:iam::111122223333:role/x",
    "ContextEntries": [
        {"ContextKeyName": "aws:SourceIp", "ContextKeyValues": ["10.1.2.3"], "ContextKeyType": "ip"}
    ],
    "ResourceHandlingOption": "",
}

_ARGUMENTS: Final = (
    (),
    ("--info", "--statistics"),
    ("--format=json", "--info"),
    ("--format=sarif", "--no-suppressions"),
    ("--format=github", "--info"),
    ("--format=junit", "--assume-defaults"),
    ("--format=gitlab", "--quiet"),
    ("--changed", "--region=eu-west-1"),
    ("--verbose", "--parameter=Image=x"),
    ("--write-baseline=new.json", "--output=report.txt"),
)


def _kept(name: str) -> Sequence[bytes]:
    """The inputs that were found before: they lead to where the faults were."""
    return tuple(path.read_bytes() for path in sorted((CORPUS / name).glob("*")))


@cache
def texts() -> Sequence[bytes]:
    """Small YAML and JSON."""
    return (*(it.encode() for it in _TEXTS), *_kept("load"), *_kept("parsers"))


@cache
def patterns() -> Sequence[bytes]:
    """A JSONPath, a glob, a wildcard and a name, a line each."""
    return (*("\n".join(it).encode() for it in _PATTERNS), *_kept("patterns"))


@cache
def templates() -> Sequence[bytes]:
    """One template each."""
    found = sorted((ROOT / "sample_templates").rglob("*.yml"))
    texts = [path.read_bytes() for path in found if b"Resources:" in path.read_bytes()]
    return (*texts, _STACK.encode(), RUNNERS, *_kept("resolve"))


@cache
def packages() -> Sequence[bytes]:
    """Folders with a package, and the arguments for one."""
    folders = sorted((ROOT / "sample_templates").glob("*/*"))
    return (
        *(
            _bundle(dict(bundle.packed(folder)), *_ARGUMENTS[number % len(_ARGUMENTS)])
            for number, folder in enumerate(folders)
        ),
        *(_settings(*given) for given in _ARGUMENTS[:3]),
        _bundle({"runners.yml": RUNNERS}, "--info"),
        *(_bundle(_account(), "--evidence=evidence", *given) for given in _ARGUMENTS[:3]),
        *_kept("check"),
    )


@cache
def settings() -> Sequence[bytes]:
    """A small stack with everything that a configuration can say, and policies for it."""
    return (
        *(_settings(*given) for given in _ARGUMENTS),
        _settings("config", "a.yml"),
        _settings("config", "a.yml", "--format=json"),
        _settings("--config=web.env"),
        _settings("--no-config", "--policy=shop-config=web.env", "--scp=policy.json"),
        *_kept("settings"),
    )


def _account() -> dict[str, bytes]:
    """A package, and answers of its account that decide something else."""
    return dict(bundle.packed(ROOT / "sample_templates/broken/account-differs"))


def _settings(*given: str) -> bytes:
    baseline = {"version": 1, "findings": {"a.yml": {"W9713": {"$.Resources.Role": 1}}}}
    params = {"Parameters": {"Token": "value-of-token", "Image": "value-of-image"}}
    files = {
        ".copilot-preflight.yml": _CONFIGURATION.encode(),
        "a.yml": _STACK.encode(),
        "web-test.stack.yml": _STACK.replace("default-of-token", "other-default").encode(),
        "web-test.params.json": json.dumps(params, indent=1).encode(),
        "more.json": b'{"Parameters": {"Port": "8080"}}',
        "policy.json": _POLICY.encode(),
        "scp.json": _RESOURCE_POLICY.replace("Allow", "Deny").encode(),
        "known.json": json.dumps(baseline, indent=1).encode(),
        "web.env": b"# hidden\nPASSWORD=value-of-password\nOTHER=\n",
        "copilot/web/manifest.yml": b"name: web\ntype: Backend Service\nenv_file: web.env\n"
        b"variables: {A: b}\nenvironments:\n  test: {env_file: web.env}\n",
    }
    return _bundle(files, *given)


@cache
def requests() -> Sequence[bytes]:
    """What the simulator can be asked."""
    files = {
        "request.json": json.dumps(_REQUEST, indent=1).encode(),
        "policy.json": _POLICY.encode(),
        "a.yml": _STACK.encode(),
    }
    whole = "--cli-input-json=file://request.json"
    return (
        _bundle(files, "simulate", whole),
        _bundle(files, "simulate", whole, "--output=table"),
        _bundle(files, "simulate", whole, "--output=text", "--fail-on-denied"),
        _bundle(files, "simulate", whole, "--query=EvaluationResults[].EvalDecision"),
        _bundle(
            files,
            "simulate",
            "--template=a.yml",
            "--role=Role",
            "--parameter=Image=x",
            "--action-names=s3:GetObject",
            "--resource-arns=arn:aws:s3:::shop-config/${Task}/web.env",
            "--context-entries=ContextKeyName=aws:SourceIp,ContextKeyValues=10.1.1.1,ContextKeyType=ip",
            "--scp=file://policy.json",
            "--region=eu-west-1",
        ),
        *_kept("simulate"),
    )


def _bundle(files: dict[str, bytes], *given: str) -> bytes:
    return bundle.joined({bundle.ARGUMENTS: "\n".join(given).encode(), **files})
