"""The execution role gets what the handlers of the templates' types call, where it is theirs, and nothing else."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from env.model import Api, Environment
from env.recovery import Domain
from resources import deployment, execution, leading, permissions, scopes
from resources.policies import rendered
from templates import bootstrap
from templates.build import AnyBuilt, BuildError, Built, build
from templates.flat import NESTED
from tests.conftest import ENVIRONMENTS
from tests.templates.iam import Account, Context, Principal, listed

Builds = dict[str, Built]
every = pytest.mark.parametrize("name", ENVIRONMENTS)


def types_of(built: AnyBuilt) -> set[str]:
    return {resource["Type"] for document in built.templates.values() for resource in document["Resources"].values()}


def handled(built: AnyBuilt) -> list[str]:
    """Of the region that ``built.env`` is of."""
    names = [name for part in built.parts if part.env.region == built.env.region for name in part.bootstraps]
    return sorted(f"AWS::{kind}" for name in names for kind in built.bootstraps[name].document["Metadata"]["tapline"]["types"])


POOL = Api(
    throttle_rate=1, throttle_burst=1, waf=True, waf_rate_limit=10, authorization="COGNITO_USER_POOLS", user_pool="us-east-1_AbCdEf123"
)


def with_domain(env: Environment) -> Environment:
    assert env.disaster_recovery
    domain = Domain(name="api.example.com", hosted_zone="Z0123456789ABC")
    return structs.replace(env, disaster_recovery=structs.replace(env.disaster_recovery, domain=domain))


def test_the_table_is_what_the_schemas_say_of_exactly_the_types_in_use(builds: Builds, tools: Built[Any]) -> None:
    env = builds["prod"].env
    others = [build(with_domain(env)), build(structs.replace(env, api=POOL))]
    used = set(bootstrap.EXTRA).union(*(types_of(built) for built in (*builds.values(), *others, tools)))
    assert permissions.handlers().keys() == used, "run: python -m resources.permissions TYPE, or remove what nobody uses"
    assert permissions.handlers() == permissions.derive(used), "run: python -m resources.permissions"


@every
def test_the_template_says_which_types_it_is_for(builds: Builds, name: str) -> None:
    built = builds[name]
    assert built.bootstrap.document["Metadata"]["tapline"]["version"] == 1
    assert handled(built) == sorted({*built.types_in(built.env.region), *bootstrap.EXTRA})


def targets(account: Account, action: str) -> Iterator[tuple[str, Context]]:
    """Things of the environment that an action may be for, with what a request of CloudFormation carries then."""
    env = account.built.env
    boundary = account.iam(f"policy/{account.name('boundary')}")
    function = account.arn("lambda", f"function:{env.project}-x-{env.name}")
    service = action.split(":")[0]
    if service == "iam":
        yield (
            account.iam(f"role/{account.name('x')}"),
            {"iam:PermissionsBoundary": boundary, "iam:PolicyARN": account.iam(f"policy/{account.name('x')}")},
        )
        yield account.iam(f"policy/{account.name('x')}"), {}
        for passed in scopes.PASSED.values():
            yield account.iam(f"role/{account.name('x')}"), {"iam:PassedToService": passed}
        for linked in itertools.chain(*scopes.LINKED.values()):
            yield account.iam("role/aws-service-role/x/y"), {"iam:AWSServiceName": linked}
    for pattern in scopes.patterns(env, service) if service in scopes.SCOPES else ():
        yield rendered(env, {"Fn::Sub": pattern}, env.region).replace("*", "x"), {}
    if found := leading.place(env, action):
        yield from ((rendered(env, {"Fn::Sub": arn}, env.region).replace("*", "x"), account.own_tags()) for arn in found[1])
    if env.disaster_recovery:
        region = env.disaster_recovery.region
        via = {"kms:ViaService": f"dynamodb.{region}.amazonaws.com", "kms:GrantIsForAWSResource": "true"}
        yield f"arn:aws:kms:{region}:{env.account}:key/0a1b", {**account.own_tags(), **via}
    for kind in ("key/0a1b", "vpc/vpc-0a1b"):
        via = {"kms:ViaService": f"lambda.{env.region}.amazonaws.com", "kms:GrantIsForAWSResource": "true"}
        yield account.arn(service, kind), {**account.own_tags(), **via}
    yield "*", {"lambda:FunctionArn": function}
    yield f"arn:aws:s3:::{env.project}-artifacts-{env.account}-{env.region}-{env.name}/assets/0.zip", {}


def may_somewhere(account: Account, who: Principal, action: str) -> bool:
    return any(who.can(action, arn, context) for arn, context in targets(account, action))


def withheld(built: AnyBuilt, name: str, action: str) -> bool:
    return scopes.matches(action, scopes.withheld(name, replicated=built.env.disaster_recovery is not None))


def missing(account: Account) -> set[tuple[str, str]]:
    """(type, action) that a handler calls, that is withheld for no reason, and that the role may not do."""
    built, role = account.built, account.role("execution")
    types = handled(built)
    lost = {action for kind in types for action in scopes.LOSING.get(kind, ())} if built.env.name == "prod" else set()
    return {
        (kind, action)
        for kind, calls in permissions.actions(types).items()
        for call in calls
        if not withheld(built, kind, call)
        for action in scopes.EXPANDED.get(call, (call,))
        if action not in lost and not may_somewhere(account, role, action)
    }


@every
def test_every_call_of_every_handler_is_allowed_or_withheld_for_a_reason(builds: Builds, name: str) -> None:
    assert missing(Account.of(builds[name])) == set()


@pytest.mark.row("R16")
@pytest.mark.parametrize("domain", [False, True], ids=["edge", "domain"])
@pytest.mark.parametrize("second", [False, True], ids=["first region", "second region"])
def test_each_regions_roles_may_what_the_stacks_there_ask_for(builds: Builds, domain: bool, second: bool) -> None:
    built = build(with_domain(builds["prod"].env)) if domain else builds["prod"]
    account = Account.of(built, second=second)
    leads = {"AWS::Route53::RecordSet"} if domain else {"AWS::CloudFront::Distribution"} if second else set()
    assert leads == {kind for kind in handled(account.built) if kind in ("AWS::Route53::RecordSet", "AWS::CloudFront::Distribution")}
    assert missing(account) == set()


@pytest.mark.row("R12")
def test_an_api_that_a_user_pool_lets_people_into_can_be_deployed(builds: Builds) -> None:
    account = Account.of(build(structs.replace(builds["dev"].env, api=POOL)))
    assert "AWS::ApiGateway::Authorizer" in handled(account.built)
    assert missing(account) == set()


def test_a_call_that_no_policy_allows_is_seen(builds: Builds) -> None:
    account = Account.of(builds["dev"])
    for action, kind in {
        "sqs:CreateQueue": "AWS::SQS::Queue",
        "kms:PutKeyPolicy": "AWS::KMS::Key",
        "iam:CreateRole": "AWS::IAM::Role",
    }.items():
        template = copy.deepcopy(account.template)
        for resource in template["Resources"].values():
            for statement in resource["Properties"].get("PolicyDocument", {}).get("Statement", []):
                if statement["Effect"] == "Allow" and action in statement["Action"]:
                    statement["Action"].remove(action)
        assert missing(replace(account, template=template)) == {(kind, action)}


def test_every_reason_for_withholding_is_needed() -> None:
    calls = permissions.actions(permissions.handlers())
    unused = [each for each in scopes.WITHHELD if not any(covers(each, kind, call) for kind in calls for call in calls[kind])]
    assert unused == []
    assert all(each.reason for each in scopes.WITHHELD)


def covers(each: scopes.Withheld, kind: str, call: str) -> bool:
    return scopes.matches(kind, (each.type,)) and scopes.matches(call, (each.action,))


def test_every_wildcard_of_a_schema_is_written_out() -> None:
    calls = permissions.actions(permissions.handlers())
    wild = {
        call for kind in calls for call in calls[kind] if "*" in call and not scopes.matches(call, scopes.withheld(kind, replicated=True))
    }
    assert wild == scopes.EXPANDED.keys()


@every
def test_nothing_is_given_that_no_handler_calls(builds: Builds, name: str) -> None:
    """But what nested stacks, change sets, the artifacts and the plan's own reading need."""
    built = builds[name]
    account = Account.of(built)
    policies = [policy["Ref"] for policy in account.properties("ExecutionRole")["ManagedPolicyArns"]]
    own = [policy for policy in policies if not policy.startswith(("Look", "See"))]
    given = {action for policy in own for statement in account.statements(policy) for action in listed(statement["Action"])}
    lost = {action for actions in scopes.LOSING.values() for action in actions}
    assert given - execution.given(built.env, handled(built)) - set(scopes.NESTED) - (lost if name == "prod" else set()) == set()


@every
def test_what_has_no_name_is_what_the_table_says_has_none(builds: Builds, name: str) -> None:
    """The allow-list lets these two policies reach every resource: so each of their actions is held to the tables."""
    account = Account.of(builds[name])
    look = {action for statement in account.statements("LookPolicy") for action in listed(statement["Action"])}
    assert all(scopes.matches(action, scopes.LOOK) or action in deployment.STACKS_LOOK for action in look)
    assert all(re.match(r"\w+:(BatchDescribe|Describe|Get|List|LookupEvents)", action) for action in look)
    make = {action for statement in account.statements("MakePolicy") for action in listed(statement["Action"])}
    known = (*scopes.MAKE, *scopes.UNTAGGED, *scopes.MAPPINGS, *scopes.MAPPING_TAGS)
    assert all(scopes.matches(action, known) for action in make)
    assert not {action for action in make if re.match(r"\w+:Delete", action)} - {*scopes.MAKE, *scopes.MAPPINGS}
    for statement in (*account.statements("LookPolicy"), *account.statements("MakePolicy")):
        regions = statement.get("Condition", {}).get("StringEquals", {}).get("aws:RequestedRegion")
        assert regions or statement["Resource"] != ["*"]


@every
def test_plan_and_deploy_read_settings_and_nothing_else_of_a_type(builds: Builds, name: str) -> None:
    account = Account.of(builds[name])
    see = {action for statement in account.statements("SeePolicy") for action in listed(statement["Action"])}
    writing = {action for action in see if not scopes.matches(action, (*scopes.READING, "cloudformation:Detect*"))}
    assert writing == {"kms:Decrypt"}  # of the artifact key, through S3
    assert not see & {"lambda:InvokeFunction", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "secretsmanager:GetSecretValue"}


NAMES = {
    "AWS::DynamoDB::GlobalTable": ("TableName", "dynamodb", "table/"),
    "AWS::Lambda::Function": ("FunctionName", "lambda", "function:"),
    "AWS::Logs::LogGroup": ("LogGroupName", "logs", "log-group:"),
    "AWS::SNS::Topic": ("TopicName", "sns", ""),
    "AWS::SQS::Queue": ("QueueName", "sqs", ""),
}


def literal(account: Account, value: Any) -> str:
    """A resource of a statement as it is in the account: names are known, keys have ids."""
    if isinstance(value, str):
        return value
    ((name, argument),) = value.items()
    if name == "Fn::Join":
        return str(argument[0]).join(literal(account, part) for part in argument[1])
    target = argument if name == "Ref" else argument[0]
    resource = rendered(account.built.env, account.built.flat["Resources"][target], account.built.env.region)
    if resource["Type"] == "AWS::KMS::Key":
        return account.arn("kms", "key/0a1b")
    if resource["Type"] == "AWS::S3::Bucket":
        return f"arn:aws:s3:::{resource['Properties']['BucketName']}"
    part, service, prefix = NAMES[resource["Type"]]
    arn = account.arn(service, f"{prefix}{resource['Properties'][part]}")
    return f"{arn}:*" if service == "logs" else arn


@every
def test_the_boundary_takes_nothing_from_what_the_templates_own_roles_need(builds: Builds, name: str) -> None:
    built = builds[name]
    account = Account.of(built)
    asked = 0
    for flat_id, resource in built.flat["Resources"].items():
        if resource["Type"] != "AWS::IAM::ManagedPolicy":
            continue
        for statement in rendered(built.env, resource["Properties"]["PolicyDocument"]["Statement"], built.env.region):
            role = account.made_role("x")
            carried = {key: listed(value)[0] for keys in statement.get("Condition", {}).values() for key, value in keys.items()}
            carried = {key: value.replace("*", "x") for key, value in carried.items() if isinstance(value, str)}
            for action, given in itertools.product(listed(statement["Action"]), listed(statement["Resource"])):
                arn = literal(account, given)
                if arn != "*" and arn.split(":")[2] != action.split(":")[0]:
                    continue  # a statement of several services: no request is for one's thing with another's action
                context = {**account.own_tags(), **carried} if ":kms:" in arn or action.startswith("kms:") else carried
                assert role.can(action, arn.replace("*", "x") if arn != "*" else arn, context), (flat_id, action, arn)
                asked += 1
    assert asked > 40


def test_a_type_that_the_table_does_not_know_is_an_error_that_says_what_to_run(builds: Builds) -> None:
    env = builds["dev"].env
    with pytest.raises(permissions.UnknownTypesError, match=r"run `python -m resources.permissions AWS::Batch::JobQueue`"):
        bootstrap.build(env, ["AWS::Batch::JobQueue", NESTED])


def test_the_error_names_environment_and_template(platform: Any) -> None:
    built = build(platform.environments[0])
    templates = {**built.templates, "data": {"Resources": {"Jobs": {"Type": "AWS::Batch::JobQueue"}}}}
    with pytest.raises(BuildError, match="service bootstrap, environment dev: the execution role knows nothing of AWS::Batch::JobQueue"):
        _ = replace(built, templates=templates).bootstrap


@pytest.mark.row("R09")
@every
def test_the_drift_function_may_read_every_type_that_it_checks_and_change_nothing(builds: Builds, name: str) -> None:
    """CloudFormation reads with its permissions: what each type's handler for reading calls, on the environment's own things."""
    built = builds[name]
    account = Account.of(built)
    policies = ("DriftDriftReads", "DriftDriftRolePolicy")
    documents = [
        rendered(built.env, built.flat["Resources"][policy]["Properties"]["PolicyDocument"], built.env.region) for policy in policies
    ]
    role = account.made_role("drift", [statement for document in documents for statement in document["Statement"]])
    seen = execution.seen(built.env, built.types_in(built.env.region))
    assert len(seen) > 80
    assert [action for action in sorted(seen) if not may_somewhere(account, role, action)] == []
    other = account.arn("sqs", "jobs-of-somebody-else")
    assert not role.may("sqs:GetQueueAttributes", other)
    (reads, _) = documents
    allowed = {action for statement in reads["Statement"] for action in listed(statement["Action"])}
    assert all(scopes.matches(action, scopes.READING) for action in allowed)
    assert not allowed & {"dynamodb:GetItem", "s3:GetObject", "sqs:ReceiveMessage", "ssm:GetParametersByPath", "kms:Decrypt"}
