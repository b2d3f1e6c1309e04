"""What becomes of a file on the disk when a fix is written, and of its change as a patch."""

from __future__ import annotations

import codecs
import os
import stat
import subprocess
from pathlib import Path

import pytest

from copilot_preflight.fixes.files import CannotChange, FileChange, diff, unrecoverable, write

OLD = "a: 1\nb: 2\nc: 3\n"
NEW = "a: 1\nb: two\nc: 3\n"


def git(folder: Path, *arguments: str, text: str | None = None) -> str:
    told = subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@x", *arguments],
        cwd=folder,
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (OLD, NEW),
        (OLD.replace("\n", "\r\n"), NEW.replace("\n", "\r\n")),
        ("a: 1", "a: 2"),
        ("a: 1\n", "a: 1\nb: 2"),
        ("-- x\n+ y\n", "-- y\n++ y\n"),
        ("a: 1\x0bb\n", "a: 1\x0bc\n"),
        (None, NEW),
    ],
)
def test_git_applies_a_patch(tmp_path: Path, before: str | None, after: str) -> None:
    """Whatever the line ends are, and for a file that is not there yet."""
    git(tmp_path, "init", "-q")
    path = tmp_path / "sub" / "t.yml"
    path.parent.mkdir()
    if before is not None:
        path.write_bytes(before.encode())
    git(tmp_path, "apply", "-", text=diff(FileChange("sub/t.yml", before, after)))
    assert path.read_bytes() == after.encode()


def test_a_line_that_is_not_to_be_seen_is_no_context() -> None:
    """Nor is it shown where it changes: then there is a remark in place of the patch."""
    change = FileChange("t.yml", "secret\nb: 2\n", "secret\nb: 3\n")
    told = diff(change, lambda line: "secret" not in line)
    assert told.endswith("@@ -2 +2 @@\n-b: 2\n+b: 3\n")
    change = FileChange("t.yml", "secret\nb: 2\n", "b: 2\n")
    told = diff(change, lambda line: "secret" not in line)
    assert told.startswith("# t.yml: not shown")
    assert "secret" not in told


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF8 * 2, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
def test_encoding_mark_and_mode_stay(tmp_path: Path, mark: bytes, encoding: str) -> None:
    path = tmp_path / "t.yml"
    path.write_bytes(mark + OLD.encode(encoding))
    path.chmod(0o640)
    write(FileChange(str(path), OLD, NEW))
    assert path.read_bytes() == mark + NEW.encode(encoding)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["t.yml"]


def test_a_link_stays_one(tmp_path: Path) -> None:
    target, link = tmp_path / "t.yml", tmp_path / "link.yml"
    target.write_text(OLD)
    link.symlink_to(target)
    write(FileChange(str(link), OLD, NEW))
    assert link.is_symlink()
    assert target.read_text() == NEW


def test_a_file_that_has_changed_since_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "t.yml"
    path.write_text("d: 4\n")
    with pytest.raises(CannotChange, match="changed since"):
        write(FileChange(str(path), OLD, NEW))
    assert path.read_text() == "d: 4\n"


def test_a_new_file_is_never_written_over_one(tmp_path: Path) -> None:
    path = tmp_path / "overrides" / "cfn.patches.yml"
    write(FileChange(str(path), None, NEW))
    assert path.read_text() == NEW
    with pytest.raises(CannotChange, match="exists"):
        write(FileChange(str(path), None, OLD))
    assert path.read_text() == NEW


def test_what_git_could_not_bring_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that it does not know, and those that changed since they were added."""
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q")
    names = ["committed.yml", "added.yml", "changed.yml", "unknown.yml"]
    for name in names:
        Path(name).write_text(OLD)
    git(tmp_path, "add", "committed.yml", "changed.yml")
    git(tmp_path, "commit", "-qm", "x")
    git(tmp_path, "add", "added.yml")
    Path("changed.yml").write_text(NEW)
    changes = [FileChange(name, OLD, NEW) for name in names]
    assert unrecoverable(changes) == ["changed.yml", "unknown.yml"]
    assert unrecoverable([FileChange("new.yml", None, NEW)]) == []


def test_without_git_nothing_is_brought_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert unrecoverable([FileChange("t.yml", OLD, NEW)]) == ["t.yml"]
