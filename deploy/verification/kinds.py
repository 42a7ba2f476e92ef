"""Which module sees to which check: each has ``name(check)`` and ``see(check, place, over)``."""

from __future__ import annotations

import threading

from deploy.verification import alarms, http, invoke, object, outputs, parameter, python, queue, table
from deploy.verification.model import (
    AlarmsCheck,
    Check,
    HttpCheck,
    InvokeCheck,
    ObjectCheck,
    OutputsCheck,
    ParameterCheck,
    PythonCheck,
    QueueCheck,
    TableCheck,
)
from deploy.verification.place import Place


def kind_of(check: Check) -> str:
    """``http``."""
    return str(check.__struct_config__.tag)


def subject(check: Check) -> str:
    """What it looks at: ``GET /health``."""
    match check:
        case HttpCheck():
            return http.name(check)
        case InvokeCheck():
            return invoke.name(check)
        case QueueCheck():
            return queue.name(check)
        case TableCheck():
            return table.name(check)
        case ObjectCheck():
            return object.name(check)
        case ParameterCheck():
            return parameter.name(check)
        case AlarmsCheck():
            return alarms.name(check)
        case OutputsCheck():
            return outputs.name(check)
        case PythonCheck():
            return python.name(check)


def see(check: Check, place: Place, over: threading.Event) -> str:
    """One attempt: what it saw. ``over`` is set once nobody waits for it any more.

    Raises:
        NotVerified: it is not as it must be.
        DeployError: AWS refuses, or cannot be reached.
    """
    match check:
        case HttpCheck():
            return http.see(check, place, over)
        case InvokeCheck():
            return invoke.see(check, place, over)
        case QueueCheck():
            return queue.see(check, place, over)
        case TableCheck():
            return table.see(check, place, over)
        case ObjectCheck():
            return object.see(check, place, over)
        case ParameterCheck():
            return parameter.see(check, place, over)
        case AlarmsCheck():
            return alarms.see(check, place, over)
        case OutputsCheck():
            return outputs.see(check, place, over)
        case PythonCheck():
            return python.see(check, place, over)
