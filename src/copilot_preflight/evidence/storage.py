"""Answers about what calls act on: buckets, objects, keys, secrets, parameters, repositories,
file systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from copilot_preflight.base.finding import DataPath, Place
from copilot_preflight.evidence.answers import Answer
from copilot_preflight.evidence.documents import policy_at
from copilot_preflight.evidence.draft import Draft
from copilot_preflight.evidence.index import text_of
from copilot_preflight.evidence.parts import account_of, is_page, maps_at, region_of, tags_of
from copilot_preflight.evidence.records import (
    Absent,
    Encryption,
    Ownership,
    PolicyAnswer,
    StoredObject,
)
from copilot_preflight.read.document import Document

# --- S3 -------------------------------------------------------------------------------------------


def bucket_policy(draft: Draft, answer: Answer) -> None:
    """`get-bucket-policy`."""
    draft.bucket(_bucket(answer), answer.place, policy=_policy(answer, ("Policy",)))


def bucket_encryption(draft: Draft, answer: Answer) -> None:
    """`get-bucket-encryption`: what new objects are encrypted with.

    A bucket that has never said anything encrypts with S3's own keys.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
    """
    found: Encryption | None = None
    if answer.error:
        found = Encryption(answer.place)
    else:
        rules = answer.data["ServerSideEncryptionConfiguration"]
        listed = list(maps_at(rules, ("Rules",)))
        if len(listed) == 1:
            path = ("ServerSideEncryptionConfiguration", *listed[0][0])
            found = encryption_of(answer.document, path, listed[0][1])
    draft.bucket(_bucket(answer), answer.place, encryption=found)


def encryption_of(found: Document, path: DataPath, rule: Mapping[str, Any]) -> Encryption | None:
    """What a rule of a bucket's encryption says, at a path; None for one of another shape."""
    default = rule.get("ApplyServerSideEncryptionByDefault")
    algorithm = text_of(default, "SSEAlgorithm")
    if not algorithm:
        return None
    key = text_of(default, "KMSMasterKeyID") if algorithm.startswith("aws:kms") else ""
    place = Place(found.file, (*path, "ApplyServerSideEncryptionByDefault"))
    return Encryption(place, own_key(key), rule.get("BucketKeyEnabled") is True)


_MANAGED: Final = ("alias/aws/s3", "alias/aws/secretsmanager", "alias/aws/ssm")
"""The keys that AWS manages for services: they let in whomever the service lets in."""


def own_key(key: str) -> str:
    """A key of the customer's, ``""`` for one that AWS manages."""
    return "" if key.endswith(_MANAGED) else key


def bucket_ownership(draft: Draft, answer: Answer) -> None:
    """`get-bucket-ownership-controls`; without any, objects belong to whoever writes them."""
    found: Ownership | None = None
    if answer.error:
        found = Ownership("ObjectWriter", answer.place)
    else:
        for at, rule in maps_at(answer.data["OwnershipControls"], ("Rules",)):
            path = ("OwnershipControls", *at, "ObjectOwnership")
            place = Place(answer.document.file, path)
            found = found or Ownership(text_of(rule, "ObjectOwnership"), place)
    draft.bucket(_bucket(answer), answer.place, ownership=found)


def public_access(draft: Draft, answer: Answer) -> None:
    """`get-public-access-block`."""
    raw = {} if answer.error else answer.data["PublicAccessBlockConfiguration"]
    found = {key: value for key, value in raw.items() if isinstance(value, bool)}
    draft.bucket(_bucket(answer), answer.place, public_access=found)


def bucket_location(draft: Draft, answer: Answer) -> None:
    """`get-bucket-location`, which says nothing of ``us-east-1``.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
    """
    if not answer.error:
        region = text_of(answer.data, "LocationConstraint") or "us-east-1"
        draft.bucket(
            _bucket(answer), answer.place, region="eu-west-1" if region == "EU" else region
        )


def stored_object(draft: Draft, answer: Answer) -> None:
    """`head-object`."""
    bucket, key = answer.parameters.get("Bucket", ""), answer.parameters.get("Key", "")
    if not bucket:
        raise answer.fault((), "whose object is this: no index names the Bucket")
    own = "" if answer.error else text_of(answer.data, "SSEKMSKeyId")
    has_bucket_key = not answer.error and answer.data.get("BucketKeyEnabled") is True
    found = StoredObject(bucket, key, answer.place, not answer.error, own, has_bucket_key)
    draft.objects.setdefault((bucket, key), found)


def _bucket(answer: Answer) -> str:
    return answer.parameters.get("Bucket", "")


# --- KMS ------------------------------------------------------------------------------------------


def key_policy(draft: Draft, answer: Answer) -> None:
    """`get-key-policy`."""
    if not answer.error:
        draft.key(_key(answer), answer.place, policy=_policy(answer, ("Policy",)))


def key(draft: Draft, answer: Answer) -> None:
    """`describe-key`."""
    if not answer.error:
        raw = answer.data["KeyMetadata"]
        named = text_of(raw, "Arn") or text_of(raw, "KeyId")
        state, manager = text_of(raw, "KeyState"), text_of(raw, "KeyManager")
        draft.key(named, answer.place, state=state, manager=manager)


def key_tags(draft: Draft, answer: Answer) -> None:
    """`list-resource-tags`."""
    if not answer.error and not is_page(answer):
        draft.key(_key(answer), answer.place, tags=tags_of(answer.data.get("Tags")))


def aliases(draft: Draft, answer: Answer) -> None:
    """`list-aliases`: the account and region of each are in its ARN."""
    if answer.error:
        return
    for _, raw in maps_at(answer.data, ("Aliases",)):
        arn, target = text_of(raw, "AliasArn"), text_of(raw, "TargetKeyId")
        if target:
            account, region = account_of(arn) or answer.account, region_of(arn) or answer.region
            draft.aliases.setdefault((account, region, text_of(raw, "AliasName")), target)


def _key(answer: Answer) -> str:
    """A key as the call names it, with its ARN where the index tells the account."""
    named = answer.parameters.get("KeyId", "")
    if named.startswith("arn:") or not (answer.account and answer.region):
        return named
    return f"arn:{answer.partition or 'aws'}:kms:{answer.region}:{answer.account}:key/{named}"


# --- Secrets Manager and SSM ----------------------------------------------------------------------


def secret(draft: Draft, answer: Answer) -> None:
    """`describe-secret`; one that names no key is encrypted with AWS's own.

    Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
    """
    if not answer.error:
        _secret(draft, answer, answer.data)


def secrets(draft: Draft, answer: Answer) -> None:
    """`list-secrets`."""
    for _, raw in maps_at(answer.data, ("SecretList",)):
        _secret(draft, answer, raw)


def _secret(draft: Draft, answer: Answer, raw: Mapping[str, Any]) -> None:
    arn, name = text_of(raw, "ARN"), text_of(raw, "Name")
    key, tags = own_key(text_of(raw, "KmsKeyId")), tags_of(raw.get("Tags"))
    draft.secret(arn, name, answer.place, key=key, tags=tags)


def secret_policy(draft: Draft, answer: Answer) -> None:
    """`get-resource-policy`, which leaves the policy out where there is none."""
    if not answer.error:
        arn, name = text_of(answer.data, "ARN"), text_of(answer.data, "Name")
        is_there = bool(answer.data.get("ResourcePolicy"))
        found = _policy(answer, ("ResourcePolicy",)) if is_there else Absent(answer.place)
        draft.secret(arn, name, answer.place, policy=found)


def parameters(draft: Draft, answer: Answer) -> None:
    """`describe-parameters`."""
    for path, raw in maps_at(answer.data, ("Parameters",)):
        _parameter(draft, answer, path, raw)


def parameter(draft: Draft, answer: Answer) -> None:
    """`get-parameter`, whose value nobody keeps; it does not name the key."""
    if not answer.error:
        raw = answer.data["Parameter"]
        if text_of(raw, "Type") != "SecureString":
            _parameter(draft, answer, ("Parameter",), raw)


def _parameter(draft: Draft, answer: Answer, path: DataPath, raw: Mapping[str, Any]) -> None:
    arn, kind = text_of(raw, "ARN"), text_of(raw, "Type")
    if kind == "SecureString" and "KeyId" not in raw:
        return
    account, region = account_of(arn) or answer.account, region_of(arn) or answer.region
    place = Place(answer.document.file, path)
    key = own_key(text_of(raw, "KeyId")) if kind == "SecureString" else ""
    draft.parameter(text_of(raw, "Name"), place, account, region, arn=arn, type=kind, key=key)


def parameter_tags(draft: Draft, answer: Answer) -> None:
    """`list-tags-for-resource` of SSM."""
    name = answer.parameters.get("ResourceId", "")
    kind = answer.parameters.get("ResourceType", "Parameter")
    if not answer.error and name and kind == "Parameter":
        tags = tags_of(answer.data.get("TagList"))
        draft.parameter(name, answer.place, answer.account, answer.region, tags=tags)


# --- ECR and EFS ----------------------------------------------------------------------------------


def repository_policy(draft: Draft, answer: Answer) -> None:
    """`get-repository-policy`."""
    name = text_of(answer.data, "repositoryName") or answer.parameters.get("repositoryName", "")
    registry = text_of(answer.data, "registryId") or answer.parameters.get("registryId", "")
    account = registry or answer.account
    found = _policy(answer, ("policyText",))
    draft.repository(name, answer.place, account, answer.region, policy=found)


def repositories(draft: Draft, answer: Answer) -> None:
    """`describe-repositories`."""
    for path, raw in maps_at(answer.data, ("repositories",)):
        arn, name = text_of(raw, "repositoryArn"), text_of(raw, "repositoryName")
        place = Place(answer.document.file, path)
        draft.repository(name, place, account_of(arn), region_of(arn), arn=arn)


def file_system_policy(draft: Draft, answer: Answer) -> None:
    """`describe-file-system-policy`."""
    named = text_of(answer.data, "FileSystemId") or answer.parameters.get("FileSystemId", "")
    if named:
        draft.file_system(named, answer.place, policy=_policy(answer, ("Policy",)))


def file_systems(draft: Draft, answer: Answer) -> None:
    """`describe-file-systems`."""
    for path, raw in maps_at(answer.data, ("FileSystems",)):
        named = text_of(raw, "FileSystemArn") or text_of(raw, "FileSystemId")
        draft.file_system(named, Place(answer.document.file, path))


def _policy(answer: Answer, path: DataPath) -> PolicyAnswer:
    """The policy at a path; that there is none, where the account has answered so."""
    if answer.error:
        return Absent(answer.place)
    return policy_at(answer.document, path, "")
