"""The samples: what is clean is silent, what is broken says one thing, pinned whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from syrupy.assertion import SnapshotAssertion

from copilot_preflight.base.finding import Report, Severity
from copilot_preflight.checks.rule import Rule
from copilot_preflight.cli.group import cli
from copilot_preflight.config import to_options as config
from copilot_preflight.render.formats import render
from copilot_preflight.run import check as engine
from copilot_preflight.run.earlier import earlier
from copilot_preflight_rules import CATALOGUE, RULES

ROOT = Path(__file__).parents[1]
SAMPLES = "sample_templates"
CLEAN = sorted(path.name for path in (ROOT / SAMPLES / "clean").iterdir())

rules = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
COMPARING = {entry.id for entry in CATALOGUE if entry.is_comparing}
ROLLOUT = sorted(path.name for path in (ROOT / SAMPLES / "rollout").iterdir())


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings name files as the user did: from the root, on every machine alike."""
    monkeypatch.chdir(ROOT)


def options_for(*paths: str, info: bool = True, account: bool = True) -> engine.Options:
    """The configuration, the SCPs and the evidence that lie in some folders."""
    files = [str(file) for path in paths for file in Path(path).rglob(config.FILE)]
    assert len(files) < 2
    options = config.options_of(config.settings_of(file=files[0] if files else None))
    if not account:
        return options._replace(info=info)
    scps = [[scp] for path in paths for scp in sorted(Path(path).rglob("*.scp.json"))]
    evidence = [folder for path in paths for folder in sorted(Path(path).rglob("evidence"))]
    return options._replace(info=info, scps=scps, evidence=evidence)


def check(*folders: str, info: bool = True, account: bool = True) -> Report:
    """The report on some folders, with what lies in them."""
    paths = ["/".join((SAMPLES, folder)) for folder in folders] or [SAMPLES]
    return engine.check(paths, options_for(*paths, info=info, account=account))


def check_rule(rule: Rule, *, info: bool = True) -> Report:
    """The report on a rule's folder; of a rule that compares, on the release that comes after."""
    folder = folder_of(rule)
    if rule.id not in COMPARING:
        return check(folder, info=info)
    options = engine.Options(info=info)
    before = earlier([f"{SAMPLES}/{folder}/before"], options)
    return engine.check([f"{SAMPLES}/{folder}/after"], options._replace(before=before))


def folder_of(rule: Rule) -> str:
    return f"broken/{rule.name}"


def counted(report: Report) -> Counter[tuple[str, str, str]]:
    return Counter((it.rule, it.at.file, it.message) for it in report.findings)


@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_package_is_silent(name: str) -> None:
    """A correct package has no finding of any severity, and every file of it can be read."""
    report = check(f"clean/{name}")
    assert list(report.findings) == []
    assert list(report.errors) == []
    assert report.files


@rules
def test_a_broken_package_gives_its_rule_and_no_other(rule: Rule) -> None:
    """The folder that bears a rule's name has findings of that rule alone."""
    report = check_rule(rule)
    assert list(report.errors) == []
    # Remarks are true of most packages; each is the point of one of them.
    remarks = {other.id for other in RULES if other.severity is Severity.INFO} - {rule.id}
    assert {finding.rule for finding in report.findings} - remarks == {rule.id}


def test_there_is_a_broken_package_for_every_rule() -> None:
    """The folders under broken/ are the names of the rules."""
    folders = {path.name for path in (ROOT / SAMPLES / "broken").iterdir()}
    assert folders == {rule.name for rule in RULES}


@rules
def test_the_text_report_of_a_broken_package(rule: Rule, snapshot: SnapshotAssertion) -> None:
    """The whole report that a user reads, in the order and the words of the command."""
    report = check_rule(rule, info=rule.severity is Severity.INFO)
    assert render(report, "text") == snapshot


def test_the_json_report_of_a_broken_package(snapshot: SnapshotAssertion) -> None:
    """The whole report that a program reads; the version of the tool is no part of the pin."""
    rendered = render(check("broken/env-file-stale-grant", info=False), "json")
    lines = rendered.splitlines(keepends=True)
    assert "".join(line for line in lines if '"version": "' not in line) == snapshot


def test_packages_do_not_change_each_other() -> None:
    """One run over all samples finds what the runs over the single folders find together."""
    folders = [f"clean/{name}" for name in CLEAN] + [folder_of(rule) for rule in RULES]
    folders += [f"rollout/{name}" for name in ROLLOUT]
    alone = (counted(check(folder, account=False)) for folder in folders)
    assert counted(check(account=False)) == sum(alone, Counter())


def test_the_readme_names_every_sample() -> None:
    """The table of samples has a row for every folder, and none for a folder that is gone."""
    text = (ROOT / SAMPLES / "README.md").read_text(encoding="utf-8")
    named = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    assert sorted(named) == sorted([*CLEAN, *ROLLOUT, *(rule.name for rule in RULES)])


def test_the_command_prints_the_report_and_fails_on_errors() -> None:
    """`check` on a folder prints what the engine finds and exits with 1 for an error."""
    folder = f"{SAMPLES}/broken/env-file-stale-grant"
    result = CliRunner().invoke(cli, ["check", folder])
    assert result.exit_code == 1
    assert result.output == render(check("broken/env-file-stale-grant", info=False), "text")


def test_the_command_is_content_with_clean_packages() -> None:
    """`check` on the clean folders says so in one line and exits with 0, warnings included."""
    result = CliRunner().invoke(cli, [f"{SAMPLES}/clean", "--fail-on", "warning"])
    assert result.exit_code == 0
    assert "no findings in " in result.output
    assert len(result.output.splitlines()) == 1


def test_info_is_shown_on_request_only() -> None:
    """The undetermined call is silent by default and shown with --info."""
    folder = f"{SAMPLES}/broken/access-undetermined"
    silent, told = (CliRunner().invoke(cli, [*more, folder]) for more in ([], ["--info"]))
    assert silent.output.count("no findings")
    assert "info[I9790] access-undetermined" in told.output
    assert (silent.exit_code, told.exit_code) == (0, 0)


# --- could be deployed --------------------------------------------------------------------------

Remark = tuple[str, str]
"""The id of a rule of cfn-lint, and the path that it points at, joined with slashes."""

# The remarks of cfn-lint that stay, each with its reason.
ACCEPTED: Mapping[str, Mapping[Remark, str]] = {
    "broken/efs-mount-denied": {
        (
            "W1001",
            "Resources/TaskDefinition/Properties/Volumes/0/EFSVolumeConfiguration/FilesystemId",
        ): "the override names the addons stack, whose condition holds with this package's values",
    },
    "broken/env-file-decrypt-denied": {
        ("W2001", "Parameters/ArtifactKeyARN"): "the defect: the grant that used the key is gone",
    },
    "broken/reference-unknown": {
        (
            "E1010",
            "Resources/TaskDefinition/Properties/ExecutionRoleArn/Fn::GetAtt/0",
        ): "the defect: there is no such resource",
    },
    "broken/action-unknown": {
        (
            "W3037",
            "Resources/UploadsAccess/Properties/PolicyDocument/Statement/0/Action",
        ): "cfn-lint knows the actions too; CloudFormation and IAM take any",
    },
    "broken/role-not-assumable": {
        (
            "W1001",
            "Resources/TaskDefinition/Properties/ExecutionRoleArn",
        ): "the override names the addons stack, whose condition holds with this package's values",
    },
}

# The service's stack passes all three to each addon, and CloudFormation refuses the value of a
# parameter that is not declared: an addon declares them whether it uses them or not.
REQUIRED_OF_ADDONS = {("W2001", f"Parameters/{name}") for name in ("App", "Env", "Name")}


@pytest.fixture(scope="module")
def cfn_lint() -> Callable[[Path], set[Remark]]:
    """cfn-lint's own rules, loaded once, over a template with the values of its package."""
    from cfnlint.config import ConfigMixIn
    from cfnlint.decode import decode
    from cfnlint.runner import Runner, run_template_by_data

    rules = Runner(ConfigMixIn([])).rules

    def remarks(path: Path) -> set[Remark]:
        template, errors = decode(str(path))
        assert not errors
        values = path.with_name(f"{path.name.split('.')[0]}.params.json")
        given = [json.loads(values.read_text("utf-8"))["Parameters"]] if values.is_file() else []
        config = ConfigMixIn([], regions=["eu-west-1"], parameters=given)
        return {
            (match.rule.id, "/".join(map(str, match.path)))
            for match in run_template_by_data(template, config, rules)
        }

    return remarks


@pytest.mark.parametrize(
    "folder",
    [
        *(f"clean/{name}" for name in CLEAN),
        *(f"rollout/{name}" for name in ROLLOUT),
        *(folder_of(rule) for rule in RULES),
    ],
)
def test_a_sample_could_be_deployed(folder: str, cfn_lint: Callable[[Path], set[Remark]]) -> None:
    """cfn-lint has no remarks on a template but those that are accepted above."""
    templates = [Path(template) for template in check(folder).templates]
    assert templates
    remarks = set[Remark]()
    for template in templates:
        addon = template.name.endswith(".addons.stack.yml")
        remarks |= cfn_lint(template) - (REQUIRED_OF_ADDONS if addon else set())
    assert remarks == set(ACCEPTED.get(folder, {}))
