"""Mutations of a template that holds the bucket, its key and their policies itself."""

from __future__ import annotations

from typing import Final

from tests.mutations.edits import (
    drop_decrypts,
    drop_locate,
    drop_policy,
    drop_read,
    into,
    is_first,
    locates,
    move_policy,
    reads,
    rewrite,
    statement,
)
from tests.mutations.harness import Finds, Mutation

DENIED: Final = (Finds("E9711", "value", "no-grant", "role"),)
NO_DECRYPT: Final = (Finds("E9715", "value", every_file=True),)
UNDECIDED: Final = (Finds("I9790", "value", every_file=True),)

ROOT: Final = "!Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:root'"


def decrypt_on(name: str, key: str, finds: tuple[Finds, ...] = ()) -> Mutation:
    """The role's decrypt statement on another key."""
    edit = rewrite("ExecutionRole", r"Resource: !GetAtt Key.Arn", f"Resource: {key}")
    return Mutation(f"decrypt on {name}", (edit,), finds, where=is_first)


def encrypted_with(name: str, edits: str, finds: tuple[Finds, ...] = ()) -> Mutation:
    """The bucket's key spelt in another way, with the role's decrypt statement as it is."""
    edit = rewrite("Files", r"KMSMasterKeyID: .*", edits)
    return Mutation(f"encrypted with {name}", (edit,), finds, where=is_first)


def undecrypted(name: str, edits: str, finds: tuple[Finds, ...] = ()) -> Mutation:
    """The bucket's key spelt in another way, with no decrypt statement at all."""
    edit = rewrite("Files", r"KMSMasterKeyID: .*", edits)
    return Mutation(f"no decrypt, {name}", (drop_decrypts, edit), finds, where=is_first)


KEYS: Final = (
    Mutation(
        "no decrypt with a customer's key",
        (drop_decrypts,),
        (Finds("E9715", "value", "no-grant", "key", every_file=True),),
        where=is_first,
    ),
    decrypt_on("another key of the template", "!GetAtt OtherKey.Arn", NO_DECRYPT),
    decrypt_on("the key's id alone", "!Ref Key", NO_DECRYPT),
    decrypt_on(
        "the key by !Sub",
        "!Sub 'arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/${Key}'",
    ),
    decrypt_on(
        "every key of the account", "!Sub 'arn:${AWS::Partition}:kms:*:${AWS::AccountId}:key/*'"
    ),
    decrypt_on("everything", "'*'"),
    encrypted_with("the key's id", "KMSMasterKeyID: !Ref Key"),
    encrypted_with("the key's alias", "KMSMasterKeyID: !Ref Alias"),
    encrypted_with("the alias by name", "KMSMasterKeyID: alias/files"),
    encrypted_with("another key", "KMSMasterKeyID: !GetAtt OtherKey.Arn", NO_DECRYPT),
    encrypted_with("another key's id", "KMSMasterKeyID: !Ref OtherKey", NO_DECRYPT),
    undecrypted("the key's id", "KMSMasterKeyID: !Ref Key", NO_DECRYPT),
    undecrypted("the key's alias", "KMSMasterKeyID: !Ref Alias", NO_DECRYPT),
    undecrypted("AWS's own key", "KMSMasterKeyID: alias/aws/s3"),
    undecrypted("no key named", ""),
    Mutation(
        "no decrypt with SSE-S3",
        (
            drop_decrypts,
            rewrite("Files", r"SSEAlgorithm: .*", "SSEAlgorithm: AES256"),
            rewrite("Files", r"KMSMasterKeyID: .*", ""),
        ),
        where=is_first,
    ),
    Mutation(
        "no decrypt with double encryption",
        (drop_decrypts, rewrite("Files", r"aws:kms", "aws:kms:dsse")),
        NO_DECRYPT,
        where=is_first,
    ),
    Mutation(
        "no decrypt, encryption by a condition",
        (
            drop_decrypts,
            rewrite(
                "Files",
                r"KMSMasterKeyID: .*",
                "KMSMasterKeyID: !If [Never, !Ref OtherKey, !Ref AWS::NoValue]",
            ),
        ),
        where=is_first,
    ),
    *(
        Mutation(
            f"no decrypt, the key's policy names {name}",
            (
                drop_decrypts,
                into(
                    "Key",
                    "Statement:",
                    f"- {{Effect: Allow, Principal: {principal}, Action: {action},"
                    f" Resource: '*'{rest}}}",
                ),
            ),
            finds,
            where=is_first,
        )
        for name, principal, action, rest, finds in (
            ("the role", "{AWS: !GetAtt <role>.Arn}", "kms:Decrypt", "", ()),
            ("the role among others", f"{{AWS: [{ROOT}, !GetAtt <role>.Arn]}}", "kms:*", "", ()),
            ("everybody", "'*'", "kms:Decrypt", "", ()),
            ("everybody, as AWS", "{AWS: '*'}", "kms:Decrypt", "", ()),
            ("the task role", "{AWS: !GetAtt <task role>.Arn}", "kms:*", "", NO_DECRYPT),
            (
                "the role for another action",
                "{AWS: !GetAtt <role>.Arn}",
                "kms:Encrypt",
                "",
                NO_DECRYPT,
            ),
            ("the service", "{Service: ecs-tasks.amazonaws.com}", "kms:*", "", NO_DECRYPT),
            ("the account again", f"{{AWS: {ROOT}}}", "kms:Decrypt", "", NO_DECRYPT),
            ("the account's number", "{AWS: !Ref AWS::AccountId}", "kms:Decrypt", "", NO_DECRYPT),
            (
                "everybody of the account",
                "'*'",
                "kms:Decrypt",
                ", Condition: {StringEquals: {aws:PrincipalOrgID: o-1}}",
                UNDECIDED,
            ),
        )
    ),
)

BUCKET_POLICY: Final = (
    Mutation("no grant, the bucket's policy names the account alone", (drop_policy,), DENIED),
    *(
        Mutation(
            f"no grant, the bucket's policy names {name}",
            (
                drop_read,
                into(
                    "FilesPolicy",
                    "Statement:",
                    f"- {{Effect: Allow, Principal: {principal}, Action: {action},"
                    f" Resource: {resource}{rest}}}",
                ),
            ),
            finds,
        )
        for name, principal, action, resource, rest, finds in (
            (
                "the role",
                "{AWS: !GetAtt <role>.Arn}",
                "s3:GetObject",
                "!Sub '${Files.Arn}/*'",
                "",
                (),
            ),
            ("everybody", "'*'", "s3:Get*", "!Sub '${Files.Arn}/*'", "", ()),
            (
                "the role for other files",
                "{AWS: !GetAtt <role>.Arn}",
                "s3:GetObject",
                "!Sub '${Files.Arn}/elsewhere/*'",
                "",
                (Finds("E9711", "value"),),
            ),
            (
                "the task role",
                "{AWS: !GetAtt <task role>.Arn}",
                "s3:GetObject",
                "!Sub '${Files.Arn}/*'",
                "",
                (Finds("E9711", "value"),),
            ),
            (
                "a role outside",
                "{AWS: 'arn:aws:iam::111122223333:role/theirs'}",
                "s3:GetObject",
                "!Sub '${Files.Arn}/*'",
                "",
                (Finds("I9790", "value"),),
            ),
            (
                "everybody through an endpoint",
                "'*'",
                "s3:GetObject",
                "!Sub '${Files.Arn}/*'",
                ", Condition: {StringEquals: {aws:SourceVpce: vpce-1}}",
                (Finds("I9790", "value"),),
            ),
        )
    ),
)


def expires(name: str, rule: str, *, files: str = "every") -> Mutation:
    """A lifecycle rule of the bucket."""
    found = Finds("W9720", "value", "expires", "rule", every_file=files == "every")
    return Mutation(
        f"lifecycle: {name}",
        (
            into(
                "Files",
                "Properties:",
                f"LifecycleConfiguration:\n  Rules:\n    - {rule} #rule",
            ),
        ),
        () if files == "none" else (found,),
        where=is_first,
    )


LIFECYCLE: Final = (
    expires("after a day", "{Status: Enabled, ExpirationInDays: 1}"),
    expires("an empty prefix", "{Status: Enabled, Prefix: '', ExpirationInDays: 30}"),
    expires("at a date", "{Status: Enabled, ExpirationDate: '2030-01-01'}"),
    expires(
        "the file's prefix", "{Status: Enabled, Prefix: web/, ExpirationInDays: 1}", files="one"
    ),
    expires(
        "another prefix", "{Status: Enabled, Prefix: logs/, ExpirationInDays: 1}", files="none"
    ),
    expires("switched off", "{Status: Disabled, ExpirationInDays: 1}", files="none"),
    expires(
        "older versions alone",
        "{Status: Enabled, NoncurrentVersionExpiration: {NoncurrentDays: 1}}",
        files="none",
    ),
    expires(
        "tagged objects alone",
        "{Status: Enabled, ExpirationInDays: 1, TagFilters: [{Key: temporary, Value: 'yes'}]}",
        files="none",
    ),
    expires(
        "a move to another class",
        "{Status: Enabled, Transitions: [{StorageClass: GLACIER_IR, TransitionInDays: 9}]}",
        files="none",
    ),
)

GRANTS: Final = (
    Mutation(
        "bucket: policy moved to the task role",
        (move_policy,),
        (Finds("E9733", "value", "wrong-role", "grant"),),
    ),
    Mutation(
        "bucket: the grant in another bucket of the template",
        (reads("!Sub '${Logs.Arn}/*'"),),
        (Finds("E9711", "value", "other-bucket", "new"),),
    ),
    Mutation(
        "bucket: GetObject on the bucket",
        (reads("!GetAtt Files.Arn"),),
        (Finds("E9751", "new", "object-action-on-bucket-arn", "value"),),
    ),
    Mutation("bucket: GetObject on its name", (reads("!Ref Files"),), (Finds("E9711", "value"),)),
    Mutation("bucket: all objects", (reads("!Sub '${Files.Arn}/*'"),)),
    Mutation(
        "bucket: all objects by its name",
        (reads("!Join ['', ['arn:aws:s3:::', !Ref Files, '/*']]"),),
    ),
    Mutation("bucket: any bucket with its prefix", (reads("!Sub 'arn:aws:s3:::${Files}*'"),)),
    Mutation(
        "bucket: another key",
        (reads("!Sub '${Files.Arn}/elsewhere/app.env'"),),
        (Finds("E9711", "value", "other-key", "new"),),
    ),
    Mutation("bucket: located by the other policy", (drop_locate,)),
    Mutation("bucket: located in another bucket", (locates("!GetAtt Logs.Arn"),)),
    Mutation(
        "bucket: a Deny on the other bucket",
        (statement("- {Effect: Deny, Action: 's3:*', Resource: !Sub '${Logs.Arn}/*'}"),),
        where=is_first,
    ),
    Mutation(
        "bucket: a Deny on its objects",
        (statement("- {Effect: Deny, Action: 's3:*', Resource: !Sub '${Files.Arn}/*'} #deny"),),
        (Finds("E9766", "value", "explicit-deny", "deny", every_file=True),),
        where=is_first,
    ),
)

MUTATIONS: Final = (*KEYS, *BUCKET_POLICY, *LIFECYCLE, *GRANTS)
