"""No known way of privilege escalation leads beyond the boundary: each is tried on the policies as they are rendered.

`escalation.json` is the list: the 65 paths of pathfinding.cloud (those of Rhino Security Labs, Bishop Fox and PMapper among
them), and two dozen more about boundaries and about what bootstrap made. A path is open for a role when it may take every
step on something that is worth more than its boundary. What is asked is the worst case: the request carries whatever
helps the attacker, and a role that a template makes has every permission that its boundary leaves.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from env.model import ToolsEnvironment
from templates.build import Built
from tests.conftest import ENVIRONMENTS
from tests.templates.iam import Account, Document, Principal

PATHS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("escalation.json").read_text())
BY_ID = {path["id"]: path for path in PATHS}
ROLES = ("publish", "plan", "deploy", "execution", "gc", "a function's")

Target = tuple[str, dict[str, Any]]


def principal(account: Account, role: str) -> Principal:
    return account.made_role("api") if role == "a function's" else account.role(role)


def victims(account: Account, kind: str, action: str) -> Iterator[Target]:
    """What is worth more than the boundary, as ARN and condition keys."""
    env = account.built.env
    deployment_boundary = account.iam(f"policy/{account.name('bootstrap-boundary')}")
    match kind:
        case "policy":
            yield account.iam("policy/Administrators"), {}
            for thing in ("boundary", "bootstrap-boundary", "bootstrap-execution", "bootstrap-plan"):
                yield account.iam(f"policy/{account.name(thing)}"), {}
        case "role":
            yield account.iam("role/Administrator"), {}
            for thing in ("publish", "plan", "deploy", "execution", "gc", "bootstrap-api-logs"):
                yield account.iam(f"role/{account.name(thing)}"), {"iam:PermissionsBoundary": deployment_boundary}
        case "own role":
            yield account.iam(f"role/{account.name('api')}"), {"iam:PermissionsBoundary": account.iam(f"policy/{account.name('boundary')}")}
        case "role without boundary":
            yield account.iam(f"role/{account.name('new')}"), {}
            yield account.iam(f"role/{account.name('new')}"), {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}
            yield account.iam(f"role/{account.name('new')}"), {"iam:PermissionsBoundary": deployment_boundary}
        case "user" | "group":
            yield account.iam(f"{kind}/Administrators"), {}
        case "function":
            yield account.arn("lambda", "function:payroll"), {}
        case "new function":
            yield account.arn("lambda", f"function:{env.project}-new-{env.name}"), {}
        case "stack" | "bootstrap stack":
            named = ["bootstrap"] if kind == "bootstrap stack" else ["bootstrap", "app"]
            for name in [*(f"{env.project}-{thing}-{env.name}" for thing in named), *(["payroll"] if kind == "stack" else [])]:
                yield account.arn("cloudformation", f"stack/{name}/0a1b"), {}
        case "stack set":
            yield account.arn("cloudformation", "stackset/payroll:0a1b"), {}
        case "key":
            yield account.arn("kms", "key/payroll"), {"aws:ResourceTag/Service": "payroll", "aws:ResourceTag/Environment": "other"}
            yield account.arn("kms", "key/artifacts"), account.own_tags("bootstrap")
        case "bucket":
            for thing in ("artifacts", "artifact-logs"):
                yield f"arn:aws:s3:::{env.project}-{thing}-{env.account}-{env.region}-{env.name}", {}
            yield "arn:aws:s3:::payroll", {}
        case "other":
            yield account.arn(action.split(":")[0], "thing/x"), {}
        case _:
            raise ValueError(kind)


def helpful(account: Account, need: dict[str, Any]) -> dict[str, Any]:
    """Condition keys that the attacker chooses, each as it helps most."""
    env = account.built.env
    return {
        "cloudformation:RoleArn": account.iam(f"role/{account.name('execution')}"),
        "cloudformation:TemplateUrl": f"https://s3.{env.region}.amazonaws.com/tap-artifacts-{env.account}-{env.region}-{env.name}/templates/0.json",
        "iam:PassedToService": need.get("to", "lambda.amazonaws.com"),
        "iam:PolicyARN": account.iam(f"policy/{account.name('api')}"),
        "kms:GrantIsForAWSResource": "true",
        "kms:ViaService": f"s3.{env.region}.amazonaws.com",
        "lambda:FunctionArn": account.arn("lambda", f"function:{env.project}-new-{env.name}"),
        **{f"aws:RequestTag/{key}": value for key, value in (("Environment", env.name), ("Project", env.project))},
    }


def step(account: Account, who: Principal, need: dict[str, Any]) -> bool:
    found = victims(account, need["on"], need["action"])
    return any(who.can(need["action"], arn, {**helpful(account, need), **context}) for arn, context in found)


def is_open(account: Account, who: Principal, path: dict[str, Any]) -> bool:
    return all(step(account, who, need) for need in path["needs"])


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", [*ENVIRONMENTS, "tools"])
def test_no_path_is_open(builds: dict[str, Built], tools: Built[ToolsEnvironment], name: str, role: str) -> None:
    account = Account.of(tools if name == "tools" else builds[name])
    who = principal(account, role)
    # Who carries releases assumes roles: in the tools account those that publish and plan, which execute nothing.
    carried = ["sts-001"] if (name, role) == ("tools", "a function's") else []
    assert [path["id"] for path in PATHS if is_open(account, who, path)] == carried


def test_who_carries_releases_assumes_no_role_that_executes_in_the_tools_account(tools: Built[ToolsEnvironment]) -> None:
    account = Account.of(tools)
    who = account.made_role("api")
    reached = [arn for arn, context in victims(account, "role", "sts:AssumeRole") if who.can("sts:AssumeRole", arn, dict(context))]
    assert {arn.rsplit("/", 1)[-1].split("-")[1] for arn in reached} <= {"publish", "plan"}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path["id"]))
def test_a_path_that_a_policy_opens_is_seen(builds: dict[str, Built], path: dict[str, Any]) -> None:
    """The same question, with exactly the path's actions allowed on everything: every one must come out as open."""
    account = Account.of(builds["dev"])
    wide = ({"Effect": "Allow", "Action": [need["action"] for need in path["needs"]], "Resource": "*"},)
    assert is_open(account, replace(account.role("execution"), identity=wide, boundary=wide), path)


def test_every_path_has_a_source_and_an_id_of_its_own() -> None:
    assert len(BY_ID) == len(PATHS) >= 65
    assert all(path["source"].startswith("https://") for path in PATHS)


def statement(template: Document, policy: str, sid: str) -> Document:
    """Of a policy, or of the one of its parts that has the statement."""
    for logical_id, resource in template["Resources"].items():
        if logical_id.rstrip("0123456789") == policy:
            for found in resource["Properties"]["PolicyDocument"]["Statement"]:
                if found["Sid"] == sid:
                    return found  # type: ignore[no-any-return]
    raise LookupError(f"{policy} has no statement {sid}")


def without(policy: str, sid: str) -> Callable[[Document], None]:
    def change(template: Document) -> None:
        statement(template, policy, sid)["Action"] = ["none:None"]

    return change


def unconditioned(policy: str, sid: str) -> Callable[[Document], None]:
    return lambda template: statement(template, policy, sid).pop("Condition")


def everywhere(policy: str, sid: str) -> Callable[[Document], None]:
    return lambda template: statement(template, policy, sid).update(Resource=["*"])


def with_action(policy: str, sid: str, *actions: str) -> Callable[[Document], None]:
    return lambda template: statement(template, policy, sid)["Action"].extend(actions)


# What somebody may one day do to the policies -> the role that it is done to, and the paths that it must be seen to open.
MISTAKES: dict[str, tuple[str, list[Callable[[Document], None]], set[str]]] = {
    "roles without a boundary": (
        "execution",
        [unconditioned("ExecutionPolicy", "Roles"), unconditioned("DeploymentBoundary", "Roles")],
        {"more-03", "more-04", "more-09"},
    ),
    "own identities not kept": ("execution", [without("DeploymentBoundary", "KeepIdentities")], {"iam-001", "more-10", "more-11"}),
    "policies of any name": (
        "execution",
        [everywhere("ExecutionPolicy", "Identities"), everywhere("DeploymentBoundary", "Identities")],
        {"iam-001", "more-10"},
    ),
    "functions of any name": ("execution", [everywhere("ExecutionPolicy", "Set1")], {"lambda-003", "more-02"}),
    "roles of any name passed": (
        "execution",
        [everywhere("ExecutionPolicy", "PassLambda"), everywhere("DeploymentBoundary", "Pass")],
        {"lambda-002", "lambda-006"},
    ),
    "stacks of any name": ("execution", [everywhere("ExecutionPolicy", "Set1")], {"cloudformation-002"}),
    "bootstrap's stack not kept": (
        "deploy",
        [without("DeploymentBoundary", "KeepStack")],
        {"more-23", "more-24"},
    ),
    "the artifact key not kept": ("execution", [without("DeploymentBoundary", "KeepKey")], {"more-19", "more-20"}),
    "the artifact bucket not kept": ("execution", [without("DeploymentBoundary", "KeepBuckets")], {"more-21", "more-22"}),
    "plan that executes": ("plan", [with_action("PlanPolicy", "Propose", "cloudformation:ExecuteChangeSet")], {"cloudformation-005"}),
    "deploy that proposes": ("deploy", [with_action("DeployPolicy", "Run", "cloudformation:CreateChangeSet")], {"cloudformation-005"}),
    "deploy that updates": ("deploy", [with_action("DeployPolicy", "Run", "cloudformation:UpdateStack")], {"cloudformation-002"}),
    "deploy that creates": ("deploy", [with_action("DeployPolicy", "Run", "cloudformation:CreateStack")], {"cloudformation-001"}),
    "functions that assume": ("a function's", [with_action("Boundary", "UseNameless", "sts:AssumeRole")], {"sts-001"}),
    "functions with identities": (
        "a function's",
        [with_action("Boundary", "UseNameless", "iam:*")],
        {"iam-001", "iam-005", "iam-009", "iam-012", "more-03", "more-05"},
    ),
    "functions that change functions": ("a function's", [with_action("Boundary", "UseNameless", "lambda:*")], {"lambda-003"}),
    "functions that command machines": (
        "a function's",
        [with_action("Boundary", "UseNameless", "ssm:*")],
        {"ssm-001", "ssm-002", "more-16"},
    ),
    "functions that start machines' code": (
        "a function's",
        [with_action("Boundary", "UseNameless", "ec2:*")],
        {"ec2-002"},
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_policies_is_seen(builds: dict[str, Built], mistake: str) -> None:
    role, changes, expected = MISTAKES[mistake]
    account = Account.of(builds["dev"])
    template = copy.deepcopy(account.template)
    for change in changes:
        change(template)
    broken = replace(account, template=template)
    assert {path["id"] for path in PATHS if is_open(broken, principal(broken, role), path)} >= expected
