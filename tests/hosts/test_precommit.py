"""The hooks in the real pre-commit, which installs them out of a repository with this checkout."""

from __future__ import annotations

import json
import shutil
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from tests.amount import EVERYWHERE
from tests.hosts.fenced import PROJECT, SAMPLES, Ran, bash, blocks, clean_environment, run

fcntl = pytest.importorskip("fcntl", reason="workers share the environment through a lock file")
pytest.importorskip("pre_commit", reason="pre-commit is not installed: pip install '.[dev]'")
if shutil.which("git") is None:
    pytest.skip("git is not installed", allow_module_level=True)

OFFLINE = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ProxyError")
WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in {
        "NAME": "Test",
        "EMAIL": "test@example.com",
        "DATE": "2026-01-01T00:00:00Z",
    }.items()
}
STALE = SAMPLES / "broken" / "env-file-stale-grant"
NOT_PACKAGED = SAMPLES / "broken" / "env-file-not-packaged"
OUTDATED = SAMPLES / "broken" / "env-file-outdated"
GRANTED = SAMPLES / "clean" / "every-version-granted"
LOGS = SAMPLES / "broken" / "log-delivery-denied"
WITH_ADDONS = SAMPLES / "clean" / "no-env-file"

UNRELATED = {
    "docker-compose.yml": "services: {web: {image: nginx}}\n",
    "deploy/chart.yaml": "{{- if .Values.on }}\nkind: Deployment\n{{- end }}\n",
    "deploy/serverless.yml": "resources: {Resources: {Files: {Type: 'AWS::S3::Bucket'}}}\n",
    "deploy/app.params.json": '{"Parameters": {}}\n',
    "copilot/gone/manifest.yml": "name: gone\ntype: Backend Service\n",
    "package.json": "{}\n",
}


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of a run have."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "pre-commit"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def env(shared: Path) -> Mapping[str, str]:
    """The environment of a user whose pre-commit keeps what it installs in a folder of ours.

    Its pip finds our own environment's packages, so that it installs nothing but this checkout;
    with ALL_MUTATIONS it fetches and installs the dependencies too. An editable install of ours is
    not seen: .pth files count in Python's own folders only.
    """
    more = {} if EVERYWHERE else {"PYTHONPATH": sysconfig.get_path("purelib")}
    return clean_environment(
        PRE_COMMIT_HOME=str(shared / "home"),
        PRE_COMMIT_COLOR="never",
        PIP_RETRIES="2",
        PIP_NO_COMPILE="1",  # of what cfn-lint brings along nothing is imported
        **more,
        **WHO,
    )


@pytest.fixture(scope="session")
def hooks(shared: Path, env: Mapping[str, str]) -> Mapping[str, str]:
    """``repo`` and ``rev`` of a repository that holds this checkout as it is now.

    Its hooks are installed, once for all workers: from the checkout, with its dependencies.
    """
    repository = shared / "hooks"
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not repository.exists():
            unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info")
            for folder in ("src", "rules"):
                shutil.copytree(PROJECT / folder, repository / folder, ignore=unwanted)
            for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
                shutil.copy(PROJECT / name, repository)
            done = bash("git init -q && git add -A && git commit -q -m hooks", repository, env)
            assert done.status == 0, done.out
        rev = run(["git", "rev-parse", "HEAD"], repository, env).out.strip()
        source = {"repo": str(repository), "rev": rev}
        _install(shared, source, env)
    return source


def _install(shared: Path, source: Mapping[str, str], env: Mapping[str, str]) -> None:
    """Has pre-commit install the hooks, which does nothing the second time."""
    folder = shared / "install"
    folder.mkdir(exist_ok=True)
    config = {"repos": [{**source, "hooks": [{"id": "copilot-preflight"}]}]}
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    ran = bash("git init -q && pre-commit install-hooks", folder, env)
    if any(sign in ran.out for sign in OFFLINE):
        pytest.skip("pre-commit cannot install the hooks: the package index is out of reach")
    assert ran.status == 0, ran.out


class Repository:
    """A git repository of a user, whose hooks run when it is committed to."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        self.env = env

    def bash(self, script: str) -> Ran:
        return bash(script, self.folder, self.env)

    def add(self, files: Mapping[str, str] | Path) -> None:
        if isinstance(files, Path):
            shutil.copytree(files, self.folder, dirs_exist_ok=True)
        else:
            for name, content in files.items():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / name).write_text(content, encoding="utf-8")
        assert self.bash("git add -A").status == 0

    def given(self, files: Mapping[str, str] | Path) -> None:
        """Commits files unseen by the hooks, as if before they were installed."""
        self.add(files)
        assert self.bash("git commit -q --no-verify -m before").status == 0

    def commit(self) -> Ran:
        """Commits what was added; tells what the hooks printed."""
        before = self.bash("git rev-parse HEAD").out
        ran = self.bash("git commit -q -m change")
        moved = self.bash("git rev-parse HEAD").out != before
        assert moved == (ran.status == 0), ran.out
        return ran


@pytest.fixture
def repository(tmp_path: Path, env: Mapping[str, str], hooks: Mapping[str, str]) -> Repository:
    """A repository with every hook of ours."""
    return _repository(
        tmp_path,
        env,
        {
            "repos": [
                {
                    **hooks,
                    "hooks": [
                        {"id": "copilot-preflight"},
                        {"id": "copilot-preflight-templates"},
                        {"id": "copilot-preflight-manifests"},
                    ],
                }
            ]
        },
    )


def _repository(folder: Path, env: Mapping[str, str], config: object) -> Repository:
    made = Repository(folder / "work", env)
    made.folder.mkdir()
    ready = made.bash("git init -q && pre-commit install")
    assert ready.status == 0, ready.out
    made.given({".pre-commit-config.yaml": yaml.safe_dump(config)})
    return made


def outcomes(ran: Ran) -> dict[str, str]:
    """The hooks by what is in brackets in their names, and what became of them."""
    lines = [line for line in ran.out.splitlines() if line.startswith("copilot-preflight (")]
    return {
        line.partition("(")[2].partition(")")[0]: line.rpartition(".")[2].removeprefix(
            "(no files to check)"
        )
        for line in lines
    }


def test_a_bad_package_is_not_committed(repository: Repository) -> None:
    """The commit is refused, and the user sees the whole finding."""
    repository.add(STALE)
    ran = repository.commit()
    assert outcomes(ran) == {"packages": "Failed", "templates": "Failed", "manifests": "Passed"}
    assert "error[E9712] env-file-stale-grant: execution role 'ExecutionRole' may read" in ran.out
    assert "--> infrastructure/web-test.stack.yml:52:24" in ran.out
    assert "1 error in 1 file" in ran.out


def test_a_good_package_is_committed(repository: Repository) -> None:
    """Nothing of the package is in the way, its manifest and its overrides included."""
    repository.add(GRANTED)
    ran = repository.commit()
    assert outcomes(ran) == {"packages": "Passed", "templates": "Passed", "manifests": "Passed"}
    assert ran.status == 0


def test_other_files_are_committed_whatever_is_wrong_elsewhere(repository: Repository) -> None:
    """Files that belong to no template pass, beside a package that would not."""
    repository.given(STALE)
    repository.add(UNRELATED)
    ran = repository.commit()
    assert outcomes(ran) == {"packages": "Passed", "templates": "Passed", "manifests": "Passed"}


@pytest.mark.parametrize("arguments", [[], ["--diff"]])
def test_what_is_safe_to_mend_is_mended(
    tmp_path: Path, env: Mapping[str, str], hooks: Mapping[str, str], arguments: list[str]
) -> None:
    """The first commit is refused, since files changed; the second one has them, and passes.

    With ``--diff`` the patch is shown and nothing changes.
    """
    fixing = {"id": "copilot-preflight-fix", "args": arguments}
    repository = _repository(
        tmp_path, env, {"repos": [{**hooks, "hooks": [fixing, {"id": "copilot-preflight"}]}]}
    )
    text = (LOGS / "infrastructure" / "shop.yml").read_text(encoding="utf-8")
    name = "infrastructure/shop.stack.yml"
    repository.add({name: text})
    first = repository.commit()
    assert outcomes(first)["fixes"] == "Failed"
    now = (repository.folder / name).read_text(encoding="utf-8")
    if arguments:
        assert now == text
        assert f"+++ b/{name}" in first.out
        assert outcomes(first)["packages"] == "Failed"
        return
    assert now != text
    assert "files were modified by this hook" in first.out
    assert repository.bash("git add -A").status == 0
    assert outcomes(repository.commit()) == {"fixes": "Passed", "packages": "Passed"}


def test_a_parameter_file_alone_has_its_template_checked(repository: Repository) -> None:
    """The template is as it was; the new value of its parameter is what breaks it."""
    stack = json.loads((STALE / "infrastructure" / "web-test.params.json").read_text("utf-8"))
    asked = stack["Parameters"]["EnvFileARN"]
    granted = "7a967e71"
    good = dict(stack, Parameters={**stack["Parameters"], "EnvFileARN": ""})
    repository.given(STALE)
    name = "infrastructure/web-test.params.json"
    repository.given({name: json.dumps(good, indent=2)})
    repository.add({name: json.dumps(stack, indent=2)})
    ran = repository.commit()
    assert outcomes(ran)["packages"] == "Failed"
    assert "E9712" in ran.out
    assert granted in ran.out
    assert asked[:40] in ran.out


def test_addons_have_their_stack_checked(repository: Repository) -> None:
    """A template that cannot be read is told of with file and line, and stops the commit."""
    repository.given(WITH_ADDONS)
    repository.add({"infrastructure/mailer.addons.stack.yml": "Resources: {Table: [\n"})
    ran = repository.commit()
    assert outcomes(ran)["packages"] == "Failed"
    assert "error: infrastructure/mailer.addons.stack.yml:2:1" in ran.out


def test_a_template_by_hand_is_checked_by_the_hook_for_templates(repository: Repository) -> None:
    """Its name tells nothing; its content does."""
    stack = (STALE / "infrastructure" / "web-test.stack.yml").read_text("utf-8")
    repository.add({"cloudformation/web.yaml": stack.replace("!Ref EnvFileARN", "s3://files/a")})
    ran = repository.commit()
    assert outcomes(ran) == {"packages": "Skipped", "templates": "Failed", "manifests": "Skipped"}
    assert "error[E9716] env-file-arn-invalid" in ran.out


def test_a_manifest_that_its_package_is_behind_is_not_committed(repository: Repository) -> None:
    """The warning that the hook is for stops the commit; the other hooks let it pass."""
    manifest = "copilot/web/manifest.yml"
    text = (NOT_PACKAGED / manifest).read_text("utf-8")
    repository.given(NOT_PACKAGED)
    repository.given({manifest: text.replace("env_file: web.env\n", "")})
    repository.add({manifest: text})
    ran = repository.commit()
    assert outcomes(ran) == {"packages": "Passed", "templates": "Passed", "manifests": "Failed"}
    assert "warning[W9718] env-file-not-packaged: the manifest gives container 'web'" in ran.out


def test_an_env_file_that_its_package_is_behind_is_not_committed(repository: Repository) -> None:
    """Nothing but the env file is part of the commit; one that no manifest names passes."""
    repository.given(OUTDATED)
    repository.add({"config/unused.env": "UNUSED=1\n"})
    ran = repository.commit()
    assert outcomes(ran) == {"packages": "Passed", "templates": "Passed", "manifests": "Passed"}
    repository.add({"web.env": "LOG_LEVEL=debug\n"})
    ran = repository.commit()
    assert outcomes(ran) == {"packages": "Passed", "templates": "Passed", "manifests": "Failed"}
    assert "warning[W9719] env-file-outdated" in ran.out


def test_no_finding_comes_out_of_two_hooks(repository: Repository) -> None:
    """Package, manifest and env file are committed at once; each rule is in one hook's output."""
    repository.add(NOT_PACKAGED)
    ran = repository.bash("pre-commit run copilot-preflight --all-files --verbose")
    manifests = repository.bash("pre-commit run copilot-preflight-manifests --all-files")
    assert "W9718" not in ran.out
    assert manifests.out.count("warning[W9718]") == 1
    repository.add(STALE)
    both = repository.bash("pre-commit run copilot-preflight --all-files").out
    both += repository.bash("pre-commit run copilot-preflight-manifests --all-files").out
    assert both.count("error[E9712]") == 1


def _documented(hooks: Mapping[str, str]) -> Iterator[dict[str, object]]:
    """The configurations of the page, with a repository that is there."""
    whole, *more = blocks("pre-commit.md", "yaml")
    config = yaml.safe_load(whole)
    assert config["repos"][0].keys() == {"repo", "rev", "hooks"}
    for listed in (config["repos"][0]["hooks"], *map(yaml.safe_load, more)):
        yield {"repos": [{**hooks, "hooks": listed}]}


def test_documented_configurations_do_what_the_page_says(
    tmp_path: Path, env: Mapping[str, str], hooks: Mapping[str, str]
) -> None:
    """Each is taken by pre-commit, and the documented commands run under the first."""
    first, whole_folder, with_options, fixing = _documented(hooks)
    repository = _repository(tmp_path, env, first)
    repository.given(GRANTED)
    install, bare = blocks("pre-commit.md", "sh")
    assert repository.bash(install).status == 0
    assert repository.bash(bare).status == 0, "nothing is staged"
    repository.add(UNRELATED)
    assert repository.bash(bare).out == "no findings in 0 files\n"
    repository.given(UNRELATED)

    repository.add({".pre-commit-config.yaml": yaml.safe_dump(with_options)})
    ran = repository.bash("pre-commit run --all-files")
    assert outcomes(ran) == {"packages": "Passed"}
    assert "no findings in 1 file" in ran.out, "it is verbose"

    repository.add({".pre-commit-config.yaml": yaml.safe_dump(fixing)})
    assert outcomes(repository.bash("pre-commit run --all-files"))["fixes"] == "Passed"

    # One file of the folder changes, and the finding is in another.
    repository.given(STALE)
    repository.given({".pre-commit-config.yaml": yaml.safe_dump(whole_folder)})
    repository.add({"infrastructure/other-test.params.json": '{"Parameters": {}}\n'})
    assert outcomes(repository.commit()) == {"packages": "Failed"}
