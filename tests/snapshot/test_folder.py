"""The folder of a snapshot: what is replaced, and what is left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.snapshot import folder as folders
from copilot_preflight.snapshot.calls import Call, call
from copilot_preflight.snapshot.folder import Kept, Unwritable, require_ours, write
from copilot_preflight.snapshot.subjects import Identity

HERE = Identity("111122223333", "aws", "eu-west-1")
ROLE = call("iam get-role", RoleName="web")
BUCKET = call("s3api get-bucket-policy", Bucket="artifacts")


def _write(folder: Path, *answered: tuple[Call, Any]) -> int:
    kept = [Kept(it, body, "" if body is not None else "NoSuchEntity") for it, body in answered]
    return write(folder, kept, HERE, "2026-11-29T08:00:00Z")


def _names(folder: Path) -> list[str]:
    return sorted(it.relative_to(folder).as_posix() for it in folder.rglob("*") if it.is_file())


def test_an_index_and_a_file_for_each_answer(tmp_path: Path) -> None:
    """An error has no file; the index says what was asked either way."""
    assert _write(tmp_path / "a" / "b", (ROLE, {"Role": {}}), (BUCKET, None)) == 1
    assert _names(tmp_path / "a" / "b") == ["iam/role/web/get-role.json", "snapshot.json"]
    assert json.loads((tmp_path / "a" / "b" / "snapshot.json").read_text()) == {
        "version": 1,
        "taken": "2026-11-29T08:00:00Z",
        "account": "111122223333",
        "partition": "aws",
        "region": "eu-west-1",
        "answers": [
            {
                "call": "iam get-role",
                "parameters": {"RoleName": "web"},
                "file": "iam/role/web/get-role.json",
            },
            {
                "call": "s3api get-bucket-policy",
                "parameters": {"Bucket": "artifacts"},
                "error": "NoSuchEntity",
            },
        ],
    }


def test_what_is_gone_from_the_account_goes(tmp_path: Path) -> None:
    """With the folders that nothing is left in; hidden files stay, as those of git must."""
    _write(tmp_path, (ROLE, {"Role": {}}), (BUCKET, {"Policy": "{}"}))
    (tmp_path / ".gitattributes").write_text("*.json linguist-generated\n")
    _write(tmp_path, (BUCKET, {"Policy": "{}"}))
    assert _names(tmp_path) == [
        ".gitattributes",
        "s3/artifacts/get-bucket-policy.json",
        "snapshot.json",
    ]
    assert not (tmp_path / "iam").exists()


def test_a_folder_of_somebody_elses_is_refused(tmp_path: Path) -> None:
    """Before anything is written; so is one to which somebody has added a file."""
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(Unwritable, match=r"'notes.txt' is none of the files that snapshot.json"):
        _write(tmp_path, (ROLE, {}))
    assert _names(tmp_path) == ["notes.txt"]
    (tmp_path / "notes.txt").unlink()
    _write(tmp_path, (ROLE, {}))
    (tmp_path / "iam" / "mine.json").write_text("{}")
    with pytest.raises(Unwritable, match=r"'iam/mine.json'"):
        _write(tmp_path, (ROLE, {}))


@pytest.mark.parametrize("index", ["[]", "{", '{"version": 2, "answers": []}', '{"version": 1}'])
def test_an_index_of_something_else_is_refused(tmp_path: Path, index: str) -> None:
    """A file of that name may be anybody's."""
    (tmp_path / "snapshot.json").write_text(index)
    with pytest.raises(Unwritable, match="no index of a snapshot"):
        require_ours(tmp_path)


@pytest.mark.parametrize("name", ["../victim.json", "/etc/victim.json", "a/../../victim.json", "v"])
def test_an_index_cannot_make_it_remove_other_files(tmp_path: Path, name: str) -> None:
    """The folder may come out of a pull request."""
    victim = tmp_path / "victim.json"
    victim.write_text("{}")
    folder = tmp_path / "account"
    folder.mkdir()
    index = {"version": 1, "answers": [{"file": name}], "files": [name]}
    (folder / "snapshot.json").write_text(json.dumps(index))
    _write(folder, (ROLE, {}))
    assert victim.exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    """Nor written through."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = tmp_path / "account"
    _write(folder, (BUCKET, {}))
    (folder / "iam").symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(Unwritable, match="'iam'"):
        _write(folder, (ROLE, {}))
    assert not list(elsewhere.iterdir())


def test_an_interrupted_snapshot_can_be_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files are known for its own, though the index never came to list them."""
    real = folders._put

    def interrupted(path: Path, text: str) -> None:
        if path.name == "get-bucket-policy.json":
            raise KeyboardInterrupt
        real(path, text)

    monkeypatch.setattr(folders, "_put", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _write(tmp_path, (ROLE, {}), (BUCKET, {}))
    assert _names(tmp_path) == ["iam/role/web/get-role.json", "snapshot.json"]
    monkeypatch.undo()
    _write(tmp_path, (BUCKET, {}))
    assert _names(tmp_path) == ["s3/artifacts/get-bucket-policy.json", "snapshot.json"]


def test_names_that_no_file_may_have(tmp_path: Path) -> None:
    """Slashes, dots, long names, and names that differ in letter case only."""
    names = ("/app/A", "/app/a", "..", "x" * 500, "é:*")
    calls = [call("ssm list-tags-for-resource", ResourceId=name) for name in names]
    _write(tmp_path, *((it, {"TagList": []}) for it in calls))
    found = _names(tmp_path)
    assert len({name.lower() for name in found}) == len(names) + 1
    assert "ssm/app%2FA/list-tags-for-resource.json" in found
    assert "ssm/%2E./list-tags-for-resource.json" in found
    assert "ssm/%C3%A9%3A%2A/list-tags-for-resource.json" in found
    assert max(len(part) for name in found for part in name.split("/")) < 255


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    """It is nobody's to replace."""
    (tmp_path / "account").write_text("mine")
    with pytest.raises(Unwritable, match="not a folder"):
        require_ours(tmp_path / "account")
