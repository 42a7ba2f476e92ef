"""A template in another account's bucket is read where that bucket lets the account in: by name, or by its organization."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import _ACCOUNTS, REGION, Aws
from tests.local.templates import parameter, template

pytestmark = pytest.mark.overlay


def open_to(aws: Aws, bucket: str, **condition: Any) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*", **condition}
    everything = f"arn:aws:s3:::{bucket}/*"
    plain = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": everything,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement, plain]}))


def create(aws: Aws, account: str, url: str) -> str:
    return str(aws.client("cloudformation", REGION, account).create_stack(StackName="theirs", TemplateURL=url)["StackId"])


def test_a_bucket_that_lets_nobody_in_is_not_read_from_elsewhere(aws: Aws) -> None:
    url, other = aws.publish(template({"Size": parameter()})), str(next(_ACCOUNTS))
    with pytest.raises(ClientError, match="not found"):
        create(aws, other, url)
    open_to(aws, f"artifacts-{aws.account}")
    assert create(aws, other, url)


def test_a_bucket_may_let_its_organization_in_and_nobody_else(aws: Aws) -> None:
    api = aws.client("organizations")
    organization = api.describe_organization()["Organization"]["Id"]
    member = str(api.create_account(Email="a@example.org", AccountName="member")["CreateAccountStatus"]["AccountId"])
    url = aws.publish(template({"Size": parameter()}))
    open_to(aws, f"artifacts-{aws.account}", Condition={"StringEquals": {"aws:PrincipalOrgID": organization}})
    assert create(aws, member, url)
    with pytest.raises(ClientError, match="not found"):
        create(aws, str(next(_ACCOUNTS)), url)
