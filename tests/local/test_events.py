"""Events: in pages that stay put, with the operation that they belong to."""

from __future__ import annotations

import pytest

from tests.local.conftest import Aws
from tests.local.templates import IMPOSSIBLE, parameter, queue, template

pytestmark = pytest.mark.overlay


def test_a_page_stays_where_it_is_when_events_come_in(aws: Aws) -> None:
    aws.create("app", template({f"Value{index}": parameter() for index in range(12)}))
    cloudformation = aws.cloudformation
    first = cloudformation.describe_stack_events(StackName="app")
    second = cloudformation.describe_stack_events(StackName="app", NextToken=first["NextToken"])
    aws.update("app", template({f"Value{index}": parameter("two") for index in range(12)}))
    again = cloudformation.describe_stack_events(StackName="app", NextToken=first["NextToken"])
    assert len(first["StackEvents"]) == 20
    assert [event["EventId"] for event in again["StackEvents"]] == [event["EventId"] for event in second["StackEvents"]]


def test_events_of_one_operation_share_its_id_and_another_has_another(aws: Aws) -> None:
    aws.create("app", template({"Value": parameter("one")}))
    aws.update("app", template({"Value": parameter("two")}))
    operations = [event["OperationId"] for event in aws.cloudformation.describe_events(StackName="app")["OperationEvents"]]
    assert len(set(operations)) == 2


def test_failures_are_found_among_the_events_of_an_operation(aws: Aws) -> None:
    aws.create("app", template({"Bad": queue(IMPOSSIBLE)}))
    found = aws.cloudformation.describe_events(StackName="app", Filters={"FailedEvents": True})["OperationEvents"]
    assert [(event["LogicalResourceId"], event["EventType"]) for event in found] == [("Bad", "PROVISIONING_ERROR")]


def test_stacks_come_in_pages(aws: Aws) -> None:
    for index in range(21):
        aws.create(f"app{index}", template({"Value": parameter()}))
    assert len(aws.cloudformation.list_stacks()["StackSummaries"]) == 20
    pages = aws.cloudformation.get_paginator("list_stacks").paginate()
    assert sum(len(page["StackSummaries"]) for page in pages) == 21
