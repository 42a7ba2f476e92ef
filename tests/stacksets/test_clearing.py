"""What `gc` learns of StackSets: what they are made of now, what their ledgers say, and whether their instances are all of one release."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from deploy import lock
from deploy.clearing.choice import choose
from deploy.clearing.facts import gather
from deploy.clearing.sets import Reached
from deploy.clearing.sets import gather as reached
from deploy.errors import Conflict
from tests.stacksets.world import NAME, SET, Organization

pytestmark = pytest.mark.overlay


def seen(organization: Organization) -> Reached:
    account = organization.home().account
    there = {one.key for one in account.store("plan", account.manifest.region).listed("templates/")}
    return reached(account, [account.manifest], there)


def template(organization: Organization) -> str:
    manifest = json.loads((organization.folder / "tools" / "manifest.json").read_text())
    return f"templates/{manifest['templates'][0]['sha256']}.json"


@pytest.mark.row("R26")
def test_a_sets_template_is_told_by_its_content_and_its_rollouts_by_its_ledger(organization: Organization) -> None:
    organization.rolled_out()
    found = seen(organization)
    assert found.deployed == {template(organization)}
    assert [record.outcome for record in found.ledgers[NAME]] == ["succeeded"]
    assert found.unsettled == frozenset()


@pytest.mark.row("R26")
def test_old_releases_of_a_set_go_and_what_it_is_and_goes_back_to_stays(organization: Organization) -> None:
    organization.rolled_out()
    keys = [template(organization)]
    for size in ("31", "32", "33"):
        organization.template["Resources"]["Jobs"]["Properties"]["VisibilityTimeout"] = int(size)
        organization.build()
        answer = organization.up()
        assert answer.code == 0, answer.out + answer.err
        keys.append(template(organization))
    account = organization.home().account
    later = datetime.now(UTC) + timedelta(days=400)
    choice = choose(gather(account, {}, keep=1, days=30, now=later))
    gone = {thing.key for thing in choice.removable}
    assert not gone & {keys[3], keys[2]}, "what runs, and what a rollback goes back to"
    assert {keys[0], keys[1]} <= gone
    assert sum(key.endswith("/index.json") for key in gone) == 2


@pytest.mark.row("R26")
def test_instances_of_two_releases_keep_every_release_of_their_set(organization: Organization) -> None:
    organization.rolled_out()
    first = template(organization)
    organization.template["Resources"]["Jobs"]["Properties"]["VisibilityTimeout"] = 999999
    organization.build()
    failed = organization.up()
    assert failed.code != 0
    assert seen(organization).unsettled == {SET}
    account = organization.home().account
    later = datetime.now(UTC) + timedelta(days=400)
    gone = {thing.key for thing in choose(gather(account, {}, keep=1, days=1, now=later)).removable}
    assert not gone & {first, template(organization)}


@pytest.mark.row("R26")
def test_while_somebody_rolls_out_nothing_is_judged(organization: Organization) -> None:
    organization.rolled_out()
    home = organization.home()
    lock.acquire(home.shelf("deploy"), operation="0" * 64, verb="stackset apply", by="ann", host="here")
    with pytest.raises(Conflict, match="somebody is at work on StackSet baseline"):
        seen(organization)
