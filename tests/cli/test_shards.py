"""``check --shard`` and ``merge``: one run on several machines, and nothing told falsely by one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from syrupy.assertion import SnapshotAssertion
from tests.amount import EVERYWHERE

from copilot_preflight._version import __version__
from copilot_preflight.render.formats import FORMATS

Run = Callable[..., Any]
Write = Callable[..., Path]

ROOT = Path(__file__).resolve().parents[2]
SOME_FORMATS = FORMATS if EVERYWHERE else ("json", "text")
"""That all formats join is shown once, and of every report in ``tests/run/shards``."""
HIDDEN = "arn:aws:s3:::hideaway/9af7cc.env"
UNUSED_COMMENT = "# preflight: ignore[E9711] granted by hand, until 2999-01\n"
CONFIG = """\
severity: {W9713: error}
suppress:
  - {rule: W9713, files: ['app/locked.yml'], reason: rolled out by hand}
  - {rule: W9754, reason: nobody has one}
  - {rule: E9711, until: 2001-01, reason: long ago}
require:
  - {action: s3:GetObject, resource: 'arn:aws:s3:::never/{}', at: $.Resources.Nobody.Properties}
  - {action: s3:GetObject, resource: 'arn:aws:s3:::x/*', role: execution, files: [app/b.yml]}
"""


@pytest.fixture
def files(templates: Any, env_file: str) -> Mapping[str, str]:
    """Stacks with findings, used and unused suppressions, and what makes notes."""
    values = json.dumps({"EnvFileARN": env_file})
    denied, locked = templates.denied, templates.locked
    lines = denied.splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if "EnvironmentFiles" in line)
    indent = " " * (len(lines[at]) - len(lines[at].lstrip()))
    used = "".join([*lines[:at], f"{indent}{UNUSED_COMMENT}", *lines[at:]])
    secret = denied.replace(
        "EnvFileARN: {Type: String,", "EnvFileARN: {NoEcho: true, Type: String,"
    )
    stacks = {
        "a": denied,
        "b": UNUSED_COMMENT + locked,
        "c": used,
        "d": "# preflight: ignore[E9711]\n" + locked,
        "e": "# preflight: ignore[W9713] gone, until 2001-01\n" + denied,
        "f": "# preflight: ignore[W9791] kept on purpose\n" + UNUSED_COMMENT + templates.clean,
        "g": secret,
        "h": templates.undetermined,
        "locked": locked,
    }
    params = {f"app/{name}.params.json": values for name in stacks}
    return {
        **{f"app/{name}.yml": text for name, text in stacks.items()},
        **params,
        "app/g.params.json": json.dumps({"EnvFileARN": HIDDEN}),
        "app/readme.txt": "",
        "policy.json": '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}',
        ".copilot-preflight.yml": CONFIG,
    }


def shards(run: Run, folder: Path, of: int, *arguments: str) -> list[str]:
    """The files of all shards of a run."""
    names = []
    for number in range(1, of + 1):
        shard = ("--shard", f"{number}/{of}", "--format", "json")
        (folder / f"s{number}.json").write_text(run(*arguments, *shard).out, encoding="utf-8")
        names.append(f"s{number}.json")
    return names


def assert_joins(
    run: Run, folder: Path, of: int, *arguments: str, formats: Sequence[str] = SOME_FORMATS
) -> Any:
    names = shards(run, folder, of, *arguments)
    for form in formats:
        one = run(*arguments, "--format", form)
        assert run("merge", *reversed(names), "--format", form) == one
    return one


ARGUMENTS = ("app", "--info", "--policy", "Nobody=policy.json")


@pytest.mark.parametrize("of", [1, 2, 3, 4, 12])
def test_what_is_joined_is_one_run(
    run: Run, write: Write, files: Mapping[str, str], of: int
) -> None:
    """With suppressions, configuration, secrets and notes; with shards that have nothing to do."""
    formats = FORMATS if of == 3 else SOME_FORMATS
    one = assert_joins(run, write(files), of, *ARGUMENTS, formats=formats)
    assert one.status == 1
    assert "note: policy 'Nobody': nothing in this run asked for it" in one.err
    assert ".copilot-preflight.yml:7: nothing in this run has what is required here" in one.err
    told = [it["message"] for it in json.loads(run(*ARGUMENTS, "--format", "json").out)["findings"]]
    assert len([it for it in told if "silences nothing" in it]) == 2
    assert len([it for it in told if "expired" in it]) == 2
    assert one.err.count("note:") == 2


@pytest.mark.parametrize("more", [("--no-suppressions",), ("--jobs", "2"), ("--no-config",)])
def test_options_join_too(
    run: Run, write: Write, files: Mapping[str, str], more: tuple[str, ...]
) -> None:
    """Whatever the shards were asked for."""
    assert_joins(run, write(files), 3, *ARGUMENTS, *more)


def test_a_baseline_joins(run: Run, write: Write, files: Mapping[str, str]) -> None:
    """Its entries are used up and missed as in one run; what is gone is told once."""
    folder = write(files)
    run("app", "--no-config", "--write-baseline", "old.json")
    baseline = json.loads((folder / "old.json").read_text())
    rules = next(iter(baseline["findings"].values()))
    rules["E9711"] = {"$.Resources.Gone": 2, **rules.get("E9711", {})}
    del baseline["findings"]["app/locked.yml"]
    (folder / "old.json").write_text(json.dumps(baseline))
    one = assert_joins(run, folder, 3, "app", "--no-config", "--baseline", "old.json")
    assert one.err == "note: old.json: 2 findings are gone: write it anew with --write-baseline\n"
    (folder / "old.json").write_text("[]")
    broken = assert_joins(run, folder, 2, "app", "--no-config", "--baseline", "old.json")
    assert (broken.status, broken.err.count("error:")) == (2, 1)


@pytest.mark.parametrize("name", ["app/0.yml", "app/cc.yml", "app/z.yml"])
@pytest.mark.parametrize(
    "text",
    [
        "Resources: ['A::B'",
        "Resources: {A: 1, B: {Type: 'A::B'}}",
        "Resources: []\nAWSTemplateFormatVersion: '2010-09-09'",
        "Resources: {B: {Type: 'AWS::ECS::TaskDefinition', Properties: {ContainerDefinitions: "
        "[{Name: [a], Image: {'Fn::Sub': [1]}}]}}}",
    ],
    ids=["no YAML", "no resource", "no map", "broken value"],
)
def test_errors_join(
    run: Run, write: Write, files: Mapping[str, str], name: str, text: str
) -> None:
    """An input that cannot be judged is told once, in its turn, and nothing unused is told then."""
    folder = write({**files, name: text})
    names = shards(run, folder, 3, *ARGUMENTS)
    for form in SOME_FORMATS:
        one = run(*ARGUMENTS, "--format", form)
        merged = run("merge", *names, "--format", form)
        late = [line for line in merged.errors if "cannot be judged, and" in line]
        assert (merged.status, merged.out) == (2, one.out)
        assert [line for line in merged.errors if line not in late] == one.errors
        assert len(late) <= 1


def test_a_template_that_breaks_late_is_told(run: Run, write: Write, templates: Any) -> None:
    """Only its own shard knows; the others have taken it for sound."""
    broken = (
        "Resources: {B: {Type: 'AWS::ECS::TaskDefinition', Properties: {ContainerDefinitions: "
        "[{Name: [a], Image: {'Fn::Sub': [1]}}]}}}"
    )
    folder = write({"a.yml": templates.clean, "b.yml": broken, "c.yml": templates.clean})
    result = run("merge", *shards(run, folder, 3, "a.yml", "b.yml", "c.yml"))
    assert result.status == 2
    assert result.errors[-1] == (
        "note: b.yml: cannot be judged, and what the rest may get from it counted in "
        "shards 1, 3: put it right first"
    )


def test_no_sources_are_needed(run: Run, write: Write, files: Mapping[str, str]) -> None:
    """Where reports are joined there may be no checkout."""
    folder = write(files)
    names = shards(run, folder, 2, *ARGUMENTS)
    ones = {form: run(*ARGUMENTS, "--format", form) for form in FORMATS}
    for path in (folder / "app").iterdir():
        path.unlink()
    (folder / ".copilot-preflight.yml").unlink()
    for form, one in ones.items():
        assert run("merge", *names, "--format", form) == one


# --- what one shard says -------------------------------------------------------------------------


def test_a_shard_tells_nothing_of_the_whole_run(
    run: Run, write: Write, files: Mapping[str, str], snapshot: SnapshotAssertion
) -> None:
    """Nothing that is unused, absent or gone; its own findings, as text too."""
    write(files)
    results = [run(*ARGUMENTS, "--shard", f"{number}/3") for number in (1, 2, 3)]
    assert not any("silences nothing" in it.out or "note:" in it.err for it in results)
    assert snapshot == "\n\n".join(it.out for it in results)


def test_a_report_of_a_whole_run_says_nothing_of_shards(
    run: Run, write: Write, templates: Any
) -> None:
    write({"a.yml": templates.denied})
    assert "shard" not in json.loads(run("a.yml", "--format", "json").out)


def test_the_json_of_a_shard_keeps_the_contract(
    run: Run, write: Write, files: Mapping[str, str]
) -> None:
    """Version 1, with one key more."""
    folder = write(files)
    schema = ROOT / "src" / "copilot_preflight" / "data" / "schemas" / "report-v1.schema.json"
    for name in shards(run, folder, 2, *ARGUMENTS):
        report = json.loads((folder / name).read_text(encoding="utf-8"))
        jsonschema.validate(report, json.loads(schema.read_text(encoding="utf-8")))
        assert set(report) == {"version", "tool", "summary", "findings", "errors", "shard"}


def test_secrets_do_not_leave(run: Run, write: Write, files: Mapping[str, str]) -> None:
    """Neither the values of NoEcho parameters, nor more of a long line than a report shows."""
    stack = {
        "Metadata": {"a": "k3ep-" * 100, "password": "hunter2" + "x" * 300},
        "Resources": {
            "Task": {
                "Type": "AWS::ECS::TaskDefinition",
                "Properties": {
                    "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                    "ContainerDefinitions": [
                        {
                            "Name": "web",
                            "EnvironmentFiles": [{"Type": "s3", "Value": "arn:aws:s3:::b/web.env"}],
                        }
                    ],
                },
            },
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}},
        },
    }
    given = ("app/g.yml", "app/g.params.json")
    folder = write({**{it: files[it] for it in given}, "app/long.json": json.dumps(stack)})
    names = shards(run, folder, 1, "app", "--info")
    text = (folder / names[0]).read_text()
    assert "arn:aws:s3:::b/web.env" in text
    assert "hunter2" not in text
    assert "app/g.yml" in text
    assert not any(part in text for part in ("hideaway", "9af7cc"))


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["0/8", "9/8", "x", "1/0", "2", "1/99999", "\u0661/2"])
def test_a_wrong_share_is_one_error(run: Run, write: Write, templates: Any, value: str) -> None:
    write({"a.yml": templates.denied})
    result = run("a.yml", "--shard", value)
    assert (result.status, result.out) == (2, "")
    assert result.errors == [
        f"error: invalid value for '--shard': '{value}' is no share of a run, which is N/M, as in "
        "2/8: 1 to M, and M at most 9999 (see 'copilot-preflight check --help')"
    ]


def test_a_shard_writes_no_baseline(run: Run, write: Write, templates: Any) -> None:
    """It would lack what the other shards find."""
    folder = write({"a.yml": templates.denied})
    result = run("a.yml", "--shard", "1/2", "--write-baseline", "old.json")
    assert (result.status, result.out) == (2, "")
    assert not (folder / "old.json").exists()


def test_missing_and_doubled_shards(
    run: Run, write: Write, files: Mapping[str, str], snapshot: SnapshotAssertion
) -> None:
    """One line each; what is missing may be allowed, and then it is told."""
    folder = write(files)
    names = shards(run, folder, 12, *ARGUMENTS)
    lines = []
    for given in (names[:11], names[2:], names[:2], [*names, names[4]]):
        result = run("merge", *given)
        assert (result.status, result.out, len(result.errors)) == (2, "", 1)
        lines += result.errors
    some = run("merge", *names[:2], "--allow-missing")
    assert snapshot == "\n".join([*lines, *some.errors, some.out])
    assert some.status == 1
    assert "silences nothing" not in some.out
    assert run("merge", *names[:11], names[11], "--allow-missing") == run("merge", *names)


def test_shards_of_other_runs(run: Run, write: Write, files: Mapping[str, str]) -> None:
    """Other content, other options, another number of shards."""
    folder = write(files)
    first = run("app", "--shard", "1/2", "--format", "json").out
    (folder / "first.json").write_text(first)

    def refused(*arguments: str) -> str:
        second = run("app", "--shard", *arguments, "--format", "json")
        (folder / "second.json").write_text(second.out)
        result = run("merge", "first.json", "second.json")
        assert (result.status, result.out, len(result.errors)) == (2, "", 1)
        return str(result.errors[0])

    other = (
        "error: second.json: of another run than first.json: other files, other content of files "
        "or other options"
    )
    assert refused("2/2", "--info") == other
    assert refused("2/2", "--parameter", "EnvName=x") == other
    assert refused("2/2", "--fail-on", "warning") == other
    cut = "this run was cut into 3 shards, and that of first.json into 2"
    assert refused("2/3") == f"error: second.json: {cut}"
    (folder / "app/a.yml").write_text(files["app/a.yml"] + "# more\n")
    assert refused("2/2") == other


def test_another_version_is_refused(run: Run, write: Write, templates: Any) -> None:
    folder = write({"a.yml": templates.denied})
    text = run("a.yml", "--shard", "1/1", "--format", "json").out
    (folder / "s.json").write_text(text.replace(f'"version": "{__version__}"', '"version": "9.9"'))
    result = run("merge", "s.json")
    assert (result.status, len(result.errors)) == (2, 1)
    assert "written by another version of copilot-preflight" in result.err


def test_merge_never_writes_over_what_it_reads(run: Run, write: Write, templates: Any) -> None:
    folder = write({"a.yml": templates.denied})
    (name,) = shards(run, folder, 1, "a.yml")
    before = {it: (folder / it).read_text() for it in (name, "a.yml")}
    for it in before:
        assert run("merge", name, "--output", it).status == 2
    assert {it: (folder / it).read_text() for it in before} == before
    result = run("merge", name, "--format", "sarif", "--output", "x.sarif", "--statistics")
    assert result.status == 1
    assert result == run("a.yml", "--format", "sarif", "--output", "y.sarif", "--statistics")
    assert (folder / "x.sarif").read_text() == (folder / "y.sarif").read_text()
    assert run("merge", name, "--quiet") == run("a.yml", "--quiet")
    assert run("merge", name, "--fail-on", "never").status == 0


def test_the_shards_say_what_fails(run: Run, write: Write, templates: Any, env_file: str) -> None:
    """Unless merge is told otherwise."""
    values = json.dumps({"EnvFileARN": env_file})
    folder = write({"a.yml": templates.locked, "a.params.json": values})
    (name,) = shards(run, folder, 1, "a.yml", "--fail-on", "warning")
    assert run("merge", name).status == 1
    assert run("merge", name, "--fail-on", "error").status == 0


# --- documented ----------------------------------------------------------------------------------


def documented(host: int) -> tuple[str, str]:
    """The commands of a shard and of the one that joins, as docs/shards.md has them."""
    page = (ROOT / "docs" / "shards.md").read_text(encoding="utf-8")
    jobs = yaml.safe_load(re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[host])
    steps = [job.get("script") or job["steps"] for job in jobs.get("jobs", jobs).values()]
    commands = [it if isinstance(it, str) else it.get("run", "") for job in steps for it in job]
    check, merge = (it for it in commands if it.startswith("copilot-preflight "))
    return check, merge


@pytest.mark.parametrize("host", [0, 1], ids=["GitHub", "GitLab"])
def test_what_is_documented_runs(run: Run, write: Write, templates: Any, host: int) -> None:
    """The matrix of GitHub and the parallel jobs of GitLab, with their variables filled in."""
    folder = write({f"infrastructure/{n}.yml": templates.denied for n in range(6)})
    check, merge = documented(host)
    for number in range(1, 5):
        command = re.sub(r"\$\{\{ matrix.shard }}|\$CI_NODE_INDEX", str(number), check)
        command = re.sub(r"\$\{\{ strategy.job-total }}|\$CI_NODE_TOTAL", "4", command)
        assert "$" not in command
        assert run(*command.split()[1:]).status == 0
    names = [it.name for it in folder.glob("shard-*.json")]
    words = merge.split()[1:]
    assert words[:2] == ["merge", "shard-*.json"]
    joined = run("merge", *names, *words[2:])
    assert joined.out == run("infrastructure", *words[2:]).out
    assert joined.status == run("infrastructure").status
