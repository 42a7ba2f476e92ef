"""A plan of a set says what changes where, before anything does: compared, previewed in the accounts, reviewed, sealed."""

from __future__ import annotations

import json

import pytest

from deploy.report.markdown import escaped
from tests.deploy.world import parameter, role
from tests.local.conftest import REGION
from tests.stacksets.world import NAME, PLAN_ROLE, SECOND, SET, Organization, account, wave

pytestmark = pytest.mark.overlay


def planned(organization: Organization, *more: str) -> dict[str, object]:
    answer = organization.run("plan", NAME, "--format", "json", *more)
    assert answer.code == 0, answer.err
    made: dict[str, object] = answer.json
    return made


def actions(made: dict[str, object]) -> dict[tuple[str, str], tuple[str, list[str]]]:
    rows: list[dict[str, object]] = made["rows"]  # type: ignore[assignment]
    return {(str(row["account"]), str(row["region"])): (str(row["action"]), row["why"]) for row in rows}  # type: ignore[misc]


def previewed(made: dict[str, object]) -> list[tuple[str, str]]:
    return [(one["account"], one["region"]) for one in made["previews"] if one["review"]]  # type: ignore[attr-defined]


def test_a_new_set_is_previewed_in_one_account_of_each_wave_and_nothing_is_left_there(organization: Organization) -> None:
    made = planned(organization.ready().build())
    assert {action for action, _ in actions(made).values()} == {"create"}
    members = organization.members
    assert previewed(made) == [(members[0], REGION), (members[1], REGION), (members[3], REGION)]
    review = made["previews"][0]["review"]  # type: ignore[index]
    assert {item["path"]: item["verdict"] for item in review["items"]} == {"Jobs": "add", "Size": "add"}
    assert all(organization.stacks(member) == {} for member in members)
    assert organization.api.list_stack_sets()["Summaries"] == []


def test_nothing_to_do_is_said_and_no_plan_is_kept(organization: Organization) -> None:
    organization.rolled_out()
    answer = organization.run("plan", NAME)
    assert answer.code == 0
    assert "No changes. 6 instances of baseline are as the release says." in answer.out
    assert not list(organization.folder.glob("plans/*.json"))


def test_a_changed_template_is_reviewed_against_what_each_account_has(organization: Organization) -> None:
    organization.rolled_out()
    organization.template["Resources"]["Jobs"]["Properties"]["VisibilityTimeout"] = 60
    made = planned(organization.build())
    assert all(found == ("update", ["template"]) for found in actions(made).values())
    item = next(one for one in made["previews"][1]["review"]["items"] if one["path"] == "Jobs")  # type: ignore[index]
    assert item["verdict"] == "modify"
    assert item["differences"][0]["pointer"] == "/Properties/VisibilityTimeout"
    assert [one["pointer"] for one in made["differences"]] == ["/template"]  # type: ignore[attr-defined]
    client = organization.aws.client("cloudformation", REGION, organization.members[0])
    (name,) = organization.stacks(organization.members[0])
    assert client.list_change_sets(StackName=name)["Summaries"] == []


def test_own_values_are_compared_for_each_instance(organization: Organization) -> None:
    from deploy.manifest import Override

    organization.rolled_out()
    third = organization.members[2]
    made = planned(organization.build(overrides=(Override(accounts=(third,), parameters={"Size": "large"}),)))
    found = actions(made)
    assert found[third, REGION] == ("override", ["its own values"])
    assert {place for place, (action, _) in found.items() if action != "none"} == {(third, REGION)}
    assert previewed(made) == [(third, REGION)]


def test_a_sample_has_every_action_region_and_set_of_own_values_and_all_has_everything(organization: Organization) -> None:
    from deploy.manifest import Override

    one, two, three, four, *_ = organization.members
    organization.waves = (wave("canary", one), wave("rest", two, three, four, regions=(REGION, SECOND)))
    organization.ready().build(overrides=(Override(accounts=(three,), parameters={"Size": "large"}),))
    assert previewed(planned(organization)) == [(one, REGION), (two, REGION), (two, SECOND), (three, REGION)]
    assert len(previewed(planned(organization, "--all"))) == 7


def test_what_is_declared_no_more_is_said_and_stays_unless_it_is_asked_for(organization: Organization) -> None:
    organization.rolled_out()
    gone = organization.members[-1]
    organization.waves = (*organization.waves[:2], wave("everyone", *organization.members[3:5]))
    answer = organization.build().run("plan", NAME)
    assert "1 instance declared no more, left as they are" in answer.out
    assert "No changes" in answer.out
    assert organization.up("--yes").code == 0
    assert (gone, REGION) in organization.instances()
    path = organization.plan("--remove")
    assert organization.run("apply", str(path), "--yes").code == 0
    assert (gone, REGION) not in organization.instances()
    assert list(organization.stacks(gone).values()) == ["CREATE_COMPLETE"], "its stack was kept"


def test_stacks_are_deleted_with_their_instances_where_each_loss_is_accepted(organization: Organization) -> None:
    organization.rolled_out()
    gone = organization.members[-1]
    organization.waves = (*organization.waves[:2], wave("everyone", *organization.members[3:5]))
    organization.build()
    assert organization.run("plan", NAME, "--delete-stacks").code == 2
    path = organization.plan("--remove", "--delete-stacks")
    refused = organization.run("apply", str(path), "--yes")
    assert refused.code == 4
    assert f"--allow-loss {gone}/{REGION}" in refused.err
    assert (gone, REGION) in organization.instances()
    assert organization.run("apply", str(path), "--yes", "--allow-loss", f"{gone}/{REGION}").code == 0
    assert organization.stacks(gone) == {}


def test_a_finding_of_many_accounts_is_shown_and_accepted_once(organization: Organization) -> None:
    read = {"Effect": "Allow", "Action": ["sqs:ReceiveMessage"], "Resource": "arn:aws:sqs:*:*:tap-jobs"}
    organization.template["Resources"]["Worker"] = role(read)
    organization.rolled_out()
    organization.template["Resources"]["Worker"] = role(read, {**read, "Action": ["sqs:SendMessage"]})
    path = organization.build().plan()
    made = json.loads(path.read_text())
    (finding,) = [one for one in made["findings"] if one["kind"] == "broadening"]
    assert finding["path"] == "Worker"
    assert finding["detail"][-1].startswith("in 3 of 3 previews: ")
    refused = organization.run("apply", str(path), "--yes")
    assert (refused.code, "--allow-broadening Worker" in refused.err) == (4, True)
    assert organization.run("apply", str(path), "--yes", "--allow-broadening", "Worker").code == 0


def test_a_plan_that_was_changed_or_has_expired_is_refused(organization: Organization) -> None:
    path = organization.ready().build().plan()
    text = path.read_text()
    path.write_text(text.replace('"Size": "small"', '"Size": "large"'))
    assert organization.run("apply", str(path), "--yes").code == 6
    path.write_text(json.dumps({"version": 1}))
    assert organization.run("apply", str(path), "--yes").code == 2
    assert organization.run("apply", str(path.with_name("none.json")), "--yes").code == 2


def test_a_preview_that_cannot_be_made_ends_the_plan_with_its_reason(organization: Organization) -> None:
    from deploy.manifest import Override

    second = organization.members[1]
    organization.template["Parameters"]["Size"]["AllowedValues"] = ["small", "large"]
    organization.ready().build(overrides=(Override(accounts=(second,), parameters={"Size": "huge"}),))
    answer = organization.run("plan", NAME)
    assert answer.code == 2
    assert "AWS could not make it for 1 of 3 instances" in answer.err or "AWS could not make it for 1 of 4 instances" in answer.err
    assert f"{second} {REGION}: " in answer.err
    assert "Size" in answer.err
    assert organization.stacks(second) == {}


def test_everything_that_the_manifest_declares_wrongly_is_said_at_once(organization: Organization) -> None:
    from deploy.manifest import Override

    organization.template["Parameters"]["Needed"] = {"Type": "String"}
    organization.ready().build(
        parameters={"Size": "x" * 5000, "Colour": "red"},
        overrides=(Override(parameters={"Weight": "1"}),),
        description="long " * 300,
        execution_role="",
    )
    answer = organization.run("plan", NAME)
    assert answer.code == 2
    for words in (
        "5 things stand against it",
        "gives parameter Colour, which the template does not have",
        "override 1 gives parameter Weight",
        "gives parameter Size 5,000 characters, and it may have 4,096",
        "parameter Needed has no value",
        "its description has 1,500 characters, and may have 1,024",
    ):
        assert words.replace("5 things", "6 things") in answer.err or words in answer.err, words
    assert organization.api.list_stack_sets()["Summaries"] == []


def test_a_template_over_the_limit_is_refused_before_anything_is_asked_for(organization: Organization) -> None:
    organization.template["Metadata"] = {"Filling": "x" * 1_000_001}
    answer = organization.ready().build().run("plan", NAME)
    assert answer.code == 2
    assert "bytes, and CloudFormation takes 1,000,000 from S3" in answer.err


def test_a_template_over_the_limit_of_a_body_comes_from_the_bucket(organization: Organization) -> None:
    organization.template["Metadata"] = {"Filling": "x" * 60_000}
    organization.rolled_out()
    assert len(organization.instances()) == 6


def test_a_set_of_another_name_is_not_found_and_a_near_one_is_named(organization: Organization) -> None:
    answer = organization.ready().build().run("plan", "basline")
    assert answer.code == 2
    assert "did you mean 'baseline'?" in answer.err


@pytest.mark.failure("StackSet: an execution role")
def test_an_execution_role_that_is_missing_in_3_of_40_accounts_is_named_before_anything_begins(organization: Organization) -> None:
    members = tuple(account() for _ in range(40))
    organization.members = members
    organization.waves = (wave("canary", members[0]), wave("rest", *members[1:]))
    organization.sets.trust(*members[:37])
    organization.aws.client("s3").create_bucket(Bucket=organization.bucket)
    answer = organization.build().run("plan", NAME)
    assert answer.code == 4
    assert "is missing in 3 of 40 accounts: " + ", ".join(members[37:]) in answer.err
    assert organization.api.list_stack_sets()["Summaries"] == []


def test_accounts_that_let_nobody_look_are_said_and_do_not_end_the_plan(organization: Organization) -> None:
    from tests.local.conftest import Faults

    organization.ready().build()
    closed = Faults(url=organization.aws.url, account=organization.members[1])
    closed.add(service="iam", action="GetRole", error="AccessDenied", message="not for you")
    closed.add(service="cloudformation", action="CreateChangeSet", error="AccessDenied", message="not for you")
    try:
        made = planned(organization)
    finally:
        closed.clear()
    assert any(f"({organization.members[1]}): role {PLAN_ROLE} may not look" in note for note in made["notes"])  # type: ignore[attr-defined]
    (blind,) = [one for one in made["findings"] if one["kind"] == "uncertainty"]  # type: ignore[attr-defined]
    assert (blind["path"], blind["waiver"]) == ("first", None)


def test_known_drift_is_said(organization: Organization) -> None:
    organization.rolled_out()
    drifted = organization.members[1]
    sqs = organization.aws.client("sqs", REGION, drifted)
    sqs.set_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName="tap-jobs")["QueueUrl"], Attributes={"VisibilityTimeout": "99"})
    assert organization.run("drift", NAME).code == 3
    answer = organization.run("plan", NAME)
    assert f"1 instance drifted, as far as it is known: {drifted}/{REGION}" in answer.out


def test_markdown_for_a_pull_request(organization: Organization) -> None:
    answer = organization.ready().build().run("plan", NAME, "--format", "markdown")
    assert answer.code == 0
    assert "### StackSet baseline: plan `" in answer.out
    assert f"| {organization.members[1]} | {escaped(REGION)} | new | new |" in answer.out


def test_a_set_that_stands_already_is_taken_over_as_it_is(organization: Organization) -> None:
    """Made by hand with the same template and values: nothing to do but what differs."""
    organization.ready().build()
    organization.api.create_stack_set(
        StackSetName=SET,
        TemplateBody=json.dumps({**organization.template, "Resources": {"Size": parameter({"Ref": "Size"}, "/tap/size")}}),
        Parameters=[{"ParameterKey": "Size", "ParameterValue": "small"}],
    )
    made = planned(organization)
    assert made["set_id"]
    assert {"/template", "/description", "/tags/Project", "/capabilities"} <= {one["pointer"] for one in made["differences"]}  # type: ignore[attr-defined]
    assert organization.up().code == 0
    assert len(organization.instances()) == 6
