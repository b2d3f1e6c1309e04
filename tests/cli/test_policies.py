"""Policies from outside the run, given on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Write = Callable[..., Path]

LIST = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
DENY = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
BOUNDARY = json.dumps({"Statement": [LIST]})
BUCKET = json.dumps({"Policy": json.dumps({"Statement": [{**DENY, "Principal": "*"}]})})
UNUSED = "nothing in this run asked for it: is the name right?"


def bounded(template: str) -> str:
    """A template whose execution role has a boundary, as Copilot names an application's."""
    boundary = "!Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/Limits'"
    text = template.replace(
        "    Type: AWS::IAM::Role\n    Properties:\n",
        f"    Type: AWS::IAM::Role\n    Properties:\n      PermissionsBoundary: {boundary}\n",
    )
    assert text != template
    return text


@pytest.fixture
def given(env_file: str) -> tuple[str, ...]:
    """A stack with a boundary, and the environment file that it reads from bucket 'artifacts'."""
    return ("web.yml", "--parameter", f"EnvFileARN={env_file}")


def test_a_policy_that_is_used(
    run: Run, write: Write, templates: Any, given: tuple[str, ...]
) -> None:
    """A boundary by name and a bucket by its name are asked for, and nothing is said of that."""
    write({"web.yml": bounded(templates.clean), "limits.json": BOUNDARY, "bucket.json": BUCKET})
    policies = ("--policy", "Limits=limits.json", "--policy", "artifacts=bucket.json")
    assert run(*given, *policies, "--info").err == ""


EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@pytest.mark.parametrize(
    ("option", "data", "status"),
    [
        (("--policy", "Limits=p.json"), {"Statement": [LIST]}, 1),
        (("--policy", "Limits=p.json"), {"Statement": [EVERYTHING]}, 0),
        (("--policy", "artifacts=p.json"), {"Statement": [{**DENY, "Principal": "*"}]}, 1),
        (("--policy", "elsewhere=p.json"), {"Statement": [{**DENY, "Principal": "*"}]}, 0),
        (("--scp", "p.json"), {"Statement": [DENY]}, 1),
        (("--scp", "p.json"), {"Statement": [{**DENY, "Action": "ec2:*"}]}, 0),
        (("--scp", "p.json"), {"Statement": [LIST]}, 1),
        (("--rcp", "p.json"), {"Statement": [{**DENY, "Principal": "*"}]}, 1),
    ],
)
def test_what_a_policy_denies(
    run: Run,
    write: Write,
    templates: Any,
    given: tuple[str, ...],
    option: tuple[str, str],
    data: Any,
    status: int,
) -> None:
    """A policy that is provided counts in the decision on the calls of its role or bucket."""
    write({"web.yml": bounded(templates.clean), "p.json": json.dumps(data)})
    result = run(*given, *option)
    assert (result.status, result.err) == (status, "")


def test_a_policy_that_is_not_used_is_a_note(
    run: Run, write: Write, templates: Any, given: tuple[str, ...]
) -> None:
    """One set of policies may serve many stacks; with --info a misspelt name is told."""
    write({"web.yml": bounded(templates.clean), "limits.json": BOUNDARY})
    policies = ("--policy", "Limit=limits.json")
    assert run(*given, *policies).err == ""
    result = run(*given, *policies, "--info")
    assert (result.status, result.err) == (0, f"note: policy 'Limit': {UNUSED}\n")


@pytest.mark.parametrize("option", ["--policy", "--scp", "--rcp"])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, " cannot read: no such file or directory"),
        ("{", "1:2: "),
        ('{"Resources": {}}', "1:1: no policy here: it must be a map that has Statement"),
        ('{\n  "Statement": {"Effect": "No"}}', "2:27: Effect must be Allow or Deny"),
        ('{\n  "Policy": "{"}', "2:13: the policy in this string is broken: "),
    ],
)
def test_broken_policy_file(
    run: Run, write: Write, templates: Any, option: str, content: str | None, told: str
) -> None:
    """A policy that cannot be used is one line with its place, and the templates are checked."""
    write({"web.yml": templates.denied, **({} if content is None else {"p.json": content})})
    result = run("web.yml", option, "Limits=p.json" if option == "--policy" else "p.json")
    assert result.status == 2
    assert len(result.errors) == 1
    assert result.err.startswith(f"error: p.json:{told}")
    assert "1 error in 1 file" in result.out


def test_other_policies_are_read_all_the_same(
    run: Run, write: Write, templates: Any, given: tuple[str, ...]
) -> None:
    """One broken file does not stop the others, and each is told."""
    write({"web.yml": bounded(templates.clean), "a.json": "{", "limits.json": BOUNDARY})
    policies = ("--policy", "a=a.json", "--policy", "b=a.json", "--policy", "Limits=limits.json")
    result = run(*given, *policies, "--info")
    assert result.status == 2
    assert [error.partition(":1:2: ")[0] for error in result.errors] == ["error: a.json"]


def test_policies_under_names_of_nothing(run: Run, write: Write, templates: Any) -> None:
    """A role's ARN, or a name given twice, is one line; the templates are checked."""
    write({"web.yml": templates.denied, "p.json": BOUNDARY})
    arn = "arn:aws:iam::111122223333:role/worker"
    names = (f"{arn}=p.json", "Limits=p.json", "Limits=p.json")
    result = run("web.yml", *(part for name in names for part in ("--policy", name)))
    assert result.status == 2
    assert result.errors == [
        f"error: --policy: '{arn}' is no name or ARN of a managed policy, bucket or key, nor the "
        "ARN of a secret, repository or file system",
        "error: --policy: 'Limits' is given twice",
    ]
    assert "1 error in 1 file" in result.out


@pytest.mark.parametrize("text", ["Limits", "=p.json", "Limits=", "", "="])
def test_policy_needs_a_name_and_a_file(run: Run, write: Write, templates: Any, text: str) -> None:
    """Anything but NAME_OR_ARN=FILE is a wrong option."""
    write({"web.yml": templates.clean})
    result = run("web.yml", "--policy", text)
    assert result.status == 2
    assert result.err == (
        f"error: invalid value for --policy: '{text}' is not NAME_OR_ARN=FILE "
        "(see 'copilot-preflight check --help')\n"
    )


@pytest.mark.parametrize("option", ["--scp", "--rcp"])
def test_levels_of_the_organization(run: Run, write: Write, templates: Any, option: str) -> None:
    """An option is a level; the policies of a level stand behind each other."""
    whom = {"Principal": "*"} if option == "--rcp" else {}
    policy = json.dumps({"Statement": {**LIST, "Action": "*", **whom}})
    write({"web.yml": templates.clean, "a.json": policy, "b.json": "[", "c.json": policy})
    result = run("web.yml", option, "a.json,b.json", option, "c.json")
    assert result.status == 2
    assert [error.partition(":1:")[0] for error in result.errors] == ["error: b.json"]
    result = run("web.yml", option, "a.json,c.json", option, "c.json")
    assert (result.status, result.err) == (0, "")
    result = run("web.yml", option, ",")
    assert result.err.startswith(f"error: invalid value for {option}: ',' names no file")


def test_policies_in_a_folder_that_is_searched(run: Run, write: Write, templates: Any) -> None:
    """A file that an option names is not among those that nobody looked at."""
    write({"web.yml": templates.clean, "limits.json": BOUNDARY, "other.json": BOUNDARY})
    assert "2 other files" in run(".").out
    assert "1 other file " in run(".", "--policy", "Limits=limits.json").out


def test_a_policy_is_not_written_over(run: Run, write: Write, templates: Any) -> None:
    """A report never takes the place of an input."""
    folder = write({"web.yml": templates.clean, "limits.json": BOUNDARY})
    result = run("web.yml", "--policy", "Limits=limits.json", "--output", "limits.json")
    assert result.status == 2
    assert "will not write the report over an input" in result.err
    assert (folder / "limits.json").read_text() == BOUNDARY
