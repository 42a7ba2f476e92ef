"""A request over loopback counts as one over TLS, so that policies which refuse plain HTTP can stand as they are.

Models the global condition key aws:SecureTransport (IAM user guide, "AWS global condition context keys") as botocore meets it in AWS, where
every request is over TLS: the local AWS has no certificate, and nothing that it is sent leaves the machine.
"""

from __future__ import annotations

from .emulator import app

_pin = app.pin_request_origin


def pin_request_origin(source: str, secure: bool) -> None:
    _pin(source, True)


def install() -> None:
    app.pin_request_origin = pin_request_origin
