"""What the account has, one record for each thing, as far as its answers tell.

Whatever was not answered is not known. That there is none of something is known only where the
account has said so: `Absent`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from copilot_preflight.base.finding import Place

MULTI_REGION: Final = "mrk-"
"""How the ids of keys begin that have replicas in other regions, under the same id.

Source: https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
"""

NO_TAGS: Final[Mapping[str, str]] = MappingProxyType({})


class Policy(NamedTuple):
    """A policy document. ``document`` is a map with ``Statement``, whatever form it came in.

    ``place`` is that of the document in its file, or of the string that it is written in: there is
    no node below that, and what is asked for below it stands at the string.
    """

    name: str
    place: Place
    document: Mapping[str, Any]


class Absent(NamedTuple):
    """The account has answered that there is none; ``place`` is the answer."""

    place: Place


PolicyAnswer: TypeAlias = "Policy | Absent | None"
"""None where nobody has asked."""


class Attachment(NamedTuple):
    """A managed policy that is attached, or is a boundary."""

    arn: str
    place: Place


class Role(NamedTuple):
    """A role of the account.

    ``arn`` and ``id`` are ``""`` and ``trust`` is None where no answer has them. ``missing`` are
    the calls of the AWS CLI without whose answers the role is not wholly known: with none of them,
    ``inline`` and ``attached`` are all that there is, ``boundary`` and ``tags`` too.
    """

    name: str
    place: Place
    arn: str = ""
    id: str = ""
    trust: Policy | None = None
    inline: tuple[Policy, ...] = ()
    attached: tuple[Attachment, ...] = ()
    boundary: Attachment | None = None
    tags: Mapping[str, str] = NO_TAGS
    missing: tuple[str, ...] = ()
    account: str = ""


class ManagedPolicy(NamedTuple):
    """A managed policy; ``policy`` is its default version, None where no answer has that."""

    name: str
    place: Place
    arn: str = ""
    policy: Policy | None = None
    account: str = ""


class Encryption(NamedTuple):
    """How a bucket encrypts what is put into it; ``key`` is ``""`` for what is no customer's key.

    ``key`` is an ARN, an id or an alias. ``bucket_key`` is whether S3 keeps a key for the bucket.
    """

    place: Place
    key: str = ""
    bucket_key: bool = False


class Ownership(NamedTuple):
    """Who owns objects that others put into a bucket: S3's word for it, and where it stands."""

    rule: str
    place: Place


class Bucket(NamedTuple):
    """A bucket. ``encryption``, ``ownership`` and ``public_access`` are None where not answered."""

    name: str
    place: Place
    policy: PolicyAnswer = None
    encryption: Encryption | None = None
    ownership: Ownership | None = None
    public_access: Mapping[str, bool] | None = None
    region: str = ""
    account: str = ""


class Key(NamedTuple):
    """A KMS key. ``state`` is KMS's word for it, ``manager`` is ``AWS`` or ``CUSTOMER``."""

    id: str
    place: Place
    arn: str = ""
    policy: PolicyAnswer = None
    state: str = ""
    manager: str = ""
    tags: Mapping[str, str] | None = None


class Secret(NamedTuple):
    """A secret of Secrets Manager.

    ``key`` is an ARN, an id or an alias, ``""`` for the key that AWS manages, None where it is not
    known. ``tags`` are all of its tags, None where they are not known.
    """

    name: str
    place: Place
    arn: str
    key: str | None = None
    policy: PolicyAnswer = None
    tags: Mapping[str, str] | None = None


class Parameter(NamedTuple):
    """A parameter of SSM. ``type`` is ``SecureString`` for what ``key`` encrypts.

    ``key`` and ``tags`` are as those of a `Secret`.
    """

    name: str
    place: Place
    arn: str = ""
    type: str = ""
    key: str | None = None
    tags: Mapping[str, str] | None = None
    account: str = ""
    region: str = ""


class Repository(NamedTuple):
    """A repository of ECR."""

    name: str
    place: Place
    arn: str = ""
    policy: PolicyAnswer = None
    account: str = ""
    region: str = ""


class FileSystem(NamedTuple):
    """A file system of EFS."""

    id: str
    place: Place
    arn: str = ""
    policy: PolicyAnswer = None


class Endpoint(NamedTuple):
    """A VPC endpoint as `describe-vpc-endpoints` gives it.

    ``is_among_all``: the same answer has all endpoints of its VPC.
    """

    id: str
    place: Place
    raw: Mapping[str, Any]
    policy: Policy | None
    is_among_all: bool = False


class Export(NamedTuple):
    """What a stack of a region exports under a name."""

    name: str
    value: str
    place: Place
    stack: str = ""
    account: str = ""
    region: str = ""


class StackResource(NamedTuple):
    """What a stack of the account has made of a logical id."""

    stack: str
    logical_id: str
    physical_id: str
    type: str
    place: Place


class Deployed(NamedTuple):
    """A task definition, service or template that is deployed: ``raw`` is its map, without values
    that may be secret.

    ``name`` is the ARN of a task definition or service, the name of a stack.
    """

    name: str
    place: Place
    raw: Mapping[str, Any]


class StoredObject(NamedTuple):
    """What `head-object` answers; ``exists`` is False where it answered that there is none.

    ``encryption_key`` is the ARN of the key of KMS that encrypts it, AWS's own among them; ``""``
    for none.
    """

    bucket: str
    key: str
    place: Place
    exists: bool = True
    encryption_key: str = ""
    bucket_key: bool = False
