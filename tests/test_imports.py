"""Who may import whom, and what a cold run loads."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = "copilot_preflight"
RULES = "copilot_preflight_rules"

# Bottom to top: a module imports only from lines above its own. "x.*" are all modules of a package,
# which may import each other.
ORDER = """
    _version finding text logic yaml_fault yaml_slow
    jsonpath globs iam iam.arn iam.policy iam.managed
    iam.actions iam.conditions iam.principals
    iam.arn_formats
    iam.evaluate
    iam.prepared
    iam.layers
    yaml_scalars
    yaml_tree
    document
    anatomy scenarios schema grading
    package cursor attributes
    discovery template evidence handed
    outcomes changed
    intrinsics
    stack
    model model.policies model.tags model.tasks model.manifest model.role_uses model.state_machines
    model.roles policy_files model.credentials
    model.storage model.statements model.trust model.file_systems
    model.s3_statements model.unmatched
    model.services
    model.pipelines
    model.instances model.endpoints model.repositories
    model.secrets
    needs.need
    needs.s3_objects
    needs.env_files needs.references needs.artifact_calls needs.agent_role
    needs.artifacts needs.build_artifacts
    needs.secrets needs.images needs.logs needs.firelens needs.efs
    needs.exec_channel needs.announced needs.required
    needs
    calls
    ways resource_policies
    access
    diagnosis
    advice
    analysis
    telling
    telling.secrets telling.starts telling.missing_roles
    rule
    copilot_preflight_rules copilot_preflight_rules.*
    evaluation_results
    suppressions baseline parallel
    options
    given
    engine simulator
    settings
    config_file
    config
    render render.*
    api
    cfnlint console progress lsp lsp.*
    commands commands.*
    cli
    __main__
"""
LAYER = {name: n for n, line in enumerate(ORDER.split("\n")) for name in line.split()}

# Who may import a package that is not Python's own.
PACKAGES = {
    "cfnlint": {"cfnlint"},
    "click": {
        "cli",
        "console",
        "commands.candidates",
        "commands.check",
        "commands.completion",
        "commands.config",
        "commands.explain",
        "commands.lsp",
        "commands.options",
        "commands.rules",
        "commands.simulate",
    },
    "lsprotocol": {"lsp.diagnostics", "lsp.positions", "lsp.server"},
    "pygls": {"commands.lsp", "lsp.server"},
    "jsonpath_ng": {"jsonpath"},
    "yaml": {"yaml_tree", "yaml_fault", "yaml_slow"},
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


def _imports(file: Path) -> Iterator[str]:
    """The modules that a file imports, in functions and under TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "cfn-lint runs rules outside any package"
            for alias in node.names:
                inside = f"{node.module}.{alias.name}".removeprefix(f"{OURS}.")
                yield inside if inside in MODULES else str(node.module)


def _layer(name: str) -> int:
    parent = name.rpartition(".")[0]
    found = LAYER.get(name, LAYER.get(f"{parent}.*"))
    assert found is not None, f"'{name}' has no place in ORDER"
    return found


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_one_way(name: str) -> None:
    """A module imports only from lower layers; packages from outside have few users."""
    package = name.rpartition(".")[0]
    for imported in _imports(MODULES[name]):
        inside = imported.removeprefix(f"{OURS}.")
        if inside in MODULES:
            groups = {name, package} & {inside, inside.rpartition(".")[0]}
            together = any(f"{group}.*" in LAYER for group in groups if group)
            assert _layer(inside) < _layer(name) or together, f"{name} imports {inside}"
        elif (top := imported.partition(".")[0]) not in sys.stdlib_module_names:
            assert name in PACKAGES.get(top, ()), f"{name} imports {imported}"


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
from copilot_preflight.cli import main
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
    """A cold check loads click, libyaml and its own modules, whatever it finds."""
    (tmp_path / "web.yml").write_text(stack)
    ended, loaded = _loaded(tmp_path, "check", "web.yml")
    assert ended == status
    assert not loaded & HEAVY
    others = ("render.json", "policy_files", "suppressions", "baseline")
    assert not loaded & {f"{OURS}.{name}" for name in others}
    assert f"{RULES}.unused_suppression" not in loaded
    _assert_known(loaded)


def test_a_configuration_loads_what_it_needs(tmp_path: Path) -> None:
    """Without a file nothing is loaded that reads one, and JSONPaths only with one of them."""
    (tmp_path / "web.yml").write_text(STACK)
    reading = {f"{OURS}.{name}" for name in ("config_file", "schema", "grading")}
    assert not _loaded(tmp_path, "check", "web.yml")[1] & reading
    (tmp_path / ".copilot-preflight.yml").write_text("severity: {E9711: warning}")
    _, loaded = _loaded(tmp_path, "check", "web.yml")
    assert not loaded & HEAVY
    assert f"{OURS}.policy_files" not in loaded
    _assert_known(loaded)


def test_json_loads_what_it_writes(tmp_path: Path) -> None:
    """The JSON report does without the text's module."""
    (tmp_path / "web.yml").write_text(STACK)
    _, loaded = _loaded(tmp_path, "check", "--format", "json", "web.yml")
    assert f"{OURS}.render.text" not in loaded
    _assert_known(loaded)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["check", "--help"]])
def test_questions_about_the_command_load_no_engine(tmp_path: Path, arguments: list[str]) -> None:
    """Help and version need neither the rules nor a YAML parser."""
    status, loaded = _loaded(tmp_path, *arguments)
    assert status == 0
    assert not loaded & {f"{OURS}.engine", RULES, "yaml"}
