"""Objects of an environment's own buckets, which come and go; what is written once is in `store.py`."""

from __future__ import annotations

from dataclasses import dataclass

from botocore import exceptions

from deploy.aws.api import Api
from deploy.aws.failures import translated


@dataclass(frozen=True, kw_only=True)
class Objects:
    """One bucket. ``owner``: the account whose it must be."""

    api: Api
    bucket: str
    owner: str

    def put(self, key: str, data: bytes) -> None:
        self.api("put_object", Body=data, **self._at(key))

    def get(self, key: str) -> bytes:
        answer = self.api("get_object", **self._at(key))
        try:
            return bytes(answer["Body"].read())
        except exceptions.BotoCoreError as error:
            raise translated(error, "s3:GetObject") from error

    def delete(self, key: str) -> None:
        self.api("delete_object", **self._at(key))

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": key, "ExpectedBucketOwner": self.owner}
