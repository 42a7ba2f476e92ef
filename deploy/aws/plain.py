"""boto3's own calls, each through the funnel: for modules that take a client and are not the deployer's alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from deploy.aws.api import Api
from deploy.aws.failures import AwsRefusal


@dataclass(frozen=True)
class Plain:
    """``Plain(api).describe_stacks(StackName="tap-app-dev")`` is counted, retried and translated as all requests are."""

    api: Api

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        return partial(self.api, operation)


def code(error: Exception) -> str:
    """The code that AWS refused with; nothing for any other error."""
    return error.reason if isinstance(error, AwsRefusal) else ""
