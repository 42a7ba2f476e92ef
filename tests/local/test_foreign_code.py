"""A function's code is read from another account's bucket where that bucket lets the account in, and in the function's own region alone."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from tests.local.conftest import _ACCOUNTS, REGION, Aws
from tests.local.templates import template

pytestmark = pytest.mark.overlay

KEY = "assets/code.zip"


def archive(answer: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("code.py", f"def handler(event, context):\n    return {answer!r}\n")
    return packed.getvalue()


def published(aws: Aws, *, region: str = REGION) -> str:
    """A bucket with code; its name."""
    bucket, s3 = f"code-{aws.account}-{region}", aws.client("s3", region)
    more: dict[str, Any] = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket, **more)
    s3.put_object(Bucket=bucket, Key=KEY, Body=archive("theirs"))
    return bucket


def let_in(aws: Aws, bucket: str, account: str) -> None:
    principal = {"AWS": f"arn:aws:iam::{account}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def function(bucket: str, key: str = KEY) -> dict[str, Any]:
    properties = {
        "FunctionName": "reader",
        "Runtime": "python3.12",
        "Handler": "code.handler",
        "Role": "arn:aws:iam::000000000000:role/any",
        "Code": {"S3Bucket": bucket, "S3Key": key},
    }
    return template({"Function": {"Type": "AWS::Lambda::Function", "Properties": properties}})


@pytest.fixture
def other(aws: Aws) -> Aws:
    """Another account of the same local AWS."""
    return Aws(url=aws.url, account=str(next(_ACCOUNTS)))


def reason(aws: Aws) -> str:
    return str(next(event["ResourceStatusReason"] for event in aws.events("app") if event["ResourceStatus"] == "CREATE_FAILED"))


def functions(aws: Aws) -> list[Any]:
    return list(aws.client("lambda").list_functions()["Functions"])


def test_it_is_read_where_the_bucket_lets_the_account_in(aws: Aws, other: Aws) -> None:
    bucket = published(aws)
    let_in(aws, bucket, other.account)
    assert other.create("app", function(bucket)) == "CREATE_COMPLETE"
    answer = other.client("lambda").invoke(FunctionName="reader")
    assert json.loads(answer["Payload"].read()) == "theirs"


def test_a_bucket_that_lets_nobody_in_makes_no_function(aws: Aws, other: Aws) -> None:
    assert other.create("app", function(published(aws))).startswith("ROLLBACK_")
    assert "Your access has been denied by S3" in reason(other)
    assert functions(other) == []


def test_what_is_not_there_makes_no_function_and_leaves_no_name_behind(aws: Aws, other: Aws) -> None:
    bucket = published(aws)
    let_in(aws, bucket, other.account)
    assert other.create("app", function(bucket, "assets/gone.zip"), OnFailure="DO_NOTHING") == "CREATE_FAILED"
    assert "S3 Error Code: NoSuchKey" in reason(other)
    assert functions(other) == []


def test_code_of_another_region_is_refused(aws: Aws, other: Aws) -> None:
    bucket = published(aws, region="eu-west-1")
    let_in(aws, bucket, other.account)
    assert other.create("app", function(bucket)).startswith("ROLLBACK_")
    assert "S3 Error Code: PermanentRedirect" in reason(other)
