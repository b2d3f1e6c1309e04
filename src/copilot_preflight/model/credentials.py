"""Variables of a container with which the AWS SDKs pass over the task role.

The SDKs look for credentials in a chain of places and stop at the first that has any. Environment
variables and web identity tokens come before the container's endpoint, which gives out the task
role. A profile, though it comes before it too, may itself take its credentials from that endpoint
(``credential_source = EcsContainer``), and the variables that name the endpoint are ECS's own.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from copilot_preflight.base.finding import DataPath, Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.inputs.package import Manifest
from copilot_preflight.model.tasks import Container, TaskDefinition, task_definitions
from copilot_preflight.resolve.hints import reference_in
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import Guard, Value
from copilot_preflight.resolve.view import View

if TYPE_CHECKING:
    from copilot_preflight.model.manifest import ManifestEnvFile

CREDENTIALS: Final = (
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"),
)
"""Variables that make up credentials, none of them without the others.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html
and https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
"""

_ENDPOINT: Final = "AWS_ENDPOINT_URL"
"""How the variables begin that send calls elsewhere, to a store that is not AWS's.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
"""


class Setting(NamedTuple):
    """A variable of a container that is set to something. Its value is nowhere kept.

    ``where`` says what sets it, with its ``line`` if that is an environment file. ``origin`` is
    where the manifest has it, or names the file.
    """

    name: str
    where: str
    place: Place
    guard: Guard = ()
    origin: Place | None = None
    line: int = 0


class Override(NamedTuple):
    """Credentials of a container that hide the task role, in the first scenario that has them."""

    view: View
    task: TaskDefinition
    container: Container
    role: Value
    settings: tuple[Setting, ...]


def overrides(stack: Stack) -> Iterator[Override]:
    """Credentials in the environment of containers whose task has a role."""
    view = View(stack)
    for task in task_definitions(view):
        for container in task.containers if task.task_role is not None else ():
            settings = _settings(stack, container)
            if any(name.startswith(_ENDPOINT) for name in settings):
                continue
            for names in CREDENTIALS:
                found = tuple(settings[name] for name in names if name in settings)
                role = task.task_role
                if role is None or len(found) < len(names):
                    continue
                guards = (role.guard, *(setting.guard for setting in found))
                for first in view.where(tuple(dict.fromkeys(sum(guards, ()))))[:1]:
                    yield Override(first, task, container, role, found)


def _settings(stack: Stack, container: Container) -> Mapping[str, Setting]:
    """The variables that are set; ``Environment`` wins over files, and a file over later ones.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html
    """
    found: dict[str, Setting] = {}
    empty: set[str] = set()
    for key, value_key in (("Environment", "Value"), ("Secrets", "ValueFrom")):
        for entry in _entries(container.value, key):
            for name in entry.children("Name"):
                known = name.text().literal
                values = list(entry.children(value_key))
                held = [value for value in values if _holds(stack, value)]
                if known and held:
                    origin = _in_manifest(stack, container, known)
                    setting = Setting(known, key, name.place, held[0].guard, origin)
                    found.setdefault(known, setting)
                elif known and not name.guard:
                    empty.add(known)
    for file, local in _local_files(stack, container):
        for variable, line in local.variables().items():
            if variable not in empty:
                where = f"'{local.path}'"
                setting = Setting(variable, where, file.place, file.guard, local.place, line)
                found.setdefault(variable, setting)
    return found


def _entries(container: Value, key: str) -> Iterator[Value]:
    for entry in container.each(key):
        if isinstance(entry.raw, dict) and not entry.is_opaque:
            yield entry


def _holds(stack: Stack, value: Value) -> bool:
    """Whether a value is not empty: SDKs take an empty variable for none.

    A parameter that may be left empty may be meant to be.
    """
    declared = stack.data.get("Parameters")
    parameter = declared.get(reference_in(value.raw)) if isinstance(declared, dict) else None
    is_optional = isinstance(parameter, dict) and parameter.get("Default") == ""
    literal = value.text().literal
    return bool(literal) if literal is not None else not is_optional


def _local_files(stack: Stack, container: Container) -> Iterator[tuple[Value, ManifestEnvFile]]:
    """The container's environment files whose content lies in the workspace.

    A file that has changed since it was packaged is another one.
    """
    manifest = stack.manifest
    if manifest is None or manifest.workspace is None or not container.files:
        return
    from copilot_preflight.model.manifest import manifest_env_files

    declared = list(manifest_env_files(manifest, stack.environment))
    for file in container.files:
        packaged = file.arn.literal
        for local in declared:
            if file.parameter not in local.parameters:
                continue
            if packaged is None or (local.sha256() or "?") in packaged:
                yield file.value, local


def _in_manifest(stack: Stack, container: Container, name: str) -> Place | None:
    """Where a manifest with a file of its own sets a variable or a secret of a container."""
    manifest = stack.manifest
    if manifest is None or manifest.embedded:
        return None
    for path in _sections(stack, container, manifest):
        section = _reach(manifest.data, path)
        for key in ("variables", "secrets"):
            names = section.get(key)
            if isinstance(names, Mapping) and name in names:
                return manifest.place_of((*path, key, name))._replace(key=True)
    return None


def _sections(stack: Stack, container: Container, manifest: Manifest) -> Iterator[DataPath]:
    """The parts of a manifest that speak of a container, those of its environment first."""
    called = container.name.literal
    is_main = called is None or called == manifest.data.get("name")
    own: DataPath = () if is_main else ("sidecars", called or "")
    yield ("environments", stack.environment, *own)
    yield own


def _reach(data: Mapping[str, object], path: DataPath) -> Mapping[str, object]:
    found: object = data
    for key in path:
        found = found.get(str(key)) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}
