"""Templates that import from each other, as many as a measurement wants of them.

They come in groups: a network, what is shared (a bucket, keys, a repository, a file system), roles,
policies that attach to them, services that take all of it by export, by name or by ARN, and
Copilot's stacks with their parameter files.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

from stacks.copilot import copilot_stack

_NETWORK = """\
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  One: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}
  Two: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}}
  Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  OneTable:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {SubnetId: !Ref One, RouteTableId: !Ref Table}
  TwoTable:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {SubnetId: !Ref Two, RouteTableId: !Ref Table}
  ToS3:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      VpcId: !Ref Vpc
      ServiceName: !Sub 'com.amazonaws.${AWS::Region}.s3'
      RouteTableIds: [!Ref Table]
      PolicyDocument:
        Statement: [{Effect: Allow, Principal: '*', Action: 's3:*', Resource: '*'}]
  ToImages:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      VpcId: !Ref Vpc
      VpcEndpointType: Interface
      PrivateDnsEnabled: true
      ServiceName: !Sub 'com.amazonaws.${AWS::Region}.ecr.api'
      SubnetIds: [!Ref One, !Ref Two]
  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: cluster-@}}
Outputs:
  Vpc: {Value: !Ref Vpc, Export: {Name: vpc-@}}
  Subnets: {Value: !Join [',', [!Ref One, !Ref Two]], Export: {Name: subnets-@}}
  Cluster: {Value: !Ref Cluster, Export: {Name: cluster-@}}
  Copilot: {Value: !Join [',', [!Ref One, !Ref Two]], Export: {Name: shop@-test-PublicSubnets}}
"""

_SHARED = """\
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Statement:
          - Effect: Allow
            Principal: {AWS: !Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:root'}
            Action: 'kms:*'
            Resource: '*'
  Alias: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/shared-@, TargetKeyId: !Ref Key}}
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: shared-@
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - BucketKeyEnabled: true
            ServerSideEncryptionByDefault:
              SSEAlgorithm: aws:kms
              KMSMasterKeyID: alias/shared-@
  Lock:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Statement:
          - Effect: Deny
            Principal: '*'
            Action: 's3:*'
            Resource: [!GetAtt Bucket.Arn, !Sub '${Bucket.Arn}/*']
            Condition: {Bool: {'aws:SecureTransport': 'false'}}
  Generated: {Type: AWS::S3::Bucket}
  Repository:
    Type: AWS::ECR::Repository
    Properties:
      RepositoryName: team-@/web
      RepositoryPolicyText:
        Statement:
          - Effect: Allow
            Principal: {AWS: !Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:root'}
            Action: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer']
  Files: {Type: AWS::EFS::FileSystem, Properties: {Encrypted: true}}
  Point: {Type: AWS::EFS::AccessPoint, Properties: {FileSystemId: !Ref Files}}
  Login:
    Type: AWS::SecretsManager::Secret
    Properties: {Name: login-@, KmsKeyId: alias/shared-@}
  LoginPolicy:
    Type: AWS::SecretsManager::ResourcePolicy
    Properties:
      SecretId: !Ref Login
      ResourcePolicy:
        Statement:
          - Effect: Allow
            Principal: {AWS: !Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:root'}
            Action: 'secretsmanager:GetSecretValue'
            Resource: '*'
Outputs:
  Bucket: {Value: !GetAtt Bucket.Arn, Export: {Name: bucket-@}}
  Key: {Value: !GetAtt Key.Arn, Export: {Name: key-@}}
  Image: {Value: !GetAtt Repository.RepositoryUri, Export: {Name: image-@}}
  Repository: {Value: !GetAtt Repository.Arn, Export: {Name: repository-@}}
  Files: {Value: !Ref Files, Export: {Name: files-@}}
  FilesArn: {Value: !GetAtt Files.Arn, Export: {Name: files-arn-@}}
  Point: {Value: !Ref Point, Export: {Name: point-@}}
  Login: {Value: !Ref Login, Export: {Name: login-@}}
"""

_TRUST = """\
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {Service: ecs-tasks.amazonaws.com}
            Action: 'sts:AssumeRole'
"""

_ROLES = f"""\
Resources:
  Start:
    Type: AWS::IAM::Role
    Properties:
      RoleName: start-@
{_TRUST}\
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy
  Task:
    Type: AWS::IAM::Role
    Properties:
      RoleName: task-@
{_TRUST}\
Outputs:
  Start: {{Value: !GetAtt Start.Arn, Export: {{Name: start-@}}}}
"""

_POLICIES = """\
Resources:
  Start:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: start
      Roles: [start-@]
      PolicyDocument:
        Statement:
          - Effect: Allow
            Action: ['s3:GetObject', 's3:GetBucketLocation']
            Resource:
              - !ImportValue bucket-@
              - !Sub ['${Bucket}/*', {Bucket: !ImportValue bucket-@}]
          - {Effect: Allow, Action: 'kms:Decrypt', Resource: !ImportValue key-@}
          - Effect: Allow
            Action: 'secretsmanager:GetSecretValue'
            Resource: !ImportValue login-@
  Task:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Roles: [task-@]
      PolicyDocument:
        Statement:
          - Effect: Allow
            Action: 'elasticfilesystem:Client*'
            Resource: !ImportValue files-arn-@
          - Effect: Allow
            Action: 's3:GetObject'
            Resource: !Sub ['${Bucket}/*', {Bucket: !ImportValue bucket-@}]
          - {Effect: Allow, Action: 'kms:Decrypt', Resource: !ImportValue key-@}
"""

_SERVICE = """\
Resources:
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /ecs/service-#-@}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: service-#-@
      NetworkMode: awsvpc
      RequiresCompatibilities: [FARGATE]
      ExecutionRoleArn: !ImportValue start-@
      TaskRoleArn: !Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/task-@'
      Volumes:
        - Name: data
          EFSVolumeConfiguration:
            FilesystemId: !ImportValue files-@
            TransitEncryption: ENABLED
            AuthorizationConfig: {AccessPointId: !ImportValue point-@, IAM: ENABLED}
      ContainerDefinitions:
        - Name: web
          Image: !Sub ['${Image}:latest', {Image: !ImportValue image-@}]
          EnvironmentFiles:
            - Type: s3
              Value: !Sub ['${Bucket}/service-#.env', {Bucket: !ImportValue bucket-@}]
          Secrets: [{Name: LOGIN, ValueFrom: !ImportValue login-@}]
          MountPoints: [{SourceVolume: data, ContainerPath: /data}]
          LogConfiguration:
            LogDriver: awslogs
            Options:
              awslogs-region: !Ref AWS::Region
              awslogs-group: !Ref Logs
              awslogs-stream-prefix: web
  Service:
    Type: AWS::ECS::Service
    Properties:
      Cluster: !ImportValue cluster-@
      TaskDefinition: !Ref Task
      LaunchType: FARGATE
      NetworkConfiguration:
        AwsvpcConfiguration:
          Subnets: !Split [',', !ImportValue subnets-@]
"""


def mixed_files(templates: int) -> Iterator[tuple[str, str]]:
    """File names and contents of some templates, and of the parameter files next to them."""
    return _first(templates, _mixed())


def copilot_files(templates: int) -> Iterator[tuple[str, str]]:
    """Copilot's stacks of many applications, environments and workloads, with their parameters."""
    files = (
        _copilot(f"shop{app}", f"env{env}", f"web{number}")
        for app in itertools.count()
        for env in range(5)
        for number in range(10)
    )
    return _first(templates, itertools.chain.from_iterable(files))


def _first(templates: int, files: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The first templates, each with the parameter file that follows it."""
    for name, text in files:
        templates -= not name.endswith(".params.json")
        if templates < 0:
            return
        yield name, text


def _mixed() -> Iterator[tuple[str, str]]:
    for group in itertools.count():
        parts = {"network": _NETWORK, "shared": _SHARED, "roles": _ROLES, "policies": _POLICIES}
        parts |= {f"service-{n}": _SERVICE.replace("#", str(n)) for n in range(4)}
        for name, text in parts.items():
            yield f"{name}-{group}.yml", text.replace("@", str(group))
        for workload in ("api", "web"):
            yield from _copilot(f"shop{group}", "test", workload)


def _copilot(app: str, environment: str, workload: str) -> Iterator[tuple[str, str]]:
    """A stack of Copilot's and its parameter file, with an env file in its application's bucket."""
    name = f"{app}-{environment}-{workload}"
    env_files = f"arn:aws:s3:::stackset-{app}-artifacts/manual/env-files"
    values = {
        "AppName": app,
        "EnvName": environment,
        "WorkloadName": workload,
        "ContainerImage": f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/{app}/{workload}:1",
        "ArtifactKeyARN": f"arn:aws:kms:eu-west-1:123456789012:key/{app}",
        "EnvFileARN": f"{env_files}/{workload}.env/0.env",
        "EnvFileARNForSide1": "",
    }
    yield f"{name}.stack.yml", copilot_stack(containers=2)
    yield f"{name}.params.json", json.dumps({"Parameters": values})
