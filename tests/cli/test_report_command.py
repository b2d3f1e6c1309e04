"""``copilot-preflight report``: where the picture goes, and the exit status."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("report.html", "<!doctype html>"),
        ("report.svg", "<svg "),
        ("report.mmd", "flowchart LR"),
        ("report.md", "# What ECS may do"),
        ("report.txt", "<!doctype html>"),
    ],
)
def test_the_name_of_the_output_says_the_format(
    write: Write, run: Run, templates: Any, name: str, begins: str
) -> None:
    folder = write({"a.yml": templates.denied})
    result = run("report", "a.yml", "-o", name)
    assert result.status == 1
    assert result.out == ""
    assert result.err.startswith(f"{name}: ")
    assert (folder / name).read_text(encoding="utf-8").startswith(begins)


@pytest.mark.parametrize("form", ["svg", "mermaid", "markdown"])
def test_text_formats_go_to_standard_output(
    write: Write, run: Run, templates: Any, form: str
) -> None:
    write({"a.yml": templates.clean})
    result = run("report", "a.yml", "--format", form)
    assert result.status == 0
    assert result.out
    assert result.out == run("report", "a.yml", "--format", form, "-o", "-").out


def test_html_needs_to_be_told_where_to_go(write: Write, run: Run, templates: Any) -> None:
    write({"a.yml": templates.clean})
    result = run("report", "a.yml")
    assert result.status == 2
    assert "--format html needs --output FILE" in result.err
    assert run("report", "a.yml", "-o", "-").out.startswith("<!doctype html>")


def test_the_exit_status_is_that_of_check(write: Write, run: Run, templates: Any) -> None:
    write({"denied.yml": templates.denied, "broken.yml": "Resources: [\n"})
    for asked in (
        ["denied.yml"],
        ["denied.yml", "--fail-on", "never"],
        ["denied.yml", "broken.yml"],
    ):
        checked = run("check", *asked)
        drawn = run("report", *asked, "--format", "mermaid")
        assert drawn.status == checked.status
        assert drawn.err == checked.err


def test_an_input_is_never_written_over(write: Write, run: Run, templates: Any) -> None:
    folder = write({"a.yml": templates.clean})
    result = run("report", "a.yml", "--format", "svg", "-o", "a.yml")
    assert result.status == 2
    assert "will not write the report over an input" in result.err
    assert (folder / "a.yml").read_text(encoding="utf-8") == templates.clean


def test_what_the_user_knows_decides_a_picture_too(write: Write, run: Run, templates: Any) -> None:
    write({"a.yml": templates.clean, "scp.json": '{"Statement": []}'})
    result = run("report", "a.yml", "--format", "markdown", "--scp", "scp.json")
    assert "service control policy" in result.out


def test_without_jinja_the_way_out_is_told(tmp_path: Path) -> None:
    """One line; the formats that need nothing work all the same."""
    command = (
        "import sys; sys.modules['jinja2'] = None\n"
        "from copilot_preflight.cli.main import main; main()"
    )
    (tmp_path / "a.yml").write_text("Resources: {B: {Type: AWS::S3::Bucket}}\n", encoding="utf-8")

    def done(*asked: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", command, "report", "a.yml", *asked],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    refused = done("-o", "x.html")
    assert refused.returncode == 2
    assert refused.stderr == (
        "error: the HTML report needs Jinja2: install copilot-preflight with its extra 'report' "
        "(pip install Jinja2 does, too), or take --format svg, mermaid or markdown, which need "
        "nothing\n"
    )
    assert not (tmp_path / "x.html").exists()
    assert done("--format", "svg").stdout.startswith("<svg ")


def test_a_role_of_the_account_stands_in_its_answer(run: Run) -> None:
    """Its line is none of the template's."""
    folder = Path(__file__).parents[2] / "examples" / "evidence"
    given = ("--evidence", str(folder / "account"), "--evidence-max-age", "0")
    done = run("report", str(folder / "shop.stack.yml"), *given, "--format", "svg")
    assert "get-role.json line 2" in done.out
