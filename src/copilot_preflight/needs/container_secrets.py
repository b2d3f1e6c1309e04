"""The secrets that containers, log drivers and registries ask for, and what reading them takes.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html
and https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Final

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Fact, missing_values
from copilot_preflight.model.roles import role_named
from copilot_preflight.model.secrets import (
    Parameter,
    Secret,
    complete_arn,
    parameter_with_arn,
    secret_with_arn,
    tags_of_copilot,
)
from copilot_preflight.model.tasks import TaskDefinition, may_have_proxies, task_definitions
from copilot_preflight.needs.need import Need, NeededCall, Site, SitesOfTasks
from copilot_preflight.needs.references import (
    EITHER,
    SECRETS_MANAGER,
    SSM,
    Reference,
    credentials_at,
    reference_to,
)
from copilot_preflight.resolve.value import Value, each_map, maps_of
from copilot_preflight.resolve.view import View

SECRET: Final = "secret"
REGISTRY: Final = "registry-credentials"
"""The kinds of the needs of these sources."""

GET_PARAMETERS: Final = "ssm:GetParameters"
GET_SECRET_VALUE: Final = "secretsmanager:GetSecretValue"
DECRYPT: Final = "kms:Decrypt"

_DOCS: Final = "https://docs.aws.amazon.com"
_GUIDE: Final = f"{_DOCS}/AmazonECS/latest/developerguide"
_PAGES: Final = {
    SECRETS_MANAGER: f"{_GUIDE}/secrets-envvar-secrets-manager.html",
    SSM: f"{_GUIDE}/secrets-envvar-ssm-parameters.html",
    EITHER: f"{_GUIDE}/specifying-sensitive-data.html",
}
_LOG_PAGE: Final = f"{_GUIDE}/secrets-logconfig.html"
_REGISTRY_PAGE: Final = f"{_GUIDE}/private-auth.html"
_APP_RUNNER_PAGE: Final = f"{_DOCS}/apprunner/latest/dg/env-variable.html"
_KEY_PAGE: Final = f"{_DOCS}/secretsmanager/latest/userguide/security-encryption.html"
_PARAMETER_PAGE: Final = (
    f"{_DOCS}/systems-manager/latest/userguide/integration-ps-secretsmanager.html"
)
_SECURE_PAGE: Final = f"{_DOCS}/kms/latest/developerguide/services-parameter-store.html"
_SECRET_BEHIND: Final = ":parameter/aws/reference/secretsmanager/"


class SecretRead(NamedTuple):
    """What asks for a secret: the ``detail`` of a need. ``secret`` is the run's, if it is there."""

    value: Value
    reference: Reference
    secret: Secret | None = None


Refer = Callable[[View, Text], Reference | None]
"""Tells which secret or parameter a value names; None for nothing that is read."""


class Reader(NamedTuple):
    """Who reads: the fields that the needs of one task, service, job or build project share.

    ``who`` says it in a sentence, ``page`` is AWS's, ``""`` for that of the store in ECS's guide.
    """

    kind: str
    view: View
    user: str
    role_value: Value | None
    task: TaskDefinition | None
    who: str
    page: str = ""

    def site(self, value: Value, subject: str, refer: Refer) -> Site:
        return Site(self.kind, value, partial(self._needs, value, subject, refer))

    def _needs(self, value: Value, subject: str, refer: Refer) -> Iterator[Need]:
        reference = refer(self.view, value.text())
        if reference is None:
            return
        secret = None
        if reference.store == SECRETS_MANAGER:
            secret = secret_with_arn(self.view, reference.given) or self._secret_outside(reference)
            if secret is not None:
                reference = reference._replace(resource=secret.arn)
        read = SecretRead(value, reference, secret)
        undecided = secret.undecided if secret is not None else ""
        yield Need(
            kind=self.kind,
            view=self.view,
            value=value,
            subject=subject,
            user=self.user,
            role_value=self.role_value,
            calls=tuple(self._calls(read)),
            task=self.task,
            undecided=undecided if secret and secret.place.file == self.view.file else "",
            detail=read,
        )

    def _secret_outside(self, reference: Reference) -> Secret | None:
        """The secret as the account has answered of it."""
        if self.view.run.outside.account is None:
            return None
        from copilot_preflight.model.account_storage import secret_in_account

        return secret_in_account(self.view, reference.given)

    def _parameter_outside(self, resource: Text) -> Parameter | None:
        """The parameter as the account has answered of it."""
        if self.view.run.outside.account is None:
            return None
        from copilot_preflight.model.account_storage import parameter_in_account

        return parameter_in_account(self.view, resource)

    def _calls(self, read: SecretRead) -> Iterator[NeededCall]:
        """What is called to read a secret; nothing for a value that ECS rejects."""
        reference = read.reference
        if reference.resource is None:
            return
        because = self._because(reference.store)
        if reference.store == SSM:
            yield self._get_parameters(reference.resource, because)
            yield from self._secret_behind(reference.resource)
            parameter = self._parameter_outside(reference.resource)
            if parameter is not None and parameter.key is not None:
                yield self._decrypt_parameter(parameter.key, parameter.arn)
            return
        context = {**self._untagged(read.secret), **_context_of(reference, read.secret)}
        needed = NeededCall(GET_SECRET_VALUE, reference.resource, because, context)
        if reference.store == EITHER:
            instead = self._get_parameters(reference.resource, because)
            needed = needed._replace(doubts=missing_values(reference.given), alternative=instead)
        yield needed
        if read.secret is not None and read.secret.key is not None:
            yield self._decrypt(read.secret.key, reference.resource)

    def _because(self, store: str) -> str:
        return f"{self.who} ({self.page or _PAGES[store]})"

    def _get_parameters(self, resource: Text, because: str) -> NeededCall:
        found = parameter_with_arn(self.view, resource) or self._parameter_outside(resource)
        tags = found.tags if found is not None else {}
        context = {**self._untagged(found), **_tags_of("ssm", tags)}
        needed = NeededCall(GET_PARAMETERS, resource, because, context)
        if found is not None:
            return needed
        return needed._replace(evidence=_tags_of("ssm", tags_of_copilot(self.view, resource)))

    def _untagged(self, found: Secret | Parameter | None) -> dict[str, tuple[Text, ...]]:
        """The tags that the role's grants ask for, of something of which all tags are known.

        Those that it has take their place.
        """
        if found is None or not found.has_all_tags or self.role_value is None:
            return {}
        role = role_named(self.view, self.role_value.text())
        asked = {
            clause.key.lower()
            for statement in (role.statements if role is not None else ())
            for clause in statement.clauses
        }
        return {key: () for key in asked if "resourcetag/" in key}

    def _secret_behind(self, parameter: Text) -> Iterator[NeededCall]:
        """A parameter of this path stands for a secret, which SSM reads as whoever asks."""
        known = parameter.split(":", 5)
        last = parameter.parts[-1]
        if known.complete and isinstance(last, str) and _SECRET_BEHIND in last:
            name = last.partition(_SECRET_BEHIND)[2]
            region, account = known.items[3], known.items[4]
            head = Text.of("arn:", known.items[1], ":secretsmanager:", region, ":", account)
            because = f"SSM reads the secret behind the parameter ({_PARAMETER_PAGE})"
            resource = complete_arn(Text.of(head, ":secret:", name))
            yield NeededCall(GET_SECRET_VALUE, resource, because)

    def _decrypt_parameter(self, key: Text, parameter: Text) -> NeededCall:
        """SSM decrypts with the reader's permissions, and tells KMS which parameter."""
        parsed = arn.parse(parameter)
        context: dict[str, tuple[Text, ...]] = {"kms:encryptioncontext:parameter_arn": (parameter,)}
        if parsed is not None:
            context["kms:viaservice"] = (Text.of("ssm.", parsed.region, ".amazonaws.com"),)
        because = f"SSM decrypts the parameter with the reader's permissions ({_SECURE_PAGE})"
        return NeededCall(DECRYPT, key, because, context)

    def _decrypt(self, key: Text, secret: Text) -> NeededCall:
        """Secrets Manager decrypts with the reader's permissions, and tells KMS which secret."""
        hole = key.only_hole
        parsed = arn.parse(secret)
        context: dict[str, tuple[Text, ...]] = {"kms:encryptioncontext:secretarn": (secret,)}
        if parsed is not None:
            via = Text.of("secretsmanager.", parsed.region, ".amazonaws.com")
            context["kms:viaservice"] = (via,)
        return NeededCall(
            DECRYPT,
            key,
            f"Secrets Manager decrypts the secret with the reader's permissions ({_KEY_PAGE})",
            context,
            # What is in a parameter may be the key that AWS manages, which needs no grant.
            doubts=() if hole is None else (Fact("value", hole.name),),
        )


def _context_of(reference: Reference, secret: Secret | None) -> dict[str, tuple[Text, ...]]:
    """The condition keys of GetSecretValue that are certain.

    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
    """
    found = _tags_of("secretsmanager", secret.tags if secret is not None else {})
    if reference.store == SECRETS_MANAGER and not reference.is_name:
        found["secretsmanager:secretid"] = (reference.given,)
    if reference.stage:
        found["secretsmanager:versionstage"] = (Text.of(reference.stage),)
    return found


def _tags_of(service: str, tags: Mapping[str, Text]) -> dict[str, tuple[Text, ...]]:
    """Tags as the two condition keys that tell them. Of tags that are not there nothing is known:

    CloudFormation puts those of the stack on what it makes.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-add-tags.html
    """
    found: dict[str, tuple[Text, ...]] = {}
    for key, value in tags.items():
        for prefix in (service, "aws"):
            found[f"{prefix}:resourcetag/{key}".lower()] = (value,)
    return found


# --- who asks ------------------------------------------------------------------------------------


@SitesOfTasks
def secret_sites(view: View, tasks: Iterable[TaskDefinition]) -> Iterator[Site]:
    """Every secret of a container, of its logs, of a proxy's logs and of an App Runner service.

    ``detail`` is its `SecretRead`.
    """
    tasks = tuple(tasks)
    for task in tasks:
        reader = _reader(SECRET, view, task, "ECS reads it with the execution role")
        for container in task.containers:
            for item in each_map(container.value, "Secrets"):
                yield from secret_site(reader, item, "ValueFrom", "secret", str(container))
            logs = reader._replace(page=_LOG_PAGE)
            for configuration in maps_of(container.value, "LogConfiguration"):
                for item in each_map(configuration, "SecretOptions"):
                    yield from secret_site(logs, item, "ValueFrom", "log option", str(container))
    if may_have_proxies(view.stack):
        yield from _proxy_sites(view, tasks or task_definitions(view))
    yield from _app_runner_sites(view)


@SitesOfTasks
def registry_sites(view: View, tasks: Iterable[TaskDefinition]) -> Iterator[Site]:
    """The registry credentials of every container; ``detail`` of the need is its `SecretRead`."""
    for task in tasks:
        who = "ECS logs in to the registry with the execution role"
        reader = _reader(REGISTRY, view, task, who)._replace(page=_REGISTRY_PAGE)
        for container in task.containers:
            for credentials in maps_of(container.value, "RepositoryCredentials"):
                for value in credentials.children("CredentialsParameter"):
                    yield reader.site(value, f"registry login of {container}", credentials_at)


def _proxy_sites(view: View, tasks: Iterable[TaskDefinition]) -> Iterator[Site]:
    """The secret options of the logs of Service Connect's proxies, which ECS adds to the tasks."""
    from copilot_preflight.model.service_connect import proxies

    for proxy in proxies(view, tasks):
        who = "ECS reads it with the execution role"
        reader = _reader(SECRET, view, proxy.task, who)._replace(page=_LOG_PAGE)
        for item in each_map(proxy.logs, "SecretOptions"):
            yield from secret_site(reader, item, "ValueFrom", "log option", str(proxy))


def _app_runner_sites(view: View) -> Iterator[Site]:
    for logical_id, resource in view.resources("AWS::AppRunner::Service"):
        for properties in resource.children("Properties"):
            instance = properties.child("InstanceConfiguration")
            roles = list(instance.children("InstanceRoleArn")) if instance is not None else []
            role = roles[0] if roles else None
            who = "App Runner reads it with the instance role"
            reader = Reader(SECRET, view, "instance", role, None, who, _APP_RUNNER_PAGE)
            for source in maps_of(properties, "SourceConfiguration"):
                for holder in _app_runner_images(source):
                    for item in each_map(holder, "RuntimeEnvironmentSecrets"):
                        service = f"App Runner service '{logical_id}'"
                        yield from secret_site(reader, item, "Value", "secret", service)


def _app_runner_images(source: Value) -> Iterator[Value]:
    for image in maps_of(source, "ImageRepository"):
        yield from maps_of(image, "ImageConfiguration")
    for code in maps_of(source, "CodeRepository"):
        for configuration in maps_of(code, "CodeConfiguration"):
            yield from maps_of(configuration, "CodeConfigurationValues")


def _reader(kind: str, view: View, task: TaskDefinition, who: str) -> Reader:
    return Reader(kind, view, "execution", task.execution_role, task, who)


def secret_site(reader: Reader, item: Value, key: str, what: str, holder: str) -> Iterator[Site]:
    """The sites of one element of a list of secrets, whose ``key`` says which one it is.

    Messages call it ``<what> '<its Name>' of <holder>``.
    """
    name = item.child("Name")
    subject = f"{what} '{name.text()}' of {holder}" if name is not None else f"{what} of {holder}"
    for value in item.children(key):
        yield reader.site(value, subject, reference_to)
