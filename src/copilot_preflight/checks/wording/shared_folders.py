"""Env files of other deployments in the folder of one: a grant of every version reaches them too.

Copilot uploads an env file to ``manual/env-files/<its name>/<its hash>.env``, in the one bucket
that an application has in a region, so services and environments whose env files are called alike
share a folder.
Source: ``EnvFiles`` in internal/pkg/template/artifactpath of https://github.com/aws/copilot-cli
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from copilot_preflight.access.request import Call
from copilot_preflight.base.finding import Related
from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.checks.wording.parts import value_of_parameter
from copilot_preflight.iam.evaluate import Outcome, Request, evaluate
from copilot_preflight.model.tasks import EnvironmentFile, task_definitions
from copilot_preflight.needs.env_files import GET_OBJECT, EnvFileRead
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.view import View, index_of

if TYPE_CHECKING:
    from copilot_preflight.model.manifest import ManifestEnvFile

_UPLOAD: Final = lazy_pattern(r"(arn:[^:]+:s3:::[^/]+/manual/env-files/[^/]+/)[0-9a-f]{64}\.env")
_SHOWN: Final = 3
"""How many deployments are named; of more, the number is said."""


class _Deployment(NamedTuple):
    """A workload of Copilot's in one of its environments."""

    application: str
    environment: str
    workload: str

    def __str__(self) -> str:
        return f"'{self.workload}' in environment '{self.environment}'"


def also_reached(call: Call, read: EnvFileRead) -> tuple[Related, ...]:
    """The files of other deployments that a grant of every version of a file reaches.

    Only where both deployments are known, and nothing says that their file is one and the same: of
    one file, the other deployment has another version. What the role may read anyway is no news.
    """
    stack = read.view.stack
    own, folder = _deployment(stack), _folder(read.file.arn)
    if own is None or folder is None or not read.is_copilot:
        return ()
    found: dict[_Deployment, Related] = {}
    for view in read.view.holding(_by_folder, (folder,)):
        other = _deployment(view.stack)
        if other is None or other == own or other in found:
            continue
        for file in _by_folder(view).get(folder, ()):
            is_same = _is_same_file(stack, read.file, view.stack, file)
            if not is_same and file.arn != read.file.arn and not _is_granted(call, file.arn):
                found[other] = _shown(view.stack, file, other)
                break
    shown = list(found.values())
    if len(shown) > _SHOWN:
        more = f" (and {len(shown) - _SHOWN} more)"
        shown = shown[:_SHOWN]
        shown[-1] = shown[-1]._replace(message=shown[-1].message + more)
    return tuple(shown)


@index_of("AWS::ECS::TaskDefinition")
def _by_folder(view: View) -> Mapping[Text, tuple[EnvironmentFile, ...]]:
    """The uploaded env files that the tasks of a template certainly ask for, by their folders."""
    found: dict[Text, tuple[EnvironmentFile, ...]] = {}
    for task in task_definitions(view):
        for file in (file for container in task.containers for file in container.files):
            folder = _folder(file.arn)
            if folder is not None and not file.value.guard:
                found[folder] = (*found.get(folder, ()), file)
    return found


def _folder(file: Text) -> Text | None:
    found = _UPLOAD.fullmatch(file.literal or "")
    return Text.of(found[1]) if found else None


def _deployment(stack: Stack) -> _Deployment | None:
    """What a stack deploys, where all of its names are known."""
    if not (stack.workload and stack.environment and stack.declares("AppName")):
        return None
    application = stack.resolver().parameter("AppName").literal
    return _Deployment(application, stack.environment, stack.workload) if application else None


def _is_same_file(
    stack: Stack, file: EnvironmentFile, other_stack: Stack, other_file: EnvironmentFile
) -> bool:
    """Whether the manifests of two deployments certainly name one file."""
    one, other = _local(stack, file), _local(other_stack, other_file)
    if one is None or other is None or "${" in one.path:
        return False
    if one.workspace is not None and other.workspace is not None:
        return os.path.realpath(one.workspace / one.path) == os.path.realpath(
            other.workspace / other.path
        )
    is_same_workload = stack.workload == other_stack.workload
    return is_same_workload and os.path.normpath(one.path) == os.path.normpath(other.path)


def _local(stack: Stack, file: EnvironmentFile) -> ManifestEnvFile | None:
    manifest = stack.manifest
    if manifest is None:
        return None
    from copilot_preflight.model.manifest import manifest_env_files

    declared = manifest_env_files(manifest, stack.environment)
    return next((it for it in declared if file.parameter in it.parameters), None)


def _is_granted(call: Call, file: Text) -> bool:
    request = Request(GET_OBJECT, file, call.request.context)
    return evaluate(call.role.statements, request).outcome is Outcome.ALLOWED


def _shown(stack: Stack, file: EnvironmentFile, deployment: _Deployment) -> Related:
    message = f"in the same folder: the wider grant reaches the env file of {deployment} too"
    for given in value_of_parameter(stack, file.value):
        return Related(given.place, message)
    return Related(file.value.place, message)
