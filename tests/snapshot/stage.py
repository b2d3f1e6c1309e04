"""What stands in the account of the tests: a deployed service, and what it uses from outside."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from tests.snapshot import broken

from copilot_preflight.read.document import parse

ACCOUNT: Final = "123456789012"

TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}

DEPLOYED: Final = """
Parameters:
  Password: {Type: String, NoEcho: true, Default: hunter2-default}
  Image: {Type: String, Default: public.ecr.aws/nginx/nginx}
  Subnet: {Type: String}
  Group: {Type: String}
Resources:
  ExecutionRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: 'sts:AssumeRole'}
      Policies:
        - PolicyName: files
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - {Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::artifacts/old/*'}
              - {Effect: Allow, Action: 'secretsmanager:GetSecretValue', Resource: '*'}
              - Effect: Allow
                Action: ssm:GetParameters
                Resource: '*'
                Condition: {StringEquals: {'ssm:ResourceTag/copilot-application': shop}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      ExecutionRoleArn: !GetAtt ExecutionRole.Arn
      ContainerDefinitions:
        - Name: web
          Image: !Ref Image
          Memory: 128
          Environment:
            - {Name: API_KEY, Value: very-secret-value}
            - {Name: IMAGE, Value: !Ref Image}
          EnvironmentFiles:
            - {Type: s3, Value: 'arn:aws:s3:::artifacts/old/web.env'}
            - {Type: s3, Value: 'arn:aws:s3:::artifacts/new/web.env'}
          Secrets:
            - {Name: DB, ValueFrom: !ImportValue shared-secret}
            - {Name: TOKEN, ValueFrom: /copilot/shop/test/secrets/db}
  Cluster: {Type: 'AWS::ECS::Cluster', Properties: {ClusterName: shop}}
  Service:
    Type: AWS::ECS::Service
    Properties:
      Cluster: !Ref Cluster
      ServiceName: web
      TaskDefinition: !Ref Task
      DesiredCount: 0
      LaunchType: FARGATE
      NetworkConfiguration:
        AwsvpcConfiguration: {Subnets: [!Ref Subnet], SecurityGroups: [!Ref Group]}
Outputs:
  Shown: {Value: !Ref Password}
  Role: {Value: !GetAtt ExecutionRole.Arn}
"""

LOCAL: Final = """
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: arn:aws:iam::123456789012:role/service/shared-execution
      ContainerDefinitions:
        - Name: web
          Image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1
          EnvironmentFiles: [{Type: s3, Value: 'arn:aws:s3:::artifacts/new/web.env'}]
"""

SHARED: Final = """
Resources:
  Topic: {Type: 'AWS::SNS::Topic'}
Parameters:
  Secret: {Type: String}
Outputs:
  Secret: {Value: !Ref Secret, Export: {Name: shared-secret}}
  Other: {Value: of-no-use, Export: {Name: somebody-elses}}
"""


class Stage(NamedTuple):
    """Where the account is, and the names that AWS has made up."""

    endpoint: str
    region: str
    key: str
    secret: str
    stack: str

    def client(self, service: str) -> Any:
        return client(service, self.endpoint, self.region)


def client(service: str, endpoint: str, region: str) -> Any:
    import boto3

    return boto3.client(service, endpoint_url=endpoint, region_name=region)


def played(endpoint: str, region: str) -> Stage:
    """Everything, by way of the API."""

    def of(service: str) -> Any:
        return client(service, endpoint, region)

    key = _key(of("kms"))
    _roles(of("iam"))
    _bucket(of("s3"), region, key)
    secret = _secrets(of("secretsmanager"), of("ssm"), key)
    of("ecr").create_repository(repositoryName="shop/web")
    of("ecr").set_repository_policy(repositoryName="shop/web", policyText=json.dumps(_ANYBODY))
    stack = _stacks(of("cloudformation"), of("ec2"), secret)
    _broken(of("cloudformation"), of("s3"), of("ssm"), key)
    return Stage(endpoint, region, key, secret, stack)


def _broken(cloudformation: Any, s3: Any, ssm: Any, key: str) -> None:
    resources = parse(broken.DEPLOYED, "broken.yml").data["Resources"]
    policy = resources.pop("FilesPolicy")["Properties"]["PolicyDocument"]
    cloudformation.create_stack(
        StackName="shop",
        TemplateBody=json.dumps(
            {"Parameters": {"Key": {"Type": "String"}}, "Resources": resources}
        ),
        Parameters=[{"ParameterKey": "Key", "ParameterValue": key}],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    s3.put_bucket_policy(Bucket="shop-files", Policy=json.dumps(policy))
    ssm.put_parameter(Name="/shop/token", Type="SecureString", Value="very-secret-value")


_ROOT: Final = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
_ANYBODY: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": _ROOT, "Action": "ecr:BatchGetImage"}],
}


def _key(kms: Any) -> str:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": _ROOT, "Action": "kms:*", "Resource": "*"},
        ],
    }
    found = kms.create_key(Policy=json.dumps(policy), Tags=[{"TagKey": "team", "TagValue": "a"}])
    kms.create_alias(AliasName="alias/shop", TargetKeyId=found["KeyMetadata"]["KeyId"])
    return str(found["KeyMetadata"]["Arn"])


def _roles(iam: Any) -> None:
    limits = {"Version": "2012-10-17", "Statement": [_allow("*", "*")]}
    reads = {"Version": "2012-10-17", "Statement": [_allow("s3:GetObject", "arn:aws:s3:::other/*")]}
    boundary = iam.create_policy(
        PolicyName="boundary", Path="/limits/", PolicyDocument=json.dumps(limits)
    )["Policy"]["Arn"]
    managed = iam.create_policy(PolicyName="reads", PolicyDocument=json.dumps(reads))
    iam.create_role(
        RoleName="shared-execution",
        Path="/service/",
        AssumeRolePolicyDocument=json.dumps(TRUST),
        PermissionsBoundary=boundary,
    )
    for name in ("b", "a"):
        iam.put_role_policy(
            RoleName="shared-execution", PolicyName=name, PolicyDocument=json.dumps(reads)
        )
    for policy in (
        managed["Policy"]["Arn"],
        "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
    ):
        iam.attach_role_policy(RoleName="shared-execution", PolicyArn=policy)


def _allow(action: str, resource: str) -> dict[str, str]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def _bucket(s3: Any, region: str, key: str) -> None:
    s3.create_bucket(Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": region})
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:DeleteObject",
                "Resource": "arn:aws:s3:::artifacts/*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
    s3.put_bucket_policy(Bucket="artifacts", Policy=json.dumps(policy))
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    }
    s3.put_bucket_encryption(
        Bucket="artifacts", ServerSideEncryptionConfiguration={"Rules": [rule]}
    )
    s3.put_object(Bucket="artifacts", Key="new/web.env", Body=b"API_KEY=very-secret-value")


def _secrets(secretsmanager: Any, ssm: Any, key: str) -> str:
    ssm.put_parameter(
        Name="/copilot/shop/test/secrets/db",
        Type="SecureString",
        Value="very-secret-value",
        KeyId="alias/shop",
        Tags=[{"Key": "copilot-application", "Value": "shop"}],
    )
    found = secretsmanager.create_secret(
        Name="shop/db", SecretString="very-secret-value", KmsKeyId=key
    )
    return str(found["ARN"])


def _stacks(cloudformation: Any, ec2: Any, secret: str) -> str:
    subnet = ec2.describe_subnets()["Subnets"][0]
    groups = ec2.describe_security_groups()["SecurityGroups"]
    group = next(it["GroupId"] for it in groups if it["VpcId"] == subnet["VpcId"])
    ec2.create_vpc_endpoint(
        VpcId=subnet["VpcId"], ServiceName="com.amazonaws.eu-west-1.s3", VpcEndpointType="Gateway"
    )
    given = {"Password": "hunter2-given", "Subnet": subnet["SubnetId"], "Group": group}
    cloudformation.create_stack(
        StackName="shared",
        TemplateBody=SHARED,
        Parameters=[{"ParameterKey": "Secret", "ParameterValue": secret}],
    )
    cloudformation.create_stack(
        StackName="web-test",
        TemplateBody=DEPLOYED,
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    return "web-test"
