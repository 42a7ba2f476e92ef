"""Where each action of the execution role may act: names by service, and what has no name, as data.

Source of what a service's actions take: the Service Authorization Reference
(https://docs.aws.amazon.com/service-authorization/latest/reference/), page "Actions, resources, and condition keys" of
each service. In the patterns ``{own}`` is ``tap-*-dev`` and ``{tree}`` is ``tap/dev``. A ``*`` behind it is what is in the
thing or hangs on it: an index, an alias, a stream. Each environment has an account of its own (`env/rules.py`), so no other
one's name begins so.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

from troposphere import Sub

from env import model
from resources.naming import log_group_patterns

if TYPE_CHECKING:
    from env.model import AnyEnvironment

# service -> ARNs behind the partition; <r> and <a> are the template's own region and account.
SCOPES: dict[str, tuple[str, ...]] = {
    # API Gateway knows its things by ids alone: this is every REST API of the region, and their tags.
    "apigateway": ("apigateway:<r>::/restapis", "apigateway:<r>::/restapis/*", "apigateway:<r>::/tags/*"),
    "codebuild": ("codebuild:<r>:<a>:project/{own}",),
    # A connection is made by hand, since somebody has to confirm it at the other side; it is known by its id.
    "codeconnections": ("codeconnections:<r>:<a>:connection/{connection}",),
    "codepipeline": ("codepipeline:<r>:<a>:{own}",),
    "codestar-connections": ("codestar-connections:<r>:<a>:connection/{connection}",),
    "cloudformation": ("cloudformation:<r>:<a>:stack/{own}-*",),
    "cloudwatch": ("cloudwatch:<r>:<a>:alarm:{own}", "cloudwatch::<a>:dashboard/{own}"),
    "dynamodb": ("dynamodb:<r>:<a>:table/{own}*",),
    "events": ("events:<r>:<a>:rule/{own}",),
    "kms": ("kms:<r>:<a>:alias/{own}",),
    "lambda": ("lambda:<r>:<a>:function:{own}*",),
    "logs": ("logs:<r>:<a>:log-group:{groups}*",),
    "s3": ("s3:::{own}",),
    "sns": ("sns:<r>:<a>:{own}",),
    "sqs": ("sqs:<r>:<a>:{own}",),
    "ssm": ("ssm:<r>:<a>:parameter/{tree}/*",),
    # A web ACL takes AWS's managed rules from a set of its own account, and is put on a stage of an API.
    "wafv2": (
        "wafv2:<r>:<a>:regional/webacl/{own}/*",
        "wafv2:<r>:<a>:regional/managedruleset/*/*",
        "apigateway:<r>::/restapis/*/stages/*",
    ),
}

# No service's environment makes these: its drift detection need not read them.
TOOLS_ONLY = frozenset({"AWS::CodeBuild::Project", "AWS::CodePipeline::Pipeline"})

READING = ("*:BatchGet*", "*:Describe*", "*:GET", "*:Get*", "*:List*")

# Reading that takes no resource, or is asked for lists: any of this region.
LOOK = (
    "cloudwatch:DescribeAlarms",  # composite alarms are shown to those alone who may see all (DescribeAlarms)
    "ec2:Describe*",
    "kms:ListAliases",
    "lambda:GetEventSourceMapping",
    "lambda:ListTags",
    "logs:DescribeIndexPolicies",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
)

# Writing that takes no resource, or makes what gets its id from AWS.
MAKE = (
    "kms:CreateKey",
    "logs:CreateLogDelivery",
    "logs:DeleteIndexPolicy",
    "logs:DeleteLogDelivery",
    "logs:PutIndexPolicy",
    "logs:PutResourcePolicy",
    "sns:Unsubscribe",
)

# Things with ids instead of names, known by the tags that every resource here carries (resources/tags.py). What deletes,
# detaches or reroutes takes the environment's own tags.
TAGGED = (
    "ec2:CreateRoute",
    "ec2:Delete*",
    "ec2:Detach*",
    "ec2:DisassociateRouteTable",
    "ec2:ModifyVpcEndpoint",
    "ec2:ReleaseAddress",
    "ec2:ReplaceRoute",
    "kms:*",
)
# What makes or completes a thing that may have no tags yet: nobody else's, by its tags where it has some.
UNTAGGED = ("ec2:*", "kms:TagResource")

# An alias is a thing of its own, beside its key.
ALIASES = ("kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias")
KEY_USE = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")
MAPPINGS = ("lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping")
MAPPING_TAGS = ("lambda:TagResource", "lambda:UntagResource")
OBJECTS = ("s3:GetObject", "s3:GetObjectVersion")

# resource type -> the service that its roles are for
PASSED = {
    "AWS::CodeBuild::Project": "codebuild.amazonaws.com",
    "AWS::CodePipeline::Pipeline": "codepipeline.amazonaws.com",
    "AWS::EC2::FlowLog": "vpc-flow-logs.amazonaws.com",
    "AWS::Lambda::Function": "lambda.amazonaws.com",
    "AWS::S3::Bucket": "s3.amazonaws.com",
}

# resource type -> services whose own role AWS makes at the first use (Using service-linked roles, each service's guide)
LINKED = {
    "AWS::DynamoDB::GlobalTable": ("replication.dynamodb.amazonaws.com",),
    "AWS::EC2::FlowLog": ("delivery.logs.amazonaws.com",),
    "AWS::WAFv2::LoggingConfiguration": ("delivery.logs.amazonaws.com", "wafv2.amazonaws.com"),
}

# A schema's wildcard, written out: permissions name exact actions.
EXPANDED = {
    "dynamodb:Describe*": (
        "dynamodb:DescribeContinuousBackups",
        "dynamodb:DescribeContributorInsights",
        "dynamodb:DescribeKinesisStreamingDestination",
        "dynamodb:DescribeTable",
        "dynamodb:DescribeTableReplicaAutoScaling",
        "dynamodb:DescribeTimeToLive",
    ),
}

# What handlers of nested stacks call beyond their schema: change sets that include nested stacks, and the ways back.
NESTED = (
    "cloudformation:CancelUpdateStack",
    "cloudformation:ContinueUpdateRollback",
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStackResource",
    "cloudformation:DescribeStackResources",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:ListStackResources",
    "cloudformation:RollbackStack",
    "cloudformation:TagResource",
    "cloudformation:UntagResource",
)

# The calls that lose what a type keeps, for the types of deploy/stateful.py. Every one of them is kept when its stack
# goes (TAP001), so CloudFormation never needs these.
LOSING = {
    "AWS::DynamoDB::GlobalTable": ("dynamodb:DeleteTable", "dynamodb:DeleteTableReplica"),
    "AWS::DynamoDB::Table": ("dynamodb:DeleteTable",),
    "AWS::KMS::Key": ("kms:DisableKey", "kms:ScheduleKeyDeletion"),
    "AWS::Logs::LogGroup": ("logs:DeleteLogGroup",),
    "AWS::S3::Bucket": ("s3:DeleteBucket", "s3:DeleteObject", "s3:DeleteObjectVersion"),
    "AWS::SQS::Queue": ("sqs:DeleteQueue", "sqs:PurgeQueue"),
}


@dataclass(frozen=True)
class Withheld:
    """Actions of a type's handlers that the execution role does not get, as patterns, with the reason.

    ``replicated``: given all the same where the environment has a second region.
    """

    type: str
    action: str
    reason: str
    replicated: bool = False


WITHHELD = (
    *(
        Withheld("AWS::WAFv2::WebACLAssociation", f"{service}:*", "web ACLs stand before API stages alone")
        for service in ("amplify", "apprunner", "appsync", "bedrock-agentcore", "cognito-idp", "ec2", "elasticloadbalancing")
    ),
    Withheld("AWS::WAFv2::WebACLAssociation", "wafv2:*PermissionPolicy", "rule groups are not shared with other accounts"),
    Withheld("AWS::WAFv2::WebACL", "payments:*", "no rule group is bought"),
    Withheld("AWS::WAFv2::LoggingConfiguration", "firehose:*", "logs go to CloudWatch Logs"),
    Withheld("AWS::WAFv2::LoggingConfiguration", "s3:*", "logs go to CloudWatch Logs"),
    Withheld("AWS::WAFv2::LoggingConfiguration", "iam:DescribeOrganization", "IAM has no such action"),
    Withheld("AWS::Logs::LogGroup", "firehose:*", "log groups are delivered nowhere"),
    Withheld("AWS::Logs::LogGroup", "s3:*", "log groups are delivered nowhere, and S3 has no such action"),
    Withheld("AWS::Logs::LogGroup", "logs:*ResourcePolicy", "no group has a resource policy: it would open the group to others"),
    Withheld("AWS::Logs::LogGroup", "logs:PutBearerTokenAuthentication", "a bearer token would write logs past IAM"),
    Withheld("AWS::EC2::EIP", "ec2:AcceptAddressTransfer", "addresses come from AWS, not from another account"),
    Withheld("AWS::EC2::NatGateway", "ec2:*NatGatewayAddress", "gateways have the one address that they were made with"),
    Withheld("AWS::EC2::Subnet", "ec2:*SubnetCidrBlock", "subnets have the one block that they were made with"),
    Withheld("AWS::EC2::VPC", "ec2:CreateVpcEncryptionControl", "traffic is encrypted by what sends it"),
    Withheld("AWS::EC2::VPC", "ec2:ModifyVpcTenancy", "there are no instances"),
    Withheld("AWS::EC2::VPCGatewayAttachment", "ec2:*VpnGateway", "no private line ends here"),
    Withheld("AWS::EC2::FlowLog", "autoscaling:*", "flow logs are of VPCs alone"),
    Withheld("AWS::EC2::FlowLog", "s3:*", "flow logs go to CloudWatch Logs"),
    Withheld("AWS::EC2::VPCEndpoint", "vpc*:*", "endpoints lead to AWS's own services of this region"),
    Withheld("AWS::Lambda::Alias", "codedeploy:*", "aliases move at once; the watch over them is CloudFormation's"),
    Withheld("AWS::Lambda::Function", "elasticfilesystem:*", "no function mounts a file system"),
    Withheld("AWS::Lambda::Function", "s3files:*", "no function mounts a file system"),
    Withheld("AWS::Lambda::Function", "lambda:GetCodeSigningConfig", "functions are not signed"),
    Withheld("AWS::Lambda::Function", "lambda:PutFunctionCodeSigningConfig", "functions are not signed"),
    Withheld("AWS::Lambda::Function", "lambda:DeleteFunctionCodeSigningConfig", "functions are not signed: nothing to take away"),
    Withheld("AWS::Lambda::Function", "lambda:GetLayerVersion", "functions have no layers"),
    Withheld("AWS::Lambda::Function", "lambda:AssociateRuntimeAlias", "IAM has no such action"),
    Withheld("AWS::Lambda::Function", "lambda:PassCapacityProvider", "functions have no capacity provider"),
    Withheld("AWS::Lambda::*", "lambda:PutFunctionScalingConfig", "functions have no capacity provider"),
    Withheld("AWS::DynamoDB::*Table", "application-autoscaling:*", "tables are on demand"),
    Withheld("AWS::DynamoDB::*Table", "dynamodb:PutResourcePolicy", "tables have no resource policy: it would open them to others"),
    Withheld("AWS::DynamoDB::*Table", "dynamodb:DeleteResourcePolicy", "tables have no resource policy"),
    Withheld("AWS::DynamoDB::*Table", "cloudwatch:PutMetricData", "tables are on demand: nothing is scaled by a metric"),
    Withheld("AWS::DynamoDB::GlobalTable", "dynamodb:*Item", "items are filled in for a new replica alone", replicated=True),
    Withheld("AWS::DynamoDB::GlobalTable", "dynamodb:Query", "items are filled in for a new replica alone", replicated=True),
    Withheld("AWS::DynamoDB::GlobalTable", "dynamodb:Scan", "items are filled in for a new replica alone", replicated=True),
    Withheld("AWS::DynamoDB::GlobalTable", "dynamodb:DisassociateTableReplica", "IAM has no such action"),
    Withheld("AWS::DynamoDB::*Table", "kinesis:*", "tables stream into nothing"),
    Withheld("AWS::DynamoDB::*Table", "dynamodb:*ableKinesisStreamingDestination", "tables stream into nothing"),
    Withheld("AWS::DynamoDB::*Table", "dynamodb:UpdateKinesisStreamingDestination", "tables stream into nothing"),
    Withheld("AWS::DynamoDB::Table", "dynamodb:*Item", "tables are not imported: data is not for deployments"),
    Withheld("AWS::DynamoDB::Table", "dynamodb:*Import*", "tables are not imported"),
    Withheld("AWS::DynamoDB::Table", "dynamodb:Query", "tables are not imported: data is not for deployments"),
    Withheld("AWS::DynamoDB::Table", "dynamodb:Scan", "tables are not imported: data is not for deployments"),
    Withheld("AWS::DynamoDB::Table", "logs:*", "tables are not imported"),
    Withheld("AWS::DynamoDB::Table", "s3:*", "tables are not imported"),
    Withheld("AWS::CodePipeline::Pipeline", "codepipeline:*StageTransition", "stages are closed by a person, not by a template"),
    Withheld("AWS::CodePipeline::Pipeline", "codepipeline:StartPipelineExecution", "a change of the pipeline starts no run"),
    Withheld("AWS::S3::Bucket", "s3tables:*", "buckets have no metadata tables"),
    Withheld("AWS::S3::Bucket", "s3:CreateBucketMetadata*", "buckets have no metadata tables"),
    Withheld("AWS::S3::Bucket", "s3:DeleteBucketMetadata*", "buckets have no metadata tables"),
    Withheld("AWS::S3::Bucket", "s3:UpdateBucketMetadata*", "buckets have no metadata tables"),
    Withheld("AWS::S3::Bucket", "s3:PutBucketAbac", "access to a bucket is by its name"),
    Withheld("AWS::S3::Bucket", "s3:PutAccelerateConfiguration", "objects are written from this region"),
    Withheld("AWS::S3::Bucket", "s3:Put*Acl", "BucketOwnerEnforced turns lists off (TAP005)"),
    Withheld("AWS::S3::Bucket", "s3:PutBucketWebsite", "a website is open to everybody (TAP002)"),
    *(
        Withheld("AWS::S3::Bucket", f"s3:{action}", "IAM has no such action: the one that puts a setting also takes it away")
        for action in (
            "DeleteBucketAnalyticsConfiguration",
            "DeleteBucketCors",
            "DeleteBucketEncryption",
            "DeleteBucketLifecycle",
            "DeleteBucketMetricsConfiguration",
            "DeleteBucketReplication",
            "PutBucketReplication",
            "PutObjectLockConfiguration",
        )
    ),
    Withheld("AWS::S3::Bucket", "s3:DeleteObject", "deployments delete no data"),
    Withheld("AWS::ApiGateway::RestApi", "s3:*", "APIs are written in the template, not read from a file"),
    Withheld("AWS::ApiGateway::*", "iam:PassRole", "methods have no credentials of their own: functions let the API in"),
    Withheld("AWS::IAM::ManagedPolicy", "iam:*Group*", "policies hang on roles alone (TAP065)"),
    Withheld("AWS::IAM::ManagedPolicy", "iam:*User*", "policies hang on roles alone (TAP065)"),
    Withheld("AWS::IAM::Role", "iam:PutRolePolicy", "roles have no inline policies (TAP024)"),
    Withheld("AWS::IAM::Role", "iam:DeleteRolePermissionsBoundary", "no role is without the boundary (TAP023, TAP025)"),
)


@cache
def withheld(name: str, *, replicated: bool) -> tuple[str, ...]:
    """Patterns of the actions that this type's handlers do not get."""
    return tuple(each.action for each in WITHHELD if fnmatchcase(name, each.type) and not (each.replicated and replicated))


def patterns(env: AnyEnvironment, service: str) -> list[str]:
    """The names of one service's things as texts of ``Fn::Sub``, in every region of the environment."""
    connection = env.tools.pipeline.connection
    names = {"{own}": f"{env.project}-*-{env.name}", "{tree}": f"{env.project}/{env.name}", "{connection}": connection}
    found: list[str] = []
    for pattern in SCOPES[service]:
        groups = log_group_patterns(env) if "{groups}" in pattern else ("",)
        for group in groups:
            text = pattern.replace("{groups}", group.rstrip("*"))
            for key, value in names.items():
                text = text.replace(key, value)
            found += [_arn(text, region) for region in _regions(env, service)]
    return found


def arns(env: AnyEnvironment, service: str) -> list[Sub]:
    return [Sub(pattern) for pattern in patterns(env, service)]


def regions(env: AnyEnvironment) -> list[str]:
    """Where the environment may be: its own region, as a pseudo parameter, that of its disaster recovery, and those with code for StackSets."""
    code = env.code_regions if isinstance(env, model.ToolsEnvironment) else ()
    return ["${AWS::Region}", *([env.disaster_recovery.region] if env.disaster_recovery else []), *code]


def matches(action: str, wanted: tuple[str, ...]) -> bool:
    return any(fnmatchcase(action, pattern) for pattern in wanted)


def _regions(env: AnyEnvironment, service: str) -> list[str]:
    """A global table is made in all of its regions from one of them."""
    return regions(env) if service == "dynamodb" else regions(env)[:1]


def _arn(pattern: str, region: str) -> str:
    return f"arn:${{AWS::Partition}}:{pattern}".replace("<r>", region).replace("<a>", "${AWS::AccountId}")
