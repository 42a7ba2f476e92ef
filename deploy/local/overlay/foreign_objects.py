"""Objects of other accounts' buckets are read where those buckets' policies let the account in.

Models the S3 user guide's "Bucket naming rules" (a name is one bucket, whoever asks) and "Cross-account access with bucket policies".
"""

from __future__ import annotations

from .emulator import account, evaluator, s3


def owner(bucket: str) -> str:
    """The account whose bucket it is; this one where there is none."""
    return str(s3._bucket_owner_account(bucket) or account())


def reader(bucket: str, key: str) -> str:
    """The account in which the object is looked for: the bucket's, where it lets this one read, else this one."""
    found = owner(bucket) if key else account()
    if found != account():
        # Services read over TLS, as policies ask for.
        evaluator.pin_request_origin(evaluator._request_origin.get()[0], True)
        if s3._foreign_bucket_allows(found, bucket, key, "GET", {}, account()):
            return found
    return account()
