"""A small fixed part of the soak, in every run of the tests; `make soak` runs a thousand sequences."""

from __future__ import annotations

import pytest
from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test

from deploy.local.server import Running
from tests.local.conftest import local_aws
from tests.soak.rules import Soak, run_as

__all__ = ["local_aws"]


@pytest.mark.parametrize("number", [1, pytest.param(2, marks=pytest.mark.rehearsal)])
def test_whatever_happens_in_whatever_order_what_must_hold_holds(local_aws: Running, number: int) -> None:
    Soak.url = local_aws.url
    run_state_machine_as_test(seed(number)(Soak), settings=run_as(examples=2, steps=6))
