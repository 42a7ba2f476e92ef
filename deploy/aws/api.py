"""The one funnel through which every request goes: counted, retried, its pages read, its errors translated."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore import exceptions
from botocore.config import Config
from botocore.parsers import ResponseParserError

from deploy.aws.failures import translated

ATTEMPTS = 10
"""Standard mode's own default of three gives up after two seconds of throttling."""

CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    connect_timeout=5,
    read_timeout=60,
    max_pool_connections=16,
    tcp_keepalive=True,
    user_agent_extra="tapline",
    # The path form reaches any endpoint and any bucket name; TemplateURLs have it too.
    s3={"addressing_style": "path"},
)

HASTY = CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=3, read_timeout=10))
"""Where an answer that does not come is an answer: a region may be out, and somebody waits."""

MOST_AT_ONCE = 8
"""Requests of one command, over all its clients: parallel work waits its turn, so that nobody is asked to slow down for it."""


@dataclass
class Calls:
    """The requests of one command: how many, retries included, by operation; and who may ask now."""

    counts: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    turns: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(MOST_AT_ONCE))

    def add(self, operation: str, times: int = 1) -> None:
        with self._lock:
            self.counts[operation] += times

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Api:
    """One service in one account and region, by one identity."""

    client: Any
    calls: Calls

    def __call__(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """One request: ``api("describe_stacks", StackName="tap-app-dev")``.

        Raises:
            Denied: credentials or permissions.
            OutcomeUnknown: the network, throttling, or a fault of AWS, after all attempts.
            AwsRefusal: any other error that AWS answers with.
        """
        with self.calls.turns:
            return self.beside(operation, **parameters)

    def beside(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """The same without waiting for a turn: what a request that has its turn waits for itself, such as new credentials."""
        name = self.name(operation)
        self.calls.add(name)
        try:
            answer: dict[str, Any] = getattr(self.client, operation)(**parameters)
        except (exceptions.ClientError, exceptions.BotoCoreError, ResponseParserError) as error:
            self._retried(name, getattr(error, "response", None) or {})  # a connection that closed has one that is None
            raise translated(error, name) from error
        self._retried(name, answer)
        return answer

    def _retried(self, name: str, answer: dict[str, Any]) -> None:
        self.calls.add(name, answer.get("ResponseMetadata", {}).get("RetryAttempts", 0))

    def pages(self, operation: str, key: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """All members of a paged answer; ``NextToken`` is CloudFormation's, CloudWatch's and Parameter Store's word for it."""
        token: dict[str, str] = {}
        while True:
            answer = self(operation, **parameters, **token)
            yield from answer.get(key) or ()
            if not answer.get("NextToken"):
                return
            token = {"NextToken": answer["NextToken"]}

    def name(self, operation: str) -> str:
        """``describe_stacks`` -> ``cloudformation:DescribeStacks``."""
        service = self.client.meta.service_model.service_name
        return f"{service}:{self.client.meta.method_to_api_mapping[operation]}"
