"""Who may import whom, and what a cold run loads."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from docs.layout import ORDER, RULES

from copilot_preflight.base.finding import Severity
from copilot_preflight_rules import CATALOGUE

ROOT = Path(__file__).parents[1]
OURS = "copilot_preflight"

# Inside a folder modules import each other as they like, but never in a circle.
FLOOR = {folder: n for n, folder in enumerate(ORDER)}

# Who may import a package that is not Python's own.
PACKAGES = {
    "aws_cdk": {"cdk"},
    "boto3": {"snapshot.account"},
    "botocore": {"snapshot.account"},
    "cfnlint": {"cfnlint"},
    "click": {
        "cli.group",
        "cli.main",
        "cli.console",
        "cli.commands.candidates",
        "cli.commands.cache",
        "cli.commands.check",
        "cli.commands.compare",
        "cli.commands.completion",
        "cli.commands.config",
        "cli.commands.explain",
        "cli.commands.fix",
        "cli.commands.init",
        "cli.commands.lsp",
        "cli.commands.merge",
        "cli.commands.options",
        "cli.commands.report",
        "cli.commands.rules",
        "cli.commands.simulate",
        "cli.commands.snapshot",
        "cli.commands.triage",
        "cli.commands.watch",
    },
    "jinja2": {"cli.commands.report", "report.html"},
    "jsii": {"cdk"},
    "markupsafe": {"report.html"},
    "lsprotocol": {
        "lsp.actions.code_actions",
        "lsp.actions.file_changes",
        "lsp.actions.offer",
        "lsp.diagnostics",
        "lsp.positions",
        "lsp.server",
    },
    "pygls": {"cli.commands.lsp", "lsp.actions.code_actions", "lsp.server"},
    "watchfiles": {"cli.commands.watch"},
    "jmespath": {"simulator.output"},
    "jsonpath_ng": {"read.jsonpath"},
    "yaml": {"read.yaml.events", "read.yaml.errors", "read.yaml.plain", "read.yaml.pure_python"},
}


def _modules() -> dict[str, Path]:
    """Our modules by name, without the name of the main package."""
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "rules" / RULES).rglob("*.py")]
    names = {
        file: ".".join(file.relative_to(ROOT).with_suffix("").parts[1:]).removesuffix(".__init__")
        for file in files
    }
    return {
        name.removeprefix(f"{OURS}."): file
        for file, name in names.items()
        if name not in (OURS, f"{OURS}.data.generate")
    }


MODULES = _modules()


def _imports(file: Path, *, in_functions: bool = True) -> Iterator[str]:
    """The modules that a file imports, under TYPE_CHECKING too."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    if not in_functions:
        tree = _WithoutFunctions().visit(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "cfn-lint runs rules outside any package"
            for alias in node.names:
                inside = f"{node.module}.{alias.name}".removeprefix(f"{OURS}.")
                yield inside if inside in MODULES else str(node.module)


class _WithoutFunctions(ast.NodeTransformer):
    """Takes out what is imported when a function runs: ``render`` loads its formats so."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Leaves nothing of a function."""


def _folder(name: str) -> str:
    return name.partition(".")[0]


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_one_way(name: str) -> None:
    """A module imports only from lower folders; packages from outside have few users."""
    for imported in _imports(MODULES[name]):
        inside = imported.removeprefix(f"{OURS}.")
        if inside in MODULES:
            here, there = _folder(name), _folder(inside)
            assert here == there or FLOOR[there] < FLOOR[here], f"{name} imports {inside}"
        elif (top := imported.partition(".")[0]) not in sys.stdlib_module_names:
            assert name in PACKAGES.get(top, ()), f"{name} imports {imported}"


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Inside a folder too the imports have an order."""
    graph = {
        name: {found.removeprefix(f"{OURS}.") for found in _imports(file, in_functions=False)}
        & set(MODULES)
        for name, file in MODULES.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_main_package_loads_nothing() -> None:
    """What a package's ``__init__`` imports would be loaded by every run."""
    script = f"import sys; old = set(sys.modules); import {OURS}; print({{*sys.modules}} - old)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True, timeout=120
    )
    assert done.stdout == f"{{{OURS!r}}}\n"


# --- a cold run ----------------------------------------------------------------------------------

SCRIPT = """
import sys
at_start = set(sys.modules)
from copilot_preflight.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    import json
    loaded = sorted(set(sys.modules) - at_start - {"json"})
    print(json.dumps([ended.code, loaded]), file=sys.stderr)
"""

# Modules that cost time and are of use to other commands, formats or dependencies only.
HEAVY = {
    "argparse", "asyncio", "bz2", "concurrent", "configparser", "copilot_preflight.cfnlint", "csv",
    "ctypes", "decimal", "difflib", "doctest", "email", "ftplib", "getpass", "hashlib",
    "html", "http", "importlib.metadata", "logging", "lzma", "multiprocessing", "optparse", "pdb",
    "pickle", "pkgutil", "pydoc", "queue", "random", "select", "selectors", "shlex", "shutil",
    "signal", "socket", "sqlite3", "ssl", "statistics", "subprocess", "tempfile", "tomllib",
    "unittest", "urllib.error", "urllib.request", "xml", "zipfile", "zlib",
}  # fmt: skip
PARTIES = {"click", "yaml", "_yaml", OURS, RULES, "cython_runtime"}

# What a check of plain options has no use for either: most of it comes with click or `dataclasses`.
# Where there are threads, the process does not end at once.
SPARED = {
    "ast", "click", "copy", "dataclasses", "dis", "gettext", "inspect", "platform", "string",
    "textwrap", "threading", "tokenize", "uuid",
}  # fmt: skip

STACK = """
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - {Name: web, EnvironmentFiles: [{Type: s3, Value: 'arn:aws:s3:::artifacts/web.env'}]}
  Role:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns: [arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy]
      Policies:
        - PolicyName: files
          PolicyDocument:
            Statement: {Effect: Allow, Action: 's3:Get*', Resource: 'arn:aws:s3:::artifacts/*'}
"""


def _loaded(folder: Path, *arguments: str) -> tuple[int, set[str]]:
    """Exit status and modules of a run of the command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        capture_output=True,
        cwd=folder,
        check=True,
        text=True,
        timeout=120,
    )
    status, loaded = json.loads(done.stderr.splitlines()[-1])
    return status, set(loaded)


def _assert_known(loaded: set[str]) -> None:
    """Asserts that the packages that are not Python's own are those that we mean to load."""
    tops = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names
    assert not {top for top in tops - PARTIES if not top.startswith("_cython_")}


@pytest.mark.parametrize(
    ("stack", "status"),
    [(STACK, 0), (STACK.replace("artifacts/*", "other/*"), 1), ("Resources: [", 2)],
)
def test_check_loads_only_what_it_uses(tmp_path: Path, stack: str, status: int) -> None:
    """A cold check loads its own modules, whatever it finds; no click, and PyYAML for errors."""
    (tmp_path / "web.yml").write_text(stack)
    ended, loaded = _loaded(tmp_path, "check", "web.yml")
    assert ended == status
    assert not loaded & (HEAVY | SPARED)
    assert ("yaml" in loaded) is (status == 2)
    unused = (
        *("cli.commands.check", "cli.group", "render.json", "run.policy_files", "run.workers"),
        *("access.unawaited", "inputs.manifest_env_files", "model.manifest"),
    )
    assert not loaded & {f"{OURS}.{name}" for name in unused}
    assert not {name for name in loaded if name.startswith(f"{OURS}.run.suppress")}
    assert not {name for name in loaded if name.startswith(f"{OURS}.run.shards")}
    assert not {name for name in loaded if name.startswith(f"{OURS}.snapshot")}
    account = (f"{OURS}.evidence", f"{OURS}.model.account_", f"{OURS}.run.evidence_files")
    assert not {name for name in loaded if name.startswith(account)}
    assert f"{RULES}.unused_suppression" not in loaded
    _assert_known(loaded)


def test_a_check_without_findings_loads_no_remedies(tmp_path: Path) -> None:
    """The rules that look at every template load the values of their helps with a finding only."""
    whole = "['arn:aws:s3:::artifacts', 'arn:aws:s3:::artifacts/*']"
    stack = STACK.replace("'arn:aws:s3:::artifacts/*'", whole)
    (tmp_path / "web.yml").write_text(stack)
    status, loaded = _loaded(tmp_path, "check", "--fail-on", "warning", "web.yml")
    assert status == 0
    always = [it for it in CATALOGUE if not (it.parts or it.resources or it.is_last)]
    names = {it.name.replace("-", "_") for it in always if it.severity > Severity.INFO}
    assert {f"{RULES}.{name}" for name in (*names, "env_file_version_locked")} <= loaded
    assert not {name for name in loaded if name.startswith(f"{OURS}.edits")}


def test_what_makes_no_calls_loads_no_client(tmp_path: Path) -> None:
    """A plan of a snapshot does without boto3, which may not be there."""
    (tmp_path / "web.yml").write_text(STACK)
    status, loaded = _loaded(tmp_path, "snapshot", "--package", "web.yml", "--dry-run")
    assert status == 0
    assert f"{OURS}.snapshot.taking" in loaded
    assert not {name for name in loaded if name.partition(".")[0] in ("boto3", "botocore")}


def test_overrides_are_loaded_where_there_are_patches(tmp_path: Path) -> None:
    """A package of Copilot's in its workspace does without them."""
    described = "Description: CloudFormation template that represents a backend service\n"
    package = tmp_path / "infrastructure" / "web-test.stack.yml"
    patches = tmp_path / "copilot" / "web" / "overrides" / "cfn.patches.yml"
    for file in (package, patches):
        file.parent.mkdir(parents=True)
    package.write_text(described + STACK)
    (tmp_path / "copilot" / "web" / "manifest.yml").write_text("name: web\ntype: Backend Service\n")
    new = {f"{OURS}.{name}" for name in ("run.overridden", "overrides.verdict", "overrides.nodes")}
    rules = {f"{RULES}.{it.name.replace('-', '_')}" for it in CATALOGUE if "overrides" in it.parts}
    for patched in (False, True):
        if patched:
            patches.write_text("[]")
        status, loaded = _loaded(tmp_path, "check", "infrastructure/web-test.stack.yml")
        assert status == 0
        assert loaded & {*new, *rules} == ({*new, *rules} if patched else set())
        assert f"{OURS}.inputs.workspaces" not in loaded
        assert not loaded & (HEAVY | SPARED)


def test_a_configuration_loads_what_it_needs(tmp_path: Path) -> None:
    """Without a file nothing is loaded that reads one, and JSONPaths only with one of them."""
    (tmp_path / "web.yml").write_text(STACK)
    reading = {f"{OURS}.{name}" for name in ("config.file", "read.schema", "run.severities")}
    assert not _loaded(tmp_path, "check", "web.yml")[1] & reading
    (tmp_path / ".copilot-preflight.yml").write_text("severity: {E9711: warning}")
    _, loaded = _loaded(tmp_path, "check", "web.yml")
    assert not loaded & HEAVY
    assert f"{OURS}.run.policy_files" not in loaded
    _assert_known(loaded)


def test_json_loads_what_it_writes(tmp_path: Path) -> None:
    """The JSON report does without the text's module."""
    (tmp_path / "web.yml").write_text(STACK)
    _, loaded = _loaded(tmp_path, "check", "--format", "json", "web.yml")
    assert f"{OURS}.render.text" not in loaded
    assert not loaded & SPARED
    _assert_known(loaded)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["check", "--help"]])
def test_questions_about_the_command_load_no_engine(tmp_path: Path, arguments: list[str]) -> None:
    """Help and version need neither the rules nor a YAML parser."""
    status, loaded = _loaded(tmp_path, *arguments)
    assert status == 0
    assert not loaded & {f"{OURS}.run.check", RULES, "yaml"}
