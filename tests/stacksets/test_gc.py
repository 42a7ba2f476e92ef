"""`gc tools` beside sets, when years have passed: what no set is made of and none goes back to is removed, and a rollback still works."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import sha256

import pytest

from tests.clearing.conftest import years_later
from tests.local.conftest import REGION
from tests.stacksets.world import NAME, Organization

pytestmark = pytest.mark.overlay

GC = ("gc", "tools", "--keep", "1", "--older-than", "1")


@pytest.fixture
def old(organization: Organization) -> Iterator[Organization]:
    with years_later(organization) as made:
        yield made


def keys(organization: Organization) -> set[str]:
    pages = organization.aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=organization.bucket)
    return {one["Key"] for page in pages for one in page.get("Contents", [])}


def released(organization: Organization, timeout: int) -> set[str]:
    """Roll a release out; what it alone consists of."""
    organization.template["Resources"]["Jobs"]["Properties"]["VisibilityTimeout"] = timeout
    answer = organization.build().up()
    assert answer.code == 0, answer.out + answer.err
    data = (organization.folder / "tools" / "manifest.json").read_bytes()
    digest = sha256(data).hexdigest()
    template = json.loads(data)["templates"][0]["sha256"]
    return {f"manifests/{digest}.json", f"releases/{digest}/index.json", f"templates/{template}.json"}


def age(organization: Organization) -> None:
    """The sets' ledgers say that all of it was four years ago."""
    s3 = organization.aws.client("s3")
    for key in keys(organization):
        if key.startswith("stacksets/") and "/ledger/" in key:
            text = s3.get_object(Bucket=organization.bucket, Key=key)["Body"].read().decode()
            older = re.sub(r'("(?:began|ended)":\s*")(\d{4})', lambda found: f"{found[1]}{int(found[2]) - 4}", text)
            s3.put_object(Bucket=organization.bucket, Key=key, Body=older.encode())


def timeouts(organization: Organization) -> set[str]:
    found = set()
    for member in organization.members:
        sqs = organization.aws.client("sqs", REGION, member)
        url = sqs.get_queue_url(QueueName="tap-jobs")["QueueUrl"]
        found.add(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]["VisibilityTimeout"])
    return found


@pytest.mark.row("R26")
def test_old_releases_go_the_one_before_stays_and_can_be_gone_back_to(organization: Organization, old: Organization) -> None:
    organization.ready()
    releases = [released(organization, timeout) for timeout in (31, 32, 33, 34)]
    age(organization)
    before = keys(organization)

    dry = old.verb(*GC, "--format", "json")
    assert dry.code == 0, dry.err
    assert {one["key"] for one in dry.json["removable"]} == releases[0] | releases[1]
    assert keys(organization) == before, "listing removes nothing"
    refused = old.verb(*GC, "--remove")
    assert (refused.code, keys(organization) == before) == (4, True)

    done = old.verb(*GC, "--remove", "--yes", "--format", "json")
    assert done.code == 0, done.err
    assert before - keys(organization) == releases[0] | releases[1]
    assert old.verb(*GC, "--format", "json").json["removable"] == []

    first = next(key.split("/")[1].removesuffix(".json") for key in releases[0] if key.startswith("manifests/"))
    number = min(one["number"] for one in organization.run("status", NAME, "--format", "json").json["rollouts"])
    gone = organization.run("rollback", NAME, "--to", str(number), "--yes")
    assert gone.code == 4, gone.out + gone.err
    assert f"its manifest {first[:12]} is gone from the artifact bucket" in gone.err
    assert f"python -m deploy stackset plan {NAME}" in gone.err
    assert timeouts(organization) == {"34"}

    back = organization.run("rollback", NAME, "--yes")
    assert back.code == 0, back.out + back.err
    assert timeouts(organization) == {"33"}


@pytest.mark.row("R26")
def test_while_instances_are_of_two_releases_none_of_their_set_goes(organization: Organization, old: Organization) -> None:
    organization.ready()
    for timeout in (31, 32, 33):
        released(organization, timeout)
    organization.template["Resources"]["Jobs"]["Properties"]["VisibilityTimeout"] = 999999
    assert organization.build().up().code == 7
    age(organization)
    answer = old.verb(*GC, "--remove", "--yes", "--format", "json")
    assert answer.code == 0, answer.err
    assert answer.json["removable"] == []
    back = organization.run("rollback", NAME, "--yes")
    assert back.code == 0, back.out + back.err
    assert timeouts(organization) == {"33"}
