"""`publish --verify`: everything that was published is read back, and what is missing or differs is named, with what to do."""

from __future__ import annotations

import json

import pytest

from tests.clearing.test_story import keys, published, put
from tests.deploy.world import World


def template(world: World, service: str) -> str:
    manifest = json.loads((world.folder / "dev" / "manifest.json").read_text())
    return next(f"templates/{one['sha256']}.json" for one in manifest["templates"] if one["service"] == service)


def drop(world: World, key: str) -> None:
    world.aws.client("s3").delete_object(Bucket=world.bucket, Key=key)


@pytest.mark.row("R26")
def test_what_was_published_is_read_back_and_compared(world: World) -> None:
    world.ready().build()
    assert world.run("publish", "dev").code == 0
    answer = world.run("publish", "dev", "--verify", "--format", "json")
    assert answer.code == 0, answer.err
    objects = answer.json["objects"]
    assert {one["key"] for one in objects} == published(world)
    assert {one["state"] for one in objects} == {"as published"}
    assert sum(one["size"] for one in objects) > 0
    assert f"{len(objects)} objects as published" in world.run("publish", "dev", "--verify").out


@pytest.mark.row("R26")
def test_what_is_missing_or_differs_is_named_with_what_to_do(world: World) -> None:
    world.ready().build()
    world.run("publish", "dev")
    data, compute = template(world, "data"), template(world, "compute")
    drop(world, data)
    put(world, compute, "{}")
    answer = world.run("publish", "dev", "--verify")
    assert answer.code == 3, answer.err
    (missing,) = [line for line in answer.out.splitlines() if data in line]
    (differs,) = [line for line in answer.out.splitlines() if compute in line]
    assert "template of data" in missing
    assert "missing" in missing
    assert "differs" in differs
    assert "it has 2 bytes" in differs
    assert "python -m deploy publish dev" in answer.out
    assert "CloudTrail" in answer.out
    before = keys(world)
    again = world.run("publish", "dev", "--verify", "--format", "json")
    assert "python -m deploy publish dev" in again.err
    states = {one["key"]: one["state"] for one in again.json["objects"]}
    assert (states[data], states[compute]) == ("missing", "differs")
    assert keys(world) == before, "it publishes nothing"


def test_before_anything_is_published_everything_is_missing(world: World) -> None:
    world.ready().build()
    answer = world.run("publish", "dev", "--verify", "--format", "json")
    assert answer.code == 3
    assert {one["state"] for one in answer.json["objects"]} == {"missing"}


def test_publishing_again_makes_it_whole(world: World) -> None:
    world.ready().build()
    world.run("publish", "dev")
    drop(world, template(world, "data"))
    assert world.run("publish", "dev", "--verify").code == 3
    assert world.run("publish", "dev").code == 0
    assert world.run("publish", "dev", "--verify").code == 0
