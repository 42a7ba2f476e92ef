"""StackSets in tests: an account that administers them, the accounts that they reach, and waiting for operations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.local.conftest import REGION, Aws, Faults, wait
from tests.local.templates import Template, parameter, queue, template

ADMINISTRATION, EXECUTION = "AWSCloudFormationStackSetAdministrationRole", "AWSCloudFormationStackSetExecutionRole"
SECOND = "eu-west-1"


def worker(**properties: Any) -> Template:
    """A queue and a parameter whose value is one of the template's own."""
    made = template({"Jobs": queue(**properties), "Size": parameter({"Ref": "Size"}, Name="/worker/size")})
    return {**made, "Parameters": {"Size": {"Type": "String", "Default": "small"}, "Owner": {"Type": "String", "Default": "nobody"}}}


def values(**given: str) -> list[dict[str, str]]:
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()]


@dataclass(frozen=True, kw_only=True)
class StackSets:
    """One set, `worker`, of the account that administers it."""

    aws: Aws
    members: tuple[str, ...] = ()

    @property
    def api(self) -> Any:
        return self.aws.cloudformation

    def trust(self, *members: str, administration: str = ADMINISTRATION, execution: str = EXECUTION) -> None:
        """The roles of self-managed permissions: one here, one in each account."""
        service = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "cloudformation.amazonaws.com"}}
        self.role(self.aws.account, administration, service)
        principal = {"AWS": f"arn:aws:iam::{self.aws.account}:role/{administration}"}
        for member in members:
            self.role(member, execution, {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})

    def role(self, account: str, name: str, statement: Mapping[str, Any]) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.aws.client("iam", account=account).create_role(RoleName=name, AssumeRolePolicyDocument=document)

    def create(self, made: Template | None = None, **more: Any) -> str:
        body = {} if "TemplateURL" in more else {"TemplateBody": json.dumps(made or worker())}
        return str(self.api.create_stack_set(StackSetName="worker", **body, **more)["StackSetId"])

    def deploy(self, *regions: str, **more: Any) -> str:
        """To all members, and wait; the operation's id."""
        return self.over(self.begin(*regions, **more))

    def begin(self, *regions: str, **more: Any) -> str:
        given = {"Accounts": list(self.members), **more} if "DeploymentTargets" not in more else more
        made = self.api.create_stack_instances(StackSetName="worker", Regions=list(regions or (REGION,)), **given)
        return str(made["OperationId"])

    def update(self, made: Template, **more: Any) -> str:
        return self.over(self.api.update_stack_set(StackSetName="worker", TemplateBody=json.dumps(made), **more)["OperationId"])

    def remove(self, *regions: str, retain: bool = False, **more: Any) -> str:
        given = {"Accounts": list(self.members), **more} if "DeploymentTargets" not in more else more
        made = self.api.delete_stack_instances(StackSetName="worker", Regions=list(regions or (REGION,)), RetainStacks=retain, **given)
        return self.over(made["OperationId"])

    def operation(self, identifier: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.describe_stack_set_operation(StackSetName="worker", OperationId=identifier)["StackSetOperation"]
        return found

    def status(self, identifier: str) -> str:
        return str(self.operation(identifier)["Status"])

    def over(self, identifier: str) -> str:
        wait(lambda: "EndTimestamp" in self.operation(identifier), f"operation {identifier} to end")
        return identifier

    def quiet(self) -> None:
        """Until nothing runs or waits."""
        wait(lambda: all("EndTimestamp" in known for known in self.operations()), "every operation to end")

    def operations(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.list_stack_set_operations(StackSetName="worker")["Summaries"]
        return found

    def results(self, identifier: str) -> dict[tuple[str, str], dict[str, Any]]:
        pages = self.api.get_paginator("list_stack_set_operation_results").paginate(StackSetName="worker", OperationId=identifier)
        return {(found["Account"], found["Region"]): found for page in pages for found in page["Summaries"]}

    def statuses(self, identifier: str) -> list[str]:
        """Of each member in turn, in one region."""
        found = {account: result["Status"] for (account, _), result in self.results(identifier).items()}
        return [found[member] for member in self.members]

    def instance(self, account: str, region: str = REGION) -> dict[str, Any]:
        found: dict[str, Any] = self.api.describe_stack_instance(
            StackSetName="worker", StackInstanceAccount=account, StackInstanceRegion=region
        )["StackInstance"]
        return found

    def instances(self) -> set[tuple[str, str]]:
        found = self.api.list_stack_instances(StackSetName="worker")["Summaries"]
        return {(instance["Account"], instance["Region"]) for instance in found}

    def size(self, account: str, region: str = REGION) -> str:
        """What the deployed stack has made of its parameter."""
        client = self.aws.client("ssm", region, account)
        return str(client.get_parameter(Name="/worker/size")["Parameter"]["Value"])

    def stack(self, account: str, region: str = REGION) -> dict[str, Any]:
        client = self.aws.client("cloudformation", region, account)
        found: dict[str, Any] = client.describe_stacks(StackName=self.instance(account, region)["StackId"])["Stacks"][0]
        return found

    def span(self, account: str, region: str = REGION) -> tuple[datetime, datetime]:
        """When the first and the last thing happened to an instance's stack."""
        client = self.aws.client("cloudformation", region, account)
        events = client.describe_stack_events(StackName=self.instance(account, region)["StackId"])["StackEvents"]
        times = sorted(event["Timestamp"] for event in events)
        return times[0], times[-1]

    def faults(self, account: str) -> Faults:
        return Faults(url=self.aws.url, account=account)

    def slow(self, *members: str, seconds: float = 0.3) -> None:
        """Queues take their time in these accounts."""
        for member in members or self.members:
            self.faults(member).add(resource="AWS::SQS::Queue", latency=seconds)

    def failing(self, *members: str) -> None:
        for member in members:
            self.faults(member).add(resource="AWS::SQS::Queue", verb="create", error="Broken", message=f"no queues in {member}")
