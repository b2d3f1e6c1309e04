"""Mutations of a stack with everything that launches tasks, and what must be found afterwards."""

from __future__ import annotations

from typing import Final

from tests.mutations.replacements import Mutation, allowed, denied, undetermined

_TASK: Final = (
    "!Sub 'arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/nightly"
)
_CLUSTER: Final = "!Sub 'arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster"
_WAIT: Final = (
    "!Sub 'arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/"
    "StepFunctionsGetEventsForECSTaskRule'"
)
_ASSUMED: Final = """
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          {Effect: Allow, Principal: {Service: %s.amazonaws.com}, Action: sts:AssumeRole}"""
_MAY: Final = f"""{_ASSUMED}
      Policies:
        - PolicyName: Run
          PolicyDocument:
            Version: '2012-10-17'
            Statement:"""

STACK: Final = f"""
Parameters:
  Stage: {{Type: String}}
  Other: {{Type: String}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Cluster: {{Type: AWS::ECS::Cluster, Properties: {{ClusterName: jobs}}}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: nightly
      ExecutionRoleArn: !GetAtt ExecutionRole.Arn
      TaskRoleArn: !GetAtt TaskRole.Arn
      ContainerDefinitions: [{{Name: web, Image: public.ecr.aws/shop/web}}]
  ExecutionRole:{_ASSUMED % "ecs-tasks"}
  TaskRole:{_ASSUMED % "ecs-tasks"}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      Targets:
        - Id: task
          Arn: !GetAtt Cluster.Arn
          RoleArn: !GetAtt RuleRole.Arn
          EcsParameters:  # of the rule
            LaunchType: FARGATE
            TaskDefinitionArn: !Ref Task
            TagList: [{{Key: app, Value: shop}}]
            PropagateTags: TASK_DEFINITION
  RuleRole:{_MAY % "events"}
              # as the CDK grants it
              - Effect: Allow
                Action: ecs:RunTask
                Resource: !Ref Task  # for the rule
                Condition: {{ArnEquals: {{'ecs:cluster': !GetAtt Cluster.Arn}}}}
              - Effect: Allow
                Action: ecs:TagResource
                Resource: !Sub 'arn:${{AWS::Partition}}:ecs:${{AWS::Region}}:*:task/${{Cluster}}/*'
              - {{Effect: Allow, Action: 'iam:PassRole', Resource: !GetAtt ExecutionRole.Arn}}
              - {{Effect: Allow, Action: 'iam:PassRole', Resource: !GetAtt TaskRole.Arn}}
  Schedule:
    Type: AWS::Scheduler::Schedule
    Properties:
      Target:
        Arn: !GetAtt Cluster.Arn
        RoleArn: !GetAtt ScheduleRole.Arn
        Input: '{{"containerOverrides": [{{"name": "web", "command": ["x"]}}]}}'
        EcsParameters: {{TaskDefinitionArn: {_TASK}', LaunchType: FARGATE}}
  ScheduleRole:{_MAY % "scheduler"}
              # as the console of EventBridge Scheduler grants it
              - Effect: Allow
                Action: ecs:RunTask
                Resource: [{_TASK}:*', {_TASK}']
                Condition: {{ArnLike: {{'ecs:cluster': {_CLUSTER}/${{Cluster}}'}}}}
              - Effect: Allow
                Action: iam:PassRole
                Resource: '*'
                Condition: {{StringLike: {{'iam:PassedToService': ecs-tasks.amazonaws.com}}}}
  Pipe:
    Type: AWS::Pipes::Pipe
    Properties:
      Target: !GetAtt Cluster.Arn
      RoleArn: !GetAtt PipeRole.Arn
      TargetParameters:
        EcsTaskParameters: {{TaskDefinitionArn: !Ref Task, LaunchType: FARGATE}}
  PipeRole:{_MAY % "pipes"}
              # as the policy of AWS's own for EventBridge grants it
              - {{Effect: Allow, Action: 'ecs:RunTask', Resource: '*'}}  # for the pipe
              - Effect: Allow
                Action: iam:PassRole
                Resource: '*'
                Condition: {{StringLike: {{'iam:PassedToService': 'ecs-tasks.*'}}}}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt MachineRole.Arn
      DefinitionSubstitutions: {{Cluster: !Ref Cluster, Task: nightly}}
      DefinitionString: |-
        {{"StartAt": "Run", "States": {{"Run": {{
          "Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "End": true,
          "Parameters": {{"Cluster": "${{Cluster}}", "LaunchType": "FARGATE",
            "TaskDefinition": "${{Task}}", "Group.$": "$$.Execution.Name"}}
        }}}}}}
  MachineRole:{_MAY % "states"}
              # as the guide of Step Functions grants it
              - {{Effect: Allow, Action: 'ecs:RunTask', Resource: {_TASK}:*'}}
              - {{Effect: Allow, Action: ['ecs:StopTask', 'ecs:DescribeTasks'], Resource: '*'}}
              - Effect: Allow
                Action: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule']
                Resource: {_WAIT}
              - Effect: Allow
                Action: iam:PassRole
                Resource: [!GetAtt ExecutionRole.Arn, !GetAtt TaskRole.Arn]  # for the machine
"""
"""Every launch is allowed; what may be asked for on account of propagated tags, too."""


RUN, TAG, PASS = "ecs:RunTask", "ecs:TagResource", "iam:PassRole"
_OF_RULE: Final = "Resource: !Ref Task  # for the rule"
_OF_PIPE: Final = "Action: 'ecs:RunTask', Resource: '*'}  # for the pipe"
_OF_MACHINE: Final = f"Action: 'ecs:RunTask', Resource: {_TASK}:*'}}"
_PASSED: Final = "Action: 'iam:PassRole', Resource: !GetAtt TaskRole.Arn}"
_PASSED_BY_MACHINE: Final = "Resource: [!GetAtt ExecutionRole.Arn, !GetAtt TaskRole.Arn]"
_ON_SCHEDULE: Final = f"TaskDefinitionArn: {_TASK}'"
_NAMED: Final = "Task: nightly}"
_AT: Final = "{'ecs:cluster': !GetAtt Cluster.Arn}"

_APART: Final = (
    "!Join ['', ['arn:', !Select [1, !Split [':', !Ref Task]], ':ecs:', !Select [3, !Split [':', "
    "!Ref Task]], ':', !Select [4, !Split [':', !Ref Task]], ':', !Select [0, !Split ['/', !Select "
    "[5, !Split [':', !Ref Task]]]], '/', !Select [1, !Split ['/', !Select [5, !Split [':', !Ref "
    "Task]]]], ':*']]"
)
"""The family of a task definition with all of its revisions, from its ARN."""

MUTATIONS: Final = (
    # the run
    denied(
        "another action",
        "Action: ecs:RunTask\n                Resource: !Ref Task  # for",
        "Action: ecs:StartTask\n                Resource: !Ref Task  # for",
        ("Rule", RUN),
    ),
    denied("another family", _OF_RULE, f"Resource: {_TASK}-2:*'", ("Rule", RUN)),
    denied("no revision", _OF_RULE, f"Resource: {_TASK}'", ("Rule", RUN)),
    denied(
        "no revision, by the family", _OF_MACHINE, _OF_MACHINE.replace(":*", ""), ("Machine", RUN)
    ),
    denied(
        "no revision, only that",
        f"Resource: [{_TASK}:*', {_TASK}']",
        f"Resource: {_TASK}'",
        ("Schedule", RUN),
    ),
    allowed("every revision, as the CDK takes its ARN apart", _OF_RULE, f"Resource: {_APART}"),
    denied(
        "no revision, as the CDK took its ARN apart",
        _OF_RULE,
        f"Resource: {_APART}".replace(", ':*'", ""),
        ("Rule", RUN),
    ),
    allowed("every revision", _OF_RULE, f"Resource: {_TASK}:*'"),
    allowed("every family", _OF_RULE, f"Resource: {_TASK.replace('nightly', '*')}'"),
    allowed("a beginning", _OF_RULE, f"Resource: {_TASK}*'"),
    allowed("a question mark too few is none", _OF_MACHINE, "Action: 'ecs:Run*', Resource: '*'}"),
    undetermined("a revision that may be it", _OF_RULE, f"Resource: {_TASK}:5'", "Rule"),
    undetermined(
        "a revision that may be the latest",
        _OF_MACHINE,
        f"Action: 'ecs:RunTask', Resource: {_TASK}:5'}}",
        "Machine",
    ),
    undetermined(
        "the template's own revision, by the family",
        _OF_MACHINE,
        "Action: 'ecs:RunTask', Resource: !Ref Task}",
        "Machine",
    ),
    allowed("a revision, of all that are granted", _NAMED, "Task: 'nightly:4'}"),
    Mutation(
        "another revision than is named",
        (
            (_NAMED, "Task: 'nightly:4'}"),
            (_OF_MACHINE, f"Action: 'ecs:RunTask', Resource: {_TASK}:3'}}"),
        ),
        (("Machine", RUN),),
    ),
    Mutation(
        "the revision that is named",
        (
            (_NAMED, "Task: 'nightly:4'}"),
            (_OF_MACHINE, f"Action: 'ecs:RunTask', Resource: {_TASK}:4'}}"),
        ),
    ),
    allowed("by the reference", _NAMED, "Task: !Ref Task}"),
    allowed("by the attribute", _NAMED, "Task: !GetAtt Task.TaskDefinitionArn}"),
    allowed("a schedule of one revision", _ON_SCHEDULE, f"TaskDefinitionArn: {_TASK}:7'"),
    undetermined("what nobody knows", _NAMED, "Task: !Ref Other}", "Machine"),
    Mutation(
        "what an execution says",
        (('"TaskDefinition": "${Task}"', '"TaskDefinition.$": "$.task"'),),
        open=("Machine",),
    ),
    undetermined("what JSONata says", '"${Task}"', '"{% $task %}"', "Machine"),
    # where it runs
    denied("another cluster", _AT, f"{{'ecs:cluster': {_CLUSTER}/x${{Cluster}}'}}", ("Rule", RUN)),
    allowed("any cluster", _AT, f"{{'ecs:cluster': {_CLUSTER}/*'}}"),
    denied("the cluster's name", _AT, "{'ecs:cluster': !Ref Cluster}", ("Rule", RUN)),
    undetermined("another key", _AT, "{'ecs:capacity-provider': 'x'}", "Rule"),
    allowed("the default cluster", '"Cluster": "${Cluster}", ', ""),
    Mutation(
        "the default cluster, and another one granted",
        (
            ('"Cluster": "${Cluster}", ', ""),
            (_OF_MACHINE, f"{_OF_MACHINE[:-1]}, Condition: {{ArnEquals: {_AT}}}}}"),
        ),
        (("Machine", RUN),),
    ),
    Mutation(
        "the cluster by its name",
        ((_OF_MACHINE, f"{_OF_MACHINE[:-1]}, Condition: {{ArnEquals: {_AT}}}}}"),),
    ),
    # the roles
    denied(
        "the task role is not passed",
        _PASSED,
        "Action: 'iam:GetRole', Resource: '*'}",
        ("Rule", PASS),
    ),
    denied(
        "another role is passed", _PASSED, _PASSED.replace("TaskRole", "RuleRole"), ("Rule", PASS)
    ),
    denied(
        "the execution role is not passed",
        _PASSED_BY_MACHINE,
        "Resource: !GetAtt TaskRole.Arn",
        ("Machine", PASS),
    ),
    denied("to another service", "'ecs-tasks.*'", "ecs.amazonaws.com", ("Pipe", f"{PASS} {PASS}")),
    allowed(
        "roles by a pattern",
        _PASSED,
        "Action: 'iam:Pass*', Resource: !Sub 'arn:*:iam::${AWS::AccountId}:role/*'}",
    ),
    allowed(
        "outside of Fargate",
        "EcsParameters:  # of the rule\n            LaunchType: FARGATE",
        "EcsParameters:\n            LaunchType: EC2",
    ),
    Mutation(
        "outside of Fargate, without the task role",
        (
            (
                "EcsParameters:  # of the rule\n            LaunchType: FARGATE",
                "EcsParameters:\n            LaunchType: EC2",
            ),
            (_PASSED, "Action: 'iam:GetRole', Resource: '*'}"),
        ),
        open=("Rule",),
    ),
    Mutation(
        "no task role",
        (
            ("      TaskRoleArn: !GetAtt TaskRole.Arn\n", ""),
            (_PASSED, "Action: 'iam:GetRole', Resource: '*'}"),
        ),
    ),
    Mutation(
        "a task role under a condition",
        (
            (
                "TaskRoleArn: !GetAtt TaskRole.Arn",
                "TaskRoleArn: !If [IsProd, !GetAtt TaskRole.Arn, !Ref AWS::NoValue]",
            ),
            (_PASSED, "Action: 'iam:GetRole', Resource: '*'}"),
        ),
        (("Rule", PASS),),
    ),
    Mutation(
        "a grant under a condition",
        (
            (
                f"- {{Effect: Allow, {_PASSED}",
                "- !If [IsProd, {Effect: Allow, Action: 'iam:PassRole', "
                "Resource: !GetAtt TaskRole.Arn}, !Ref AWS::NoValue]",
            ),
        ),
        (("Rule", PASS),),
    ),
    Mutation(
        "an overridden role that is not passed",
        (
            (
                '"Group.$": "$$.Execution.Name"',
                '"Overrides": {"TaskRoleArn": "arn:aws:iam::111122223333:role/of/x"}',
            ),
        ),
        (("Machine", PASS),),
    ),
    Mutation(
        "overrides of an execution",
        (
            ('"Group.$": "$$.Execution.Name"', '"Overrides.$": "$.overrides"'),
            (_PASSED_BY_MACHINE, "Resource: !GetAtt TaskRole.Arn"),
        ),
    ),
    Mutation(
        "a role in the input",
        (
            ('{"containerOverrides":', '{"taskRoleArn": "arn:aws:iam::111122223333:role/x", "x":'),
            ("'iam:PassedToService': ecs-tasks.amazonaws.com", "'iam:PassedToService': x"),
        ),
    ),
    # tags
    denied("no tags", "Action: ecs:TagResource", "Action: ecs:UntagResource", ("Rule", TAG)),
    denied("tags of another cluster's tasks", "*:task/${Cluster}/*'", "*:task/x/*'", ("Rule", TAG)),
    allowed(
        "tags of what is made",
        "Action: ecs:TagResource\n",
        "Action: ecs:TagResource\n                Condition: {StringEquals: "
        "{'ecs:CreateAction': [RunTask, StartTask]}}\n",
    ),
    denied(
        "tags of what is made by others",
        "Action: ecs:TagResource\n",
        "Action: ecs:TagResource\n                Condition: {StringEquals: "
        "{'ecs:CreateAction': CreateCluster}}\n",
        ("Rule", TAG),
    ),
    Mutation(
        "tags that are propagated",
        (
            ("            TagList: [{Key: app, Value: shop}]\n", ""),
            ("Action: ecs:TagResource", "Action: ecs:UntagResource"),
        ),
        open=("Rule",),
    ),
    Mutation(
        "no tags at all",
        (
            ("            TagList: [{Key: app, Value: shop}]\n", ""),
            ("            PropagateTags: TASK_DEFINITION\n", ""),
            ("Action: ecs:TagResource", "Action: ecs:UntagResource"),
        ),
    ),
    # waiting
    denied("no rule to wait for", "'events:PutRule', ", "", ("Machine", "events:PutRule")),
    denied(
        "another rule to wait for",
        _WAIT,
        _WAIT.replace("ECSTask", "BatchJobs"),
        ("Machine", "events:PutTargets events:PutRule events:DescribeRule"),
    ),
    Mutation(
        "not waiting",
        ((_WAIT, _WAIT.replace("ECSTask", "BatchJobs")), ("runTask.sync", "runTask")),
    ),
    Mutation(
        "waiting for a token",
        (
            (_WAIT, _WAIT.replace("ECSTask", "BatchJobs")),
            ("runTask.sync", "runTask.waitForTaskToken"),
        ),
    ),
    allowed("nobody stops it", "'ecs:StopTask', 'ecs:DescribeTasks'", "'ecs:ListTasks'"),
    # by the SDK
    Mutation(
        "by the SDK",
        (
            (":::ecs:runTask.sync", ":::aws-sdk:ecs:runTask"),
            (_OF_MACHINE, _OF_MACHINE.replace(":*", "")),
        ),
        (("Machine", RUN),),
    ),
    allowed("another call of the SDK", ":::ecs:runTask.sync", ":::aws-sdk:ecs:listTasks"),
    Mutation(
        "a schedule by the SDK",
        (
            (
                "Arn: !GetAtt Cluster.Arn\n        RoleArn: !GetAtt Sch",
                "Arn: arn:aws:scheduler:::aws-sdk:ecs:runTask\n        RoleArn: !GetAtt Sch",
            ),
            (
                '{"containerOverrides": [{"name": "web", "command": ["x"]}]}',
                '{"TaskDefinition": "daily", "Cluster": "x"}',
            ),
            (f"EcsParameters: {{{_ON_SCHEDULE}, LaunchType: FARGATE}}", "Id: x"),
        ),
        (("Schedule", RUN),),
    ),
    # whose role
    denied("no role", "          RoleArn: !GetAtt RuleRole.Arn\n", "", ("Rule", "")),
    denied(
        "no role under a condition",
        "RoleArn: !GetAtt RuleRole.Arn",
        "RoleArn: !If [IsProd, !GetAtt RuleRole.Arn, !Ref AWS::NoValue]",
        ("Rule", ""),
    ),
    Mutation(
        "AWS's own policy for rules",
        (
            (
                "Action: ecs:RunTask\n                Resource: !Ref Task  # for",
                "Action: sqs:*\n                Resource: !Ref Task  # for",
            ),
            (_PASSED, "Action: 'iam:GetRole', Resource: '*'}"),
            (
                "  RuleRole:\n    Type: AWS::IAM::Role\n    Properties:\n",
                "  RuleRole:\n    Type: AWS::IAM::Role\n    Properties:\n      ManagedPolicyArns: "
                "['arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceEventsRole']\n",
            ),
        ),
    ),
    Mutation(
        "AWS's own policy for EventBridge",
        (
            (_WAIT, _WAIT.replace("ECSTask", "BatchJobs")),
            (
                "  MachineRole:\n    Type: AWS::IAM::Role\n    Properties:\n",
                "  MachineRole:\n    Type: AWS::IAM::Role\n    Properties:\n"
                "      ManagedPolicyArns: "
                "['arn:aws:iam::aws:policy/AmazonEventBridgeFullAccess']\n",
            ),
        ),
    ),
    undetermined(
        "a role of somewhere else", "RoleArn: !GetAtt RuleRole.Arn", "RoleArn: !Ref Other", "Rule"
    ),
    Mutation(
        "the role of the rule itself",
        (
            ("          RoleArn: !GetAtt RuleRole.Arn\n", ""),
            ("      Targets:\n", "      RoleArn: !GetAtt RuleRole.Arn\n      Targets:\n"),
        ),
    ),
    Mutation(
        "a role for one state",
        (
            ('"End": true', '"Credentials": {"RoleArn": "x"}, "End": true'),
            (_OF_MACHINE, _OF_MACHINE.replace(":*", "")),
        ),
    ),
    Mutation(
        "a state machine of SAM",
        (
            ("Type: AWS::StepFunctions::StateMachine", "Type: AWS::Serverless::StateMachine"),
            ("      RoleArn: !GetAtt MachineRole.Arn", "      Role: !GetAtt MachineRole.Arn"),
            ("      DefinitionString: |-\n", "      Definition:\n"),
            (_OF_MACHINE, _OF_MACHINE.replace(":*", "")),
        ),
        (("Machine", RUN),),
    ),
    Mutation(
        "a state machine of SAM whose role SAM writes",
        (
            ("Type: AWS::StepFunctions::StateMachine", "Type: AWS::Serverless::StateMachine"),
            ("      RoleArn: !GetAtt MachineRole.Arn\n", ""),
            ("      DefinitionString: |-\n", "      Definition:\n"),
        ),
    ),
)
"""Errors are by the logical ids of the launches, with what is denied."""
