"""Mutations of the policies that deny whatever a role is granted.

Bucket and key policies, permissions boundaries, VPC endpoints and the organization's policies, in
the template that holds the bucket and the key itself.
"""

from __future__ import annotations

from typing import Final

from tests.mutations.edits import (
    drop_policy,
    into,
    is_first,
    resource,
    rewrite,
    role_property,
    statement,
)
from tests.mutations.harness import Edit, Finds, Mutation, Site, bucket_stack

OBJECTS: Final = "!Sub '${Files.Arn}/*'"
ROLE: Final = "!GetAtt <role>.Arn"
OTHER_ROLE: Final = "!GetAtt <task role>.Arn"
ROOT: Final = "!Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:root'"
THEIRS: Final = "'arn:aws:iam::111122223333:role/admin'"

UNDECIDED: Final = (Finds("I9790", "value", every_file=True),)


def denied(rule: str, cause: str, related: str, says: str = "") -> tuple[Finds, ...]:
    return (Finds(rule, "value", cause, related, every_file=True, says=says),)


# --- bucket policies ------------------------------------------------------------------------------


def by_bucket(says: str = "") -> tuple[Finds, ...]:
    return denied("E9761", "bucket-policy", "deny", says)


EXCEPTED: Final = "does not except the role"


def refuses(name: str, rest: str, finds: tuple[Finds, ...] = ()) -> Mutation:
    """A Deny statement of the bucket's policy."""
    edit = into("FilesPolicy", "Statement:", f"- {{Effect: Deny, {rest}}} #deny")
    return Mutation(f"the bucket's policy denies {name}", (edit,), finds, where=is_first)


def unless(name: str, block: str, finds: tuple[Finds, ...] = ()) -> Mutation:
    """A Deny of everybody but those that a condition excepts."""
    rest = f"Principal: '*', Action: s3:*, Resource: {OBJECTS}, Condition: {block}"
    return refuses(f"all {name}", rest, finds)


def but(name: str, principals: str, finds: tuple[Finds, ...] = ()) -> Mutation:
    """A Deny of everybody whom NotPrincipal does not list."""
    rest = f"NotPrincipal: {{AWS: {principals}}}, Action: s3:*, Resource: {OBJECTS}"
    return refuses(f"all whom NotPrincipal does not list, {name}", rest, finds)


BUCKET_POLICY: Final = (
    refuses("everybody", f"Principal: '*', Action: s3:GetObject, Resource: {OBJECTS}", by_bucket()),
    refuses(
        "everybody, as AWS",
        f"Principal: {{AWS: '*'}}, Action: s3:Get*, Resource: {OBJECTS}",
        by_bucket(),
    ),
    refuses("everything", "Principal: '*', Action: '*', Resource: '*'", by_bucket("'FilesPolicy'")),
    refuses("the role", f"Principal: {{AWS: {ROLE}}}, Action: s3:*, Resource: '*'", by_bucket()),
    refuses("the account", f"Principal: {{AWS: {ROOT}}}, Action: s3:*, Resource: '*'", by_bucket()),
    refuses(
        "all but uploads",
        "Principal: '*', NotAction: s3:PutObject, Resource: '*'",
        by_bucket(),
    ),
    refuses(
        "all but the logs",
        "Principal: '*', Action: s3:GetObject, NotResource: !Sub '${Logs.Arn}/*'",
        by_bucket(),
    ),
    refuses(
        "location alone",
        "Principal: '*', Action: s3:GetBucketLocation, Resource: !GetAtt Files.Arn",
        (Finds("W9714", "value", "bucket-policy", "deny", every_file=True),),
    ),
    refuses("the task role", f"Principal: {{AWS: {OTHER_ROLE}}}, Action: s3:*, Resource: '*'"),
    refuses("a service", "Principal: {Service: a.amazonaws.com}, Action: s3:*, Resource: '*'"),
    refuses("uploads", "Principal: '*', Action: s3:PutObject, Resource: '*'"),
    refuses("other files", "Principal: '*', Action: s3:*, Resource: !Sub '${Files.Arn}/x/*'"),
    refuses(
        "a role elsewhere",
        f"Principal: {{AWS: {THEIRS}}}, Action: s3:*, Resource: '*'",
        UNDECIDED,
    ),
    unless("by TLS", "{Bool: {aws:SecureTransport: true}}", by_bucket("Bool aws:SecureTransport")),
    unless("without TLS", "{Bool: {aws:SecureTransport: 'false'}}"),
    unless("without new TLS", "{NumericLessThan: {s3:TlsVersion: 1.2}}", UNDECIDED),
    unless("but the role", f"{{ArnNotEquals: {{aws:PrincipalArn: {ROLE}}}}}"),
    unless("but the role, by name", f"{{StringNotEquals: {{aws:PrincipalArn: {ROLE}}}}}"),
    unless("but both roles", f"{{ArnNotLike: {{aws:PrincipalArn: [{OTHER_ROLE}, {ROLE}]}}}}"),
    unless(
        "but every role",
        "{ArnNotLike: {aws:PrincipalArn: 'arn:*:iam::*:role/*'}}",
    ),
    unless(
        "but the task role",
        f"{{ArnNotEquals: {{aws:PrincipalArn: {OTHER_ROLE}}}}}",
        by_bucket(f"ArnNotEquals aws:PrincipalArn {EXCEPTED}"),
    ),
    unless(
        "but the task role, by name",
        f"{{StringNotEquals: {{aws:PrincipalArn: {OTHER_ROLE}}}}}",
        by_bucket(EXCEPTED),
    ),
    unless(
        "but users",
        "{ArnNotLike: {aws:PrincipalArn: 'arn:*:iam::*:user/*'}}",
        by_bucket(EXCEPTED),
    ),
    unless("but a role elsewhere", f"{{ArnNotEquals: {{aws:PrincipalArn: {THEIRS}}}}}", UNDECIDED),
    unless(
        "but this account",
        "{StringNotEquals: {aws:PrincipalAccount: !Ref AWS::AccountId}}",
    ),
    unless(
        "but an account",
        "{StringNotEquals: {aws:PrincipalAccount: '111122223333'}}",
        UNDECIDED,
    ),
    unless("but an organization", "{StringNotEquals: {aws:PrincipalOrgID: o-1}}", UNDECIDED),
    unless("from elsewhere", "{NotIpAddress: {aws:SourceIp: 10.0.0.0/8}}", UNDECIDED),
    unless("through other endpoints", "{StringNotEquals: {aws:SourceVpce: vpce-1}}", UNDECIDED),
    unless("from other networks", "{StringNotEquals: {aws:SourceVpc: vpc-1}}", UNDECIDED),
    unless("of old objects", "{StringEquals: {s3:ExistingObjectTag/old: 'yes'}}", UNDECIDED),
    but("the task role", f"[{OTHER_ROLE}]", by_bucket("NotPrincipal does not list the role")),
    but("the role and its account", f"[{ROLE}, {ROOT}]"),
    but("the role, not its account", f"[{ROLE}]", UNDECIDED),
    Mutation(
        "the bucket's policy denies under a condition that is off",
        (
            into(
                "FilesPolicy",
                "Statement:",
                "- !If [Never, {Effect: Deny, Principal: '*', Action: s3:*, Resource: '*'},"
                " !Ref AWS::NoValue]",
            ),
        ),
        where=is_first,
    ),
)


# --- key policies ---------------------------------------------------------------------------------


def by_key(related: str, says: str = "") -> tuple[Finds, ...]:
    return denied("E9762", "key-policy", related, says)


def key_says(name: str, rest: str, finds: tuple[Finds, ...] = ()) -> Mutation:
    """Another statement in the policy of the key."""
    edit = into("Key", "Statement:", f"- {{{rest}}} #deny")
    return Mutation(f"the key's policy {name}", (edit,), finds, where=is_first)


def key_lets_in(name: str, principal: str, action: str, finds: tuple[Finds, ...] = ()) -> Mutation:
    """Another statement in the place of the one that leaves access to IAM."""
    pairs = ((r"Principal: .*", f"Principal: {principal}"), (r"Action: .*", f"Action: {action}"))
    key = bucket_stack().resource("Key").text
    edits = tuple(rewrite("Key", old, new) for old, new in pairs if f" {new}\n" not in key)
    return Mutation(f"the key's policy lets in {name}", edits, finds, where=is_first)


NEITHER: Final = by_key("", "neither to the role nor to its account")

KEY_POLICY: Final = (
    key_says(
        "denies everybody",
        "Effect: Deny, Principal: '*', Action: kms:Decrypt, Resource: '*'",
        by_key("deny", "the policy of key 'Key'"),
    ),
    key_says(
        "denies all but the task role",
        "Effect: Deny, Principal: '*', Action: kms:*, Resource: '*',"
        f" Condition: {{ArnNotEquals: {{aws:PrincipalArn: {OTHER_ROLE}}}}}",
        by_key("deny", EXCEPTED),
    ),
    key_says(
        "denies all but the role",
        "Effect: Deny, Principal: '*', Action: kms:*, Resource: '*',"
        f" Condition: {{ArnNotEquals: {{aws:PrincipalArn: [{ROLE}]}}}}",
    ),
    key_says(
        "denies what does not come by S3",
        "Effect: Deny, Principal: '*', Action: kms:*, Resource: '*',"
        " Condition: {StringNotLike: {kms:ViaService: s3.*.amazonaws.com}}",
    ),
    key_says(
        "denies what comes by S3",
        "Effect: Deny, Principal: '*', Action: kms:*, Resource: '*',"
        " Condition: {StringLike: {kms:ViaService: s3.*.amazonaws.com}}",
        by_key("deny", "StringLike kms:ViaService holds"),
    ),
    key_says(
        "denies other accounts",
        "Effect: Deny, Principal: '*', Action: kms:*, Resource: '*',"
        " Condition: {StringNotEquals: {kms:CallerAccount: !Ref AWS::AccountId}}",
    ),
    key_says("denies encryption", "Effect: Deny, Principal: '*', Action: kms:Enc*, Resource: '*'"),
    key_lets_in("the task role alone", f"{{AWS: {OTHER_ROLE}}}", "kms:*", NEITHER),
    key_lets_in("a service alone", "{Service: s3.amazonaws.com}", "kms:*", NEITHER),
    key_lets_in("the account for another action", f"{{AWS: {ROOT}}}", "kms:Encrypt", NEITHER),
    key_lets_in("the role", f"{{AWS: {ROLE}}}", "kms:Decrypt"),
    key_lets_in("everybody", "'*'", "kms:Decrypt"),
    key_lets_in("the account's number", "{AWS: !Ref AWS::AccountId}", "kms:Decrypt"),
    key_lets_in("a role elsewhere", f"{{AWS: {THEIRS}}}", "kms:*", UNDECIDED),
)


# --- permissions boundaries -----------------------------------------------------------------------

READ: Final = f"{{Effect: Allow, Action: s3:GetObject, Resource: {OBJECTS}}}"
LOCATE: Final = "{Effect: Allow, Action: s3:GetBucketLocation, Resource: !GetAtt Files.Arn}"
DECRYPT: Final = "{Effect: Allow, Action: kms:Decrypt, Resource: !GetAtt Key.Arn}"


def limit(*statements: str) -> Edit:
    """A managed policy of the template that is the role's boundary."""
    lines = "\n".join(f"        - {each}" for each in statements)
    policy = resource(
        "Limit:\n  Type: AWS::IAM::ManagedPolicy\n  Properties:\n    PolicyDocument:\n"
        f"      Statement:\n{lines}"
    )

    def edit(site: Site) -> None:
        policy(site)
        role_property("PermissionsBoundary: !Ref Limit #boundary")(site)

    return edit


def by_boundary(related: str = "boundary", says: str = "") -> tuple[Finds, ...]:
    return denied("E9763", "boundary", related, says)


def bounded(name: str, edit: Edit, finds: tuple[Finds, ...] = (), *more: Edit) -> Mutation:
    return Mutation(f"a boundary {name}", (edit, *more), finds, where=is_first)


def bounded_by(arn: str) -> Edit:
    return role_property(f"PermissionsBoundary: {arn} #boundary")


def hands(name: str, statement: str) -> Edit:
    """Hands a policy over."""
    return lambda site: site.outside.policies.update({name: statement})


AWS_POLICY: Final = "!Sub 'arn:${AWS::Partition}:iam::aws:policy/"
COPILOTS: Final = "!Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/limit'"
EVERYTHING: Final = "{Effect: Allow, Action: '*', Resource: '*'}"

BOUNDARY: Final = (
    bounded("with exactly what is needed", limit(READ, LOCATE, DECRYPT)),
    bounded("with everything", limit(EVERYTHING)),
    bounded("without the key", limit(READ, LOCATE), by_boundary(says="kms:Decrypt on")),
    bounded("without the files", limit(LOCATE, DECRYPT), by_boundary(says="s3:GetObject on")),
    bounded(
        "without both",
        limit("{Effect: Allow, Action: 'logs:*', Resource: '*'}"),
        by_boundary(says="does not allow it"),
    ),
    bounded(
        "for the other bucket",
        limit(
            "{Effect: Allow, Action: 's3:Get*', Resource: !Sub '${Logs.Arn}/*'}", LOCATE, DECRYPT
        ),
        by_boundary(),
    ),
    bounded(
        "without the location",
        limit(READ, DECRYPT),
        (Finds("W9714", "value", "boundary", every_file=True),),
    ),
    bounded(
        "that denies",
        limit(EVERYTHING, "{Effect: Deny, Action: 's3:Get*', Resource: '*'} #deny"),
        by_boundary("deny", "a Deny statement of permissions boundary"),
    ),
    bounded("of AWS's with everything", bounded_by(AWS_POLICY + "AdministratorAccess'")),
    bounded(
        "of AWS's for S3 alone",
        bounded_by(AWS_POLICY + "AmazonS3ReadOnlyAccess'"),
        by_boundary(says="'AmazonS3ReadOnlyAccess'"),
    ),
    bounded("that nobody has seen", bounded_by(COPILOTS), UNDECIDED),
    bounded("that is provided", bounded_by(COPILOTS), (), hands("limit", EVERYTHING)),
    bounded(
        "that is provided and too narrow",
        bounded_by(COPILOTS),
        by_boundary(),
        hands("limit", "{Effect: Allow, Action: 's3:*', Resource: '*'}"),
    ),
    bounded(
        "under a condition that is off",
        role_property("PermissionsBoundary: !If [Never, !Ref Limit, !Ref AWS::NoValue]"),
        (),
        resource(
            "Limit: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: {Statement: []}}}"
        ),
    ),
    Mutation(
        "a boundary with what no grant gives",
        (limit(READ, LOCATE, DECRYPT), drop_policy),
        (Finds("E9711", "value", "no-grant", "role"),),
    ),
    Mutation(
        "a boundary that NotPrincipal knows nothing of",
        (
            limit(READ, LOCATE, DECRYPT),
            into(
                "FilesPolicy",
                "Statement:",
                f"- {{Effect: Deny, NotPrincipal: {{AWS: [{ROLE}, {ROOT}]}}, Action: s3:*,"
                f" Resource: {OBJECTS}}} #deny",
            ),
        ),
        by_bucket("NotPrincipal excepts no role with a permissions boundary"),
        where=is_first,
    ),
)


# --- endpoints ------------------------------------------------------------------------------------

NETWORK: Final = """
Vpc:
  Type: AWS::EC2::VPC
  Properties: {CidrBlock: 10.0.0.0/16}
Subnet:
  Type: AWS::EC2::Subnet
  Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}
Routes:
  Type: AWS::EC2::RouteTable
  Properties: {VpcId: !Ref Vpc}
Association:
  Type: AWS::EC2::SubnetRouteTableAssociation
  Properties: {SubnetId: !Ref Subnet, RouteTableId: !Ref Routes}
OtherVpc:
  Type: AWS::EC2::VPC
  Properties: {CidrBlock: 10.1.0.0/16}
OtherRoutes:
  Type: AWS::EC2::RouteTable
  Properties: {VpcId: !Ref OtherVpc}
Service:
  Type: AWS::ECS::Service
  Properties:
    LaunchType: %s
    TaskDefinition: !Ref TaskDefinition
    NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [%s]}}
"""


def network(launch: str = "FARGATE", subnet: str = "!Ref Subnet") -> Edit:
    def edit(site: Site) -> None:
        resource(NETWORK % (launch, subnet))(site)
        into("TaskDefinition", "Properties:", "NetworkMode: awsvpc")(site)

    return edit


def endpoint(
    *statements: str, vpc: str = "Vpc", routes: str = "Routes", service: str = "s3"
) -> Edit:
    """A gateway with a policy, or with none."""
    lines = "\n".join(f"        - {each}" for each in statements)
    document = f"    PolicyDocument: #endpoint\n      Statement:\n{lines}" if statements else ""
    return resource(
        "Endpoint:\n  Type: AWS::EC2::VPCEndpoint\n  Properties:\n"
        f"    ServiceName: !Sub com.amazonaws.${{AWS::Region}}.{service}\n"
        f"    VpcId: !Ref {vpc}\n    RouteTableIds: [!Ref {routes}]\n{document}"
    )


def by_endpoint(related: str = "endpoint", says: str = "") -> tuple[Finds, ...]:
    return denied("E9764", "endpoint-policy", related, says)


MAYBE: Final = (
    Finds("W9764", "value", "endpoint-policy", "endpoint", every_file=True, says="may be refused"),
)


def through(name: str, edits: tuple[Edit, ...], finds: tuple[Finds, ...] = ()) -> Mutation:
    return Mutation(f"an endpoint {name}", edits, finds, where=is_first)


def lets(action: str, entry: str, principal: str = "'*'", effect: str = "Allow") -> str:
    return f"{{Effect: {effect}, Principal: {principal}, Action: {action}, Resource: {entry}}}"


NARROW: Final = lets("s3:GetObject", "!Sub '${Logs.Arn}/*'")
RIGHT: Final = (lets("s3:GetObject", OBJECTS), lets("s3:GetBucketLocation", "!GetAtt Files.Arn"))


def with_network(condition: str) -> tuple[Edit, ...]:
    """An open endpoint, and a bucket policy that denies all from elsewhere."""
    return (
        network(),
        endpoint(),
        into(
            "FilesPolicy",
            "Statement:",
            f"- {{Effect: Deny, Principal: '*', Action: s3:*, Resource: {OBJECTS},"
            f" Condition: {condition}}} #deny",
        ),
    )


ENDPOINT: Final = (
    through("without a policy", (network(), endpoint())),
    through("for the bucket", (network(), endpoint(*RIGHT))),
    through("for everything", (network(), endpoint(lets("'*'", "'*'")))),
    through(
        "for another bucket",
        (network(), endpoint(NARROW)),
        by_endpoint(says="the policy of VPC endpoint 'Endpoint' does not allow it"),
    ),
    through("for uploads", (network(), endpoint(lets("s3:PutObject", "'*'"))), by_endpoint()),
    through(
        "for another role",
        (
            network(),
            endpoint(
                "{Effect: Allow, Principal: '*', Action: s3:*, Resource: '*',"
                f" Condition: {{ArnEquals: {{aws:PrincipalArn: {OTHER_ROLE}}}}}}}"
            ),
        ),
        by_endpoint(),
    ),
    through(
        "for the role",
        (
            network(),
            endpoint(
                "{Effect: Allow, Principal: '*', Action: s3:*, Resource: '*',"
                f" Condition: {{ArnEquals: {{aws:PrincipalArn: {ROLE}}}}}}}"
            ),
        ),
    ),
    through(
        "for the account, which a gateway takes for its root user",
        (network(), endpoint(lets("s3:*", "'*'", f"{{AWS: {ROOT}}}"))),
        UNDECIDED,
    ),
    through(
        "for an organization",
        (
            network(),
            endpoint(
                "{Effect: Allow, Principal: '*', Action: s3:*, Resource: '*',"
                " Condition: {StringEquals: {aws:ResourceOrgID: o-1}}}"
            ),
        ),
        UNDECIDED,
    ),
    through(
        "that denies",
        (
            network(),
            endpoint(lets("'*'", "'*'"), lets("s3:Get*", OBJECTS, effect="Deny") + " #deny"),
        ),
        by_endpoint("deny", "a Deny statement of the policy of VPC endpoint"),
    ),
    through("of DynamoDB's for nothing", (network(), endpoint(NARROW, service="dynamodb"))),
    through("in another VPC", (network(), endpoint(NARROW, vpc="OtherVpc", routes="OtherRoutes"))),
    through("of a subnet that nobody knows", (network(subnet="subnet-1"), endpoint(NARROW)), MAYBE),
    through("of instances", (network("EC2"), endpoint(NARROW)), MAYBE),
    through("of instances, for the bucket", (network("EC2"), endpoint(*RIGHT))),
    through(
        "that the bucket asks for",
        with_network("{StringNotEquals: {aws:SourceVpce: !Ref Endpoint}}"),
    ),
    through(
        "whose VPC the bucket asks for",
        with_network("{StringNotEquals: {aws:SourceVpc: !Ref Vpc}}"),
    ),
    through(
        "that the bucket does not ask for",
        with_network("{StringNotEquals: {aws:SourceVpc: !Ref OtherVpc}}"),
        by_bucket("StringNotEquals aws:SourceVpc does not except VPC endpoint 'Endpoint'"),
    ),
    through(
        "that hides the address",
        with_network("{NotIpAddress: {aws:SourceIp: 203.0.113.0/24}}"),
        by_bucket("NotIpAddress aws:SourceIp holds of all calls through VPC endpoint"),
    ),
    through(
        "of somebody else's that the bucket asks for",
        with_network("{StringNotEquals: {aws:SourceVpce: vpce-1}}"),
        UNDECIDED,
    ),
)


# --- the organization -----------------------------------------------------------------------------


def scp(*levels: str) -> Edit:
    return lambda site: site.outside.scps.extend(levels)


def rcp(*levels: str) -> Edit:
    return lambda site: site.outside.rcps.extend(levels)


def organized(name: str, edit: Edit, says: str = "", finds: tuple[Finds, ...] = ()) -> Mutation:
    told = denied("E9765", "organization-policy", "role", says) if says else ()
    return Mutation(f"an organization {name}", (edit,), (*told, *finds), where=is_first)


NEEDED: Final = "{Effect: Allow, Action: ['s3:Get*', 'kms:*'], Resource: '*'}"

ORGANIZATION: Final = (
    organized(
        "that denies reading",
        scp("{Effect: Deny, Action: s3:GetObject, Resource: '*'}"),
        "a Deny statement of service control policy",
    ),
    organized(
        "that denies decryption",
        scp("{Effect: Deny, Action: 'kms:*', Resource: '*'}"),
        "kms:Decrypt on",
    ),
    organized(
        "that denies elsewhere",
        scp("{Effect: Deny, Action: 'ec2:*', Resource: '*'}"),
    ),
    organized(
        "that denies regions",
        scp(
            "{Effect: Deny, NotAction: 'iam:*', Resource: '*',"
            " Condition: {StringNotEquals: {aws:RequestedRegion: eu-west-3}}}"
        ),
        "since StringNotEquals aws:RequestedRegion does not except 'eu-central-1'",
        finds=UNDECIDED,  # S3 may be asked anywhere where the bucket is
    ),
    organized("that allows what is needed", scp(EVERYTHING, NEEDED)),
    organized(
        "that does not allow it on one level",
        scp(EVERYTHING, "{Effect: Allow, Action: 's3:*', Resource: '*'}"),
        "a level of the organization has no service control policy that allows it",
    ),
    organized(
        "whose resources take TLS alone",
        rcp(
            "{Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*',"
            " Condition: {BoolIfExists: {aws:SecureTransport: 'false'}}}"
        ),
    ),
    organized(
        "whose resources are closed to others",
        rcp(
            "{Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*',"
            " Condition: {StringNotEqualsIfExists: {aws:PrincipalOrgID: o-1},"
            " BoolIfExists: {aws:PrincipalIsAWSService: 'false'}}}"
        ),
        finds=UNDECIDED,
    ),
    organized(
        "whose resources are closed",
        rcp("{Effect: Deny, Principal: '*', Action: 's3:GetObject', Resource: '*'}"),
        "a Deny statement of resource control policy",
    ),
)


# --- several at once ------------------------------------------------------------------------------

DENY_ALL: Final = "{Effect: Deny, Principal: '*', Action: s3:*, Resource: '*'}"

TOGETHER: Final = (
    Mutation(
        "a Deny of the role and one of the bucket",
        (
            statement("- {Effect: Deny, Action: s3:GetObject, Resource: '*'}"),
            into("FilesPolicy", "Statement:", f"- {DENY_ALL} #deny"),
        ),
        by_bucket(),
        where=is_first,
    ),
    Mutation(
        "a Deny of the bucket and a boundary without the key",
        (limit(READ, LOCATE), into("FilesPolicy", "Statement:", f"- {DENY_ALL} #deny")),
        (*by_bucket(), *by_boundary()),
        where=is_first,
    ),
)

MUTATIONS: Final = (
    *BUCKET_POLICY,
    *KEY_POLICY,
    *BOUNDARY,
    *ENDPOINT,
    *ORGANIZATION,
    *TOGETHER,
)
