"""Stand-ins for AWS: a bucket in memory, recorded answers, and requests that are answered before they leave."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.stub import Stubber

from deploy.aws.api import Api
from deploy.aws.stacks import Stacks
from deploy.aws.store import Held


@dataclass
class FakeStore:
    """A bucket, as `deploy.aws.store.Store` shows it; tests/deploy/unit/test_store.py holds the two to one behaviour.

    ``written``: keys in the order of writing.
    """

    objects: dict[str, Held] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    _tags: Iterator[int] = field(default_factory=itertools.count)
    _alone: threading.Lock = field(default_factory=threading.Lock)

    def has(self, key: str) -> bool:
        return key in self.objects

    def get(self, key: str) -> Held | None:
        return self.objects.get(key)

    def put_if_absent(self, key: str, data: bytes, kind: str = "application/json") -> bool:
        return self.swap(key, data, None) is not None

    def swap(self, key: str, data: bytes, tag: str | None) -> str | None:
        with self._alone:
            found = self.objects.get(key)
            if (found.tag if found else None) != tag:
                return None
            made = f'"{next(self._tags)}"'
            self.objects[key] = Held(data=data, tag=made)
            self.written.append(key)
            return made

    def keys(self, prefix: str, most: int | None = None) -> Iterator[str]:
        found = sorted((key for key in self.objects if key.startswith(prefix)), key=str.encode)
        yield from found[:most]


@dataclass
class LosesAnswers(FakeStore):
    """Each write is done, its answer is lost, and the repeated request finds that it is too late: what a retry after a dropped
    connection looks like.
    """

    def swap(self, key: str, data: bytes, tag: str | None) -> str | None:
        super().swap(key, data, tag)
        return None


@dataclass(kw_only=True)
class Recorded:
    """CloudFormation with recorded answers. ``slept``: the pauses that were made."""

    stubber: Stubber
    stacks: Stacks
    slept: list[float]

    def answers(self, operation: str, answer: Mapping[str, Any], **asked: Any) -> None:
        """``asked``: the parameters that the request must have; none given: any."""
        self.stubber.add_response(operation, dict(answer), asked or None)

    def refuses(self, operation: str, code: str, message: str = "", status: int = 400) -> None:
        self.stubber.add_client_error(operation, code, message, status)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An HTTP answer."""

    body: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **ignored: Any) -> Iterator[bytes]:
        yield self._body


def answer_with(api: Api, reply: Callable[[Any], Reply]) -> None:
    """Let ``reply`` answer every request of a client; it is signed and whole, and goes nowhere."""

    def before_send(request: Any, **ignored: Any) -> AWSResponse:
        said = reply(request)
        headers = HTTPHeaders()
        for name, value in said.headers.items():
            headers[name] = value
        return AWSResponse(request.url, said.status, headers, _Raw(said.body.encode()))

    api.client.meta.events.register_first("before-send.*", before_send)
