"""A build with known faults: a tool that finds nothing new in it is blind, and its silence proves nothing."""

from __future__ import annotations

from functools import reduce

from templates.build import Built
from tests.validation.defects import Defect, drop, seed, statement

FAULTS = (
    Defect("bucket without encryption", "dev", "storage", "DataBucket", drop("BucketEncryption"), "any"),
    Defect("open to the public", "dev", "storage", "DataBucket", drop("PublicAccessBlockConfiguration"), "any"),
    Defect("everything on everything", "dev", "compute", "ApiRolePolicy", statement("PolicyDocument", Action=["*"], Resource=["*"]), "any"),
    Defect(
        "an action that is none",
        "dev",
        "compute",
        "WorkerRolePolicy",
        statement("PolicyDocument", Action=["s3:GetObjectt"], Resource=["*"]),
        "any",
    ),
)


def canary(built: Built) -> Built:
    """``built`` with every fault in it."""
    return reduce(seed, FAULTS, built)
