"""Runs the command on small files: in this process, or in one of its own where that matters."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.stacks import COPILOT_TASK

from copilot_preflight.cli import main as cli

HANG = 120
"""Seconds after which a process hangs: far more than any of them takes."""

HASH = "0f1c" * 16
ENV_FILE = f"arn:aws:s3:::artifacts/manual/env-files/web.env/{HASH}.env"

TEMPLATE = """\
Parameters:
{parameters}
Conditions:
  HasEnvFile: !Not [!Equals [!Ref EnvFileARN, '']]
Resources:
{task}\
  ExecutionRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {{Service: ecs-tasks.amazonaws.com}}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: env-file
          PolicyDocument:
            Statement:
              - {{Effect: Allow, Action: '{action}', Resource: {resource}}}
              - {{Effect: Allow, Action: 's3:GetBucketLocation', Resource: 'arn:*:s3:::artifacts'}}
"""
PARAMETERS = """\
  WorkloadName: {Type: String, Default: ''}
  EnvName: {Type: String, Default: ''}
  EnvFileARN: {Type: String, Default: ''}"""


@dataclass(frozen=True)
class Result:
    """What a run of the command left behind."""

    status: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        return self.err.splitlines()


@dataclass(frozen=True)
class Templates:
    """Small stacks in Copilot's shape, by what is found in them."""

    clean: str
    denied: str
    locked: str
    undetermined: str


@pytest.fixture(scope="session")
def templates() -> Templates:
    """The text of a stack that is clean, and of others with one finding each."""

    def text(action: str, resource: str) -> str:
        filled = {"parameters": PARAMETERS, "task": COPILOT_TASK}
        return TEMPLATE.format(**filled, action=action, resource=resource)

    return Templates(
        clean=text("s3:GetObject", "'arn:aws:s3:::artifacts/manual/env-files/*'"),
        denied=text("s3:PutObject", "!Ref EnvFileARN"),
        locked=text("s3:GetObject", "!Ref EnvFileARN"),
        undetermined=text("s3:GetObject", "!ImportValue files"),
    )


@pytest.fixture(scope="session")
def env_file() -> str:
    """The ARN of an environment file as Copilot uploads it."""
    return ENV_FILE


Write = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes files, name to content, into a new current folder, and returns the folder."""
    monkeypatch.chdir(tmp_path)

    def make(files: Mapping[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path

    return make


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in this process, in the folder of ``write``."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        captured = capsys.readouterr()
        return Result(int(ended.value.code or 0), captured.out, captured.err)

    return call


@pytest.fixture
def spawn(tmp_path: Path) -> Run:
    """Runs the command in a process of its own, which a hang ends as a failure."""

    def call(*arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "copilot_preflight", *arguments],
            input=stdin,
            capture_output=True,
            timeout=HANG,
            cwd=tmp_path,
            env={**os.environ, "PYTHONUTF8": "1", **(env or {})},
            check=False,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    return call
