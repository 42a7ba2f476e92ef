"""Templates are read from both forms of an S3 address, and from other accounts' buckets where their policies let the caller in.

Models the API reference's CreateStack, TemplateURL, and the S3 user guide's "Virtual hosting of buckets" and "Bucket naming rules": a name is one
bucket, whoever asks.
"""

from __future__ import annotations

import re
from urllib.parse import urlparse

from .emulator import Answer, Parameters, evaluator, helpers, region, responses
from .foreign_objects import reader
from .wire import text

_resolve_document = helpers._resolve_document


def resolve_document(params: Parameters, body_key: str, url_key: str, label: str) -> tuple[str | None, Answer | None]:
    """MiniStack's own, for which the bucket is always in the path, and the caller's own."""
    found = re.fullmatch(r"https://([^/]+)\.s3[.-][^/]*amazonaws\.com/(.+)", text(params, url_key))
    if found:
        params = {**params, url_key: [f"https://s3.amazonaws.com/{found.group(1)}/{found.group(2)}"]}
    with responses.request_scope(_reader(text(params, url_key)), region()):
        document: tuple[str | None, Answer | None] = _resolve_document(params, body_key, url_key, label)
    return document


def _reader(url: str) -> str:
    bucket, _, key = urlparse(url).path.lstrip("/").partition("/")
    # CloudFormation reads over TLS, as policies ask for.
    evaluator.pin_request_origin(evaluator._request_origin.get()[0], True)
    return reader(bucket, key)


def install() -> None:
    helpers._resolve_document = resolve_document
