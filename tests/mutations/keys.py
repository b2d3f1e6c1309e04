"""Mutations of what lets the execution role decrypt, in stacks that name the artifacts' key."""

from __future__ import annotations

from typing import Final

from tests.mutations.edits import (
    attach,
    decrypts,
    drop_decrypts,
    has_key,
    has_no_key,
    is_first,
    parameter_is,
    statement,
    without_key_decrypt,
    without_tagged_decrypt,
)
from tests.mutations.harness import ALL, EnvFile, Finds, Mutation, Stack

THE_KEY: Final = "!Ref ArtifactKeyARN"


def once(stack: Stack, file: EnvFile) -> bool:
    """The key is the same for every file: one file stands for all of a stack."""
    return has_key(stack, file) and is_first(stack, file)


def denied(cause: str = "", related: str = "role") -> tuple[Finds, ...]:
    return (Finds("E9715", "value", cause, related, every_file=True),)


UNDETERMINED: Final = (Finds("I9790", "value", every_file=True),)


def decrypt(rest: str, *, action: str = "kms:Decrypt") -> str:
    return f"- {{Effect: Allow, Action: '{action}', {rest}}} #decrypt"


def allowed_by(name: str, fragment: str) -> Mutation:
    return Mutation(f"key: decrypt {name}", (decrypts(fragment),), pinned=ALL, where=once)


def denied_by(name: str, fragment: str, cause: str = "") -> Mutation:
    return Mutation(
        f"key: decrypt {name}", (decrypts(fragment),), denied(cause), pinned=ALL, where=once
    )


def open_by(name: str, fragment: str) -> Mutation:
    return Mutation(
        f"key: decrypt {name}", (decrypts(fragment),), UNDETERMINED, pinned=ALL, where=once
    )


BUCKET_CONTEXT: Final = "kms:EncryptionContext:aws:s3:arn"

MUTATIONS: Final = (
    Mutation(
        "decrypt removed", (drop_decrypts,), denied("no-grant"), pinned=ALL, where=once, blind=True
    ),
    Mutation(
        "decrypt by tags alone",
        (without_key_decrypt,),
        UNDETERMINED,
        pinned=ALL,
        where=once,
    ),
    Mutation(
        "decrypt by the key alone", (without_tagged_decrypt,), pinned=ALL, where=once, blind=True
    ),
    Mutation(
        "decrypt removed where no key is known",
        (drop_decrypts,),
        pinned=ALL,
        where=lambda stack, file: (
            stack.is_copilot and is_first(stack, file) and has_no_key(stack, file)
        ),
        blind=True,
    ),
    denied_by(
        "another key",
        decrypt("Resource: 'arn:aws:kms:us-west-2:111122223333:key/another'"),
        "other-resource",
    ),
    denied_by(
        "another account's keys", decrypt("Resource: 'arn:aws:kms:us-west-2:999999999999:key/*'")
    ),
    denied_by(
        "another region's keys", decrypt("Resource: 'arn:aws:kms:eu-west-1:111122223333:key/*'")
    ),
    denied_by("another partition's keys", decrypt("Resource: 'arn:aws-cn:kms:*:*:key/*'")),
    denied_by(
        "the key's alias", decrypt("Resource: 'arn:aws:kms:us-west-2:111122223333:alias/artifacts'")
    ),
    denied_by("the key's id", decrypt("Resource: 1234abcd-12ab-34cd-56ef-1234567890ab")),
    denied_by(
        "by another action", decrypt(f"Resource: {THE_KEY}", action="kms:Encrypt"), "other-action"
    ),
    denied_by(
        "by a misspelt action", decrypt(f"Resource: {THE_KEY}", action="kms:Decypt"), "other-action"
    ),
    allowed_by("by kms:*", decrypt(f"Resource: {THE_KEY}", action="kms:*")),
    allowed_by("by kms:De*", decrypt(f"Resource: {THE_KEY}", action="kms:De*")),
    allowed_by("in lower case", decrypt(f"Resource: {THE_KEY}", action="kms:decrypt")),
    allowed_by("on everything", decrypt("Resource: '*'")),
    allowed_by("on every key", decrypt("Resource: 'arn:*:kms:*:*:key/*'")),
    allowed_by("on the account's keys", decrypt("Resource: 'arn:aws:kms:*:111122223333:key/*'")),
    allowed_by("on the key by !Sub", decrypt("Resource: !Sub '${ArtifactKeyARN}'")),
    open_by(
        "on the keys of the stack's own account and region",
        decrypt(
            "Resource: !Sub 'arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*'"
        ),
    ),
    allowed_by(
        "through S3",
        decrypt(
            f"Resource: {THE_KEY}, Condition:"
            " {StringLike: {kms:ViaService: s3.*.amazonaws.com}}"
        ),
    ),
    denied_by(
        "through Secrets Manager",
        decrypt(
            f"Resource: {THE_KEY}, Condition:"
            " {StringLike: {kms:ViaService: secretsmanager.*.amazonaws.com}}"
        ),
    ),
    allowed_by(
        "through S3 in the key's region",
        decrypt(
            f"Resource: {THE_KEY}, Condition:"
            " {StringEquals: {kms:ViaService: s3.us-west-2.amazonaws.com}}"
        ),
    ),
    denied_by(
        "through S3 in another region",
        decrypt(
            f"Resource: {THE_KEY}, Condition:"
            " {StringEquals: {kms:ViaService: s3.eu-west-3.amazonaws.com}}"
        ),
        "unmet-condition",
    ),
    allowed_by(
        "for the bucket, as its key asks",
        decrypt(f"Resource: {THE_KEY}, Condition: {{StringLike: {{{BUCKET_CONTEXT}: '*'}}}}"),
    ),
    denied_by(
        "for an object, while the bucket has a key",
        decrypt(
            f"Resource: {THE_KEY}, Condition:"
            f" {{StringLike: {{{BUCKET_CONTEXT}: 'arn:aws:s3:::*/*'}}}}"
        ),
    ),
    Mutation(
        "a Deny on the key",
        (statement(f"- {{Effect: Deny, Action: kms:Decrypt, Resource: {THE_KEY}}} #deny"),),
        (Finds("E9766", "value", "explicit-deny", "deny", every_file=True),),
        pinned=ALL,
        where=once,
        blind=True,
    ),
    Mutation(
        "a Deny of KMS",
        (statement("- {Effect: Deny, Action: 'kms:*', Resource: '*'} #deny"),),
        (Finds("E9766", "value", "explicit-deny", "deny", every_file=True),),
        pinned=ALL,
        where=once,
        blind=True,
    ),
    Mutation(
        "a Deny of KMS but through S3",
        (
            statement(
                """
                - Effect: Deny
                  Action: kms:*
                  Resource: '*'
                  Condition: {StringNotLike: {kms:ViaService: s3.*.amazonaws.com}}
                """
            ),
        ),
        pinned=ALL,
        where=once,
    ),
    Mutation(
        "a Deny on another key",
        (
            statement(
                """
                - Effect: Deny
                  Action: kms:*
                  Resource: arn:aws:kms:us-west-2:111122223333:key/another
                """
            ),
        ),
        pinned=ALL,
        where=once,
    ),
    Mutation(
        "AdministratorAccess instead of decrypt",
        (drop_decrypts, attach("arn:aws:iam::aws:policy/AdministratorAccess")),
        (Finds("W9754", "attached"),),
        pinned="none",
        where=once,
    ),
    Mutation(
        "the key in another account, decrypt by the key",
        (
            parameter_is("ArtifactKeyARN", "arn:aws:kms:eu-west-1:999999999999:key/theirs"),
            without_tagged_decrypt,
        ),
        pinned=ALL,
        where=once,
    ),
)
