"""How a server is asked to be, it is: slow, strict, forgetful or not."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from deploy.local.server import LocalAws, Options
from tests.local.conftest import Aws, Faults
from tests.local.templates import parameter, stack, template

pytestmark = pytest.mark.overlay

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::200000000002:root"}}],
}


def test_resources_take_their_time_side_by_side_and_hold_up_nobody(tmp_path: Path) -> None:
    server = LocalAws(folder=tmp_path)
    aws = Aws(url=server.start(Options(resource_seconds=0.4)).url, account="200000000001")
    try:
        children = {f"Child{index}": stack(aws.publish(template({"Value": parameter(str(index))}))) for index in range(3)}
        began = time.monotonic()
        aws.cloudformation.create_stack(StackName="app", TemplateBody=json.dumps(template(children)))
        asked = time.monotonic()
        aws.client("sts").get_caller_identity()
        assert time.monotonic() - asked < 0.3
        assert aws.settled("app") == "CREATE_COMPLETE"
        assert 0.4 <= time.monotonic() - began < 1.0
    finally:
        server.stop()


def test_what_is_to_be_kept_over_a_stop_is_there_after_the_next_start(tmp_path: Path) -> None:
    server, made = LocalAws(folder=tmp_path), template({"Value": parameter()})
    try:
        assert Aws(url=server.start(Options(persist=True)).url, account="200000000001").create("app", made) == "CREATE_COMPLETE"
        server.stop()
        again = Aws(url=server.start(Options(persist=True)).url, account="200000000001")
        assert again.update("app", template({"Value": parameter("two")})) == "UPDATE_COMPLETE"
    finally:
        server.stop()


def test_a_strict_server_lets_into_a_role_only_whom_it_trusts(tmp_path: Path) -> None:
    server = LocalAws(folder=tmp_path)
    url = server.start(Options(auth=True)).url
    owner, trusted, stranger = (Aws(url=url, account=f"20000000000{index}") for index in (1, 2, 3))
    try:
        owner.client("iam").create_role(RoleName="deploy", AssumeRolePolicyDocument=json.dumps(TRUST))
        wanted = {"RoleArn": "arn:aws:iam::200000000001:role/deploy", "RoleSessionName": "test"}
        assert trusted.client("sts").assume_role(**wanted)["Credentials"]["AccessKeyId"]
        with pytest.raises(ClientError, match="AccessDenied"):
            stranger.client("sts").assume_role(**wanted)
    finally:
        server.stop()


def test_a_reset_forgets_stacks_and_faults(tmp_path: Path) -> None:
    server = LocalAws(folder=tmp_path)
    url = server.start().url
    aws, faults = Aws(url=url, account="200000000001"), Faults(url=url, account="200000000001")
    try:
        aws.create("app", template({"Value": parameter()}))
        faults.add(service="ssm", error="ThrottlingException")
        server.reset()
        assert not aws.cloudformation.describe_stacks()["Stacks"]
        assert faults.listed() == []
    finally:
        server.stop()
