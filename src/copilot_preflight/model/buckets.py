"""S3 buckets and KMS keys: how objects are encrypted, who else has a say, when they expire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from copilot_preflight.base.finding import Place
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Statement
from copilot_preflight.model.policy_documents import statements_of
from copilot_preflight.resolve.scenario import ANY, Scenario
from copilot_preflight.resolve.stack import Run, Stack
from copilot_preflight.resolve.value import Value


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

    ``encryption`` is None where it cannot be read, or hangs on the open condition ``undecided``.
    """

    logical_id: str
    place: Place
    name: Text
    encryption: Encryption | None
    expirations: tuple[Expiration, ...]
    undecided: str = ""


class Key(NamedTuple):
    """A KMS key of a template, with its key policy.

    ``logical_id`` is the name by which the user calls it, where its policy was handed over.
    """

    logical_id: str
    place: Place
    arn: Text
    policy: tuple[Statement, ...]


def bucket_named(run: Run, stack: Stack, scenario: Scenario, name: Text) -> Bucket | None:
    """The bucket of the run that certainly has a name."""
    for other in run.around(stack):
        seen = scenario if other is stack else ANY
        if (found := _by_name(other, seen).get(name)) is not None:
            return found
    return None


def encryption_of(run: Run, stack: Stack, scenario: Scenario, name: Text) -> Encryption | None:
    """How the bucket with a name encrypts: one of the run, or one of which the user has told."""
    bucket = bucket_named(run, stack, scenario, name)
    if bucket is not None:
        return bucket.encryption
    told = run.outside.bucket(name)
    if told is None:
        return None
    return Encryption(told.place, Text.of(told.key) if told.key else None, told.bucket_key)


def is_bucket_known(run: Run, stack: Stack, scenario: Scenario, name: Text) -> bool:
    """Whether all is known that the bucket's policy says.

    It, or the bucket, is the run's, or the policy was handed over.
    """
    return (
        bucket_named(run, stack, scenario, name) is not None
        or any(
            policy.bucket.equals(name) and not policy.conditions
            for other in run.around(stack)
            for policy in _policies_for(other, scenario if other is stack else ANY, name)
        )
        or run.outside.policy(_bucket_arn(stack, scenario, name)) is not None
    )


def _bucket_arn(stack: Stack, scenario: Scenario, name: Text) -> Text:
    return arn.s3_arn(stack.resolver(scenario).pseudo("AWS::Partition"), name)


def key_with_arn(run: Run, stack: Stack, scenario: Scenario, key: Text) -> Key | None:
    """The key that certainly has an ARN: of the run, or one whose policy was handed over."""
    for other in run.around(stack):
        seen = scenario if other is stack else ANY
        if (found := _by_arn(other, seen).get(key)) is not None:
            return found
    if not run.outside.policies:
        return None
    for name in (key, *_aliases_of(stack, scenario, key)):
        if (provided := run.outside.find(name)) is not None:
            return Key(provided.name, provided.document.place, key, provided.statements)
    return None


def _aliases_of(stack: Stack, scenario: Scenario, key: Text) -> Iterator[Text]:
    """The aliases in the run that certainly stand for a key."""
    for other in stack.run.around(stack):
        seen = scenario if other is stack else ANY
        for logical_id, resource in other.resources("AWS::KMS::Alias", seen):
            target = resource.child("Properties", "TargetKeyId")
            if target is None or resource.guard:
                continue
            if key in (target.text(), key_arn(other, seen, target.text())):
                yield other.resolver(seen).text({"Ref": logical_id}, resource.path)


def buckets(stack: Stack, scenario: Scenario = ANY) -> tuple[Bucket, ...]:
    return stack.memo(("buckets", scenario), lambda: tuple(_buckets(stack, scenario)))


def keys(stack: Stack, scenario: Scenario = ANY) -> tuple[Key, ...]:
    return stack.memo(("keys", scenario), lambda: tuple(_keys(stack, scenario)))


def _by_name(stack: Stack, scenario: Scenario) -> dict[Text, Bucket]:
    """Buckets by their names: names are certainly equal where they are the same text."""

    def build() -> dict[Text, Bucket]:
        return {bucket.name: bucket for bucket in reversed(buckets(stack, scenario))}

    return stack.memo(("buckets by name", scenario), build)


def _by_arn(stack: Stack, scenario: Scenario) -> dict[Text, Key]:
    def build() -> dict[Text, Key]:
        return {key.arn: key for key in reversed(keys(stack, scenario))}

    return stack.memo(("keys by ARN", scenario), build)


def _buckets(stack: Stack, scenario: Scenario) -> Iterator[Bucket]:
    resolver = stack.resolver(scenario)
    for logical_id, resource in stack.resources("AWS::S3::Bucket", scenario):
        properties = resource.child("Properties")
        asked = list(properties.children("BucketEncryption")) if properties else []
        raw = properties.raw.get("BucketEncryption") if properties and asked else None
        name = resolver.text({"Ref": logical_id}, resource.path)
        yield Bucket(
            logical_id,
            resource.key_place,
            name,
            encryption=_encryption(stack, scenario, resource, properties),
            expirations=tuple(_expirations(properties)) if properties else (),
            undecided=resolver.open_condition(raw),
        )


def bucket_policy(run: Run, stack: Stack, scenario: Scenario, name: Text) -> tuple[Statement, ...]:
    """The statements of policies for a bucket, which need not be in the run itself.

    A bucket has one policy: the run's own takes the place of what was handed over.
    """
    own = [
        policy
        for other in run.around(stack)
        for policy in _policies_for(other, scenario if other is stack else ANY, name)
    ]
    said = [s for policy in own for s in _said_of(name, policy.bucket, policy.statements, run)]
    mine = [policy.conditions for policy in own if policy.bucket.equals(name)]
    if () in mine:
        return tuple(said)
    unless = tuple(dict.fromkeys(condition for conditions in mine for condition in conditions))
    provided = (
        statement
        for owner, statements in _handed_policies(run, stack, scenario, name)
        for statement in _said_of(name, owner, statements, run)
    )
    return (*said, *(s._replace(conditions=(*s.conditions, *unless)) for s in provided))


def _handed_policies(
    run: Run, stack: Stack, scenario: Scenario, name: Text
) -> Iterator[tuple[Text, tuple[Statement, ...]]]:
    """The bucket policies that were handed over and are, or may be, those of a bucket."""
    if not run.outside.policies:
        return
    found = run.outside.find(_bucket_arn(stack, scenario, name))
    if found is not None:
        yield name, found.statements
    elif name.literal is None:
        for policy in run.outside.policies:
            if policy.bucket:
                yield Text.of(policy.bucket), policy.statements


class _BucketPolicy(NamedTuple):
    """``conditions`` are open, and on them hangs whether there is the policy at all."""

    bucket: Text
    statements: tuple[Statement, ...]
    conditions: tuple[str, ...]


def _policies_for(stack: Stack, scenario: Scenario, name: Text) -> Iterator[_BucketPolicy]:
    """The policies of a stack that may be a bucket's: no two buckets share a name."""

    def build() -> tuple[dict[Text, list[_BucketPolicy]], list[_BucketPolicy]]:
        own: dict[Text, list[_BucketPolicy]] = {b.name: [] for b in buckets(stack, scenario)}
        others: list[_BucketPolicy] = []
        for policy in _bucket_policies(stack, scenario):
            own.get(policy.bucket, others).append(policy)
        return own, others

    own, others = stack.memo(("bucket policies", scenario), build)
    yield from own.get(name, ())
    yield from others
    if name not in own:  # of whose bucket nothing is known: it may be any of them
        for policies in own.values():
            yield from policies


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
        stack.file == hole.scope and hole.name in (stack.data.get("Resources") or ())
        for stack in run.stacks
    )


def _bucket_policies(stack: Stack, scenario: Scenario) -> Iterator[_BucketPolicy]:
    for logical_id, resource in stack.resources("AWS::S3::BucketPolicy", scenario):
        for properties in resource.children("Properties"):
            for bucket in properties.children("Bucket"):
                for document in properties.children("PolicyDocument"):
                    said = statements_of(document, logical_id)
                    conditions = tuple(dict.fromkeys((*bucket.conditions, *document.conditions)))
                    yield _BucketPolicy(bucket.text(), said, conditions)


def _encryption(
    stack: Stack, scenario: Scenario, resource: Value, properties: Value | None
) -> Encryption | None:
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
    key = key_arn(stack, scenario, master.text())
    return None if key is None else Encryption(master.place, key if key.parts else None, bucket_key)


def key_arn(
    stack: Stack, scenario: Scenario, reference: Text, *, follow: bool = True
) -> Text | None:
    """The ARN behind a KMSMasterKeyID: a key id, an alias or an ARN.

    None where it cannot be told, the empty text for the key that AWS manages.
    """
    resolver = stack.resolver(scenario)
    known = reference.literal or ""
    if known == "alias/aws/s3" or known.endswith(":alias/aws/s3"):
        return Text(())
    parsed = arn.parse(reference)
    alias = parsed.resource if parsed is not None else reference
    for other in stack.run.around(stack):
        seen = scenario if other is stack else ANY
        for key in keys(other, seen):
            if key.arn.equals(reference) or _key_id(key.arn).equals(reference):
                return key.arn
        for logical_id, resource in other.resources("AWS::KMS::Alias", seen):
            name = other.resolver(seen).text({"Ref": logical_id}, resource.path)
            if name.equals(alias):
                target = resource.child("Properties", "TargetKeyId")
                if target is None or not follow:
                    return None  # AWS: an alias stands for a key, never for another alias
                return key_arn(other, seen, target.text(), follow=False)
    if parsed is not None:
        is_key = str(parsed.resource).startswith("key/")
        return reference if is_key else None
    if known and "/" not in known:
        names = (resolver.pseudo(f"AWS::{name}") for name in ("Partition", "Region", "AccountId"))
        partition, region, account = names
        return Text.of("arn:", partition, ":kms:", region, ":", account, ":key/", known)
    # A parameter, an import: some key, whose ARN it may or may not be.
    return reference if reference.only_hole is not None else None


def _key_id(key: Text) -> Text:
    parsed = arn.parse(key)
    pieces = parsed.resource.split("/", 1).items if parsed else ()
    return pieces[-1] if pieces else key


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


def _keys(stack: Stack, scenario: Scenario) -> Iterator[Key]:
    resolver = stack.resolver(scenario)
    for kind in ("AWS::KMS::Key", "AWS::KMS::ReplicaKey"):
        for logical_id, resource in stack.resources(kind, scenario):
            yield Key(
                logical_id,
                resource.key_place,
                resolver.text({"Fn::GetAtt": [logical_id, "Arn"]}, resource.path),
                tuple(_key_policy(logical_id, resource)),
            )


_DEFAULT_KEY_POLICY: Final = {
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}},
        "Action": "kms:*",
        "Resource": "*",
    }
}
"""What KMS gives a key that is made without a policy: the account's IAM policies decide.

Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
"""


def _key_policy(logical_id: str, resource: Value) -> Iterator[Statement]:
    """The statements of a key's policy; under open conditions, the default's may be among them."""
    properties = list(resource.children("Properties"))
    found = [
        policy
        for holder in properties
        for policy in holder.children("KeyPolicy")
        if policy.raw is not None
    ]
    for policy in found:
        yield from statements_of(policy, logical_id)
    if any(policy.guard == resource.guard for policy in found):
        return
    # A path of its own, for what is read is kept by path; shown is the key itself.
    path = (*resource.path, "Properties", "KeyPolicy", "default")
    default = Value(resource.reader, _DEFAULT_KEY_POLICY, path, resource.guard)
    if any(holder.is_written_out_by_aws for holder in properties):
        default = default._replace(raw={"Fn::Transform": logical_id})
    unless = (condition for policy in found for condition in policy.conditions)
    conditions = tuple(dict.fromkeys((*default.conditions, *unless)))
    for statement in statements_of(default, logical_id):
        yield statement._replace(place=resource.key_place, conditions=conditions)
