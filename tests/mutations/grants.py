"""Mutations of what the execution role is granted: the statement, its actions, its resources."""

from __future__ import annotations

from typing import Final

from tests.mutations.edits import (
    adds,
    drop_locate,
    drop_policy,
    drop_read,
    is_alone,
    is_copilot,
    is_pinned,
    locate_action,
    locates,
    move_policy,
    move_read,
    one_statement,
    read_action,
    reads,
    states,
)
from tests.mutations.harness import ALL, ELSEWHERE, NONE, OTHERS, Finds, Mutation, Site

OBJECT = "'<object>'"
THE_BUCKET = "'<bucket>'"


def denied(cause: str, related: str = "role") -> tuple[Finds, ...]:
    return (Finds("E9711", "value", cause, related),)


def _next(site: Site) -> str:
    """Another last character for the file's hash."""
    return "0" if site.file.hash[-1] != "0" else "1"


PINNED_AT_NEW: Final = (Finds("W9713", "new"),)


REMOVED: Final = (
    Mutation("policy removed", (drop_policy,), denied("no-grant"), blind=True),
    Mutation("GetObject statement removed", (drop_read,), denied("no-grant"), blind=True),
    Mutation(
        "GetBucketLocation statement removed",
        (drop_locate,),
        (Finds("W9714", "value", related="role"),),
        pinned=ALL,
        where=is_alone,
        blind=True,
    ),
    Mutation("both statements removed", (drop_read, drop_locate), denied("no-grant"), blind=True),
    Mutation(
        "policy moved to the task role",
        (move_policy,),
        (Finds("E9733", "value", "wrong-role", "grant"),),
        blind=True,
    ),
    Mutation(
        "GetObject statement moved to the task role",
        (move_read,),
        (Finds("E9733", "value", "wrong-role", "grant"),),
        blind=True,
    ),
)

RESOURCES: Final = (
    Mutation(
        "GetObject on the bucket",
        (reads(THE_BUCKET),),
        (Finds("E9751", "new", "object-action-on-bucket-arn", "value"),),
    ),
    Mutation(
        "GetBucketLocation on the object",
        (locates(OBJECT),),
        (Finds("E9752", "located", "bucket-action-on-object-arn", "value"),),
        pinned=ALL,
        where=is_alone,
    ),
    Mutation(
        "GetBucketLocation on all objects",
        (locates("'<bucket>/*'"),),
        (Finds("E9752", "located", "bucket-action-on-object-arn", "value"),),
        pinned=ALL,
        where=is_alone,
    ),
    Mutation(
        "both resources swapped",
        (reads(THE_BUCKET), locates(OBJECT)),
        (Finds("E9751", "new", related="value"), Finds("E9752", "located")),
        where=is_alone,
    ),
    Mutation(
        "one statement, on the bucket alone",
        (one_statement("[s3:GetObject, s3:GetBucketLocation]", THE_BUCKET),),
        (Finds("E9751", "new", related="value"),),
    ),
    Mutation(
        "one statement, on the object alone",
        (one_statement("[s3:GetObject, s3:GetBucketLocation]", OBJECT),),
        (Finds("W9713", "new"), Finds("E9752", "new", related="value")),
        where=lambda stack, file: is_alone(stack, file) and file.is_pinned,
    ),
    Mutation(
        "one statement, on object and bucket",
        (one_statement("[s3:GetObject, s3:GetBucketLocation]", OBJECT, THE_BUCKET),),
        PINNED_AT_NEW,
        where=is_pinned,
    ),
    Mutation(
        "one statement, on a prefix that spans bucket and objects",
        (one_statement("[s3:GetObject, s3:GetBucketLocation]", "'<bucket>*'"),),
        pinned=ELSEWHERE,
    ),
    Mutation(
        "another hash",
        (reads("'<stale>'"),),
        (Finds("E9712", "value", "stale-hash", "new"),),
        where=is_pinned,
    ),
    Mutation(
        "another hash, behind the grant for other files",
        (reads("'<bucket>/elsewhere/*'", "'<stale>'"),),
        (Finds("E9712", "value", "stale-hash"),),
        where=is_pinned,
    ),
    Mutation(
        "two other hashes",
        (reads("'<stale>'", "'<stale>'"),),
        (Finds("E9712", "value", "stale-hash", "new"),),
        where=is_pinned,
    ),
    Mutation(
        "another hash beside the right one",
        (reads("'<object>'", "'<stale>'"),),
        PINNED_AT_NEW,
        where=is_pinned,
    ),
    Mutation("another file", (reads("'<bucket>/<folder>.other'"),), denied("other-key", "new")),
    Mutation(
        "another file with its own hash",
        (reads(f"'<bucket>/manual/env-files/other.env/{'f00d' * 16}.env'"),),
        denied("other-key", "new"),
    ),
    Mutation(
        "another file's versions",
        (reads("'<bucket>/manual/env-files/other.env/*'"),),
        denied("other-key", "new"),
    ),
    Mutation("another prefix", (reads("'<bucket>/elsewhere/*'"),), denied("other-key", "new")),
    Mutation(
        "another bucket",
        (reads("'arn:aws:s3:::another-bucket/<key>'"),),
        denied("other-bucket", "new"),
    ),
    Mutation(
        "all of another bucket",
        (reads("'arn:aws:s3:::another-bucket/*'"),),
        denied("other-bucket", "new"),
    ),
    Mutation(
        "a bucket whose name is longer",
        (reads("'<bucket>-2/*'"),),
        denied("other-bucket", "new"),
    ),
    Mutation(
        "another bucket itself",
        (reads("'arn:aws:s3:::another-bucket'"),),
        (Finds("E9751", "new"), *denied("other-bucket", "new")),
    ),
    Mutation(
        "another bucket and the bucket",
        (reads("'arn:aws:s3:::another-bucket'", THE_BUCKET),),
        (Finds("E9751", "new", "object-action-on-bucket-arn", "value"),),
        where=is_alone,
    ),
    Mutation(
        "the bucket and objects elsewhere in it",
        (reads(THE_BUCKET, "'<bucket>/elsewhere/*'"),),
        denied("other-key", "second"),
    ),
    Mutation(
        "another partition",
        (reads("'arn:aws-cn:s3:::<name>/<key>'"),),
        denied("other-partition", "new"),
    ),
    Mutation(
        "an empty partition",
        (reads("'arn::s3:::<name>/<key>'"),),
        denied("other-partition", "new"),
    ),
    Mutation("upper case in the key", (reads("'<bucket>/MANUAL/*'"),), denied("other-key", "new")),
    Mutation(
        "a doubled slash",
        (reads("'<bucket>//<key>'"),),
        denied("other-key", "new"),
    ),
    Mutation(
        "a blank at the end",
        (reads("'<object> '"),),
        denied("other-key", "new"),
    ),
    Mutation("the bucket with a slash", (reads("'<bucket>/'"),), (Finds("E9751", "new"),)),
    Mutation("an S3 URL", (reads("s3://<name>/<key>"),), denied("no-grant")),
    Mutation(
        "the right grant among wrong ones",
        (reads("'arn:aws:s3:::another-bucket/*'", THE_BUCKET, "'<bucket>/elsewhere/*'", OBJECT),),
        (Finds("W9713", "fourth"),),
        where=is_pinned,
    ),
    Mutation(
        "all env files",
        (reads("'<bucket>/manual/env-files/*'"),),
        where=is_copilot,
        pinned=ELSEWHERE,
    ),
    Mutation("all versions of the file", (reads("'<bucket>/<folder>/*'"),)),
    Mutation("all of the bucket", (reads("'<bucket>/*'"),), pinned=ELSEWHERE),
    Mutation(
        "all of the bucket, by !Sub",
        (reads("!Sub 'arn:${AWS::Partition}:s3:::<name>/*'"),),
        pinned=ELSEWHERE,
    ),
    Mutation(
        "all of the bucket, by !Join",
        (reads("!Join ['', ['arn:', !Ref AWS::Partition, ':s3:::', <name>, /*]]"),),
        pinned=ELSEWHERE,
    ),
    Mutation("a bucket by its prefix", (reads("'arn:aws:s3:::<name>*/*'"),), pinned=ELSEWHERE),
    Mutation(
        "any partition", (reads("'arn:*:s3:::<name>/<key>'"),), PINNED_AT_NEW, where=is_pinned
    ),
    Mutation(
        "a wildcard for a part of the hash",
        (lambda site: reads(f"'<bucket>/<folder>/{site.file.hash[:8]}*'")(site),),
        PINNED_AT_NEW,
        where=is_pinned,
    ),
    Mutation(
        "a wildcard for a character of the hash",
        (lambda site: reads(f"'<bucket>/<folder>/?{site.file.hash[1:]}.env'")(site),),
        PINNED_AT_NEW,
        where=is_pinned,
    ),
    Mutation(
        "everything",
        (reads("'*'"),),
        (Finds("W9754", "new"),),
        pinned=NONE,
    ),
    Mutation("every bucket", (reads("'arn:aws:s3:::*'"),), (Finds("W9754", "new"),), pinned=NONE),
    Mutation("every object", (reads("'arn:aws:s3:::*/*'"),), (Finds("W9754", "new"),), pinned=NONE),
    Mutation(
        "the file's versions in every bucket",
        (reads("'arn:aws:s3:::*/<folder>/*'"),),
        pinned=OTHERS,
    ),
    Mutation(
        "the artifact bucket of any app",
        (reads("'arn:aws:s3:::stackset-*-pipelinebuiltartifactbuc-*/manual/env-files/*'"),),
        pinned=ELSEWHERE,
        where=lambda stack, file: is_copilot(stack, file) and file.bucket.startswith("stackset"),
    ),
    Mutation(
        "the hash but for its last character",
        (lambda site: reads(f"'<bucket>/<folder>/{site.file.hash[:-1]}_.env'")(site),),
        denied("other-key", "new"),
        where=is_pinned,
    ),
    Mutation(
        "the hash with another last character",
        (lambda site: reads(f"'<bucket>/<folder>/{site.file.hash[:-1]}{_next(site)}.env'")(site),),
        (Finds("E9712", "value", "stale-hash", "new"),),
        where=is_pinned,
    ),
    Mutation("a colon too few", (reads("'arn:aws:s3::<name>/<key>'"),), denied("", "role")),
    Mutation("a colon too many", (reads("'arn:aws:s3::::<name>/<key>'"),), denied("", "role")),
    Mutation(
        "a region in it", (reads("'arn:aws:s3:us-west-2::<name>/<key>'"),), denied("", "role")
    ),
    Mutation("no arn:", (reads("<name>/<key>"),), denied("no-grant")),
    Mutation("the grant of another service", (read_action("ssm:GetObject"),), denied("no-grant")),
    Mutation(
        "a forgotten !Sub",
        (reads("'arn:${AWS::Partition}:s3:::<name>/<key>'"),),
        (Finds("I9790", "value"),),
    ),
    Mutation(
        "GetBucketLocation on another bucket",
        (locates("'arn:aws:s3:::another-bucket'"),),
        (Finds("W9714", "value", "other-bucket", "located"),),
        pinned=ALL,
        where=is_alone,
    ),
    Mutation(
        "GetBucketLocation in another partition",
        (locates("'arn:aws-cn:s3:::<name>'"),),
        (Finds("W9714", "value", "other-partition", "located"),),
        pinned=ALL,
        where=is_alone,
    ),
    Mutation("GetBucketLocation on everything", (locates("'*'"),), pinned=ALL),
    Mutation("GetBucketLocation on a prefix", (locates("'<bucket>*'"),), pinned=ALL),
    Mutation(
        "both grants in another bucket",
        (reads("'arn:aws:s3:::another-bucket/*'"), locates("'arn:aws:s3:::another-bucket'")),
        denied("other-bucket", "new"),
    ),
)

ACTIONS: Final = (
    *(
        Mutation(f"action {action}", (read_action(action),), pinned=ALL)
        for action in (
            "s3:Get*",
            "s3:GetObject*",
            "s3:*Object",
            "s3:Get?bject",
            "S3:getobject",
            "s3:GETOBJECT",
        )
    ),
    *(
        Mutation(f"action {action}", (read_action(action),), denied("other-action", "done"))
        for action in ("s3:GetObjectVersion", "s3:PutObject", "s3:GetObject?", "s3:GetObjects")
    ),
    Mutation(
        "action s3:ListBucket",
        (read_action("s3:ListBucket"),),
        (*denied("other-action", "done"), Finds("E9752", "entry")),
    ),
    Mutation(
        "s3:ListBucket on the bucket",
        (read_action("s3:ListBucket"), reads(THE_BUCKET)),
        denied("no-grant"),
    ),
    Mutation("action s3:*", (read_action("s3:*"),), (Finds("W9754", "done"),), pinned=ALL),
    Mutation("action *", (read_action("'*'"),), (Finds("W9754", "done"),), pinned=ALL),
    Mutation("action among others", (read_action("s3:PutObject", "s3:GetObject"),), pinned=ALL),
    Mutation(
        "GetBucketLocation by a wildcard",
        (locate_action("s3:GetBucket*"),),
        pinned=ALL,
    ),
    Mutation(
        "GetBucketLocation in lower case", (locate_action("s3:getbucketlocation"),), pinned=ALL
    ),
    Mutation(
        "s3:ListBucket for GetBucketLocation",
        (locate_action("s3:ListBucket"),),
        (Finds("W9714", "value", "other-action"),),
        pinned=ALL,
        where=is_alone,
    ),
    Mutation(
        "NotAction that leaves GetObject in",
        (states("- {Effect: Allow, NotAction: iam:*, Resource: '<bucket>/*'} #broad"),),
        (Finds("W9754", "broad"),),
        pinned=ELSEWHERE,
    ),
    Mutation(
        "NotAction that leaves GetObject out",
        (states("- {Effect: Allow, NotAction: s3:Get*, Resource: '<bucket>/*'}"),),
        denied("no-grant"),
    ),
    Mutation(
        "NotResource that leaves the file in",
        (states("- {Effect: Allow, Action: s3:Get*, NotResource: 'arn:aws:s3:::other/*'} #broad"),),
        (Finds("W9754", "broad"),),
        pinned=NONE,
    ),
    Mutation(
        "NotResource that leaves the file out",
        (states("- {Effect: Allow, Action: s3:GetObject, NotResource: '<bucket>/*'}"),),
        denied("excluded"),
        pinned=NONE,
        where=lambda stack, file: is_pinned(stack, file) and len(stack.files) == 1,
    ),
    Mutation(
        "s3:* on the objects alone",
        (one_statement("s3:*", "'<bucket>/*'"),),
        (Finds("W9753", "new"), Finds("W9754", "done"), Finds("W9714", "value")),
        where=is_alone,
    ),
    Mutation(
        "s3:* on the bucket alone",
        (one_statement("s3:*", THE_BUCKET),),
        (Finds("W9753", "new"), *denied("half-granted-pair", "new")),
        where=is_alone,
    ),
    Mutation(
        "s3:* on both halves",
        (one_statement("s3:*", THE_BUCKET, "'<bucket>/*'"),),
        (Finds("W9754", "done"),),
        where=is_alone,
        pinned=ELSEWHERE,
    ),
    Mutation(
        "s3:* on everything",
        (one_statement("s3:*", "'*'"),),
        (Finds("W9754", "done"),),
        pinned=NONE,
    ),
    Mutation(
        "GetObject on the objects, and once more on the bucket",
        (adds("- {Effect: Allow, Action: s3:GetObject, Resource: '<bucket>'}"),),
        (),
        pinned=ALL,
    ),
)

MUTATIONS: Final = (*REMOVED, *RESOURCES, *ACTIONS)
