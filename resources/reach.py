"""Who reaches other accounts with StackSets: names, and what each may do on both sides.

In the tools account the plan role looks, the deploy role starts and stops, and the administration role, which CloudFormation takes, assumes
the execution role of a target and nothing else. A target's roles serve all of its regions, so their names carry none.
Sources: the user guide's page "Grant self-managed permissions"; the Service Authorization Reference, CloudFormation and Organizations.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from awacs.aws import Allow, ArnEquals, ArnLike, Condition, PolicyDocument, Principal, Statement, StringEquals
from awacs.sts import AssumeRole, TagSession
from troposphere import Sub

from resources import statements
from resources.artifacts import SHARED, STACKSETS, bucket_arn
from resources.execution import exact
from resources.naming import ACCOUNT, REGION, bucket_pattern, global_pattern, name

if TYPE_CHECKING:
    from env.model import AnyEnvironment, ToolsEnvironment
    from env.stacksets import StackSet

# In the tools account an administrator makes them with bootstrap, whose names the deployment's boundary keeps from every deployment.
BOOTSTRAP = "bootstrap-reach"
EXECUTION, PLAN = "reach-execution", "reach-plan"
PREVIEW = "tapline-preview"
"""What a preview's own stack is called, where there is no instance yet (`deploy/stacksets/previewing.py`)."""

_LOOK = (
    "cloudformation:DescribeStackInstance",
    "cloudformation:DescribeStackSet",
    "cloudformation:DescribeStackSetOperation",
    "cloudformation:DetectStackSetDrift",
    "cloudformation:ListStackInstanceResourceDrifts",
    "cloudformation:ListStackInstances",
    "cloudformation:ListStackSetAutoDeploymentTargets",
    "cloudformation:ListStackSetOperationResults",
    "cloudformation:ListStackSetOperations",
)
_RUN = (
    "cloudformation:CreateStackInstances",
    "cloudformation:CreateStackSet",
    "cloudformation:DeleteStackInstances",
    "cloudformation:DeleteStackSet",
    "cloudformation:StopStackSetOperation",
    "cloudformation:TagResource",
    "cloudformation:UntagResource",
    "cloudformation:UpdateStackInstances",
    "cloudformation:UpdateStackSet",
)
# Which accounts a unit has, and what became of them.
_UNITS = (
    "organizations:DescribeOrganizationalUnit",
    "organizations:ListAccountsForParent",
    "organizations:ListOrganizationalUnitsForParent",
)
# The same of the organization as a whole, which take no resource. Organizations is asked in one region of its own.
_ORGANIZATION = (
    "organizations:DescribeOrganization",
    "organizations:ListAccounts",
    "organizations:ListDelegatedAdministrators",
)
_STACKS_CARRIED_OUT = (
    "cloudformation:CancelUpdateStack",
    "cloudformation:ContinueUpdateRollback",
    "cloudformation:CreateStack",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStackResourceDrifts",
    "cloudformation:DescribeStackResources",
    "cloudformation:DescribeStacks",
    "cloudformation:DetectStackDrift",
    "cloudformation:DetectStackResourceDrift",
    "cloudformation:GetTemplate",
    "cloudformation:ListStackResources",
    "cloudformation:TagResource",
    "cloudformation:UntagResource",
    "cloudformation:UpdateStack",
)
_STACKS_SEEN = (
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeEvents",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStackResource",
    "cloudformation:DescribeStackResources",
    "cloudformation:DescribeStacks",
    "cloudformation:GetStackPolicy",
    "cloudformation:GetTemplate",
    "cloudformation:ListChangeSets",
    "cloudformation:ListStackResources",
    "cloudformation:TagResource",
)


def set_name(env: AnyEnvironment, thing: str, one: StackSet | None = None) -> str:
    """``tap-baseline-tools``, or the name that the file gives."""
    return (one.set_name if one else None) or name(env, thing, "stack")


def administration(env: AnyEnvironment) -> str:
    return global_pattern(env, BOOTSTRAP, "role").replace(REGION, env.tools.region)


def execution(env: AnyEnvironment) -> str:
    return name(env, EXECUTION, "role")


def plan(env: AnyEnvironment) -> str:
    return name(env, PLAN, "role")


def regions(env: ToolsEnvironment) -> list[str]:
    """Everywhere that a set goes, and where its template is read from."""
    return sorted({env.region, *(region for one in env.stack_sets.values() for region in one.targets.regions)})


# The tools account's side.


def looking(env: ToolsEnvironment) -> list[Statement]:
    """For plan and deploy: sets and what became of them, the organization, and the plan role of every target."""
    organization = env.tools.trust.organization
    inside = [_partition(f"organizations::*:{kind}/{organization}/*") for kind in ("ou", "root")]
    plans = sorted({one.plan_role or plan(env) for one in env.stack_sets.values()})
    member = StringEquals("aws:ResourceOrgID", organization)
    return [
        statements.allow("StackSets", exact(_LOOK), _sets(env)),
        statements.allow_everywhere("Access", exact(["cloudformation:DescribeOrganizationsAccess"])),
        statements.allow("Units", exact(_UNITS), inside),
        statements.allow("Organization", exact(_ORGANIZATION), ["*"]),
        statements.allow("Targets", [AssumeRole, TagSession], [_partition(f"iam::*:role/{role}") for role in plans], member),
    ]


def running(env: ToolsEnvironment) -> list[Statement]:
    """For deploy: make and end sets and instances, start and stop operations, hand the administration role to CloudFormation."""
    targets = [statements.arn(f"cloudformation:stackset-target/{each}:*") for each in _set_names(env)]
    types = _partition("cloudformation:${AWS::Region}::type/resource/*")
    administrators = sorted(
        {one.administration_role or administration(env) for one in env.stack_sets.values() if not one.is_service_managed}
    )
    roles = [_own_role(env, role) for role in administrators]
    to = StringEquals("iam:PassedToService", "cloudformation.amazonaws.com")
    passing = [statements.allow("PassAdministration", exact(["iam:PassRole"]), roles, to)] if roles else []
    records = Sub(f"{bucket_arn(env)}/{STACKSETS}/*")
    return [
        statements.allow("Run", exact(_RUN), [*_sets(env), *targets, types]),
        statements.allow("Records", exact(["s3:PutObject"]), [records]),
        *passing,
    ]


def administering(env: ToolsEnvironment) -> list[Statement]:
    """For CloudFormation: the execution role of accounts of this organization."""
    roles = sorted({one.execution_role or execution(env) for one in env.stack_sets.values() if not one.is_service_managed})
    member = StringEquals("aws:ResourceOrgID", env.tools.trust.organization)
    return [statements.allow("Targets", [AssumeRole], [_partition(f"iam::*:role/{role}") for role in roles], member)] if roles else []


def administrators(env: ToolsEnvironment) -> PolicyDocument:
    """Whom the administration role trusts: CloudFormation, for this account's sets."""
    return statements.trust("cloudformation.amazonaws.com", statements.THIS_ACCOUNT, ArnLike("aws:SourceArn", _sets(env)))


def _sets(env: ToolsEnvironment) -> list[Sub]:
    return [statements.arn(f"cloudformation:stackset/{each}:*") for each in _set_names(env)]


def _set_names(env: ToolsEnvironment) -> list[str]:
    """The house's own by their pattern, so that a new set asks for no new bootstrap; others by name."""
    own = f"{env.project}-*-{env.name}"
    return [own, *sorted({one.set_name for one in env.stack_sets.values() if one.set_name})]


def _own_role(env: ToolsEnvironment, role: str) -> Sub:
    text = global_pattern(env, BOOTSTRAP, "role") if role == administration(env) else role
    return statements.global_arn(f"iam:role/{text}")


# A target's side.


def carrying_out(env: ToolsEnvironment) -> list[Statement]:
    """For the execution role: the stacks of our sets, and what their templates and functions are read from."""
    return [
        statements.allow("Instances", exact(_STACKS_CARRIED_OUT), instances(env)),
        statements.allow_everywhere(
            "Templates", exact(["cloudformation:DescribeStackDriftDetectionStatus", "cloudformation:GetTemplateSummary"])
        ),
        *reading(env),
    ]


def previewing(env: ToolsEnvironment) -> list[Statement]:
    """For the plan role: change sets that are described and taken back, never executed; what an instance is, and its alarms.

    Where there is no instance yet, a preview stands in a stack of its own, which holds nothing and is removed.
    """
    previews = statements.arn(f"cloudformation:stack/{PREVIEW}-*")
    parameters = statements.arn(f"ssm:parameter/{env.project}/*")
    look = ["cloudformation:DescribeStackDriftDetectionStatus", "cloudformation:GetTemplateSummary", "cloudformation:ListStacks"]
    return [
        statements.allow(
            "Instances", exact(_STACKS_SEEN), [*instances(env), previews, statements.arn("cloudformation:changeSet/tapline-*")]
        ),
        statements.allow("Previews", exact(["cloudformation:DeleteStack"]), [previews]),
        statements.allow_everywhere("Look", exact([*look, "cloudwatch:DescribeAlarms"])),
        statements.allow("Parameters", exact(["ssm:GetParameter", "ssm:GetParameters"]), [parameters]),
        *looking_around(env),
        *reading(env),
    ]


def looking_around(env: ToolsEnvironment) -> list[Statement]:
    """Whether a set can come here: its execution role, and the regions that are enabled. Neither service is asked in a region of ours."""
    roles = sorted({one.execution_role or execution(env) for one in env.stack_sets.values()})
    return [
        statements.allow("ExecutionRole", exact(["iam:GetRole"]), [statements.global_arn(f"iam:role/{role}") for role in roles]),
        statements.allow("Regions", exact(["account:ListRegions"]), [statements.global_arn("account:account")]),
    ]


def reading(env: ToolsEnvironment) -> list[Statement]:
    """Templates and code in the tools account's buckets, through their keys. The buckets let the organization in; so must the reader's own."""
    bucket = bucket_pattern(env, "artifacts").replace(ACCOUNT, env.account).replace(REGION, "*")
    objects = [_partition(f"s3:::{bucket}/{folder}/*") for folder in SHARED]
    keys = _partition(f"kms:*:{env.account}:key/*")
    own = {"aws:ResourceTag/Environment": env.name, "aws:ResourceTag/Service": "bootstrap"}
    via = {"kms:ViaService": Sub("s3.${AWS::Region}.${AWS::URLSuffix}")}
    return [
        statements.allow("Artifacts", exact(["s3:GetObject", "s3:GetObjectVersion"]), objects),
        statements.allow("ArtifactKeys", exact(["kms:Decrypt"]), [keys], StringEquals(own | via)),
    ]


def instances(env: ToolsEnvironment) -> list[Sub]:
    """The stacks of our sets: CloudFormation names them StackSet-<set>-<id>."""
    return [statements.arn(f"cloudformation:stack/StackSet-{each}-*") for each in _set_names(env)]


def by_administration(env: ToolsEnvironment) -> PolicyDocument:
    """Whom the execution role trusts: the administration roles of the tools account, in this organization."""
    roles = {one.administration_role or administration(env) for one in env.stack_sets.values() if not one.is_service_managed}
    return _trust(env, sorted(roles or {administration(env)}), {})


def by_planners(env: ToolsEnvironment) -> PolicyDocument:
    """Whom the plan role trusts: the people's roles that the environments trust, and those that look and deploy, with the external id."""
    own = [global_pattern(env, task, "role").replace(REGION, env.region) for task in ("deploy", "plan")]
    roles = sorted({*own, *env.tools.trust.roles})
    return _trust(env, roles, {"sts:ExternalId": env.tools.trust.external_id}, tagged=True)


def _trust(env: ToolsEnvironment, roles: Iterable[str], more: dict[str, str], *, tagged: bool = False) -> PolicyDocument:
    """By condition and not as principals, since IAM refuses a principal that does not exist yet."""
    home = f"arn:${{AWS::Partition}}:iam::{env.account}:"
    inside = {"aws:PrincipalOrgID": env.tools.trust.organization}
    principal = Principal("AWS", Sub(f"{home}root"))
    who = ArnEquals("aws:PrincipalArn", [Sub(f"{home}role/{role}") for role in roles])
    assume = Statement(Effect=Allow, Principal=principal, Action=[AssumeRole], Condition=Condition([who, StringEquals({**inside, **more})]))
    session = Statement(Effect=Allow, Principal=principal, Action=[TagSession], Condition=Condition(StringEquals(inside)))
    return statements.document(assume, *([session] if tagged else []))


def _partition(resource: str) -> Sub:
    return Sub(f"arn:${{AWS::Partition}}:{resource}")
