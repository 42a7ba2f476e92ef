"""One value of dev changed, proposed to the local AWS: what it touches changes, and everything else is proven unchanged."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.changes import Finding, Review
from templates import root
from tests.local.conftest import Aws
from tests.review.cases import found, item, verdicts
from tests.review.live import Deployed, Templates


def changed(made: Review) -> dict[str, str]:
    return {path: verdict for path, verdict in verdicts(made).items() if verdict != "unchanged"}


def services(made: Review) -> set[str]:
    return {one.service for one in made.items if one.verdict != "unchanged"}


def only(made: Review, kind: str) -> Finding:
    (finding,) = found(made, kind)
    return finding


def test_a_first_create_adds_everything_and_asks_for_nothing(deployed: Deployed, aws: Aws) -> None:
    aws.client("s3").create_bucket(Bucket=f"tap-artifacts-{aws.account}-us-east-1-dev")
    change_set = Deployed(aws=aws, built=deployed.built).propose(deployed.built.templates, "CREATE")
    made = deployed.review_of(change_set=change_set, before={}, settings_before=None, values_before=None)
    expected = {f"{root.title(name)}/{one}" for name in deployed.built.services for one in deployed.built.templates[name]["Resources"]}
    assert made.kind == "create"
    assert expected == {one.path for one in made.items if one.type != "AWS::CloudFormation::Stack"}
    assert (made.counts.add, {one.verdict for one in made.items}) == (len(expected), {"add"})
    assert [(one.kind, one.waiver) for one in made.findings] == [("broadening", None)]
    order = list(dict.fromkeys(one.service for one in made.items))
    assert order == ["root", *deployed.built.services]


def test_nothing_changed_is_nothing(deployed: Deployed) -> None:
    made = deployed.review_of()
    assert (made.kind, made.items, made.findings) == ("none", (), ())


# One value, the one service that it touches, and how many resources there. Whatever else AWS lists is proven unchanged.
VALUES: list[tuple[str, Any, set[str], int]] = [
    ("queue.retention_days", 7, {"messaging"}, 1),
    ("queue.max_receive_count", 5, {"messaging"}, 1),
    ("alarms.dead_letters", 2, {"monitoring"}, 2),
    ("alarms.errors", 3, {"monitoring"}, 2),
    ("storage.noncurrent_days", 120, {"storage"}, 1),
    ("table.point_in_time_recovery", True, {"data"}, 1),
    ("api.throttle_rate", 200, {"api"}, 1),
    ("queue.batch_size", 5, {"compute"}, 1),
]


@pytest.mark.parametrize(("name", "value", "touched", "count"), VALUES, ids=[one[0] for one in VALUES])
def test_one_value_changes_exactly_what_it_is_for(deployed: Deployed, name: str, value: Any, touched: set[str], count: int) -> None:
    made = deployed.review_of({name: value})
    assert services(made) == touched
    assert len(changed(made)) == count, changed(made)
    assert set(changed(made).values()) == {"modify"}
    assert found(made, "uncertainty") == found(made, "data loss") == found(made, "broadening") == []
    reasons = {reason for one in made.items for difference in one.differences for reason in difference.because}
    assert [reason for reason in reasons if reason.startswith(f"{name} ")], made.items


def test_memory_makes_new_versions_and_nothing_else(deployed: Deployed) -> None:
    made = deployed.review_of({"lambda.memory": 1024})
    assert services(made) == {"compute", "drift"}
    assert found(made, "data loss") == found(made, "interruption") == found(made, "uncertainty") == []
    assert item(made, "Compute/ApiFunction").differences[0].because == ("lambda.memory 512 -> 1024 (env/dev.yaml:13)",)
    assert {one.why.split(",")[0] for one in made.items if one.verdict == "add"} == {"new version"}


def test_a_table_of_another_name_is_a_data_loss_and_its_users_follow(deployed: Deployed) -> None:
    def rename(templates: Templates) -> None:
        templates["data"]["Resources"]["Items"]["Properties"]["TableName"] = "tap-other-dev"

    made = deployed.review_of(edit=rename)
    assert changed(made)["Data/Items"] == "replace"
    finding = only(made, "data loss")
    assert (finding.path, finding.waiver) == ("Data/Items", "--allow-loss")
    assert "items stay in tap-items-dev, which no stack looks after" in finding.detail
    assert changed(made)["Compute/ApiFunction"] == "modify"
    assert item(made, "Compute/ApiFunction").why == "Data/Items is replaced"
    assert not found(made, "broadening")


def test_fewer_days_in_the_queue_are_a_data_loss(deployed: Deployed) -> None:
    finding = only(deployed.review_of({"queue.retention_days": 1}), "data loss")
    assert finding.title == "Messaging/JobsQueue: messages expire sooner"


def test_a_statement_in_a_nested_stack_is_a_broadening_with_what_is_new(deployed: Deployed) -> None:
    def widen(templates: Templates) -> None:
        statements = templates["compute"]["Resources"]["ApiRolePolicy"]["Properties"]["PolicyDocument"]["Statement"]
        statements.append({"Effect": "Allow", "Action": "s3:DeleteBucket", "Resource": "*"})

    finding = only(deployed.review_of(edit=widen), "broadening")
    assert (finding.path, finding.waiver) == ("Compute/ApiRolePolicy", "--allow-broadening")
    assert finding.detail == ("policy: Allow s3:DeleteBucket on *",)


def test_an_alarm_that_goes_is_protection_lowered(deployed: Deployed) -> None:
    def remove(templates: Templates) -> None:
        del templates["monitoring"]["Resources"]["QueueAgeAlarm"]
        templates["monitoring"]["Resources"].pop("Dashboard")
        templates["monitoring"]["Resources"].pop("ReleaseAlarm")
        templates["monitoring"]["Outputs"]["ReleaseAlarmName"]["Value"] = "none"

    made = deployed.review_of(edit=remove)
    assert "Monitoring/QueueAgeAlarm" in {one.path for one in found(made, "protection")}


def test_a_service_that_goes_shows_all_that_was_in_it(deployed: Deployed) -> None:
    def remove(templates: Templates) -> None:
        del templates["root"]["Resources"]["Drift"], templates["drift"]
        given = templates["root"]["Resources"]["Parameters"]["Properties"]["Parameters"]
        for name in [name for name in given if name.startswith("Drift") and name != "DriftTopicArn"]:
            del given[name], templates["parameters"]["Parameters"][name], templates["parameters"]["Resources"][f"{name}Output"]

    made = deployed.review_of(edit=remove)
    gone = {path for path, verdict in changed(made).items() if verdict == "remove"}
    assert gone >= {f"Drift/{name}" for name in deployed.built.templates["drift"]["Resources"]}
    assert {one.path for one in found(made, "data loss")} == {"Drift/DriftLogGroup"}
    assert found(made, "data loss")[0].title.endswith("stays behind")


def test_other_tags_are_a_change_of_tags_and_replace_nothing(deployed: Deployed) -> None:
    made = deployed.review_of({"cost_center": "cc-9999"})
    assert set(changed(made).values()) == {"modify"}
    assert all(one.tags_change for one in made.items if one.verdict == "modify")
    assert made.findings == ()
    assert [one.pointer for one in made.settings] == ["/tags/CostCenter"]


def test_another_way_out_of_the_network(deployed: Deployed) -> None:
    made = deployed.review_of({"network.nat_gateways": 1})
    assert services(made) == {"network"}
    assert {one.verdict for one in made.items if one.service != "network"} == {"unchanged"}
    assert found(made, "interruption")
    assert item(made, "Network/NatGatewayA").verdict == "add"
