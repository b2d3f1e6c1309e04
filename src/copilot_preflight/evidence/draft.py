"""The account as it is put together: what several answers say of one thing becomes one record.

Answers are taken in with the newest first: what an older one says of the same counts no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from copilot_preflight.base.finding import Place
from copilot_preflight.evidence.records import (
    MULTI_REGION,
    NO_TAGS,
    Attachment,
    Bucket,
    Deployed,
    Endpoint,
    Export,
    FileSystem,
    Key,
    ManagedPolicy,
    Parameter,
    Policy,
    Repository,
    Role,
    Secret,
    StackResource,
    StoredObject,
)


class Draft:
    """All that was read so far.

    ``accounts`` are those that have a role of a name, by all answers together: one that does not
    name the account is about the only one that there is.
    """

    def __init__(self, accounts: Mapping[str, frozenset[str]]) -> None:
        self.accounts = accounts
        self.roles: dict[tuple[str, str], RoleDraft] = {}
        self.absent_roles: dict[tuple[str, str], Place] = {}
        self.policies: dict[str, PolicyDraft] = {}
        self.buckets: dict[str, Bucket] = {}
        self.keys: dict[str, Key] = {}
        self.aliases: dict[tuple[str, str, str], str] = {}
        self.secrets: dict[str, Secret] = {}
        self.parameters: dict[tuple[str, str, str], Parameter] = {}
        self.repositories: dict[tuple[str, str, str], Repository] = {}
        self.file_systems: dict[str, FileSystem] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self.vpcs: dict[str, str] = {}
        self.tables: dict[str, str] = {}
        self.exports: dict[tuple[str, str, str], Export] = {}
        self.resources: dict[tuple[str, str, str, str], StackResource] = {}
        self.stacks: dict[str, set[tuple[str, str]]] = {}
        self.deployed: dict[tuple[str, str], Deployed] = {}
        self.objects: dict[tuple[str, str], StoredObject] = {}
        self.targets: dict[tuple[str, str], tuple[str, ...]] = {}
        self.parents: dict[str, tuple[str, str]] = {}
        self.organization_policies: dict[str, Policy] = {}
        self.management = ""

    def role(self, name: str, account: str, place: Place) -> RoleDraft:
        """The role of a name in an account, ``""`` where no answer says in which."""
        known = self.accounts.get(name, frozenset())
        if not account and len(known) == 1:
            account = next(iter(known))
        return self.roles.setdefault((account, name), RoleDraft(name, account, place))

    def policy(self, name: str, arn: str, account: str, place: Place) -> PolicyDraft:
        """The managed policy of an ARN; by its name where no answer has the ARN."""
        known = self.policies.get(arn or name)
        if known is None:
            known = self.policies[arn or name] = PolicyDraft(name, arn, account, place)
        return known

    def bucket(self, name: str, place: Place, account: str = "", **said: Any) -> None:
        known = self.buckets.get(name) or Bucket(name, place, account=account)
        self.buckets[name] = known._replace(**news(known, said))

    def key(self, id_or_arn: str, place: Place, **said: Any) -> None:
        """A key by its ARN, or by its id where that is all that is known of it."""
        id = id_or_arn.rpartition("/")[2]
        arn = id_or_arn if id_or_arn.startswith("arn:") else ""
        if id.startswith(MULTI_REGION) and arn:
            id = arn  # the keys of several regions share it
        known = self.keys.get(id) or Key(id, place)
        self.keys[id] = known._replace(**news(known, {"arn": arn, **said}))

    def stack(self, name: str, account: str, region: str) -> None:
        """Notes where there is a stack of a name, as far as an answer says."""
        if account and region:
            self.stacks.setdefault(name, set()).add((account, region))

    def secret(self, arn: str, name: str, place: Place, **said: Any) -> None:
        known = self.secrets.get(arn) or Secret(name, place, arn)
        self.secrets[arn] = known._replace(**news(known, said))

    def parameter(
        self, name: str, place: Place, account: str = "", region: str = "", **said: Any
    ) -> None:
        key = (account, region, name)
        known = self.parameters.get(key) or Parameter(name, place, account=account, region=region)
        self.parameters[key] = known._replace(**news(known, said))

    def repository(
        self, name: str, place: Place, account: str = "", region: str = "", **said: Any
    ) -> None:
        key = (account, region, name)
        known = self.repositories.get(key) or Repository(
            name, place, account=account, region=region
        )
        self.repositories[key] = known._replace(**news(known, said))

    def file_system(self, id_or_arn: str, place: Place, **said: Any) -> None:
        id = id_or_arn.rpartition("/")[2]
        arn = id_or_arn if id_or_arn.startswith("arn:") else ""
        known = self.file_systems.get(id) or FileSystem(id, place)
        self.file_systems[id] = known._replace(**news(known, {"arn": arn, **said}))


def news(known: Any, said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of a record that nothing newer has said of it already."""
    defaults = known._field_defaults
    return {
        field: value
        for field, value in said.items()
        if field in defaults and getattr(known, field) == defaults[field]
    }


class RoleDraft:
    """A role, and which of the lists about it are complete."""

    def __init__(self, name: str, account: str, place: Place) -> None:
        self.name = name
        self.account = account
        self.place = place
        self.arn = ""
        self.id = ""
        self.trust: Policy | None = None
        self.inline: dict[str, Policy] = {}
        self._names: list[tuple[str, ...] | None] = []
        self._attached: list[tuple[Attachment, ...] | None] = []
        self.is_described = False
        self.boundary: Attachment | None = None
        self.tags: Mapping[str, str] | None = None

    def describe(self, arn: str, id: str, place: Place, trust: Policy | None) -> None:
        """Takes in what every list of roles has of them."""
        if not self.arn:
            self.arn, self.id, self.place = arn, id, place
        self.trust = self.trust or trust

    def describe_wholly(self, boundary: Attachment | None, tags: Mapping[str, str] | None) -> None:
        """Takes in what a list of roles leaves out.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html
        """
        if not self.is_described:
            self.is_described, self.boundary = True, boundary
        self.tags = tags if self.tags is None else self.tags

    def list_inline(self, names: tuple[str, ...] | None) -> None:
        """Takes in the names of the inline policies; None for a page of them."""
        self._names.append(names)

    def list_attached(self, attached: tuple[Attachment, ...] | None) -> None:
        """Takes in the managed policies; None for a page of them."""
        self._attached.append(attached)

    def record(self) -> Role:
        """The role; a policy that the newest list no longer has is gone.

        Where there is a page of a list, what looks like the whole list may be the last page.
        """
        names = None if None in self._names else next(iter(self._names), None)
        attached = None if None in self._attached else next(iter(self._attached), None)
        missing = [] if self.is_described else [f"iam get-role --role-name {self.name}"]
        inline = list(self.inline.values())
        if names is None:
            missing.append(f"iam list-role-policies --role-name {self.name}")
        else:
            inline = [self.inline[name] for name in names if name in self.inline]
            missing += (
                f"iam get-role-policy --role-name {self.name} --policy-name {name}"
                for name in names
                if name not in self.inline
            )
        if attached is None:
            missing.append(f"iam list-attached-role-policies --role-name {self.name}")
        return Role(
            self.name,
            self.place,
            self.arn,
            self.id,
            self.trust,
            tuple(inline),
            attached or (),
            self.boundary,
            self.tags or NO_TAGS,
            tuple(missing),
            self.account,
        )


class PolicyDraft:
    """A managed policy and those of its versions that were answered."""

    def __init__(self, name: str, arn: str, account: str, place: Place) -> None:
        self.name = name
        self.arn = arn
        self.account = account
        self.place = place
        self.default = ""
        self.versions: dict[str, Policy] = {}
        self.by_flag: Policy | None = None

    def add(self, version: str, policy: Policy, *, is_default: bool) -> None:
        self.versions.setdefault(version, policy)
        if is_default and self.by_flag is None:
            self.by_flag = policy

    def record(self) -> ManagedPolicy:
        """The policy in the version that holds: the one that it names, else that of the flag."""
        policy = self.versions.get(self.default) if self.default else self.by_flag
        return ManagedPolicy(self.name, self.place, self.arn, policy, self.account)
