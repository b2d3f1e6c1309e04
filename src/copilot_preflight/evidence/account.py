"""The account, as its answers show it: what there is under which name or ARN.

Names and ARNs are asked for as a template spells them, with holes in them. An answer is None where
nothing is known, and also where two things may be meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple, TypeVar

from copilot_preflight.base.finding import Place
from copilot_preflight.base.symbolic import Text
from copilot_preflight.evidence.levels import Level
from copilot_preflight.evidence.naming import by_arn, is_arn_of, is_here, is_made_up, the_one
from copilot_preflight.evidence.records import (
    MULTI_REGION,
    Bucket,
    Deployed,
    Endpoint,
    Export,
    FileSystem,
    Key,
    ManagedPolicy,
    Parameter,
    Repository,
    Role,
    Secret,
    StackResource,
    StoredObject,
)
from copilot_preflight.iam import arn

_SUFFIX: Final = re.compile(r"-[A-Za-z0-9]{6}$")


class Where(NamedTuple):
    """Where an account is: each ``""`` where no index, or two that differ, tell."""

    account: str = ""
    partition: str = ""
    region: str = ""


NOWHERE: Final = Where()


class Account:
    """What was answered about the account, or about several.

    ``taken`` has the age of each file, in seconds since 1970; ``where`` is what all indexes say of
    the account that was asked. ``resources`` stand with the newest first; ``twice`` are the names
    of stacks that there are in two accounts or regions: nothing is known of such a name.
    """

    def __init__(
        self,
        roles: Iterable[Role] = (),
        policies: Iterable[ManagedPolicy] = (),
        buckets: Mapping[str, Bucket] = MappingProxyType({}),
        keys: Mapping[str, Key] = MappingProxyType({}),
        aliases: Mapping[tuple[str, str, str], str] = MappingProxyType({}),
        secrets: Iterable[Secret] = (),
        parameters: Iterable[Parameter] = (),
        repositories: Iterable[Repository] = (),
        file_systems: Mapping[str, FileSystem] = MappingProxyType({}),
        endpoints: Sequence[Endpoint] = (),
        vpcs: Mapping[str, str] = MappingProxyType({}),
        tables: Mapping[str, str] = MappingProxyType({}),
        exports: Iterable[Export] = (),
        resources: Iterable[StackResource] = (),
        deployed: Mapping[tuple[str, str], Deployed] = MappingProxyType({}),
        twice: Iterable[str] = (),
        objects: Mapping[tuple[str, str], StoredObject] = MappingProxyType({}),
        absent_roles: Mapping[tuple[str, str], Place] = MappingProxyType({}),
        levels: Mapping[str, tuple[Sequence[Level], Sequence[Level]]] = MappingProxyType({}),
        taken: Mapping[str, float] = MappingProxyType({}),
        where: Where = NOWHERE,
    ) -> None:
        self._roles: dict[str, list[Role]] = {}
        for role in roles:
            self._roles.setdefault(role.name, []).append(role)
        self._policies: dict[str, list[ManagedPolicy]] = {}
        for policy in policies:
            self._policies.setdefault(policy.name, []).append(policy)
        self._buckets = buckets
        self._keys = keys
        self._aliases = aliases
        self._secrets: dict[str, list[Secret]] = {}
        for secret in secrets:
            self._secrets.setdefault(secret.name, []).append(secret)
        self._parameters: dict[str, list[Parameter]] = {}
        for parameter in parameters:
            self._parameters.setdefault(parameter.name.strip("/"), []).append(parameter)
        self._repositories: dict[str, list[Repository]] = {}
        for repository in repositories:
            self._repositories.setdefault(repository.name, []).append(repository)
        self._file_systems = file_systems
        self._exports: dict[str, list[Export]] = {}
        for export in exports:
            self._exports.setdefault(export.name, []).append(export)
        self._made = tuple(resources)
        self._twice = frozenset(twice)
        self._resources: dict[tuple[str, str], StackResource] = {}
        for made in self._made:
            self._resources.setdefault((made.stack, made.logical_id), made)
        self._deployed = deployed
        self._objects = objects
        self._absent_roles = absent_roles
        self._levels = levels
        self.endpoints = endpoints
        self._vpcs = vpcs
        self._tables = tables
        self.taken = taken
        self.where = where

    # --- IAM ---------------------------------------------------------------------------------

    def role(self, reference: Text, here: Text) -> Role | None:
        """The role of a name or an ARN; ``here`` is the account in which a bare name is."""
        asked = arn.parse(reference)
        name = _last(reference if asked is None else asked.resource)
        known = self._roles.get(name, ())
        if asked is None:
            found = ((it, _is_account(it.account, here)) for it in known)
            return the_one(found) if reference.literal == name else None
        if asked.service.literal != "iam" or not str(asked.resource).startswith("role/"):
            return None
        return the_one(
            (it, is_arn_of(asked, it.arn) if it.arn else _is_account(it.account, asked.account))
            for it in known
        )

    def absent_role(self, reference: Text) -> Place | None:
        """Where the account has answered that it has no role of such a name."""
        asked = arn.parse(reference)
        name = _last(reference if asked is None else asked.resource)
        for (account, known), place in self._absent_roles.items():
            may_be = asked is None or not account or _is_account(account, asked.account)
            if known == name and may_be is not False:
                return place
        return None

    def policy(self, reference: Text) -> ManagedPolicy | None:
        """The managed policy of an ARN."""
        asked = arn.parse(reference)
        if asked is None or asked.service.literal != "iam":
            return None
        known = self._policies.get(_last(asked.resource), ())
        is_of_aws = asked.account.literal == "aws"
        return the_one(
            (it, is_arn_of(asked, it.arn) if it.arn else _is_account(it.account, asked.account))
            for it in known
            if it.arn or not is_of_aws
        )

    # --- what calls act on -------------------------------------------------------------------

    def bucket(self, name: Text) -> Bucket | None:
        """The bucket that certainly has a name: no two have the same."""
        return self._buckets.get(name.literal or "")

    def stored_object(self, bucket: Text, key: Text) -> StoredObject | None:
        """The object of a bucket."""
        return self._objects.get((bucket.literal or "", key.literal or ""))

    def key(self, reference: Text) -> Key | None:
        """The key of an ARN or an id; for that of an alias see `key_of_alias`."""
        asked = arn.parse(reference)
        known = self._keys.get(_last(reference if asked is None else asked.resource))
        if known is None or (known.id.startswith(MULTI_REGION) and not known.arn):
            return None
        if asked is None:
            return known if reference.literal == known.id else None
        if asked.service.literal != "kms" or asked.resource.literal != f"key/{known.id}":
            return None
        return by_arn(reference, [known]) if known.arn else known  # no two others share an id

    def key_of_alias(self, alias: Text) -> str:
        """The id of the key that an alias, by its name or ARN, stands for; ``""`` if not known."""
        asked = arn.parse(alias)
        name = (alias if asked is None else asked.resource).literal
        found: set[str] = set()
        for (account, region, known), target in self._aliases.items():
            if known == name and (asked is None or is_here(account, region, asked) is not False):
                found.add(target)
        return found.pop() if len(found) == 1 else ""

    def secret(self, reference: Text) -> Secret | None:
        """The secret of an ARN, complete or without the six characters that end it."""
        asked = arn.parse(reference)
        if asked is None or asked.service.literal != "secretsmanager":
            return None
        pieces = asked.resource.split(":", 1).items
        begin = pieces[1].parts[0] if len(pieces) > 1 and pieces[1].parts else ""
        if not isinstance(begin, str):
            return None
        is_whole = pieces[1].literal is not None if begin else False
        names = {begin, _SUFFIX.sub("", begin)} if is_whole else {begin.removesuffix("-")}
        secrets = [it for name in names for it in self._secrets.get(name, ())]
        return by_arn(reference, secrets) or the_one(
            (it, _is_partial(asked, it.arn)) for it in secrets
        )

    def parameter(self, reference: Text) -> Parameter | None:
        """The parameter of SSM that an ARN is of."""
        asked = arn.parse(reference)
        resource = asked.resource.literal if asked is not None else None
        if asked is None or resource is None or asked.service.literal != "ssm":
            return None
        kind, _, name = resource.partition("/")
        known = self._parameters.get(name.strip("/"), ()) if kind == "parameter" else ()
        return _of_place(asked, known)

    def repository(self, reference: Text) -> Repository | None:
        """The repository of an ARN."""
        asked = arn.parse(reference)
        resource = asked.resource.literal if asked is not None else None
        if asked is None or resource is None or asked.service.literal != "ecr":
            return None
        kind, _, name = resource.partition("/")
        known = self._repositories.get(name, ()) if kind == "repository" else ()
        return _of_place(asked, known)

    def file_system(self, reference: Text) -> FileSystem | None:
        """The file system of an id or an ARN."""
        asked = arn.parse(reference)
        known = self._file_systems.get(_last(reference if asked is None else asked.resource))
        if known is None or asked is None or not known.arn:
            return known
        return by_arn(reference, [known])

    # --- networks ----------------------------------------------------------------------------

    def vpc_of(self, subnet: Text) -> str:
        """The VPC that a subnet lies in, ``""`` where it is not known."""
        return self._vpcs.get(subnet.literal or "", "")

    def route_table_of(self, subnet: Text) -> str:
        """The route table that a subnet names itself, ``""`` where it is not known."""
        return self._tables.get(subnet.literal or "", "")

    # --- stacks ------------------------------------------------------------------------------

    def exported(self, name: str, account: str = "", region: str = "") -> Export | None:
        """What a stack of an account and region exports under a name.

        Where they are not known, all that there are must say the same.
        """
        found = [
            it
            for it in self._exports.get(name, ())
            if account in ("", it.account or account) and region in ("", it.region or region)
        ]
        is_one = len({it.value for it in found}) == 1
        return next(iter(found)) if is_one else None

    def deployed(self, stack: str, logical_id: str) -> StackResource | None:
        """What a stack of a name has made of a logical id."""
        return None if stack in self._twice else self._resources.get((stack, logical_id))

    def made_of(self, logical_id: str, kind: str) -> frozenset[str]:
        """The physical ids of what any stack has made of a logical id of a type."""
        return frozenset(
            it.physical_id for it in self._made if it.logical_id == logical_id and it.type == kind
        )

    def is_made_by_other(self, physical_id: str, stack: str) -> bool:
        """Whether something is known to belong to another stack than that of a name."""
        return any(it.physical_id == physical_id and it.stack != stack for it in self._made)

    def role_made_by(self, stack: str, logical_id: str) -> Role | None:
        """The role that a stack has made of a logical id.

        Where no answer tells, it is the one that has the name that CloudFormation makes up.
        """
        made = self.deployed(stack, logical_id)
        if made is not None:
            names = [made.physical_id]
        else:
            whole = f"{stack}-{logical_id}"
            named = (it for it in self._roles if it.rpartition("-")[0] == whole)
            names = [it for it in named if is_made_up(it, logical_id)]
        found = [role for name in names for role in self._roles.get(name, ())]
        return found[0] if len(found) == 1 else None

    @property
    def stacks(self) -> frozenset[str]:
        """The names of the stacks of which it is known what they have made."""
        return frozenset(stack for stack, _ in self._resources)

    def parameters_of(self, stack: str) -> Mapping[str, str]:
        """The ARNs that a stack was deployed with, by the names of its parameters."""
        found = None if stack in self._twice else self._deployed.get(("parameters", stack))
        return {} if found is None else found.raw

    def template(self, stack: str) -> Deployed | None:
        """The template that a stack of a name was deployed with."""
        return None if stack in self._twice else self._deployed.get(("template", stack))

    def task_definition(self, name: str) -> Deployed | None:
        """The task definition of an ARN, or the newest of a family."""
        found = self._deployed.get(("task", name))
        if found is not None:
            return found
        revisions = [it for it in self._of("task") if it.raw.get("family") == name]
        return max(revisions, key=_revision, default=None)

    def running(self, family: str) -> tuple[Deployed, ...]:
        """The task definitions of a family that services run; the newest if none is known to."""
        named = {str(it.raw.get("taskDefinition")) for it in self._of("service")}
        found = [it for it in self._of("task") if it.raw.get("family") == family]
        running = tuple(it for it in found if it.name in named)
        newest = self.task_definition(family)
        return running or (() if newest is None else (newest,))

    def _of(self, kind: str) -> Iterator[Deployed]:
        return (it for (of, _), it in self._deployed.items() if of == kind)

    # --- the organization --------------------------------------------------------------------

    def levels(self, account: str) -> tuple[Sequence[Level], Sequence[Level]] | None:
        """The service and the resource control policies of an account, from the root down.

        None where the answers do not have all of them.
        """
        return self._levels.get(account)


def _last(name: Text) -> str:
    """What stands behind the last slash, if it is written out."""
    last = name.parts[-1] if name.parts else ""
    if not isinstance(last, str) or ("/" not in last and len(name.parts) > 1):
        return ""
    return last.rpartition("/")[2]


P = TypeVar("P", Parameter, Repository)


def _revision(task: Deployed) -> int:
    revision = task.raw.get("revision")
    return revision if isinstance(revision, int) else 0


def _of_place(asked: arn.Arn, known: Sequence[P]) -> P | None:
    """The record that an ARN is of, by its own ARN or by the account and region that it is in."""
    return the_one(
        (it, is_arn_of(asked, it.arn) if it.arn else is_here(it.account, it.region, asked))
        for it in known
    )


def _is_account(account: str, here: Text) -> bool | None:
    """Whether an account, ``""`` for an unknown one, is the one that is asked for."""
    return here.equals(Text.of(account)) if account else None


def _is_partial(asked: arn.Arn, known: str) -> bool | None:
    """Whether an ARN that lacks the end of a secret's ARN is that of a secret."""
    own = arn.parse(Text.of(known))
    if own is None:
        return False
    resource = own.resource.literal or ""
    bare = _SUFFIX.sub("", resource)
    given = asked.resource
    begins = given.parts[0] if given.parts else ""
    written = given.literal == bare or (
        given.literal is None and len(given.parts) == 2 and begins == f"{bare}-"
    )
    if not written:
        return False
    return is_here(own.account.literal or "", own.region.literal or "", asked)
