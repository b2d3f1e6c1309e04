"""The rules in the real cfn-lint, one process for each run.

Each is a copy of a process that has loaded cfn-lint and no more, without ``.pth`` files
(``python -S``), so that nothing of this project is installed but what a test puts on the path.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from copilot_preflight.read import document
from copilot_preflight.run import check as engine
from copilot_preflight_rules import RULES

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
CORPUS = PROJECT.parent / "shared" / "corpus" / "copilot-v1.33.2" / "workloads"
TEMPLATE = (HERE / "web-test.stack.yml").read_text(encoding="utf-8")
VALUES = json.loads((HERE / "web-test.params.json").read_text(encoding="utf-8"))["Parameters"]
MODULE = "copilot_preflight.cfnlint"
IDS = sorted(rule.id for rule in RULES)

GRANTED = "arn:aws:s3:::artifacts/manual/env-files/web.env/" + "1" * 64 + ".env"
OTHER_BUCKET = GRANTED.replace("artifacts", "elsewhere")

PACKAGES = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
CODE = (PROJECT / "src", PROJECT / "rules")

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes do not fork here")


class Match(NamedTuple):
    """A match as cfn-lint's JSON tells it; lines and columns are 1-based, the end is exclusive."""

    rule: str
    file: str
    start: tuple[int, int]
    end: tuple[int, int]
    path: tuple[str | int, ...]
    message: str


@dataclass(frozen=True)
class Output:
    matches: list[Match]
    stderr: str

    @property
    def ours(self) -> list[Match]:
        """Our rules' matches, and the errors in which we have a say."""
        return [m for m in self.matches if m.rule in IDS or m.rule.startswith("E000")]

    @property
    def ids(self) -> list[str]:
        return [match.rule for match in self.ours]


@cache
def server() -> subprocess.Popen[str]:
    """cfn-lint, loaded once for all runs of this process."""
    made = subprocess.Popen(
        [sys.executable, "-S", str(HERE / "cfn_lint_server.py")],
        env={**_kept(), "PYTHONPATH": os.pathsep.join(PACKAGES), "PYTHONUTF8": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    atexit.register(made.communicate)  # it ends with its input
    return made


def _kept() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}


def cfn_lint(
    *arguments: str,
    cwd: Path,
    on_path: tuple[Path, ...] = CODE,
    stdin: str = "",
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """A run of cfn-lint; its last line on stderr names the ``copilot_preflight`` that it loaded."""
    home = {"HOME": str(cwd), "USERPROFILE": str(cwd), "PYTHONUTF8": "1"}
    with TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("in", "out", "err")]
        files[0].write_text(stdin, encoding="utf-8")
        request = {
            "arguments": arguments,
            "folder": str(cwd),
            "environment": {**_kept(), **home, **(environment or {})},
            "path": [str(it) for it in on_path],
            "files": [str(it) for it in files],
        }
        process = server()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        status = int(process.stdout.readline())
        out, err = (it.read_text(encoding="utf-8") for it in files[1:])
        return subprocess.CompletedProcess(arguments, status, out, err)


def lint(
    *arguments: str,
    cwd: Path,
    rules: str = MODULE,
    on_path: tuple[Path, ...] = CODE,
    stdin: str = "",
    environment: Mapping[str, str] | None = None,
) -> Output:
    """The matches of a run with our rules; ``rules=""`` leaves it to a ``.cfnlintrc``."""
    append = ("--append-rules", rules) if rules else ()
    ran = cfn_lint(
        *arguments,
        *("--format", "json"),
        *append,
        cwd=cwd,
        on_path=on_path,
        stdin=stdin,
        environment=environment,
    )
    assert "Traceback" not in ran.stderr, ran.stderr
    return Output(list(_matches(ran.stdout)), ran.stderr)


def _matches(output: str) -> Iterator[Match]:
    for it in json.loads(output or "[]"):
        start, end = it["Location"]["Start"], it["Location"]["End"]
        yield Match(
            it["Rule"]["Id"],
            it["Filename"],
            (start["LineNumber"], start["ColumnNumber"]),
            (end["LineNumber"], end["ColumnNumber"]),
            tuple(it["Location"]["Path"] or ()),
            it["Message"],
        )


def write(folder: Path, template: str = TEMPLATE, values: object = VALUES) -> Path:
    """A package in a folder: a template and, unless ``values`` is None, its parameter file."""
    folder.mkdir(parents=True, exist_ok=True)
    if values is not None:
        content = values if isinstance(values, str) else json.dumps({"Parameters": values})
        (folder / "web-test.params.json").write_text(content, encoding="utf-8")
    path = folder / "web-test.stack.yml"
    path.write_text(template, encoding="utf-8")
    return path


def with_value(arn: str) -> dict[str, str]:
    return {**VALUES, "EnvFileARN": arn}


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


# --- how the rules get into cfn-lint -------------------------------------------------------------


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout's code, as ``git clone`` leaves it."""
    folder = tmp_path_factory.mktemp("checkout")
    ignored = shutil.ignore_patterns("__pycache__")
    for part in ("src", "rules"):
        shutil.copytree(PROJECT / part, folder / part, ignore=ignored)
    return folder


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages with what a wheel would put there."""
    folder = tmp_path_factory.mktemp("site")
    for package in ("src/copilot_preflight", "rules/copilot_preflight_rules"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / package, folder / Path(package).name, ignore=ignored)
    return folder


@pytest.mark.parametrize("way", ["checkout", "checkout and rc file", "editable", "beside a wheel"])
def test_a_folder_of_rules_is_loaded_once_and_from_the_checkout(
    way: str, tmp_path: Path, checkout: Path, wheel: Path
) -> None:
    """``-a rules/`` gives every rule once, from the checkout, whatever else is installed."""
    on_path: dict[str, tuple[Path, ...]] = {
        "editable": (checkout / "src", checkout / "rules"),
        "beside a wheel": (wheel,),
    }
    rules = str(checkout / "rules")
    if way == "checkout and rc file":
        (tmp_path / ".cfnlintrc").write_text(f"append_rules: [{json.dumps(rules + '/')}]")
        rules = ""
    write(tmp_path)

    found = lint("web-test.stack.yml", cwd=tmp_path, rules=rules, on_path=on_path.get(way, ()))

    assert found.ids == ["E9712"]
    assert Path(found.stderr.splitlines()[-1]).is_relative_to(checkout)


@pytest.mark.parametrize("way", ["-a", "rc file"])
def test_an_installed_module_is_loaded_once(way: str, tmp_path: Path, wheel: Path) -> None:
    """``-a copilot_preflight.cfnlint`` and ``append_rules`` work with nothing but the wheel."""
    if way == "rc file":
        (tmp_path / ".cfnlintrc").write_text(f"append_rules: [{MODULE}]")
    write(tmp_path)

    found = lint(
        "web-test.stack.yml", cwd=tmp_path, rules=MODULE if way == "-a" else "", on_path=(wheel,)
    )

    assert found.ids == ["E9712"]
    assert Path(found.stderr.splitlines()[-1]).is_relative_to(wheel)


def test_cfn_lint_lists_every_rule_of_the_catalogue(tmp_path: Path, checkout: Path) -> None:
    """``--list-rules`` shows each rule once, with its title and name, and no other of ours."""
    listed = cfn_lint("--list-rules", "-a", str(checkout / "rules"), cwd=tmp_path, on_path=())

    known = {rule.id: rule for rule in RULES}
    lines = listed.stdout.splitlines()
    shown = [(line, lines[at + 1]) for at, line in enumerate(lines) if line[:5] in known]
    assert sorted(line[:5] for line, _ in shown) == IDS
    assert set(shown) == {(f"{r.id}: {r.title}", f"{r.title} ({r.name})") for r in RULES}
    assert not [line for line in lines if re.match(r"[EWI]97\d\d", line) and line[:5] not in known]


def test_rule_files_run_by_their_bare_stem() -> None:
    """Every file below rules/ can be executed outside any package, as cfn-lint does, and shows no
    rule class there."""
    code = (
        "import sys; from cfnlint.helpers import import_filename, create_rules; import pathlib\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "import_filename('load', str(folder))\n"
        "for file in sorted((folder / 'copilot_preflight_rules').glob('[A-Za-z1-9]*.py')):\n"
        "    assert create_rules(import_filename(file.stem, str(file.parent))) == [], file\n"
    )
    ran = subprocess.run(
        [sys.executable, "-S", "-c", code, str(PROJECT / "rules")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(PACKAGES)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.stderr == ""
    assert sorted(file.name for file in (PROJECT / "rules").glob("*.py")) == ["load.py"]


# --- what it finds, and where --------------------------------------------------------------------


def _as_json(text: str) -> str:
    return json.dumps(document.parse(text, "").data, indent=2)


def test_findings_stand_where_our_own_command_has_them(tmp_path: Path) -> None:
    """Rule, file, start and end are those of ``copilot-preflight check``, in YAML and in JSON, for
    values and keys and for broken copies of a stack that Copilot wrote."""
    on_bucket = TEMPLATE.replace("/manual/env-files/web.env/" + "1" * 64 + ".env'", "'")
    windows = TEMPLATE.replace("[FARGATE]", "[EC2]\n      RuntimePlatform:\n        "
                               "OperatingSystemFamily: WINDOWS_SERVER_2022_CORE")  # fmt: skip
    files = [
        write(tmp_path / "stale"),
        write(tmp_path / "bucket", on_bucket),
        write(tmp_path / "windows", windows),
        write(tmp_path / "unknown", TEMPLATE, None),
    ]
    for number, text in enumerate([TEMPLATE, on_bucket]):
        folder = write(tmp_path / f"json{number}").parent
        (folder / "web-test.json").write_text(_as_json(text), encoding="utf-8")
        files.append(folder / "web-test.json")
    for number, golden in enumerate(_broken_goldens()):
        folder = tmp_path / f"golden{number}"
        values = json.loads((CORPUS / "svc-test.params.json").read_text())["Parameters"]
        files.append(write(folder, golden, {**values, "EnvFileARN": GRANTED}))
    names = [str(path.relative_to(tmp_path)) for path in files]

    # All at once, and each of them a run of its own in our command: cfn-lint knows one template.
    found = lint("--include-checks", "I9", "-t", *names, cwd=tmp_path)

    expected = [it for path in files for it in _own_findings(path)]
    assert {it[0] for it in expected} >= {"E9712", "E9751", "E9717", "I9790"}
    shown = [(m.rule, str(tmp_path / m.file), m.start, m.end) for m in found.ours]
    assert sorted(shown) == sorted(it[:4] for it in expected)
    messages = [m.message for m in found.ours]
    assert all(any(m.startswith(it[4]) for m in messages) for it in expected)


def _broken_goldens() -> Iterator[str]:
    golden = CORPUS / "svc-test.stack.yml"
    if golden.is_file():
        text = golden.read_text(encoding="utf-8")
        yield text
        yield text.replace("s3:GetObject'", "s3:PutObject'", 1)
        yield text.replace("s3:GetBucketLocation'", "s3:ListBucket'", 1)


Own = tuple[str, str, tuple[int, int], tuple[int, int], str]


def _own_findings(path: Path) -> Iterator[Own]:
    report = engine.check([str(path)], engine.Options(info=True))
    assert not report.errors
    for finding in report.findings:
        start, end = report.sources[finding.at.file].span(finding.at.path, key=finding.at.key)
        yield (
            finding.rule,
            finding.at.file,
            (start.line, start.column),
            (end.line, end.column),
            finding.message,
        )


def test_a_finding_says_everything_in_one_line(tmp_path: Path) -> None:
    """Related places, cause and the first line of the help follow the message, in parentheses; the
    path is cfn-lint's."""
    path = write(tmp_path)
    [finding] = engine.check([str(path)]).findings

    [match] = lint("web-test.stack.yml", cwd=tmp_path).ours

    granted, role = line_of(TEMPLATE, "Resource: !Sub"), line_of(TEMPLATE, "ExecutionRole:\n")
    places = [f"line {granted}", f"line {role}", "web-test.params.json:1"]
    related = [f"{at}: {it.message}" for at, it in zip(places, finding.related, strict=True)]
    help = finding.help.split("\n")[0].removesuffix(":")
    notes = [*related, "cause: stale-hash", f"help: {help}"]
    assert match.message == f"{finding.message} ({'; '.join(notes)})"
    assert match.path[:5] == (
        "Resources",
        "TaskDefinition",
        "Properties",
        "ContainerDefinitions",
        0,
    )


def test_values_of_noecho_parameters_are_not_told(tmp_path: Path) -> None:
    """As in our own reports: holes stand in their place."""
    template = TEMPLATE.replace("  EnvFileARN:\n", "  EnvFileARN:\n    NoEcho: true\n")
    write(tmp_path, template, with_value("arn:aws:s3:::hunter2bucket/hunter2key.env"))
    found = lint("web-test.stack.yml", cwd=tmp_path).ours
    assert found
    assert "hunter2" not in repr(found)


def test_a_finding_in_another_file_stands_where_the_template_speaks_of_it(tmp_path: Path) -> None:
    """What is wrong in the addons stands at the addons stack, and the message names its place."""
    role = TEMPLATE[TEMPLATE.index("  ExecutionRole:") :]
    addons = "Resources:\n" + role.replace("ecs-tasks.", "ecs-task.")
    addons += "Outputs:\n  Role: {Value: !GetAtt ExecutionRole.Arn}\n"
    main = TEMPLATE[: TEMPLATE.index("  ExecutionRole:")]
    main = main.replace("!GetAtt ExecutionRole.Arn", "!GetAtt AddonsStack.Outputs.Role")
    main += (
        "  AddonsStack:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n"
        "      TemplateURL: https://s3.amazonaws.com/artifacts/web.addons.stack.yml\n"
    )
    write(tmp_path, main)
    (tmp_path / "web.addons.stack.yml").write_text(addons, encoding="utf-8")

    found = lint("web-test.stack.yml", cwd=tmp_path).ours

    [match] = [match for match in found if match.rule == "E9732"]
    assert match.file == "web-test.stack.yml"
    assert match.start == (line_of(main, "AddonsStack:\n"), 3)
    assert match.message.startswith("web.addons.stack.yml:")


# --- parameters and regions ----------------------------------------------------------------------


def test_parameters_win_over_the_file_beside_the_template(tmp_path: Path) -> None:
    """``--parameters`` replaces what it names and leaves the rest as the parameter file has it."""
    write(tmp_path)

    found = lint("web-test.stack.yml", "--parameters", f"EnvFileARN={OTHER_BUCKET}", cwd=tmp_path)

    [match] = found.ours
    assert match.rule == "E9711"
    assert "container 'web'" in match.message


def test_parameter_files_are_judged_one_by_one(tmp_path: Path) -> None:
    """Of two files, the one that breaks the stack is named; and neither cfn-lint's last run without
    them nor the file beside the template adds anything."""
    write(tmp_path)
    for name, arn in (("good.json", GRANTED), ("bad.json", OTHER_BUCKET)):
        pairs = [{"ParameterKey": k, "ParameterValue": v} for k, v in with_value(arn).items()]
        (tmp_path / name).write_text(json.dumps(pairs), encoding="utf-8")

    found = lint(
        "web-test.stack.yml", "--parameter-files", "good.json", "bad.json", cwd=tmp_path
    ).ours

    assert sorted(match.rule for match in found) == ["E9711", "W9713"]
    denied = next(match for match in found if match.rule == "E9711")
    assert "(with the parameters of 'bad.json'; " in denied.message


@pytest.mark.parametrize(
    ("told", "environment", "expected"),
    [
        (("--regions", "cn-north-1"), {}, True),
        ((), {"AWS_REGION": "cn-north-1"}, False),
        (("--regions", "cn-north-1", "us-east-1"), {}, False),
    ],
)
def test_one_region_that_the_user_tells_is_the_stack_s(
    told: tuple[str, ...], environment: dict[str, str], expected: bool, tmp_path: Path
) -> None:
    """One region of ``--regions`` makes an ARN of another partition wrong; a default does not, and
    neither do several."""
    write(tmp_path, values=with_value(GRANTED))

    found = lint("-t", "web-test.stack.yml", *told, cwd=tmp_path, environment=environment)

    assert ("E9716" in found.ids) is expected


# --- what cfn-lint switches ----------------------------------------------------------------------


def test_cfn_lint_s_own_switches_work(tmp_path: Path) -> None:
    """A resource's ``ignore_checks`` silences a rule there, ``--ignore-checks`` everywhere, an
    informational rule is silent unless included, and ``--configure-rule`` does no harm."""
    ignoring = TEMPLATE.replace(
        "  TaskDefinition:\n",
        "  TaskDefinition:\n    Metadata: {cfn-lint: {config: {ignore_checks: [E9712]}}}\n",
    )
    write(tmp_path / "ignoring", ignoring)
    write(tmp_path / "locked", values=with_value(GRANTED))
    write(tmp_path / "plain")
    write(tmp_path / "unknown", values=None)
    names = ("ignoring", "locked", "plain", "unknown")

    found = lint(
        *("--ignore-checks", "W971", "--configure-rule", "E9712:strict=true"),
        *("-t", *(f"{name}/web-test.stack.yml" for name in names)),
        cwd=tmp_path,
    ).ours

    assert [(match.rule, Path(match.file).parent.name) for match in found] == [("E9712", "plain")]


def test_comments_silence_and_are_told_to_be_unused(tmp_path: Path) -> None:
    """As in our own command; ``Metadata`` is not judged: cfn-lint does not say what it did."""
    resource, value = "  TaskDefinition:\n", "Value: !Ref EnvFileARN"
    metadata = "    Metadata: {cfn-lint: {config: {ignore_checks: [E9711, W9713]}}}\n"
    template = TEMPLATE.replace(resource, resource + metadata).replace(
        value, f"{value}  # preflight: ignore[E9712, E9715] why"
    )
    line = template[: template.index("# preflight")].count("\n") + 1
    write(tmp_path, template)

    found = lint("-t", "web-test.stack.yml", cwd=tmp_path).ours

    assert [(match.rule, match.start[0]) for match in found] == [("W9791", line)]
    assert found[0].message.startswith("suppression of E9715 silences nothing")


# --- bad input -----------------------------------------------------------------------------------


Edit = Callable[[Path], object]


def _no_values(folder: Path) -> None:
    write(folder, values='{"Parameters": {')


def _foreign_values(folder: Path) -> None:
    write(folder, values={**with_value(GRANTED), "Bucket": "x"})


def _no_addons(folder: Path) -> None:
    write(folder, values=with_value(GRANTED))
    (folder / "web.addons.stack.yml").write_text("Resources:\n\t- x\n", encoding="utf-8")


def _circle(folder: Path) -> None:
    circular = TEMPLATE.replace('!Not [!Equals [!Ref EnvFileARN, ""]]', "!Condition HasEnvFile")
    write(folder, circular)


def _list_for_a_map(folder: Path) -> None:
    write(folder, TEMPLATE.replace("  ExecutionRole:\n", "  ExecutionRole: []\n  Other:\n"))


def test_what_cannot_be_read_is_an_error_at_its_place(tmp_path: Path) -> None:
    """A broken neighbour and a template of the wrong shape give one E0000 that says what is wrong,
    never an error in a rule of ours; what cfn-lint reports itself is not repeated."""
    cases: dict[str, Edit] = {
        "values": _no_values,
        "foreign": _foreign_values,
        "addons": _no_addons,
        "circle": _circle,
        "list": _list_for_a_map,
    }
    for name, make in cases.items():
        make(tmp_path / name)

    found = lint("-t", *(f"{name}/web-test.stack.yml" for name in cases), cwd=tmp_path)

    told = {
        (Path(match.file).parent.name, match.start[0], match.message.replace(os.sep, "/"))
        for match in found.ours
        if match.rule == "E0000"
    }
    parameters, condition = line_of(TEMPLATE, "Parameters:\n"), line_of(TEMPLATE, "HasEnvFile: ")
    assert told == {
        (
            "values",
            parameters,
            "values/web-test.params.json:1:17: a value is missing: found the end",
        ),
        (
            "foreign",
            parameters,
            "foreign/web-test.params.json:1:222: 'foreign/web-test.stack.yml' declares no "
            "parameter 'Bucket': is this another stack's?",
        ),
        (
            "addons",
            line_of(TEMPLATE, "Resources:\n"),
            "addons/web.addons.stack.yml:2:1: tab in the indentation, where YAML takes only spaces",
        ),
        (
            "circle",
            condition,
            "copilot-preflight cannot judge the template: condition depends on itself: "
            "HasEnvFile -> HasEnvFile",
        ),
    }
    rules = [
        m.message for m in found.matches if m.rule == "E0002" and re.search(r"[EWI]97", m.message)
    ]
    assert rules == []
    assert any(m.rule == "E3001" and m.file.startswith("list") for m in found.matches)


def test_nothing_is_claimed_on_values_that_cfn_lint_makes_up(tmp_path: Path) -> None:
    """A loop over an unknown list is not judged, and an unquoted account id is what is written."""
    task = TEMPLATE[TEMPLATE.index("  TaskDefinition:\n") : TEMPLATE.index("  ExecutionRole:\n")]
    body = re.sub(
        r"^", "    ", task.replace("TaskDefinition", "Task${File}", 1), flags=re.MULTILINE
    )
    loop = f"  Fn::ForEach::Tasks:\n    - File\n    - !Ref Files\n    -\n{body}".rstrip() + "\n"
    loop = loop.replace("!Ref EnvFileARN", "!Sub 'arn:aws:s3:::artifacts/${File}.env'")
    looping = "Transform: AWS::LanguageExtensions\n" + TEMPLATE.replace(task, loop).replace(
        "  EnvFileARN:\n", "  Files: {Type: CommaDelimitedList}\n  EnvFileARN:\n"
    )
    account = TEMPLATE.replace(
        "  EnvFileARN:\n", "  Account: {Type: String, Default: 012345670123}\n  EnvFileARN:\n"
    )
    account = account.replace(
        "Value: !Ref EnvFileARN", "Value: !Sub 'arn:aws:s3:::a-${Account}/x.env'"
    )
    account = account.replace("artifacts/manual/env-files/web.env/" + "1" * 64, "a-012345670123/x")
    write(tmp_path / "loop", looping, {**VALUES, "Files": "web,api"})
    write(tmp_path / "account", account, VALUES)

    found = lint("-t", "loop/web-test.stack.yml", "account/web-test.stack.yml", cwd=tmp_path)
    piped = lint(cwd=tmp_path, stdin=account)

    assert [match.rule for match in found.ours if match.rule[0] == "E"] == []
    assert piped.ours == []


def test_a_template_from_standard_input_is_judged(tmp_path: Path) -> None:
    """Without a file there are no neighbours and cfn-lint's positions, and related places are told
    by their paths."""
    found = lint("--parameters", f"EnvFileARN={OTHER_BUCKET}", cwd=tmp_path, stdin=TEMPLATE)

    [match] = found.ours
    assert match.rule == "E9711"
    assert match.start == (line_of(TEMPLATE, "Value: !Ref EnvFileARN"), 17)
    assert "Resources/ExecutionRole: the role that ECS downloads with" in match.message
