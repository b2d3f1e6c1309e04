"""Mutations of what the task definition asks for: the ARN of the file, and where ECS reads it."""

from __future__ import annotations

from typing import Final

from tests.mutations.edits import (
    OFF,
    default_instead,
    drop_policy,
    element,
    files_instead,
    files_more,
    has_key,
    is_copilot,
    is_first,
    is_pinned,
    platform,
    reads,
    second_task,
    sidecar,
    task_property,
    worth,
)
from tests.mutations.harness import ALL, ELSEWHERE, OTHERS, EnvFile, Finds, Mutation, Stack


def invalid(name: str, value: str, says: str, pinned: str = OTHERS) -> Mutation:
    """A value of the parameter that is not the ARN of an object."""
    return Mutation(
        f"value: {name}",
        (worth(value),),
        (Finds("E9716", "value", "arn-invalid", says=says),),
        pinned,
        where=is_copilot,
    )


VALUES: Final = (
    invalid("an S3 URL", "s3://<name>/<key>", "is a URL"),
    invalid("an HTTPS URL", "https://<name>.s3.amazonaws.com/<key>", "is a URL"),
    invalid("an empty partition", "arn::s3:::<name>/<key>", "empty partition"),
    invalid("an unknown partition", "arn:amazon:s3:::<name>/<key>", "unknown partition 'amazon'"),
    invalid("the bucket", "<bucket>", "names a bucket"),
    invalid("the bucket with a slash", "<bucket>/", "names a bucket"),
    invalid("no bucket", "arn:aws:s3:::/<key>", "names no bucket"),
    invalid("without its suffix", "<bucket>/manual/env-files/web", "'.env'"),
    invalid("another suffix", "<bucket>/manual/env-files/web.txt", "'.env'"),
    invalid("the suffix in upper case", "<bucket>/manual/env-files/web.ENV", "'.env'"),
    invalid("a blank at the end", "<object> ", "'.env'"),
    invalid("a wildcard", "<bucket>/manual/env-files/*.env", "wildcard", ELSEWHERE),
    invalid("a region in the ARN", "arn:aws:s3:us-west-2::<name>/<key>", "region"),
    invalid("another service", "arn:aws:ssm:::<name>/<key>", "'ssm'"),
    invalid("too few parts", "arn:aws:s3", "too few parts"),
    invalid("a name", "web.env", "is not an ARN"),
    Mutation(
        "value: another partition than the key's",
        (worth("arn:aws-us-gov:s3:::<name>/<key>"),),
        (Finds("E9716", "value", "arn-invalid", says="'aws-us-gov'"),),
        where=lambda stack, file: has_key(stack, file) and len(stack.files) == 1,
    ),
    Mutation(
        "value: another file in the same bucket",
        (worth("<bucket>/manual/env-files/another.env/<hash>.env"),),
        pinned=ALL,
        where=is_copilot,
    ),
    Mutation(
        "value: the key of Copilot v1.14",
        (worth("<bucket>/manual/<hash>/magic/web.env"),),
        pinned=ALL,
        where=is_copilot,
    ),
    Mutation(
        "value: left out",
        (worth(""),),
        where=lambda stack, file: is_copilot(stack, file) and not stack.is_windows,
    ),
)

ELEMENTS: Final = (
    Mutation(
        "element: the bare ARN",
        (element("- <value> #bare"),),
        (Finds("E9716", "bare", "arn-invalid", says="bare string"),),
    ),
    Mutation(
        "element: a Type in upper case",
        (element("- Type: S3\n  Value: <value> #bare"),),
        (Finds("E9716", "bare", "arn-invalid", says="'S3'"),),
    ),
    Mutation(
        "element: another hash than the grant's",
        (element("- Type: s3\n  Value: '<stale>' #stale"),),
        (Finds("E9712", "stale", "stale-hash", "entry"),),
        where=is_pinned,
    ),
    Mutation(
        "element: another bucket than the grant's",
        (element("- Type: s3\n  Value: 'arn:aws:s3:::elsewhere/<key>' #moved"),),
        (Finds("E9711", "moved", "other-bucket", "entry"),),
    ),
    Mutation(
        "element: the ARN spelt out",
        (element("- Type: s3\n  Value: '<object>'"),),
        pinned=ALL,
    ),
)


STRUCTURE: Final = (
    Mutation(
        "structure: the ARN chosen by a condition",
        (element("- Type: s3\n  Value: !If [<condition>, <value>, 'arn:aws:s3:::x/x.env']"),),
        pinned=ALL,
        where=is_copilot,
    ),
    Mutation(
        "structure: a wrong ARN chosen by a condition",
        (
            element(
                "- Type: s3\n  Value: !If [<condition>, 'arn:aws:s3:::x/x.env', <value>] #chosen"
            ),
        ),
        (Finds("E9711", "chosen", related="role"),),
        where=is_copilot,
    ),
    Mutation(
        "structure: the list chosen by a condition",
        (
            files_instead(
                """
                EnvironmentFiles:
                  !If
                  - <condition>
                  - - Type: s3
                      Value: <value>
                  - !Ref AWS::NoValue
                """
            ),
        ),
        pinned=ALL,
        where=lambda stack, file: is_copilot(stack, file) and not stack.is_windows,
        blind=True,
    ),
    Mutation(
        "structure: the list chosen by a condition, the grant removed",
        (
            files_instead(
                """
                EnvironmentFiles:
                  !If
                  - <condition>
                  - - Type: s3
                      Value: <value> #chosen
                  - !Ref AWS::NoValue
                """
            ),
            drop_policy,
        ),
        (Finds("E9711", "chosen", related="role"),),
        where=lambda stack, file: is_copilot(stack, file) and not stack.is_windows,
        blind=True,
    ),
    Mutation(
        "structure: an empty list",
        (files_instead("EnvironmentFiles: []"), drop_policy),
        where=lambda stack, _file: not stack.is_windows,
    ),
    Mutation(
        "structure: no condition on the file",
        (files_instead("EnvironmentFiles:\n  - {Type: s3, Value: <value>}"),),
        pinned=ALL,
        where=lambda stack, _file: not stack.is_windows,
    ),
    Mutation(
        "structure: the value as the parameter's default",
        (default_instead,),
        pinned=ALL,
        where=is_copilot,
    ),
    Mutation(
        "structure: the value as the parameter's default, the grant removed",
        (default_instead, drop_policy),
        (Finds("E9711", "value", related="role"),),
        where=is_copilot,
    ),
    Mutation(
        "structure: a second task definition of the same roles",
        (second_task("<value>"),),
        (Finds("W9713", "entry"),),
        pinned=ALL,
        where=lambda stack, file: is_pinned(stack, file),
    ),
    Mutation(
        "structure: a second task definition with a file that nobody grants",
        (second_task("'<bucket>/elsewhere/second.env'"),),
        (Finds("E9711", "second", related="role"),),
        pinned=ALL,
    ),
    Mutation(
        "structure: a second task definition that is never made",
        (OFF, second_task("'<bucket>/elsewhere/second.env'", "Condition: GrantIsOff")),
        pinned=ALL,
    ),
    Mutation(
        "structure: a container that is never made",
        (OFF, sidecar("'<bucket>/elsewhere/x.env'", "GrantIsOff")),
        pinned=ALL,
    ),
)


def has_linux(stack: Stack, file: EnvFile) -> bool:
    return not stack.is_windows and is_first(stack, file)


UNSUPPORTED: Final = (
    Mutation(
        "eleven files",
        (files_more(10), reads("'<bucket>/*'")),
        (Finds("E9717", "files", "unsupported", says="11"),),
        where=lambda stack, file: has_linux(stack, file) and len(stack.files) == 1,
    ),
    Mutation(
        "ten files",
        (files_more(9), reads("'<bucket>/*'")),
        where=lambda stack, file: has_linux(stack, file) and len(stack.files) == 1,
    ),
    *(
        Mutation(
            f"on {system}",
            (task_property(f"RuntimePlatform: {{OperatingSystemFamily: {system}}} #system"),),
            (Finds("E9717", "files", "unsupported", "system", every_file=True),),
            pinned=ALL,
            where=has_linux,
            blind=True,
        )
        for system in ("WINDOWS_SERVER_2019_CORE", "WINDOWS_SERVER_2022_FULL")
    ),
    Mutation(
        "on LINUX",
        (task_property("RuntimePlatform: {OperatingSystemFamily: LINUX}"),),
        pinned=ALL,
        where=has_linux,
    ),
    Mutation(
        "on Fargate 1.3.0",
        (platform("1.3.0"),),
        (Finds("E9717", "files", "unsupported", "platform", every_file=True),),
        pinned=ALL,
        where=has_linux,
        blind=True,
    ),
    Mutation("on Fargate 1.4.0", (platform("1.4.0"),), pinned=ALL, where=has_linux),
)

MUTATIONS: Final = (*VALUES, *ELEMENTS, *STRUCTURE, *UNSUPPORTED)
