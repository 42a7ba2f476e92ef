"""Who deploys: the roles publish, plan, deploy and gc, each for its task alone, and whom they trust.

The table of docs/security.md, "Who may do what", is carried out here, row by row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs.aws import (
    Allow,
    ArnEquals,
    ArnLike,
    Condition,
    Deny,
    ForAllValuesStringLike,
    PolicyDocument,
    Principal,
    Statement,
    StringEquals,
    StringLike,
)
from awacs.sts import AssumeRole, TagSession
from troposphere import Sub

from env import checks, model
from resources import carriers, statements
from resources.artifacts import APPROVALS, BUCKET, CLEARED, LEDGER, LOCKS, PUBLISHED, below, bucket_arn, everything
from resources.execution import everywhere, exact
from resources.naming import bucket_pattern, name, parameter_path
from resources.roles import made_role_arn

if TYPE_CHECKING:
    from env.model import AnyEnvironment


# Stacks, read: everything but what asks for a type's schema or another account.
_STACKS_READ = (
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeEvents",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStackResourceDrifts",
    "cloudformation:DescribeStacks",
    "cloudformation:DetectStackDrift",
    "cloudformation:DetectStackResourceDrift",
    "cloudformation:GetStackPolicy",
    "cloudformation:GetTemplate",
    "cloudformation:ListChangeSets",
    "cloudformation:ListStackResources",
)
# The same without a resource: a drift detection has an id of its own. Alarms are rollback triggers.
STACKS_LOOK = (
    "cloudformation:BatchDescribeTypeConfigurations",
    "cloudformation:DescribeStackDriftDetectionStatus",
    "cloudformation:ListStacks",
    "cloudtrail:LookupEvents",  # who changed what has drifted
    "cloudwatch:DescribeAlarms",
)

_RUN = (
    "cloudformation:CancelUpdateStack",
    "cloudformation:ContinueUpdateRollback",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:RollbackStack",
    "cloudformation:SetStackPolicy",
    "cloudformation:TagResource",
    "cloudformation:UntagResource",
)
_CHECK_ITEMS = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"]
# Not where production is: an administrator protects its stacks, and takes them down.
_END = ("cloudformation:DeleteStack", "cloudformation:UpdateTerminationProtection")


def publishing(env: AnyEnvironment) -> list[Statement]:
    """Put what is not there yet, and see what is. The bucket itself refuses to overwrite (`artifacts.py`)."""
    return [
        statements.allow("Publish", exact(["s3:GetObject", "s3:PutObject"]), below(*PUBLISHED)),
        _listing(),
        _key_use(env, "kms:Decrypt", "kms:GenerateDataKey"),
    ]


def clearing() -> list[Statement]:
    """Remove what was published, and do nothing else: what is unused is found with the role that plans, and recorded with the one that deploys."""
    return [statements.allow("Clear", exact(["s3:DeleteObject"]), below(*CLEARED))]


def reading(env: AnyEnvironment) -> list[Statement]:
    """Stacks, artifacts, reports of drift, the ledger, the lock, parameters that are no secrets: for plan and deploy, and for CloudFormation,
    which reads nested templates and functions' code with the execution role.
    """
    tree = statements.arn(f"ssm:parameter{parameter_path(env)}*")
    see = ["ssm:GetParameter", "ssm:GetParameterHistory", "ssm:GetParameters", "ssm:GetParametersByPath"]
    drift_reports = Sub(f"{bucket_arn(env, 'logs')}/drift/*")
    return [
        statements.allow("Stacks", exact(_STACKS_READ), [stacks(env), change_sets(env)]),
        statements.allow("Artifacts", exact(["s3:GetObject", "s3:GetObjectVersion"]), [*everything(), drift_reports]),
        _listing(),
        statements.allow("Parameters", exact(see), [tree]),
        _key_use(env, "kms:Decrypt"),
        *_no_secrets(env),
    ]


def _no_secrets(env: AnyEnvironment) -> list[Statement]:
    """The key of Parameter Store's own lets everybody of the account decrypt who may read a parameter."""
    if not isinstance(env, model.Environment) or not any(setting.type == "secret" for setting in env.runtime.settings.values()):
        return []
    via = StringEquals("kms:ViaService", Sub("ssm.${AWS::Region}.${AWS::URLSuffix}"))
    return [Statement(Sid="NoSecrets", Effect=Deny, Action=exact(["kms:Decrypt"]), Resource=["*"], Condition=Condition(via))]


def planning(env: AnyEnvironment) -> list[Statement]:
    """Propose, and take the proposal back. A change set runs with the execution role, so plan must be able to pass it."""
    templates = Sub(f"https://s3.${{AWS::Region}}.${{AWS::URLSuffix}}/{bucket_pattern(env, 'artifacts')}/templates/*")
    from_here = StringLike("cloudformation:TemplateUrl", templates)
    return [
        statements.allow("Propose", exact(["cloudformation:CreateChangeSet"]), [stacks(env)], _with_execution_role(), from_here),
        statements.allow("TagProposals", exact(["cloudformation:TagResource"]), [stacks(env)]),
        statements.allow("Discard", exact(["cloudformation:DeleteChangeSet"]), [stacks(env), change_sets(env)]),
        pass_execution_role(),
    ]


def deploying(env: AnyEnvironment) -> list[Statement]:
    """Run what was proposed, stop it, and write down what happened."""
    release = statements.arn(f"ssm:parameter{parameter_path(env, 'release')}")
    settings = statements.arn(f"ssm:parameter{parameter_path(env, 'config', 'set')}/*")
    accepted = statements.arn(f"ssm:parameter{parameter_path(env, 'drift', 'accepted')}/*")
    run = _RUN if is_production(env) else (*_RUN, *_END)
    return [
        statements.allow("Run", exact(run), [stacks(env), change_sets(env)]),
        statements.allow("Gate", exact(["cloudwatch:SetAlarmState"]), [statements.arn(f"cloudwatch:alarm:{name(env, 'gate', 'alarm')}")]),
        statements.allow("Ledger", exact(["s3:PutObject"]), below(APPROVALS, LEDGER, LOCKS)),
        statements.allow("Release", exact(["ssm:AddTagsToResource", "ssm:PutParameter"]), [release, accepted]),
        statements.allow("Settings", exact(["ssm:DeleteParameter", "ssm:PutParameter"]), [settings]),
        pass_execution_role(),
        _key_use(env, "kms:GenerateDataKey"),
        *verifying(env),
    ]


def verifying(env: AnyEnvironment) -> list[Statement]:
    """What the environment's own checks need (`deploy/verification/`), and nothing where it has none of a kind.

    Alarms, stacks, parameters, and the attributes of queues and tables are there to be read already.
    """
    functions = sorted({check.function for check in env.checks if isinstance(check, checks.InvokeCheck)})
    queues = sorted({check.queue for check in env.checks if isinstance(check, checks.QueueCheck)})
    tables = sorted({check.table for check in env.checks if isinstance(check, checks.TableCheck)})
    buckets = sorted({check.bucket for check in env.checks if isinstance(check, checks.ObjectCheck)})
    items = ForAllValuesStringLike("dynamodb:LeadingKeys", ["verification-*"])
    rows = (
        ("CheckFunctions", ["lambda:InvokeFunction"], [f"lambda:function:{name(env, each, 'function')}:live" for each in functions], ()),
        ("CheckQueues", ["sqs:SendMessage"], [f"sqs:{name(env, each, 'queue')}" for each in queues], ()),
        ("CheckItems", _CHECK_ITEMS, [f"dynamodb:table/{name(env, each, 'table')}" for each in tables], (items,)),
    )
    found = [statements.allow(sid, exact(actions), map(statements.arn, arns), *when) for sid, actions, arns, when in rows if arns]
    if buckets:
        objects = [Sub(f"{bucket_arn(env, each)}/verification/*") for each in buckets]
        found.append(statements.allow("CheckObjects", exact(["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]), objects))
    if via := [Sub(f"{each}.${{AWS::Region}}.${{AWS::URLSuffix}}") for each in checked_services(env)]:
        own = {"aws:ResourceTag/Environment": env.name, "aws:ResourceTag/Service": "keys", "kms:ViaService": via}
        found.append(
            statements.allow("CheckKeys", exact(["kms:Decrypt", "kms:GenerateDataKey"]), [statements.arn("kms:key/*")], StringEquals(own))
        )
    return found


def checked_services(env: AnyEnvironment) -> list[str]:
    """The services through which checks use the environment's own keys."""
    kinds = (("dynamodb", checks.TableCheck), ("s3", checks.ObjectCheck), ("sqs", checks.QueueCheck))
    return [service for service, kind in kinds if any(isinstance(check, kind) for check in env.checks)]


def stacks(env: AnyEnvironment) -> Sub:
    """Roots, and the stacks nested in them, which CloudFormation names after their root: tap-app-dev-Data-1A2B."""
    return statements.arn(f"cloudformation:stack/{env.project}-*-{env.name}*")


def change_sets(env: AnyEnvironment) -> Sub:
    """The deployer's own. It names them by their ARN alone where they are nested, or gone with their stack; whether AWS then asks for a
    permission on the stack or on the change set is written nowhere.
    """
    return statements.arn("cloudformation:changeSet/tapline-*")


def pass_execution_role() -> Statement:
    to = StringEquals("iam:PassedToService", "cloudformation.amazonaws.com")
    return statements.allow("PassExecutionRole", exact(["iam:PassRole"]), [made_role_arn("execution")], to)


def deployers(env: AnyEnvironment, task: str) -> PolicyDocument:
    """Whom publish, plan and deploy trust: roles of the tools account by name, people's and those that carry releases for this task.

    IAM refuses a principal that does not exist yet, so the account is the principal and its roles are the condition.
    """
    trust = env.tools.trust
    home = carriers.home(env)
    roles = [*(f"{home}role/{role}" for role in trust.roles), *carriers.trusted(env, task)]
    return statements.document(
        Statement(
            Effect=Allow,
            Principal=Principal("AWS", Sub(f"{home}root")),
            Action=[AssumeRole],
            Condition=Condition(
                [
                    ArnEquals("aws:PrincipalArn", [Sub(role) for role in sorted(roles)]),
                    StringEquals({"aws:PrincipalOrgID": trust.organization, "sts:ExternalId": trust.external_id}),
                ]
            ),
        ),
        # Who and what, as tags of the session. They are nothing without the statement above, whose external id is no key of this action.
        Statement(
            Effect=Allow,
            Principal=Principal("AWS", Sub(f"{home}root")),
            Action=[TagSession],
            Condition=Condition(StringEquals("aws:PrincipalOrgID", trust.organization)),
        ),
    )


def cloudformation(env: AnyEnvironment) -> PolicyDocument:
    """CloudFormation, for stacks of this environment alone."""
    return statements.trust("cloudformation.amazonaws.com", statements.THIS_ACCOUNT, ArnLike("aws:SourceArn", stacks(env)))


def is_production(env: AnyEnvironment) -> bool:
    return env.production


def looking(env: AnyEnvironment) -> Statement:
    return everywhere(env, "StacksLook", STACKS_LOOK)


def _with_execution_role() -> ArnEquals:
    return ArnEquals("cloudformation:RoleArn", made_role_arn("execution"))


def _listing() -> Statement:
    """Without it S3 says of a missing object that it is forbidden."""
    return statements.allow("List", exact(["s3:ListBucket"]), [Sub(f"${{{BUCKET}.Arn}}")])


def _key_use(env: AnyEnvironment, *actions: str) -> Statement:
    """The artifact key, by its tags, and through S3 alone: nobody decrypts anything with it directly."""
    own = {"aws:ResourceTag/Environment": env.name, "aws:ResourceTag/Service": "bootstrap"}
    via = {"kms:ViaService": Sub("s3.${AWS::Region}.${AWS::URLSuffix}")}
    return statements.allow("ArtifactKey", exact(actions), [statements.arn("kms:key/*")], StringEquals(own | via))
