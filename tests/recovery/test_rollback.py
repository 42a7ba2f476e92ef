"""`rollback`: an earlier release from what it published, reviewed and guarded as any other; forward again the same way."""

from __future__ import annotations

import json
import shutil

import pytest

from deploy import plan as plans
from tests.deploy.world import STACK, World, allow, parameter, role, table
from tests.local.conftest import Faults
from tests.recovery.states import broken, change, limit, records


def releases(world: World, *values: str) -> list[str]:
    """Deploy one release for each value; their digests."""
    world.ready()
    digests = []
    for value in values:
        change(world, value)
        assert world.up().code == 0
        digests.append(json.loads((world.folder / "release.json").read_text())["digest"])
    return digests


def test_one_release_back_needs_no_build_of_it(world: World) -> None:
    first, _ = releases(world, "1", "2")
    answer = world.run("rollback", "dev", "--yes")
    assert answer.code == 0, answer.err
    assert limit(world) == "1"
    newest = records(world)[0]
    assert (newest["operation"], newest["outcome"], newest["release"]) == ("rollback", "succeeded", first)
    assert newest["commit"] == world.commit
    assert world.run("status", "dev", "--format", "json").json["release"] == first
    said = json.loads(world.aws.client("ssm").get_parameter(Name="/tap/dev/release")["Parameter"]["Value"])
    assert said["release"] == first


def test_it_is_reviewed_as_a_plan_is(world: World) -> None:
    releases(world, "1", "2")
    answer = world.run("rollback", "dev")
    assert answer.code == 4, answer.err
    assert "nobody can be asked" in answer.err
    assert "Limit" in answer.out
    assert "1 to change" in answer.out
    assert limit(world) == "2"
    assert world.change_sets() == []


def test_back_again_goes_further_back_and_never_to_what_was_undone(world: World) -> None:
    releases(world, "1", "2", "3")
    for expected in ("2", "1"):
        answer = world.run("rollback", "dev", "--yes")
        assert answer.code == 0, answer.err
        assert limit(world) == expected
    answer = world.run("rollback", "dev", "--yes")
    assert answer.code == 4
    assert "nothing was deployed before" in answer.err
    assert "3: release" in answer.err, "what may be named is said"


@pytest.mark.parametrize("name", ["digest", "number"])
def test_two_back_and_forward_again_by_name(world: World, name: str) -> None:
    digests = releases(world, "1", "2", "3")
    back, forward = (digests[0][:12], digests[2][:12]) if name == "digest" else ("1", "3")
    assert world.run("rollback", "dev", "--to", back, "--yes").code == 0
    assert limit(world) == "1"
    assert world.run("rollback", "dev", "--to", forward, "--yes").code == 0
    assert limit(world) == "3"
    assert [record["operation"] for record in records(world)] == ["rollback", "rollback", "deploy", "deploy", "deploy"]


def test_going_back_to_what_runs_is_nothing_to_do(world: World) -> None:
    _, second = releases(world, "1", "2")
    answer = world.run("rollback", "dev", "--to", second, "--yes")
    assert answer.code == 0, answer.err
    assert "No changes." in answer.out
    assert len(records(world)) == 2
    assert world.change_sets() == []


def test_a_failed_deployment_is_not_what_runs(world: World) -> None:
    releases(world, "1", "2")
    world.services["messaging"]["Resources"]["Jobs"]["Properties"]["VisibilityTimeout"] = 999_999
    change(world, "3")
    assert world.up().code == 7
    assert world.run("rollback", "dev", "--yes").code == 0
    assert limit(world) == "1"


def test_a_plan_of_it_is_written_for_apply_which_needs_no_build(world: World) -> None:
    first, _ = releases(world, "1", "2")
    path = world.folder.parent / "back.plan.json"
    answer = world.run("rollback", "dev", "--out", str(path))
    assert answer.code == 0, answer.err
    assert limit(world) == "2", "nothing is done"
    assert f"apply {path}" in answer.err
    assert plans.load(path).release == first
    shutil.rmtree(world.folder / "dev")
    applied = world.run("apply", str(path), "--yes")
    assert applied.code == 0, applied.err
    assert limit(world) == "1"


@pytest.mark.failure("replacement True or Conditional")
def test_a_table_that_cannot_go_back_is_said_and_yes_is_not_enough(world: World) -> None:
    """Another key replaces the table: what was written since is in the new one."""
    world.ready().build()
    assert world.up().code == 0
    world.services["data"]["Resources"]["Items"] = table("other")
    world.services["data"]["Resources"]["Items"]["Properties"]["TableName"] = "tap-things-dev"
    world.build()
    assert world.up("--allow-loss", "Data/Items").code == 0
    refused = world.run("rollback", "dev", "--yes")
    assert refused.code == 4
    assert "data loss" in refused.err
    assert "--allow-loss Data/Items" in refused.err
    assert world.aws.client("dynamodb").list_tables()["TableNames"] == ["tap-things-dev"]
    assert world.change_sets() == []
    assert world.run("rollback", "dev", "--yes", "--allow-loss", "Data/Items").code == 0


@pytest.mark.failure("replacement True or Conditional")
def test_a_table_that_the_earlier_release_did_not_have_is_not_dropped_in_passing(world: World) -> None:
    releases(world, "1")
    more = table()
    more["Properties"]["TableName"] = "tap-more-dev"
    world.services["data"]["Resources"]["More"] = more
    world.build()
    assert world.up().code == 0
    refused = world.run("rollback", "dev", "--yes")
    assert refused.code == 4
    assert "--allow-loss Data/More" in refused.err


@pytest.mark.failure("permissions broadened")
def test_a_permission_that_widens_on_the_way_back_is_refused_until_accepted(world: World) -> None:
    world.services["compute"]["Resources"]["Worker"] = role(allow("sqs:ReceiveMessage", "sqs:DeleteQueue"))
    releases(world, "1")
    world.services["compute"]["Resources"]["Worker"] = role(allow("sqs:ReceiveMessage"))
    change(world, "1")
    assert world.up().code == 0
    refused = world.run("rollback", "dev", "--yes")
    assert refused.code == 4
    assert "--allow-broadening Compute/Worker" in refused.err
    assert world.run("rollback", "dev", "--yes", "--allow-broadening", "Compute/Worker").code == 0


def template_of(world: World, service: str) -> str:
    manifest = json.loads((world.folder / "dev" / "manifest.json").read_text())
    return next(f"templates/{one['sha256']}.json" for one in manifest["templates"] if one["service"] == service)


@pytest.mark.parametrize("what", ["template", "manifest", "changed"])
def test_a_release_that_is_not_whole_in_the_bucket_is_refused(world: World, what: str) -> None:
    releases(world, "1")
    template = template_of(world, "compute")
    (manifest,) = keys(world, "manifests/")
    assert change(world, "2").up().code == 0
    s3 = world.aws.client("s3")
    if what == "changed":
        s3.put_object(Bucket=world.bucket, Key=template, Body=b"{}")
    else:
        s3.delete_object(Bucket=world.bucket, Key=template if what == "template" else manifest)
    answer = world.run("rollback", "dev", "--yes")
    assert answer.code == 4, answer.err
    assert ("is not what was published" if what == "changed" else "is gone from") in answer.err
    assert "make generate" in answer.err
    assert f"check out {world.commit[:12]}" in answer.err
    assert limit(world) == "2"
    assert world.change_sets() == []


def test_only_what_worked_is_offered_to_go_back_to(world: World, faults: Faults) -> None:
    world.deployed()
    assert broken(world, faults).up().code == 7
    answer = world.run("rollback", "dev", "--to", "0123456789ab")
    assert answer.code == 2
    assert "1: release" in answer.err
    assert "2: release" not in answer.err


def keys(world: World, prefix: str) -> list[str]:
    return [one["Key"] for one in world.aws.client("s3").list_objects_v2(Bucket=world.bucket, Prefix=prefix)["Contents"]]


@pytest.mark.parametrize(
    ("to", "code", "words"),
    [
        pytest.param("", 4, "nothing was deployed before", id="the one before"),
        pytest.param("7", 2, "no such deployment", id="number"),
        pytest.param("0123456789ab", 2, "no such deployment", id="digest"),
        pytest.param("abc", 2, "neither an operation's number nor", id="short"),
        pytest.param("latest", 2, "neither an operation's number nor", id="word"),
    ],
)
def test_what_is_not_there_is_said(world: World, to: str, code: int, words: str) -> None:
    releases(world, "1")
    answer = world.run("rollback", "dev", "--yes", *(("--to", to) if to else ()))
    assert answer.code == code, answer.err
    assert words in answer.err
    assert len(records(world)) == 1


def test_an_environment_where_nothing_runs_has_nothing_to_go_back_to(world: World) -> None:
    world.ready().build()
    answer = world.run("rollback", "dev", "--yes")
    assert answer.code == 4
    assert "nothing is deployed" in answer.err


def test_what_never_worked_is_not_gone_back_to(world: World) -> None:
    releases(world, "1", "2")
    world.services["messaging"]["Resources"]["Jobs"]["Properties"]["VisibilityTimeout"] = 999_999
    change(world, "3")
    assert world.up().code == 7
    answer = world.run("rollback", "dev", "--to", "3", "--yes")
    assert answer.code == 4
    assert "rolled back" in answer.err


@pytest.mark.failure("update fails")
def test_a_rollback_that_fails_is_rolled_back_itself(world: World, faults: Faults) -> None:
    releases(world, "1", "2")
    faults.add(logical_id="Limit", verb="update", message="not today")
    answer = world.run("rollback", "dev", "--yes")
    assert answer.code == 7, answer.err
    assert limit(world) == "2"
    newest = records(world)[0]
    assert (newest["operation"], newest["outcome"]) == ("rollback", "rolled back")
    faults.clear()
    assert world.run("rollback", "dev", "--yes").code == 0


def test_a_service_that_came_with_the_release_goes_with_it(world: World) -> None:
    releases(world, "1")
    world.services["extra"] = {"Resources": {"One": parameter("one", "/tap/dev/one")}}
    world.build()
    assert world.up().code == 0
    assert world.run("rollback", "dev", "--yes").code == 0
    assert not any("Extra" in name for name in world.stack_names())
    assert world.aws.status(STACK) == "UPDATE_COMPLETE"
