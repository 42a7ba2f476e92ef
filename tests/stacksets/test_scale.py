"""What a set costs grows with its instances and no faster: requests counted, at 20, 40 and 80 of them, and clients let go of."""

from __future__ import annotations

import pytest

from deploy.background import Background
from deploy.commands.sets import load
from deploy.stacksets.planning import propose
from deploy.stacksets.rolling import Rolling
from deploy.stacksets.state import state
from tests.local.conftest import REGION
from tests.stacksets.world import SECOND, Organization, account, wave

pytestmark = pytest.mark.overlay

VERBS = ("plan", "apply", "status", "second plan")


def counted(organization: Organization, accounts: int) -> dict[str, int]:
    """Requests of each verb, over so many accounts in four regions."""
    members = tuple(account() for _ in range(accounts))
    regions = (REGION, SECOND, "us-east-2", "us-west-2")
    organization.members = members
    organization.waves = (wave("canary", members[0], regions=regions), wave("rest", *members[1:], regions=regions))
    organization.ready().build()
    path = organization.plan()
    found: dict[str, int] = {}
    for verb in VERBS:
        home = organization.home()
        if verb in ("plan", "second plan"):
            propose(home, Background(), lambda text: None)
        elif verb == "apply":
            assert Rolling(home=home, plan=load(path), show=_quiet()).run().outcome == "succeeded"
        else:
            assert len(state(home).instances) == accounts * len(regions)
        found[verb] = home.account.sessions.calls.total
    return found


def _quiet():  # type: ignore[no-untyped-def]
    from deploy.console import console

    return console("json")


def test_requests_grow_with_the_instances_and_no_faster(organization: Organization) -> None:
    counts = {}
    for accounts in (5, 10, 20):
        organization.aws.client("s3")
        counts[accounts] = counted(_another(organization), accounts)
    for verb in VERBS:
        small, middle, large = (counts[accounts][verb] for accounts in (5, 10, 20))
        assert large - middle <= 2 * (middle - small) * 1.5 + 30, counts
    assert counts[20]["status"] <= 20, "pages alone: no request an instance"
    assert counts[20]["apply"] - counts[5]["apply"] <= 60, "pages alone, and looking at the operations"


def _another(organization: Organization) -> Organization:
    """The same world with an administering account of its own."""
    from dataclasses import replace

    from tests.local.conftest import Aws

    return replace(organization, aws=Aws(url=organization.aws.url, account=account()), fields={}, folder=organization.folder.with_name(account()))
