"""``--baseline``, ``--write-baseline`` and ``--no-suppressions``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Write = Callable[..., Path]
Templates = Any

WRITTEN = "note: old.json: findings in the baseline now: 1\n"
E9711 = "$.Resources.TaskDefinition.Properties.ContainerDefinitions[0].EnvironmentFiles"


def of(folder: Path, name: str = "old.json") -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))["findings"]


def test_a_baseline_hides_what_is_in_it(write: Write, run: Run, templates: Templates) -> None:
    """Both the run that writes it and those that read it pass, and count what is hidden."""
    folder = write({"web.yml": templates.denied})
    assert run("web.yml").status == 1
    written = run("web.yml", "--write-baseline", "old.json")
    summary = "0 calls proved, 1 denied; no findings in 1 file, 1 suppressed\n"
    assert (written.status, written.out, written.err) == (0, summary, WRITTEN)
    assert of(folder) == {
        "web.yml": {"E9711": {f"{E9711}[0]['Fn::If'][1].Value": 1}},
    }
    known = run("web.yml", "--baseline", "old.json")
    assert (known.status, known.out, known.err) == (0, summary, "")


def test_json_counts_what_is_hidden(write: Write, run: Run, templates: Templates) -> None:
    """The report of version 1 has the number, and not the findings."""
    write({"web.yml": templates.denied})
    run("web.yml", "--write-baseline", "old.json")
    report = json.loads(run("web.yml", "--baseline", "old.json", "--format", "json").out)
    assert (report["findings"], report["summary"]["suppressed"]) == ([], 1)


def test_the_file_is_pinned(write: Write, run: Run, templates: Templates) -> None:
    """One line for each place, sorted: what changes in it is what has changed."""
    folder = write(
        {"b.yml": templates.denied, "a/b.yml": templates.denied, "a.yml": templates.locked}
    )
    run("b.yml", "a/b.yml", "a.yml", "--write-baseline", "old.json")
    path = f"{E9711}[0]['Fn::If'][1].Value"
    grant = "$.Resources.ExecutionRole.Properties.Policies[0].PolicyDocument.Statement[0].Resource"
    assert (
        (folder / "old.json").read_text(encoding="utf-8")
        == f"""\
{{
  "version": 1,
  "findings": {{
    "a.yml": {{
      "W9713": {{
        "{grant}": 1
      }}
    }},
    "a/b.yml": {{
      "E9711": {{
        "{path}": 1
      }}
    }},
    "b.yml": {{
      "E9711": {{
        "{path}": 1
      }}
    }}
  }}
}}
"""
    )


def test_lines_may_move(write: Write, run: Run, templates: Templates) -> None:
    """Comments, blank lines, another indentation or notation do not make a finding new."""
    write({"web.yml": templates.denied})
    run("web.yml", "--write-baseline", "old.json")
    indented = templates.denied.replace("Resources:\n", "Resources:\n\n  # moved\n\n")
    widened = "\n".join(map(_widened, indented.splitlines()))
    for text in (indented, widened, f"# first\n\n{widened}\n"):
        write({"web.yml": text})
        assert run("web.yml", "--baseline", "old.json").status == 0


def _widened(line: str) -> str:
    """A line with twice its indentation, counting what stands behind the dash of an item."""
    text = line.lstrip()
    return " " * (len(line) - len(text)) + line.replace("- ", "-   ", 1 if text[:1] == "-" else 0)


def test_another_place_is_new(write: Write, run: Run, templates: Templates) -> None:
    """The same finding of a second container is told, and the first one is not."""
    write({"web.yml": templates.denied})
    run("web.yml", "--write-baseline", "old.json")
    second = "        - {Name: log, EnvironmentFiles: [{Type: s3, Value: !Ref EnvFileARN}]}\n"
    write(
        {"web.yml": templates.denied.replace("  ExecutionRole:\n", f"{second}  ExecutionRole:\n")}
    )
    result = run("web.yml", "--baseline", "old.json")
    assert result.status == 1
    assert "container 'log'" in result.out
    assert "container 'web'" not in result.out
    assert result.out.endswith("1 error in 1 file, 1 suppressed\n")


def test_another_rule_is_new(write: Write, run: Run, templates: Templates) -> None:
    """What is known under one rule is no excuse for another."""
    write({"web.yml": templates.locked})
    run("web.yml", "--write-baseline", "old.json")
    write({"web.yml": templates.denied})
    assert run("web.yml", "--baseline", "old.json").status == 1


def test_names_are_from_the_folder_of_the_file(
    write: Write, run: Run, templates: Templates
) -> None:
    """A baseline may lie elsewhere, and be used from anywhere."""
    folder = write({"infra/web.yml": templates.denied, "ci/note.txt": ""})
    run("infra/web.yml", "--write-baseline", "ci/old.json")
    assert list(of(folder, "ci/old.json")) == ["../infra/web.yml"]
    assert run("infra", "--baseline", "ci/old.json").status == 0
    assert run(str(folder / "infra"), "--baseline", str(folder / "ci/old.json")).status == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["."], True),
        (["web.yml"], True),
        (["other.yml"], False),
        (["web.yml", "--ignore", "E9711"], False),
        (["web.yml", "other.yml", "broken.yml"], False),
    ],
    ids=["folder", "file", "other-file", "not-the-rule", "not-all-judged"],
)
def test_what_is_gone_is_told(
    write: Write, run: Run, templates: Templates, arguments: list[str], told: bool
) -> None:
    """A baseline that could be shorter gives a note, where file and rule were looked at."""
    write({"web.yml": templates.denied, "other.yml": templates.clean})
    run("web.yml", "--write-baseline", "old.json")
    write({"web.yml": templates.clean})
    result = run(*arguments, "--baseline", "old.json")
    note = "note: old.json: 1 finding is gone: write it anew with --write-baseline\n"
    assert (note in result.err) is told
    assert result.out == "" or result.out.count("no findings in ")


def test_a_file_that_is_gone_is_told(write: Write, run: Run, templates: Templates) -> None:
    """An entry of a file that no longer exists is gone too."""
    folder = write({"web.yml": templates.denied, "other.yml": templates.clean})
    run("web.yml", "--write-baseline", "old.json")
    (folder / "web.yml").unlink()
    assert "1 finding is gone" in run("other.yml", "--baseline", "old.json").err


def test_written_anew_it_shrinks(write: Write, run: Run, templates: Templates) -> None:
    """Writing replaces the file; it has what is found now, whether it was known or not."""
    folder = write({"web.yml": templates.denied, "b.yml": templates.locked})
    run("web.yml", "b.yml", "--write-baseline", "old.json")
    write({"web.yml": templates.clean})
    run("web.yml", "b.yml", "--baseline", "old.json", "--write-baseline", "old.json")
    assert list(of(folder)) == ["b.yml"]


def test_no_baseline_of_half_a_run(write: Write, run: Run, templates: Templates) -> None:
    """Nothing is written if an input could not be judged; the findings are told."""
    folder = write({"web.yml": templates.denied, "broken.yml": "Resources: ["})
    result = run("web.yml", "broken.yml", "--write-baseline", "old.json")
    assert result.status == 2
    assert result.errors[-1] == (
        "note: old.json: no baseline is written: not every input could be judged"
    )
    assert "error[E9711]" in result.out
    assert not (folder / "old.json").exists()


def test_a_baseline_is_not_written_over_an_input(
    write: Write, run: Run, templates: Templates
) -> None:
    """A template that is named by mistake remains as it is."""
    folder = write({"web.yml": templates.denied})
    result = run("web.yml", "--write-baseline", "web.yml")
    assert result.status == 2
    assert result.err.endswith("will not write the report over an input\n")
    assert (folder / "web.yml").read_text(encoding="utf-8") == templates.denied


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (None, "old.json: cannot read: no such file or directory"),
        ("{", "old.json:1:"),
        ("[]", "old.json:1:1: not a baseline: expected 'version' and 'findings'"),
        ('{"version": 2, "findings": {}}', "old.json:1:13: a baseline of version 2: expected 1"),
        ('{"version": 1, "findings": {"a": 1}}', "old.json:1:34: expected a map, not 1"),
        (
            '{"version": 1, "findings": {"a": {"E9711": []}}}',
            "old.json:1:44: expected a map, not a list",
        ),
        (
            '{"version": 1, "findings": {"a": {"E9711": {"$": 0}}}}',
            "old.json:1:50: expected how many findings, not 0",
        ),
        (
            '{"version": 1, "findings": {"a": {"E9711": {"$": true}}}}',
            "old.json:1:50: expected how many findings, not true",
        ),
    ],
)
def test_no_baseline(
    write: Write, run: Run, templates: Templates, text: str | None, error: str
) -> None:
    """What cannot be read fails the run at its place; the findings are told."""
    write({"web.yml": templates.denied, **({"old.json": text} if text is not None else {})})
    result = run("web.yml", "--baseline", "old.json")
    assert result.status == 2
    assert result.err.startswith(f"error: {error}")
    assert "error[E9711]" in result.out


def test_baselines_are_no_ignored_files(write: Write, run: Run, templates: Templates) -> None:
    """A baseline in the folder that is checked belongs to the run."""
    write({"web.yml": templates.denied})
    run("web.yml", "--write-baseline", "old.json")
    assert run(".", "--baseline", "old.json").out.endswith("no findings in 1 file, 1 suppressed\n")


def test_all_can_be_shown(write: Write, run: Run, templates: Templates) -> None:
    """--no-suppressions tells what the baseline and the comments silence."""
    text = templates.denied.replace("- Name: web", "- Name: web # preflight: ignore[E9711] why")
    write({"web.yml": text, "b.yml": templates.denied})
    run("b.yml", "--write-baseline", "old.json")
    known = run(".", "--baseline", "old.json")
    assert known.status == 0
    assert known.out.endswith("no findings in 2 files, 2 suppressed\n")
    shown = run(".", "--baseline", "old.json", "--no-suppressions")
    assert shown.out.endswith(" 2 errors in 2 files\n")


def test_unused_suppressions_can_fail_a_run(write: Write, run: Run, templates: Templates) -> None:
    """They are warnings: --fail-on warning makes them count."""
    text = templates.clean.replace("- Name: web", "- Name: web # preflight: ignore[E9711] why")
    write({"web.yml": text})
    assert run("web.yml").status == 0
    assert run("web.yml", "--fail-on", "warning").status == 1
    assert run("web.yml", "--fail-on", "warning", "--ignore", "W9791").status == 0
