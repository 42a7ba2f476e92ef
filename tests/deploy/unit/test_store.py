"""The bucket: one contract, held by S3 on the local AWS and by the stand-in in memory, and S3's own odd answers."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from deploy.aws.api import CONFIG, Api, Calls
from deploy.aws.store import Listed, Store
from deploy.errors import Denied, OutcomeUnknown
from tests.deploy.unit.fakes import FakeStore
from tests.local.conftest import Aws

Either = Store | FakeStore


def real(aws: Aws, name: str = "artifacts") -> Store:
    bucket = f"{name}-{aws.account}"
    aws.client("s3").create_bucket(Bucket=bucket)
    return Store(api=Api(aws.client("s3"), Calls()), bucket=bucket, owner=aws.account)


@pytest.fixture(params=["in memory", "on the local AWS"])
def either(request: pytest.FixtureRequest) -> Either:
    return FakeStore() if request.param == "in memory" else real(request.getfixturevalue("aws"))


def test_what_nobody_wrote_is_not_there(either: Either) -> None:
    assert not either.has("a")
    assert either.get("a") is None
    assert list(either.keys("")) == []


def test_an_object_is_written_once(either: Either) -> None:
    assert either.put_if_absent("a", b"first")
    assert not either.put_if_absent("a", b"second")
    held = either.get("a")
    assert either.has("a")
    assert held is not None
    assert held.data == b"first"


def test_a_swap_takes_the_tag_that_is_there_and_no_other(either: Either) -> None:
    first = either.swap("a", b"1", None)
    assert first
    assert either.swap("a", b"x", None) is None, "it is taken"
    second = either.swap("a", b"2", first)
    assert second
    assert second != first
    assert either.swap("a", b"3", first) is None, "its tag is an old one"
    assert either.swap("b", b"3", second) is None, "it is not there"
    held = either.get("a")
    assert held is not None
    assert (held.data, held.tag) == (b"2", second)


def test_keys_come_in_the_order_of_their_bytes_by_prefix_and_as_many_as_asked_for(either: Either) -> None:
    for key in ("ledger/2", "ledger/10", "ledger/1", "locks/1", "ledger/é", "ledger/Z"):
        either.put_if_absent(key, b"")
    assert list(either.keys("ledger/")) == ["ledger/1", "ledger/10", "ledger/2", "ledger/Z", "ledger/é"]
    assert list(either.keys("ledger/", 2)) == ["ledger/1", "ledger/10"]
    assert list(either.keys("nothing/")) == []


def test_of_many_who_write_at_once_one_wins(either: Either) -> None:
    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda number: either.put_if_absent("a", str(number).encode()), range(8)))
        held = either.get("a")
        assert held is not None
        swapped = list(pool.map(lambda number: either.swap("a", f"swap {number}".encode(), held.tag), range(8)))
    assert written.count(True) == 1
    assert int(held.data) == written.index(True)
    assert len([tag for tag in swapped if tag]) == 1


def test_a_bucket_that_is_not_there_is_no_empty_one(aws: Aws) -> None:
    missing = Store(api=Api(aws.client("s3"), Calls()), bucket=f"missing-{aws.account}", owner=aws.account)
    for ask in (lambda: missing.get("a"), lambda: missing.put_if_absent("a", b""), lambda: list(missing.keys(""))):
        with pytest.raises(Denied, match=f"bucket missing-{aws.account}: it is not in account {aws.account}") as caught:
            ask()
        assert "bootstrap" in caught.value.remedy


@pytest.fixture(scope="module")
def client() -> Any:
    return boto3.client("s3", region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret", config=CONFIG)


@pytest.fixture
def stubbed(client: Any) -> Iterator[tuple[Stubber, Store]]:
    with Stubber(client) as stubber:
        yield stubber, Store(api=Api(client, Calls()), bucket="artifacts", owner="111111111111")
        stubber.assert_no_pending_responses()


Stubbed = tuple[Stubber, Store]
MINE = {"Bucket": "artifacts", "ExpectedBucketOwner": "111111111111"}


def test_every_write_sends_its_checksum_its_condition_and_the_owner(stubbed: Stubbed) -> None:
    stubber, store = stubbed
    checksum = base64.b64encode(sha256(b"{}").digest()).decode()
    asked = {**MINE, "Key": "a", "Body": b"{}", "ContentType": "application/json", "ChecksumSHA256": checksum}
    stubber.add_response("put_object", {"ETag": '"1"'}, {**asked, "IfNoneMatch": "*"})
    assert store.put_if_absent("a", b"{}")
    stubber.add_response("put_object", {"ETag": '"2"'}, {**asked, "IfMatch": '"1"'})
    assert store.swap("a", b"{}", '"1"') == '"2"'


@pytest.mark.failure("publishing half done")
def test_a_bucket_of_somebody_else_is_refused_whatever_is_asked_of_it(stubbed: Stubbed) -> None:
    """S3 user guide, "Verifying bucket ownership with bucket owner condition"; the local AWS does not look at it."""
    stubber, store = stubbed
    asks: list[tuple[str, str, Callable[[], Any]]] = [
        ("head_object", "Key", lambda: store.has("a")),
        ("get_object", "Key", lambda: store.get("a")),
        ("put_object", "Key Body ContentType ChecksumSHA256 IfNoneMatch", lambda: store.put_if_absent("a", b"")),
        ("put_object", "Key Body ContentType ChecksumSHA256 IfMatch", lambda: store.swap("a", b"", '"1"')),
        ("list_objects_v2", "Prefix", lambda: list(store.keys(""))),
    ]
    for operation, keys, ask in asks:
        stubber.add_client_error(operation, "AccessDenied", "Access Denied", 403, expected_params=MINE | dict.fromkeys(keys.split(), ANY))
        with pytest.raises(Denied):
            ask()


def test_keys_are_listed_over_all_pages(stubbed: Stubbed) -> None:
    """S3 API reference, ListObjectsV2: at most 1,000 keys an answer."""
    stubber, store = stubbed
    at = datetime(2026, 3, 4, tzinfo=UTC)
    a, b, c = ({"Key": key, "Size": size, "LastModified": at} for size, key in enumerate("abc"))
    first = {"Contents": [a, b], "IsTruncated": True, "NextContinuationToken": "more"}
    stubber.add_response("list_objects_v2", first, {**MINE, "Prefix": "p"})
    stubber.add_response("list_objects_v2", {"Contents": [c], "IsTruncated": False}, {**MINE, "Prefix": "p", "ContinuationToken": "more"})
    assert list(store.keys("p")) == ["a", "b", "c"]
    stubber.add_response("list_objects_v2", first)
    assert list(store.keys("p", 2)) == ["a", "b"], "what is not asked for is not read"
    stubber.add_response("list_objects_v2", {"Contents": [c]}, {**MINE, "Prefix": "p"})
    assert list(store.listed("p")) == [Listed(key="c", size=2, modified=at)]


def test_what_is_removed_is_not_there_and_may_be_written_again(aws: Aws) -> None:
    store = real(aws)
    store.put_if_absent("a", b"first")
    store.remove("a")
    assert store.get("a") is None
    store.remove("a")
    assert store.put_if_absent("a", b"second")


@pytest.mark.failure("two deployers")
@pytest.mark.parametrize("code", ["ConditionalRequestConflict", "409"])
def test_a_write_that_met_another_one_in_the_same_moment_is_asked_again(stubbed: Stubbed, code: str) -> None:
    """S3 user guide, "conditional writes": 409 says that somebody deletes or writes at once; who was first only the next answer tells."""
    stubber, store = stubbed
    stubber.add_client_error("put_object", code, "conflict", 409)
    stubber.add_response("put_object", {"ETag": '"1"'})
    assert store.put_if_absent("a", b"")
    stubber.add_client_error("put_object", code, "conflict", 409)
    stubber.add_client_error("put_object", "PreconditionFailed", "taken", 412)
    assert not store.put_if_absent("a", b"")
    for _ in range(5):
        stubber.add_client_error("put_object", code, "conflict", 409)
    assert store.swap("a", b"", '"1"') is None


@pytest.mark.failure("network loss")
def test_a_connection_that_breaks_within_an_object_leaves_the_outcome_unknown(stubbed: Stubbed) -> None:
    stubber, store = stubbed

    class Breaks(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise ReadTimeoutError(endpoint_url="https://s3")

    body: Any = Breaks()
    stubber.add_response("get_object", {"Body": StreamingBody(body, 10), "ETag": '"1"'})
    with pytest.raises(OutcomeUnknown):
        store.get("a")
    stubber.add_response("get_object", {"Body": StreamingBody(io.BytesIO(b"half"), 10), "ETag": '"1"'})
    with pytest.raises(OutcomeUnknown):
        store.get("a")


@pytest.mark.parametrize("code", ["AccessDenied", "403"])
def test_what_may_not_be_looked_at_is_not_taken_for_absent(stubbed: Stubbed, code: str) -> None:
    """S3 answers 403 to a HEAD of what is not there where the caller may not list the bucket."""
    stubber, store = stubbed
    stubber.add_client_error("head_object", code, "", 403)
    with pytest.raises(Denied):
        store.has("a")
