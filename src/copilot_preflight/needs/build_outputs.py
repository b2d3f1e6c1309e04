"""What a build leaves behind next to its artifacts: a cache and logs in S3, and test reports.

AWS asks for these permissions, but nowhere says that a build fails for want of them.

Sources: https://docs.aws.amazon.com/codebuild/latest/userguide/troubleshooting.html (cache),
https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html,
https://docs.aws.amazon.com/codebuild/latest/APIReference/API_S3LogsConfig.html
and https://docs.aws.amazon.com/codebuild/latest/userguide/test-permissions.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Fact
from copilot_preflight.model.pipelines import Project, projects
from copilot_preflight.needs.artifact_calls import GET_OBJECT, PUT_OBJECT, any_key, object_in
from copilot_preflight.needs.builds import need_of_build
from copilot_preflight.needs.need import Need, NeededCall, Site
from copilot_preflight.read.document import DocumentError, parse
from copilot_preflight.resolve.value import Value, maps_of
from copilot_preflight.resolve.view import View

BUILD_OUTPUT: Final = "build-output"
"""The kind of this source's needs."""

CREATE_REPORT_GROUP: Final = "codebuild:CreateReportGroup"
CREATE_REPORT: Final = "codebuild:CreateReport"
UPDATE_REPORT: Final = "codebuild:UpdateReport"
PUT_TEST_CASES: Final = "codebuild:BatchPutTestCases"

_GUIDE: Final = "https://docs.aws.amazon.com/codebuild/latest/userguide"
_CACHE_PAGE: Final = f"{_GUIDE}/troubleshooting.html"
_LOGS_PAGE: Final = f"{_GUIDE}/setting-up-service-role.html"
_REPORTS_PAGE: Final = f"{_GUIDE}/test-permissions.html"
_WITH: Final = "with the role of the build project"


def build_output_sites(view: View) -> Iterator[Site]:
    """The cache and the logs of every project that are kept in S3, and the reports that it names.

    Of the last only those of a buildspec that stands in the template.
    """
    for project in projects(view):
        for cache in maps_of(project.value, "Cache"):
            for location in cache.children("Location"):
                yield _site(location, _cache_needs, project, cache, location)
        for configuration in maps_of(project.value, "LogsConfig"):
            for logs in maps_of(configuration, "S3Logs"):
                for location in logs.children("Location"):
                    yield _site(location, _log_needs, project, logs, location)
        for source in maps_of(project.value, "Source"):
            for spec in source.children("BuildSpec"):
                for name in _report_groups(spec.text()):
                    yield _site(spec, _report_needs, project, spec, name, name=name)


def _site(
    value: Value, build: Callable[..., Iterator[Need]], *given: object, name: str = ""
) -> Site:
    return Site(BUILD_OUTPUT, value, partial(build, *given), name)


def _cache_needs(project: Project, cache: Value, location: Value) -> Iterator[Need]:
    if cache.literal("Type") == "S3":
        who = f"CodeBuild keeps the cache {_WITH} ({_CACHE_PAGE})"
        calls = _objects(project, location, (PUT_OBJECT, GET_OBJECT), who)
        yield need_of_build(project, BUILD_OUTPUT, location, f"cache of {project}", calls)


def _log_needs(project: Project, logs: Value, location: Value) -> Iterator[Need]:
    if logs.literal("Status") == "ENABLED":
        who = f"CodeBuild puts the logs {_WITH} ({_LOGS_PAGE})"
        calls = _objects(project, location, (PUT_OBJECT,), who)
        yield need_of_build(project, BUILD_OUTPUT, location, f"S3 logs of {project}", calls)


def _report_needs(project: Project, spec: Value, name: str) -> Iterator[Need]:
    view = project.view
    own = view.resolver.text({"Ref": project.name}, project.value.path)
    group = view.own_arn("codebuild", "report-group/", own, "-", name)
    if name.startswith("arn:"):
        group = Text.of(name)
    who = f"CodeBuild writes the report {_WITH} ({_REPORTS_PAGE})"
    calls = [NeededCall(CREATE_REPORT, group, who), NeededCall(UPDATE_REPORT, group, who)]
    # What is put into a report depends on what it is of.
    calls.append(NeededCall(PUT_TEST_CASES, group, who, is_optional=True))
    if not name.startswith("arn:"):
        unknown = (Fact("fact", f"whether report group '{name}' exists already"),)
        calls.insert(0, NeededCall(CREATE_REPORT_GROUP, group, who, doubts=unknown))
    need = need_of_build(project, BUILD_OUTPUT, spec, f"report '{name}' of {project}", calls)
    yield need._replace(name=name)


# --- where it goes --------------------------------------------------------------------------------


class _Folder(NamedTuple):
    """A bucket, and what the keys in it begin with."""

    bucket: Text
    prefix: Text


def _objects(
    project: Project, location: Value, actions: Sequence[str], who: str
) -> list[NeededCall]:
    view, folder = project.view, _folder(location.text())
    if folder is None:
        return []
    key = Text.of(any_key(view.stack))
    if folder.prefix.parts:
        key = Text.of(folder.prefix, "/", key)
    resource = object_in(view, folder.bucket, key)
    return [NeededCall(action, resource, who) for action in actions]


def _folder(location: Text) -> _Folder | None:
    """``bucket`` or ``bucket/prefix``, also behind ``arn:aws:s3:::``; None where nobody can tell.

    A hole may bring the prefix with it, unless a slash is written out behind it.
    """
    first = location.parts[0] if location.parts else ""
    if isinstance(first, str) and first.startswith("arn:"):
        named = arn.parse_s3(location)
        return None if named is None else _made(named.bucket, named.key or Text(()))
    parts = location.parts
    for index, part in enumerate(parts):
        if isinstance(part, str) and "/" in part:
            before, _, after = part.partition("/")
            return _made(Text.of(*parts[:index], before), Text.of(after, *parts[index + 1 :]))
    is_whole = all(isinstance(part, str) or "/" in part.excludes for part in parts)
    return _made(Text.of(*parts), Text(())) if is_whole else None


def _made(bucket: Text, prefix: Text) -> _Folder | None:
    """A folder, without the slash that may stand at its end."""
    last = prefix.parts[-1] if prefix.parts else ""
    if isinstance(last, str) and last.endswith("/"):
        prefix = Text.of(*prefix.parts[:-1], last.rstrip("/"))
    return _Folder(bucket, prefix) if bucket.parts else None


def _report_groups(spec: Text) -> Iterator[str]:
    """The names, or the ARNs, of report groups in a buildspec that is written out whole.

    Source: https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html (``reports``)
    """
    text = spec.literal
    is_written_out = text is not None and ("\n" in text.strip() or text.lstrip().startswith("{"))
    if text is None or not is_written_out or "reports" not in text:
        return
    try:
        data = parse(text, "buildspec").data
    except DocumentError:
        return
    reports = data.get("reports") if isinstance(data, dict) else None
    for name in reports if isinstance(reports, dict) else ():
        if isinstance(name, str) and name and "$" not in name:
            yield name
