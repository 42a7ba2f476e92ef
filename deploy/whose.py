"""Who sits here, and at which machine: for locks, session names and the ledger."""

from __future__ import annotations

import getpass
import socket


def whose() -> tuple[str, str]:
    """(user, host)."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return user, socket.gethostname()
