"""Somebody who has the lock of a region."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from deploy import lock
from deploy.commands.options import Common
from deploy.failover.alone import alone
from tests.deploy.world import ENVIRONMENT, World, credentials


@contextmanager
def held(world: World, region: str) -> Iterator[None]:
    common = Common(local=False, profile=None, endpoint_url=world.aws.url, format="json", debug=False, build=world.folder)
    with credentials(world.aws.account):
        store = alone(common.account(ENVIRONMENT, mend=False), region).store("deploy", region)
        mine = lock.acquire(store, operation="f" * 64, verb="destroy", by="arn:aws:iam::1:user/ann", host="elsewhere")
    yield
    with credentials(world.aws.account):
        mine.release()
