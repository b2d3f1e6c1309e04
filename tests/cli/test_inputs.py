"""What a path on the command line stands for."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MANIFEST = "name: web\ntype: Load Balanced Web Service\n"

Run = Callable[..., Any]
Write = Callable[..., Path]


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["web.yml"], ["check", "web.yml"], ["--info", "web.yml"]])
def test_check_may_be_left_out(
    run: Run, write: Write, templates: Any, arguments: list[str]
) -> None:
    """The default command is check, also where an option comes first."""
    write({"web.yml": templates.denied})
    assert run(*arguments).status == 1


@pytest.mark.parametrize("name", ["./web.yml", "a/../web.yml", "a//..//web.yml"])
def test_spelling_of_a_path_is_the_users(run: Run, write: Write, templates: Any, name: str) -> None:
    """A file that is named is never skipped as if a folder had been searched."""
    write({"web.yml": templates.denied, "a/b": ""})
    assert run(name).status == 1
    write({"web.yml": "just: data\n"})
    assert run(name).status == 2


def test_path_that_is_a_command_needs_check(run: Run, write: Write, templates: Any) -> None:
    """The name of a command is a path behind ``check`` or with a ``./`` in front."""
    write({"rules": templates.denied})
    assert "access-undetermined" in run("rules").out
    assert run("check", "rules").status == 1
    assert run("./rules").status == 1


def test_path_that_starts_with_a_dash(run: Run, write: Write, templates: Any) -> None:
    """A path like an option stands behind ``--``."""
    write({"-web.yml": templates.denied})
    assert run("-web.yml").status == 2
    assert run("--", "-web.yml").status == 1
    assert run("check", "--", "-web.yml").status == 1


def test_missing_file_leaves_the_others_checked(run: Run, write: Write, templates: Any) -> None:
    """A path that does not exist is one line, and the exit status is 2 whatever else is found."""
    write({"web.yml": templates.denied})
    result = run("none.yml", "web.yml")
    assert result.status == 2
    assert result.err == "error: none.yml: cannot read: no such file or directory\n"
    assert "error[E9711]" in result.out
    assert result.out.endswith("1 error in 1 file\n")


def test_unreadable_file_leaves_the_others_checked(
    run: Run, write: Write, templates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the file system refuses is one line."""
    write({"locked.yml": templates.clean, "web.yml": templates.denied})
    opened = os.open

    def refuse(path: Any, *arguments: Any, **options: Any) -> int:
        if Path(path).name == "locked.yml":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refuse)
    result = run("locked.yml", "web.yml")
    assert (result.status, result.errors) == (
        2,
        ["error: locked.yml: cannot read: permission denied"],
    )
    assert "1 error in 1 file" in result.out


def test_file_given_twice_is_checked_once(run: Run, write: Write, templates: Any) -> None:
    """A file is the same by whatever path, link or folder it is reached."""
    folder = write({"web.yml": templates.denied})
    (folder / "link.yml").symlink_to("web.yml")
    paths = ("web.yml", "./web.yml", str(folder / "web.yml"), "link.yml", ".")
    assert run(*paths).out.endswith("1 error in 1 file\n")


def test_loop_of_links_is_an_error(run: Run, write: Write, templates: Any) -> None:
    """A link to itself is unreadable, named or in a folder."""
    folder = write({"web.yml": templates.clean})
    (folder / "a.yml").symlink_to("b.yml")
    (folder / "b.yml").symlink_to("a.yml")
    message = "cannot read: too many levels of symbolic links"
    assert run("a.yml").err == f"error: a.yml: {message}\n"
    assert run(".").errors == [f"error: a.yml: {message}", f"error: b.yml: {message}"]


def test_pipe_is_read(run: Run, write: Write, templates: Any) -> None:
    """A named pipe, as a shell makes of ``<(command)``, is a file."""
    folder = write({})
    os.mkfifo(folder / "pipe")
    feeder = threading.Thread(target=(folder / "pipe").write_text, args=(templates.denied,))
    feeder.start()
    assert run("pipe").status == 1
    feeder.join()


@pytest.mark.parametrize("arguments", [("pipe",), ("web.yml", "--params", "pipe")])
def test_pipe_that_nobody_writes_to_is_an_error(
    spawn: Run, write: Write, templates: Any, arguments: tuple[str, ...]
) -> None:
    """Waiting for its writer would never end."""
    folder = write({"web.yml": templates.clean})
    os.mkfifo(folder / "pipe")
    result = spawn(*arguments)
    assert result.status == 2
    assert result.errors == ["error: pipe: cannot read: nothing is written to this pipe"]


def test_slow_writer_is_waited_for(run: Run, write: Write, templates: Any) -> None:
    """A pipe that is open may take longer than the wait for its writer."""
    folder = write({})
    os.mkfifo(folder / "pipe")

    def feed() -> None:
        with (folder / "pipe").open("w") as pipe:
            time.sleep(1.2)
            pipe.write(templates.denied)

    feeder = threading.Thread(target=feed)
    feeder.start()
    assert run("pipe").status == 1
    feeder.join()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("my web.yml", "my web.yml"),
        ("wéb-统.yml", "wéb-统.yml"),
        ("a\nb.yml", r"a\nb.yml"),
        ("a\x1b[31mb.yml", r"a\x1b[31mb.yml"),
        ("a\u202eb.yml", r"a\u202eb.yml"),
        (os.fsdecode(b"a\xffb.yml"), r"a\udcffb.yml"),
    ],
)
def test_odd_file_names(run: Run, write: Write, templates: Any, name: str, shown: str) -> None:
    """A file may have any name, and none of them reaches the terminal as a command to it."""
    folder = write({name: templates.denied})
    result = run(name)
    assert (result.status, result.err) == (1, "")
    assert f"--> {shown}:" in result.out
    (folder / name).write_text("a: [")
    result = run(name)
    assert result.status == 2
    assert result.err.startswith(f"error: {shown}:1:")
    assert len(result.errors) == 1


def test_too_long_a_name_is_an_error(run: Run, write: Write, templates: Any) -> None:
    """A name that no file can have is one line."""
    write({"web.yml": templates.denied})
    result = run("a" * 5000, "web.yml")
    assert result.status == 2
    assert len(result.errors) == 1
    assert result.err.endswith("cannot read: file name too long\n")


def test_template_with_the_longest_name_has_no_neighbours(
    run: Run, write: Write, templates: Any
) -> None:
    """Neighbours whose names would be too long for the file system are not there."""
    write({"w" * 251 + ".yml": templates.denied})
    assert run("w" * 251 + ".yml").status == 1


def test_manifest_is_no_template(run: Run, write: Write) -> None:
    """A manifest given as a path is told from other files, as it is an easy mistake."""
    write({"copilot/web/manifest.yml": MANIFEST})
    assert run("copilot/web/manifest.yml").err == (
        "error: copilot/web/manifest.yml:1:1: a Copilot manifest, not a template: "
        "check what 'copilot svc package' writes\n"
    )


# --- standard input ------------------------------------------------------------------------------


def test_standard_input_is_a_template(run: Run, templates: Any) -> None:
    """``-`` reads YAML from standard input, and calls it <stdin>."""
    result = run("-", stdin=templates.denied.encode())
    assert result.status == 1
    assert "--> <stdin>:15:50" in result.out


def test_standard_input_may_be_json(run: Run) -> None:
    """``-`` reads JSON too."""
    result = run("-", stdin=b'{"Resources": {"A": {"Type": 5}}}')
    assert result.errors == ["error: <stdin>:1:30: Type must be a string, found 5"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# nothing\n"])
def test_empty_standard_input_is_an_error(run: Run, content: bytes) -> None:
    """A pipe into which nothing came is no clean template."""
    result = run("-", stdin=content)
    assert result.status == 2
    assert result.err.startswith("error: <stdin>:1:1: file is empty")


def test_standard_input_is_read_once(run: Run, templates: Any) -> None:
    """``-`` given twice is one template."""
    assert run("-", "-", stdin=templates.denied.encode()).out.endswith("1 error in 1 file\n")


def test_standard_input_beside_files(run: Run, write: Write, templates: Any) -> None:
    """``-`` is one input among others, and a file of that name is ``./-``."""
    write({"-": templates.denied})
    result = run("-", "./-", stdin=templates.denied.encode())
    assert result.out.endswith("2 errors in 2 files\n")


# --- folders -------------------------------------------------------------------------------------


def test_folder_is_searched(run: Run, write: Write, templates: Any) -> None:
    """Templates are found by what they hold, and whatever else is there is counted."""
    write(
        {
            "infra/web.yml": templates.denied,
            "infra/deep/er/api.template": templates.denied,
            "infra/data.json": '{"Resources": "of a::nother kind"}',
            "infra/list.yaml": "- Resources\n- a::b\n",
            "infra/values.yml": "a: {{ b }}\n",
            "infra/README.md": "Resources, Type: AWS::Nothing",
        }
    )
    result = run("infra")
    assert result.status == 2
    assert result.errors == ["error: infra/data.json:1:15: Resources must be a map, found a string"]
    assert result.out.endswith("2 errors in 3 files (3 other files ignored)\n")


def test_findings_of_a_folder_come_in_a_stable_order(
    run: Run, write: Write, templates: Any
) -> None:
    """Files before folders, both by name, whatever the file system's order."""
    names = ["b.yml", "a/z.yml", "c.yml", "a/b/x.yml", "a.yml"]
    write(dict.fromkeys(names, templates.denied))
    lines = run(".", "--format", "concise").out.splitlines()[:-1]
    shown = [line.split(":")[0] for line in lines]
    assert shown == ["a.yml", "b.yml", "c.yml", "a/z.yml", "a/b/x.yml"]


def test_folder_without_templates_is_an_error(run: Run, write: Write, templates: Any) -> None:
    """Nothing was proved: a folder that is misspelt or empty must not look like a clean one."""
    write({"docs/a.md": "", "docs/b.yml": "a: 1\n", "web.yml": templates.clean})
    result = run("docs")
    assert result.status == 2
    assert result.err == "error: docs: no template in this folder or below it, only 2 other files\n"
    assert run("docs", "web.yml").status == 2


def test_folder_says_how_little_it_has(run: Run, write: Write, tmp_path: Path) -> None:
    """One file is not "1 other files", and none is not "only 0"."""
    write({"docs/a.md": ""})
    (tmp_path / "empty").mkdir()
    assert run("docs").err.endswith("no template in this folder or below it, only 1 other file\n")
    assert run("empty").err == "error: empty: no template in this folder or below it, and no file\n"


def test_folder_whose_templates_are_named_too_is_not_empty(
    run: Run, write: Write, templates: Any
) -> None:
    """A folder has templates also where they were found before."""
    write({"infra/web.yml": templates.clean})
    assert run("infra/web.yml", "infra", "infra").status == 0


@pytest.mark.parametrize("paths", [(".", "notes.yml"), ("notes.yml", "."), ("notes.yml",) * 2])
def test_file_that_is_named_must_be_a_template(
    run: Run, write: Write, templates: Any, paths: tuple[str, ...]
) -> None:
    """What a folder's search leaves alone is an error once where it is named."""
    write({"web.yml": templates.clean, "notes.yml": "a: 1\n", "more.yml": "a: 1\n"})
    result = run(*paths)
    assert result.status == 2
    assert len(result.errors) == 1
    assert result.err.startswith("error: notes.yml:1:1: not a CloudFormation template")


def test_template_that_a_search_left_alone_can_be_named(run: Run, write: Write) -> None:
    """A search sees only what has the looks of a template; a name needs no looks."""
    write({"odd.yml": "Resources: {A: {Type: x}}\n", "odder.yml": "Resources: [a::b]\n"})
    result = run(".", "odd.yml")
    assert result.errors == ["error: odder.yml:1:12: Resources must be a map, found a list"]
    assert result.out.endswith("no findings in 2 files, but the run itself failed\n")


def test_hidden_and_vendored_folders_are_left_alone(run: Run, write: Write, templates: Any) -> None:
    """Only what somebody wrote is searched, unless the hidden folder itself is named."""
    write(
        {
            "web.yml": templates.clean,
            ".hidden.yml": templates.denied,
            ".build/in.yml": templates.denied,
            "node_modules/x/a.yml": templates.denied,
        }
    )
    assert run(".").out.endswith("no findings in 1 file\n")
    assert run(".build").status == 1
    assert run(".hidden.yml").status == 1


def test_folder_skips_what_cannot_be_a_template(run: Run, write: Write, templates: Any) -> None:
    """A pipe would be waited for without end, and 1 MB is the most that CloudFormation takes."""
    folder = write({"web.yml": templates.clean})
    os.mkfifo(folder / "pipe.yml")
    with (folder / "large.json").open("wb") as file:
        file.write(b'{"Resources": "a::b"}')
        file.truncate(50_000_000)
    assert run(".").out.endswith("no findings in 1 file (2 other files ignored)\n")


def test_last_line_is_no_comfort_where_the_run_failed(
    run: Run, write: Write, templates: Any
) -> None:
    """Whoever sees standard output alone must not take "no findings" for a proof."""
    write({"infra/web-test.stack.yml": templates.clean, "infra/web-test.params.json": "{"})
    result = run("infra")
    assert result.status == 2
    assert result.out.endswith("no findings in 1 file, but the run itself failed\n")


@pytest.mark.parametrize("content", ["", "Resources: [", "\0", b"\xff\xfe\x00"])
def test_broken_stack_in_a_folder_is_an_error(
    run: Run, write: Write, templates: Any, content: str | bytes
) -> None:
    """A file with Copilot's name for stacks is a template, even if it can no longer be read."""
    write({"web-test.stack.yml": content, "api-test.stack.yml": templates.denied})
    result = run(".")
    assert result.status == 2
    assert len(result.errors) == 1
    assert result.err.startswith("error: web-test.stack.yml:")
    assert result.out.endswith("1 error in 1 file\n")


def test_template_in_utf_16_is_found(run: Run, write: Write, templates: Any) -> None:
    """PowerShell writes UTF-16, and a folder is searched for that too."""
    write({"web.yml": templates.denied.encode("utf-16")})
    assert run(".").status == 1


def test_links_to_folders_are_not_followed(run: Run, write: Write, templates: Any) -> None:
    """A folder that holds itself is walked once."""
    folder = write({"infra/web.yml": templates.denied})
    (folder / "infra/again").symlink_to(folder / "infra")
    (folder / "link").symlink_to(folder / "infra")
    assert run("infra").out.endswith("1 error in 1 file\n")
    assert run("link").out.endswith("1 error in 1 file\n")


def test_very_deep_folders_are_searched(run: Run, write: Write, templates: Any) -> None:
    """Folders may nest deeper than Python's calls."""
    write({})
    levels = ["d/" * depth for depth in range(1, 1500)]
    for level in levels:
        os.mkdir(level)
    template = Path(levels[-1], "web.yml")
    template.write_text(templates.denied)
    try:
        assert run("d").status == 1
    finally:  # pytest's own way of removing folders gives up at that depth
        template.unlink()
        for level in reversed(levels):
            os.rmdir(level)


def test_folder_that_cannot_be_listed_is_an_error(
    run: Run, write: Write, templates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies in a closed folder is unknown, which is not the same as clean."""
    write({"infra/web.yml": templates.denied, "infra/closed/x.yml": templates.denied})
    listed = os.listdir

    def refuse(path: str) -> list[str]:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "listdir", refuse)
    result = run("infra")
    assert result.errors == ["error: infra/closed: cannot read folder: permission denied"]
    assert run("infra/closed").errors == result.errors
    assert result.out.endswith("1 error in 1 file\n")


def test_only_what_may_be_a_template_is_opened_in_a_large_folder(
    run: Run, write: Write, templates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One listing for a folder, and no look into files whose names tell enough."""
    write({"web.yml": templates.denied, "other.yml": "a: b\n"})
    for number in range(2_000):
        Path(f"{number}.txt").touch()
    listed, opened = list[str](), list[str]()
    listing, reading = os.listdir, Path.read_bytes

    def list_folder(path: str) -> list[str]:
        listed.append(path)
        return listing(path)

    def read(path: Path) -> bytes:
        opened.append(path.name)
        return reading(path)

    monkeypatch.setattr(os, "listdir", list_folder)
    monkeypatch.setattr(Path, "read_bytes", read)
    result = run(".")
    assert result.out.endswith("1 error in 1 file (2001 other files ignored)\n")
    assert (listed, opened) == (["."], ["other.yml", "web.yml"])
