"""S3, as far as the deployer needs it: objects that are written once, and one kind that is swapped.

Every request names the bucket's expected owner, so that a bucket of the same name in somebody else's account is refused; every
write sends its SHA-256, which S3 checks.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Any

from botocore import exceptions

from deploy.aws.api import Api
from deploy.aws.failures import AwsRefusal, translated
from deploy.errors import Denied

_TAKEN = ("PreconditionFailed", "412")
# Somebody wrote or deleted at the same moment; S3 says to ask again, and then tells who was first.
_AT_ONCE = ("ConditionalRequestConflict", "409")
_TRIES = 5
_MISSING = ("NoSuchKey", "NotFound", "404")


@dataclass(frozen=True, kw_only=True)
class Held:
    """An object's bytes, and the tag that the next swap must name."""

    data: bytes
    tag: str


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An object as a listing has it. ``size`` in bytes; ``modified`` when it was written."""

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True, kw_only=True)
class Store:
    """One bucket of one account."""

    api: Api
    bucket: str
    owner: str

    def has(self, key: str) -> bool:
        try:
            self._ask("head_object", **self._at(key))
        except AwsRefusal as error:
            if error.reason in _MISSING:
                return False
            raise
        return True

    def put_if_absent(self, key: str, data: bytes, kind: str = "application/json") -> bool:
        """True where it was written, False where the key is taken; two who write at once are told apart."""
        return self._put(key, data, kind, IfNoneMatch="*") is not None

    def get(self, key: str) -> Held | None:
        try:
            answer = self._ask("get_object", **self._at(key))
        except AwsRefusal as error:
            if error.reason in _MISSING:
                return None
            raise
        try:
            return Held(data=answer["Body"].read(), tag=answer["ETag"])
        except exceptions.BotoCoreError as error:
            raise translated(error, "s3:GetObject") from error

    def swap(self, key: str, data: bytes, tag: str | None) -> str | None:
        """Write where the object is still the one with this tag, or absent where ``tag`` is None; the new tag, None where it is not."""
        condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        return self._put(key, data, "application/json", **condition)

    def keys(self, prefix: str, most: int | None = None) -> Iterator[str]:
        """Keys in the order of S3, which is that of their bytes."""
        return (one.key for one in islice(self.listed(prefix), most))

    def remove(self, key: str) -> None:
        """A versioned bucket keeps what was there, as an old version, for as long as its lifecycle says."""
        self._ask("delete_object", **self._at(key))

    def listed(self, prefix: str) -> Iterator[Listed]:
        """The same with sizes and times; pages are read as they are asked for."""
        token: dict[str, Any] = {}
        while True:
            answer = self._ask("list_objects_v2", Bucket=self.bucket, Prefix=prefix, ExpectedBucketOwner=self.owner, **token)
            for one in answer.get("Contents") or ():
                yield Listed(key=one["Key"], size=one["Size"], modified=one["LastModified"])
            if not answer.get("IsTruncated"):
                return
            token = {"ContinuationToken": answer["NextContinuationToken"]}

    def _put(self, key: str, data: bytes, kind: str, **condition: str) -> str | None:
        checksum = base64.b64encode(sha256(data).digest()).decode()
        for left in reversed(range(_TRIES)):
            try:
                made = self._ask("put_object", Body=data, ContentType=kind, ChecksumSHA256=checksum, **condition, **self._at(key))
            except AwsRefusal as error:
                if error.reason in _AT_ONCE and left:
                    continue
                if error.reason in (*_TAKEN, *_AT_ONCE) or (error.reason in _MISSING and "IfMatch" in condition):
                    return None
                raise
            return str(made["ETag"])
        return None

    def _ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Raises:
        Denied: the bucket is not there, which is what an account without bootstrap looks like.
        """
        try:
            return self.api(operation, **parameters)
        except AwsRefusal as error:
            if error.reason != "NoSuchBucket":
                raise
            remedy = "bootstrap the environment first: python -m deploy bootstrap ENV"
            raise Denied(f"bucket {self.bucket}", f"it is not in account {self.owner}", remedy) from error

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": key, "ExpectedBucketOwner": self.owner}
