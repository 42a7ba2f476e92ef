"""`make demo-reach`: a baseline over six accounts in three waves on the local AWS; one account fails, the wave stops, the same command resumes.

An organization of its own, on a local AWS of its own, beside whatever runs already. Exits with 1 where a step does not end as it should.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3

from tests.demo import check, edit, played, run, say, title

ROOT = Path(__file__).parent.parent
HERE = ROOT / "build" / "demo-reach"
BUILD = "build/demo-reach/build"
TOOLS = "444444444444"
REGIONS = ("us-east-1", "us-east-2")
DECLARED = ("555555555555", "111111111111", "222222222222", "333333333333", "666666666666", "777777777777")
"""The accounts of env/stacksets.yaml, in the order of its waves."""


def main() -> int:
    return played(HERE, story, "docs/operations.md, StackSets")


def story() -> None:
    title("A local AWS with an organization: the tools account, and six accounts that a baseline is to reach")
    run("deploy local start --minute-seconds 0.5")
    members = organization()
    title("Generate: the set of env/stacksets.yaml, for these accounts, and without its quarters of an hour of watching")
    declare(members)
    run(f"generate.py tools --no-validate --env-dir build/demo-reach/env --out {BUILD}")
    title("What an administrator makes: bootstrap in the tools account, the roles of StackSets in each of the six")
    run(f"deploy bootstrap tools --local --yes --build {BUILD}")
    trust(members)
    title("Plan: what changes where, previewed by change sets in one account of each wave, which are deleted again")
    run(f"deploy stackset plan baseline --local --build {BUILD} --out build/demo-reach/baseline.plan.json")
    digest = json.loads((HERE / "baseline.plan.json").read_text())["digest"][:12]
    title("Apply: the canary is well; in the second wave one account has an alarm of that name already, so the wave stops there")
    take(members[2])
    apply = f"deploy stackset apply build/demo-reach/baseline.plan.json --approve {digest} --local --build {BUILD}"
    run(apply, code=7)
    check("no account of the last wave was touched", lambda: not any(instances(member) for member in members[3:]))
    title("It is mended, and the same command goes on: what failed is tried again, then the last wave begins")
    client("cloudwatch", members[2]).delete_alarms(AlarmNames=["tap-baseline-root-tools"])
    run(apply)
    run(f"deploy stackset status baseline --local --build {BUILD}")
    check("all twelve stacks stand", lambda: sum(instances(member) for member in members) == len(members) * len(REGIONS))
    title("Somebody changes a parameter by hand in one account: drift finds it")
    change_by_hand(members[4])
    run(f"deploy stackset drift baseline --local --build {BUILD}", code=3)


def organization() -> tuple[str, ...]:
    """Six accounts that the tools account's organization has."""
    api = client("organizations", TOOLS)
    say(f"  organization {api.describe_organization()['Organization']['Id']}")
    made = [api.create_account(Email=f"{index}@example.org", AccountName=f"member-{index}") for index in range(6)]
    members = tuple(str(one["CreateAccountStatus"]["AccountId"]) for one in made)
    say(f"  accounts {', '.join(members)}\n")
    return members


def declare(members: tuple[str, ...]) -> None:
    copy = HERE / "env"
    shutil.copytree(ROOT / "env", copy, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    edit(copy / "tools.yaml", "o-exampleorg1", client("organizations", TOOLS).describe_organization()["Organization"]["Id"])
    path = copy / "stacksets.yaml"
    text = path.read_text(encoding="utf-8")
    for declared, member in zip(DECLARED, members, strict=True):
        text = text.replace(f'"{declared}"', f'"{member}"')
    path.write_text(text.replace("        watch_minutes: 15\n", ""), encoding="utf-8")
    say(f"  {path.relative_to(ROOT)}: the accounts above, in the same waves\n")


def trust(members: tuple[str, ...]) -> None:
    """What `target.json` has: the execution role and the plan role."""
    template = (HERE / "build" / "tools" / "target.json").read_text()
    say("$ aws cloudformation create-stack --stack-name tap-target --template-body file://target.json   (in each account)")
    for member in members:
        made = client("cloudformation", member)
        made.create_stack(StackName="tap-target", TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
    for member in members:
        check(f"the roles stand in {member}", lambda member=member: dict(stacks(member)) == {"tap-target": "CREATE_COMPLETE"})  # type: ignore[misc]


def take(member: str) -> None:
    client("cloudwatch", member).put_metric_alarm(
        AlarmName="tap-baseline-root-tools",
        Namespace="mine",
        MetricName="signins",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )


def change_by_hand(member: str) -> None:
    name = "/tap/tools/outputs/baseline/BaselineBucketName"
    client("ssm", member).put_parameter(Name=name, Value="another", Overwrite=True)
    say(f"$ aws ssm put-parameter --name {name} --value another --overwrite   (in {member})\n")


def instances(member: str) -> int:
    """How many of the set's stacks an account has."""
    return sum(name.startswith("StackSet-") for region in REGIONS for name, _ in stacks(member, region))


def stacks(member: str, region: str = REGIONS[0]) -> Iterator[tuple[str, str]]:
    """Name and status, of every stack that was not deleted."""
    for page in client("cloudformation", member, region).get_paginator("list_stacks").paginate():
        for one in page["StackSummaries"]:
            if one["StackStatus"] != "DELETE_COMPLETE":
                yield one["StackName"], one["StackStatus"]


def client(service: str, account: str, region: str = REGIONS[0]) -> Any:
    server = json.loads((HERE / "local" / "server.json").read_text())
    connect: Any = boto3.client  # typed for each service's name alone; here the name is a value
    return connect(
        service,
        endpoint_url=f"http://127.0.0.1:{server['port']}",
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key="local",
    )


if __name__ == "__main__":
    sys.exit(main())
