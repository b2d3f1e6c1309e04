"""Begins a rule: ``make rule NAME=some-new-rule ID=E9799``.

Writes the code, the page and the sample, with ``TODO`` where something has to be filled in, and the
lines in the catalogue and in the table of samples. What is written passes ruff and mypy and can be
loaded; the tests of the page's example and of the sample fail until the rule finds something.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
_RULES: Final = "rules/copilot_preflight_rules"
_CATALOGUE: Final = f"{_RULES}/__init__.py"
_SAMPLES: Final = "sample_templates"

_ID: Final = re.compile(r"[EWI]97[1-9]\d")
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_ENTRY: Final = re.compile(r'    RuleEntry\("(?P<id>\w+)", "(?P<name>[a-z0-9-]+)"')
_ROW: Final = re.compile(r"\| `(?P<name>[a-z0-9-]+)` \|")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="make rule", usage="make rule NAME=some-new-rule ID=E9799"
    )
    parser.add_argument("name")
    parser.add_argument("id")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    given = parser.parse_args()
    try:
        for path in begin(given.root, given.name, given.id):
            print(path)
    except ValueError as error:
        parser.error(str(error))
    print(
        "next: replace each TODO, until this passes:\n"
        "  .venv/bin/python -m pytest -q tests/test_pages.py tests/test_samples.py "
        f"-k {given.name}\n"
        "then: make snapshots, make test"
    )


def begin(root: Path, name: str, id: str) -> Iterator[str]:
    """Writes what a rule consists of; yields each path, from ``root``, once it is written.

    Raises ValueError, before anything is written, for an id or a name that is taken or has the
    wrong form.
    """
    catalogue, samples = root / _CATALOGUE, root / _SAMPLES / "README.md"
    taken = {found["id"]: found["name"] for found in _ENTRY.finditer(_text(catalogue))}
    if not _ID.fullmatch(id):
        raise ValueError(f"ID={id}: must be E, W or I and a number from 9710 to 9799, as in E9799")
    if not _NAME.fullmatch(name):
        raise ValueError(f"NAME={name}: must be words in lower case with hyphens between them")
    if id in taken:
        raise ValueError(f"ID={id}: is taken by {taken[id]}, choose another number")
    stem = name.replace("-", "_")
    files = {
        f"{_RULES}/{stem}.py": _CODE,
        f"{_RULES}/{stem}.md": _PAGE,
        f"{_SAMPLES}/broken/{name}/template.yml": _TEMPLATE,
    }
    for path in files:
        if (root / path).exists():
            raise ValueError(f"NAME={name}: {path} is there already, choose another name")
    ids = {**taken, id: name}
    order = sorted(ids, key=lambda it: (it[1:], it))
    after = ids[order[order.index(id) - 1]] if order.index(id) else ""
    # Both first: neither may fail once files are written.
    entries = _with_line(_text(catalogue), _ENTRY, after, f'    RuleEntry("{id}", "{name}"),')
    rows = _with_line(_text(samples), _ROW, after, f"| `{name}` | TODO | TODO |")
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        filled = text.replace("ID", id).replace("NAME", name).replace("STEM", stem)
        (root / path).write_text(filled, encoding="utf-8")
        yield path
    for file, text in ((catalogue, entries), (samples, rows)):
        file.write_text(text, encoding="utf-8")
        yield file.relative_to(root).as_posix()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _with_line(text: str, pattern: re.Pattern[str], after: str, line: str) -> str:
    """A text with one more line, behind the one that names ``after``, or before all such lines."""
    lines = text.splitlines()
    at = {found["name"]: n for n, old in enumerate(lines) if (found := pattern.match(old))}
    lines.insert(at[after] + 1 if after else min(at.values()), line)
    return "\n".join(lines) + "\n"


_CODE: Final = '''\
"""ID: TODO: what is wrong, in one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.needs.env_files import EnvFileRead


@rule("ID", "NAME", "TODO: what is wrong, in six words", no_fix="TODO: why")
def STEM(analysis: Analysis) -> Iterator[Finding]:
    for read in analysis.read_once():
        if _is_wrong(read):
            yield Finding(
                at=read.file.value.place,
                message=f"TODO: what is wrong for {read.container}, with the value and the reason",
                label="TODO: three words about this place",
                help="TODO: the way out",
            )


def _is_wrong(read: EnvFileRead) -> bool:
    return str(read.container) == "TODO"
'''

_TEMPLATE: Final = """\
Resources:
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt ExecutionRole.Arn
      ContainerDefinitions:
        - Name: web
          Image: public.ecr.aws/docker/library/nginx:stable
          Memory: 128
          EnvironmentFiles: [{Type: s3, Value: 'arn:aws:s3:::my-config/web.env'}]
  ExecutionRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          Effect: Allow
          Principal: {Service: ecs-tasks.amazonaws.com}
          Action: sts:AssumeRole
      Policies:
        - PolicyName: EnvFile
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - {Effect: Allow, Action: s3:GetObject, Resource: 'arn:aws:s3:::my-config/web.env'}
              - {Effect: Allow, Action: s3:GetBucketLocation, Resource: 'arn:aws:s3:::my-config'}
"""

_PAGE: Final = f"""\
# ID NAME

TODO: what is wrong, in one sentence.

## What it does
TODO: what it looks at, and when it reports.

## Why it breaks
TODO: what ECS does at the start of a task, and the error that it shows.

## Example
```yaml web.yml
{_TEMPLATE.replace("web.env'}]", "web.env'}]  # <- ID")}```

## Instead
TODO: what to change.
```yaml web.yml
{_TEMPLATE}```

## What it cannot see
TODO: what would have to be in the files, and is not.

## References
- [TODO: the page of AWS that says so](https://docs.aws.amazon.com/)
"""

if __name__ == "__main__":
    main()
