"""The secrets and parameters that CodeBuild puts into the environment of a build.

It reads them with the role of the project before the build begins. A pipeline may give a variable
of the same name another value.

Sources: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_EnvironmentVariable.html,
https://docs.aws.amazon.com/codebuild/latest/userguide/troubleshooting.html (parameters),
https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html (``env``)
and https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeBuild.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from copilot_preflight.iam.policy import Fact
from copilot_preflight.model.pipelines import PIPELINE, Project, pipelines, projects
from copilot_preflight.needs.need import Need, Site
from copilot_preflight.resolve.value import Value, each_map, maps_of
from copilot_preflight.resolve.view import View

_PAGE: Final = (
    "https://docs.aws.amazon.com/codebuild/latest/APIReference/API_EnvironmentVariable.html"
)
_KEPT: Final = ("SECRETS_MANAGER", "PARAMETER_STORE")
"""The types of variables whose value says where the value is."""


def build_variable_sites(view: View) -> Iterator[Site]:
    """Every variable of a project that is kept elsewhere; ``detail`` is its `SecretRead`."""
    for project in projects(view):
        for environment in maps_of(project.value, "Environment"):
            for item in each_map(environment, "EnvironmentVariables"):
                kind = item.literal("Type")
                if kind in _KEPT:
                    for value in item.children("Value"):
                        yield _site(project, item, value, is_secret=kind == _KEPT[0])


def _site(project: Project, item: Value, value: Value, *, is_secret: bool) -> Site:
    # Most variables are plain: what reads the others is not even loaded for them.
    from copilot_preflight.needs.build_references import parameter_at, secret_at
    from copilot_preflight.needs.container_secrets import SECRET, Reader

    name = item.literal("Name")
    subject = f"variable '{name or '?'}' of {project}"
    who = "CodeBuild reads it with the role of the build project"
    reader = Reader(SECRET, project.view, "build", project.role, None, who, _PAGE)
    site = reader.site(value, subject, secret_at if is_secret else parameter_at)
    if name is None or not _may_be_given_anew(reader.view, name):
        return site
    fact = Fact("fact", f"whether a pipeline gives '{name}' another value")
    return site._replace(build=partial(_doubted, site, fact))


def _may_be_given_anew(view: View, name: str) -> bool:
    """Whether a pipeline of the template names a variable, in JSON, for some build."""
    if not view.stack.has(PIPELINE):
        return False
    given = (
        action.setting("EnvironmentVariables")
        for pipeline in pipelines(view)
        for action in pipeline.actions
        if action.provider == "CodeBuild"
    )
    return any(
        text is not None and (text.literal is None or name in text.literal) for text in given
    )


def _doubted(site: Site, fact: Fact) -> Iterator[Need]:
    for need in site.build():
        calls = (call._replace(doubts=(*call.doubts, fact)) for call in need.calls)
        yield need._replace(calls=tuple(calls))
