"""SQS queues, as far as a check needs them: a message goes in, and how many wait."""

from __future__ import annotations

import json
from dataclasses import dataclass

from deploy.aws.api import Api

_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")


@dataclass(frozen=True, kw_only=True)
class Level:
    """Messages of a queue: ``waiting`` for a consumer, ``taken`` by one and not finished. Approximate, as SQS has them.

    ``dead_letters``: the name of the queue for what could not be delivered; empty where there is none.
    """

    waiting: int
    taken: int
    dead_letters: str = ""

    @property
    def total(self) -> int:
        return self.waiting + self.taken


@dataclass(frozen=True, kw_only=True)
class Queues:
    """``owner``: the account whose queues these are."""

    api: Api
    owner: str

    def send(self, name: str, body: str) -> None:
        self.api("send_message", QueueUrl=self._url(name), MessageBody=body)

    def level(self, name: str) -> Level:
        asked = [*_COUNTS, "RedrivePolicy"]
        said = self.api("get_queue_attributes", QueueUrl=self._url(name), AttributeNames=asked).get("Attributes") or {}
        waiting, taken, delayed = (int(said.get(count) or 0) for count in _COUNTS)
        target = json.loads(said.get("RedrivePolicy") or "{}").get("deadLetterTargetArn") or ""
        return Level(waiting=waiting + delayed, taken=taken, dead_letters=target.rsplit(":", 1)[-1])

    def _url(self, name: str) -> str:
        """SQS's guide, "Queue and message identifiers": endpoint, account, name; to ask for it takes a permission of its own."""
        return f"{str(self.api.client.meta.endpoint_url).rstrip('/')}/{self.owner}/{name}"
