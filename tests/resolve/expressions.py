"""Expressions, resolved in a template that has a bit of everything."""

from __future__ import annotations

from collections.abc import Mapping

from tests import stacks

from copilot_preflight.base.symbolic import Text
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.scenario import ANY, Scenario
from copilot_preflight.resolve.stack import Stack

TEMPLATE = """
Parameters:
  App: {Type: String}
  Env: {Type: String, Default: test}
  Optional: {Type: String, Default: ''}
  Port: {Type: Number, Default: 8080}
  Debug: {Type: String, Default: true}
  Secret: {Type: String, NoEcho: true}
  Names: {Type: CommaDelimitedList, Default: 'a, b,c'}
  OpenNames: {Type: CommaDelimitedList}
  Subnets: {Type: 'List<AWS::EC2::Subnet::Id>'}
  Ami: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /path/of/the/parameter}
  Amis: {Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: /path}
  SsmName: {Type: 'AWS::SSM::Parameter::Name', Default: /x}
  Size: {Type: String, AllowedValues: [small, large]}
  Only: {Type: String, AllowedValues: [one]}
Conditions:
  IsProd: !Equals [!Ref App, prod]
  IsTest: !Equals [!Ref Env, test]
Mappings:
  Regions:
    eu-west-1: {Bucket: data-eu, Port: 80, Names: [x, y]}
    us-east-1: {Bucket: data-us, Port: 81, Names: [z]}
  Included:
    Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/k}}
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Named: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub 'data-${Env}'}}
  Given: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref App}}
  Chosen: {Type: AWS::S3::Bucket, Properties: {BucketName: !If [IsProd, live, play]}}
  Optional1: {Type: AWS::S3::Bucket, Properties: {BucketName: !If [IsTest, !Ref AWS::NoValue, x]}}
  Role: {Type: AWS::IAM::Role}
  PathRole: {Type: AWS::IAM::Role, Properties: {Path: /service/, RoleName: worker}}
  Policy: {Type: AWS::IAM::ManagedPolicy, Properties: {Path: /a/}}
  Key: {Type: AWS::KMS::Key}
  Alias: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/app, TargetKeyId: !Ref Key}}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /ecs/app}}
  Parameter: {Type: AWS::SSM::Parameter, Properties: {Name: /app/token}}
  SecretValue: {Type: AWS::SecretsManager::Secret, Properties: {Name: app/token}}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: news}}
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}
  Custom: {Type: Custom::Thing}
  AddonsStack: {Type: AWS::CloudFormation::Stack}
"""


def stack(
    text: str = TEMPLATE,
    parameters: Mapping[str, str] | None = None,
    pseudo: Mapping[str, str] | None = None,
    run: Run | None = None,
    file: str = "t.yml",
) -> Stack:
    return stacks.stack(text, parameters, pseudo, run, file)


def resolve(
    expression: str,
    parameters: Mapping[str, str] | None = None,
    pseudo: Mapping[str, str] | None = None,
    scenario: Scenario = ANY,
) -> Text:
    """What an expression, in YAML, stands for in the template above."""
    raw = parse(f"Value: {expression}", "e.yml").data["Value"]
    resolver = stack(parameters=parameters, pseudo=pseudo).resolver(scenario)
    return resolver.text(raw, ("Value",))


KNOWN = {"AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333"}
