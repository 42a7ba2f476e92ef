"""The gate that every request passes: faults strike here, in the encoding that the service's clients expect.

`POST /_tapline/faults` adds rules (one or a list, see `faults.Fault`), `GET` lists them, `DELETE` clears them, all or with
`?account=` and `?region=` those of one account or region. Error encodings follow Smithy's AWS protocols: query, EC2 query, REST XML, JSON, REST JSON
and CBOR.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from email.utils import formatdate
from html import escape
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs

from . import faults
from .emulator import apigateway, responses, s3
from .emulator import app as ministack
from .faults import BadFault, Call, Fault

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_PATH = "/_tapline/faults"
_ministacks_app = ministack.app
_stream_closed: Any = import_module("hypercorn.protocol.events").StreamClosed


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is known of a request before MiniStack sees it."""

    scope: Scope
    headers: dict[str, str]
    body: bytes

    @property
    def service(self) -> str:
        return self._signed(3)

    @property
    def region(self) -> str:
        """Where it goes: to its bucket's region, else to the one that it is signed for."""
        signed = self._signed(2)
        return _bucket_region(self.scope["path"].strip("/").split("/", 1)[0], signed) if self.service == "s3" else signed

    def _signed(self, part: int) -> str:
        """Of the scope that a request is signed for: key, date, region, service."""
        found = re.search(r"Credential=([^,\s]+)", self.headers.get("authorization", ""))
        parts = found.group(1).split("/") if found else []
        return str(parts[part]) if len(parts) > part else ""

    @property
    def account(self) -> str:
        key = self._signed(0)
        return str(responses._account_from_sts_session(key) or key)

    @property
    def actions(self) -> list[str]:
        """The names that a rule may use for it: the API's own where the protocol says it, and method with path."""
        return [name for name in (_action(self), f"{self.scope['method']} {self.scope['path']}") if name]

    @property
    def call(self) -> Call:
        """As rules see it; a request to a deployed API belongs to where the API stands, whoever asks."""
        asked = (self.headers.get("host", ""), self.scope["path"])
        address = ministack._parse_execute_api_url(*asked) or ministack._resolve_custom_domain_request(*asked)
        owner, place = (address and apigateway.find_api_scope(address[0])) or (None, None)
        if owner is not None:
            return Call(account=owner, region=str(place), service="execute-api", actions=("Invoke",))
        return Call(account=self.account, region=self.region, service=self.service, actions=tuple(self.actions))


def _bucket_region(name: str, otherwise: str) -> str:
    """Names of buckets are unique over all accounts."""
    return next((str(found.get("region") or otherwise) for (_, known), found in s3._buckets._data.items() if known == name), otherwise)


def _action(request: Request) -> str:
    path = request.scope["path"]
    if queried := re.search(rb"(?:^|&)Action=([A-Za-z]+)", request.body):
        return queried.group(1).decode()
    if target := request.headers.get("x-amz-target"):
        return target.split(".")[-1]
    if found := re.search(r"^/service/[^/]+/operation/([A-Za-z]+)$", path):
        return str(found.group(1))
    if request.service == "s3":
        return _s3_action(request.scope["method"], path)
    return "Invoke" if path.endswith("/invocations") else ""


def _s3_action(method: str, path: str) -> str:
    """Objects and listings by name; what stands in a bucket's query string goes by method and path."""
    has_key = len(path.strip("/").split("/", 1)) > 1
    on_object = {"PUT": "PutObject", "GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}
    on_bucket = {"PUT": "CreateBucket", "GET": "ListObjectsV2", "HEAD": "HeadBucket", "DELETE": "DeleteBucket"}
    return (on_object if has_key else on_bucket).get(method, "")


async def gate(scope: Scope, receive: Receive, send: Send) -> None:
    """The application in MiniStack's place: faults first, then MiniStack's own."""
    if scope["type"] == "http" and scope["path"] == _PATH:
        await _configure(scope, await _body(receive), send)
    elif scope["type"] != "http" or not faults.listed():
        await _ministacks_app(scope, receive, send)
    else:
        await _pass(scope, receive, send)


async def _pass(scope: Scope, receive: Receive, send: Send) -> None:
    body = await _body(receive)
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    request = Request(scope=scope, headers=headers, body=body)
    struck = faults.request_faults(request.call)
    await asyncio.sleep(sum(rule.latency for rule in struck))
    skew = sum(rule.skew for rule in struck)
    to_client = _skewed(send, skew) if skew else send
    failure = next((rule for rule in struck if rule.error), None)
    drop = next((rule.drop for rule in struck if rule.drop), None)
    if drop == "request":
        await _close(send)
    elif failure is not None:
        await _refuse(request, failure, to_client)
    elif drop == "answer":
        await _ministacks_app(scope, _replay(body, receive), _discard)
        await _close(send)
    else:
        await _ministacks_app(scope, _replay(body, receive), to_client)


async def _discard(message: dict[str, Any]) -> None:
    """The answer that nobody gets."""


async def _close(send: Send) -> None:
    """Close the connection with nothing said: hypercorn answers 500 for an application that says nothing."""
    stream: Any = send.__self__  # type: ignore[attr-defined]
    stream.closed = True
    await stream.send(_stream_closed(stream_id=stream.stream_id))


async def _body(receive: Receive) -> bytes:
    chunks, more = [], True
    while more:
        message = await receive()
        chunks.append(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)
    return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body again for whoever comes next, then whatever the client says after it."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> dict[str, Any]:
        return waiting.pop() if waiting else await receive()

    return again


def _skewed(send: Send, seconds: float) -> Send:
    async def shifted(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = [(name, value) for name, value in message.get("headers", []) if name.lower() != b"date"]
            message = {**message, "headers": [*headers, (b"date", formatdate(time.time() + seconds, usegmt=True).encode())]}
        await send(message)

    return shifted


async def _configure(scope: Scope, body: bytes, send: Send) -> None:
    """The rules' own address."""
    status = 200
    try:
        if scope["method"] == "POST":
            given = json.loads(body)
            faults.add([faults.read(rule) for rule in (given if isinstance(given, list) else [given])])
        elif scope["method"] == "DELETE":
            query = parse_qs(scope["query_string"].decode())
            faults.clear(query.get("account", [None])[0], query.get("region", [None])[0])
        answer: Any = faults.listed()
    except (BadFault, TypeError, ValueError) as error:
        status, answer = 400, {"error": str(error)}
    await _answer(send, status, {"content-type": "application/json"}, json.dumps(answer).encode())


async def _refuse(request: Request, failure: Fault, send: Send) -> None:
    headers, body = _encoded(request, failure.error or "", failure.message)
    await _answer(send, failure.status, headers, b"" if request.scope["method"] == "HEAD" else body)


def _encoded(request: Request, code: str, message: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of an error, in the protocol that the request speaks."""
    kind = request.headers.get("content-type", "")
    if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
        return {"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}, _cbor({"__type": code, "message": message})
    if request.service == "s3":
        xml = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message><RequestId>tapline</RequestId></Error>"
        return {"content-type": "application/xml"}, xml.encode()
    if request.service == "ec2":
        xml = f"<Response><Errors><Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error></Errors></Response>"
        return {"content-type": "text/xml"}, xml.encode()
    if "x-www-form-urlencoded" in kind:
        inner = f"<Error><Type>Sender</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
        return {"content-type": "text/xml"}, f"<ErrorResponse>{inner}<RequestId>tapline</RequestId></ErrorResponse>".encode()
    return {"content-type": kind or "application/json", "x-amzn-errortype": code}, json.dumps({"__type": code, "message": message}).encode()


def _cbor(members: dict[str, str]) -> bytes:
    """A map of texts in CBOR (RFC 8949): all that an error needs."""
    return bytes([0xA0 | len(members)]) + b"".join(_cbor_text(text) for pair in members.items() for text in pair)


def _cbor_text(text: str) -> bytes:
    data = text.encode()
    return b"\x79" + len(data).to_bytes(2, "big") + data


async def _answer(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    listed = [(name.encode(), value.encode()) for name, value in {**headers, "content-length": str(len(body))}.items()]
    date = [] if "date" in headers else [(b"date", formatdate(usegmt=True).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*listed, *date]})
    await send({"type": "http.response.body", "body": body})


def install() -> None:
    ministack.app = gate
