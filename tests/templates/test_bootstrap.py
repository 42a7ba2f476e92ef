"""The bootstrap template: its limits, its names, whom its roles trust, and what each of them can and cannot do."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from deploy import manifest as contract
from env.loader import LONGEST_TOGETHER
from env.model import Environment, Setting
from env.recovery import Blocks, DisasterRecovery, Domain
from env.regions import PARTITIONS
from resources import deployment, naming
from resources.policies import MOST_CHARACTERS, MOST_POLICIES, TooLongError, managed_policies, managed_policy, rendered
from templates import bootstrap
from templates.build import BuildError, Built, build
from templates.manifest import manifest
from tests.conftest import ENVIRONMENTS
from tests.templates.iam import Account, denied, holds

Builds = dict[str, Built]
every = pytest.mark.parametrize("name", ENVIRONMENTS)
structs = msgspec.structs


def characters(document: Any) -> int:
    """As IAM counts a policy: without white space."""
    return len("".join(json.dumps(document, separators=(",", ":")).split()))


def policies(built: Built, region: str) -> dict[str, Any]:
    made = {(name, key): one for name, each in built.bootstraps.items() for key, one in each.document["Resources"].items()}
    found = {f"{name}/{key}": one["Properties"] for (name, key), one in made.items() if one["Type"] == "AWS::IAM::ManagedPolicy"}
    return {key: rendered(built.env, one["PolicyDocument"], region) for key, one in found.items()}


@every
def test_policies_and_template_stay_within_their_limits(builds: Builds, name: str) -> None:
    built = builds[name]
    for region in [built.env.region, *([built.env.disaster_recovery.region] if built.env.disaster_recovery else [])]:
        assert all(characters(document) <= 6_144 for document in policies(built, region).values())
    for resource in built.bootstrap.document["Resources"].values():
        assert len(resource["Properties"].get("ManagedPolicyArns", [])) <= 10
    assert len(built.bootstrap.encoded) <= 51_200
    assert json.loads(built.bootstrap.encoded) == built.bootstrap.document


SECOND = DisasterRecovery(
    region="",
    network=Blocks(cidr="10.99.0.0/16", public=("10.99.0.0/24",) * 3, private=("10.99.1.0/24",) * 3),
    domain=Domain(name=f"{'a' * 52}.example.com", hosted_zone=f"Z{'0' * 20}"),
)


def test_the_longest_names_and_any_partition_stay_within_the_limits(builds: Builds) -> None:
    env = builds["prod"].env
    project = "p" * 12
    for region in sorted(
        {max((region for region in PARTITIONS if PARTITIONS[region] == partition), key=len) for partition in set(PARTITIONS.values())}
    ):
        second = structs.replace(
            SECOND, region=max(PARTITIONS, key=lambda other: (PARTITIONS[other] == PARTITIONS[region] and other != region, len(other)))
        )
        longest = structs.replace(
            env, project=project, name="e" * (LONGEST_TOGETHER - len(project)), region=region, disaster_recovery=second
        )
        built = build(longest)
        assert len(built.bootstraps) == 4
        assert all(len(made.encoded) <= bootstrap.MOST_BYTES for made in built.bootstraps.values())
        for where in (region, second.region):
            assert all(characters(document) <= MOST_CHARACTERS for document in policies(built, where).values())


def test_a_template_that_does_not_fit_into_one_call_is_an_error(builds: Builds) -> None:
    many = {
        f"Thing{number}": {"Type": f"AWS::{kind}"}
        for number, kind in enumerate(builds["prod"].bootstrap.document["Metadata"]["tapline"]["types"])
    }
    env = structs.replace(builds["prod"].env, owner="o" * 256, cost_center="c" * 256)
    parts = tuple(replace(part, env=env) if part.thing == "app" else part for part in builds["prod"].parts)
    built = replace(builds["prod"], parts=parts, templates={**builds["prod"].templates, "data": {"Resources": many}})
    with pytest.raises(BuildError, match=r"service bootstrap, environment prod: 5\d,\d{3} bytes; CloudFormation takes 51,200"):
        _ = built.bootstrap


def test_policies_are_split_and_what_cannot_be_split_is_an_error(builds: Builds) -> None:
    from resources import execution

    env = builds["dev"].env
    statements = [execution.everywhere(env, f"S{number}", [f"s3:{'x' * 1_900}"]) for number in range(7)]
    assert [policy.title for policy in managed_policies(env, "Some", "some", statements)] == ["Some", "Some2", "Some3"]
    with pytest.raises(TooLongError, match=r"policy Some is longer than the 6,144 characters"):
        managed_policy(env, "Some", "some", statements)
    with pytest.raises(TooLongError, match=r"statement Wide of policy Some: 7,\d{3} characters"):
        managed_policies(env, "Some", "some", [execution.everywhere(env, "Wide", [f"s3:{'x' * 7_000}"])])
    with pytest.raises(TooLongError, match=f"role some: 11 policies; IAM takes {MOST_POLICIES}"):
        bootstrap._role(env, "Some", "some", deployment.cloudformation(env), managed_policies(env, "Some", "some", statements[:1]) * 11)


@every
def test_the_manifest_says_what_bootstrap_makes(builds: Builds, name: str) -> None:
    built = builds[name]
    account = Account.of(built)
    made = manifest(built, {}, [])
    entry, *others = made.bootstraps
    assert len(others) == (3 if name == "prod" else 0)
    template = built.bootstrap.document
    assert (entry.name, entry.region, entry.path) == (f"tap-bootstrap-{name}", built.env.region, "bootstrap.json")
    assert list(entry.outputs) == sorted(template["Outputs"])
    assert list(entry.types) == [f"AWS::{kind}" for kind in template["Metadata"]["tapline"]["types"]]
    assert account.properties("ArtifactBucket")["BucketName"] == made.artifacts[0].name
    for thing in ("publish", "plan", "deploy", "execution", "gc"):
        assert account.properties(f"{thing.capitalize()}Role")["RoleName"] == getattr(made.roles, thing)
    assert account.properties("GateAlarm")["AlarmName"] == made.stacks[0].guard.triggers[0].alarm
    assert entry.roles == made.roles
    assert contract.decode(contract.encode(made)).bootstraps == made.bootstraps


@every
def test_its_outputs_are_what_others_ask_for(builds: Builds, name: str) -> None:
    assert set(builds[name].bootstrap.document["Outputs"]) == {
        "ArtifactBucketName", "ArtifactKeyArn", "BoundaryArn", "DeployRoleArn", "ExecutionRoleArn", "GateAlarmName", "PlanRoleArn",
        "PublishRoleArn",
    }  # fmt: skip


@every
def test_the_boundary_is_the_one_that_the_templates_name(builds: Builds, name: str) -> None:
    built = builds[name]
    account = Account.of(built)
    arn = account.iam(f"policy/{account.properties('Boundary')['ManagedPolicyName']}")
    for resource in built.flat["Resources"].values():
        if resource["Type"] == "AWS::IAM::Role":
            assert rendered(built.env, resource["Properties"]["PermissionsBoundary"], built.env.region) == arn


@every
def test_the_gate_never_rings_by_itself(builds: Builds, name: str) -> None:
    account = Account.of(builds[name])
    gate = account.properties("GateAlarm")
    assert (gate["TreatMissingData"], gate["Namespace"]) == ("ignore", f"tap/gate/{name}")
    for who in (account.made_role("api"), account.role("execution"), account.role("plan")):
        assert not who.can("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": gate["Namespace"]})


def trust(account: Account, thing: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = account.properties(f"{thing.capitalize()}Role")["AssumeRolePolicyDocument"]["Statement"]
    return found


@every
@pytest.mark.parametrize("thing", ["publish", "plan", "deploy", "gc"])
def test_who_may_assume_a_deployment_role_is_said_exactly(builds: Builds, name: str, thing: str) -> None:
    account = Account.of(builds[name])
    carriers = {
        "publish": ["pipeline-publish", "workflow-plan", *(["workflow-review"] if name == "dev" else [])],
        "plan": [
            f"pipeline-apply-{name}",
            "pipeline-plan",
            "pipeline-publish",
            f"pipeline-verify-{name}",
            f"workflow-apply-{name}",
            "workflow-plan",
            *(["workflow-review"] if name == "dev" else []),
        ],
        "deploy": [f"pipeline-apply-{name}", f"pipeline-verify-{name}", f"workflow-apply-{name}"],
        "gc": [],
    }
    roles = ["tap-operator-tools", *(f"tap-{carrier}-us-east-1-tools" for carrier in carriers[thing])]
    assert trust(account, thing) == [
        {
            "Effect": "Allow",
            "Action": ["sts:AssumeRole"],
            "Principal": {"AWS": "arn:aws:iam::444444444444:root"},
            "Condition": {
                "ArnEquals": {"aws:PrincipalArn": sorted(f"arn:aws:iam::444444444444:role/{role}" for role in roles)},
                "StringEquals": {"aws:PrincipalOrgID": "o-exampleorg1", "sts:ExternalId": "tap-deploy"},
            },
        },
        {
            "Effect": "Allow",
            "Action": ["sts:TagSession"],
            "Principal": {"AWS": "arn:aws:iam::444444444444:root"},
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}},
        },
    ]


def test_where_workflows_are_off_none_is_trusted(builds: Builds) -> None:
    env = builds["dev"].env
    alone = structs.replace(env, tools=structs.replace(env.tools, trust=structs.replace(env.tools.trust, workflows=False)))
    assert "workflow" in json.dumps(builds["dev"].bootstrap.document)
    assert "workflow" not in json.dumps(build(alone).bootstrap.document)


@every
def test_cloudformation_alone_assumes_the_execution_role_for_stacks_of_the_environment(builds: Builds, name: str) -> None:
    account = Account.of(builds[name])
    assert trust(account, "execution") == [
        {
            "Effect": "Allow",
            "Action": ["sts:AssumeRole"],
            "Principal": {"Service": "cloudformation.amazonaws.com"},
            "Condition": {
                "ArnLike": {"aws:SourceArn": account.arn("cloudformation", f"stack/tap-*-{name}*")},
                "StringEquals": {"aws:SourceAccount": builds[name].env.account},
            },
        }
    ]


def bucket(account: Account) -> str:
    return f"arn:aws:s3:::{account.properties('ArtifactBucket')['BucketName']}"


def test_the_bucket_is_written_once_and_never_emptied_whoever_asks(builds: Builds) -> None:
    account = Account.of(builds["prod"])
    policy = [statement for statement in account.statements("ArtifactBucketPolicy") if statement["Sid"] != "DenyInsecureTransport"]
    publisher, deployer = account.role("publish").arn, account.role("deploy").arn
    first, swap, anyhow = {"s3:if-none-match": "*"}, {"s3:if-match": '"tag"'}, dict[str, str]()
    cases = [
        *((f"{folder}/x", publisher, first, True) for folder in ("assets", "manifests", "releases", "templates")),
        *((f"{folder}/x", publisher, how, False) for folder in ("assets", "manifests", "releases", "templates") for how in (swap, anyhow)),
        ("ledger/1", deployer, first, True),
        ("ledger/1", deployer, swap, False),
        ("ledger/1", deployer, anyhow, False),
        ("locks/deployment.json", deployer, first, True),
        ("locks/deployment.json", deployer, swap, True),
        ("locks/deployment.json", deployer, anyhow, False),
        ("templates/x", account.iam("role/Administrator"), first, False),
        ("templates/x", account.made_role("api").arn, first, False),
        ("locks/deployment.json", account.role("execution").arn, swap, False),
    ]
    for key, who, headers, expected in cases:
        refused = denied(policy, "s3:PutObject", f"{bucket(account)}/{key}", {"aws:PrincipalArn": who, **headers})
        assert refused is not expected, (key, who, headers)
    for action in ("s3:DeleteObject", "s3:DeleteObjectVersion"):
        for key in ("templates/x", "ledger/1", "locks/deployment.json"):
            for who in (account.iam("role/Administrator"), publisher, deployer, account.role("plan").arn, account.role("execution").arn):
                assert denied(policy, action, f"{bucket(account)}/{key}", {"aws:PrincipalArn": who})
    assert not denied(policy, "s3:GetObject", f"{bucket(account)}/templates/x", {"aws:PrincipalArn": account.role("plan").arn})


@every
def test_publish_puts_and_does_nothing_else(builds: Builds, name: str) -> None:
    account = Account.of(builds[name])
    role, place = account.role("publish"), bucket(account)
    via = {**account.own_tags("bootstrap"), "kms:ViaService": f"s3.{builds[name].env.region}.amazonaws.com"}
    key = account.arn("kms", "key/0a1b")
    assert role.may("s3:PutObject", f"{place}/templates/x")
    assert role.can("kms:GenerateDataKey", key, via)
    assert not role.can("kms:GenerateDataKey", key, account.own_tags("bootstrap")), "the key is used through S3 alone"
    assert not role.can("kms:Decrypt", key, {**via, **account.own_tags("data")}), "nor any other key"
    assert not role.may("s3:PutObject", f"{place}/ledger/1")
    assert not role.may("s3:PutObject", f"{place}/locks/deployment.json")
    for action in ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectAcl", "s3:PutObjectRetention"):
        assert not role.may(action, f"{place}/templates/x"), action
    for action in ("s3:PutBucketPolicy", "s3:DeleteBucket", "s3:PutLifecycleConfiguration", "s3:PutBucketVersioning"):
        assert not role.may(action, place), action
    stack = account.arn("cloudformation", f"stack/tap-app-{name}/0a1b")
    assert not any(role.may(f"cloudformation:{verb}", stack) for verb in ("DescribeStacks", "CreateChangeSet", "ExecuteChangeSet"))
    assert not role.may("s3:PutObject", "arn:aws:s3:::payroll/templates/x")


@pytest.mark.row("R26")
@every
def test_gc_removes_below_four_folders_and_does_nothing_else(builds: Builds, name: str) -> None:
    account = Account.of(builds[name])
    role, place = account.role("gc"), bucket(account)
    policy = [statement for statement in account.statements("ArtifactBucketPolicy") if statement["Sid"] != "DenyInsecureTransport"]
    mine = {"aws:PrincipalArn": role.arn}
    folders = {"approvals", "assets", "index", "ledger", "locks", "manifests", "releases", "templates"}
    may = {folder for folder in folders if role.may("s3:DeleteObject", f"{place}/{folder}/x")}
    let = {folder for folder in folders if not denied(policy, "s3:DeleteObject", f"{place}/{folder}/x", mine)}
    assert may == let == {"assets", "manifests", "releases", "templates"}
    for folder in folders:
        assert denied(policy, "s3:DeleteObjectVersion", f"{place}/{folder}/x", mine), "what was removed can be brought back"
        for action in ("s3:DeleteObjectVersion", "s3:GetObject", "s3:PutObject"):
            assert not role.may(action, f"{place}/{folder}/x"), (action, folder)
    assert not role.may("s3:DeleteObject", "arn:aws:s3:::payroll/assets/x")
    for action in ("s3:DeleteBucket", "s3:ListBucket", "s3:PutBucketPolicy", "s3:PutLifecycleConfiguration"):
        assert not role.may(action, place)
    assert not role.may("cloudformation:DescribeStacks", account.arn("cloudformation", f"stack/tap-app-{name}/0a1b"))


def allowed(account: Account, logical_id: str, part: str, action: str, resource: str, context: dict[str, str]) -> bool:
    """Whether a resource's own policy lets a request of another account in."""
    statements = [one for one in account.properties(logical_id)[part]["Statement"] if one["Sid"] != "DenyInsecureTransport"]
    foreign = [one for one in statements if one["Effect"] == "Allow" and one["Principal"] == "*"]
    return any(holds(one, action, resource, context) for one in foreign) and not denied(statements, action, resource, context)


@pytest.mark.row("R26")
@every
def test_the_organization_reads_templates_and_assets_and_nothing_else(builds: Builds, name: str) -> None:
    account = Account.of(builds[name])
    inside = {
        "aws:PrincipalArn": "arn:aws:iam::999999999999:role/AWSCloudFormationStackSetExecutionRole",
        "aws:PrincipalOrgID": "o-exampleorg1",
    }
    via = {"kms:ViaService": f"s3.{builds[name].env.region}.amazonaws.com"}

    def object_(action: str, key: str, context: dict[str, str]) -> bool:
        return allowed(account, "ArtifactBucketPolicy", "PolicyDocument", action, f"{bucket(account)}/{key}", context)

    folders = ("approvals", "assets", "index", "ledger", "locks", "manifests", "releases", "templates")
    assert {folder for folder in folders if object_("s3:GetObject", f"{folder}/x", inside)} == {"assets", "templates"}
    assert not any(object_(action, "templates/x", inside) for action in ("s3:DeleteObject", "s3:GetObjectVersion", "s3:PutObject"))
    for outside in ({**inside, "aws:PrincipalOrgID": "o-somebody1"}, dict[str, str]()):
        assert not object_("s3:GetObject", "templates/x", outside)
    assert allowed(account, "ArtifactKey", "KeyPolicy", "kms:Decrypt", "*", inside | via)
    assert not allowed(account, "ArtifactKey", "KeyPolicy", "kms:Decrypt", "*", inside), "the key is used through S3 alone"
    assert not allowed(account, "ArtifactKey", "KeyPolicy", "kms:Decrypt", "*", {**inside, **via, "aws:PrincipalOrgID": "o-somebody1"})
    assert not allowed(account, "ArtifactKey", "KeyPolicy", "kms:GenerateDataKey", "*", inside | via)


CHANGING = (
    "CancelUpdateStack", "ContinueUpdateRollback", "CreateStack", "CreateStackSet", "DeleteStack", "ExecuteChangeSet", "RollbackStack",
    "SetStackPolicy", "UpdateStack", "UpdateTerminationProtection",
)  # fmt: skip


@every
def test_plan_proposes_and_cannot_execute(builds: Builds, name: str) -> None:
    built = builds[name]
    account = Account.of(built)
    role, region = account.role("plan"), built.env.region
    execution = account.role("execution").arn
    url = f"https://s3.{region}.amazonaws.com/{bucket(account).removeprefix('arn:aws:s3:::')}/templates/0.json"
    right = {"cloudformation:RoleArn": execution, "cloudformation:TemplateUrl": url}
    root = account.arn("cloudformation", f"stack/tap-app-{name}/0a1b")
    nested = account.arn("cloudformation", f"stack/tap-app-{name}-Data-1A2B/0a1b")
    for stack in (root, nested):
        assert role.can("cloudformation:CreateChangeSet", stack, right)
        assert role.may("cloudformation:DeleteChangeSet", stack)
        assert role.may("cloudformation:DetectStackDrift", stack)
        for verb in CHANGING:
            assert not role.can(f"cloudformation:{verb}", stack, right), verb
    wrong = (
        {**right, "cloudformation:RoleArn": account.iam("role/Administrator")},
        {"cloudformation:TemplateUrl": url},
        {**right, "cloudformation:TemplateUrl": url.replace("tap-artifacts", "tap-data")},
        {**right, "cloudformation:TemplateUrl": url.replace("/templates/", "/locks/")},
        {"cloudformation:RoleArn": execution},
    )
    assert not any(role.can("cloudformation:CreateChangeSet", root, context) for context in wrong)
    for stack in ("payroll", f"tap-bootstrap-{name}"):
        assert not role.can("cloudformation:CreateChangeSet", account.arn("cloudformation", f"stack/{stack}/0a1b"), right)
    assert role.may("cloudformation:DescribeStacks", account.arn("cloudformation", f"stack/tap-bootstrap-{name}/0a1b"))
    assert role.may("cloudwatch:DescribeAlarms", "*")
    assert not role.may("cloudwatch:SetAlarmState", account.arn("cloudwatch", f"alarm:tap-gate-{name}"))


@every
def test_plan_reads_no_data_and_decrypts_none(builds: Builds, name: str) -> None:
    account = Account.of(builds[name])
    role = account.role("plan")
    via = {"kms:ViaService": f"ssm.{builds[name].env.region}.amazonaws.com"}
    assert role.may("ssm:GetParametersByPath", account.arn("ssm", f"parameter/tap/{name}"))
    assert role.may("ssm:GetParameter", account.arn("ssm", f"parameter/tap/{name}/config/page-limit"))
    assert not role.may("ssm:GetParameter", account.arn("ssm", "parameter/payroll/secret"))
    assert not role.can("kms:Decrypt", account.arn("kms", "key/0a1b"), {**account.own_tags(), **via}), "no SecureString"
    assert role.may("s3:GetObject", f"{bucket(account)}/locks/deployment.json")
    assert not role.may("s3:PutObject", f"{bucket(account)}/locks/deployment.json")
    data = f"arn:aws:s3:::tap-data-{builds[name].env.account}-{builds[name].env.region}-{name}"
    assert not role.may("s3:GetObject", f"{data}/items/1")
    table = account.arn("dynamodb", f"table/tap-items-{name}")
    assert role.may("dynamodb:DescribeTable", table)
    assert not any(role.may(f"dynamodb:{verb}", table) for verb in ("GetItem", "Query", "Scan", "DeleteTable"))
    assert not role.may("lambda:InvokeFunction", account.arn("lambda", f"function:tap-api-{name}"))


@every
def test_deploy_runs_what_was_proposed_on_its_own_stacks_alone(builds: Builds, name: str) -> None:
    account = Account.of(builds[name])
    role = account.role("deploy")
    execution = account.role("execution").arn
    own = account.arn("cloudformation", f"stack/tap-app-{name}/0a1b")
    running = ("ExecuteChangeSet", "CancelUpdateStack", "ContinueUpdateRollback", "RollbackStack", "SetStackPolicy")
    assert all(role.may(f"cloudformation:{verb}", own) for verb in running)
    for stack in ("payroll", f"tap-bootstrap-{name}", f"other-app-{name}"):
        assert not any(role.may(f"cloudformation:{verb}", account.arn("cloudformation", f"stack/{stack}/0a1b")) for verb in CHANGING), stack
    assert not any(role.may(f"cloudformation:{verb}", own) for verb in ("CreateStack", "UpdateStack", "CreateChangeSet", "CreateStackSet"))
    ends = [role.may(f"cloudformation:{verb}", own) for verb in ("DeleteStack", "UpdateTerminationProtection")]
    assert ends == [name != "prod"] * 2
    assert role.may("iam:PassRole", execution, iam__PassedToService="cloudformation.amazonaws.com")
    assert not role.may("iam:PassRole", execution, iam__PassedToService="lambda.amazonaws.com")
    for other in ("publish", "plan", "deploy", "api"):
        assert not role.may("iam:PassRole", account.iam(f"role/{account.name(other)}"), iam__PassedToService="cloudformation.amazonaws.com")
    assert not role.may("iam:PassRole", account.iam("role/Administrator"), iam__PassedToService="cloudformation.amazonaws.com")


@every
def test_deploy_writes_gate_ledger_lock_and_release_and_nothing_else(builds: Builds, name: str) -> None:
    account = Account.of(builds[name])
    role, place = account.role("deploy"), bucket(account)
    assert role.may("cloudwatch:SetAlarmState", account.arn("cloudwatch", f"alarm:tap-gate-{name}"))
    assert not role.may("cloudwatch:SetAlarmState", account.arn("cloudwatch", f"alarm:tap-release-{name}"))
    assert not role.may("cloudwatch:PutMetricAlarm", account.arn("cloudwatch", f"alarm:tap-gate-{name}"))
    assert role.may("ssm:PutParameter", account.arn("ssm", f"parameter/tap/{name}/release"))
    assert not role.may("ssm:DeleteParameter", account.arn("ssm", f"parameter/tap/{name}/release"))
    assert role.may("s3:PutObject", f"{place}/ledger/1")
    assert role.may("s3:PutObject", f"{place}/locks/deployment.json")
    assert not role.may("s3:PutObject", f"{place}/templates/x")
    assert not role.may("s3:DeleteObject", f"{place}/locks/deployment.json")


@pytest.mark.row("R25")
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_operators_write_what_they_set_and_no_default(builds: Builds, name: str) -> None:
    account = Account.of(builds[name])
    other = next(one for one in ENVIRONMENTS if one != name)
    own = account.arn("ssm", f"parameter/tap/{name}/config/set/page-limit")
    for action in ("ssm:DeleteParameter", "ssm:PutParameter"):
        assert account.role("deploy").may(action, own)
        assert not account.role("plan").may(action, own)
        assert not account.role("publish").may(action, own)
        for path in (f"{name}/config/page-limit", f"{name}/outputs/x", f"{other}/config/set/page-limit"):
            assert not account.role("deploy").may(action, account.arn("ssm", f"parameter/tap/{path}"))
    assert account.role("plan").may("ssm:GetParameterHistory", own)


def with_secret(env: Environment) -> Environment:
    secret = Setting(type="secret", description="of the partner's API")
    return structs.replace(env, runtime=structs.replace(env.runtime, settings={**env.runtime.settings, "api-key": secret}))


@pytest.mark.row("R25")
def test_where_there_are_secrets_the_functions_decrypt_them_and_deployers_do_not(platform: Any, builds: Builds) -> None:
    built = build(with_secret(next(made for made in platform.environments if made.name == "dev")))
    via = {"kms:ViaService": "ssm.us-east-1.amazonaws.com"}
    policies = [one for one in built.templates["compute"]["Resources"].values() if one["Type"] == "AWS::IAM::ManagedPolicy"]
    for policy in policies:
        (found,) = [one for one in policy["Properties"]["PolicyDocument"]["Statement"] if one["Sid"] == "Secrets"]
        assert found["Action"] == ["kms:Decrypt"]
        assert set(found["Condition"]) == {"ForAnyValue:StringEquals", "StringEquals", "StringLike"}
    assert "ApiKeySetting" not in built.templates["parameters"]["Resources"]
    account = Account.of(built)
    key = account.arn("kms", "key/0a1b")
    for task in ("plan", "deploy"):
        assert denied(account.role(task).identity, "kms:Decrypt", key, via)
        assert not denied(Account.of(builds["dev"]).role(task).identity, "kms:Decrypt", key, via)


def test_nothing_that_holds_data_is_lost_by_a_deployment_in_prod(builds: Builds) -> None:
    things = {
        "dynamodb:DeleteTable": ("dynamodb", "table/tap-items-{}"),
        "sqs:DeleteQueue": ("sqs", "tap-jobs-{}"),
        "logs:DeleteLogGroup": ("logs", "log-group:/aws/lambda/tap-api-{}"),
        "kms:ScheduleKeyDeletion": ("kms", "key/0a1b"),
        "kms:DisableKey": ("kms", "key/0a1b"),
    }
    for name in ENVIRONMENTS:
        account = Account.of(builds[name])
        role = account.role("execution")
        for action, (service, resource) in things.items():
            allowed = role.can(action, account.arn(service, resource.format(name)), account.own_tags())
            assert allowed is (name != "prod"), (name, action)
        assert role.may("s3:DeleteBucket", f"arn:aws:s3:::tap-data-1-{name}") is (name != "prod")
        assert not role.may("s3:DeleteObject", f"arn:aws:s3:::tap-data-1-{name}/x")


@every
def test_the_execution_role_reaches_nothing_outside_the_environments_names(builds: Builds, name: str) -> None:
    account = Account.of(builds[name])
    role = account.role("execution")
    other = {"aws:ResourceTag/Environment": "other", "aws:ResourceTag/Project": "tap"}
    cases = [
        ("dynamodb:DeleteTable", account.arn("dynamodb", "table/payroll"), {}),
        ("lambda:UpdateFunctionCode", account.arn("lambda", "function:payroll"), {}),
        ("sqs:SetQueueAttributes", account.arn("sqs", "payroll"), {}),
        ("s3:PutBucketPolicy", "arn:aws:s3:::payroll", {}),
        ("ssm:PutParameter", account.arn("ssm", "parameter/payroll/x"), {}),
        ("kms:PutKeyPolicy", account.arn("kms", "key/0a1b"), {}),
        ("kms:TagResource", account.arn("kms", "key/0a1b"), other),
        ("ec2:DeleteVpc", account.arn("ec2", "vpc/vpc-0a1b"), {}),
        ("ec2:CreateTags", account.arn("ec2", "vpc/vpc-0a1b"), other),
        ("ec2:RunInstances", account.arn("ec2", "instance/i-0a1b"), {}),
        ("cloudformation:UpdateStack", account.arn("cloudformation", f"stack/tap-app-{name}/0a1b"), {}),
        ("cloudformation:UpdateStack", account.arn("cloudformation", f"stack/tap-bootstrap-{name}/0a1b"), {}),
        ("s3:GetObject", "arn:aws:s3:::payroll/x", {}),
    ]
    for action, arn, context in cases:
        assert not role.can(action, arn, context), (action, arn)
    assert role.may("cloudformation:UpdateStack", account.arn("cloudformation", f"stack/tap-app-{name}-Data-1A2B/0a1b"))
    assert not replace(role, context={"aws:RequestedRegion": "eu-central-1"}).may("ec2:CreateVpc", "*")


@every
def test_no_name_of_it_is_anybody_elses(builds: Builds, name: str) -> None:
    """Names that begin with bootstrap are kept from the execution role, so no service may want one."""
    built = builds[name]
    texts = re.findall(r"tap-bootstrap-[a-z-]+", json.dumps(built.flat))
    assert texts == []
    assert naming.name(built.env, "bootstrap", "stack") == f"tap-bootstrap-{name}"
