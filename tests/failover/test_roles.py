"""Prod's two regions through roles of its own account, on a local AWS that enforces trusts, policies and boundaries: deployed, failed over, back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.strict import Accounts, root_keys, strict

pytestmark = [pytest.mark.row("R16"), pytest.mark.row("R11"), pytest.mark.overlay]
PROD, THERE = "333333333333", "us-west-2"


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    with strict(tmp_path_factory.mktemp("regions")) as made:
        done = made.run(root_keys(PROD), "bootstrap", "prod", "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        done = made.run(made.operator(), "up", "prod", "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        yield made


def states(accounts: Accounts, *more: str) -> dict[str, str]:
    done = accounts.run(accounts.operator(), "failover", "prod", "--dry-run", "--format", "json", *more)
    found: dict[str, Any] = json.loads(done.stdout)
    return {one["check"]: f"{one['state']}: {one['words']} {one['details']}" for one in found["checks"]}


def behind(accounts: Accounts) -> str:
    """The origin that the distribution leads everything to."""
    (found,) = accounts.root(PROD).client("cloudfront").list_distributions()["DistributionList"]["Items"]
    return str(found["DefaultCacheBehavior"]["TargetOriginId"])


def test_every_check_is_asked_and_traffic_moves_and_comes_back_with_the_roles_permissions_alone(accounts: Accounts) -> None:
    found = states(accounts)
    assert all(not words.startswith("refuses") for words in found.values()), found
    assert all("may not" not in words for words in found.values()), found
    moved = accounts.run(accounts.operator(), "failover", "prod", "--yes")
    assert moved.returncode == 0, moved.stdout + moved.stderr
    switch = accounts.root(PROD).client("cloudwatch", THERE).describe_alarms(AlarmNames=["tap-switch-prod"])["MetricAlarms"][0]
    assert switch["StateValue"] == "ALARM"
    assert behind(accounts) == "second"
    deadline = time.monotonic() + 150
    while any(words.startswith("refuses") for words in states(accounts, "--back").values()):
        assert time.monotonic() < deadline, states(accounts, "--back")
        time.sleep(2)
    back = accounts.run(accounts.operator(), "failover", "prod", "--back", "--yes")
    assert back.returncode == 0, back.stdout + back.stderr
    assert behind(accounts) == "first"
    # Termination protection is an administrator's in prod: nothing but that is left to set.
    again = accounts.run(accounts.operator(), "plan", "prod")
    assert "0 to add, 0 to change, 0 to replace, 0 to remove" in again.stdout, again.stdout + again.stderr
