"""An app of the CDK with the plugin: how it is attached, what is granted, and its options."""

import sys

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam

from copilot_preflight.cdk import CopilotPreflight

outdir, attached, granted, *args = sys.argv[1:]
plugin = CopilotPreflight(args=args)
app = cdk.App(
    outdir=outdir,
    analytics_reporting=False,
    policy_validation_beta1=[plugin] if attached == "beta" else [],
    context={"aws:cdk:enable-path-metadata": True, "@aws-cdk/core:validationReportJson": True},
)
if attached == "validations":
    cdk.Validations.of(app).add_plugins(plugin)
stack = cdk.Stack(app, "Shop")
role = iam.Role(stack, "Starter", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
for action, resource in {
    "s3:GetObject": granted,
    "s3:GetBucketLocation": "arn:aws:s3:::config",
}.items():
    role.add_to_policy(iam.PolicyStatement(actions=[action], resources=[resource]))
ecs.CfnTaskDefinition(
    stack,
    "Task",
    execution_role_arn=role.role_arn,
    requires_compatibilities=["FARGATE"],
    network_mode="awsvpc",
    cpu="256",
    memory="512",
    container_definitions=[
        ecs.CfnTaskDefinition.ContainerDefinitionProperty(
            name="web",
            image="public.ecr.aws/nginx/nginx:1",
            environment_files=[
                ecs.CfnTaskDefinition.EnvironmentFileProperty(
                    type="s3", value="arn:aws:s3:::config/web.env"
                )
            ],
        )
    ],
)
app.synth()
