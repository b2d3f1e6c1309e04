"""What becomes of a file on the disk when a fix is written, and of its change as a patch."""

from __future__ import annotations

import codecs
import os
import shutil
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


@pytest.mark.parametrize("name", ["Größe mit Leer/shöp.yml", 's"a\\b.yml', "-t.yml"])
@pytest.mark.parametrize("is_absolute", [False, True])
def test_a_patch_names_files_as_git_and_patch_take_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, is_absolute: bool
) -> None:
    """From the folder that somebody is in, whatever the path was that was asked for."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(OLD)
    monkeypatch.chdir(path.parent)
    shown = str(path) if is_absolute else f"../{path.parent.name}/{path.name}"
    patch = diff(FileChange(shown, OLD, NEW))
    for command in (["git", "apply", "-"], ["patch", "-p1"]):
        if shutil.which(command[0]) is None:
            continue
        path.write_text(OLD)
        subprocess.run(command, input=patch, text=True, check=True, capture_output=True)
        assert path.read_text() == NEW


def test_a_name_of_a_file_is_no_line_of_its_own() -> None:
    """Neither for a terminal nor for a log: such a patch is not shown."""
    told = diff(FileChange("a\n::error::\x1b[31m.yml", OLD, NEW), lambda line: line.isprintable())
    assert told.count("\n") == 1
    assert told.rstrip("\n").isprintable()


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


def test_a_file_that_became_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "t.yml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CannotChange, match="changed since"):
        write(FileChange(str(path), OLD, NEW))


def test_a_file_that_nobody_may_write_is_left_alone(tmp_path: Path) -> None:
    """Also where its folder would let another file take its place."""
    path = tmp_path / "t.yml"
    path.write_text(OLD)
    path.chmod(0o444)
    with pytest.raises(CannotChange, match="read-only"):
        write(FileChange(str(path), OLD, NEW))
    assert path.read_text() == OLD


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_of_a_new_file_nothing_is_left_where_it_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def full(self: Path, content: bytes) -> int:
        with open(self, "wb") as stream:
            stream.write(content[:1])
        raise error

    monkeypatch.setattr(Path, "write_bytes", full)
    path = tmp_path / "cfn.patches.yml"
    with pytest.raises((CannotChange, KeyboardInterrupt)):
        write(FileChange(str(path), None, NEW))
    assert os.listdir(tmp_path) == []


def test_a_new_file_is_never_written_over_one(tmp_path: Path) -> None:
    path = tmp_path / "overrides" / "cfn.patches.yml"
    write(FileChange(str(path), None, NEW))
    assert path.read_text() == NEW
    with pytest.raises(CannotChange, match="been made since"):
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


def test_a_name_is_no_pattern_for_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q")
    for name in ("t1.yml", "t[1].yml"):
        Path(name).write_text(OLD)
    git(tmp_path, "add", "t1.yml")
    assert unrecoverable([FileChange("t[1].yml", OLD, NEW)]) == ["t[1].yml"]


def test_a_hook_of_a_further_worktree_knows_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git tells a hook where its folder is, and then takes any folder for the topmost one."""
    main, other = tmp_path / "main", tmp_path / "other"
    main.mkdir()
    git(main, "init", "-q")
    (main / "sub").mkdir()
    (main / "sub" / "t.yml").write_text(OLD)
    git(main, "add", "-A")
    git(main, "commit", "-qm", "x")
    git(main, "worktree", "add", "-q", str(other))
    monkeypatch.chdir(other)
    monkeypatch.setenv("GIT_DIR", str(main / ".git" / "worktrees" / "other"))
    assert unrecoverable([FileChange("sub/t.yml", OLD, NEW)]) == []


def test_without_git_nothing_is_brought_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert unrecoverable([FileChange("t.yml", OLD, NEW)]) == ["t.yml"]
