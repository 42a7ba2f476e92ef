"""CloudFormation that takes five requests a second: every thread gets its answer, at nearly that pace, and nobody storms."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from deploy.aws.pace import PACES
from deploy.aws.sessions import Sessions
from tests.local.conftest import REGION, Aws, Faults
from tests.local.templates import parameter, template

pytestmark = pytest.mark.overlay

RATE, READS = 5, 50


def test_many_reads_of_a_limited_service_all_get_their_answer(aws: Aws, faults: Faults) -> None:
    """Eight threads with a client each and one with a session of its own: what AWS counts together keeps one pace."""
    for number in range(3):
        aws.create(f"app-{number}", template({"Value": parameter(str(number))}))
    sessions = [Sessions(endpoint=aws.url, keys=(aws.account, "secret")) for _ in range(2)]
    faults.limit(RATE)
    began = time.monotonic()

    def read(number: int) -> str:
        cloudformation = sessions[number % 2].own("cloudformation", REGION)
        return str(cloudformation("describe_stacks", StackName=f"app-{number % 3}")["Stacks"][0]["StackName"])

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(read, range(READS)))
    seconds = time.monotonic() - began
    assert found == [f"app-{number % 3}" for number in range(READS)]
    asked = sum(one.calls.total for one in sessions)
    assert asked < READS * 1.5, f"{asked} requests for {READS} answers"
    assert RATE * 0.5 < READS / seconds < RATE * 1.5
    assert PACES.of(aws.account, "cloudformation", REGION).rate is not None


def test_another_region_and_another_service_do_not_wait(aws: Aws, faults: Faults) -> None:
    faults.limit(RATE)
    sessions = Sessions(endpoint=aws.url, keys=(aws.account, "secret"))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: sessions.own("cloudformation", REGION)("list_stacks"), range(12)))
    assert PACES.of(aws.account, "cloudformation", REGION).rate is not None
    assert PACES.of(aws.account, "cloudformation", "eu-west-1").rate is None
    assert PACES.of(aws.account, "ssm", REGION).rate is None
