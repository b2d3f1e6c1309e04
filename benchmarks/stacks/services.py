"""A stack of many services, each with a bucket, a key, a role and policies of its own, as CDK's."""

from __future__ import annotations

_SERVICE = """\
  Bucket{n}:
    Type: AWS::S3::Bucket
    Properties:
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault:
              SSEAlgorithm: aws:kms
              KMSMasterKeyID: !GetAtt Key{n}.Arn
  BucketPolicy{n}:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket{n}
      PolicyDocument:
        Statement:
          - Effect: Deny
            Principal: '*'
            Action: 's3:*'
            Resource: !Sub '${{Bucket{n}.Arn}}/*'
            Condition: {{Bool: {{'aws:SecureTransport': 'false'}}}}
  Key{n}:
    Type: AWS::KMS::Key
    Properties: {{KeyPolicy: {{Statement: []}}}}
  Role{n}:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {{Service: ecs-tasks.amazonaws.com}}
            Action: 'sts:AssumeRole'
  Policy{n}:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: Policy{n}
      Roles: [!Ref Role{n}]
      PolicyDocument:
        Statement:
          - Effect: Allow
            Action: ['s3:GetObject', 's3:GetBucketLocation']
            Resource: [!GetAtt Bucket{n}.Arn, !Sub '${{Bucket{n}.Arn}}/*']
          - {{Effect: Allow, Action: 'kms:Decrypt', Resource: !GetAtt Key{n}.Arn}}
  Task{n}:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role{n}.Arn
      ContainerDefinitions:
        - Name: service
          EnvironmentFiles:
            - {{Type: s3, Value: !Sub '${{Bucket{n}.Arn}}/service.env'}}
"""


def services_stack(services: int) -> str:
    """Services whose every call is right."""
    return "Resources:\n" + "".join(_SERVICE.format(n=number) for number in range(services))
