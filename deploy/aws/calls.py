"""A request to an API that wants a signature, as its own clients send it."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from deploy.aws.sessions import Sessions

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Reply:
    """``status`` 0 where nobody answered; ``body`` as JSON, None where it is none."""

    status: int
    body: Any = None


@dataclass(frozen=True, kw_only=True)
class Signed:
    """Signature Version 4 of ``region``: who calls another region's API signs for that one. ``base``: its URL, the stage included."""

    sessions: Sessions
    region: str
    base: str

    def call(self, method: str, path: str, body: Any = None) -> Reply:
        """One request; an endpoint that was given instead of AWS is asked with the API's own name in the Host header."""
        url, data = f"{self.base.rstrip('/')}{path}", None if body is None else json.dumps(body).encode()
        request = AWSRequest(method=method, url=url, data=data, headers={"content-type": "application/json"})
        SigV4Auth(self.sessions.frozen(self.region), "execute-api", self.region).add_auth(request)
        asked, endpoint = urllib.parse.urlsplit(url), self.sessions.endpoint
        where = f"{endpoint.rstrip('/')}{asked.path}" if endpoint else url
        headers = {**dict(request.headers), "Host": asked.netloc}
        sent = urllib.request.Request(where, method=method, data=data, headers=headers)  # noqa: S310 - as below
        try:
            with urllib.request.urlopen(sent, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - https, or the address that the person gave
                return Reply(status=answer.status, body=_json(answer.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Reply(status=error.code, body=_json(error.read()))
        except (OSError, http.client.HTTPException):
            return Reply(status=0)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None
