"""Limits: which of CloudFormation's quotas are nearly used up."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.changes import Finding
from deploy.review.view import View

NEAR = 80  # percent


def findings(view: View) -> Iterator[Finding]:
    """The fullest first."""
    near = [limit for limit in view.subject.limits if limit.allowed and limit.used * 100 >= limit.allowed * NEAR]
    for limit in sorted(near, key=lambda one: (-one.used / one.allowed, one.name)):
        yield Finding(
            kind="limit",
            path="",
            title=f"{limit.name}: {limit.used} of {limit.allowed} ({limit.used * 100 // limit.allowed} %)",
            detail=(f"most of it by {limit.heaviest}",) if limit.heaviest else (),
            remedy="divide the largest service in two before it does not fit any more",
        )
