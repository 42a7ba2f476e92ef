"""The everyday stories on the local AWS: create, change one service, change nothing, fail, replace."""

from __future__ import annotations

import json

import pytest

from tests.deploy.world import STACK, World, allow, parameter, queue, role, table


@pytest.mark.row("R18")
def test_a_first_deployment_is_reviewed_made_protected_and_recorded(world: World) -> None:
    world.protected = True
    world.ready().build()
    path = world.plan()
    answer = world.run("apply", str(path), "--yes")
    assert answer.code == 0, answer.err
    stack = world.aws.stack(STACK)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["EnableTerminationProtection"] is True
    assert {tag["Key"]: tag["Value"] for tag in stack["Tags"]} == world.tags
    for name in (STACK, world.aws.child(STACK, "Data")):
        assert "Deny" in world.aws.cloudformation.get_stack_policy(StackName=name)["StackPolicyBody"]
    (record,) = world.run("history", "dev", "--format", "json").json["records"]
    assert (record["outcome"], record["code"], record["counts"]["add"]) == ("succeeded", 0, 5)
    release = world.aws.client("ssm").get_parameter(Name="/tap/dev/release")["Parameter"]["Value"]
    assert json.loads(release)["commit"] == world.commit


@pytest.mark.failure("no changes")
def test_nothing_to_do_is_one_line_and_leaves_no_change_set(world: World) -> None:
    world.deployed()
    answer = world.run("plan", "dev", "--detailed-exitcode")
    assert (answer.code, answer.out) == (0, f"No changes. {STACK} is as the release says.\n")
    assert world.change_sets() == []


@pytest.mark.row("R12")
def test_a_change_in_one_service_touches_that_one_alone(world: World) -> None:
    world.deployed()
    world.services["compute"]["Resources"]["Limit"] = parameter("20", "/tap/dev/limit")
    world.build()
    path = world.plan()
    review = json.loads(path.read_text())["proposals"][0]["review"]
    assert [item["path"] for item in review["items"] if item["verdict"] != "unchanged"] == ["Compute/Limit"]
    assert world.run("apply", str(path), "--yes").code == 0
    assert world.aws.client("ssm").get_parameter(Name="/tap/dev/limit")["Parameter"]["Value"] == "20"


def test_a_plan_with_changes_can_be_told_by_its_exit_code(world: World) -> None:
    world.ready().build()
    assert world.run("plan", "dev", "--detailed-exitcode").code == 3


@pytest.mark.failure("update fails")
def test_a_nested_failure_names_the_first_real_cause_and_exits_with_seven(world: World) -> None:
    world.deployed()
    world.services["messaging"]["Resources"]["Jobs"]["Properties"]["VisibilityTimeout"] = 999_999
    world.build()
    answer = world.up()
    assert answer.code == 7
    assert "Messaging/Jobs" in answer.err
    assert "VisibilityTimeout" in answer.err
    assert "templates/messaging.py:34" in answer.err
    assert world.aws.status(STACK) == "UPDATE_ROLLBACK_COMPLETE"
    newest = world.run("history", "dev", "--format", "json").json["records"][0]
    assert (newest["outcome"], newest["causes"][0]["path"]) == ("rolled back", ["Messaging", "Jobs"])
    events = world.run("history", "dev", "--events", str(newest["number"])).out
    assert "UPDATE_FAILED" in events
    assert "Messaging/Jobs" in events
    assert world.run("history", "dev", "--events", "77").code == 2


@pytest.mark.failure("first create fails")
def test_a_failed_first_create_leaves_nothing_and_the_next_one_works(world: World) -> None:
    world.services["messaging"]["Resources"]["Jobs"]["Properties"]["VisibilityTimeout"] = 999_999
    world.services["data"]["Resources"]["Items"] = table(DeletionPolicy="Retain", UpdateReplacePolicy="Retain")
    world.ready().build()
    assert world.up().code == 7
    assert world.aws.client("dynamodb").list_tables()["TableNames"] == []
    world.services["messaging"]["Resources"]["Jobs"]["Properties"]["VisibilityTimeout"] = 30
    world.build()
    assert world.up().code == 0
    assert world.aws.status(STACK) == "CREATE_COMPLETE"


@pytest.mark.failure("replacement True or Conditional")
def test_a_replacement_of_what_holds_data_is_refused_until_its_path_is_named(world: World) -> None:
    world.deployed()
    world.services["data"]["Resources"]["Items"] = table("other")
    world.services["data"]["Resources"]["Items"]["Properties"]["TableName"] = "tap-things-dev"
    world.build()
    refused = world.up()
    assert refused.code == 4
    assert "--allow-loss Data/Items" in refused.err
    assert world.aws.status(STACK) == "CREATE_COMPLETE"
    assert world.change_sets() == []
    allowed = world.up("--allow-loss", "Data/Items")
    assert allowed.code == 0, allowed.err
    assert world.aws.client("dynamodb").list_tables()["TableNames"] == ["tap-things-dev"]
    policy = world.aws.cloudformation.get_stack_policy(StackName=world.aws.child(STACK, "Data"))["StackPolicyBody"]
    assert "ResourceType" in policy, "the policy is whole again"


@pytest.mark.failure("permissions broadened")
def test_a_permission_that_widens_in_a_nested_stack_is_refused_until_accepted(world: World) -> None:
    world.deployed()
    world.services["compute"]["Resources"]["Worker"] = role(allow("sqs:ReceiveMessage", "sqs:DeleteQueue"))
    world.build()
    refused = world.up()
    assert refused.code == 4
    assert "--allow-broadening Compute/Worker" in refused.err
    assert world.up("--allow-broadening", "Compute/Worker").code == 0


def test_a_waiver_for_what_is_not_there_is_a_mistake(world: World) -> None:
    world.ready().build()
    answer = world.up("--allow-loss", "Data/Nothing")
    assert answer.code == 2
    assert "Data/Nothing" in answer.err
    assert world.stack_names() == set()


def test_a_no_leaves_nothing_behind(world: World) -> None:
    world.ready().build()
    answer = world.run("up", "dev")
    assert answer.code == 4
    assert world.stack_names() == set()
    assert list((world.folder / "plans").glob("*.json")) == []


def test_settings_alone_are_set_without_a_change_set(world: World) -> None:
    world.deployed()
    world.aws.cloudformation.set_stack_policy(
        StackName=world.aws.child(STACK, "Data"),
        StackPolicyBody='{"Statement":[{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"*"}]}',
    )
    world.protected = True
    world.build()
    answer = world.run("up", "dev", "--yes")
    assert answer.code == 0, answer.err
    assert world.aws.stack(STACK)["EnableTerminationProtection"] is True
    assert "Deny" in world.aws.cloudformation.get_stack_policy(StackName=world.aws.child(STACK, "Data"))["StackPolicyBody"]


def test_a_sibling_that_changes_in_place_does_not_change_what_reads_it(world: World) -> None:
    """The nested change set says "known after apply" of the queue's ARN; the review proves that it stays."""
    world.deployed()
    world.services["messaging"]["Resources"]["Jobs"] = queue(QueueName="tap-jobs-dev", VisibilityTimeout=60)
    world.build()
    review = json.loads(world.plan().read_text())["proposals"][0]["review"]
    assert [item["path"] for item in review["items"] if item["verdict"] != "unchanged"] == ["Messaging/Jobs"]
