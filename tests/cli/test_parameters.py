"""Parameter values from files and from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Write = Callable[..., Path]

LOCKED = "env-file-version-locked"


def in_form(form: str, values: dict[str, str]) -> Any:
    """Parameter values in one of the forms of the contract."""
    if form == "configuration":
        return {"Parameters": values, "Tags": {"copilot-application": "app"}}
    if form == "pairs":
        return [{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()]
    if form == "assignments":
        return [f"{name}={value}" for name, value in values.items()]
    return values


@pytest.mark.parametrize("form", ["configuration", "pairs", "assignments", "map"])
@pytest.mark.parametrize("name", ["values.json", "values.yml"])
@pytest.mark.parametrize("through", ["file", "stdin"])
def test_forms_of_parameter_files(
    run: Run, write: Write, templates: Any, env_file: str, form: str, name: str, through: str
) -> None:
    """A parameter file has Copilot's form, the AWS CLI's or none, in JSON or YAML."""
    data = in_form(form, {"EnvFileARN": env_file, "EnvName": "test"})
    text = json.dumps(data, indent=1) if name.endswith("json") else as_yaml(data)
    write({name: text, "web.yml": templates.locked})
    path = "-" if through == "stdin" else "web.yml"
    result = run(path, "--params", name, stdin=templates.locked.encode())
    assert (result.status, result.err) == (0, "")
    assert LOCKED in result.out
    assert f"::: {name}:" in result.out, "the place of the value is shown"


def as_yaml(data: Any, indent: str = "") -> str:
    """Nested data in block style."""
    if isinstance(data, dict):
        items = [(f"{indent}{key}:", value) for key, value in data.items()]
    elif isinstance(data, list):
        items = [(f"{indent}-", value) for value in data]
    else:
        return f" {data}\n"
    return "".join(
        head + ("\n" if isinstance(value, (dict, list)) else "") + as_yaml(value, indent + "  ")
        for head, value in items
    )


def test_tabs_indent_a_parameter_file_of_copilots(
    run: Run, write: Write, templates: Any, env_file: str
) -> None:
    """Copilot indents its JSON with tabs."""
    text = json.dumps({"Parameters": {"EnvFileARN": env_file}}, indent="\t")
    write({"web.yml": templates.locked, "v.json": text})
    assert LOCKED in run("web.yml", "--params", "v.json").out


def test_later_parameter_file_wins(run: Run, write: Write, templates: Any, env_file: str) -> None:
    """Of several files with a value, the last one counts."""
    full, empty = json.dumps({"EnvFileARN": env_file}), json.dumps({"EnvFileARN": ""})
    write({"web.yml": templates.locked, "full.json": full, "empty.json": empty})
    given = ["--params", "empty.json", "--params", "full.json"]
    assert LOCKED in run("web.yml", *given).out
    assert run("web.yml", *given, "--params", "empty.json").out.endswith("no findings in 1 file\n")


def test_parameter_file_wins_over_the_neighbour(
    run: Run, write: Write, templates: Any, env_file: str
) -> None:
    """What the user provides counts more than what lies beside the template."""
    write(
        {
            "web-test.stack.yml": templates.locked,
            "web-test.params.json": '{"Parameters": {"EnvFileARN": ""}}',
            "mine.json": json.dumps({"EnvFileARN": env_file}),
        }
    )
    assert run("web-test.stack.yml").out.endswith("no findings in 1 file\n")
    assert LOCKED in run("web-test.stack.yml", "--params", "mine.json").out


def test_parameter_wins_over_every_file(
    run: Run, write: Write, templates: Any, env_file: str
) -> None:
    """A value on the command line counts most, and the last one if there are several."""
    write({"web.yml": templates.locked, "v.json": '{"EnvFileARN": ""}'})
    given = ["--params", "v.json", "--parameter", f"EnvFileARN={env_file}"]
    assert LOCKED in run("web.yml", *given).out
    assert run("web.yml", *given, "--parameter", "EnvFileARN=").out.endswith(
        "no findings in 1 file\n"
    )


def test_value_may_hold_an_equals_sign(run: Run, write: Write, templates: Any) -> None:
    """The first equals sign ends the name."""
    write({"web.yml": templates.denied})
    value = "arn:aws:s3:::b/manual/env-files/a=b=c.env"
    assert f"'{value}'" in run("web.yml", "--parameter", f"EnvFileARN={value}").out


@pytest.mark.parametrize("given", ["EnvFileARN", "=value", "", "="])
def test_parameter_needs_a_name_and_a_value(
    run: Run, write: Write, templates: Any, given: str
) -> None:
    """Anything but KEY=VALUE is a wrong option."""
    write({"web.yml": templates.clean})
    result = run("web.yml", "--parameter", given)
    assert result.status == 2
    assert result.err == (
        f"error: invalid value for --parameter: '{given}' is not KEY=VALUE "
        "(see 'copilot-preflight check --help')\n"
    )


def test_parameter_of_no_template_is_an_error(run: Run, write: Write, templates: Any) -> None:
    """A misspelt name would leave its default standing without a word."""
    write({"web.yml": templates.denied, "v.yml": "# values\nOther: x\n"})
    result = run("web.yml", "--params", "v.yml", "--parameter", "Third=x")
    assert result.status == 2
    message = "no template of the run declares parameter"
    assert result.errors == [
        f"error: v.yml:2:8: {message} 'Other': is this another stack's?",
        f"error: --parameter: {message} 'Third': is this another stack's?",
    ]
    assert "1 error in 1 file" in result.out


def test_parameter_of_one_template_among_several(run: Run, write: Write, templates: Any) -> None:
    """In a run of many templates a value is for those that declare it."""
    other = templates.clean.replace("WorkloadName", "Other")
    write({"web.yml": templates.clean, "api.yml": other})
    assert run("web.yml", "api.yml", "--parameter", "Other=x").err == ""


def test_parameter_of_a_broken_template_is_no_second_error(
    run: Run, write: Write, templates: Any
) -> None:
    """What an unreadable template declares is unknown."""
    write({"web.yml": templates.clean, "api.yml": "Parameters: {X: {Type: String}, "})
    result = run("web.yml", "api.yml", "--parameter", "X=1")
    assert [error.split(":")[1] for error in result.errors] == [" api.yml"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "1:1: file is empty"),
        ('{"Parameters": {"EnvName": "te', '1:28: the quote " that opens here is never closed'),
        ("text", "1:1: parameters must be a map or a list, found a string"),
        ("Parameters: text", "1:13: parameters must be a map or a list, found a string"),
        ("EnvName: {a: b}", "1:10: a parameter value must be a string, found a map"),
        ("EnvName: [a, [b]]", "1:10: a parameter value must be a string, found a list"),
        ("- EnvName", "1:3: expected a map with ParameterKey and ParameterValue"),
        ("- {Key: EnvName}", "1:3: expected a map with ParameterKey and ParameterValue"),
        ("- {ParameterKey: EnvName, ParameterValue: {}}", "1:43: a parameter value must be a"),
        ("EnvName: a\nEnvName: b\n", "2:1: key 'EnvName' is already on line 1"),
    ],
)
def test_broken_parameter_file(
    run: Run, write: Write, templates: Any, content: str, told: str
) -> None:
    """A parameter file that cannot be used is one line, and the templates are checked."""
    write({"web.yml": templates.denied, "v.yml": content})
    result = run("web.yml", "--params", "v.yml")
    assert result.status == 2
    assert len(result.errors) == 1
    assert result.err.startswith(f"error: v.yml:{told}")
    assert "1 error in 1 file" in result.out


def test_missing_parameter_file(run: Run, write: Write, templates: Any) -> None:
    """A parameter file that is not there is one line, and the templates are checked."""
    write({"web.yml": templates.denied})
    result = run("web.yml", "--params", "none.json")
    assert result.status == 2
    assert result.err == "error: none.json: cannot read: no such file or directory\n"
    assert "1 error in 1 file" in result.out


@pytest.mark.parametrize(
    ("content", "is_given"),
    [
        ("EnvFileARN:", False),  # nothing: as if it were not there
        ('EnvFileARN: ""', True),
        ("- {ParameterKey: EnvFileARN, UsePreviousValue: true}", False),
        ('{"Tags": {"a": "b"}}', False),
        ("{}", False),
    ],
)
def test_value_that_is_not_given(
    run: Run, write: Write, templates: Any, content: str, is_given: bool
) -> None:
    """A file without a value for a parameter leaves it as the template has it."""
    write({"web.yml": templates.locked, "v.yml": content})
    result = run("web.yml", "--params", "v.yml")
    assert (result.status, result.err) == (0, "")
    assert (LOCKED in result.out) is not is_given


def test_scalars_are_spelt_as_cloudformation_does(run: Run, write: Write, templates: Any) -> None:
    """Numbers and booleans of a YAML file are the strings that CloudFormation makes of them."""
    values = "EnvName: true\nWorkloadName: [a, 1, no]\nEnvFileARN: 012345678901\n"
    write({"web.yml": templates.clean, "v.yml": values})
    result = run("web.yml", "--params", "v.yml")
    assert "environment file '012345678901' of container 'web' is not an ARN" in result.out


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--region", "eu-west-1"], False),
        (["--region", "cn-north-1"], True),
        (["--partition", "aws-cn"], True),
        (["--partition", "aws"], False),
        (["--region", "cn-north-1", "--partition", "aws"], False),
        (["--account", "123456789012"], False),
        (["--region", ""], False),
    ],
)
def test_place_of_the_deployment(
    run: Run, write: Write, templates: Any, env_file: str, options: list[str], found: bool
) -> None:
    """Region, account and partition are those of the deployment; the region tells the partition."""
    write({"web.yml": templates.clean})
    result = run("web.yml", "--parameter", f"EnvFileARN={env_file}", *options)
    assert ("is in partition 'aws', but the stack is deployed in 'aws-cn'" in result.out) is found
    assert result.err == ""


def test_account_fills_arns(run: Run, write: Write, templates: Any, env_file: str) -> None:
    """The account is part of the ARNs that a policy names."""
    text = templates.clean.replace(
        "'arn:aws:s3:::artifacts/manual/env-files/*'", "!Sub 'arn:aws:s3:::${AWS::AccountId}/*'"
    )
    write({"web.yml": text})
    given = ["--parameter", f"EnvFileARN={env_file}"]
    assert run("web.yml", *given).status == 0
    assert run("web.yml", *given, "--account", "123456789012").status == 1
