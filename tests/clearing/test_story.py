"""`gc` and `publish --verify` on the local AWS: what is removed, what can still be gone back to, and every refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from deploy import entry, lock
from deploy.account import Account
from deploy.clearing.choice import Choice
from deploy.clearing.story import Clearing
from deploy.commands.options import Common
from deploy.ledger import Ledger
from deploy.record import Record
from tests.deploy.world import ENVIRONMENT, STACK, World, credentials, parameter
from tests.local.conftest import Faults, wait
from tests.recovery.states import by_hand, change, limit, stuck

FOLDERS = ("assets/", "manifests/", "releases/", "templates/")


def keys(world: World) -> set[str]:
    pages = world.aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=world.bucket)
    return {one["Key"] for page in pages for one in page.get("Contents", [])}


def published(world: World) -> set[str]:
    return {key for key in keys(world) if key.startswith(FOLDERS)}


def put(world: World, key: str, text: str) -> str:
    """Past the deployer; the key."""
    world.aws.client("s3").put_object(Bucket=world.bucket, Key=key, Body=text.encode())
    return key


def releases(world: World, *values: str) -> list[tuple[str, set[str]]]:
    """Deploy one release for each value: its digest, and what it alone consists of."""
    world.ready()
    digests, parts = [], []
    for value in values:
        assert change(world, value).up().code == 0
        digests.append(json.loads((world.folder / "release.json").read_text())["digest"])
        data = (world.folder / "dev" / "manifest.json").read_bytes()
        templates = {f"templates/{one['sha256']}.json" for one in json.loads(data)["templates"]}
        parts.append({f"manifests/{sha256(data).hexdigest()}.json", *templates})
    others = [set().union(*parts[:number], *parts[number + 1 :]) for number in range(len(parts))]
    return [(digest, part - other) for digest, part, other in zip(digests, parts, others, strict=True)]


def account(world: World) -> Account:
    return Common(local=False, profile=None, endpoint_url=world.aws.url, format="json", debug=False, build=world.folder).account(
        ENVIRONMENT
    )


def later(world: World, keep: int, *, days: int = 100) -> tuple[Choice, Record]:
    """`gc --keep KEEP --older-than 30 --remove` as if so many days had gone by."""
    with credentials(world.aws.account):
        reached = account(world)
        clearing = Clearing(
            account=reached,
            keep=keep,
            days=30,
            show=Common(local=False, profile=None, endpoint_url=None, format="json", debug=False, build=world.folder).console,
            clock=lambda: datetime.now(UTC) + timedelta(days=days),
        )
        choice = clearing.look()
        return choice, clearing.remove(choice)


@pytest.mark.row("R26")
def test_old_releases_go_and_those_that_are_kept_can_be_gone_back_to(world: World) -> None:
    first, second, third, _ = releases(world, "1", "2", "3", "4")
    dry = world.run("gc", "dev", "--keep", "2")
    assert dry.code == 0, dry.err
    assert "nothing is unused" in dry.out, "all of it is younger than a day"
    before, records = published(world), keys(world) - published(world)

    choice, record = later(world, 2)
    gone = first[1] | second[1]
    assert {thing.key for thing in choice.removable} == gone
    assert published(world) == before - gone
    assert records <= keys(world), "ledger and lock stay"
    assert (record.operation, record.outcome, record.code) == ("gc", "succeeded", 0)
    assert record.message.startswith(f"{len(gone)} objects, ")
    told = world.run("history", "dev", "--events", str(record.number), "--format", "json").json
    assert {one["path"][1] for one in told} == gone
    assert world.run("status", "dev", "--format", "json").json["running"] is None
    assert world.run("publish", "dev", "--verify").code == 0

    refused = world.run("rollback", "dev", "--to", first[0], "--yes")
    assert refused.code == 4, refused.err
    assert "is gone from the artifact bucket" in refused.err
    assert f"check out {world.commit[:12]}" in refused.err
    back = world.run("rollback", "dev", "--yes")
    assert back.code == 0, back.err
    assert limit(world) == "3"
    assert world.run("rollback", "dev", "--to", third[0], "--yes").code == 0


def test_what_was_removed_is_published_again_by_the_next_plan(world: World) -> None:
    releases(world, "1", "2", "3")
    later(world, 1)
    assert change(world, "1").up().code == 0
    assert limit(world) == "1"


def test_a_second_run_has_nothing_to_do(world: World) -> None:
    releases(world, "1", "2", "3")
    later(world, 1)
    choice, record = later(world, 1)
    assert choice.removable == ()
    assert record.message == "0 objects, 0 bytes removed"


@pytest.mark.row("R26")
def test_the_command_lists_asks_removes_and_records(world: World, old: World) -> None:
    """A build that was published years ago and never deployed, beside one that runs."""
    world.deployed()
    needed = published(world)
    assert change(world, "never").run("publish", "dev").code == 0
    unused = published(world) - needed
    put(world, "templates/by-hand.json", "{}")
    change(world, "10")

    dry = old.run("gc", "dev", "--format", "json")
    assert dry.code == 0, dry.err
    assert {one["key"] for one in dry.json["removable"]} == unused
    assert [one["key"] for one in dry.json["unknown"]] == ["templates/by-hand.json"]
    asked = old.run("gc", "dev", "--remove")
    assert asked.code == 4
    assert "nobody can be asked" in asked.err
    assert published(world) == needed | unused | {"templates/by-hand.json"}

    done = old.run("gc", "dev", "--remove", "--yes", "--format", "json")
    assert done.code == 0, done.err
    assert (done.json["operation"], done.json["outcome"]) == ("gc", "succeeded")
    assert published(world) == needed | {"templates/by-hand.json"}
    assert "gc" in world.run("history", "dev").out


def test_a_stack_that_somebody_moved_in_the_console_keeps_what_it_is_made_of(world: World, old: World) -> None:
    """The ledger knows nothing of that release: the stack's own templates say what it needs, the root by its content."""
    world.deployed()
    by_hand(change(world, "30"))
    world.aws.wait_status(STACK, "UPDATE_COMPLETE")
    moved = published(world)
    change(world, "10")
    choice = old.run("gc", "dev", "--format", "json").json
    gone = {one["key"] for one in choice["removable"]}
    assert {key.split("/")[0] for key in gone} <= {"manifests"}, "its manifest alone: no deployment was made from it"
    assert {key for key in moved if key.startswith(("templates/", "assets/"))} <= published(world) - gone


def unreadable_record(world: World) -> str:
    return put(world, "ledger/99999990-00000009-0123456789abcdef-ended.json", "{")


def later_record(world: World) -> str:
    (key,) = [one for one in keys(world) if one.endswith("-ended.json")]
    text = world.aws.client("s3").get_object(Bucket=world.bucket, Key=key)["Body"].read().decode()
    return put(world, "ledger/99999990-00000009-0123456789abcdef-ended.json", text.replace('"version": 1', '"version": 2'))


def later_manifest(world: World) -> str:
    text = (world.folder / "dev" / "manifest.json").read_text().replace('"version": 1', '"version": 2')
    return put(world, f"manifests/{sha256(text.encode()).hexdigest()}.json", text)


def changed_manifest(world: World) -> str:
    return put(world, f"manifests/{'0' * 64}.json", (world.folder / "dev" / "manifest.json").read_text())


def broken_release(world: World) -> str:
    return put(world, f"releases/{'0' * 64}/release.json", "[]")


def waiting_plan(world: World) -> str:
    change(world, "77").plan()
    change(world, "10")
    return ""


def foreign_change_set(world: World) -> str:
    root = json.loads((world.folder / "dev" / "root.json").read_text())
    root["Resources"]["More"] = parameter("x")
    asked: dict[str, Any] = {"StackName": STACK, "ChangeSetName": "by-hand", "Capabilities": ["CAPABILITY_NAMED_IAM"]}
    world.aws.cloudformation.create_change_set(**asked, TemplateBody=json.dumps(root))
    wait(lambda: "by-hand" in world.change_sets(), "the change set")
    return ""


def held_lock(world: World) -> str:
    until = datetime.now(UTC) + timedelta(minutes=15)
    holder = {
        "operation": "a" * 64,
        "verb": "apply",
        "by": "ben",
        "host": "elsewhere",
        "fence": 9,
        "since": datetime.now(UTC).isoformat(),
        "until": until.isoformat(),
    }
    return put(world, "locks/deployment.json", json.dumps(holder))


def test_what_cannot_be_proven_is_refused_and_nothing_goes(world: World, old: World) -> None:
    """Each in its turn, and taken away again: afterwards the same command does what it was asked."""
    world.deployed()
    change(world, "never").run("publish", "dev")
    change(world, "10")
    cases: tuple[tuple[Callable[[World], str], str], ...] = (
        (unreadable_record, "this deployer cannot read it"),
        (later_record, "it has version 2, and this deployer reads 1"),
        (later_manifest, "manifest version 2; this deployer reads 1"),
        (changed_manifest, "it is not what its name says"),
        (broken_release, "this deployer cannot read it"),
        (held_lock, "somebody is at work: apply of plan aaaaaaaaaaaa by ben"),
        (foreign_change_set, "by-hand"),
        (waiting_plan, f"a plan waits to be applied to {STACK}"),
    )
    for spoil, words in cases:
        before_lock = world.aws.client("s3").get_object(Bucket=world.bucket, Key="locks/deployment.json")["Body"].read().decode()
        key = spoil(world)
        before = published(world)
        for arguments in ((), ("--remove", "--yes")):
            answer = old.run("gc", "dev", *arguments)
            assert answer.code == 6, (spoil, answer.out + answer.err)
            assert words in answer.err
            assert answer.err.count("\n") > 1, "it says what to do"
        assert published(world) == before
        if key:
            world.aws.client("s3").delete_object(Bucket=world.bucket, Key=key)
            put(world, "locks/deployment.json", before_lock)
        for change_set in world.change_sets():
            world.drop(world.aws.cloudformation.describe_change_set(StackName=STACK, ChangeSetName=change_set)["ChangeSetId"])
    assert old.run("gc", "dev", "--remove", "--yes").code == 0


def test_while_the_stack_is_at_work_nothing_is_judged(world: World, old: World, faults: Faults) -> None:
    world.deployed()
    faults.add(logical_id="Limit", verb="update", latency=3)
    by_hand(change(world, "30"))
    wait(lambda: world.aws.status(STACK) == "UPDATE_IN_PROGRESS", "the update")
    answer = old.run("gc", "dev")
    assert answer.code == 6, answer.out
    assert f"stack {STACK} is UPDATE_IN_PROGRESS" in answer.err
    world.aws.wait_status(STACK, "UPDATE_COMPLETE")


def test_a_stack_that_is_stuck_is_recovered_first(world: World, old: World, faults: Faults) -> None:
    """Its way back may need the code and the templates that it came from."""
    stuck(world, faults)
    answer = old.run("gc", "dev")
    assert answer.code == 6, answer.out
    assert f"stack {STACK} is UPDATE_ROLLBACK_FAILED" in answer.err
    assert "python -m deploy recover dev" in answer.err


def test_a_run_that_was_killed_is_gone_on_with_by_the_same_command(world: World, old: World) -> None:
    """Its lock is held, its record has begun and not ended."""
    world.deployed()
    needed = published(world)
    change(world, "never").run("publish", "dev")
    change(world, "10")
    with credentials(world.aws.account):
        reached = account(world)
        console = Common(local=False, profile=None, endpoint_url=None, format="json", debug=False, build=world.folder).console
        operation = Clearing(account=reached, keep=10, days=30, show=console).operation
        store = reached.store("deploy", reached.manifest.region)
        held = lock.acquire(store, operation=operation, verb="gc", by="ann", host="elsewhere")
        Ledger(store=store).began(entry.begun(reached, held.holder.fence, "gc", operation))
    other = old.run("gc", "dev", "--keep", "3", "--remove", "--yes")
    assert other.code == 6, other.err
    done = old.run("gc", "dev", "--remove", "--yes", "--format", "json")
    assert done.code == 0, done.err
    assert (done.json["number"], done.json["outcome"]) == (held.holder.fence, "succeeded")
    assert published(world) == needed


def test_a_manifest_without_the_role_says_what_to_make_again(world: World, old: World) -> None:
    world.deployed()
    change(world, "never").run("publish", "dev")
    change(world, "10")
    path = world.folder / "dev" / "manifest.json"
    path.write_text(path.read_text().replace('"gc": "tap-gc-dev"', '"gc": ""'))
    answer = old.run("gc", "dev", "--remove", "--yes")
    assert answer.code == 4, answer.err
    assert "python -m deploy bootstrap dev" in answer.err


def test_a_removal_that_fails_is_recorded_and_the_next_run_goes_on(world: World, faults: Faults) -> None:
    releases(world, "1", "2", "3")
    faults.add(service="s3", action="DeleteObject", error="AccessDenied", status=403, times=1)
    with credentials(world.aws.account), pytest.raises(Exception, match="DeleteObject"):
        later(world, 1)
    newest = world.run("history", "dev", "--format", "json").json["records"][0]
    assert (newest["operation"], newest["outcome"], newest["code"]) == ("gc", "failed", 5)
    assert "then: " in newest["message"]
    assert world.run("status", "dev", "--format", "json").json["running"] is None
    later(world, 1)
    assert later(world, 1)[0].removable == ()
