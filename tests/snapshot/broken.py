"""A stack with a defect of each kind, and the same task where all but the task lies elsewhere."""

from __future__ import annotations

from typing import Final

_NEW: Final = "0f1c" * 16
_OLD: Final = "80ce" * 16

TASK: Final = f"""
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: shop
      ExecutionRoleArn: arn:aws:iam::123456789012:role/shop-execution
      ContainerDefinitions:
        - Name: web
          Image: public.ecr.aws/nginx/nginx
          Memory: 128
          EnvironmentFiles:
            - {{Type: s3, Value: 'arn:aws:s3:::shop-files/manual/env-files/web.env/{_NEW}.env'}}
            - {{Type: s3, Value: 'arn:aws:s3:::shop-files/plain/app.env'}}
            - {{Type: s3, Value: 'arn:aws:s3:::shop-files/locked/app.env'}}
          Secrets:
            - {{Name: TOKEN, ValueFrom: /shop/token}}
"""

KEY: Final = """
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: {AWS: 'arn:aws:iam::123456789012:root'}
            Action: kms:*
            Resource: '*'
"""

REST: Final = f"""
  Files:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: shop-files
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - BucketKeyEnabled: true
            ServerSideEncryptionByDefault:
              SSEAlgorithm: aws:kms
              KMSMasterKeyID: !GetAtt Key.Arn
  FilesPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: shop-files
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Deny
            Principal: '*'
            Action: s3:GetObject
            Resource: arn:aws:s3:::shop-files/locked/*
  ExecutionRole:
    Type: AWS::IAM::Role
    Properties:
      RoleName: shop-execution
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: {{Service: ecs-tasks.amazonaws.com}}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: files
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - Effect: Allow
                Action: s3:GetObject
                Resource:
                  - arn:aws:s3:::shop-files/manual/env-files/web.env/{_OLD}.env
                  - arn:aws:s3:::shop-files/plain/*
                  - arn:aws:s3:::shop-files/locked/*
              - Effect: Allow
                Action: s3:GetBucketLocation
                Resource: arn:aws:s3:::shop-files
"""

WHOLE: Final = f"Resources:{TASK}{KEY}{REST}"
"""All of it in one template, which a check decides without an account."""

DEPLOYED: Final = f"Parameters: {{Key: {{Type: String}}}}\nResources:{REST}".replace(
    "!GetAtt Key.Arn", "!Ref Key"
)
"""What of it lies elsewhere. The key and the policy of the bucket are made by the API: moto's
CloudFormation has none of the one, and a broken one of the other."""

LOCAL: Final = f"Resources:{TASK}"
"""What is left of it: a check alone can decide nothing."""
