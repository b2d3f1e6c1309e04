"""S3 buckets: how objects are encrypted, what the bucket policy says, when objects expire."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Final

from copilot_preflight.base.finding import Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Statement
from copilot_preflight.model.keys import key_arn
from copilot_preflight.model.policy_documents import statements_of
from copilot_preflight.resolve import indexes
from copilot_preflight.resolve.query import query
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import OPEN, View, index_of

_POLICY: Final = "AWS::S3::BucketPolicy"


class Encryption(NamedTuple):
    """How a bucket encrypts what is put into it.

    ``key`` is the ARN of a customer key, None where no key's permission is asked for: SSE-S3, or
    the key that AWS manages for S3, which lets in whoever S3 lets in. ``bucket_key`` is None where
    it is not known whether S3 keeps a key for the bucket.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """

    place: Place
    key: Text | None = None
    bucket_key: bool | None = False


class Expiration(NamedTuple):
    """A lifecycle rule that deletes objects under a prefix; ``days`` is ``""`` for a date."""

    place: Place
    prefix: Text
    days: str


class Bucket(NamedTuple):
    """A bucket of a template.

    ``encryption`` is None where it cannot be read, or depends on the open condition ``undecided``.
    """

    logical_id: str
    place: Place
    name: Text
    encryption: Encryption | None
    expirations: tuple[Expiration, ...]
    undecided: str = ""


def bucket_named(view: View, name: Text) -> Bucket | None:
    """The bucket of the run that certainly has a name."""
    return view.lookup(_by_name, name)


def encryption_of(view: View, name: Text) -> Encryption | None:
    """How the bucket with a name encrypts: one of the run, or one of which the user has told."""
    bucket = bucket_named(view, name)
    if bucket is not None:
        return bucket.encryption
    told = view.run.outside.bucket(name)
    if told is None:
        if view.run.outside.account is None:
            return None
        from copilot_preflight.model.account_storage import encryption_in_account

        return encryption_in_account(view, name)
    return Encryption(told.place, Text.of(told.key) if told.key else None, told.bucket_key)


def is_bucket_known(view: View, name: Text) -> bool:
    """Whether all is known that the bucket's policy says.

    It, or the bucket, is the run's, or the policy was provided.
    """
    return (
        bucket_named(view, name) is not None
        or any(
            policy.bucket.equals(name) and not policy.conditions
            for other in view.holding(_by_owner, (name,))
            for policy in _policies_for(other, name)
        )
        or view.run.outside.policy(_bucket_arn(view, name)) is not None
        or _in_account(view, name) is not None
    )


def _in_account(view: View, name: Text) -> tuple[Statement, ...] | None:
    """The policy of the account's bucket of a name, None where it has not been answered."""
    if view.run.outside.account is None:
        return None
    from copilot_preflight.model.account_storage import bucket_policy_in_account

    return bucket_policy_in_account(view, name)


def _bucket_arn(view: View, name: Text) -> Text:
    return arn.s3_arn(view.resolver.pseudo("AWS::Partition"), name)


@query
def buckets(view: View) -> tuple[Bucket, ...]:
    return tuple(_buckets(view))


@index_of("AWS::S3::Bucket")
def _by_name(view: View) -> dict[Text, Bucket]:
    """Buckets by their names: names are certainly equal where they are the same text."""
    return {bucket.name: bucket for bucket in reversed(buckets(view))}


def _buckets(view: View) -> Iterator[Bucket]:
    resolver = view.resolver
    for logical_id, resource in view.resources("AWS::S3::Bucket"):
        properties = resource.child("Properties")
        asked = list(properties.children("BucketEncryption")) if properties else []
        raw = properties.raw.get("BucketEncryption") if properties and asked else None
        name = resolver.text({"Ref": logical_id}, resource.path)
        yield Bucket(
            logical_id,
            resource.key_place,
            name,
            encryption=_encryption(view, resource, properties),
            expirations=tuple(_expirations(properties)) if properties else (),
            undecided=resolver.open_condition(raw),
        )


def bucket_policy(view: View, name: Text) -> tuple[Statement, ...]:
    """The statements of policies for a bucket, which need not be in the run itself.

    A bucket has one policy: the run's own takes the place of what was provided.
    """
    others = _views_with_policies(view, name)
    own = [policy for other in others for policy in _policies_for(other, name)]
    said = [s for policy in own for s in _said_of(name, policy.bucket, policy.statements, view.run)]
    mine = [policy.conditions for policy in own if policy.bucket.equals(name)]
    if () in mine:
        return tuple(said)
    unless = tuple(dict.fromkeys(condition for conditions in mine for condition in conditions))
    provided = (
        statement
        for owner, statements in _handed_policies(view, name)
        for statement in _said_of(name, owner, statements, view.run)
    )
    return (*said, *(s._replace(conditions=(*s.conditions, *unless)) for s in provided))


def _handed_policies(view: View, name: Text) -> Iterator[tuple[Text, tuple[Statement, ...]]]:
    """The bucket policies that were provided and are, or may be, those of a bucket."""
    if not view.run.outside.policies:
        if (answer := _in_account(view, name)) is not None:
            yield name, answer
        return
    found = view.run.outside.find(_bucket_arn(view, name))
    if found is None and (answer := _in_account(view, name)) is not None:
        yield name, answer
        return
    if found is not None:
        yield name, found.statements
    elif name.literal is None:
        for policy in view.run.outside.policies:
            if policy.bucket:
                yield Text.of(policy.bucket), policy.statements


class _BucketPolicy(NamedTuple):
    """``conditions`` are open, and they decide whether there is the policy at all."""

    bucket: Text
    statements: tuple[Statement, ...]
    conditions: tuple[str, ...]


@query
def _policies_by_bucket(
    view: View,
) -> tuple[dict[Text, list[_BucketPolicy]], list[_BucketPolicy]]:
    """The policies of a stack by its own buckets' names, and all others."""
    own: dict[Text, list[_BucketPolicy]] = {b.name: [] for b in buckets(view)}
    others: list[_BucketPolicy] = []
    for policy in _bucket_policies(view):
        own.get(policy.bucket, others).append(policy)
    return own, others


def _policies_for(view: View, name: Text) -> Iterator[_BucketPolicy]:
    """The policies of a stack that may be a bucket's: no two buckets share a name."""
    own, others = _policies_by_bucket(view)
    yield from own.get(name, ())
    yield from others
    if name not in own:  # of whose bucket nothing is known: it may be any of them
        for policies in own.values():
            yield from policies


def _views_with_policies(view: View, name: Text) -> Iterator[View]:
    """The views with policies that are, or may be, for a bucket."""
    if _is_generated(name, view.run):
        return view.holding(_by_owner, (name,))
    if name.literal is not None:
        return view.holding(_by_owner, (name, OPEN))
    return view.having(_POLICY)


@index_of(_POLICY)
def _by_owner(view: View) -> dict[Hashable, None]:
    """By the buckets that they are for, the templates with policies."""
    found: dict[Hashable, None] = {}
    for policy in _bucket_policies(view):
        found[policy.bucket] = None
        if policy.bucket.literal is None and not _is_generated(policy.bucket, view.run):
            found[OPEN] = None
    return found


def _said_of(
    name: Text, owner: Text, statements: tuple[Statement, ...], run: Run
) -> Iterator[Statement]:
    """Statements of a bucket's policy, as far as the bucket is, or may be, the one of a name."""
    same = owner.equals(name)
    if same:
        yield from statements
    elif same is None and not (_is_generated(name, run) or _is_generated(owner, run)):
        for statement in statements:
            yield statement._replace(conditions=(*statement.conditions, f"{owner} = {name}"))


def _is_generated(name: Text, run: Run) -> bool:
    """Whether a name is one that AWS makes up for a resource of the run: no other has it."""
    hole = name.only_hole
    return hole is not None and any(
        hole.name in (stack.data.get("Resources") or ())
        for stack in indexes.of_file(run, hole.scope)
    )


@query
def _bucket_policies(view: View) -> tuple[_BucketPolicy, ...]:
    return tuple(_read_policies(view))


def _read_policies(view: View) -> Iterator[_BucketPolicy]:
    for logical_id, resource in view.resources(_POLICY):
        for properties in resource.children("Properties"):
            for bucket in properties.children("Bucket"):
                for document in properties.children("PolicyDocument"):
                    said = statements_of(document, logical_id)
                    conditions = tuple(dict.fromkeys((*bucket.conditions, *document.conditions)))
                    yield _BucketPolicy(bucket.text(), said, conditions)


def _encryption(view: View, resource: Value, properties: Value | None) -> Encryption | None:
    if properties is None or not list(properties.children("BucketEncryption")):
        # S3 encrypts every new object with SSE-S3 where a bucket asks for nothing else.
        return Encryption(resource.key_place) if not resource.guard else None
    rules = list(properties.children("BucketEncryption"))
    rules = [rule for each in rules for rule in each.each("ServerSideEncryptionConfiguration")]
    if len(rules) != 1 or rules[0].guard != properties.guard:
        return None
    default = rules[0].child("ServerSideEncryptionByDefault")
    algorithm = default.literal("SSEAlgorithm") if default else None
    if default is None or algorithm is None:
        return None
    if not algorithm.startswith("aws:kms"):
        return Encryption(default.place)
    master = default.child("KMSMasterKeyID")
    if master is None:
        return Encryption(default.place) if not list(default.children("KMSMasterKeyID")) else None
    bucket_key = rules[0].literal("BucketKeyEnabled") == "true"
    key = key_arn(view, master.text())
    return None if key is None else Encryption(master.place, key if key.parts else None, bucket_key)


def _expirations(properties: Value) -> Iterator[Expiration]:
    for configuration in properties.children("LifecycleConfiguration"):
        for rule in configuration.each("Rules"):
            if rule.guard != properties.guard or rule.literal("Status") != "Enabled":
                continue
            days = rule.literal("ExpirationInDays")
            if days is None and rule.child("ExpirationDate") is None:
                continue
            prefix = _prefix(rule)
            if prefix is not None:
                yield Expiration(rule.place, prefix, days or "")


def _prefix(rule: Value) -> Text | None:
    """The prefix under which a rule takes every object; None where it also asks for other things.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-rule.html
    """
    narrowing = ("TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan")
    filters = list(rule.children("Filter"))
    if any(list(rule.children(key)) for key in narrowing) or any(
        not isinstance(found.raw, dict) or set(found.raw) - {"Prefix"} for found in filters
    ):
        return None
    found = [prefix for holder in (rule, *filters) for prefix in holder.children("Prefix")]
    if not found:
        return Text(())
    return found[0].text() if len(found) == 1 and found[0].guard == rule.guard else None
