"""What calls act on in the account: buckets, keys, secrets, repositories, file systems.

All of it is asked for only where no template of the run, nor the user, has an answer.
"""

from __future__ import annotations

from copilot_preflight.base.finding import Place
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.evidence import records
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Statement
from copilot_preflight.model.account_documents import answered_or_none
from copilot_preflight.model.account_names import KEYS, may_be_made, may_be_of_other
from copilot_preflight.model.buckets import Encryption
from copilot_preflight.model.file_systems import FileSystem
from copilot_preflight.model.keys import Key, key_arn
from copilot_preflight.model.repositories import Repository
from copilot_preflight.model.secrets import Parameter, Secret
from copilot_preflight.resolve.plain import Plain
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View


def bucket_policy_in_account(view: View, name: Text) -> tuple[Statement, ...] | None:
    """The statements of a bucket's policy, None where it has not been answered."""
    found = _bucket(view, name)
    return None if found is None else answered_or_none(found.policy, found.name)


def _bucket(view: View, name: Text) -> records.Bucket | None:
    account = view.run.outside.account
    found = None if account is None else account.bucket(name)
    if found is None or may_be_made(view, "AWS::S3::Bucket", found.name):
        return None
    return found


def encryption_in_account(view: View, name: Text) -> Encryption | None:
    """How a bucket encrypts, None where it has not been answered."""
    found = _bucket(view, name)
    if found is None or found.encryption is None:
        return None
    own = found.encryption
    if not own.key or _is_managed(view, own.key):
        return Encryption(own.place)
    key = key_arn(view, _located(view, own.key, found))
    return None if key is None else Encryption(own.place, key, own.bucket_key)


def ownership_in_account(view: View, name: Text) -> Value | None:
    """The node that says who owns the objects of a bucket, None where it was not answered."""
    found = _bucket(view, name)
    if found is None or found.ownership is None:
        return None
    place = found.ownership.place
    return Value(Plain(place.file), found.ownership.rule, place.path)


def object_encryption_in_account(view: View, bucket: Text, key: Text) -> Encryption | None:
    """How an object is encrypted; None where that, or whose key it is, has not been answered.

    An object keeps the key that it was written with, whatever its bucket does with new ones.
    """
    account = view.run.outside.account
    found = None if account is None else account.stored_object(bucket, key)
    if account is None or found is None or not found.exists:
        return None
    if not found.encryption_key:
        return Encryption(found.place)
    own = account.key(Text.of(found.encryption_key))
    if own is None or not own.manager:
        return None  # it may be the key that AWS manages
    if own.manager == "AWS":
        return Encryption(found.place)
    return Encryption(found.place, Text.of(found.encryption_key), found.bucket_key)


def _is_managed(view: View, key: str) -> bool:
    """Whether a key is known to be one that AWS manages for a service."""
    account = view.run.outside.account
    found = None if account is None else account.key(Text.of(key))
    return found is not None and found.manager == "AWS"


def _located(view: View, key: str, bucket: records.Bucket) -> Text:
    """A key as S3 looks it up: in the region of the bucket, and in its account if it is an id.

    The name of an alias is looked up in the account of whoever asks for an object.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
    """
    is_alias = key.startswith("alias/")
    account = view.pseudo("AWS::AccountId") if is_alias else Text.of(bucket.account)
    if key.startswith("arn:") or not (bucket.region and account.parts):
        return Text.of(key)
    partition, resource = view.pseudo("AWS::Partition"), key if is_alias else f"key/{key}"
    return Text.of("arn:", partition, f":kms:{bucket.region}:", account, f":{resource}")


def key_in_account(view: View, key: Text) -> Key | None:
    """The key of an ARN, if its policy has been answered."""
    account = view.run.outside.account
    found = None if account is None else account.key(key)
    if found is None or may_be_of_other(view, found.id, *KEYS):
        return None
    policy = answered_or_none(found.policy, found.id)
    if policy is None:
        return None
    return Key(found.id, _place_of(found.policy, found.place), _known(found.arn, key), policy)


def key_of_alias(view: View, reference: Text) -> Text | None:
    """The ARN of the key that an alias of the account stands for, or that has an id."""
    account = view.run.outside.account
    if account is None:
        return None
    parsed = arn.parse(reference) or arn.Arn(
        view.pseudo("AWS::Partition"),
        Text.of("kms"),
        view.pseudo("AWS::Region"),
        view.pseudo("AWS::AccountId"),
        reference,
    )
    head = Text.of("arn:", parsed.partition, ":kms:", parsed.region, ":", parsed.account, ":")
    name = parsed.resource.literal or ""
    target = account.key_of_alias(Text.of(head, name)) if name.startswith("alias/") else ""
    if not target:
        return None
    found = account.key(Text.of(target))
    return Text.of(found.arn) if found is not None and found.arn else Text.of(head, "key/", target)


def secret_in_account(view: View, reference: Text) -> Secret | None:
    """The secret of an ARN, complete or not, of which at least the key is known."""
    found = _secret(view, reference)
    if found is None or found.key is None:
        return None
    is_own = bool(found.key) and not _is_managed(view, found.key)
    key = key_arn(view, Text.of(found.key)) if is_own else None
    if is_own and key is None:
        return None
    tags = {name: Text.of(value) for name, value in (found.tags or {}).items()}
    has_all = found.tags is not None
    return Secret(found.name, found.place, Text.of(found.arn), tags, key, has_all_tags=has_all)


def secret_policy_in_account(view: View, secret: Text) -> tuple[Statement, ...] | None:
    """The statements of a secret's policy, None where it has not been answered."""
    found = _secret(view, secret)
    return None if found is None else answered_or_none(found.policy, found.name)


def _secret(view: View, reference: Text) -> records.Secret | None:
    account = view.run.outside.account
    found = None if account is None else account.secret(reference)
    kind = "AWS::SecretsManager::Secret"
    return None if found is None or may_be_made(view, kind, found.name, found.arn) else found


def parameter_in_account(view: View, reference: Text) -> Parameter | None:
    """The parameter of SSM of an ARN; ``key`` is None for one that needs no permission."""
    account = view.run.outside.account
    found = None if account is None else account.parameter(reference)
    if found is None or may_be_made(view, "AWS::SSM::Parameter", found.name):
        return None
    tags = {name: Text.of(value) for name, value in (found.tags or {}).items()}
    key: Text | None = None
    if found.key and not _is_managed(view, found.key):
        given = Text.of(found.key)
        hole = Hole(f"the key of parameter '{found.name}'", excludes="*?", nonempty=True)
        key = key_arn(view, given) or Text.of(hole)
    return Parameter(found.place, _known(found.arn, reference), tags, key, found.tags is not None)


def repository_in_account(view: View, repository: Text) -> Repository | None:
    """The repository of an ARN, if its policy has been answered."""
    account = view.run.outside.account
    found = None if account is None else account.repository(repository)
    if found is None or may_be_made(view, "AWS::ECR::Repository", found.name):
        return None
    policy = answered_or_none(found.policy, found.name)
    if policy is None:
        return None
    place = _place_of(found.policy, found.place)
    return Repository(found.name, place, _known(found.arn, repository), policy)


def file_system_in_account(view: View, reference: Text) -> FileSystem | None:
    """The file system of an id or an ARN, if its policy has been answered."""
    account = view.run.outside.account
    found = None if account is None else account.file_system(reference)
    if found is None or may_be_of_other(view, found.id, "AWS::EFS::FileSystem"):
        return None
    policy = answered_or_none(found.policy, found.id)
    if policy is None:
        return None
    place = _place_of(found.policy, found.place)
    return FileSystem(found.id, place, (Text.of(found.id),), _known(found.arn, reference), policy)


def _place_of(policy: records.PolicyAnswer, other: Place) -> Place:
    return other if policy is None else policy.place


def _known(written: str, asked: Text) -> Text:
    """An ARN as the account has it, else as it was asked for."""
    return Text.of(written) if written else asked
