"""What StackSets roll out: the baseline, merged copies of services, what targets and the tools account need for them, the manifest's words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

import env
from deploy import contents
from deploy import manifest as contract
from env.model import ToolsEnvironment
from env.stacksets import StackSet, Targets, Wave
from resources import execution
from templates import bootstrap, stacksets
from templates.build import SERVICES, Built, build, encode
from templates.flat import NESTED
from templates.manifest import manifest
from templates.sets import target
from templates.validation import own_findings

ACCOUNTS = ("555555555555", "666666666666")
REGIONS = ("us-east-1", "us-east-2", "eu-west-1")


def copied(*services: str, **more: Any) -> StackSet:
    """A set of an environment's services, in three regions."""
    said: dict[str, Any] = {
        "description": "A copy",
        "environment": "dev",
        "services": services,
        "permissions": "self-managed",
        "targets": Targets(accounts=ACCOUNTS, regions=REGIONS),
        "waves": (Wave(name="all", accounts=ACCOUNTS),),
    }
    return StackSet(**{**said, **more})


def home(platform: env.Platform, **sets: StackSet) -> ToolsEnvironment:
    assert platform.home
    dev = tuple(each for each in platform.environments if each.name == "dev")
    return msgspec.structs.replace(platform.home, stack_sets=sets, sources=dev)


@pytest.fixture(scope="module")
def wide(platform: env.Platform) -> Built[ToolsEnvironment]:
    """With a copy that has functions, which need their code in each of their regions."""
    assert platform.home
    services = ("keys", "network", "storage", "data", "messaging", "compute")
    return build(home(platform, **platform.home.stack_sets, workers=copied(*services)))


def actions(document: dict[str, Any], policy: str) -> set[str]:
    statements = [
        statement
        for title, resource in document["Resources"].items()
        if title.startswith(policy) and "PolicyDocument" in resource["Properties"]
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
    ]
    return {action for statement in statements if statement["Effect"] == "Allow" for action in statement["Action"]}


@pytest.mark.row("R26")
def test_a_copy_is_one_template_without_nested_stacks(wide: Built[ToolsEnvironment]) -> None:
    made = wide.sets["workers"]
    resources = made.document["Resources"]
    assert made.service == "flat-workers"
    assert NESTED not in made.types
    assert "Parameters" not in made.document
    single = {service: build_of("dev", wide)[service]["Resources"] for service in made.copied}
    assert len(resources) == sum(map(len, single.values())) + 1  # and the boundary of its roles
    assert "merged" in made.document["Description"]


def build_of(name: str, wide: Built[ToolsEnvironment]) -> dict[str, Any]:
    return build(next(source for source in wide.env.sources if source.name == name)).templates


@pytest.mark.row("R26")
def test_a_copys_functions_take_their_code_from_the_tools_account_in_their_own_region(wide: Built[ToolsEnvironment]) -> None:
    resources = wide.sets["workers"].document["Resources"]
    code = [resource["Properties"]["Code"] for resource in resources.values() if resource["Type"] == "AWS::Lambda::Function"]
    assert len(code) == 2
    assert {json.dumps(each["S3Bucket"]) for each in code} == {json.dumps({"Fn::Sub": "tap-artifacts-444444444444-${AWS::Region}-tools"})}
    roles = [resource["Properties"] for resource in resources.values() if resource["Type"] == "AWS::IAM::Role"]
    assert roles
    assert all(role["PermissionsBoundary"] == {"Ref": "Boundary"} for role in roles)


@pytest.mark.row("R26")
def test_artifacts_are_published_to_every_region_that_needs_code_and_no_other(wide: Built[ToolsEnvironment], tools: Built[Any]) -> None:
    assert wide.env.code_regions == ("eu-west-1", "us-east-2")
    made = manifest(wide, {}, [])
    assert [(place.name, place.region) for place in made.artifacts] == [
        (f"tap-artifacts-444444444444-{region}-tools", region) for region in ("us-east-1", "eu-west-1", "us-east-2")
    ]
    assert [(one.name, one.region, one.path) for one in made.bootstraps] == [
        ("tap-bootstrap-tools", "us-east-1", "bootstrap.json"),
        ("tap-bootstrap-reach-tools", "us-east-1", "reach.json"),
        ("tap-bootstrap-tools", "eu-west-1", "artifacts.json"),
        ("tap-bootstrap-tools", "us-east-2", "artifacts.json"),
    ]
    assert [place.region for place in manifest(tools, {}, []).artifacts] == ["us-east-1"]


def test_bootstrap_keeps_within_its_limit_with_other_regions(wide: Built[ToolsEnvironment], tools: Built[Any]) -> None:
    for built in (wide, tools):
        assert len(built.bootstrap.encoded) <= bootstrap.MOST_BYTES


@pytest.mark.row("R26")
def test_the_index_names_each_template_by_region_as_stack_sets_take_it(wide: Built[ToolsEnvironment]) -> None:
    made = manifest(wide, {}, [])
    listed = json.loads(contents.contents(made, "d" * 64, "aws"))
    by_name = {one["name"]: one for one in listed["stack_sets"]}
    assert by_name.keys() == {"baseline", "workers"}
    digest = next(one.sha256 for one in made.templates if one.service == "flat-workers")
    assert by_name["workers"]["template"] == {
        "sha256": digest,
        "size": len(encode(wide.sets["workers"].document)),
        "urls": {
            region: f"https://s3.{region}.amazonaws.com/tap-artifacts-444444444444-{region}-tools/templates/{digest}.json"
            for region in ("us-east-1", "eu-west-1", "us-east-2")
        },
    }
    assert contents.contents(made, "d" * 64, "aws-cn").count(b"amazonaws.com.cn") == 6


@pytest.mark.row("R18")
@pytest.mark.row("R22")
def test_the_rules_hold_for_all_of_them(wide: Built[ToolsEnvironment]) -> None:
    """But what the allow-list says of boundaries and of what has no name."""
    allowed = {("target", "TAP027"), ("target", "TAP028"), ("baseline", "TAP027"), ("baseline", "TAP028"), ("reach", "TAP028")}
    found = [one for one in own_findings(wide.whole) if one.service in ("target", "reach", "artifacts", "baseline")]
    assert {(one.service, one.rule) for one in found} <= allowed, [one for one in found if (one.service, one.rule) not in allowed]


@pytest.mark.row("R19")
@pytest.mark.row("R21")
def test_the_baseline_is_tagged_and_its_outputs_are_parameters(tools: Built[ToolsEnvironment]) -> None:
    document = tools.sets["baseline"].document
    paths = {resource["Properties"]["Name"] for resource in document["Resources"].values() if resource["Type"] == "AWS::SSM::Parameter"}
    assert paths == {f"/tap/tools/outputs/baseline/{output}" for output in document["Outputs"]}
    bucket = document["Resources"]["ArtifactBucket"]["Properties"]
    assert {tag["Key"] for tag in bucket["Tags"]} == {"CostCenter", "Environment", "ManagedBy", "Owner", "Project", "Service"}


@pytest.mark.row("R15")
def test_the_baseline_names_no_account_and_no_region(tools: Built[ToolsEnvironment]) -> None:
    text = json.dumps(tools.sets["baseline"].document)
    assert not any(place in text for place in ("444444444444", "us-east-1", "us-east-2"))


@pytest.mark.row("R22")
def test_the_execution_role_may_do_what_its_templates_types_need_and_passes_no_other_role(wide: Built[ToolsEnvironment]) -> None:
    document = wide.beside["target"].document
    may = actions(document, "Execution")
    dev = wide.env.sources[0]
    asked = execution.given(wide.env, wide.sets["baseline"].types) | execution.given(dev, wide.sets["workers"].types)
    assert asked <= may
    assert {action for action in may if "*" in action} == set()
    made = [statement for title, resource in document["Resources"].items() if title.startswith("Execution") and "PolicyDocument" in resource["Properties"]
            for statement in resource["Properties"]["PolicyDocument"]["Statement"] if "iam:CreateRole" in statement["Action"]]  # fmt: skip
    assert made
    assert all("iam:PermissionsBoundary" in json.dumps(statement["Condition"]) for statement in made)


@pytest.mark.row("R11")
def test_a_targets_roles_trust_the_tools_account_alone(tools: Built[ToolsEnvironment]) -> None:
    resources = tools.beside["target"].document["Resources"]
    trusts = {title: resources[title]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0] for title in ("ExecutionRole", "PlanRole")}
    for statement in trusts.values():
        assert statement["Condition"]["StringEquals"]["aws:PrincipalOrgID"] == "o-exampleorg1"
        assert "arn:${AWS::Partition}:iam::444444444444:root" in json.dumps(statement["Principal"])
    assert trusts["PlanRole"]["Condition"]["StringEquals"]["sts:ExternalId"] == "tap-deploy"
    assert "role/tap-bootstrap-reach-us-east-1-tools" in json.dumps(trusts["ExecutionRole"]["Condition"])
    made = manifest(tools, {}, []).stack_sets[0]
    assert (made.execution_role, made.plan_role) == tuple(resources[title]["Properties"]["RoleName"] for title in trusts)
    assert made.administration_role == "tap-bootstrap-reach-us-east-1-tools"


@pytest.mark.row("R22")
def test_the_plan_role_executes_nothing(tools: Built[ToolsEnvironment]) -> None:
    may = actions(tools.beside["target"].document, "Plan")
    verbs = ("Execute", "Create", "Update", "Delete", "Put", "Set", "Run", "Start")
    changing = {action for action in may if action.split(":")[1].startswith(verbs)}
    assert changing == {"cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet", "cloudformation:DeleteStack"}
    looking = actions(tools.beside["reach"].document, "LookPolicy")
    assert not {action for action in looking if action.split(":")[1].startswith(verbs)}


def test_a_region_in_a_name_becomes_any_and_in_a_condition_those_of_the_targets() -> None:
    from awacs.aws import StringEquals

    from resources import statements

    asked = statements.allow_everywhere(
        "Look", execution.exact(["ec2:DescribeVpcs"]), StringEquals("kms:ViaService", statements.arn("x:y"))
    )
    (made,) = target.anywhere([asked], ["eu-west-1", "us-east-1"])
    assert made["Condition"] == {
        "StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]},
        "StringLike": {"kms:ViaService": {"Fn::Sub": "arn:${AWS::Partition}:x:*:${AWS::AccountId}:y"}},
    }


MISFITS = {
    "unknown parameter": ({"KeepDay": "30"}, ("parameters", "KeepDay"), "the template has no parameter KeepDay: did you mean KeepDays?"),
    "no number": ({"KeepDays": "many"}, ("parameters", "KeepDays"), '"many" is no number'),
    "too low": ({"KeepDays": "0"}, ("parameters", "KeepDays"), "0 is below 1, the least that the template takes"),
    "too high": ({"KeepDays": "4000"}, ("parameters", "KeepDays"), "4000 is above 3650, the most that the template takes"),
}


@pytest.mark.parametrize("case", MISFITS)
def test_values_that_the_template_would_refuse_are_told(tools: Built[ToolsEnvironment], case: str) -> None:
    given, path, said = MISFITS[case]
    one = msgspec.structs.replace(tools.env.stack_sets["baseline"], parameters=given, overrides=())
    assert list(stacksets.misfits(one, tools.sets["baseline"].document)) == [(path, said)]


@pytest.mark.parametrize(
    ("declared", "value", "said"),
    [
        ({"Type": "String", "AllowedValues": ["a", "b"]}, "c", '"c" is none of the template\'s: a, b'),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "A", '"A" is not of the form that the template takes: [a-z]+'),
        ({"Type": "String", "MinLength": 2, "MaxLength": 3}, "a", "1 characters: the template takes 2 to 3"),
        ({"Type": "String", "AllowedValues": ["a"]}, "a", None),
        ({"Type": "Number", "MinValue": 1}, "1.5", None),
    ],
)
def test_a_parameters_own_limits_are_cloudformations(declared: dict[str, Any], value: str, said: str | None) -> None:
    assert stacksets.misfit(declared, value) == said


def test_what_a_service_managed_set_cannot_deploy_is_told(tools: Built[ToolsEnvironment]) -> None:
    one = msgspec.structs.replace(tools.env.stack_sets["baseline"], permissions="service-managed", parameters={}, overrides=())
    nested = {"Resources": {"Child": {"Type": NESTED}}, "Transform": "AWS::Serverless-2016-10-31"}
    found = [message for _, message in stacksets.misfits(one, nested)]
    assert len(found) == 2
    assert "has nested stacks (Child), which a service-managed set cannot deploy" in found[0]
    assert "has the transform AWS::Serverless-2016-10-31" in found[1]
    large = {"Resources": {f"R{number}": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "x" * 100}} for number in range(9000)}}
    ((_, message),) = stacksets.misfits(one, large)
    assert "CloudFormation takes 1,048,576: split it into two sets" in message
    needs = {"Parameters": {"Vpc": {"Type": "String"}}, "Resources": {}}
    assert list(stacksets.misfits(one, needs)) == [(("parameters",), "Vpc is missing: the template has no default for it")]


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no such template": ({"template": "baselin", "services": (), "environment": None}, "template", "there is no template baselin: did you mean baseline?"),
    "no such service": ({"services": ("keys", "storag")}, "services[1]", "there is no service storag: did you mean storage?"),
    "a service that needs another": ({"services": ("data",)}, "services[0]", "service data needs DataKeyArn, which keys gives: name keys as well"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_set_without_a_template_is_told_at_its_place(platform: env.Platform, case: str) -> None:
    changes, key, said = WRONG[case]
    made = home(platform, baseline=msgspec.structs.replace(copied("keys"), **changes))
    (problem,) = stacksets.problems(made, SERVICES, platform.places)
    assert problem.key == f"stack_sets.baseline.{key}"
    assert problem.message == said
    assert problem.file.endswith("stacksets.yaml")
    assert problem.line > 1


def test_generate_refuses_what_does_not_fit_the_template(edit: Any, env_dir: Path, tmp_path: Path) -> None:
    from templates.generation import Request, generate

    edit("stacksets", 'KeepDays: "30"', 'KeepDays: "0"')
    with pytest.raises(env.InvalidEnvironment, match=r"stacksets\.yaml:13:7: stack_sets\.baseline\.parameters\.KeepDays: 0 is below 1"):
        generate(Request(names=("tools",), env_dir=env_dir, out=tmp_path / "build"), tell=lambda text: None)


def test_the_manifest_says_every_set_as_the_file_does(tools: Built[ToolsEnvironment]) -> None:
    made = manifest(tools, {}, [])
    (one,) = made.stack_sets
    assert contract.decode(contract.encode(made)) == made
    assert (one.name, one.set_name, one.template, one.permission_model, one.call_as) == (
        "baseline", "tap-baseline-tools", "baseline", "SELF_MANAGED", "SELF",
    )  # fmt: skip
    assert [(wave.name, wave.regions, wave.preferences.max_concurrent_count) for wave in one.waves] == [
        ("canary", ("us-east-1", "us-east-2"), 1),
        ("first", ("us-east-1", "us-east-2"), 1),
        ("everyone", ("us-east-1", "us-east-2"), 2),
    ]
    assert one.template in {template.service for template in made.templates}


def test_a_service_managed_set_is_its_own_delegated_administrators(platform: env.Platform) -> None:
    units = copied(
        "keys",
        permissions="service-managed",
        targets=Targets(units=("ou-ab12-aaaaaaaa",), regions=("us-east-1",)),
        waves=(Wave(name="all", units=("ou-ab12-aaaaaaaa",)),),
    )
    (one,) = manifest(build(home(platform, guard=units)), {}, []).stack_sets
    assert (one.permission_model, one.call_as, one.administration_role, one.execution_role) == (
        "SERVICE_MANAGED",
        "DELEGATED_ADMIN",
        "",
        "",
    )
    assert one.waves[0].units == ("ou-ab12-aaaaaaaa",)


@pytest.mark.row("R26")
def test_a_service_managed_set_can_bring_the_targets_own_roles(platform: env.Platform) -> None:
    """And self-managed ones follow: it has what their templates need."""
    assert platform.home
    units = Targets(units=("ou-ab12-aaaaaaaa",), regions=("us-east-1",))
    roles = copied(template="target", services=(), environment=None, permissions="service-managed", targets=units,
                   waves=(Wave(name="all", units=("ou-ab12-aaaaaaaa",)),))  # fmt: skip
    built = build(home(platform, **platform.home.stack_sets, roles=roles))
    assert list(stacksets.problems(built.env, SERVICES, platform.places)) == []
    assert built.sets["roles"] == built.beside["target"]
    assert actions(built.sets["roles"].document, "Execution") >= execution.given(built.env, built.sets["baseline"].types)


def test_without_sets_the_tools_account_is_as_it_was(platform: env.Platform) -> None:
    built = build(home(platform))
    assert built.beside == {}
    made = manifest(built, {}, [])
    assert made.stack_sets == ()
    assert len(made.bootstraps) == 1
    assert "stacksets" not in json.dumps(built.bootstrap.document)
    assert "organizations" not in json.dumps(built.bootstrap.document)


def test_a_copy_differs_from_another_environments_by_values_alone(wide: Built[ToolsEnvironment]) -> None:
    """The same environment gives the same bytes."""
    again = replace(wide)
    assert encode(again.sets["workers"].document) == encode(wide.sets["workers"].document)
