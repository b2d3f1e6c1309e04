"""``check --changed``: which templates a file that changed affects."""

from __future__ import annotations

import hashlib
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


ENV_FILES: Mapping[str, str] = {
    "copilot/web/manifest.yml": f"{MANIFEST}env_file: config/web.env\n",
    "copilot/web-admin/manifest.yml": (
        "name: web-admin\ntype: Backend Service\n"
        "sidecars: {proxy: {env_file: ./config/proxy.env}}\n"
        "environments: {test: {env_file: config/../config/web.env}}\n"
    ),
    "config/web.env": "LOG_LEVEL=debug\n",
    "config/proxy.env": "A=1\n",
    "config/other.env": "B=1\n",
    "other/config/web.env": "LOG_LEVEL=debug\n\n",
}
WEB: list[str] = ["web-prod", "web-test"]


def packaged(write: Write, env_files: Mapping[str, str] = ENV_FILES) -> Path:
    return write({**PACKAGES, **env_files})


@pytest.mark.parametrize(
    ("changed", "stacks"),
    [
        ("config/web.env", ["web-admin-test", *WEB]),
        ("config/proxy.env", ["web-admin-test"]),
        ("config/other.env", []),
        ("other/config/web.env", []),
        ("config/gone.env", []),
    ],
)
def test_an_env_file_stands_for_those_whose_manifests_name_it(
    write: Write, changed: str, stacks: list[str]
) -> None:
    """Of any container and environment, whatever else has the same name or content."""
    packaged(write)
    found = templates_with([changed])
    assert sorted(found) == sorted(f"infrastructure/{name}.stack.yml" for name in stacks)


def test_an_env_file_stands_for_the_packages_that_carry_its_hash(write: Write) -> None:
    """Whoever names it: a manifest that Copilot fills in says no name that could be read."""
    folder = packaged(write)
    digest = hashlib.sha256((folder / "config/other.env").read_bytes()).hexdigest()
    value = {"EnvFileARN": f"arn:aws:s3:::b/manual/env-files/other.env/{digest}.env"}
    write({"infrastructure/web-prod.params.json": json.dumps({"Parameters": value})})
    assert templates_with(["config/other.env"]) == ["infrastructure/web-prod.stack.yml"]


def test_an_env_file_is_looked_for_from_wherever_the_command_runs(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is named from the folder that it is in, or by its whole path, or by a link to it."""
    folder = packaged(write)
    expected = [f"infrastructure/{name}.stack.yml" for name in WEB]
    monkeypatch.chdir(folder / "config")
    write({"copilot/web-admin/manifest.yml": MANIFEST.replace("web", "web-admin")})
    assert templates_with(["web.env"]) == [f"../{name}" for name in expected]
    assert templates_with([str(folder / "config/web.env")]) == [str(folder / it) for it in expected]
    monkeypatch.chdir(folder)
    (folder / "config/web.env").rename(folder / "base.env")
    (folder / "config/web.env").symlink_to(folder / "base.env")
    assert templates_with(["base.env"]) == expected == templates_with(["config/web.env"])


@pytest.mark.parametrize("manifest", ["env_file: [config/web.env]\n", "env_file: {{ file }}}\n"])
def test_a_manifest_that_names_no_file_belongs_to_none(write: Write, manifest: str) -> None:
    """One that cannot be read either: whoever changes it is told."""
    packaged(write, {**ENV_FILES, "copilot/web/manifest.yml": manifest})
    assert templates_with(["config/web.env"]) == ["infrastructure/web-admin-test.stack.yml"]


def test_an_env_file_alone_finds_the_package_that_is_behind_it(
    run: Run, write: Write, templates: Any, env_file: str
) -> None:
    """W9719, with nothing else staged; packaged anew, nothing."""
    content = "LOG_LEVEL=debug\n"
    bucket = env_file.rpartition("/")[0]

    def report(digest: str) -> Any:
        values = {"Parameters": {"EnvFileARN": f"{bucket}/{digest}.env"}}
        write(
            {
                "infrastructure/web-test.stack.yml": templates.locked,
                "infrastructure/web-test.params.json": json.dumps(values),
                "copilot/web/manifest.yml": f"{MANIFEST}env_file: config/web.env\n",
                "config/web.env": content,
            }
        )
        return run("check", "--changed", "--select=W9719", "--fail-on=warning", "config/web.env")

    behind = report("0" * 64)
    assert behind.status == 1
    assert behind.out.startswith("warning[W9719] env-file-outdated")
    assert report(hashlib.sha256(content.encode()).hexdigest()).status == 0


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
    assert run("check", "--changed", *names, *names).out.endswith("no findings in 1 file\n")


def test_folders_and_standard_input_stay_what_they_are(run: Run, write: Write) -> None:
    """The option concerns files."""
    write(PACKAGES)
    assert templates_with(["shared", "-"]) == ["shared", "-"]
    ran = run("check", "--changed", "shared", "-", stdin=TEMPLATE.encode())
    assert "no findings in 2 files" in ran.out


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
