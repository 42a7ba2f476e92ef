"""How fast AWS is asked: not slower than it takes, and hardly ever faster."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from deploy.aws.pace import Pace, Paces


@dataclass
class Server:
    """A bucket of tokens, as AWS throttles; time passes when somebody sleeps, and a little with each request."""

    rate: float
    now: float = 0.0
    tokens: float = 0.0
    filled: float = 0.0
    taken: int = 0
    refused: int = 0
    times: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def ask(self) -> bool:
        self.now += 0.01
        self.tokens = min(max(1.0, self.rate), self.tokens + (self.now - self.filled) * self.rate)
        self.filled = self.now
        if self.tokens < 1:
            self.refused += 1
            return False
        self.tokens -= 1
        self.taken += 1
        self.times.append(self.now)
        return True

    def run(self, pace: Pace, requests: int) -> None:
        """Each request until it is taken, with the backing off of botocore's standard mode."""
        chance = random.Random(1)
        for _ in range(requests):
            attempt = 0
            while True:
                pace.wait()
                if self.ask():
                    pace.took()
                    break
                pace.refused()
                self.sleep(chance.random() * min(2**attempt, 20) / 8)  # of eight threads one waits
                attempt += 1


def server(rate: float) -> tuple[Server, Pace]:
    made = Server(rate=rate, tokens=rate)
    return made, Pace(clock=lambda: made.now, sleep=made.sleep)


@pytest.mark.parametrize("rate", [2, 5, 20])
def test_a_throttling_service_is_asked_at_nearly_its_rate(rate: float) -> None:
    made, pace = server(rate)
    made.run(pace, 400)
    assert made.taken == 400
    assert 0.7 * rate < 400 / made.now < 1.1 * rate
    assert made.refused < 60


def test_nobody_waits_where_nothing_was_refused() -> None:
    made, pace = server(10_000)
    made.run(pace, 500)
    assert made.now == pytest.approx(500 * 0.01)
    assert pace.rate is None


def test_a_service_that_is_well_again_is_asked_freely() -> None:
    made, pace = server(5)
    made.run(pace, 50)
    assert pace.rate is not None
    made.rate = 10_000
    made.run(pace, 3_000)
    assert pace.rate is None


def test_refusals_that_come_together_count_as_one() -> None:
    made, pace = server(5)
    made.run(pace, 50)
    before = pace.rate or 0
    made.now += 1
    pace.refused()
    assert 0 < (pace.rate or 0) < before
    once = pace.rate
    pace.refused()
    assert pace.rate == once


def test_it_is_never_given_up_to_ask() -> None:
    made, pace = server(5)
    for _ in range(200):
        pace.refused()
        made.now += 10
    assert pace.rate == 0.5


def test_an_account_and_a_region_have_a_pace_of_their_own_while_it_is_in_use() -> None:
    paces = Paces()
    keys = [("1", "ssm", "r"), ("2", "ssm", "r"), ("1", "sts", "r"), ("1", "ssm", "q")]
    held = [paces.of(*key) for key in keys]
    assert len({id(one) for one in held}) == 4
    assert [paces.of(*key) for key in keys] == held
    held[0].refused()
    del held
    assert paces.of(*keys[0]).rate is None
