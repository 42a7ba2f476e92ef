"""Templates are read from both forms of an S3 address, the bucket in the path and the bucket in the host.

Models the API reference's CreateStack, TemplateURL, and the S3 user guide's "Virtual hosting of buckets".
"""

from __future__ import annotations

import re

from .emulator import Answer, Parameters, helpers
from .wire import text

_resolve_document = helpers._resolve_document


def resolve_document(params: Parameters, body_key: str, url_key: str, label: str) -> tuple[str | None, Answer | None]:
    """MiniStack's own, for which the bucket is always in the path."""
    found = re.fullmatch(r"https://([^/]+)\.s3[.-][^/]*amazonaws\.com/(.+)", text(params, url_key))
    if found:
        params = {**params, url_key: [f"https://s3.amazonaws.com/{found.group(1)}/{found.group(2)}"]}
    document: tuple[str | None, Answer | None] = _resolve_document(params, body_key, url_key, label)
    return document


def install() -> None:
    helpers._resolve_document = resolve_document
