"""Mutations of what holds a grant back: Deny statements and conditions of both kinds."""

from __future__ import annotations

from typing import Final

from tests.mutations.edits import (
    OFF,
    ON,
    adds,
    condition,
    conditioned,
    effect,
    has_key,
    has_no_key,
    if_also,
    is_alone,
    is_copilot,
    is_first,
    is_one_of_many,
    is_pinned,
    parameter,
    reads,
    resource,
    statement,
    states,
    under,
)
from tests.mutations.harness import ALL, NONE, OTHERS, EnvFile, Finds, Mutation, Site, Stack


def refused(related: str = "deny", *, every_file: bool = False) -> tuple[Finds, ...]:
    return (Finds("E9766", "value", "explicit-deny", related, every_file=every_file),)


def switched_off(name: str, related: str = "grant") -> tuple[Finds, ...]:
    return (Finds("E9711", "value", "condition-off", related, says=f"condition '{name}'"),)


UNDETERMINED: Final = (Finds("I9790", "value"),)


def deny(rest: str) -> str:
    return f"- {{Effect: Deny, {rest}}} #deny"


DENIES: Final = (
    Mutation("the grant flipped to Deny", (effect("Deny"),), refused("grant"), blind=True),
    Mutation(
        "a Deny on the file",
        (adds(deny("Action: s3:GetObject, Resource: '<object>'")),),
        refused(),
    ),
    Mutation(
        "a Deny on the file by its parameter",
        (adds(deny("Action: s3:GetObject, Resource: <value>")),),
        refused(),
        blind=True,
        where=is_copilot,
    ),
    Mutation(
        "a Deny in front of the grant",
        (
            lambda site: site.before(
                site.file.read.block, deny("Action: s3:Get*, Resource: '<object>'")
            ),
        ),
        refused(),
    ),
    Mutation(
        "a Deny of all of S3 on everything",
        (statement(deny("Action: s3:*, Resource: '*'")),),
        refused(every_file=True),
        pinned=NONE,
        where=is_first,
        blind=True,
    ),
    Mutation(
        "a Deny in other letters",
        (statement(deny("Action: S3:GETOBJECT, Resource: '*'")),),
        refused(every_file=True),
        pinned=NONE,
        where=is_first,
        blind=True,
    ),
    Mutation(
        "a Deny of everything but logs",
        (statement(deny("NotAction: 'logs:*', Resource: '*'")),),
        refused(every_file=True),
        pinned=NONE,
        where=lambda stack, file: is_first(stack, file) and has_no_key(stack, file),
    ),
    Mutation(
        "a Deny of everything but logs, decryption included",
        (statement(deny("NotAction: 'logs:*', Resource: '*'")),),
        refused(every_file=True),
        pinned=NONE,
        where=lambda stack, file: is_first(stack, file) and has_key(stack, file),
    ),
    Mutation(
        "a Deny on everything but another bucket",
        (statement(deny("Action: s3:GetObject, NotResource: 'arn:aws:s3:::elsewhere/*'")),),
        refused(every_file=True),
        pinned=NONE,
        where=is_first,
    ),
    Mutation(
        "a Deny on everything but the file's bucket",
        (statement(deny("Action: s3:GetObject, NotResource: '<bucket>/*'")),),
        pinned=ALL,
        where=lambda stack, _file: len({file.bucket for file in stack.files}) == 1,
    ),
    Mutation(
        "a Deny on the other files of the bucket",
        (statement(deny("Action: s3:GetObject, NotResource: '<object>'")),),
        pinned=ALL,
        where=lambda stack, _file: len(stack.files) == 1,
    ),
    Mutation(
        "a Deny of another action",
        (adds(deny("Action: s3:PutObject, Resource: '*'")),),
        pinned=ALL,
    ),
    Mutation(
        "a Deny on another hash",
        (adds(deny("Action: s3:GetObject, Resource: '<stale>'")),),
        pinned=ALL,
        where=is_pinned,
    ),
    Mutation(
        "a Deny on another bucket",
        (adds(deny("Action: s3:*, Resource: 'arn:aws:s3:::elsewhere/*'")),),
        pinned=ALL,
    ),
    Mutation(
        "a Deny of GetObject on the bucket",
        (adds("- {Effect: Deny, Action: s3:GetObject, Resource: \n  '<bucket>'} #dead"),),
        (Finds("E9751", "dead"),),
        pinned=ALL,
    ),
    Mutation(
        "a Deny of GetBucketLocation",
        (adds(deny("Action: s3:GetBucketLocation, Resource: '<bucket>'")),),
        (Finds("W9714", "value", "explicit-deny", "deny"),),
        pinned=ALL,
        where=is_alone,
    ),
    Mutation(
        "a Deny in a policy of its own",
        (
            resource(
                """
                Refusal:
                  Type: AWS::IAM::Policy
                  Properties:
                    PolicyName: refusal
                    Roles: [!Ref <role>]
                    PolicyDocument:
                      Statement: {Effect: Deny, Action: s3:GetObject, Resource: '<object>'} #deny
                """
            ),
        ),
        refused(),
    ),
    Mutation(
        "a Deny in a managed policy of the template",
        (
            resource(
                """
                Refusal:
                  Type: AWS::IAM::ManagedPolicy
                  Properties:
                    Roles: [!Ref <role>]
                    PolicyDocument:
                      Statement:
                        - Effect: Deny #deny
                          Action: s3:GetObject
                          Resource: '<object>'
                """
            ),
        ),
        refused(),
    ),
    Mutation(
        "a Deny for the task role",
        (
            resource(
                """
                Refusal:
                  Type: AWS::IAM::Policy
                  Properties:
                    PolicyName: refusal
                    Roles: [!Ref <task role>]
                    PolicyDocument:
                      Statement: {Effect: Deny, Action: s3:*, Resource: '*'}
                """
            ),
        ),
        pinned=ALL,
        where=is_first,
    ),
    Mutation(
        "a Deny with the grant moved to it",
        (states("- {Effect: Deny, Action: s3:*, Resource: '<bucket>/*'} #deny"),),
        refused(),
        where=is_alone,
    ),
)


def denied_if(block: str) -> str:
    return deny(f"Action: s3:GetObject, Resource: '<object>', Condition: {block}")


def denies_if(name: str, block: str, verdict: str) -> Mutation:
    """A Deny under a condition of IAM: ``verdict`` says what becomes of it."""
    finds = {"holds": refused(), "fails": (), "open": UNDETERMINED}[verdict]
    pinned = ALL if verdict == "fails" else OTHERS
    return Mutation(f"a Deny if {name}", (adds(denied_if(block)),), finds, pinned)


def allows_if(name: str, block: str, verdict: str) -> Mutation:
    """The grant under a condition of IAM."""
    finds = {
        "holds": (),
        "fails": (Finds("E9711", "value"),),
        "open": UNDETERMINED,
    }[verdict]
    pinned = ALL if verdict == "holds" else OTHERS
    return Mutation(f"the grant if {name}", (if_also(f"Condition: {block}"),), finds, pinned)


ROLE_ARN: Final = "!GetAtt <role>.Arn"

IAM_CONDITIONS: Final = (
    denies_if("not by TLS", "{Bool: {aws:SecureTransport: false}}", "fails"),
    denies_if("not by TLS, quoted", "{Bool: {'aws:SecureTransport': 'false'}}", "fails"),
    denies_if(
        "not by TLS, with IfExists", "{BoolIfExists: {aws:SecureTransport: 'false'}}", "fails"
    ),
    denies_if("by TLS", "{Bool: {aws:SecureTransport: true}}", "holds"),
    denies_if("from elsewhere", "{NotIpAddress: {aws:SourceIp: 10.0.0.0/8}}", "open"),
    denies_if("through another endpoint", "{StringNotEquals: {aws:SourceVpce: vpce-1}}", "open"),
    denies_if("the role is tagged", "{StringEquals: {aws:PrincipalTag/team: other}}", "open"),
    denies_if("the object is tagged", "{StringEquals: {s3:ExistingObjectTag/x: y}}", "open"),
    denies_if("in another region", "{StringNotEquals: {aws:RequestedRegion: eu-west-3}}", "open"),
    denies_if("another role asks", f"{{ArnNotLike: {{aws:PrincipalArn: {ROLE_ARN}}}}}", "fails"),
    denies_if("this role asks", f"{{ArnLike: {{aws:PrincipalArn: {ROLE_ARN}}}}}", "holds"),
    denies_if(
        "this role asks, by name", f"{{StringEquals: {{aws:PrincipalArn: {ROLE_ARN}}}}}", "holds"
    ),
    denies_if("it is old", "{DateLessThan: {aws:CurrentTime: '2020-01-01T00:00:00Z'}}", "open"),
    denies_if(
        "one of two conditions fails",
        "{Bool: {aws:SecureTransport: false}, StringEquals: {aws:PrincipalTag/team: x}}",
        "fails",
    ),
    denies_if(
        "one of two conditions is open",
        "{Bool: {aws:SecureTransport: true}, StringEquals: {aws:PrincipalTag/team: x}}",
        "open",
    ),
    denies_if(
        "an upload is not encrypted",
        "{StringNotEquals: {s3:x-amz-server-side-encryption: aws:kms}}",
        "holds",
    ),
    denies_if("a listing names another folder", "{StringNotLike: {s3:prefix: home/*}}", "holds"),
    denies_if("without MFA", "{BoolIfExists: {aws:MultiFactorAuthPresent: false}}", "holds"),
    denies_if("with MFA", "{Bool: {aws:MultiFactorAuthPresent: true}}", "fails"),
    denies_if("MFA was possible", "{Bool: {aws:MultiFactorAuthPresent: false}}", "open"),
    allows_if("by TLS", "{Bool: {aws:SecureTransport: true}}", "holds"),
    allows_if("by TLS, in another case", "{bool: {AWS:SecureTransport: 'true'}}", "holds"),
    allows_if("not by TLS", "{Bool: {aws:SecureTransport: false}}", "fails"),
    allows_if("this role asks", f"{{ArnEquals: {{aws:PrincipalArn: {ROLE_ARN}}}}}", "holds"),
    allows_if(
        "the account is right", "{StringEquals: {aws:ResourceAccount: '111122223333'}}", "open"
    ),
    allows_if("the object is tagged", "{StringEquals: {s3:ExistingObjectTag/x: y}}", "open"),
    allows_if("a listing names the file", "{StringLike: {s3:prefix: '*'}}", "fails"),
    allows_if("with MFA", "{Bool: {aws:MultiFactorAuthPresent: true}}", "fails"),
    allows_if("through an endpoint", "{StringEquals: {aws:SourceVpce: vpce-1}}", "open"),
    allows_if("an unknown operator holds", "{StringResembles: {aws:PrincipalArn: x}}", "open"),
)


NEGATED: Final = condition("HasNoEnvFile: !Not [!Condition <condition>]")
AGAIN: Final = condition("HasEnvFileAgain: !And [!Condition <condition>, !Condition <condition>]")
ANEW: Final = condition("HasEnvFileAnew: !Not [!Equals ['', <value>]]")


def other(stack: Stack, file: EnvFile) -> EnvFile:
    return next(f for f in stack.files if f is not file)


def under_the_others(site: Site) -> None:
    """Puts the grant under the condition of another container's file."""
    conditioned(other(site.stack, site.file).condition)(site)


def without_the_others(site: Site) -> None:
    """Leaves every other file of the stack out."""
    for file in site.stack.files:
        if file is not site.file:
            site.parameters[file.said.removeprefix("!Ref ")] = ""


def many_copilot(stack: Stack, file: EnvFile) -> bool:
    return is_copilot(stack, file) and is_one_of_many(stack, file)


TEMPLATE_CONDITIONS: Final = (
    Mutation(
        "under a condition that is off", (OFF, under("GrantIsOff")), switched_off("GrantIsOff")
    ),
    Mutation(
        "in the else branch of a condition that holds",
        (ON, under("GrantIsOn", otherwise=True)),
        switched_off("GrantIsOn"),
    ),
    Mutation(
        "under another condition that is off, alone",
        (OFF, conditioned("GrantIsOff")),
        switched_off("GrantIsOff"),
    ),
    Mutation(
        "under the condition of another file that is left out",
        (under_the_others, without_the_others),
        (Finds("E9711", "value", "condition-off", "grant"),),
        pinned=NONE,
        where=many_copilot,
    ),
    Mutation(
        "under the condition of another file that is there",
        (under_the_others,),
        pinned=ALL,
        where=many_copilot,
    ),
    Mutation(
        "under the condition of the addons, which are not there",
        (conditioned("HasAddons"),),
        switched_off("HasAddons"),
        where=lambda stack, _file: stack.parameters.get("AddonsTemplateURL") == "",
    ),
    Mutation(
        "under the negated condition",
        (NEGATED, conditioned("HasNoEnvFile")),
        switched_off("HasNoEnvFile"),
        blind=True,
    ),
    Mutation(
        "under the condition and its negation",
        (NEGATED, under("HasNoEnvFile")),
        switched_off("HasNoEnvFile"),
        where=is_copilot,
        blind=True,
    ),
    Mutation(
        "under the condition spelt anew",
        (ANEW, conditioned("HasEnvFileAnew")),
        pinned=ALL,
        blind=True,
    ),
    Mutation(
        "under the condition by way of another",
        (AGAIN, conditioned("HasEnvFileAgain")),
        pinned=ALL,
        blind=True,
    ),
    Mutation(
        "twice under the condition",
        (under("<condition>"),),
        pinned=ALL,
        where=is_copilot,
        blind=True,
    ),
    Mutation(
        "three times under conditions that hold",
        (
            ON,
            under("GrantIsOn"),
        ),
        pinned=ALL,
    ),
    Mutation(
        "under a condition on a parameter without a value",
        (
            parameter("GrantIt"),
            condition("Granted: !Equals [!Ref GrantIt, 'yes']"),
            under("Granted"),
        ),
        (Finds("E9711", "value", "condition-off", "grant", says="when"),),
        pinned=ALL,
    ),
    Mutation(
        "an Effect that is Deny by a condition",
        (effect("!If [<condition>, Deny, Allow]"),),
        refused("grant"),
        where=is_copilot,
        blind=True,
    ),
    Mutation(
        "an Effect that is Allow by a condition",
        (effect("!If [<condition>, Allow, Deny]"),),
        pinned=ALL,
        where=is_copilot,
        blind=True,
    ),
    Mutation(
        "under a condition that is off, within one that is on",
        (OFF, ON, conditioned("GrantIsOff"), under("GrantIsOn")),
        switched_off("GrantIsOff"),
    ),
    Mutation(
        "within a condition that is off",
        (OFF, ON, conditioned("GrantIsOn"), under("GrantIsOff")),
        switched_off("GrantIsOff"),
    ),
    Mutation(
        "a resource that a condition chooses rightly",
        (reads("!If [<condition>, <value>, 'arn:aws:s3:::elsewhere/*']"),),
        (Finds("W9713", "new"),),
        where=is_copilot,
    ),
    Mutation(
        "a resource that a condition chooses wrongly",
        (reads("!If [<condition>, 'arn:aws:s3:::elsewhere/*', <value>]"),),
        (Finds("E9711", "value", related="new"),),
        where=is_copilot,
    ),
    Mutation(
        "a resource that a condition leaves out",
        (OFF, reads("!If [GrantIsOff, <value>, !Ref AWS::NoValue]", "'arn:aws:s3:::other/*'")),
        (Finds("E9711", "value", "condition-off", says="'GrantIsOff'"),),
    ),
    Mutation(
        "a Deny under a condition that is off",
        (
            OFF,
            adds(
                """
                - !If
                  - GrantIsOff
                  - {Effect: Deny, Action: s3:*, Resource: '*'}
                  - !Ref AWS::NoValue
                """
            ),
        ),
        pinned=ALL,
    ),
    Mutation(
        "a Deny under a condition that is on",
        (
            ON,
            adds(
                """
                - !If
                  - GrantIsOn
                  - {Effect: Deny, Action: s3:*, Resource: '<object>'} #deny
                  - !Ref AWS::NoValue
                """
            ),
        ),
        refused(),
    ),
    Mutation(
        "an action behind a parameter without a value",
        (parameter("Act"), adds("- {Effect: Deny, Action: !Ref Act, Resource: '<object>'}")),
        UNDETERMINED,
    ),
    Mutation(
        "an action behind a parameter",
        (
            parameter("Act", "s3:GetObject"),
            adds(deny("Action: !Ref Act, Resource: '<object>'")),
        ),
        refused(),
    ),
)

MUTATIONS: Final = (*DENIES, *IAM_CONDITIONS, *TEMPLATE_CONDITIONS)
