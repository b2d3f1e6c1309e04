"""Buckets and keys: how objects are encrypted, which policies speak of them, when they expire."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests import stacks

from copilot_preflight.base.symbolic import Text
from copilot_preflight.model.buckets import bucket_named, bucket_policy, buckets, is_bucket_known
from copilot_preflight.model.keys import key_with_arn, keys
from copilot_preflight.model.policy_documents import statements_of
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.outside import Outside, ProvidedPolicy
from copilot_preflight.resolve.plain import Plain
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:eu-west-1:111122223333:key/{KEY_ID}"
PSEUDO = {"AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333"}

TEMPLATE = """
Parameters:
  Env: {Type: String}
  KeyParam: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {Statement: []}}}
  Alias: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/app, TargetKeyId: !Ref Key}}
  Foreign: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/x, TargetKeyId: %s}}
  Odd: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/odd, TargetKeyId: alias/odd}}
  Bucket:
    Type: AWS::S3::Bucket
    Properties: %s
"""


def stack(
    properties: str,
    parameters: Mapping[str, str] | None = None,
    run: Run | None = None,
    file: str = "t.yml",
    more: str = "",
) -> Stack:
    text = TEMPLATE % (KEY_ID, properties) + more
    return stacks.stack(text, parameters, PSEUDO, run, file)


def encryption(rule: str) -> str:
    return f"{{BucketEncryption: {{ServerSideEncryptionConfiguration: [{rule}]}}}}"


def kms(key: str, algorithm: str = "aws:kms") -> str:
    default = f"{{SSEAlgorithm: '{algorithm}', KMSMasterKeyID: {key}}}"
    return encryption(f"{{ServerSideEncryptionByDefault: {default}}}")


# --- encryption -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "arn"),
    [
        (KEY_ID, KEY_ARN),
        (f"'{KEY_ARN}'", KEY_ARN),
        ("!GetAtt Key.Arn", "arn:aws:kms:eu-west-1:111122223333:key/${Key}"),
        ("!Ref Key", "arn:aws:kms:eu-west-1:111122223333:key/${Key}"),
        ("!Ref Alias", "arn:aws:kms:eu-west-1:111122223333:key/${Key}"),
        ("alias/app", "arn:aws:kms:eu-west-1:111122223333:key/${Key}"),
        (
            "'arn:aws:kms:eu-west-1:111122223333:alias/app'",
            "arn:aws:kms:eu-west-1:111122223333:key/${Key}",
        ),
        ("!Ref Foreign", KEY_ARN),
        ("!Ref KeyParam", "${KeyParam}"),
        ("!ImportValue key", "${ImportValue key}"),
        ("!If [IsProd, !GetAtt Key.Arn, !Ref KeyParam]", None),
    ],
)
@pytest.mark.parametrize("algorithm", ["aws:kms", "aws:kms:dsse"])
def test_customer_keys(reference: str, arn: str | None, algorithm: str) -> None:
    """Whatever names the key, its ARN is what the reader needs a permission for."""
    (bucket,) = buckets(View(stack(kms(reference, algorithm))))
    if arn is None:
        assert bucket.encryption is None
        return
    assert bucket.encryption is not None
    assert str(bucket.encryption.key) == arn
    assert bucket.encryption.bucket_key is False


@pytest.mark.parametrize(
    "properties",
    [
        # S3's own key asks for no permission, by whatever name.
        "{}",
        encryption("{ServerSideEncryptionByDefault: {SSEAlgorithm: AES256}}"),
        encryption("{ServerSideEncryptionByDefault: {SSEAlgorithm: 'aws:kms'}}"),
        kms("!Ref AWS::NoValue"),
        kms("alias/aws/s3"),
        kms("'arn:aws:kms:eu-west-1:111122223333:alias/aws/s3'"),
        "{BucketEncryption: !Ref AWS::NoValue}",
    ],
)
def test_no_key_of_a_customer(properties: str) -> None:
    """SSE-S3, and the key that AWS manages for S3, need no grant on a key."""
    (bucket,) = buckets(View(stack(properties)))
    assert bucket.encryption is not None
    assert bucket.encryption.key is None


@pytest.mark.parametrize(
    "properties",
    [
        kms("alias/unknown"),
        kms("'arn:aws:kms:eu-west-1:111122223333:alias/unknown'"),
        kms("!Ref Odd"),
        kms("!Sub 'alias/${Env}'"),
        kms("!If [IsProd, !Ref Key, !Ref AWS::NoValue]"),
        encryption("{BucketKeyEnabled: true}"),
        encryption("!If [IsProd, {BucketKeyEnabled: true}, {BucketKeyEnabled: false}]"),
        encryption("{ServerSideEncryptionByDefault: {SSEAlgorithm: !Ref Env}}"),
        "{BucketEncryption: !Ref KeyParam}",
        "{BucketEncryption: !If [IsProd, !Ref AWS::NoValue, {}]}",
    ],
)
def test_encryption_that_cannot_be_told(properties: str) -> None:
    """An alias of nobody knows which key, or an open condition, leaves the encryption open."""
    (bucket,) = buckets(View(stack(properties)))
    assert bucket.encryption is None


def test_bucket_keys() -> None:
    """With a bucket key S3 tells KMS the bucket's ARN."""
    default = f"{{SSEAlgorithm: 'aws:kms', KMSMasterKeyID: {KEY_ID}}}"
    for value, enabled in (("true", True), ("'true'", True), ("false", False)):
        rule = f"{{BucketKeyEnabled: {value}, ServerSideEncryptionByDefault: {default}}}"
        (bucket,) = buckets(View(stack(encryption(rule))))
        assert bucket.encryption is not None
        assert bucket.encryption.bucket_key is enabled


def test_a_bucket_under_a_condition_is_encrypted_all_the_same() -> None:
    """An open condition of the bucket itself says nothing of how it encrypts."""
    found = stack(kms(KEY_ID) + "\n    Condition: IsProd")
    (bucket,) = buckets(View(found))
    assert bucket.encryption is not None
    assert str(bucket.encryption.key) == KEY_ARN
    (other,) = (leaf.scenario for leaf in View(found).where((("IsProd", False),)))
    assert buckets(View(found, other)) == ()


# --- lifecycle ------------------------------------------------------------------------------------


def lifecycle(rules: str) -> str:
    return f"{{LifecycleConfiguration: {{Rules: {rules}}}}}"


@pytest.mark.parametrize(
    ("rule", "prefix", "days"),
    [
        ("{Status: Enabled, ExpirationInDays: 1}", "", "1"),
        ("{Status: Enabled, ExpirationInDays: 30, Prefix: manual/}", "manual/", "30"),
        ("{Status: Enabled, ExpirationInDays: 1, Prefix: !Sub '${Env}/'}", "${Env}/", "1"),
        ("{Status: Enabled, ExpirationDate: '2030-01-01T00:00:00Z'}", "", ""),
        ("{Status: Enabled, ExpirationInDays: 1, Filter: {Prefix: x/}}", "x/", "1"),
        ("{Status: Enabled, ExpirationInDays: 1, NoncurrentVersionExpirationInDays: 1}", "", "1"),
        ("!If [IsTest, {Status: Enabled, ExpirationInDays: 1}, !Ref AWS::NoValue]", "", "1"),
    ],
)
def test_rules_that_delete(rule: str, prefix: str, days: str) -> None:
    """A rule that is on, and that takes every object under a prefix, deletes the file."""
    text = lifecycle(f"[{rule}]")
    more = "Conditions2: {}\n"
    found = stack(text, more=more)
    if "IsTest" in rule:
        found.data["Conditions"]["IsTest"] = {"Fn::Equals": ["a", "a"]}
    (bucket,) = buckets(View(found))
    assert [(str(e.prefix), e.days) for e in bucket.expirations] == [(prefix, days)]


@pytest.mark.parametrize(
    "rule",
    [
        "{Status: Disabled, ExpirationInDays: 1}",
        "{Status: !Ref Env, ExpirationInDays: 1}",
        "{Status: Enabled}",
        "{Status: Enabled, NoncurrentVersionExpiration: {NoncurrentDays: 1}}",
        "{Status: Enabled, NoncurrentVersionExpirationInDays: 1}",
        "{Status: Enabled, ExpiredObjectDeleteMarker: true}",
        "{Status: Enabled, AbortIncompleteMultipartUpload: {DaysAfterInitiation: 1}}",
        "{Status: Enabled, Transitions: [{StorageClass: GLACIER, TransitionInDays: 1}]}",
        "{Status: Enabled, ExpirationInDays: 1, TagFilters: [{Key: a, Value: b}]}",
        "{Status: Enabled, ExpirationInDays: 1, ObjectSizeGreaterThan: '100'}",
        "{Status: Enabled, ExpirationInDays: 1, ObjectSizeLessThan: '100'}",
        "{Status: Enabled, ExpirationInDays: 1, Filter: {Tag: {Key: a, Value: b}}}",
        "{Status: Enabled, ExpirationInDays: 1, Filter: {And: {Prefix: a}}}",
        "{Status: Enabled, ExpirationInDays: 1, Filter: 5}",
        "{Status: Enabled, ExpirationInDays: 1, Prefix: !If [IsProd, a/, !Ref AWS::NoValue]}",
        "{Status: Enabled, ExpirationInDays: 1, Prefix: !If [IsProd, a/, b/]}",
        "!If [IsProd, {Status: Enabled, ExpirationInDays: 1}, !Ref AWS::NoValue]",
    ],
)
def test_rules_that_need_not_delete(rule: str) -> None:
    """A rule that is off, that asks for more, or that keeps the newest version deletes no file."""
    (bucket,) = buckets(View(stack(lifecycle(f"[{rule}]"))))
    assert bucket.expirations == ()


# --- names and policies ---------------------------------------------------------------------------

POLICY = """
  Policy{0}:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: {1}
      PolicyDocument: {{Statement: [{{Effect: Allow, Action: 's3:*', Resource: '*'}}]}}
"""


def test_bucket_policies_belong_to_the_bucket_that_they_name() -> None:
    """A policy counts for its own bucket, in or out of the run; for one that may be, with an if."""
    found = stack(
        "{}",
        more=POLICY.format(1, "!Ref Bucket")
        + POLICY.format(2, "!Ref KeyParam")
        + POLICY.format(3, "elsewhere"),
    )
    (bucket,) = buckets(View(found))

    def policies(name: Text) -> list[str]:
        said = bucket_policy(View(found), name)
        return [statement.policy for statement in said if not statement.conditions]

    assert policies(bucket.name) == ["Policy1"]
    assert policies(Text.of("elsewhere")) == ["Policy3"]
    assert policies(found.resolver().parameter("KeyParam")) == ["Policy2"]
    assert policies(Text.of("unheard-of")) == []
    maybe = bucket_policy(View(found), Text.of("elsewhere"))[0]
    assert (maybe.policy, maybe.conditions) == ("Policy2", ("${KeyParam} = elsewhere",))


def test_bucket_policies_of_other_stacks() -> None:
    """The policy of a bucket may stand in another stack than the bucket."""
    run = Run()
    found = stack("{BucketName: shared}", run=run)
    stack("{}", run=run, file="other.yml", more=POLICY.format("", "shared"))
    said = bucket_policy(View(found), Text.of("shared"))
    assert [statement.place.file for statement in said] == ["other.yml"]


def test_buckets_are_found_by_name() -> None:
    """A bucket is found where it certainly has the name, in any stack of the run."""
    run = Run()
    found = stack("{BucketName: !Sub '${Env}-data'}", run=run)
    stack("{BucketName: shared}", run=run, file="other.yml")
    here = found.resolver().text({"Fn::Sub": "${Env}-data"}, ())
    mine, theirs = (bucket_named(View(found), name) for name in (here, Text.of("shared")))
    assert mine is not None
    assert mine.place.file == "t.yml"
    assert theirs is not None
    assert theirs.place.file == "other.yml"
    assert bucket_named(View(found), Text.of("prod-data")) is None


def test_keys_are_found_by_arn() -> None:
    """A key is found by its own ARN, with its policy."""
    found = stack("{}")
    (key,) = keys(View(found))
    assert key_with_arn(View(found), key.arn) == key
    assert key_with_arn(View(found), Text.of(KEY_ARN)) is None


# --- the policies of keys -------------------------------------------------------------------------

KEYS = """
Parameters: {Env: {Type: String}, Policy: {Type: String}}
Conditions: {IsProd: !Equals [!Ref Env, prod]}
Resources:
  Key: %s
"""
OWN = "{Statement: {Sid: Own, Effect: Allow, Principal: '*', Action: 'kms:Decrypt', Resource: '*'}}"


def key_policy(resource: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """Effect, principal and conditions of each statement."""
    found = stacks.stack(KEYS % resource, pseudo=PSEUDO, file="k.yml")
    (key,) = keys(View(found))
    return [
        (
            statement.effect,
            ",".join(str(principal.entry.text) for principal in statement.principals),
            statement.conditions,
        )
        for statement in key.policy
    ]


@pytest.mark.parametrize(
    "resource",
    [
        "{Type: AWS::KMS::Key}",
        "{Type: AWS::KMS::Key, Properties: {Description: x}}",
        "{Type: AWS::KMS::Key, Properties: {KeyPolicy: !Ref AWS::NoValue}}",
        "{Type: AWS::KMS::ReplicaKey, Properties: {PrimaryKeyArn: x}}",
    ],
)
def test_a_key_without_a_policy_leaves_it_to_iam(resource: str) -> None:
    """KMS gives such a key the default policy, which hands all over to the account."""
    partition = "arn:aws:iam::111122223333:root"
    assert key_policy(resource) == [("Allow", partition, ())]


def test_a_key_under_a_condition_without_a_policy() -> None:
    """The key's own condition is no condition of its policy beyond that."""
    text = "{Type: AWS::KMS::Key, Condition: IsProd, Properties: {}}"
    assert [effect for effect, _, _ in key_policy(text)] == ["Allow"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (OWN, [("Allow", "*", ())]),
        (
            f"!If [IsProd, {OWN}, !Ref AWS::NoValue]",
            [("Allow", "*", ("IsProd",)), ("Allow", "arn:aws:iam::111122223333:root", ("IsProd",))],
        ),
        ("!Ref Policy", [("", "", ())]),
        ("'{}'", [("", "", ())]),
        ("{'Fn::Transform': {Name: M}}", [("", "", ())]),
    ],
)
def test_key_policies(policy: str, expected: list[tuple[str, str, tuple[str, ...]]]) -> None:
    """A policy that is open or cannot be read is never an empty one, which would let nobody in."""
    assert key_policy(f"{{Type: AWS::KMS::Key, Properties: {{KeyPolicy: {policy}}}}}") == expected


def test_a_condition_decides_between_a_policy_and_the_default() -> None:
    """In each scenario the key has one policy."""
    policy = f"!If [IsProd, {OWN}, !Ref AWS::NoValue]"
    text = f"{{Type: AWS::KMS::Key, Properties: {{KeyPolicy: {policy}}}}}"
    found = stacks.stack(KEYS % text, pseudo=PSEUDO, file="k.yml")
    said = []
    for outcome in (True, False):
        (scenario,) = (leaf.scenario for leaf in View(found).where((("IsProd", outcome),)))
        (key,) = keys(View(found, scenario))
        said.append([(s.sid, s.conditions) for s in key.policy])
    assert said == [[("Own", ())], [("", ())]]


def test_what_a_macro_may_add_to_a_key() -> None:
    """Among properties that a macro adds there may be a policy."""
    text = "{Type: AWS::KMS::Key, Properties: {'Fn::Transform': {Name: M}}}"
    assert key_policy(text) == [("", "", ())]


# --- policies that are provided ----------------------------------------------------------------

SHARED = "{Statement: {Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*'}}"


def provided(*names: str) -> Run:
    """A run that is handed policies of buckets or keys."""
    value = Value(Plain("p.yml"), parse(SHARED, "p.yml").data, ())
    return Run(
        Outside(
            [ProvidedPolicy(n, value, statements_of(value, n), has_principals=True) for n in names]
        )
    )


@pytest.mark.parametrize("name", ["shared", "arn:aws:s3:::shared"])
def test_a_bucket_policy_that_is_handed_over(name: str) -> None:
    """It counts for the bucket that it names; for one that may be the same, with an if."""
    run = provided(name)
    found = stack("{}", run=run)
    said = bucket_policy(View(found), Text.of("shared"))
    assert [(s.effect, s.policy, s.conditions) for s in said] == [("Deny", name, ())]
    assert bucket_policy(View(found), Text.of("other")) == ()
    (bucket,) = buckets(View(found))
    assert bucket_policy(View(found), bucket.name) == ()
    unknown = found.resolver().parameter("KeyParam")
    (maybe,) = bucket_policy(View(found), unknown)
    assert maybe.conditions == ("shared = ${KeyParam}",)
    assert [is_bucket_known(View(found), Text.of(n)) for n in ("shared", "other")] == [
        True,
        False,
    ]
    assert is_bucket_known(View(found), bucket.name)
    assert not is_bucket_known(View(found), unknown)


def test_policies_of_keys_are_no_buckets() -> None:
    """What is provided for a key has no say about a bucket that is not known."""
    run = provided(KEY_ARN, "alias/app")
    found = stack("{}", run=run)
    assert bucket_policy(View(found), found.resolver().parameter("KeyParam")) == ()


def test_the_runs_own_bucket_policy_takes_the_place_of_the_one_before() -> None:
    """A bucket has one policy; under a condition, either of them may be it."""
    run = provided("shared")
    found = stack("{}", run=run, more=POLICY.format("", "shared"))
    assert [s.policy for s in bucket_policy(View(found), Text.of("shared"))] == ["Policy"]
    run = provided("shared")
    text = POLICY.format("", "shared").replace("Properties:", "Condition: IsProd\n    Properties:")
    found = stack("{}", run=run, more=text)
    said = bucket_policy(View(found), Text.of("shared"))
    assert [(s.policy, s.conditions) for s in said] == [
        ("Policy", ("IsProd",)),
        ("shared", ("IsProd",)),
    ]
    for outcome, policy in ((True, "Policy"), (False, "shared")):
        (scenario,) = (leaf.scenario for leaf in View(found).where((("IsProd", outcome),)))
        said = bucket_policy(View(found, scenario), Text.of("shared"))
        assert [(s.policy, s.conditions) for s in said] == [(policy, ())]


@pytest.mark.parametrize("name", [KEY_ARN, KEY_ID, "alias/x"])
def test_a_key_policy_that_is_handed_over(name: str) -> None:
    """A key is known by its ARN, its id, or an alias that a template of the run gives it."""
    run = provided(name)
    found = stack("{}", run=run)
    key = key_with_arn(View(found), Text.of(KEY_ARN))
    assert key is not None
    assert (key.logical_id, str(key.arn), key.place.file) == (name, KEY_ARN, "p.yml")
    assert [s.effect for s in key.policy] == ["Deny"]
    other = KEY_ARN.replace("1234abcd", "dcba4321")
    assert key_with_arn(View(found), Text.of(other)) is None
    assert key_with_arn(View(found), found.resolver().parameter("KeyParam")) is None


def test_the_runs_own_key_needs_no_other_policy() -> None:
    """What a template of the run says of its key will hold."""
    run = provided("alias/app")
    found = stack("{}", run=run)
    (key,) = keys(View(found))
    assert key_with_arn(View(found), key.arn) == key
