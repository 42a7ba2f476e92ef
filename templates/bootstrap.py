"""What stands in an account and region before anything is deployed there, made once by an administrator.

The artifact bucket and its key, the gate alarm, the boundary, the roles of the deployment, and API Gateway's own role for
its logs. It is no part of the root: the root is published into what this makes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from awacs import logs
from awacs.aws import PolicyDocument, Statement
from troposphere import GetAtt, Ref, apigateway
from troposphere.iam import ManagedPolicy, Role

from env.model import Environment, ToolsEnvironment
from resources import artifacts, boundary, carriers, deployment, execution, github, leading, statements
from resources.naming import bucket_name, global_name, log_group_patterns
from resources.policies import MOST_POLICIES, TooLongError, managed_policies, managed_policy
from resources.roles import role_with_policy
from resources.storage import access_logs_of, bucket_policy, private_bucket, private_log_bucket
from templates.service import Service

if TYPE_CHECKING:
    from env.model import AnyEnvironment
    from templates.build import AnyService

NAME = "bootstrap"
AWS = "AWS::"
# Types that a service may come to use without a new bootstrap.
EXTRA = ("AWS::DynamoDB::Table",)
# CloudFormation's limit of a template in the call itself: the first create has no bucket yet (CreateStack, TemplateBody).
MOST_BYTES = 51_200


def build(env: AnyEnvironment, types: Iterable[str]) -> AnyService:
    """``types``: every resource type of the environment's templates.

    Raises:
        permissions.UnknownTypesError: a type that the table of permissions has not.
        policies.TooLongError: a policy, or all of them, longer than IAM takes.
    """
    service = Service(NAME, env, f"{env.project} {env.name}: before the first deployment")
    handled = sorted({*(set(types) - leading.FAILOVER), *(EXTRA if isinstance(env, Environment) else ())})
    # Without what all of them begin with: each byte counts here.
    service.template.set_metadata({"tapline": {"version": 1, "types": [kind.removeprefix(AWS) for kind in handled]}})
    _artifacts(service)
    gate = service.add(artifacts.gate_alarm(env))
    service.gives("GateAlarmName", Ref(gate), "The deployment gate")
    if isinstance(env, Environment):
        _api_logs(service)
    _roles(service, handled, set(types) & leading.FAILOVER)
    return service


def _artifacts(service: AnyService) -> None:
    env = service.env
    key, alias = artifacts.artifact_key(env)
    service.add(key, alias)
    logs_bucket = service.add(private_log_bucket("LogBucket", bucket_name(env, "artifact-logs"), days=env.logs.retention_days))
    rules = artifacts.lifecycle(env.storage.noncurrent_days, env.storage.incomplete_upload_days)
    bucket = service.add(
        private_bucket(
            artifacts.BUCKET,
            bucket_name(env, "artifacts"),
            key_arn=GetAtt(key, "Arn"),
            log_bucket=Ref(logs_bucket),
            lifecycle=rules,
        )
    )
    service.add(bucket_policy(bucket, *artifacts.kept(env)))
    service.add(bucket_policy(logs_bucket, access_logs_of(GetAtt(bucket, "Arn"), logs_bucket)))
    service.gives("ArtifactBucketName", Ref(bucket), "Templates, assets, ledger")
    service.gives("ArtifactKeyArn", GetAtt(key, "Arn"), "Its key")


def _api_logs(service: AnyService) -> None:
    """API Gateway writes the logs of all APIs of a region with one role (Set up CloudWatch logging for REST APIs).

    Setting it makes API Gateway write a first line to the group `welcome`.
    """
    env = service.env
    groups = [statements.arn(f"logs:log-group:{pattern}:*") for pattern in ("/aws/apigateway/welcome", *log_group_patterns(env))]
    write = [logs.CreateLogGroup, logs.CreateLogStream, logs.DescribeLogStreams, logs.FilterLogEvents, logs.GetLogEvents, logs.PutLogEvents]
    permissions = [statements.allow("Write", write, groups), statements.allow_everywhere("Find", [logs.DescribeLogGroups])]
    policy = service.add(managed_policy(env, "ApiLogsPolicy", "api-logs", permissions))
    role = service.add(_role(env, "ApiLogsRole", "bootstrap-api-logs", statements.trust("apigateway.amazonaws.com"), [policy]))
    service.add(apigateway.Account("ApiAccount", CloudWatchRoleArn=GetAtt(role, "Arn")))


def _roles(service: AnyService, types: list[str], later: set[str]) -> None:
    """The two boundaries, and the five roles under the second one, each with its policies. ``later``: types whose permissions come in
    another template (templates/bootstrap_failover.py), below the same boundary.
    """
    env = service.env
    policies = _policies(service, types)
    used = {action.partition(":")[0] for own in policies.values() for policy in own for action in _actions(policy)}
    used |= {action.partition(":")[0] for action in execution.given(env, later)}
    service.add(_boundary(env), managed_policy(env, "DeploymentBoundary", "boundary", boundary.of_deployment(env, used)))
    for thing, own in policies.items():
        trust = deployment.cloudformation(env) if thing == "execution" else deployment.deployers(env, thing)
        role = service.add(_role(env, f"{thing.capitalize()}Role", thing, trust, own))
        # No release needs gc, so none asks for a new bootstrap on its account.
        if thing != "gc":
            service.gives(f"{thing.capitalize()}RoleArn", GetAtt(role, "Arn"), f"Role {thing}")
    if isinstance(env, ToolsEnvironment) and env.tools.trust.workflows:
        _workflows(service, env)
    service.gives("BoundaryArn", Ref("Boundary"), "The boundary")


def _workflows(service: AnyService, env: ToolsEnvironment) -> None:
    """GitHub's identity provider, and a role for each kind of job: who comes from outside is let in by an administrator."""
    provider = service.add(github.provider())
    for carrier in carriers.workflows(env.pipeline.environments, [each.name for each in env.stages if each.pull_requests]):
        title = "".join(part.capitalize() for part in carrier.thing.split("-"))
        service.add(
            *role_with_policy(env, f"{title}Role", carrier.thing, github.trust(env, provider, carrier), carriers.assuming(env, carrier))
        )


def _policies(service: AnyService, types: list[str]) -> dict[str, list[ManagedPolicy]]:
    """Role -> its policies. What plan and deploy read is the same, and so is what all of them may look at.

    What the execution role does in a second region comes later (templates/bootstrap_failover.py).
    """
    env, alone = service.env, service.env.alone
    made, seen = execution.given(alone, types), execution.seen(alone, types)
    add = partial(_added, service)
    look = add("Look", [deployment.looking(env), execution.looking(alone, made)])
    see = add("See", [*deployment.reading(env), *execution.named(alone, "See", seen), *execution.identity(alone, types, seen)])
    make = add("Make", execution.making(alone, made))
    set_ = [execution.nested(env), *execution.named(alone, "Set", made - seen), *execution.identity(alone, types, made - seen)]
    run = add("Execution", [*set_, *([execution.losing(types)] if deployment.is_production(env) else [])])
    return {
        "publish": add("Publish", deployment.publishing(env)),
        "gc": add("Gc", deployment.clearing()),
        "plan": [*look, *see, *add("Plan", deployment.planning(env))],
        "deploy": [*look, *see, *add("Deploy", deployment.deploying(env))],
        "execution": [*look, *see, *make, *run],
    }


def _added(service: AnyService, title: str, permissions: list[Statement]) -> list[ManagedPolicy]:
    policies = managed_policies(service.env, f"{title}Policy", title.lower(), permissions)
    for policy in policies:
        service.add(policy)
    return policies


def _actions(policy: ManagedPolicy) -> set[str]:
    return {str(action.JSONrepr()) for statement in policy.PolicyDocument.properties["Statement"] for action in statement.Action}


def _boundary(env: AnyEnvironment) -> ManagedPolicy:
    permissions = boundary.of_pipeline(env) if isinstance(env, ToolsEnvironment) else boundary.of_functions(env)
    policy = managed_policy(env, "Boundary", "boundary", permissions)
    # Its name is the one that roles of the templates have in mind (resources/roles.py).
    policy.ManagedPolicyName = global_name(env, "boundary", "policy")
    return policy


def _role(env: AnyEnvironment, title: str, thing: str, trust: PolicyDocument, policies: list[ManagedPolicy]) -> Role:
    if len(policies) > MOST_POLICIES:
        raise TooLongError(f"role {thing}: {len(policies)} policies; IAM takes {MOST_POLICIES}")
    return Role(
        title,
        RoleName=global_name(env, thing, "role"),
        AssumeRolePolicyDocument=trust,
        ManagedPolicyArns=[Ref(policy) for policy in policies],
        PermissionsBoundary=Ref("DeploymentBoundary"),
    )
