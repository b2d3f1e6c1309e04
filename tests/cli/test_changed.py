"""``check --changed``: which templates a file that changed affects."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.inputs.affected import templates_with

Run = Callable[..., Any]
Write = Callable[..., Path]

TEMPLATE = "Resources:\n  Files: {Type: 'AWS::S3::Bucket'}\n"
PARAMS = '{"Parameters": {}}\n'
MANIFEST = "name: web\ntype: Backend Service\n"
WITH_ENV_FILES = (
    "name: web\nenv_file: config/web.env\nlogging: {env_file: config/logs.env}\n"
    "sidecars: {proxy: {env_file: ./config/shared.env}}\n"
    "environments: {prod: {env_file: config/web-prod.env}, test: }\n"
)

PACKAGES = {
    "infrastructure/web-test.stack.yml": TEMPLATE,
    "infrastructure/web-test.params.json": PARAMS,
    "infrastructure/web-prod.stack.yml": TEMPLATE,
    "infrastructure/web-prod.params.json": PARAMS,
    "infrastructure/web.addons.stack.yml": TEMPLATE,
    "infrastructure/web-admin-test.stack.yml": TEMPLATE,
    "infrastructure/test.env.yml": TEMPLATE,
    "infrastructure/test.env.params.json": PARAMS,
    "infrastructure/env.addons.yml": TEMPLATE,
    "copilot/web/manifest.yml": WITH_ENV_FILES,
    "copilot/web-admin/manifest.yml": MANIFEST + "env_file: config/shared.env\n",
    "copilot/broken/manifest.yml": "env_file: [config/web.env\n",
    "copilot/odd/manifest.yml": 'env_file: "config/\\0.env"\n',
    "copilot/list/manifest.yml": "[env_file, config/web.env]\n",
    **{f"config/{name}.env": "A=1\n" for name in ("web", "logs", "shared", "web-prod", "other")},
    "copilot/environments/test/manifest.yml": "name: test\ntype: Environment\n",
    "shared/bucket.json": json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {}}),
    "deploy/broken.yml": "Resources: {A: {Type: 'AWS::S3::Bucket'}\n",
    "deploy/broken-chart.yml": "{{- if .Values.on }}\n",
    "deploy/values.yml": "resources: {Resources: {A: {Type: 'AWS::S3::Bucket'}}}\n",
    "app.params.json": PARAMS,
    "README.md": "Resources, AWS::S3::Bucket\n",
}


@pytest.mark.parametrize(
    ("changed", "templates"),
    [
        ("infrastructure/web-test.stack.yml", ["web-test.stack.yml"]),
        ("infrastructure/web-test.params.json", ["web-test.stack.yml"]),
        ("infrastructure/test.env.params.json", ["test.env.yml"]),
        (
            "infrastructure/web.addons.stack.yml",
            [f"web{it}.stack.yml" for it in (".addons", "-admin-test", "-prod", "-test")],
        ),
        ("infrastructure/env.addons.yml", ["env.addons.yml", "test.env.yml"]),
        ("copilot/web/manifest.yml", ["web-prod.stack.yml", "web-test.stack.yml"]),
        ("copilot/web-admin/manifest.yml", ["web-admin-test.stack.yml"]),
        *(
            (f"config/{name}.env", ["web-prod.stack.yml", "web-test.stack.yml"])
            for name in ("web", "logs", "web-prod")
        ),
        (
            "config/shared.env",
            ["web-prod.stack.yml", "web-test.stack.yml", "web-admin-test.stack.yml"],
        ),
    ],
)
def test_a_file_stands_for_what_it_has_a_say_in(
    write: Write, changed: str, templates: list[str]
) -> None:
    """Templates themselves, and those around what belongs to a template."""
    write(PACKAGES)
    assert templates_with([changed]) == [f"infrastructure/{name}" for name in templates]


@pytest.mark.parametrize(
    "changed",
    [
        "app.params.json",
        "copilot/environments/test/manifest.yml",
        "config/other.env",
        "deploy/broken-chart.yml",
        "deploy/values.yml",
        "README.md",
        "gone.stack.yml",
    ],
)
def test_other_files_are_passed_over(run: Run, write: Write, changed: str) -> None:
    """The run passes, without a word on them; an option for other stacks is no fault either."""
    write(PACKAGES)
    ran = run("check", "--changed", changed, "--parameter", "EnvName=test")
    assert (ran.status, ran.out, ran.err) == (0, "no findings in 0 files\n", "")


def test_without_the_option_they_are_faults(run: Run, write: Write) -> None:
    """A file that somebody names is a template, or a fault."""
    write(PACKAGES)
    assert run("check", "deploy/values.yml").status == 2


def test_a_template_that_cannot_be_parsed_is_told_of(run: Run, write: Write) -> None:
    """It reads like a template: nobody may take silence for an answer."""
    write(PACKAGES)
    ran = run("check", "--changed", "deploy/broken.yml", "README.md")
    assert ran.status == 2
    assert ran.err.startswith("error: deploy/broken.yml:2:1: ")


def test_each_template_is_checked_once(run: Run, write: Write) -> None:
    """Whatever stands for it, and however often."""
    write(PACKAGES)
    web = ["stack.yml", "params.json"]
    names = [f"infrastructure/web-test.{ending}" for ending in web]
    assert run("check", "--changed", *names, *names).out == "no findings in 1 file\n"


def test_folders_and_standard_input_stay_what_they_are(run: Run, write: Write) -> None:
    """The option concerns files."""
    write(PACKAGES)
    assert templates_with(["shared", "-"]) == ["shared", "-"]
    ran = run("check", "--changed", "shared", "-", stdin=TEMPLATE.encode())
    assert ran.out.startswith("no findings in 2 files")


def test_a_bad_value_is_found_through_the_parameter_file(
    run: Run, write: Write, templates: Any, env_file: str
) -> None:
    """The status and the report are those of the template."""
    files: Mapping[str, str] = {
        "web-test.stack.yml": templates.denied,
        "web-test.params.json": json.dumps({"Parameters": {"EnvFileARN": env_file}}),
    }
    write(files)
    ran = run("check", "--changed", "web-test.params.json")
    assert ran.status == 1
    assert ran.out.startswith("error[E9711] env-file-denied")


OUTDATED = Path(__file__).parents[2] / "sample_templates/broken/env-file-outdated"


def test_an_env_file_alone_shows_that_its_package_is_older(run: Run, write: Write) -> None:
    """Nothing of the package is among the files that changed."""
    files = (it for it in OUTDATED.rglob("*") if it.is_file())
    write({str(it.relative_to(OUTDATED)): it.read_text("utf-8") for it in files})
    ran = run("check", "--changed", "web.env", "--select=W9719", "--fail-on=warning")
    assert ran.status == 1
    assert ran.out.startswith("warning[W9719] env-file-outdated")
