"""HTTP as API Gateway's proxy integration speaks it: an event in, an answer out."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LARGEST_BODY = 64 * 1024

Answer = dict[str, Any]


class Invalid(Exception):
    """The request is wrong; ``problems`` says all that is."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request. ``path``: its parts, such as ``("items", "{id}")``; ``id``: what stood for ``{id}``."""

    method: str
    path: tuple[str, ...]
    id: str
    query: Mapping[str, str]
    location: str
    body: str | None
    encoded: bool

    @property
    def route(self) -> str:
        return f"{self.method} /{'/'.join(self.path)}"


def read(event: object) -> Request:
    """A request from a proxy event, or from one made by hand with ``httpMethod`` and ``path`` alone.

    ``resource`` is preferred to ``path``, which holds the base path of a custom domain as well.

    Raises:
        Invalid: the event has no method or path.
    """
    fields = event if isinstance(event, dict) else {}
    method, path = fields.get("httpMethod"), fields.get("resource") or fields.get("path")
    if not isinstance(method, str) or not isinstance(path, str):
        raise Invalid("httpMethod, path: expected an event of API Gateway's proxy integration")
    parts = tuple(part for part in path.split("/") if part)
    named = _table(fields, "pathParameters").get("id")
    identifier = parts[1] if len(parts) == 2 else ""
    return Request(
        method=method.upper(),
        path=(parts[0], "{id}") if len(parts) == 2 else parts,
        id=named if isinstance(named, str) else identifier,
        query=_table(fields, "queryStringParameters"),
        location=str(_table(fields, "requestContext").get("path") or path).rstrip("/"),
        body=fields.get("body"),
        encoded=bool(fields.get("isBase64Encoded")),
    )


def json_object(request: Request) -> dict[str, object]:
    """The body as a JSON object.

    Raises:
        Invalid: no body, not base64 where it should be, over 64 KB, not UTF-8, not JSON, a key twice, not an object.
    """
    try:
        value = json.loads(_text(request), object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        raise Invalid("body: is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Invalid(f"body: is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except ValueError:
        # A number of thousands of digits, which Python refuses to read.
        raise Invalid("body: holds a number that is too long") from None
    if not isinstance(value, dict):
        raise Invalid("body: expected a JSON object")
    return value


def answer(status: int, body: Mapping[str, object], **headers: str) -> Answer:
    """An answer in JSON. Header names are written with underscores: ``Retry_After="30"``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store", **named},
        "isBase64Encoded": False,
        "body": json.dumps(body),
    }


def refusal(status: int, problems: Sequence[str], **headers: str) -> Answer:
    """An answer that says what is wrong."""
    return answer(status, {"errors": list(problems)}, **headers)


def _text(request: Request) -> str:
    if not isinstance(request.body, str) or not request.body:
        raise Invalid("body: expected a JSON object, found nothing")
    # Half a character that JSON escaped in the event is let through here: the check of the field names it.
    data = _decoded(request.body) if request.encoded else request.body.encode("utf-8", "surrogatepass")
    if len(data) > LARGEST_BODY:
        raise Invalid(f"body: expected at most {LARGEST_BODY} bytes, found {len(data)}")
    try:
        return data.decode() if request.encoded else request.body
    except UnicodeDecodeError:
        raise Invalid("body: is not UTF-8") from None


def _decoded(body: str) -> bytes:
    try:
        return b64decode(body, validate=True)
    except ValueError:
        raise Invalid("body: is not base64, as isBase64Encoded says") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Invalid("body: has a key twice")
    return found


def _no_constant(name: str) -> object:
    raise Invalid(f"body: is not JSON: {name}")


def _table(fields: dict[str, Any], name: str) -> dict[str, Any]:
    """A part of an event that is an object or, when it is empty, null."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}
