"""What the user provides next to the templates: the policies of things outside the run.

It is found again by what the templates call it. An ARN in a template may leave its partition,
region or account open; it then means the one policy that was provided under such an ARN, and
nothing if there are two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from copilot_preflight.base.finding import Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.base.three_valued import all_of
from copilot_preflight.iam import arn
from copilot_preflight.resolve.value import Value

if TYPE_CHECKING:
    from copilot_preflight.base.globs import Globs
    from copilot_preflight.evidence.account import Account
    from copilot_preflight.iam.layers import PolicySet
    from copilot_preflight.iam.policy import Statement


class ProvidedPolicy(NamedTuple):
    """A policy document with the name or ARN under which it was provided.

    ``has_principals`` tells the policy of a resource (a bucket, a key) from a managed policy.
    """

    name: str
    document: Value
    statements: tuple[Statement, ...]
    has_principals: bool

    @property
    def arn(self) -> arn.Arn | None:
        return arn.parse(Text.of(self.name))

    @property
    def bucket(self) -> str:
        """The name of the bucket whose policy this is, or may be; ``""`` for anything else."""
        own = self.arn
        if own is not None:
            return (own.resource.literal or "") if own.service.literal == "s3" else ""
        return self.name if self.has_principals and "/" not in self.name else ""


class ProvidedBucket(NamedTuple):
    """How a bucket outside the run encrypts what is put into it, and where the user says so.

    ``key`` is the ARN of a customer key, ``""`` where no key's permission is asked for.
    ``bucket_key`` is None where nobody has told.
    """

    name: str
    key: str
    place: Place
    bucket_key: bool | None = None


class Requirement(NamedTuple):
    """A call that the roles of tasks must be allowed, and where the user says so.

    ``role`` is ``"task"`` or ``"execution"``. ``at`` is the JSONPath of the values in a template
    that each stand for ``{}`` in ``resource``; ``""`` asks once for every task definition.
    ``files`` are the templates that it is about, None for all.
    """

    place: Place
    action: str
    resource: str
    at: str = ""
    role: str = "task"
    because: str = ""
    files: Globs | None = None

    def is_for(self, file: str) -> bool:
        return self.files is None or self.files.match(file)


class Outside:
    """The policies that were provided, and what else the user says about things outside the run.

    ``scps`` and ``rcps`` hold one set for each level of the organization. ``account`` is what the
    account has, None where nobody has answers of it: it is asked last, for what neither a template
    nor the user has.
    """

    def __init__(
        self,
        policies: Sequence[ProvidedPolicy] = (),
        scps: tuple[PolicySet, ...] = (),
        rcps: tuple[PolicySet, ...] = (),
        buckets: Sequence[ProvidedBucket] = (),
        requirements: tuple[Requirement, ...] = (),
        account: Account | None = None,
    ) -> None:
        self.policies = policies
        self.scps = scps
        self.rcps = rcps
        self.requirements = requirements
        self.account = account
        self._buckets = {bucket.name: bucket for bucket in buckets}
        self._asked_for: set[str] = set()

    def with_account(
        self, account: Account, scps: tuple[PolicySet, ...], rcps: tuple[PolicySet, ...]
    ) -> Outside:
        """The same with an account, and the policies of the organization that it lies in."""
        buckets = tuple(self._buckets.values())
        return Outside(self.policies, scps, rcps, buckets, self.requirements, account)

    def policy(self, name: Text) -> Value | None:
        """The document of what a template calls by a name or an ARN.

        An ARN stands for a managed policy, bucket, key, alias, secret, repository or file system;
        a bare name for a bucket, key or alias.
        """
        found = self.find(name)
        return None if found is None else found.document

    def find(self, name: Text) -> ProvidedPolicy | None:
        """The same, with the name under which it was provided."""
        asked = arn.parse(name) if self.policies else None
        certain, possible = [], []
        for policy in self.policies:
            same = _is_arn(policy, asked) if asked is not None else _is_name(policy, name)
            if same:
                certain.append(policy)
            elif same is None:
                possible.append(policy)
        found = certain[:1] or (possible if len(possible) == 1 else [])
        if not found:
            return None
        self._asked_for.add(found[0].name)
        return found[0]

    def bucket(self, name: Text) -> ProvidedBucket | None:
        """What the user says about the bucket that certainly has a name."""
        return self._buckets.get(name.literal or "")

    def exported(self, name: Text, pseudo: Mapping[str, str]) -> Text | None:
        """What a stack of the account exports; ``pseudo`` tells region and account, if known."""
        if self.account is None or name.literal is None:
            return None
        account, region = pseudo.get("AWS::AccountId", ""), pseudo.get("AWS::Region", "")
        found = self.account.exported(name.literal, account, region)
        return None if found is None else Text.of(found.value)

    def is_answer(self, file: str) -> bool:
        """Whether a file is an answer of the account."""
        return self.account is not None and file in self.account.taken

    @property
    def unused(self) -> tuple[str, ...]:
        """The names of the policies for which nobody has asked so far."""
        return tuple(p.name for p in self.policies if p.name not in self._asked_for)


def _is_arn(policy: ProvidedPolicy, asked: arn.Arn) -> bool | None:
    """Whether an ARN is a policy's; None where only its name is the same, as far as it is known."""
    resource = asked.resource.literal or ""
    own = policy.arn
    if own is None:
        return None if _has_name(policy, asked, resource) else False
    if own.service != asked.service or own.resource.literal != resource:
        return False
    return all_of(
        (
            own.partition.equals(asked.partition),
            own.region.equals(asked.region),
            own.account.equals(asked.account),
        )
    )


def _has_name(policy: ProvidedPolicy, asked: arn.Arn, resource: str) -> bool:
    """Whether an ARN is one of something with a bare name.

    Names of managed policies are unique in an account, whatever their paths; AWS's own policies
    have another account, which is part of the ARNs by which they are provided.
    """
    service = asked.service.literal
    if service == "iam":
        is_own = asked.account.literal != "aws" and resource.startswith("policy/")
        return is_own and not policy.has_principals and resource.rpartition("/")[2] == policy.name
    forms = {"s3": ("",), "kms": ("", "key/")}.get(service or "", ())
    return policy.has_principals and any(resource == form + policy.name for form in forms)


def _is_name(policy: ProvidedPolicy, asked: Text) -> bool | None:
    """Whether a bare name is that of the bucket, key or alias whose policy it is."""
    own = policy.arn
    if not policy.has_principals or asked.literal is None:
        return False
    if own is None:
        return asked.literal == policy.name
    resource = own.resource.literal or ""
    if own.service.literal == "s3":
        return asked.literal == resource
    is_key = own.service.literal == "kms" and resource.removeprefix("key/") == asked.literal
    return None if is_key else False


NOTHING: Final = Outside()
