"""Mutations of the roles: which one ECS uses, who may assume it, what is attached to it."""

from __future__ import annotations

from typing import Final

from tests.mutations.edits import (
    OFF,
    attach,
    drop_execution_role,
    drop_policies,
    drop_policy,
    execution_role,
    has_key,
    has_no_key,
    is_alone,
    is_copilot,
    is_first,
    is_pinned,
    parameter,
    resource,
    role_property,
    swap_roles,
    task_role,
    trust,
)
from tests.mutations.harness import (
    ALL,
    NONE,
    OTHERS,
    EnvFile,
    Finds,
    Mutation,
    Stack,
)

UNDETERMINED: Final = (Finds("I9790", "value", every_file=True),)
ALL_UNDETERMINED: Final = (Finds("I9790", "value", every_file=True),)
NO_ROLE: Final = (Finds("E9731", "task", "no-execution-role"),)
DENIED: Final = (Finds("E9711", "value", "no-grant", "role"),)


def first_with_key(stack: Stack, file: EnvFile) -> bool:
    return is_first(stack, file) and has_key(stack, file)


def first_without_key(stack: Stack, file: EnvFile) -> bool:
    return is_first(stack, file) and has_no_key(stack, file)


EXECUTION_ROLE: Final = (
    Mutation(
        "no execution role",
        (drop_execution_role,),
        NO_ROLE,
        pinned=NONE,
        where=is_first,
        blind=True,
    ),
    *(
        Mutation(
            f"execution role {value}",
            (execution_role(value),),
            NO_ROLE,
            pinned=NONE,
            where=is_first,
        )
        for value in ("!Ref AWS::NoValue", "''")
    ),
    Mutation(
        "an execution role only without env files",
        (execution_role("!If [<condition>, !Ref AWS::NoValue, !GetAtt <role>.Arn]"),),
        NO_ROLE,
        pinned=NONE,
        where=lambda stack, file: is_copilot(stack, file) and len(stack.files) == 1,
    ),
    Mutation(
        "an execution role only with env files",
        (execution_role("!If [<condition>, !GetAtt <role>.Arn, !Ref AWS::NoValue]"),),
        pinned=ALL,
        where=lambda stack, file: is_copilot(stack, file) and len(stack.files) == 1,
        blind=True,
    ),
    Mutation(
        "the task role as execution role",
        (execution_role("!GetAtt <task role>.Arn"),),
        (Finds("E9711", "value", "no-grant", "task role", every_file=True),),
        pinned=NONE,
        where=first_without_key,
        blind=True,
    ),
    Mutation(
        "the task role as execution role, with a key",
        (execution_role("!GetAtt <task role>.Arn"),),
        (
            Finds("E9711", "value", "no-grant", "task role", every_file=True),
            Finds("E9715", "value", "no-grant", "task role", every_file=True),
        ),
        pinned=NONE,
        where=first_with_key,
    ),
    Mutation(
        "the roles swapped",
        (swap_roles,),
        (Finds("E9733", "value", "wrong-role", "grant", every_file=True),),
        pinned=NONE,
        where=first_without_key,
        blind=True,
    ),
    Mutation(
        "the roles swapped, with a key",
        (swap_roles,),
        (
            Finds("E9733", "value", "wrong-role", "grant", every_file=True),
            Finds("E9715", "value", every_file=True),
        ),
        pinned=NONE,
        where=first_with_key,
    ),
    Mutation(
        "one role for both",
        (task_role("!GetAtt <role>.Arn"),),
        pinned=ALL,
        where=is_first,
    ),
    Mutation(
        "the execution role by its name",
        (execution_role("!Ref <role>"),),
        pinned=ALL,
        where=is_first,
        blind=True,
    ),
    *(
        Mutation(
            f"the execution role {name}",
            (execution_role(value),),
            pinned=ALL,
            where=is_first,
            blind=True,
        )
        for name, value in (
            ("by !Sub", "!Sub '${<role>.Arn}'"),
            ("by Fn::GetAtt", "{'Fn::GetAtt': [<role>, Arn]}"),
            ("by !Join", "!Join ['', [!GetAtt <role>.Arn]]"),
            (
                "by its ARN's parts",
                "!Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${<role>}'",
            ),
        )
    ),
    Mutation(
        "the execution role by a name that both spell",
        (
            role_property("RoleName: my-execution-role"),
            execution_role(
                "!Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/my-execution-role'"
            ),
        ),
        pinned=ALL,
        where=is_first,
    ),
    Mutation(
        "an execution role from a parameter without a value",
        (parameter("TheRole"), execution_role("!Ref TheRole")),
        UNDETERMINED,
        pinned=NONE,
        where=is_first,
    ),
    Mutation(
        "an execution role from a parameter",
        (
            parameter("TheRole", "arn:aws:iam::111122223333:role/theirs"),
            execution_role("!Ref TheRole"),
        ),
        UNDETERMINED,
        pinned=NONE,
        where=is_first,
    ),
    Mutation(
        "an execution role from another stack",
        (execution_role("!ImportValue the-execution-role"),),
        UNDETERMINED,
        pinned=NONE,
        where=is_first,
    ),
    Mutation(
        "an execution role from the addons",
        (execution_role("!GetAtt AddonsStack.Outputs.ExecutionRole"),),
        UNDETERMINED,
        pinned=NONE,
        where=lambda stack, file: is_first(stack, file) and "AddonsStack:" in stack.text,
    ),
    Mutation(
        "every policy of the role removed",
        (drop_policies,),
        (Finds("E9711", "value", "no-grant", "role", every_file=True),),
        pinned=NONE,
        where=first_without_key,
        blind=True,
    ),
    Mutation(
        "every policy of the role removed, with a key",
        (drop_policies,),
        (
            Finds("E9711", "value", "no-grant", "role", every_file=True),
            Finds("E9715", "value", "no-grant", "role", every_file=True),
        ),
        pinned=NONE,
        where=first_with_key,
    ),
)


def service(name: str) -> str:
    return f"- {{Effect: Allow, Action: sts:AssumeRole, Principal: {{Service: {name}}}}} #statement"


def not_assumable(name: str, fragment: str, at: str = "statement") -> Mutation:
    return Mutation(
        f"trust: {name}",
        (trust(fragment),),
        (Finds("E9732", at, "not-assumable", "role arn"),),
        pinned=ALL,
        where=is_first,
        blind=True,
    )


def assumable(name: str, fragment: str) -> Mutation:
    return Mutation(f"trust: {name}", (trust(fragment),), pinned=ALL, where=is_first)


TRUST: Final = (
    *(
        not_assumable(f"{name} instead", service(name))
        for name in (
            "ecs.amazonaws.com",
            "ec2.amazonaws.com",
            "lambda.amazonaws.com",
            "tasks.apprunner.amazonaws.com",
            "ecs-task.amazonaws.com",
            "ecs-tasks.amazonaws.co",
            "ecs_tasks.amazonaws.com",
            "ecs-tasks",
            "[ecs.amazonaws.com, ec2.amazonaws.com]",
        )
    ),
    not_assumable(
        "the account instead of the service",
        """
        - Effect: Allow
          Action: sts:AssumeRole
          Principal:
            AWS: !Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:root' #statement
        """,
    ),
    not_assumable(
        "the service as an AWS principal",
        """
        - Effect: Allow
          Action: sts:AssumeRole
          Principal: {AWS: ecs-tasks.amazonaws.com} #statement
        """,
    ),
    not_assumable(
        "another action",
        """
        - Effect: Allow
          Action: sts:AssumeRoleWithWebIdentity #statement
          Principal: {Service: ecs-tasks.amazonaws.com}
        """,
    ),
    not_assumable(
        "another action in the second statement",
        """
        - Effect: Allow
          Action: sts:AssumeRole
          Principal: {AWS: 'arn:aws:iam::111122223333:root'}
        - Effect: Allow
          Action: sts:TagSession #statement
          Principal: {Service: ecs-tasks.amazonaws.com}
        """,
    ),
    not_assumable(
        "a misspelt action",
        """
        - Effect: Allow
          Action: sts:AssumeRoles #statement
          Principal: {Service: ecs-tasks.amazonaws.com}
        """,
    ),
    *(
        not_assumable(
            name,
            f"""
            - Effect: Allow
              Action: sts:AssumeRole
              Principal: {{Service: ecs-tasks.amazonaws.com}}
              Condition: {{{operator}: {{{key}: {value}}}}} #statement
            """,
        )
        for name, operator, key, value in (
            ("a star to StringEquals", "StringEquals", "aws:SourceArn", "'arn:aws:ecs:*:*:*'"),
            ("another service's ARN", "ArnLike", "aws:SourceArn", "'arn:aws:lambda:*:*:*'"),
            ("an external id", "StringEquals", "sts:ExternalId", "web"),
            ("a second factor", "Bool", "aws:MultiFactorAuthPresent", "'true'"),
        )
    ),
    not_assumable(
        "a Deny instead",
        """
        - Effect: Deny #statement
          Action: sts:AssumeRole
          Principal: {Service: ecs-tasks.amazonaws.com}
        """,
    ),
    not_assumable(
        "a Deny beside the Allow",
        """
        - Effect: Allow
          Action: sts:AssumeRole
          Principal: {Service: ecs-tasks.amazonaws.com}
        - Effect: Deny #statement
          Action: sts:AssumeRole
          Principal: {Service: ecs-tasks.amazonaws.com}
        """,
    ),
    assumable("one service among others", service("[ec2.amazonaws.com, ecs-tasks.amazonaws.com]")),
    assumable(
        "any action of STS",
        "- {Effect: Allow, Action: 'sts:*', Principal: {Service: ecs-tasks.amazonaws.com}}",
    ),
    assumable(
        "the action in lower case",
        "- {Effect: Allow, Action: sts:assumerole, Principal: {Service: ecs-tasks.amazonaws.com}}",
    ),
    assumable(
        "for the stack's own account",
        """
        - Effect: Allow
          Action: sts:AssumeRole
          Principal: {Service: ecs-tasks.amazonaws.com}
          Condition:
            StringEquals: {aws:SourceAccount: !Ref AWS::AccountId}
            ArnLike: {aws:SourceArn: !Sub 'arn:${AWS::Partition}:ecs:${AWS::Region}:*:*'}
        """,
    ),
    assumable(
        "a second statement for people",
        """
        - Effect: Allow
          Action: sts:AssumeRole
          Principal: {AWS: 'arn:aws:iam::111122223333:root'}
        - Effect: Allow
          Action: sts:AssumeRole
          Principal: {Service: ecs-tasks.amazonaws.com}
        """,
    ),
    assumable(
        "a Deny under a condition",
        """
        - Effect: Allow
          Action: sts:AssumeRole
          Principal: {Service: ecs-tasks.amazonaws.com}
        - Effect: Deny
          Action: sts:AssumeRole
          Principal: {Service: ecs-tasks.amazonaws.com}
          Condition: {StringNotEquals: {aws:SourceAccount: !Ref AWS::AccountId}}
        """,
    ),
    assumable("anybody", "- {Effect: Allow, Action: sts:AssumeRole, Principal: '*'}"),
    assumable("the service by its suffix", service("!Sub 'ecs-tasks.${AWS::URLSuffix}'")),
    assumable("the service as China spells it", service("ecs-tasks.amazonaws.com.cn")),
    assumable(
        "a Deny for another service",
        """
        - Effect: Allow
          Action: sts:AssumeRole
          Principal: {Service: ecs-tasks.amazonaws.com}
        - Effect: Deny
          Action: sts:AssumeRole
          Principal: {Service: ec2.amazonaws.com}
        """,
    ),
    Mutation(
        "trust: the task role's service",
        (trust(service("ec2.amazonaws.com"), task_role=True),),
        (Finds("E9732", "statement", "not-assumable"),),
        pinned=ALL,
        where=is_first,
    ),
)

_DOCUMENT: Final = """
    PolicyDocument:
      Version: '2012-10-17'
      Statement:
        - Effect: Allow #extra
          Action: s3:GetObject
          Resource: '<object>' #new
        - Effect: Allow
          Action: s3:GetBucketLocation
          Resource: '<bucket>'
"""

PINNED: Final = (Finds("W9713", "new"),)


def policy_for(role: str) -> str:
    return (
        "Extra:\n  Type: AWS::IAM::Policy\n  Properties:\n    PolicyName: extra\n"
        f"    Roles: [{role}]\n{_DOCUMENT.strip(chr(10))}"
    )


def managed_for(role: str) -> str:
    return (
        "Extra:\n  Type: AWS::IAM::ManagedPolicy\n  Properties:\n"
        f"    Roles: [{role}]\n{_DOCUMENT.strip(chr(10))}"
    )


def role_policy_for(role: str) -> str:
    return (
        "Extra:\n  Type: AWS::IAM::RolePolicy\n  Properties:\n    PolicyName: extra\n"
        f"    RoleName: {role}\n{_DOCUMENT.strip(chr(10))}"
    )


MANAGED_ALONE: Final = (
    f"Extra:\n  Type: AWS::IAM::ManagedPolicy\n  Properties:\n{_DOCUMENT.strip(chr(10))}"
)

THIRD_ROLE: Final = resource(
    """
    Third:
      Type: AWS::IAM::Role
      Properties:
        AssumeRolePolicyDocument:
          Statement:
            Effect: Allow
            Action: sts:AssumeRole
            Principal: {Service: ecs-tasks.amazonaws.com}
    """
)

SEPARATE: Final = (
    *(
        Mutation(
            f"the grant in a separate {name}",
            (drop_policy, resource(of("!Ref <role>"))),
            PINNED,
            where=is_pinned,
        )
        for name, of in (
            ("policy", policy_for),
            ("managed policy", managed_for),
            ("role policy", role_policy_for),
        )
    ),
    Mutation(
        "the grant in a managed policy that the role lists",
        (drop_policy, resource(MANAGED_ALONE), attach("!Ref Extra")),
        PINNED,
        where=is_pinned,
    ),
    *(
        Mutation(
            f"the grant in a separate {name} of the task role",
            (drop_policy, resource(of("!Ref <task role>"))),
            (Finds("E9733", "value", "wrong-role", "extra"),),
        )
        for name, of in (
            ("policy", policy_for),
            ("managed policy", managed_for),
            ("role policy", role_policy_for),
        )
    ),
    *(
        Mutation(
            f"the grant in a separate {name} of a third role",
            (drop_policy, THIRD_ROLE, resource(of("!Ref Third"))),
            DENIED,
        )
        for name, of in (
            ("policy", policy_for),
            ("managed policy", managed_for),
            ("role policy", role_policy_for),
        )
    ),
    Mutation(
        "the grant in a separate policy for a role by a name",
        (drop_policy, resource(policy_for("some-other-role"))),
        (Finds("I9790", "value"), Finds("I9790", "value")),
        where=lambda stack, file: (
            is_alone(stack, file) and len(stack.files) == 1 and not stack.has_key
        ),
    ),
    Mutation(
        "the grant in a separate managed policy that nothing attaches",
        (drop_policy, resource(MANAGED_ALONE)),
        DENIED,
    ),
    Mutation(
        "the grant in a separate policy under a condition that is off",
        (
            drop_policy,
            OFF,
            resource(
                policy_for("!Ref <role>").replace("  Type", "  Condition: GrantIsOff\n  Type", 1)
            ),
        ),
        (Finds("E9711", "value", "condition-off", "extra", says="'GrantIsOff'"),),
    ),
    Mutation(
        "the grant in a separate policy under the file's own condition",
        (
            drop_policy,
            resource(
                policy_for("!Ref <role>").replace("  Type", "  Condition: <condition>\n  Type", 1)
            ),
        ),
        PINNED,
        where=lambda stack, file: is_copilot(stack, file) and is_pinned(stack, file),
    ),
)

READ_ONLY: Final = "!Sub 'arn:${AWS::Partition}:iam::aws:policy/AmazonS3ReadOnlyAccess'"
TOO_BROAD: Final = (Finds("W9754", "attached", "too-broad"),)

MANAGED: Final = (
    Mutation(
        "AmazonS3ReadOnlyAccess instead of the grant",
        (drop_policy, attach(READ_ONLY)),
        TOO_BROAD,
        pinned=NONE,
    ),
    Mutation(
        "AmazonS3ReadOnlyAccess beside the grant",
        (attach(READ_ONLY),),
        TOO_BROAD,
        pinned=NONE,
        where=is_first,
    ),
    Mutation(
        "AmazonS3FullAccess instead of the grant",
        (drop_policy, attach("arn:aws:iam::aws:policy/AmazonS3FullAccess")),
        TOO_BROAD,
        pinned=NONE,
    ),
    Mutation(
        "AdministratorAccess instead of the grant",
        (drop_policy, attach("arn:aws:iam::aws:policy/AdministratorAccess")),
        TOO_BROAD,
        pinned=NONE,
    ),
    Mutation(
        "a managed policy without S3 instead of the grant",
        (drop_policy, attach("arn:aws:iam::aws:policy/CloudWatchLogsFullAccess")),
        DENIED,
    ),
    Mutation(
        "a managed policy under a condition that is off",
        (
            drop_policy,
            OFF,
            attach(
                "!If [GrantIsOff, 'arn:aws:iam::aws:policy/AmazonS3FullAccess', !Ref AWS::NoValue]"
            ),
        ),
        (Finds("E9711", "value", "condition-off", says="'GrantIsOff'"),),
    ),
    *(
        Mutation(
            f"{name} instead of the grant",
            (drop_policy, attach(policy_arn)),
            ALL_UNDETERMINED,
            pinned=OTHERS,
        )
        for name, policy_arn in (
            ("a customer's managed policy", "arn:aws:iam::111122223333:policy/theirs"),
            (
                "a managed policy of AWS that is not known",
                "arn:aws:iam::aws:policy/AmazonFutureAccess",
            ),
            ("an imported managed policy", "!ImportValue the-policy"),
        )
    ),
    Mutation(
        "a customer's managed policy beside the grant",
        (attach("arn:aws:iam::111122223333:policy/theirs"),),
        ALL_UNDETERMINED,
        pinned=ALL,
        where=is_first,
    ),
)

BOUNDARY: Final = (
    Mutation(
        "a permissions boundary",
        (role_property("PermissionsBoundary: arn:aws:iam::111122223333:policy/boundary"),),
        ALL_UNDETERMINED,
        pinned=ALL,
        where=is_first,
    ),
    Mutation(
        "a permissions boundary does not grant",
        (
            role_property("PermissionsBoundary: arn:aws:iam::111122223333:policy/boundary"),
            drop_policy,
        ),
        (
            *DENIED,
            Finds("I9790", "value"),
        ),
        where=lambda stack, _file: len(stack.files) == 1 and stack.has_key,
    ),
)

MUTATIONS: Final = (*EXECUTION_ROLE, *TRUST, *SEPARATE, *MANAGED, *BOUNDARY)
