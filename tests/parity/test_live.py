"""`parity --live`: two environments that run on the local AWS are what their releases say, until somebody changes one by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from deploy import manifest as contract
from deploy.manifest import decode
from deploy.parity.proof import Field, Proof, Proven, Text, encode
from deploy.rehearsal.build import copied
from tests.deploy.conftest import aws, faults, local_aws, world
from tests.deploy.world import GATE, World

__all__ = ["aws", "faults", "local_aws", "world"]

TIMEOUT = "messaging/Resources/Jobs/Properties/VisibilityTimeout"


def second(world: World, **jobs: Any) -> None:
    """The environment prod beside dev: the same services under its own name."""
    build = copied(world.folder / "dev", world.folder / "prod")

    def named(value: Any) -> Any:
        return json.loads(json.dumps(value).replace("-dev", "-prod").replace("/dev", "/prod").replace('"dev"', '"prod"'))

    build.manifest, build.documents = named(build.manifest), named(build.documents)
    build.documents["messaging"]["Resources"]["Jobs"]["Properties"].update(jobs)
    build.save()


def proven(world: World, *fields: Field) -> None:
    """The proof and the release, as `generate.py` writes them over both environments."""
    data = {name: (world.folder / name / "manifest.json").read_bytes() for name in ("dev", "prod")}
    digests = {name: sha256(one).hexdigest() for name, one in data.items()}
    environments = tuple(
        Proven(
            environment=name,
            manifest=digests[name],
            texts=(Text(field="name", place=f"env/{name}.yaml:1", value=name, uses=1),),
            fields=fields if name == "prod" else (),
            corrections={},
            renamed={},
        )
        for name in data
    )
    proof = encode(Proof(version=1, reference="dev", environments=environments, findings=()))
    (world.folder / "parity.json").write_bytes(proof)
    builds = tuple(contract.Build(environment=name, manifest=digest) for name, digest in digests.items())
    release = contract.Release(version=1, digest="e" * 64, commit=None, builds=builds, parity=sha256(proof).hexdigest())
    (world.folder / "release.json").write_bytes(contract.encode(release))
    assert decode(data["prod"]).environment == "prod"


@pytest.fixture
def both(world: World) -> Callable[..., World]:
    """Dev and prod, published, deployed and running; ``jobs``: properties of prod's queue, ``fields``: what explains them."""

    def run(*fields: Field, **jobs: Any) -> World:
        world.ready().build()
        second(world, **jobs)
        proven(world, *fields)
        world.prepare(world.bucket.replace("-dev", "-prod"), GATE.replace("-dev", "-prod"))
        for name in ("dev", "prod"):
            answer = world.run("up", name, "--yes")
            assert answer.code == 0, answer.err
        return world

    return run


def live(world: World) -> tuple[int, list[dict[str, Any]], list[str]]:
    answer = world.run("parity", "--live", "--format", "json")
    assert answer.code in (0, 3), answer.err
    return answer.code, answer.json["findings"], answer.json["notes"]


@pytest.mark.row("R08")
def test_what_runs_is_the_same_infrastructure_and_has_not_drifted(both: Callable[..., World]) -> None:
    field = Field(field="queue.timeout", place="env/prod.yaml:9", before=30, after=60, parts=(TIMEOUT,))
    code, findings, notes = live(both(field, VisibilityTimeout=60))
    assert (code, findings) == (0, [])
    assert notes == []


@pytest.mark.row("R08")
def test_a_difference_between_what_runs_that_no_field_explains_is_found(both: Callable[..., World]) -> None:
    code, findings, _ = live(both(VisibilityTimeout=60))
    assert code == 3
    assert [(one["kind"], one["path"], one["has"], one["expected"]) for one in findings] == [("unexplained", TIMEOUT, "60", "30")]


@pytest.mark.row("R08")
def test_what_was_changed_behind_the_deployer_is_found_by_template_tag_and_parameter(both: Callable[..., World]) -> None:
    world = both()
    cloudformation = world.aws.cloudformation
    nested = next(
        one["PhysicalResourceId"]
        for one in cloudformation.list_stack_resources(StackName="tap-app-prod")["StackResourceSummaries"]
        if one["LogicalResourceId"] == "Messaging"
    )
    template = json.loads((world.folder / "prod" / "messaging.json").read_bytes())
    template["Resources"]["Jobs"]["Properties"]["VisibilityTimeout"] = 99
    template["Resources"]["Jobs"]["Metadata"] = {"Password": "correct-horse"}
    cloudformation.update_stack(StackName=nested, TemplateBody=json.dumps(template), Tags=[{"Key": "Project", "Value": "other"}])
    cloudformation.get_waiter("stack_update_complete").wait(StackName=nested)
    code, findings, _ = live(world)
    assert code == 3
    assert ("deployed", "tap-app-prod/Messaging/Resources/Jobs/Properties/VisibilityTimeout", "99", "30") in [
        (one["kind"], one["path"], one["has"], one["expected"]) for one in findings
    ]
    assert {one["environment"] for one in findings} == {"prod"}
    assert "correct-horse" not in json.dumps(findings)


def test_environments_that_run_different_releases_are_told_apart(both: Callable[..., World]) -> None:
    world = both()
    world.services["messaging"]["Resources"]["Jobs"]["Properties"]["DelaySeconds"] = 5
    world.build()
    second(world)
    proven(world)
    release = world.folder / "release.json"
    release.write_text(release.read_text().replace("e" * 64, "f" * 64))
    answer = world.run("up", "dev", "--yes")
    assert answer.code == 0, answer.err
    code, findings, notes = live(world)
    assert code == 3
    assert [one["path"] for one in findings] == ["messaging/Resources/Jobs/Properties/DelaySeconds"]
    assert any("runs release eeeeeeeeeeee" in note and "ffffffffffff" in note for note in notes)


def test_an_environment_where_nothing_runs_is_said(world: World) -> None:
    world.deployed()
    second(world)
    proven(world)
    world.aws.client("s3").create_bucket(Bucket=world.bucket.replace("-dev", "-prod"))
    code, _, notes = live(world)
    assert code in (0, 3)
    assert "prod: nothing is deployed, so nothing of it was compared" in notes
