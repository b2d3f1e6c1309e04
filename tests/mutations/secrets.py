"""Mutations of a stack whose secrets can all be read, with all that must be found afterwards."""

from __future__ import annotations

from typing import Final

from tests.mutations.replacements import Mutation, allowed, denied, undetermined

_SSM: Final = "!Sub 'arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"
_SECRET: Final = (
    "!Sub 'arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:"
)
_TOKEN: Final = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/token"

STACK: Final = """
Parameters:
  Stage: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      TaskRoleArn: !GetAtt TaskRole.Arn
      ContainerDefinitions:
        - Name: web
          Image: public.ecr.aws/shop/web
          Secrets:
            - {Name: NAME, ValueFrom: /app/name}
            - {Name: PARAM, ValueFrom: !Ref Param}
            - {Name: OWN, ValueFrom: !Sub '${Own}:password::'}
            - {Name: NAMED, ValueFrom: !Ref Named}
            - {Name: TOKEN, ValueFrom: '<token>:key::'}
          RepositoryCredentials: {CredentialsParameter: !Ref Login}
  Param: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: x}}
  Key: {Type: AWS::KMS::Key}
  Own:
    Type: AWS::SecretsManager::Secret
    Properties: {KmsKeyId: !Ref Key, Tags: [{Key: app, Value: shop}]}
  Named: {Type: AWS::SecretsManager::Secret, Properties: {Name: shop/named}}
  Login: {Type: AWS::SecretsManager::Secret}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          {Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}
      Policies:
        - PolicyName: Parameters
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: ssm:GetParameters
                Resource:
                  - <ssm>/app/*'
                  - <ssm>/${Param}'
        - PolicyName: Secrets
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: secretsmanager:GetSecretValue
                Resource:
                  - !Ref Own
                  - !Ref Named
                  - !Ref Login
                  - '<token>-??????'
              - {Effect: Allow, Action: kms:Decrypt, Resource: !GetAtt Key.Arn}
  TaskRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          {Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}
""".replace("<ssm>", _SSM).replace("<token>", _TOKEN)
"""Every call is allowed, but for the one on TOKEN: its secret's policy is outside the run."""


def _calls(old: str, new: str) -> tuple[str, str]:
    return f"ValueFrom: {old}}}", f"ValueFrom: {new}}}"


_GET: Final = "Action: ssm:GetParameters"
_READ: Final = "Action: secretsmanager:GetSecretValue"
_APP: Final = f"{_SSM}/app/*'"
_ON_PROD: Final = f"""                  - !If
                    - IsProd
                    - {_APP}
                    - !Ref AWS::NoValue
"""

MUTATIONS: Final = (
    denied(
        "the singular",
        _GET,
        "Action: ssm:GetParameter",
        ("NAME", "other-action"),
        ("PARAM", "other-action"),
    ),
    denied(
        "by path",
        _GET,
        "Action: ssm:GetParametersByPath",
        ("NAME", "other-action"),
        ("PARAM", "other-action"),
    ),
    allowed("both in a list", _GET, "Action: [ssm:GetParameter, ssm:GetParameters]"),
    allowed("by a pattern", _GET, "Action: ssm:Get*"),
    allowed("in lower case", _GET, "Action: ssm:getparameters"),
    denied("a slash too many", _APP, f"{_SSM}//app/*'", ("NAME", "other-resource")),
    denied("another parameter", _APP, f"{_SSM}/app/nam'", ("NAME", "other-resource")),
    allowed("every parameter", _APP, f"{_SSM}/*'"),
    allowed("everything of SSM", _APP, "'*'"),
    allowed("without a slash", _APP, f"{_SSM}*'"),
    denied(
        "another action on secrets",
        _READ,
        "Action: secretsmanager:DescribeSecret",
        *((name, "other-action") for name in ("OWN", "NAMED", "TOKEN", "LOGIN")),
    ),
    denied("no grant for one", "- !Ref Named\n", "- !Sub '${Own}'\n", ("NAMED", "no-grant")),
    denied(
        "the tail in the grant",
        "- !Ref Own\n",
        "- !Sub '${Own}:password::'\n",
        ("OWN", "other-resource"),
    ),
    denied(
        "no suffix in the grant",
        "- !Ref Named\n",
        f"- {_SECRET}shop/named'\n",
        ("NAMED", "other-resource"),
    ),
    denied(
        "a suffix too short",
        "- !Ref Named\n",
        f"- {_SECRET}shop/named-?????'\n",
        ("NAMED", "other-resource"),
    ),
    denied(
        "the registry's by name",
        "- !Ref Login\n",
        "- !Sub '${Login}:x'\n",
        ("LOGIN", "other-resource"),
    ),
    allowed("room for a suffix", "- !Ref Named\n", f"- {_SECRET}shop/named-??????'\n"),
    allowed("a star for a suffix", "- !Ref Named\n", f"- {_SECRET}shop/named-*'\n"),
    allowed("a star on the reference", "- !Ref Own\n", "- !Sub '${Own}*'\n"),
    allowed("by GetAtt", "- !Ref Own\n", "- !GetAtt Own.Id\n"),
    undetermined(
        "another suffix, perhaps", "- !Ref Named\n", f"- {_SECRET}shop/named-AbCdEf'\n", "NAMED"
    ),
    denied("no key", "Action: kms:Decrypt", "Action: kms:DescribeKey", ("OWN", "other-action")),
    denied(
        "the key by another way",
        "Resource: !GetAtt Key.Arn}",
        "Resource: !GetAtt Key.Arn, Condition: {StringLike: {kms:ViaService: 's3.*'}}}",
        ("OWN", "unmet-condition"),
    ),
    allowed(
        "the key through Secrets Manager",
        "Resource: !GetAtt Key.Arn}",
        "Resource: !GetAtt Key.Arn, Condition: {StringLike: {kms:ViaService: 'secretsmanager.*'}}}",
    ),
    allowed("the key that AWS manages", "KmsKeyId: !Ref Key", "KmsKeyId: alias/aws/secretsmanager"),
    allowed(
        "a tag that is there",
        "- {Effect: Allow, Action: kms:Decrypt",
        "- {Effect: Allow, Action: secretsmanager:*, Resource: !Ref Own, Condition: {StringEquals: "
        "{'aws:ResourceTag/app': shop}}}\n              - {Effect: Allow, Action: kms:Decrypt",
    ),
    Mutation(
        "a tag with another value",
        (
            ("                  - !Ref Own\n", ""),
            (
                "- {Effect: Allow, Action: kms:Decrypt",
                "- {Effect: Allow, Action: secretsmanager:*, Resource: !Ref Own, Condition: "
                "{StringEquals: {'aws:ResourceTag/app': other}}}\n"
                "              - {Effect: Allow, Action: kms:Decrypt",
            ),
        ),
        (("OWN", "unmet-condition"),),
    ),
    Mutation(
        "a tag that the stack may bring",
        (
            ("                  - !Ref Own\n", ""),
            (
                "- {Effect: Allow, Action: kms:Decrypt",
                "- {Effect: Allow, Action: secretsmanager:*, Resource: !Ref Own, Condition: "
                "{StringEquals: {'aws:ResourceTag/team': shop}}}\n"
                "              - {Effect: Allow, Action: kms:Decrypt",
            ),
        ),
        open=("OWN",),
    ),
    Mutation("a parameter by its ARN", (_calls("/app/name", f"{_SSM}/app/name'"),)),
    Mutation(
        "a parameter elsewhere",
        (_calls("/app/name", "'arn:aws:s3:::app/name'"),),
        (("NAME", "secret-reference-invalid"),),
    ),
    Mutation("a name without slash", (_calls("/app/name", "app/name"),)),
    Mutation("another name", (_calls("/app/name", "/apple/name"),), (("NAME", "other-resource"),)),
    Mutation(
        "the bare name of a secret",
        (_calls("!Ref Named", "shop/named"),),
        (("NAMED", "no-grant"),),
    ),
    Mutation("a secret by its partial ARN", (_calls("!Ref Named", f"{_SECRET}shop/named'"),)),
    Mutation("a part of a secret", (_calls("!Ref Named", "!Sub '${Named}:key:AWSCURRENT:'"),)),
    Mutation(
        "half a tail",
        (_calls("!Ref Named", "!Sub '${Named}:key'"),),
        (("NAMED", "secret-reference-invalid"),),
    ),
    Mutation(
        "a forgotten !Sub",
        (_calls("!Sub '${Own}:password::'", "'${Own}:password::'"),),
        (("OWN", "secret-reference-invalid"),),
    ),
    Mutation("no tail", (_calls("!Sub '${Own}:password::'", "!Ref Own"),)),
    Mutation(
        "under a condition that the grant lacks not",
        (_calls("/app/name", "!If [IsProd, /app/prod, /app/test]"),),
    ),
    Mutation(
        "under a condition, one branch without grant",
        (_calls("/app/name", "!If [IsProd, /app/prod, /else/test]"),),
        (("NAME", "other-resource"),),
    ),
    Mutation(
        "the grant under a condition",
        ((f"                  - {_APP}\n", _ON_PROD),),
        (("NAME", "condition-off"),),
    ),
    denied(
        "a policy of the secret that denies",
        "  Named: {",
        "  Policy:\n    Type: AWS::SecretsManager::ResourcePolicy\n    Properties:\n"
        "      SecretId: !Ref Named\n      ResourcePolicy:\n        Statement: {Effect: Deny, "
        "Principal: '*', Action: secretsmanager:GetSecretValue, Resource: '*'}\n  Named: {",
        ("NAMED", "resource-policy"),
    ),
    Mutation(
        "no secrets at all",
        (
            ("            - {Name: NAME, ValueFrom: /app/name}\n", ""),
            ("            - {Name: PARAM, ValueFrom: !Ref Param}\n", ""),
        ),
    ),
)
"""Errors are by the names of the secrets (LOGIN: the registry's); TOKEN is open in all."""
