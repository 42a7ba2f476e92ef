"""The permissions boundaries: the most that a role can do, whatever its own policies say.

A boundary allows nothing by itself: a role may do what its policies and its boundary both allow. There are two. Every
role that a template makes has the first, which is for using things: no identities, no stacks, no settings. The
deployment's own roles have the second, which is for making them, and which keeps what bootstrap made.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from awacs.aws import ArnNotEquals, Statement, StringEquals
from troposphere import Sub

from env import model
from resources import carriers, scopes, statements
from resources.artifacts import BUCKET, bucket_arn, gate_namespace
from resources.execution import everywhere, exact, identities
from resources.naming import REGION, global_pattern, name
from resources.policies import deny
from resources.roles import made_boundary_arn, role_arn

if TYPE_CHECKING:
    from env.model import AnyEnvironment, ToolsEnvironment

DEPLOYMENT_ROLES = ("publish", "plan", "deploy", "execution", "gc")

# What a function, or a service that acts for one, may at most do with the environment's own things.
USES = (
    "dynamodb:*Item*",
    "dynamodb:Describe*",
    "dynamodb:Query",
    "dynamodb:Scan",
    "lambda:InvokeFunction",
    "logs:CreateLogStream",
    "logs:FilterLogEvents",
    "logs:Get*",
    "logs:PutLogEvents",
    "s3:AbortMultipartUpload",
    "s3:DeleteObject*",
    "s3:Get*",
    "s3:List*",
    "s3:PutObject*",
    "s3:Replicate*",
    "sns:Publish",
    "sqs:*Message*",
    "sqs:Get*",
    "ssm:GetParameter*",
)
# The same where the service knows no resource, or no name. The network interfaces are Lambda's, in a VPC. CloudFormation reads settings
# with the permissions of whoever detects drift.
NAMELESS_USES = (
    "apigateway:GET",
    "cloudformation:BatchDescribe*",
    "cloudformation:Describe*",
    "cloudformation:Detect*",
    "cloudformation:GetTemplate",
    "cloudformation:ListStackResources",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:Get*",
    "cloudwatch:List*",
    "cloudwatch:PutMetricData",
    "dynamodb:GetResourcePolicy",
    "dynamodb:List*",
    "ec2:*NetworkInterface",
    "ec2:*PrivateIpAddresses",
    "ec2:Describe*",
    "events:Describe*",
    "events:List*",
    "kms:GetKey*",
    "kms:List*",
    "lambda:Get*",
    "lambda:List*",
    "logs:Describe*",
    "logs:List*",
    "sns:Get*",
    "sns:List*",
    "sqs:List*",
    "ssm:List*",
    "wafv2:Get*",
    "wafv2:List*",
    "xray:Get*",
    "xray:Put*",
)
# The same for the pipeline and its builds.
PIPELINE_USES = (
    "codebuild:BatchGetBuilds",
    "codebuild:StartBuild",
    "codeconnections:UseConnection",
    "codestar-connections:UseConnection",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "s3:GetBucketVersioning",
    "s3:GetObject*",
    "s3:PutObject",
    "sns:Publish",
)
IDENTITIES_SEEN = ("iam:Get*", "iam:List*")
KEY_USES = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")

# Identities, for the deployment: what reaches a role takes the first boundary as a condition.
BOUND = ("iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:UpdateAssumeRolePolicy")
KEPT = (
    "iam:CreatePolicy",
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:Get*",
    "iam:List*",
    "iam:Tag*",
    "iam:Untag*",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
)

# Everything that changes a stack, a bucket, a key; wildcards, since these are denied.
STACK_CHANGES = tuple(
    f"cloudformation:{verb}*"
    for verb in ("Cancel", "Continue", "Create", "Delete", "Execute", "Rollback", "Set", "Signal", "Tag", "Untag", "Update")
)
BUCKET_CHANGES = tuple(
    f"s3:{change}"
    for change in ("CreateBucket*", "DeleteBucket*", "Put*Configuration", "PutBucket*", "TagResource", "UntagResource", "UpdateBucket*")
)
KEY_CHANGES = tuple(
    f"kms:{change}"
    for change in ("CreateAlias", "CreateGrant", "Delete*", "Disable*", "Put*", "Schedule*", "TagResource", "UntagResource", "Update*")
)


def of_functions(env: AnyEnvironment) -> list[Statement]:
    """For every role that a template makes: the environment's own things by name, and keys that carry its tags."""
    used = sorted({action.partition(":")[0] for action in USES})
    things = [arn for service in used for arn in scopes.arns(env, service)]
    things += [Sub(f"{pattern}/*") for pattern in scopes.patterns(env, "s3")]
    things.append(statements.global_arn(f"iam:*/{global_pattern(env, '*', 'role')}"))
    keys = [Sub(f"arn:${{AWS::Partition}}:kms:{region}:${{AWS::AccountId}}:key/*") for region in scopes.regions(env)]
    tags = {"aws:ResourceTag/Environment": env.name, "aws:ResourceTag/Project": env.project}
    return [
        statements.allow("Use", exact((*USES, *IDENTITIES_SEEN)), things),
        everywhere(env, "UseNameless", NAMELESS_USES),
        statements.allow("UseKeys", exact(KEY_USES), keys, StringEquals(tags)),
        deny("KeepGateQuiet", exact(["cloudwatch:PutMetricData"]), ["*"], StringEquals("cloudwatch:namespace", gate_namespace(env))),
    ]


def of_pipeline(env: ToolsEnvironment) -> list[Statement]:
    """For the pipeline's builds and GitHub's workflows: the pipeline's own things, and the environments' deployment roles."""
    used = sorted({action.partition(":")[0] for action in PIPELINE_USES})
    things = [arn for service in used for arn in scopes.arns(env, service)]
    things += [Sub(f"{pattern}/*") for pattern in scopes.patterns(env, "s3")]
    tags = {"aws:ResourceTag/Environment": env.name, "aws:ResourceTag/Project": env.project}
    return [
        statements.allow("Use", exact(PIPELINE_USES), things),
        statements.allow("UseKeys", exact(KEY_USES), [statements.arn("kms:key/*")], StringEquals(tags)),
        carriers.assumed_at_most(env),
    ]


def of_deployment(env: AnyEnvironment, services: Iterable[str]) -> list[Statement]:
    """For the deployment's roles. ``services``: those whose actions any of them has."""
    made = {f"{service}:*" for service in services if service != "iam"}
    return [everywhere(env, "Deployment", made), *_identities(env), *_reach(env), *_kept(env)]


def _reach(env: AnyEnvironment) -> list[Statement]:
    """Where there are StackSets: what Organizations and STS are asked has no region of ours; who may ask what says each role's own policy."""
    if not has_sets(env):
        return []
    asked = ("organizations:Describe*", "organizations:List*", "sts:AssumeRole", "sts:TagSession")
    return [statements.allow("Reach", exact(asked), ["*"])]


def has_sets(env: AnyEnvironment) -> bool:
    return isinstance(env, model.ToolsEnvironment) and bool(env.stack_sets)


def _identities(env: AnyEnvironment) -> list[Statement]:
    """A role that the deployment makes, or gives something to, has the first boundary."""
    roles, policies = (Sub(text) for text in identities(env, "*"))
    linked = sorted({service for services in scopes.LINKED.values() for service in services})
    passed = sorted({*scopes.PASSED.values(), "cloudformation.amazonaws.com"})
    service_roles = statements.global_arn("iam:role/aws-service-role/*")
    return [
        statements.allow("Roles", exact(BOUND), [roles], StringEquals("iam:PermissionsBoundary", made_boundary_arn())),
        statements.allow("Identities", exact(KEPT), [roles, policies]),
        statements.allow("Pass", exact(["iam:PassRole"]), [roles], StringEquals("iam:PassedToService", passed)),
        statements.allow(
            "LinkedRoles", exact(["iam:CreateServiceLinkedRole"]), [service_roles], StringEquals("iam:AWSServiceName", linked)
        ),
    ]


def _kept(env: AnyEnvironment) -> list[Statement]:
    """What bootstrap made changes through bootstrap, by an administrator whom no boundary holds."""
    own = [role_arn(env, role) for role in DEPLOYMENT_ROLES]
    # In the tools account those whom somebody from outside may take.
    own += [Sub(text) for text in identities(env, "workflow-*")] if env.account == env.tools.account else []
    passing = ArnNotEquals("aws:PrincipalArn", [role_arn(env, role) for role in ("plan", "deploy")])
    # With StackSets there is a second one, bootstrap-reach, and in other regions there are buckets of the same names.
    stack = statements.arn(f"cloudformation:stack/{name(env, 'bootstrap*' if has_sets(env) else 'bootstrap', 'stack')}/*")
    buckets = [Sub(f"${{{BUCKET}.Arn}}"), Sub(bucket_arn(env, "artifact-logs"))]
    if isinstance(env, model.ToolsEnvironment) and env.code_regions:
        buckets = [Sub(bucket_arn(env, thing).replace(REGION, "*")) for thing in ("artifacts", "artifact-logs")]
    gate = statements.arn(f"cloudwatch:alarm:{name(env, 'gate', 'alarm')}")
    bootstrap = StringEquals({"aws:ResourceTag/Environment": env.name, "aws:ResourceTag/Service": "bootstrap"})
    return [
        # Plan and deploy pass one of them, the execution role, by their own exact policies.
        deny("KeepIdentities", exact(["iam:*"]), [*own, *map(Sub, identities(env, "bootstrap-*")), made_boundary_arn()], passing),
        deny("KeepStack", exact(STACK_CHANGES), [stack]),
        deny("KeepGate", exact(("cloudwatch:DeleteAlarms", "cloudwatch:Disable*", "cloudwatch:Put*Alarm")), [gate]),
        deny("KeepBuckets", exact(BUCKET_CHANGES), buckets),
        deny("KeepKey", exact(KEY_CHANGES), ["*"], bootstrap),
    ]
