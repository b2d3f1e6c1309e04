"""Environment files as a manifest names them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.inputs.package import Manifest
from copilot_preflight.model.manifest import ManifestEnvFile, manifest_env_files
from copilot_preflight.read.document import Document


def files(data: dict[str, Any], environment: str = "") -> list[ManifestEnvFile]:
    return list(manifest_env_files(Manifest(Document("manifest.yml", "", data)), environment))


def test_every_section_that_may_name_a_file() -> None:
    """The workload, its sidecars and its logging each name one, under Copilot's parameters."""
    found = files(
        {
            "env_file": "web.env",
            "logging": {"env_file": "log.env"},
            "sidecars": {"nginx-1": {"env_file": "nginx.env"}, "plain": {"image": "x"}},
        }
    )
    assert [(f.path, f.parameters, f.place.path) for f in found] == [
        ("web.env", ("EnvFileARN",), ("env_file",)),
        ("log.env", ("LoggingEnvFileARN",), ("logging", "env_file")),
        (
            "nginx.env",
            ("EnvFileARNFornginx1", "nginx-1EnvFileARN"),
            ("sidecars", "nginx-1", "env_file"),
        ),
    ]


def test_environments_override() -> None:
    """What an environment says wins, an empty path takes the file away, others do not count."""
    data = {
        "env_file": "web.env",
        "environments": {
            "prod": {"env_file": "prod.env"},
            "test": {"env_file": ""},
            "other": {"sidecars": {"s": {"env_file": "s.env"}}},
        },
    }
    assert [f.path for f in files(data)] == ["web.env"]
    (prod,) = files(data, "prod")
    assert (prod.path, prod.place.path) == ("prod.env", ("environments", "prod", "env_file"))
    assert files(data, "test") == []
    assert [f.path for f in files(data, "other")] == ["web.env", "s.env"]
    assert [f.path for f in files(data, "unheard-of")] == ["web.env"]


@pytest.mark.parametrize(
    "data",
    [
        {"env_file": 5},
        {"env_file": ["a"]},
        {"logging": "x", "sidecars": ["y"], "environments": "z"},
        {"logging": {"env_file": None}, "sidecars": {"a": None}},
        {"environments": {"prod": "x"}},
    ],
)
def test_misshapen_manifests_name_nothing(data: dict[str, Any]) -> None:
    """The manifest is Copilot's to check; here it names no file."""
    assert files(data, "prod") == []


def test_the_hash_is_that_of_the_workspace_file(tmp_path: Path) -> None:
    """Copilot names an upload after the SHA-256 of the file's bytes."""
    (tmp_path / "web.env").write_bytes(b"A=1\r\n")
    (tmp_path / "folder.env").mkdir()

    def sha256(path: str, workspace: Path | None = tmp_path) -> str | None:
        (found,) = manifest_env_files(
            Manifest(Document("m.yml", "", {"env_file": path}), workspace), ""
        )
        return found.sha256()

    assert sha256("web.env") == hashlib.sha256(b"A=1\r\n").hexdigest()
    assert sha256("./web.env") == sha256("web.env")
    for path in ("missing.env", "folder.env", "${NAME}.env", "nul\0.env", "x" * 5000):
        assert sha256(path) is None
    assert sha256("web.env", None) is None


def test_a_file_outside_the_workspace_is_not_read(tmp_path: Path) -> None:
    """Neither its hash nor its variables are told: a manifest comes with the code under review."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    secret = tmp_path / "secret.env"
    secret.write_bytes(b"A=1\n")
    (workspace / "link.env").symlink_to(secret)
    (workspace / "inner.env").symlink_to("web.env")
    (workspace / "web.env").write_bytes(b"B=1\n")
    (workspace / "loop.env").symlink_to("loop.env")

    def read(path: str) -> tuple[str | None, dict[str, int]]:
        (found,) = manifest_env_files(
            Manifest(Document("m.yml", "", {"env_file": path}), workspace), ""
        )
        return found.sha256(), found.variables()

    for path in ("../secret.env", "x/../../secret.env", str(secret), "link.env", "loop.env"):
        assert read(path) == (None, {})
    inside = hashlib.sha256(b"B=1\n").hexdigest()
    for path in ("inner.env", "../workspace/web.env"):
        assert read(path) == (inside, {"B": 1})


def test_the_variables_are_those_that_ecs_takes(tmp_path: Path) -> None:
    """The agent skips comments, lines without ``=`` and empty sides; the last of two lines wins."""
    lines = ["#A=1", "B", "=1", "C=", "D=1", "D=2", "E==1", " F=1", "G=a=b", "H=\xff", "", "I=1"]
    (tmp_path / "web.env").write_bytes("\r\n".join(lines).encode("latin-1"))

    def variables(path: str) -> dict[str, int]:
        (found,) = manifest_env_files(
            Manifest(Document("m.yml", "", {"env_file": path}), tmp_path), ""
        )
        return found.variables()

    assert variables("web.env") == {"D": 6, " F": 8, "G": 9, "H": 10, "I": 12}
    assert variables("missing.env") == {}


def test_a_manifest_in_the_template_points_at_the_template() -> None:
    """The place of an embedded manifest is where the template holds it."""
    manifest = Manifest(Document("t.yml", "", {"env_file": "web.env"}), embedded=True)
    (found,) = manifest_env_files(manifest, "")
    assert (found.place.file, found.place.path) == ("t.yml", ("Metadata", "Manifest"))
