"""Mutations of what lies around a stack: its parameters, its manifest, the env files themselves."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest
from tests.mutations.edits import drop_policy
from tests.mutations.harness import (
    EnvFile,
    Found,
    Site,
    Stack,
    copilot_stacks,
    found_in,
    own_stacks,
)

from copilot_preflight.run import check as engine

STACKS: Final = [s for s in (*own_stacks(), *copilot_stacks()[::8]) if s.is_copilot]
FILES: Final = [
    pytest.param(stack, file, id=f"{stack}-{file.said.removeprefix('!Ref ')}")
    for stack in STACKS
    for file in stack.files
]


def manifest_of(file: EnvFile, path: str) -> dict[str, Any]:
    """A manifest that gives a path to the container of a file."""
    name = file.said.removeprefix("!Ref ")
    manifest: dict[str, Any] = {"name": "fe", "type": "Backend Service"}
    if name == "EnvFileARN":
        return {**manifest, "env_file": path}
    if name == "LoggingEnvFileARN":
        return {**manifest, "logging": {"env_file": path}}
    sidecar = re.sub(r"^EnvFileARNFor|EnvFileARN$", "", name)
    return {**manifest, "sidecars": {sidecar: {"env_file": path}}}


class Workspace:
    """A folder as Copilot users have it, with a package of the service ``fe`` in it."""

    def __init__(self, root: Path, stack: Stack, file: EnvFile) -> None:
        self.root = root
        self.site = Site(stack, file)
        self.site.parameters["WorkloadName"] = "fe"
        self.site.parameters["EnvName"] = "test"
        self.parameter = file.said.removeprefix("!Ref ")

    def write(self, path: str, content: str | bytes) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())

    def manifest(self, data: object) -> None:
        self.write("copilot/fe/manifest.yml", json.dumps(data, indent=1))

    def packaged(self, content: bytes) -> None:
        """Fills the parameter in as an upload of a file with this content would."""
        digest = hashlib.sha256(content).hexdigest()
        bucket = self.site.file.bucket
        self.site.parameters[self.parameter] = (
            f"arn:aws:s3:::{bucket}/manual/env-files/magic.env/{digest}.env"
        )

    def check(self, *, with_parameters: bool = True) -> list[Found]:
        template = self.root / "infrastructure" / "fe-test.stack.yml"
        self.write("infrastructure/fe-test.stack.yml", self.site.text)
        if with_parameters:
            values = json.dumps({"Parameters": self.site.parameters})
            self.write("infrastructure/fe-test.params.json", values)
        report = engine.check([str(template)], engine.Options())
        assert not report.errors
        return found_in(report, str(template))

    def beside_the_usual(self, **how: bool) -> list[tuple[str, int]]:
        """The findings but for those that the stack would give without its workspace."""
        found = Counter((f.rule, f.line) for f in self.check(**how))
        site, stack = self.site, self.site.stack
        for file in stack.files:
            if site.parameters[file.said.removeprefix("!Ref ")]:
                found -= Counter([("W9713", site.number("entry", file))])
                if stack.is_windows:
                    found -= Counter([("E9717", site.number("files", file))])
        return list(found.elements())

    @property
    def value(self) -> int:
        return self.site.number("value", self.site.file)


@pytest.fixture
def workspace(stack: Stack, file: EnvFile, tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, stack, file)


@pytest.mark.parametrize(("stack", "file"), FILES)
def test_empty_parameter_of_a_file_that_the_manifest_names(workspace: Workspace) -> None:
    """A package made without --upload-assets starts without its env file: W9718 at its value."""
    workspace.manifest(manifest_of(workspace.site.file, "magic.env"))
    workspace.site.parameters[workspace.parameter] = ""
    assert workspace.beside_the_usual() == [("W9718", workspace.value)]


@pytest.mark.parametrize(("stack", "file"), FILES)
def test_template_without_parameters_says_nothing_of_the_package(workspace: Workspace) -> None:
    """Without parameter values it is not known that any of them is empty."""
    workspace.manifest(manifest_of(workspace.site.file, "magic.env"))
    assert not [f for f in workspace.check(with_parameters=False) if f.rule == "W9718"]


@pytest.mark.parametrize(("stack", "file"), FILES)
def test_empty_parameter_of_a_file_that_no_manifest_names(workspace: Workspace) -> None:
    """No env file in the manifest, none in the package: as it should be."""
    workspace.manifest({"name": "fe", "type": "Backend Service"})
    workspace.site.parameters[workspace.parameter] = ""
    assert workspace.beside_the_usual() == []


@pytest.mark.parametrize(("stack", "file"), FILES)
@pytest.mark.parametrize("content", [b"A=1\n", b"", b"A=1\r\nB=\xc3\xa9\n"], ids=repr)
def test_env_file_as_it_was_packaged(workspace: Workspace, content: bytes) -> None:
    """The hash of the workspace's file, byte for byte, is the one in the ARN."""
    workspace.manifest(manifest_of(workspace.site.file, "magic.env"))
    workspace.write("magic.env", content)
    workspace.packaged(content)
    assert workspace.beside_the_usual() == []


@pytest.mark.parametrize(("stack", "file"), FILES)
def test_env_file_changed_since_it_was_packaged(workspace: Workspace) -> None:
    """The package is older than the file: W9719 at the value."""
    workspace.manifest(manifest_of(workspace.site.file, "config/magic.env"))
    workspace.write("config/magic.env", b"A=2\n")
    workspace.packaged(b"A=1\n")
    assert workspace.beside_the_usual() == [("W9719", workspace.value)]


@pytest.mark.parametrize(("stack", "file"), FILES)
def test_env_file_that_is_not_in_the_workspace(workspace: Workspace) -> None:
    """An env file is often kept out of the repository: nothing can be compared."""
    workspace.manifest(manifest_of(workspace.site.file, "magic.env"))
    workspace.packaged(b"A=1\n")
    assert workspace.beside_the_usual() == []


@pytest.mark.parametrize(("stack", "file"), FILES[:4])
def test_environment_has_an_env_file_of_its_own(workspace: Workspace) -> None:
    """The manifest's override for the package's environment counts, the others do not."""
    file = workspace.site.file
    override = {k: v for k, v in manifest_of(file, "test.env").items() if k not in ("name", "type")}
    other = {k: v for k, v in manifest_of(file, "prod.env").items() if k not in ("name", "type")}
    environments = {"test": override, "prod": other}
    workspace.manifest({**manifest_of(file, "all.env"), "environments": environments})
    for name in ("all", "test", "prod"):
        workspace.write(f"{name}.env", f"NAME={name}\n")
    workspace.packaged(b"NAME=test\n")
    assert workspace.beside_the_usual() == []
    workspace.packaged(b"NAME=all\n")
    assert workspace.beside_the_usual() == [("W9719", workspace.value)]


@pytest.mark.parametrize(("stack", "file"), FILES[:4])
def test_manifest_within_the_template(workspace: Workspace) -> None:
    """Where there is no workspace, the manifest that Copilot embeds tells as much."""
    manifest = json.dumps(manifest_of(workspace.site.file, "magic.env"))
    workspace.site.parameters[workspace.parameter] = ""
    if "\nMetadata:" in workspace.site.stack.text:
        workspace.site.add_to("Metadata", f"Manifest: |\n  {manifest}")
    else:
        workspace.site.add_section(f"Metadata:\n  Manifest: |\n    {manifest}")
    assert workspace.beside_the_usual() == [("W9718", workspace.value)]


@pytest.mark.parametrize(("stack", "file"), FILES)
def test_changed_env_file_does_not_hide_that_it_is_denied(workspace: Workspace) -> None:
    """What is wrong with the file and what is wrong with the grant are two findings."""
    workspace.manifest(manifest_of(workspace.site.file, "magic.env"))
    workspace.write("magic.env", b"A=2\n")
    workspace.packaged(b"A=1\n")
    drop_policy(workspace.site)
    found = [(f.rule, f.line) for f in workspace.check() if f.line == workspace.value]
    assert found == [("E9711", workspace.value), ("W9719", workspace.value)]
