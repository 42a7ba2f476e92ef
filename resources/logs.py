"""Log groups: encrypted, with an end."""

from __future__ import annotations

from typing import Any

from troposphere.logs import LogGroup


def log_group(title: str, name: Any, *, retention_days: int, key_arn: Any) -> LogGroup:
    """``name`` is a text or a function; the key must let CloudWatch Logs in for this very group (see keys)."""
    return LogGroup(
        title,
        LogGroupName=name,
        RetentionInDays=retention_days,
        KmsKeyId=key_arn,
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
    )
