"""A CloudFormation client that asks nobody: a test says what it is to answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from deploy.aws.api import Api, Calls
from deploy.aws.stacks import Stacks
from tests.deploy.unit.fakes import FakeStore, Recorded


@pytest.fixture(scope="session")
def client() -> Any:
    return boto3.client("cloudformation", region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret")


@pytest.fixture
def recorded(client: Any) -> Iterator[Recorded]:
    """What a test recorded must have been asked for, all of it and in this order."""
    slept: list[float] = []
    with Stubber(client) as stubber:
        yield Recorded(stubber=stubber, stacks=Stacks(api=Api(client, Calls()), sleep=slept.append), slept=slept)
        stubber.assert_no_pending_responses()


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()
