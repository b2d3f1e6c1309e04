"""Refreshes what the documentation takes from the code: ``make docs``. Not shipped.

The pictures of ``PICTURES`` are drawn. In the pages two kinds of places are rewritten, and the
prose around them is left as it is:

- ``<!-- generated: rules -->`` … ``<!-- end -->``: the block of that name, see ``BLOCKS``;
- a fence ``console`` that begins with ``$ command``: below each command stands what it prints, from
  the root of the checkout. A comment ``<!-- not run: reason -->`` above a fence leaves it alone.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import click
from docs.layout import folders

from copilot_preflight.base.finding import Severity
from copilot_preflight.checks.rule import Rule
from copilot_preflight.cli.commands import COMMANDS
from copilot_preflight.cli.console import CLEAN, FAILED, FINDINGS, INTERRUPTED
from copilot_preflight.cli.group import cli
from copilot_preflight.render.formats import FORMATS
from copilot_preflight_rules import RULES

ROOT: Final = Path(__file__).resolve().parents[1]
_PAGES: Final = "rules/copilot_preflight_rules"
_WIDTH: Final = 80


def pages(root: Path = ROOT) -> list[Path]:
    """Every page that may hold something generated."""
    names = ("README.md", "CONTRIBUTING.md", "sample_templates/README.md")
    return [*(root / name for name in names), *sorted((root / "docs").glob("*.md"))]


PICTURES: Final = {
    "docs/picture.svg": "copilot-preflight report sample_templates/broken/env-file-stale-grant "
    "--format svg",
}
"""Files that a command prints, by their names."""


def main() -> None:
    for name, command in PICTURES.items():
        (ROOT / name).write_text(drawn(command), encoding="utf-8")
    for page in pages():
        was = page.read_text(encoding="utf-8")
        now = refreshed(was)
        if now != was:
            page.write_text(now, encoding="utf-8")
            print(f"{page.relative_to(ROOT)}: refreshed")


def drawn(command: str) -> str:
    """What the file of a picture holds."""
    return "".join(f"{line}\n" for line in _printed(command))


def refreshed(text: str) -> str:
    """A page, with everything in it that is generated as it is today."""
    return _CONSOLE.sub(_with_output, _GENERATED.sub(_with_block, text))


_GENERATED: Final = re.compile(
    r"^<!-- generated: (?P<name>[a-z ]+) -->\n.*?^<!-- end -->$", re.MULTILINE | re.DOTALL
)


def _with_block(found: re.Match[str]) -> str:
    block = "\n".join(BLOCKS[found["name"]]())
    return f"<!-- generated: {found['name']} -->\n{block}\n<!-- end -->"


# --- commands and what they print --------------------------------------------------------------

_CONSOLE: Final = re.compile(
    r"(?P<skip><!-- not run: [^\n]+ -->\n+)?"
    r"^(?P<open>(?P<indent> *)```console\n)(?P<body>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


def _with_output(found: re.Match[str]) -> str:
    indent, lines = found["indent"], list[str]()
    if found["skip"] or not found["body"].startswith(f"{indent}$ "):
        return found[0]
    for line in found["body"].splitlines():
        said = line.removeprefix(indent)
        if said.startswith("$ "):
            lines += [said, *_printed(said.removeprefix("$ "))]
    body = "".join(f"{indent}{line}".rstrip() + "\n" for line in lines)
    return f"{found['open']}{body}{indent}```"


def _printed(command: str) -> list[str]:
    """Both outputs of a shell command, as one who has the tool installed sees them.

    Raises RuntimeError where the command itself fails: no page is to show that.
    """
    ours = {name: value for name, value in os.environ.items() if not name.startswith(_HOSTS)}
    path = os.pathsep.join([str(Path(sys.executable).parent), ours.get("PATH", os.defpath)])
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env={**ours, "PATH": path, "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=120,
    )
    printed = done.stdout.decode()
    if done.returncode not in (CLEAN, FINDINGS) or "Traceback (most recent" in printed:
        raise RuntimeError(f"'{command}' ends with {done.returncode}:\n{printed}")
    return printed.splitlines()


_HOSTS: Final = ("GITHUB_", "CI_", "COLUMNS", "FORCE_COLOR", "NO_COLOR")
"""What pipelines tell a process by: the formats look at it, and the documentation must not."""


# --- rules ---------------------------------------------------------------------------------------


class Theme(NamedTuple):
    """A row of ids that belong together: those that begin so, without their letter."""

    prefixes: tuple[str, ...]
    title: str


THEMES: Final = (
    Theme(("971", "972"), "Environment files"),
    Theme(("973",), "Roles"),
    Theme(("974",), "Other calls at the start of a task"),
    Theme(("975",), "Statements, whatever the call"),
    Theme(("976",), "Layers of policy above the role's own"),
    Theme(("977",), "Pipelines and their artifacts"),
    Theme(("978",), "Updates"),
    Theme(("979",), "The check itself"),
)


def theme_of(rule: Rule) -> Theme:
    """The one theme that a rule belongs to."""
    (theme,) = (it for it in THEMES if rule.id[1:4] in it.prefixes)
    return theme


def _rules_by_theme() -> Iterator[str]:
    for theme in THEMES:
        ours = [rule for rule in RULES if theme_of(rule) is theme]
        if not ours:
            continue
        yield f"### {theme.title}"
        yield ""
        yield "| rule | says | fix | |"
        yield "|---|---|---|---|"
        for rule in ours:
            name = f"[{rule.id} {rule.name}]({_page(rule)})"
            sample = f"[sample](../sample_templates/broken/{rule.name})"
            fix = rule.fix or f"none: {rule.no_fix}"
            yield f"| {name} | {_summary(rule)} | {fix} | {sample} |"
        yield ""


def _rules_by_severity() -> Iterator[str]:
    yield "| severity | rules |"
    yield "|---|---|"
    for severity in sorted(Severity, reverse=True):
        ours = [rule for rule in RULES if rule.severity is severity]
        links = ", ".join(f"[{rule.id}]({_page(rule)})" for rule in ours)
        yield f"| {severity.label} ({len(ours)}) | {links} |"


def _page(rule: Rule) -> str:
    return f"../{_PAGES}/{rule.page}"


def _summary(rule: Rule) -> str:
    """What a rule's page says below its title, for a cell of a table."""
    line = (ROOT / _PAGES / rule.page).read_text(encoding="utf-8").splitlines()[2]
    return line.replace("|", r"\|")


def _a_rule() -> Iterator[str]:
    """The source of a small rule, for those who write one."""
    yield "```python"
    code = ROOT / _PAGES / "env_file_expires.py"
    yield from code.read_text(encoding="utf-8").splitlines()
    yield "```"


def _folders() -> Iterator[str]:
    """The folders of the source, with what each one knows and must not know."""
    yield "| folder | what it is | knows | does not know |"
    yield "|---|---|---|---|"
    for folder in folders():
        yield f"| `{folder.name}/` | {folder.what} | {folder.knows} | {folder.must_not} |"


# --- the command line ----------------------------------------------------------------------------


def _commands() -> Iterator[str]:
    """The help of every command, whatever the terminal and its colours."""
    root = _context(cli, "copilot-preflight", None)
    yield from _help(cli, root)
    for name in COMMANDS:
        command = cli.get_command(root, name)
        assert command is not None
        yield ""
        yield f"### {name}"
        yield ""
        yield from _help(command, _context(command, name, root))


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    more = {**command.context_settings, "terminal_width": _WIDTH, "max_content_width": _WIDTH}
    return click.Context(command, info_name=name, parent=parent, color=False, **more)


def _help(command: click.Command, context: click.Context) -> Iterator[str]:
    yield "```text"
    yield from (line.rstrip() for line in click.unstyle(command.get_help(context)).splitlines())
    yield "```"


_STATUSES: Final = {
    CLEAN: "nothing at or above `--fail-on`",
    FINDINGS: "findings at or above `--fail-on`",
    FAILED: "the run itself failed: an input that cannot be read or parsed, a wrong option or "
    "configuration. One line on standard error says what and where; the other files are checked "
    "all the same",
    INTERRUPTED: "Ctrl-C",
}


def _statuses() -> Iterator[str]:
    yield "| status | when |"
    yield "|---|---|"
    for status, when in sorted(_STATUSES.items()):
        yield f"| {status} | {when} |"


_READERS: Final = {
    "text": ("people", "the argument on the source itself"),
    "concise": (
        "editors, grep, long lists",
        "one line for each finding, `file:line:column: E9712 message`, and the summary",
    ),
    "json": (
        "programs",
        "version 1, frozen; its JSON Schema is "
        "[report-v1.schema.json](../src/copilot_preflight/data/schemas/report-v1.schema.json), "
        "in the package too. `fix` and `help` are described in "
        "[reading-a-finding.md](reading-a-finding.md#for-programs)",
    ),
    "sarif": (
        "code scanning, editors",
        "SARIF 2.1.0, with the rules' pages, related places and fixes; `copilotPreflight/v1` is a "
        "fingerprint that survives moved lines and new content hashes. On GitHub suppressed "
        "findings are left out, since code scanning would open alerts for them",
    ),
    "junit": (
        "Jenkins, CircleCI, Bitbucket",
        "a suite for each file; errors and warnings are failures, what cannot be judged is an "
        "error, info passes. `--select E` leaves the errors alone",
    ),
    "github": ("GitHub Actions", "one annotation for each finding; no upload is needed"),
    "gitlab": ("GitLab", "Code Quality: errors are critical, warnings minor"),
    "markdown": (
        "comments on pull requests",
        "a section for each finding, with a suggestion block where its fix changes neighbouring "
        "lines of one file. Nothing from a template becomes a link, an image or HTML",
    ),
}


def _formats() -> Iterator[str]:
    yield "| format | for | what to know |"
    yield "|---|---|---|"
    for name in FORMATS:
        readers, what = _READERS[name]
        yield f"| `{name}` | {readers} | {what} |"


def _answers() -> Iterator[str]:
    from copilot_preflight.evidence.shapes import SHAPES

    yield "| answer of `aws` | recognised by | about |"
    yield "|---|---|---|"
    seen = set()
    for shape in SHAPES:
        if shape.call in seen:
            continue
        seen.add(shape.call)
        keys = ", ".join(f"`{key}`" for key in shape.keys)
        below = f", with {', '.join(f'`{key}`' for key in shape.has)} in it" if shape.has else ""
        about = f"`{shape.subject}`, which the file's path tells" if shape.subject else ""
        yield f"| `{shape.call}` | {keys}{below} | {about or 'what it names itself'} |"


BLOCKS: Final[dict[str, Callable[[], Iterator[str]]]] = {
    "a rule": _a_rule,
    "folders": _folders,
    "rules by theme": _rules_by_theme,
    "rules by severity": _rules_by_severity,
    "commands": _commands,
    "exit statuses": _statuses,
    "formats": _formats,
    "answers": _answers,
}

if __name__ == "__main__":
    main()
