"""Who sits here, at which machine, and whether a process still runs: for locks, session names and the ledger."""

from __future__ import annotations

import getpass
import os
import socket


def whose() -> tuple[str, str]:
    """(user, host)."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return user, socket.gethostname()


def has_ended(host: str, pid: int) -> bool:
    """Whether a process is known to have ended: of another machine nothing is known."""
    if not pid or host != whose()[1]:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
