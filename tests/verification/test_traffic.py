"""Traffic stays within its bounds whatever the answers are, and raises nothing."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.account import Account
from deploy.aws.sessions import Sessions
from deploy.verification.model import NotVerified, TrafficResult
from deploy.verification.traffic import Traffic
from tests.deploy.world import World
from tests.local.conftest import Aws, wait
from tests.verification.conftest import Ground


def note(times: list[float]) -> str:
    times.append(time.monotonic())
    return "noted"


HTTP = {"check": "http", "path": "/health"}


def nowhere(*checks: dict[str, Any]) -> Account:
    """An account that nobody answers for."""
    made = World(aws=Aws(url="http://127.0.0.1:9", account="1" * 12), folder=Path("build"))._manifest({})
    manifest = msgspec.structs.replace(made, checks=checks)
    return Account(
        manifest=manifest, data=b"", folder=Path("build"), sessions=Sessions(endpoint="http://127.0.0.1:9", keys=("1" * 12, "secret"))
    )


def test_requests_are_no_more_than_a_second_may_have() -> None:
    times: list[float] = []
    traffic = Traffic(nowhere(), 20, 1000, send=lambda: note(times))
    traffic.start()
    time.sleep(1)
    result = traffic.stop()
    assert 10 <= result.requests <= 21
    assert result.failures == 0
    gaps = [later - earlier for earlier, later in zip(sorted(times), sorted(times)[1:], strict=False)]
    assert min(gaps) > 0.02


def test_requests_are_no_more_than_altogether() -> None:
    sent: list[float] = []
    traffic = Traffic(nowhere(), 1000, 7, send=lambda: note(sent))
    traffic.start()
    wait(lambda: len(sent) == 7, "all requests", 5)
    time.sleep(0.1)
    assert (traffic.stop().requests, len(sent)) == (7, 7)


def test_after_a_stop_nothing_is_sent() -> None:
    sent: list[float] = []
    traffic = Traffic(nowhere(), 50, 10_000, send=lambda: note(sent))
    traffic.start()
    time.sleep(0.2)
    result = traffic.stop()
    count = len(sent)
    time.sleep(0.2)
    assert (len(sent), result.requests) == (count, count)


def test_slow_answers_are_not_made_up_for() -> None:
    under_way, most, lock = [0], [0], threading.Lock()

    def slow() -> str:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        time.sleep(0.3)
        with lock:
            under_way[0] -= 1
        return ""

    traffic = Traffic(nowhere(), 200, 1000, send=slow)
    traffic.start()
    time.sleep(1)
    result = traffic.stop()
    assert most[0] <= 8
    assert result.requests <= 40
    assert 300 <= result.worst_ms < 900


@pytest.mark.parametrize("error", [NotVerified("status 502, expected 200"), ZeroDivisionError("a mistake"), OSError("no network")])
def test_failures_are_counted_and_the_first_is_told(error: Exception) -> None:
    def fail() -> str:
        raise error

    traffic = Traffic(nowhere(), 500, 5, send=fail)
    traffic.start()
    time.sleep(0.2)
    result = traffic.stop()
    assert (result.requests, result.failures) == (5, 5)
    assert str(error) in result.reason


def test_an_account_that_nobody_answers_for_raises_nothing() -> None:
    traffic = Traffic(nowhere(HTTP), 10, 2)
    traffic.start()
    assert traffic.stop().requests <= 2


@pytest.mark.parametrize(
    ("per_second", "checks"), [(0, [HTTP]), (5, []), (5, [{"check": "alarms"}])], ids=["none asked", "no checks", "nothing to ask"]
)
def test_where_there_is_nothing_to_send_nothing_is_sent(per_second: float, checks: list[dict[str, Any]]) -> None:
    traffic = Traffic(nowhere(*checks), per_second, 10)
    traffic.start()
    assert traffic.stop() == TrafficResult()


def test_a_good_release_answers_its_traffic(ground: Ground) -> None:
    traffic = Traffic(ground.account(*ground.deployed.manifest.checks), 20, 12)
    traffic.start()
    time.sleep(1.2)
    result = traffic.stop()
    assert result.failures == 0, result.reason
    assert 5 <= result.requests <= 12
    assert result.worst_ms > 0


def test_functions_are_called_where_no_path_is_asked(ground: Ground) -> None:
    ground.function("stumbling", "def handler(event, context):\n    raise RuntimeError('no')\n")
    traffic = Traffic(ground.account({"check": "invoke", "function": "stumbling"}), 20, 3)
    traffic.start()
    time.sleep(1)
    result = traffic.stop()
    assert (result.requests, result.failures) == (3, 3)
