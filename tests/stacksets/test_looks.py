"""Status, drift, stop and rollback of a set."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest

from deploy.stacksets.scope import Target
from deploy.whose import whose
from tests.local.conftest import REGION, Faults, wait
from tests.stacksets.world import NAME, PLAN_ROLE, SECOND, SET, Organization, account, wave

pytestmark = pytest.mark.overlay


def test_what_stands_where_since_when_and_of_which_release(organization: Organization) -> None:
    organization.rolled_out()
    first = organization.home().account.digest
    organization.build(parameters={"Size": "large"})
    path = organization.plan()
    Faults(url=organization.aws.url, account=organization.members[1]).add(
        resource="AWS::SSM::Parameter", verb="update", error="Broken", message="not here", times=1
    )
    assert organization.run("apply", str(path), "--yes").code == 7
    found = organization.run("status", NAME, "--format", "json").json
    second = organization.home().account.digest
    states = {one["account"]: one for one in found["instances"]}
    assert found["release"] == second
    assert {member: (states[member]["status"], states[member]["release"]) for member in organization.members} == {
        organization.members[0]: ("CURRENT", second),
        organization.members[1]: ("OUTDATED", ""),
        organization.members[2]: states[organization.members[2]]
        and (states[organization.members[2]]["status"], states[organization.members[2]]["release"]),
        **dict.fromkeys(organization.members[3:], ("OUTDATED", first)),
    }
    assert found["waves"]["canary"] == [1, 1]
    assert found["waves"]["everyone"] == [0, 3]
    assert all(one["since"] for one in found["instances"])
    text = organization.run("status", NAME)
    assert text.code == 0
    assert "outdated" in text.out
    assert "wave canary    1 of 1 up to date" in text.out
    assert "not here" in text.out
    markdown = organization.run("status", NAME, "--format", "markdown")
    assert "| account | region | wave | status | release | age |" in markdown.out


def test_what_is_declared_and_not_there_is_said(organization: Organization) -> None:
    organization.ready().build()
    answer = organization.run("status", NAME)
    assert answer.code == 0
    assert "nothing is rolled out" in answer.out
    assert organization.up().code == 0
    new = account()
    organization.members = (*organization.members, new)
    organization.waves = (*organization.waves[:2], wave("everyone", *organization.members[3:]))
    answer = organization.build().run("status", NAME)
    assert f"declared, and not there: {new}/{REGION}" in answer.out


@pytest.fixture
def slow(organization: Organization) -> Iterator[Faults]:
    """A detection takes its time in one account."""
    faults = Faults(url=organization.aws.url, account=organization.members[0])
    faults.add(resource="AWS::CloudFormation::Stack", verb="detect", latency=2.5)
    yield faults
    faults.clear()


def detections(organization: Organization) -> list[str]:
    return [one["OperationId"] for one in organization.operations() if one["Action"] == "DETECT_DRIFT"]


def test_another_ones_drift_detection_is_followed_while_it_runs_and_not_doubled(organization: Organization, slow: Faults) -> None:
    organization.rolled_out()
    made = organization.api.detect_stack_set_drift(StackSetName=SET)["OperationId"]
    wait(lambda: organization.operations()[-1]["Status"] == "RUNNING", "it to run")
    status = organization.run("status", NAME, "--format", "json")
    assert (status.json["running"]["id"], status.json["begun_by"]) == (made, "")
    assert "begun with another tool: CloudTrail says by whom" in organization.run("status", NAME).out
    assert organization.operations()[-1]["Status"] == "RUNNING", "it still does"
    answer = organization.run("drift", NAME, "--format", "json")
    assert answer.code == 0, answer.err
    assert f"operation {made} (DETECT_DRIFT" in answer.err
    assert (answer.json["operation"], answer.json["checked"]) == (made, 6)
    assert detections(organization) == [made]


def test_two_people_who_look_for_drift_share_one_detection_and_status_says_whose_it_is(organization: Organization, slow: Faults) -> None:
    organization.rolled_out()
    first = organization.process("stackset", "drift", NAME, "--format", "json")
    wait(lambda: bool(detections(organization)), "the first detection")
    status = organization.run("status", NAME, "--format", "json").json
    (made,) = detections(organization)
    assert (status["running"]["id"], status["begun_by"]) == (made, whose()[0])
    second = organization.run("drift", NAME, "--format", "json")
    out, err = first.communicate(timeout=30)
    assert (first.returncode, second.code) == (0, 0), err + second.err
    assert {json.loads(out)["operation"], second.json["operation"]} == {made}
    assert detections(organization) == [made]


def test_status_says_whose_rollout_runs(organization: Organization) -> None:
    organization.ready().build()
    path = organization.plan()
    faults = Faults(url=organization.aws.url, account=organization.members[0])
    faults.add(resource="AWS::SSM::Parameter", latency=2)
    runner = organization.process("stackset", "apply", str(path), "--yes", "--format", "json")
    wait(lambda: organization.run("status", NAME, "--format", "json").json["running"] is not None, "the canary wave")
    found = organization.run("status", NAME, "--format", "json").json
    out, err = runner.communicate(timeout=60)
    faults.clear()
    assert runner.returncode == 0, err
    assert found["begun_by"] == json.loads(out)["by"]
    assert found["begun_by"]


def test_drift_is_told_by_instance_and_property(organization: Organization) -> None:
    organization.rolled_out()
    drifted = organization.members[4]
    sqs = organization.aws.client("sqs", REGION, drifted)
    sqs.set_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName="tap-jobs")["QueueUrl"], Attributes={"VisibilityTimeout": "99"})
    answer = organization.run("drift", NAME, "--format", "json")
    assert answer.code == 3
    (one,) = answer.json["drifted"]
    assert (one["account"], one["region"]) == (drifted, REGION)
    (resource,) = one["resources"]
    assert (resource["resource"], resource["status"]) == ("Jobs", "MODIFIED")
    assert resource["differences"] == [["/VisibilityTimeout", "30", "99"]]
    text = organization.run("drift", NAME)
    assert "1 instance drifted, 6 checked" in text.out
    assert "VisibilityTimeout  30 -> 99" in text.out


def test_an_instance_that_gives_no_answer_is_not_called_clean(organization: Organization) -> None:
    organization.rolled_out()
    gone = organization.members[2]
    organization.aws.client("iam", account=gone).delete_role(RoleName="AWSCloudFormationStackSetExecutionRole")
    answer = organization.run("drift", NAME)
    assert answer.code == 75
    assert f"{gone} {REGION} gave no answer" in answer.out


def test_stop_ends_what_runs_and_says_so_where_nothing_does(organization: Organization) -> None:
    organization.ready().build()
    assert organization.run("stop", NAME).code == 4
    assert organization.up().code == 0
    answer = organization.run("stop", NAME)
    assert (answer.code, "nothing runs; nothing to stop" in answer.out) == (0, True)
    for member in organization.members:
        Faults(url=organization.aws.url, account=member).add(resource="AWS::SSM::Parameter", verb="update", latency=0.5)
    organization.api.update_stack_set(
        StackSetName=SET,
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": "Size", "ParameterValue": "theirs"}],
    )
    wait(lambda: organization.operations()[-1]["Status"] == "RUNNING", "it to run")
    refused = organization.run("stop", NAME)
    assert refused.code == 4, "nobody can be asked here"
    stopped = organization.run("stop", NAME, "--yes")
    for member in organization.members:
        Faults(url=organization.aws.url, account=member).clear()
    assert stopped.code == 0
    assert "STOPPED" in stopped.out


def test_a_rollback_goes_to_the_release_before_wave_by_wave_from_what_was_published(organization: Organization) -> None:
    organization.rolled_out()
    first = organization.home().account.digest
    organization.template["Resources"]["Jobs"]["Properties"]["VisibilityTimeout"] = 60
    organization.build(parameters={"Size": "large"})
    assert organization.up().code == 0
    (organization.folder / "tools" / "baseline.json").unlink()
    answer = organization.run("rollback", NAME, "--yes", "--format", "json")
    assert answer.code == 0, answer.err
    assert [one["wave"] for one in json.loads(answer.out.split("\n}\n")[1] + "\n}")["waves"]] == [
        "canary",
        "first",
        "everyone",
    ]
    assert {organization.size(member) for member in organization.members} == {"small"}
    found = organization.run("status", NAME, "--format", "json").json
    assert found["release"] == first
    assert found["rollouts"][0]["operation"] == "stackset rollback"


def test_a_release_that_was_rolled_out_in_part_goes_back_to_the_one_before(organization: Organization) -> None:
    organization.rolled_out()
    organization.build(parameters={"Size": "large"})
    path = organization.plan()
    Faults(url=organization.aws.url, account=organization.members[1]).add(
        resource="AWS::SSM::Parameter", verb="update", error="Broken", message="not here", times=1
    )
    assert organization.run("apply", str(path), "--yes").code == 7
    assert organization.size(organization.members[0]) == "large"
    back = organization.folder / "back.json"
    assert organization.run("rollback", NAME, "--out", str(back)).code == 0
    assert organization.run("apply", str(back), "--yes").code == 0
    assert {organization.size(member) for member in organization.members} == {"small"}
    assert set(organization.instances().values()) == {"CURRENT"}


def test_there_is_nothing_to_go_back_to_after_the_first_rollout(organization: Organization) -> None:
    organization.ready().build()
    assert organization.run("rollback", NAME).code == 4
    assert organization.up().code == 0
    answer = organization.run("rollback", NAME)
    assert answer.code == 4
    assert "nothing was deployed before what runs now" in answer.err
    assert organization.run("rollback", NAME, "--to", "99").code == 2


def test_the_plan_role_of_the_accounts_is_the_one_that_is_declared(organization: Organization) -> None:
    home = organization.build().home()
    target = home.target((organization.members[1], REGION))
    assert {target.target(REGION).arn(task) for task in ("plan", "deploy", "publish")} == {
        f"arn:aws:iam::{organization.members[1]}:role/{PLAN_ROLE}"
    }


def test_clients_of_accounts_are_let_go_of(organization: Organization) -> None:
    home = organization.ready().build().home()
    threads = threading.active_count()
    for _ in range(2):
        home.by_account(lambda place: home.target(place.place).stacks("plan", place.region).find("none"), _targets(organization))
        assert not [key for key in home.account.sessions._clients if PLAN_ROLE in key[0]]
    assert threading.active_count() <= threads + 1


def _targets(organization: Organization) -> list[Target]:
    return [Target(account=member, region=region, wave="x") for member in organization.members for region in (REGION, SECOND)]
