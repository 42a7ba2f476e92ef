"""The http check: a path of the API answers as it must, in time.

The request goes to the API's own address, certificate verified, and follows no redirect. Where another endpoint than AWS's was given
it goes there, with the API's own address in its Host header, as a proxy would pass it on.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deploy.verification.model import HttpCheck, NotVerified
from deploy.verification.words import excerpt

if TYPE_CHECKING:
    from deploy.verification.place import Place

MOST_BODY = 65_536
"""Bytes that are read of an answer."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """``milliseconds`` until all of the body was there."""

    status: int
    body: bytes
    location: str
    milliseconds: int

    @property
    def text(self) -> str:
        to = f" to {self.location}" if self.location else ""
        return f"{self.status}{to} in {self.milliseconds} ms\n{excerpt(self.body)}"


def name(check: HttpCheck) -> str:
    return f"GET {check.path}"


def see(check: HttpCheck, place: Place, over: threading.Event) -> str:
    base = place.output("ApiUrl")
    answer = get(base.rstrip("/") + check.path, place.account.sessions.endpoint, check.timeout_seconds)
    if answer.status != check.status:
        raise NotVerified(f"status {answer.status}, expected {check.status}", answer.text)
    if check.contains is not None and check.contains not in answer.body.decode("utf-8", "replace"):
        raise NotVerified(f"the answer does not contain {check.contains!r}", answer.text)
    if check.latency_ms is not None and answer.milliseconds > check.latency_ms:
        raise NotVerified(f"{answer.milliseconds} ms, at most {check.latency_ms} ms are allowed", answer.text)
    return answer.text


def get(url: str, endpoint: str | None, timeout: float) -> Answer:
    """One request; an answer of any status is an answer.

    Raises:
        NotVerified: nobody answers, or with something that is no HTTP.
    """
    import http.client
    import urllib.error
    import urllib.parse
    import urllib.request

    asked = urllib.parse.urlsplit(url)
    if asked.scheme != "https":
        raise NotVerified(f"{url} is no address of an API: it must begin with https")
    headers = {"Host": asked.netloc, "User-Agent": "tapline", "Cache-Control": "no-cache"}
    where = f"{endpoint.rstrip('/')}{asked.path}" if endpoint else url
    began = time.monotonic()
    try:
        with _opener(direct=bool(endpoint)).open(urllib.request.Request(where, headers=headers), timeout=timeout) as answer:  # noqa: S310 - https, or the address that the person gave
            return _read(answer, began)
    except urllib.error.HTTPError as error:
        with error:
            return _read(error, began)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise NotVerified(f"{asked.netloc} does not answer: {reason or type(error).__name__}") from error


def _read(answer: Any, began: float) -> Answer:
    import http.client

    try:
        body = answer.read(MOST_BODY)
    except http.client.IncompleteRead as error:
        body = error.partial
    return Answer(
        status=answer.status,
        body=body,
        location=answer.headers.get("Location") or "",
        milliseconds=round((time.monotonic() - began) * 1000),
    )


def _opener(*, direct: bool) -> Any:
    """``direct``: past any proxy, as what was given as an endpoint is asked."""
    import ssl
    import urllib.request

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        """A redirect is an answer: nobody is sent elsewhere."""

        def redirect_request(self, *_: Any, **__: Any) -> None:
            return None

    # The bundle that boto3 takes as well, where a company's proxy has its own authority.
    trust = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or None)
    proxies = [urllib.request.ProxyHandler({})] if direct else []
    return urllib.request.build_opener(NoRedirect, urllib.request.HTTPSHandler(context=trust), *proxies)
