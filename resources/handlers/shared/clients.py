"""AWS clients, made at first use: importing boto3 takes longer than answering a health check."""

from __future__ import annotations

from functools import cache
from typing import Any

# Seconds to connect, seconds to read, attempts in all. Together they must end before the function's own timeout
# (10 s for the API), or the caller hears nothing and the log holds no reason.
_DEFAULT = (1, 3, 3)
_LIMITS = {
    # Runtime configuration is worth little waiting: there is always a last good value.
    "ssm": (1, 1, 2),
    # A detection that is started again because its answer came late is refused as being under way.
    "cloudformation": (2, 60, 10),
    "cloudwatch": (2, 10, 5),
    "sns": (2, 10, 5),
}


@cache
def client(service: str) -> Any:
    """The boto3 client of a service, one for the life of the execution environment."""
    import boto3
    from botocore.config import Config

    connect, read, attempts = _LIMITS.get(service, _DEFAULT)
    retries: Any = {"mode": "standard", "total_max_attempts": attempts}
    factory: Any = boto3.client
    return factory(service, config=Config(connect_timeout=connect, read_timeout=read, retries=retries))


def service_errors() -> tuple[type[Exception], ...]:
    """What a call to AWS raises; for ``except service_errors():``, which imports them only when something was raised."""
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError


def error_code(error: Exception) -> str:
    """AWS's code of an error, such as ``NoSuchKey``; empty where AWS was not reached."""
    code: str = getattr(error, "response", {}).get("Error", {}).get("Code", "")
    return code
