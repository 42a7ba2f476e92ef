"""Dev on the local AWS, created once a process."""

from __future__ import annotations

import itertools
import os

import pytest

import env
from deploy.local.server import Running
from resources.assets import asset_key, handlers, package
from templates.build import build
from tests.local.conftest import Aws, aws, local_aws
from tests.review.live import STACK, Deployed, publish

__all__ = ["aws", "local_aws"]

_ACCOUNTS = itertools.count(700_000_000_000 + os.getpid() % 100_000 * 100)


@pytest.fixture(scope="session")
def deployed(platform: env.Platform, local_aws: Running) -> Deployed:
    built = build(next(environment for environment in platform.environments if environment.name == "dev"))
    account = Aws(url=local_aws.url, account=str(next(_ACCOUNTS)))
    account.client("s3").create_bucket(Bucket=f"tap-artifacts-{account.account}-us-east-1-dev")
    for name in handlers():
        asset = package(name)
        account.client("s3").put_object(
            Bucket=f"tap-artifacts-{account.account}-us-east-1-dev", Key=asset_key(asset.sha256), Body=asset.data
        )
    url = publish(account, built.encoded)
    account.cloudformation.create_stack(StackName=STACK, TemplateURL=url, Capabilities=["CAPABILITY_NAMED_IAM"])
    state = account.settled(STACK)
    assert state == "CREATE_COMPLETE", [event for event in account.events(STACK) if "FAILED" in event["ResourceStatus"]]
    return Deployed(aws=account, built=built)
