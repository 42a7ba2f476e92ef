"""The object check: an object of our own is written to a bucket, read as it was written, and deleted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from uuid import uuid4

from deploy.verification.model import NotVerified, ObjectCheck

if TYPE_CHECKING:
    from deploy.verification.place import Place

FOLDER = "verification"
"""The deploy role may touch no other objects (`resources/deployment.py`)."""


def output_of(bucket: str) -> str:
    """A bucket's name may be shortened; its output is named for the thing: data -> DataBucketName."""
    return f"{''.join(part.capitalize() for part in bucket.split('-'))}BucketName"


def name(check: ObjectCheck) -> str:
    return f"bucket {check.bucket}"


def see(check: ObjectCheck, place: Place, over: threading.Event) -> str:
    from deploy.aws.objects import Objects

    bucket = place.output(output_of(check.bucket))
    objects = Objects(api=place.api("s3"), bucket=bucket, owner=place.account.manifest.account)
    key, data = f"{FOLDER}/{uuid4().hex}", uuid4().hex.encode()
    try:
        objects.put(key, data)
        found = objects.get(key)
    finally:
        objects.delete(key)
    if found != data:
        raise NotVerified("the object is not read as it was written", f"{len(found)} bytes")
    return f"an object was written to {bucket}, read and deleted"
