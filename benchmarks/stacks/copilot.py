"""Stacks in the shape of those that Copilot writes, as large as a measurement wants them."""

from __future__ import annotations

_HEAD = """\
AWSTemplateFormatVersion: '2010-09-09'
Description: CloudFormation template that represents a backend service on Amazon ECS.
Metadata:
  Version: v1.34.1
Parameters:
  AppName: {Type: String}
  EnvName: {Type: String}
  WorkloadName: {Type: String}
  ContainerImage: {Type: String}
  ContainerPort: {Type: Number, Default: 8080}
  TaskCPU: {Type: String, Default: '256'}
  TaskMemory: {Type: String, Default: '512'}
  TaskCount: {Type: Number, Default: 1}
  LogRetention: {Type: Number, Default: 30}
  AddonsTemplateURL:
    Description: 'URL of the addons nested stack template within the S3 bucket.'
    Type: String
    Default: ''
  ArtifactKeyARN:
    Description: 'KMS Key used for encrypting artifacts'
    Type: String
  EnvFileARN:
    Description: 'URL of the environment file.'
    Type: String
    Default: ''
"""

_CONDITIONS = """\
Conditions:
  HasAddons: # If a bucket URL is specified, that means the template exists.
    !Not [!Equals [!Ref AddonsTemplateURL, '']]
  HasEnvFile:
    !Not [!Equals [!Ref EnvFileARN, '']]
"""

_RESOURCES = """\
Resources:
  LogGroup:
    Metadata:
      'aws:copilot:description': 'A CloudWatch log group to hold your service logs'
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Join ['', [/copilot/, !Ref AppName, '-', !Ref EnvName, '-', !Ref WorkloadName]]
      RetentionInDays: !Ref LogRetention
"""

_TASK = """\
  TaskDefinition:
    Metadata:
      'aws:copilot:description': 'An ECS task definition to group your containers'
    Type: AWS::ECS::TaskDefinition
    DependsOn: LogGroup
    Properties:
      Family: !Join ['', [!Ref AppName, '-', !Ref EnvName, '-', !Ref WorkloadName]]
      NetworkMode: awsvpc
      RequiresCompatibilities: [FARGATE]
      Cpu: !Ref TaskCPU
      Memory: !Ref TaskMemory
      ExecutionRoleArn: !GetAtt ExecutionRole.Arn
      TaskRoleArn: !GetAtt TaskRole.Arn
      ContainerDefinitions:
"""

_CONTAINER = """\
        - Name: {container}
          Image: !Ref ContainerImage
          Environment:
            - Name: COPILOT_APPLICATION_NAME
              Value: !Ref AppName
            - Name: COPILOT_ENVIRONMENT_NAME
              Value: !Ref EnvName
            - Name: COPILOT_SERVICE_NAME
              Value: !Ref WorkloadName
            - Name: NUMBER
              Value: '{number}'
          EnvironmentFiles:
            - !If
              - {condition}
              - Type: s3
                Value: !Ref {parameter}
              - !Ref AWS::NoValue
          LogConfiguration:
            LogDriver: awslogs
            Options:
              awslogs-region: !Ref AWS::Region
              awslogs-group: !Ref LogGroup
              awslogs-stream-prefix: copilot
          PortMappings:
            - ContainerPort: {port}
              Protocol: tcp
"""

_ROLE = """\
  {role}:
    Metadata:
      'aws:copilot:description': 'An IAM role to control permissions of your containers'
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal:
              Service: ecs-tasks.amazonaws.com
            Action: 'sts:AssumeRole'
      Policies:
"""

_SECRETS = """\
        - PolicyName: !Join ['', [!Ref AppName, '-', !Ref EnvName, '-', SecretsPolicy]]
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - Effect: 'Allow'
                Action:
                  - 'ssm:GetParameters'
                Resource:
                  - !Sub 'arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/*'
                Condition:
                  StringEquals:
                    'ssm:ResourceTag/copilot-application': !Sub '${AppName}'
                    'ssm:ResourceTag/copilot-environment': !Sub '${EnvName}'
              - Effect: 'Allow'
                Action:
                  - 'kms:Decrypt'
                Resource:
                  - !Ref ArtifactKeyARN
"""

_GRANT = """\
        - !If
          - {condition}
          - PolicyName: Get{parameter}
            PolicyDocument:
              Version: '2012-10-17'
              Statement:
                - Effect: 'Allow'
                  Action:
                    - 's3:GetObject'
                  Resource:
                    - !Ref {parameter}
                - Effect: 'Allow'
                  Action:
                    - 's3:GetBucketLocation'
                  Resource:
                    - Fn::Join:
                        - ''
                        - - 'arn:'
                          - !Ref AWS::Partition
                          - ':s3:::'
                          - Fn::Select:
                              - 0
                              - Fn::Split:
                                  - '/'
                                  - Fn::Select:
                                      - 5
                                      - Fn::Split:
                                          - ':'
                                          - Ref: {parameter}
          - !Ref AWS::NoValue
"""

_MANAGED = """\
      ManagedPolicyArns:
        - !Sub 'arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy'
"""

_STATEMENT = """\
              - Sid: Number{number}
                Effect: 'Allow'
                Action:
                  - 's3:GetObject'
                  - 's3:PutObject'
                Resource:
                  - !Sub 'arn:${{AWS::Partition}}:s3:::${{AppName}}-data-{number}/${{EnvName}}/*'
"""

_TABLE = """\
  Table{number}:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      TableName: !Sub '${{AppName}}-${{EnvName}}-table-{number}'
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - AttributeName: id
          AttributeType: S
      KeySchema:
        - AttributeName: id
          KeyType: HASH
"""

_OPTIONAL = """\
        - !If
          - Has{number}
          - PolicyName: Optional{number}
            PolicyDocument:
              Version: '2012-10-17'
              Statement:
                - Effect: 'Allow'
                  Action: 's3:GetObject'
                  Resource: !Sub 'arn:${{AWS::Partition}}:s3:::${{Option{number}}}/x-{number}.env'
          - !Ref AWS::NoValue
"""

_SERVICE = """\
  Service:
    Type: AWS::ECS::Service
    Properties:
      Cluster: !Sub '${AppName}-${EnvName}'
      TaskDefinition: !Ref TaskDefinition
      DesiredCount: !Ref TaskCount
      LaunchType: FARGATE
      PropagateTags: SERVICE
      DeploymentConfiguration:
        MinimumHealthyPercent: 100
        MaximumPercent: 200
      NetworkConfiguration:
        AwsvpcConfiguration:
          AssignPublicIp: ENABLED
          Subnets:
            Fn::Split:
              - ','
              - Fn::ImportValue: !Sub '${AppName}-${EnvName}-PublicSubnets'
"""


def copilot_stack(
    *, containers: int = 1, statements: int = 0, resources: int = 0, conditions: int = 0
) -> str:
    """A service whose every call is right.

    ``containers`` read an env file each, ``statements`` are grants of the task role on other
    buckets, ``resources`` are tables, ``conditions`` are optional grants of the execution role on
    files that nobody reads, each under a condition of its own.
    """
    sidecars = range(1, containers)
    parts = [_HEAD]
    parts += (f"  EnvFileARNForSide{i}: {{Type: String, Default: ''}}\n" for i in sidecars)
    parts += (f"  Option{i}: {{Type: String, Default: ''}}\n" for i in range(conditions))
    parts.append(_CONDITIONS)
    parts += (
        f"  HasEnvFileForSide{i}:\n    !Not [!Equals [!Ref EnvFileARNForSide{i}, '']]\n"
        for i in sidecars
    )
    parts += (f"  Has{i}: !Not [!Equals [!Ref Option{i}, '']]\n" for i in range(conditions))
    parts += [_RESOURCES, _TASK]
    files = [("!Ref WorkloadName", "EnvFileARN")]
    files += [(f"side-{i}", f"EnvFileARNForSide{i}") for i in sidecars]
    for number, (container, parameter) in enumerate(files):
        condition = "Has" + parameter.replace("ARN", "")
        parts.append(
            _CONTAINER.format(
                container=container,
                number=number,
                condition=condition,
                parameter=parameter,
                port=8080 + number,
            )
        )
    parts += [_ROLE.format(role="ExecutionRole"), _SECRETS]
    for _, parameter in files:
        condition = "Has" + parameter.replace("ARN", "")
        parts.append(_GRANT.format(condition=condition, parameter=parameter))
    parts += (_OPTIONAL.format(number=i) for i in range(conditions))
    parts += [_MANAGED, _ROLE.format(role="TaskRole")]
    parts += ["        - PolicyName: Data\n          PolicyDocument:\n"]
    parts += ["            Version: '2012-10-17'\n            Statement:\n"]
    parts += (_STATEMENT.format(number=i) for i in range(statements + 1))
    parts += (_TABLE.format(number=i) for i in range(resources))
    parts.append(_SERVICE)
    return "".join(parts)
