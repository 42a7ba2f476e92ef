"""A request over loopback counts as one over TLS, so that policies which refuse plain HTTP can stand as they are.

Models nothing of AWS: the local AWS has no certificate, and nothing that it is sent leaves the machine.
"""

from __future__ import annotations

from .emulator import app

_pin = app.pin_request_origin


def pin_request_origin(source: str, secure: bool) -> None:
    _pin(source, True)


def install() -> None:
    app.pin_request_origin = pin_request_origin
