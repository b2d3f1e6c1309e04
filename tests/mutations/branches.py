"""Small templates, each with a finding that neither the samples nor the mutated stacks come to."""

from __future__ import annotations

import json
from typing import Final

from tests.stacks import COPILOT_TASK, role, task

HERE: Final = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "111122223333",
}
_FILE: Final = "arn:aws:s3:::config/web.env"
_ENV_FILE: Final = f"Image: x\nEnvironmentFiles: [{{Type: s3, Value: '{_FILE}'}}]"
_BOTH: Final = "ExecutionRoleArn: !GetAtt Role.Arn\nTaskRoleArn: !GetAtt Own.Arn"
_NOTHING: Final = "{Effect: Allow, Action: sqs:SendMessage, Resource: '*'}"
_OWN: Final = role(_NOTHING, name="Own")


def allow(actions: str, resource: str, rest: str = "") -> str:
    return f"{{Effect: Allow, Action: {actions}, Resource: {resource}{rest}}}"


def deny(actions: str, resource: str) -> str:
    return f"{{Effect: Deny, Action: {actions}, Resource: {resource}}}"


_READ: Final = allow("s3:GetObject", f"'{_FILE}'")
_LOCATE: Final = allow("s3:GetBucketLocation", "'arn:aws:s3:::config'")
_SERVICE: Final = """\
  Service:
    Type: AWS::ECS::Service
    Properties: {TaskDefinition: !Ref Task, LaunchType: FARGATE, %s}
"""
_POLICY: Final = """\
  Policy:
    Type: AWS::IAM::Policy
    %s
    Properties:
      PolicyName: start
      Roles: [!Ref Role]
      PolicyDocument:
        Statement: [%s, %s]
"""


_ANYBODY: Final = (
    "{Effect: Allow, Principal: {AWS: '*'}, Action: 'elasticfilesystem:ClientWrite', "
    "Condition: {Bool: {'elasticfilesystem:AccessedViaMountTarget': 'true'}}}"
)
_FILES: Final = """\
  Files:
    Type: AWS::EFS::FileSystem
    Properties: {FileSystemPolicy: {Statement: [%s]}}
"""


_MANAGED_INSTANCES: Final = """\
  Provider:
    Type: AWS::ECS::CapacityProvider
    Properties:
      ManagedInstancesProvider:
        InfrastructureRoleArn: !GetAtt Infrastructure.Arn
        InstanceLaunchTemplate: {Ec2InstanceProfileArn: !GetAtt Profile.Arn}
  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref Instance]}}
  Instance: {Type: AWS::IAM::Role, Properties: {RoleName: shop}}
  Infrastructure:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForManagedInstances
"""


def _mounting(statement: str) -> str:
    """A task on Fargate that mounts a file system with its role, which has a statement."""
    volume = (
        "Volumes: [{Name: v, EFSVolumeConfiguration: {FilesystemId: !Ref Files, "
        "TransitEncryption: ENABLED, AuthorizationConfig: {IAM: ENABLED}}}]"
    )
    properties = f"{_BOTH}\nRequiresCompatibilities: [FARGATE]\n{volume}"
    container = "Image: x\nMountPoints: [{SourceVolume: v, ContainerPath: /v}]"
    return task(container, properties) + role(_NOTHING) + role(statement, name="Own")


def trusted(text: str, condition: str) -> str:
    """A role that ECS may assume under a condition."""
    statement = (
        "{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole, "
        f"Condition: {condition}}}"
    )
    document = f"AssumeRolePolicyDocument: {{Statement: {statement}}}"
    return text.replace("      Policies:", f"      {document}\n      Policies:", 1)


def template(*parts: str, head: str = "") -> str:
    return f"{head}Resources:\n{''.join(parts)}"


BRANCHES: Final[dict[str, str]] = {
    "a URL put together by Join": template(
        task(_ENV_FILE.replace(f"'{_FILE}'", "!Join ['', ['s3://', !Ref Files, /web.env]]")),
        role(allow("'s3:Get*'", "['arn:aws:s3:::*', 'arn:aws:s3:::*/*']")),
        "  Files: {Type: AWS::S3::Bucket}\n",
    ),
    "a URL put together by Sub": template(
        task(_ENV_FILE.replace(f"'{_FILE}'", "!Sub 's3://${Files}/web.env'")),
        role(allow("'s3:Get*'", "['arn:aws:s3:::*', 'arn:aws:s3:::*/*']")),
        "  Files: {Type: AWS::S3::Bucket}\n",
    ),
    "an ARN without Sub": template(
        task(_ENV_FILE.replace("arn:aws:", "arn:${AWS::Partition}:")), role(_READ, _LOCATE)
    ),
    "an ARN of a region": template(
        task(_ENV_FILE.replace(":s3:::", ":s3:eu-west-1::")), role(_READ, _LOCATE)
    ),
    "an ARN of another partition": template(
        task(_ENV_FILE.replace("arn:aws:", "arn:aws-cn:")), role(_READ, _LOCATE)
    ),
    "an ARN alone": template(
        task(f"Image: x\nEnvironmentFiles: ['{_FILE}']"), role(_READ, _LOCATE)
    ),
    "an old platform": template(
        task(_ENV_FILE), role(_READ, _LOCATE), _SERVICE % "PlatformVersion: 1.3.0"
    ),
    "an action in the plural": template(
        task(_ENV_FILE), role(allow("s3:GetObjects", f"'{_FILE}'"), _LOCATE)
    ),
    "an operation for an action": template(
        task("Image: x", _BOTH),
        role(_NOTHING),
        role(allow("s3:HeadObject", "'arn:aws:s3:::a/*'"), name="Own"),
    ),
    "an external id": template(
        task(_ENV_FILE), trusted(role(_READ, _LOCATE), "{StringEquals: {'sts:ExternalId': x}}")
    ),
    "credentials in the template": template(
        task(
            "Image: x\nEnvironment: [{Name: AWS_ACCESS_KEY_ID, Value: a}, "
            "{Name: AWS_SECRET_ACCESS_KEY, Value: b}]",
            _BOTH,
        ),
        role(_NOTHING),
        _OWN,
    ),
    "variables without a Version": template(
        task("Image: x", _BOTH),
        role(_NOTHING),
        role(allow("s3:GetObject", "'arn:aws:s3:::a/${aws:PrincipalTag/team}/*'"), name="Own"),
    ),
    "a listing of a folder": template(
        task("Image: x", _BOTH),
        role(_NOTHING),
        role(allow("s3:ListBucket", "'arn:aws:s3:::a/in/*'"), name="Own"),
    ),
    "a repository that denies": template(
        task("Image: !Sub '${Repository.RepositoryUri}:1'"),
        role(allow("'ecr:*'", "'*'")),
        "  Repository: {Type: AWS::ECR::Repository, Properties: {RepositoryPolicyText: "
        "{Statement: {Effect: Deny, Principal: '*', Action: 'ecr:*'}}}}\n",
    ),
    "a file system that is not granted": template(_mounting(_NOTHING), _FILES % _ANYBODY),
    "a file system that denies": template(
        _mounting(allow("'elasticfilesystem:*'", "'*'")),
        _FILES % "{Effect: Deny, Principal: {AWS: '*'}, Action: 'elasticfilesystem:ClientMount'}",
    ),
    "a file system that takes no anonymous client": template(
        _mounting(_NOTHING).replace("IAM: ENABLED", "IAM: DISABLED"), _FILES % _ANYBODY
    ),
    "a file system that takes the role alone": template(
        _mounting(allow("'elasticfilesystem:*'", "'*'")).replace(
            ", TransitEncryption: ENABLED, AuthorizationConfig: {IAM: ENABLED}", ""
        ),
        _FILES % _ANYBODY,
    ),
    "a file system that takes everybody over TLS": template(
        _mounting(_NOTHING).replace(
            ", TransitEncryption: ENABLED, AuthorizationConfig: {IAM: ENABLED}", ""
        ),
        _FILES
        % (
            "{Effect: Allow, Principal: '*', Action: 'elasticfilesystem:*'}, "
            "{Effect: Deny, Principal: '*', Action: '*', "
            "Condition: {Bool: {'aws:SecureTransport': 'false'}}}"
        ),
    ),
    "instances whose role AWS's policy does not pass": template(
        task("Image: x", "Family: web") + _MANAGED_INSTANCES
    ),
    "a router without its file": template(
        task(
            "Image: x\nFirelensConfiguration: {Type: fluentbit, Options: {config-file-type: s3, "
            "config-file-value: 'arn:aws:s3:::config/fluent.conf'}}"
        ),
        role(_NOTHING),
    ),
    "a Deny of the very action": template(
        task(_ENV_FILE),
        role(_READ, _LOCATE, deny("[s3:GetObject, s3:PutObject]", "'arn:aws:s3:::config/*'")),
    ),
    "a grant under a condition": template(
        task(_ENV_FILE),
        role(_NOTHING),
        _SERVICE % "DesiredCount: 1",
        _POLICY % ("Condition: IsOn", _READ, _LOCATE),
        head="Parameters: {On: {Type: String, AllowedValues: ['1']}}\n"
        "Conditions: {IsOn: !Equals [!Ref On, '1']}\n",
    ),
    "an alias for a key": template(
        task("Image: x\nSecrets: [{Name: A, ValueFrom: !Ref Own}]"),
        role(
            allow("secretsmanager:GetSecretValue", "!Ref Own"),
            allow("kms:Decrypt", "'arn:aws:kms:eu-west-1:111122223333:alias/own'"),
        ),
        "  Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {Statement: {Effect: Allow, "
        "Principal: {AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}, Action: 'kms:*', "
        "Resource: '*'}}}}\n"
        "  Own: {Type: AWS::SecretsManager::Secret, Properties: {KmsKeyId: !GetAtt Key.Arn}}\n",
    ),
}
"""What is wrong -> the template, which is checked where `HERE` says."""


_HASHES: Final = {"old": "0a" * 32, "new": "1b" * 32}
_UPLOADED: Final = "arn:aws:s3:::artifacts/manual/env-files/web.env/%s.env"


def _packaged(workload: str, asked: str, granted: str) -> dict[str, str]:
    """A package of Copilot's whose file is called as those of others."""
    names = ("AppName", "EnvName", "WorkloadName", "EnvFileARN")
    head = "".join(f"  {name}: {{Type: String}}\n" for name in names)
    head = f"Parameters:\n{head}Conditions: {{HasEnvFile: !Not [!Equals [!Ref EnvFileARN, '']]}}\n"
    grants = allow(
        "['s3:GetObject', 's3:GetBucketLocation']", f"['{granted}', 'arn:aws:s3:::artifacts']"
    )
    values = dict(zip(names, ("shop", "test", workload, asked), strict=True))
    return {
        f"{workload}-test.stack.yml": template(
            COPILOT_TASK, role(grants, name="ExecutionRole"), head=head
        ),
        f"{workload}-test.params.json": json.dumps({"Parameters": values}),
    }


def _released(version: str) -> str:
    """A task that no service runs, whose role is granted one version of its file."""
    arn = _UPLOADED % _HASHES[version]
    asked = f"Image: x\nEnvironmentFiles: [{{Type: s3, Value: '{arn}'}}]"
    grant = allow("s3:GetObject", f"'{arn}'")
    locate = allow("s3:GetBucketLocation", "'arn:aws:s3:::artifacts'")
    return template(task(asked), role(grant, locate))


FOLDERS: Final[dict[str, dict[str, str]]] = {
    "a folder that others share": {
        **_packaged("web", _UPLOADED % _HASHES["new"], _UPLOADED % _HASHES["old"]),
        **_packaged("api", _UPLOADED % ("2c" * 32), _UPLOADED % ("2c" * 32)),
    },
    "an organization that denies": {
        "web.yml": template(task(_ENV_FILE), role(_READ, _LOCATE)).replace(
            "      Policies:", "      RoleName: web\n      Policies:"
        ),
        "org.scp.json": json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": "*", "Resource": "*"},
                    {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"},
                ],
            }
        ),
    },
    "an update of a task that no service runs": {
        "before/web.yml": _released("old"),
        "after/web.yml": _released("new"),
    },
}
"""What is wrong -> the files of a folder; where it has ``before/``, two releases are compared."""
