"""``check`` without a path: what is nearest is checked, and nothing at all never passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Write = Callable[[Mapping[str, str | bytes]], Path]

WEB = "name: web\ntype: Load Balanced Web Service\n"
JOB = "name: tidy up\ntype: Scheduled Job\nenvironments:\n  prod: {on: {schedule: '@daily'}}\n"


def test_nothing_at_all_fails(run: Run, write: Write) -> None:
    """A script whose list of files is empty must not pass, wherever it runs."""
    write({".git/HEAD": "x", "README.md": "x", "values.yml": "a: 1\n"})
    result = run("check")
    assert (result.status, result.out) == (2, "")
    (line,) = result.errors
    assert line.startswith("error: nothing to check: no Copilot workspace, infrastructure/,")
    assert line.endswith("name a path")


@pytest.mark.parametrize(
    ("file", "here", "checked"),
    [
        ("infrastructure/a.yml", ".", "infrastructure"),
        ("infrastructure/a.yml", "src/web", "../../infrastructure"),
        ("infrastructure/a.yml", "infrastructure", "this folder"),
        ("cdk.out/App.template.json", ".", "cdk.out"),
        ("template.yml", ".", "this folder"),
        ("template.yml", "src", ".."),
        ("team/shop/infrastructure/a.yml", ".", "team/shop/infrastructure"),
    ],
)
def test_what_is_nearest(
    run: Run,
    write: Write,
    templates: Any,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    here: str,
    checked: str,
) -> None:
    """Up to the root of the repository, and down; the exit status is that of what is found."""
    folder = write({".git/HEAD": "x", "src/web/x.py": "", file: templates.denied})
    monkeypatch.setattr("os.path.curdir", ".")
    (folder / here).mkdir(parents=True, exist_ok=True)

    def here_run(*arguments: str) -> Any:
        monkeypatch.chdir(folder / here)
        return run(*arguments)

    result = here_run("check", "--format", "json")
    assert result.errors[0] == f"note: no path is given: checking {checked}"
    assert (result.status, '"E97' in result.out) == (1, True)
    assert here_run("check", "-q").err == ""


def test_a_repository_ends_the_search(
    run: Run, write: Write, templates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies above the repository is somebody else's."""
    folder = write(
        {"infrastructure/a.yml": templates.clean, "mine/.git/HEAD": "", "mine/src/x.py": ""}
    )
    monkeypatch.chdir(folder / "mine" / "src")
    assert run("check").status == 2


def test_an_unpackaged_workspace_says_how_to_package_it(run: Run, write: Write) -> None:
    write(
        {
            "copilot/web/manifest.yml": WEB,
            "copilot/tidy up/manifest.yml": JOB,
            "copilot/environments/test/manifest.yml": "name: test\n",
        }
    )
    result = run("check")
    assert (result.status, result.out) == (2, "")
    end = "--output-dir infrastructure'"
    assert result.errors == [
        "error: copilot/tidy up/manifest.yml: not packaged: run 'copilot job package --name "
        f"''tidy up'' --env test {end}, also with --env prod".replace("''", "'"),
        "error: copilot/web/manifest.yml: not packaged: run 'copilot svc package --name web "
        f"--env test {end}",
        "error: copilot/environments/test/manifest.yml: not packaged: run 'copilot env package "
        f"--name test {end}",
    ]


def test_a_workload_that_is_not_packaged_is_said_of(run: Run, write: Write, templates: Any) -> None:
    """The packages that there are do not stand for the others."""
    write(
        {
            "copilot/web/manifest.yml": WEB,
            "copilot/api/manifest.yml": WEB.replace("web", "api"),
            "copilot/environments/test/manifest.yml": "name: test\n",
            "packages/web-test.stack.yml": templates.clean,
        }
    )
    result = run("check")
    assert (result.status, "no findings" in result.out) == (0, True)
    assert result.errors == [
        "note: copilot/api/manifest.yml: not packaged: run 'copilot svc package --name api --env "
        "test --output-dir infrastructure'",
        "note: no path is given: checking packages",
    ]


def test_inside_a_workload_its_own_packages_count(
    run: Run, write: Write, templates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(
        {
            "copilot/web/manifest.yml": WEB,
            "copilot/api/manifest.yml": WEB.replace("web", "api"),
            "infrastructure/web-test.stack.yml": templates.clean,
            "infrastructure/api-test.stack.yml": templates.denied,
        }
    )
    monkeypatch.chdir(folder / "copilot" / "web")
    assert run("check").status == 0
    monkeypatch.chdir(folder / "copilot" / "api")
    assert run("check").status == 1


def test_a_template_that_cannot_be_read_is_no_nothing(run: Run, write: Write) -> None:
    write({"infrastructure/a.stack.yml": "Resources: {a: {Type: 'AWS::X"})
    result = run("check")
    assert result.status == 2
    assert "infrastructure/a.stack.yml" in result.errors[-1]
