"""What the tools account's templates say: who may do what in which stage, in what order, and what is kept how."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from env.model import ToolsEnvironment
from resources import carriers
from resources.policies import rendered
from templates.build import Built, build
from templates.pipeline import BUILDSPECS
from tests.conftest import ROOT
from tests.pipeline.steps import buildspec
from tests.templates.iam import Account, holds

Tools = Built[ToolsEnvironment]
Document = dict[str, Any]

WAY = ("dev", "staging", "prod")
PLACES = {
    "dev": "111111111111:us-east-1",
    "staging": "222222222222:us-east-2",
    "prod": "333333333333:us-east-1 333333333333:us-west-2",
    "tools": "444444444444:us-east-1",
}


def resources(tools: Tools, kind: str) -> dict[str, Document]:
    """Logical id in the pipeline's template -> properties, with the account and region filled in."""
    template = rendered(tools.env, tools.templates["pipeline"])
    return {key: value["Properties"] for key, value in template["Resources"].items() if value["Type"] == kind}


def stages(tools: Tools) -> dict[str, list[Document]]:
    (pipeline,) = resources(tools, "AWS::CodePipeline::Pipeline").values()
    return {stage["Name"]: stage["Actions"] for stage in pipeline["Stages"]}


def reach(tools: Tools, title: str) -> set[str]:
    """The roles that a build's role may assume, such as ``plan dev``."""
    found = set()
    for statement in resources(tools, "AWS::IAM::ManagedPolicy")[f"{title}RolePolicy"]["PolicyDocument"]["Statement"]:
        if "sts:AssumeRole" in statement["Action"]:
            assert statement["Action"] == ["sts:AssumeRole", "sts:TagSession"]
            found |= set(statement["Resource"])
    known = {
        f"arn:aws:iam::{place.split(':')[0]}:role/tap-{task}-{place.split(':')[1]}-{name}": f"{task} {name}"
        for name, places in PLACES.items()
        for place in places.split()
        for task in carriers.TASKS
    }
    return {known[arn] for arn in found}


@pytest.mark.row("R11")
def test_each_build_may_assume_what_its_stage_needs_and_nothing_else(tools: Tools) -> None:
    found = {
        title.removesuffix("Build"): reach(tools, title.removesuffix("Build")) for title in resources(tools, "AWS::CodeBuild::Project")
    }
    assert found == {
        "Check": set(),
        "Publish": {f"{task} {name}" for task in ("plan", "publish") for name in ("dev", "staging", "prod", "tools")},
        "Plan": {"plan dev", "plan staging", "plan prod", "plan tools"},
        "ApplyDev": {"deploy dev", "plan dev", "publish tools"},
        "ApplyStaging": {"deploy staging", "plan staging", "publish tools"},
        "ApplyProd": {"deploy prod", "plan prod", "publish tools"},
        "VerifyDev": {"deploy dev", "plan dev"},
        "VerifyStaging": {"deploy staging", "plan staging"},
        "VerifyProd": {"deploy prod", "plan prod"},
    }


@pytest.mark.row("R11")
def test_no_build_assumes_another_role_whatever_its_policy_would_say(tools: Tools) -> None:
    """The boundary of every role that the pipeline's template makes."""
    boundary = Account.of(tools).properties("Boundary")["PolicyDocument"]["Statement"]
    near = {"aws:RequestedRegion": "us-east-1"}

    def may(action: str, resource: str) -> bool:
        return any(holds(statement, action, resource, near) for statement in boundary if statement["Effect"] == "Allow")

    assert may("sts:AssumeRole", "arn:aws:iam::111111111111:role/tap-deploy-us-east-1-dev")
    for role in (
        "444444444444:role/tap-deploy-us-east-1-tools",
        "111111111111:role/tap-execution-us-east-1-dev",
        "111111111111:role/Admin",
    ):
        assert not may("sts:AssumeRole", f"arn:aws:iam::{role}")
    for action in (
        "iam:CreateRole",
        "cloudformation:ExecuteChangeSet",
        "codebuild:UpdateProject",
        "codepipeline:PutApprovalResult",
        "s3:DeleteObject",
    ):
        assert not any(re.fullmatch(re.escape(each).replace(r"\*", ".*"), action) for one in boundary for each in one["Action"]), action


@pytest.mark.row("R08")
def test_a_person_says_yes_to_the_plans_digest_before_anything_is_applied_to_staging_or_prod(tools: Tools) -> None:
    found = stages(tools)
    assert list(found) == ["Source", "Check", "Publish", "Dev", "Staging", "Prod"]
    assert [action["Name"] for action in found["Dev"]] == ["Plan", "Apply", "Verify"]
    for name in ("Staging", "Prod"):
        ordered = sorted(found[name], key=lambda action: int(action["RunOrder"]))
        assert [action["Name"] for action in ordered] == ["Plan", "Approve", "Apply", "Verify"]
        assert len({action["RunOrder"] for action in ordered}) == 4
        plan, approve, apply, _ = ordered
        digest = f"#{{{plan['Namespace']}.DIGEST}}"
        assert digest in approve["Configuration"]["CustomData"]
        assert approve["Configuration"]["ExternalEntityLink"] == f"#{{{plan['Namespace']}.REVIEW}}"
        assert approve["Configuration"]["NotificationArn"] == {"Ref": "NoticeTopic"}
        variables = {each["name"]: each["value"] for each in json.loads(apply["Configuration"]["EnvironmentVariables"])}
        assert variables == {"DIGEST": digest, "PLAN": f"Plan{name}"}
        assert [each["Name"] for each in apply["InputArtifacts"]] == ["Release", f"Plan{name}"]


@pytest.mark.row("R08")
def test_what_was_checked_is_what_every_later_stage_gets(tools: Tools) -> None:
    found = stages(tools)
    made = [output["Name"] for actions in found.values() for action in actions for output in action.get("OutputArtifacts", [])]
    assert made == ["Source", "Release", "PlanDev", "PlanStaging", "PlanProd"], "the release is made once"
    for name in ("Publish", "Dev", "Staging", "Prod"):
        for action in found[name]:
            if action["ActionTypeId"]["Category"] != "Approval":
                assert action["Configuration"]["PrimarySource"] == action["InputArtifacts"][0]["Name"] == "Release"
    for title, project in resources(tools, "AWS::CodeBuild::Project").items():
        assert ("generate" in json.dumps(buildspec(project))) is (title == "CheckBuild"), title


def test_builds_run_the_text_that_stands_in_the_template_not_one_of_the_commit(tools: Tools) -> None:
    for title, project in resources(tools, "AWS::CodeBuild::Project").items():
        kind = re.match("[A-Z][a-z]+", title)
        assert kind
        assert project["Source"] == {
            "Type": "CODEPIPELINE",
            "BuildSpec": (BUILDSPECS / f"{kind.group().lower()}.yaml").read_text(encoding="utf-8"),
        }
        assert project["Environment"]["PrivilegedMode"] is False
        assert project["Cache"] == {"Type": "LOCAL", "Modes": ["LOCAL_CUSTOM_CACHE"]}
        assert {variable["Name"] for variable in project["Environment"]["EnvironmentVariables"]} <= {
            "ENVIRONMENT",
            "ENVIRONMENTS",
            "BEFORE",
        }
        assert project["EncryptionKey"] == {"Fn::GetAtt": ["PipelineKey", "Arn"]}


def test_every_make_target_of_a_build_is_one() -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    used = set()
    for path in BUILDSPECS.glob("*.yaml"):
        phases = yaml.safe_load(path.read_text(encoding="utf-8"))["phases"]
        used |= {line.split()[1] for phase in phases.values() for line in phase["commands"] if line.startswith("make ")}
    assert used == {"install", "check", "audit", "generate"}
    assert used <= targets


def test_each_role_is_for_one_project_and_each_project_has_its_own(tools: Tools) -> None:
    roles = resources(tools, "AWS::IAM::Role")
    used = [project["ServiceRole"]["Fn::GetAtt"][0] for project in resources(tools, "AWS::CodeBuild::Project").values()]
    assert sorted([*used, "PipelineRole"]) == sorted(roles)
    for title, project in resources(tools, "AWS::CodeBuild::Project").items():
        (statement,) = roles[project["ServiceRole"]["Fn::GetAtt"][0]]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "codebuild.amazonaws.com"}, title
        assert statement["Condition"] == {
            "StringEquals": {"aws:SourceAccount": "444444444444"},
            "ArnEquals": {"aws:SourceArn": f"arn:aws:codebuild:us-east-1:444444444444:project/{project['Name']}"},
        }


def test_logs_are_encrypted_and_end_and_every_project_has_a_group(tools: Tools) -> None:
    groups = resources(tools, "AWS::Logs::LogGroup").values()
    assert {(group["RetentionInDays"], json.dumps(group["KmsKeyId"])) for group in groups} == {
        (365, json.dumps({"Fn::GetAtt": ["PipelineKey", "Arn"]}))
    }
    for title, project in resources(tools, "AWS::CodeBuild::Project").items():
        group = f"{title.removesuffix('Build')}LogGroup"
        assert project["LogsConfig"]["CloudWatchLogs"] == {"Status": "ENABLED", "GroupName": {"Ref": group}}, (
            "it is there before the first build"
        )
        assert resources(tools, "AWS::Logs::LogGroup")[group]["LogGroupName"] == f"/aws/codebuild/{project['Name']}"


def test_a_push_of_documents_alone_starts_nothing(tools: Tools) -> None:
    (pipeline,) = resources(tools, "AWS::CodePipeline::Pipeline").values()
    assert (pipeline["PipelineType"], pipeline["RestartExecutionOnUpdate"]) == ("V2", False)
    (trigger,) = pipeline["Triggers"]
    assert trigger["GitConfiguration"] == {
        "SourceActionName": "Source",
        "Push": [{"Branches": {"Includes": ["main"]}, "FilePaths": {"Excludes": ["docs/**", "*.md"]}}],
    }
    assert stages(tools)["Source"][0]["Configuration"]["DetectChanges"] == "false", "or every push would start it, past the filter"


def test_a_failure_is_told_by_this_rule_alone_through_an_encrypted_topic(tools: Tools) -> None:
    (rule,) = resources(tools, "AWS::Events::Rule").values()
    assert rule["EventPattern"]["detail"] == {"pipeline": ["tap-pipeline-tools"], "state": ["FAILED", "ABANDONED"]}
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Ref": "NoticeTopic"}
    text, told = target["InputTransformer"]["InputTemplate"], target["InputTransformer"]["InputPathsMap"]
    assert set(re.findall("<([a-z]+)>", text)) == set(told)
    (topic,) = resources(tools, "AWS::SNS::Topic").values()
    assert topic["KmsMasterKeyId"] == {"Fn::GetAtt": ["PipelineKey", "Arn"]}
    (policy,) = resources(tools, "AWS::SNS::TopicPolicy").values()
    (allowed,) = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert allowed["Condition"]["ArnEquals"] == {"aws:SourceArn": {"Fn::GetAtt": ["FailureRule", "Arn"]}}
    assert "Subscription" not in topic


def test_an_address_is_told_where_the_file_names_one(tools: Tools) -> None:
    from msgspec.structs import replace

    told = build(replace(tools.env, pipeline=replace(tools.env.pipeline, email="platform@example.com")))
    (topic,) = resources(told, "AWS::SNS::Topic").values()
    assert topic["Subscription"] == [{"Protocol": "email", "Endpoint": "platform@example.com"}]
    assert told.bootstrap, "its types are those that the execution role knows"


@pytest.mark.row("R11")
def test_no_deployment_of_the_tools_account_changes_who_comes_from_outside(tools: Tools) -> None:
    account = Account.of(tools)
    execution = account.role("execution")
    role = account.iam(f"role/{account.name('workflow-apply-prod')}")
    policy = account.iam(f"policy/{account.name('workflow-apply-prod')}")
    bound = {"iam:PermissionsBoundary": account.iam(f"policy/{account.name('boundary')}"), "iam:PolicyARN": policy}
    assert execution.can("iam:UpdateAssumeRolePolicy", account.iam(f"role/{account.name('pipeline-apply-prod')}"), bound)
    for action in ("iam:UpdateAssumeRolePolicy", "iam:AttachRolePolicy", "iam:DeleteRole"):
        assert not execution.can(action, role, bound), action
    assert not execution.can("iam:CreatePolicyVersion", policy, bound)
    provider = account.iam("oidc-provider/token.actions.githubusercontent.com")
    for action in ("iam:CreateOpenIDConnectProvider", "iam:AddClientIDToOpenIDConnectProvider"):
        assert not execution.can(action, provider, bound), action


@pytest.mark.row("R11")
def test_each_workflow_role_is_for_one_kind_of_job_of_one_repository(tools: Tools) -> None:
    template = rendered(tools.env, tools.bootstrap.document)["Resources"]
    subjects = {}
    for title, resource in template.items():
        if title.startswith("Workflow") and resource["Type"] == "AWS::IAM::Role":
            (statement,) = resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            assert statement["Action"] == ["sts:AssumeRoleWithWebIdentity"]
            assert statement["Principal"] == {"Federated": {"Ref": "WorkflowProvider"}}
            conditions = statement["Condition"]["StringEquals"]
            assert conditions["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
            subjects[title] = conditions["token.actions.githubusercontent.com:sub"]
    assert subjects == {
        "WorkflowReviewRole": "repo:example/tap:pull_request",
        "WorkflowPlanRole": "repo:example/tap:ref:refs/heads/main",
        **{f"WorkflowApply{name.capitalize()}Role": f"repo:example/tap:environment:{name}" for name in WAY},
    }
    assert "deploy" not in json.dumps([template["WorkflowReviewRolePolicy"], template["WorkflowPlanRolePolicy"]])


def test_the_templates_stay_within_their_limits(tools: Tools) -> None:
    assert len(tools.bootstrap.encoded) <= 51_200
    for name, template in (("pipeline", tools.templates["pipeline"]), ("bootstrap", tools.bootstrap.document)):
        for title, resource in rendered(tools.env, template)["Resources"].items():
            if resource["Type"] == "AWS::IAM::ManagedPolicy":
                size = len("".join(json.dumps(resource["Properties"]["PolicyDocument"], separators=(",", ":")).split()))
                assert size <= 6_144, f"{name}/{title}"
