"""The same grant in other words: nothing may be found that was not found before."""

from __future__ import annotations

from typing import Final

from tests.mutations.edits import (
    adds,
    drop_policy,
    effect,
    if_also,
    is_copilot,
    is_first,
    is_pinned,
    locate_action,
    locates,
    named_alike,
    parameter,
    policy,
    read_action,
    reads,
    resource,
    resource_scalar,
    sidecar,
    statement,
    states,
)
from tests.mutations.harness import ALL, ELSEWHERE, Finds, Mutation

BUCKET_OF_PARAMETER: Final = "!Select [0, !Split ['/', !Select [5, !Split [':', <value>]]]]"
ARN_OF_BUCKET: Final = "!Select [0, !Split ['/', <value>]]"


def read_as(name: str, entry: str) -> Mutation:
    """The file's ARN in other words: pinned as before."""
    return Mutation(
        f"read {name}",
        (reads(entry),),
        (Finds("W9713", "new"),),
        where=is_copilot,
        blind=True,
    )


def located_as(name: str, entry: str) -> Mutation:
    return Mutation(f"located {name}", (locates(entry),), pinned=ALL, where=is_copilot, blind=True)


SPELLINGS: Final = (
    read_as("by !Sub", "!Sub '${<parameter>}'"),
    read_as("by !Sub with a map", "!Sub ['${It}', {It: <value>}]"),
    read_as("by !Join", "!Join ['', [<value>]]"),
    read_as("by !Select", "!Select [1, [elsewhere, <value>]]"),
    read_as("by a condition", "!If [<condition>, <value>, !Ref AWS::NoValue]"),
    Mutation(
        "read taken apart and put together",
        (reads("!Join ['/', !Split ['/', <value>]]"),),
        (Finds("W9713", "new"),),
        where=is_copilot,
    ),
    Mutation(
        "read by prefix of the bucket",
        (reads(f"!Join ['', [{ARN_OF_BUCKET}, '/*']]"),),
        pinned=ELSEWHERE,
        where=is_copilot,
    ),
    Mutation(
        "read by prefix of the bucket, with !Sub",
        (
            reads(
                "!Sub ['arn:${AWS::Partition}:s3:::${Name}/*',"
                f" {{Name: {BUCKET_OF_PARAMETER}}}]"
            ),
        ),
        pinned=ELSEWHERE,
        where=lambda stack, file: is_copilot(stack, file) and len(stack.files) == 1,
        blind=True,
    ),
    Mutation(
        "one resource, no list", (resource_scalar,), (Finds("W9713", "new"),), where=is_pinned
    ),
    located_as("by the ARN's head", ARN_OF_BUCKET),
    located_as(
        "by !Sub with a map",
        f"!Sub ['arn:${{AWS::Partition}}:s3:::${{Name}}', {{Name: {BUCKET_OF_PARAMETER}}}]",
    ),
    located_as(
        "by colons",
        f"!Join [':', [arn, !Ref AWS::Partition, s3, '', '', {BUCKET_OF_PARAMETER}]]",
    ),
    located_as("by a prefix", f"!Join ['', [{ARN_OF_BUCKET}, '*']]"),
    Mutation(
        "the actions in other letters",
        (read_action("S3:GETOBJECT"), locate_action("S3:getBUCKETlocation")),
        pinned=ALL,
        blind=True,
    ),
    Mutation("a Sid", (if_also("Sid: ReadTheFile"),), pinned=ALL, blind=True),
    Mutation("an Effect in quotes", (effect('"Allow"'),), pinned=ALL),
    Mutation(
        "a statement that a condition chooses",
        (
            states(
                """
                - !If
                  - <condition>
                  - Effect: Allow
                    Action: s3:GetObject
                    Resource: <value> #new
                  - !Ref AWS::NoValue
                """
            ),
        ),
        (Finds("W9713", "new"),),
        where=is_copilot,
        blind=True,
    ),
    Mutation(
        "the grant twice",
        (adds("- {Effect: Allow, Action: s3:GetObject, Resource: '<object>'}"),),
        pinned=ALL,
    ),
    Mutation(
        "the grant in flow style",
        (states("- {Effect: Allow, Action: [s3:GetObject], Resource: [<value>]} #new"),),
        (Finds("W9713", "new"),),
        where=lambda stack, file: is_pinned(stack, file),
        blind=True,
    ),
    Mutation(
        "an anchor for both",
        (
            states(
                """
                - {Effect: &yes Allow, Action: &get s3:GetObject, Resource: &file <value>} #new
                - {Effect: *yes, Action: *get, Resource: *file}
                """
            ),
        ),
        (Finds("W9713", "new"),),
        where=is_pinned,
        blind=True,
    ),
)

UNRELATED: Final = (
    Mutation(
        "an unrelated role",
        (
            resource(
                """
                Unrelated:
                  Type: AWS::IAM::Role
                  Properties:
                    AssumeRolePolicyDocument:
                      Statement:
                        - Effect: Allow
                          Action: sts:AssumeRole
                          Principal: {Service: lambda.amazonaws.com}
                    Policies:
                      - PolicyName: Denies
                        PolicyDocument:
                          Statement: {Effect: Deny, Action: '*', Resource: '*'}
                """
            ),
        ),
        pinned=ALL,
        where=is_first,
        blind=True,
    ),
    Mutation(
        "an unrelated bucket with a policy",
        (
            resource(
                """
                Logs:
                  Type: AWS::S3::Bucket
                LogsPolicy:
                  Type: AWS::S3::BucketPolicy
                  Properties:
                    Bucket: !Ref Logs
                    PolicyDocument:
                      Statement:
                        - Effect: Deny
                          Principal: '*'
                          Action: s3:*
                          Resource: [!GetAtt Logs.Arn, !Sub '${Logs.Arn}/*']
                          Condition: {Bool: {aws:SecureTransport: false}}
                """
            ),
        ),
        pinned=ALL,
        where=is_first,
        blind=True,
    ),
    Mutation(
        "an unrelated policy of the role",
        (statement("- {Effect: Allow, Action: ['sqs:*', 'sns:Publish'], Resource: '*'}"),),
        pinned=ALL,
        where=is_first,
        blind=True,
    ),
    Mutation(
        "an unrelated policy under a condition",
        (
            policy(
                """
                - !If
                  - <condition>
                  - PolicyName: Queue
                    PolicyDocument:
                      Statement: [{Effect: Allow, Action: sqs:SendMessage, Resource: '*'}]
                  - !Ref AWS::NoValue
                """
            ),
        ),
        pinned=ALL,
        where=lambda stack, file: is_copilot(stack, file) and is_first(stack, file),
        blind=True,
    ),
    Mutation(
        "an unrelated parameter and its use",
        (
            parameter("Unrelated"),
            statement("- {Effect: Allow, Action: sqs:SendMessage, Resource: !Ref Unrelated}"),
        ),
        pinned=ALL,
        where=is_first,
    ),
    Mutation(
        "an unrelated statement for a role behind a parameter",
        (
            parameter("TheirRole", "their-role"),
            resource(
                """
                Unrelated:
                  Type: AWS::IAM::Policy
                  Properties:
                    PolicyName: unrelated
                    Roles: [!Ref <task role>]
                    PolicyDocument:
                      Statement: {Effect: Allow, Action: sqs:SendMessage, Resource: '*'}
                """
            ),
        ),
        pinned=ALL,
        where=is_first,
    ),
)

SEVERAL: Final = (
    Mutation(
        "a sidecar with the same file",
        (sidecar("<value>"),),
        (Finds("W9713", "entry"),),
        pinned=ALL,
        where=lambda stack, file: is_copilot(stack, file) and not stack.is_windows,
    ),
    Mutation(
        "a sidecar with a file that nobody grants",
        (sidecar("'<bucket>/elsewhere/sidecar.env'"),),
        (Finds("E9711", "sidecar", related="role"),),
        pinned=ALL,
        where=lambda stack, _file: not stack.is_windows,
    ),
    Mutation(
        "a sidecar with another version of the file",
        (sidecar("'<stale>'"),),
        (Finds("E9711", "sidecar", "no-grant"),),
        pinned=ALL,
        where=lambda stack, file: is_pinned(stack, file) and not stack.is_windows,
    ),
    Mutation(
        "a sidecar with the same file, both without the grant",
        (
            sidecar("<value>"),
            lambda site: site.remove(site.file.read.block),
        ),
        (Finds("E9711", "value"), Finds("E9711", "sidecar")),
        where=lambda stack, file: is_copilot(stack, file) and not stack.is_windows,
        blind=True,
    ),
    Mutation(
        "every file by the same name, one without the grant",
        (named_alike, drop_policy),
        (Finds("E9711", "value", "no-grant"),),
        where=is_copilot,
    ),
    Mutation("every file by the same name", (named_alike,), pinned=ALL, where=is_copilot),
)

MUTATIONS: Final = (*SPELLINGS, *UNRELATED, *SEVERAL)
