"""A request over loopback counts as one over TLS, so that policies which refuse plain HTTP can stand as they are.

Models the global condition key aws:SecureTransport (IAM user guide, "AWS global condition context keys") as botocore meets it in AWS, where
every request is over TLS: the local AWS has no certificate, and nothing that it is sent leaves the machine. A distribution that takes HTTPS
alone answers so as well.
"""

from __future__ import annotations

from typing import Any

from .emulator import app, cloudfront

_pin = app.pin_request_origin
_check_viewer_protocol_policy = cloudfront._check_viewer_protocol_policy


def pin_request_origin(source: str, secure: bool) -> None:
    _pin(source, True)


def check_viewer_protocol_policy(behavior: dict[str, Any], method: str, viewer_is_https: bool, *request: Any) -> Any:
    return _check_viewer_protocol_policy(behavior, method, True, *request)


def install() -> None:
    app.pin_request_origin = pin_request_origin
    cloudfront._check_viewer_protocol_policy = check_viewer_protocol_policy
