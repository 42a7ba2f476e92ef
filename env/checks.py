"""Verification checks: what is looked at, and how often it is tried."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from env.base import Name, Text, Value


class Attempts(Value, frozen=True, kw_only=True):
    """How often and how long a verification check tries."""

    timeout_seconds: Annotated[int, Meta(ge=1, le=300)] = 10
    attempts: Annotated[int, Meta(ge=1, le=60)] = 3
    wait_seconds: Annotated[int, Meta(ge=0, le=300)] = 2


class HttpCheck(Attempts, tag="http", tag_field="check", frozen=True, kw_only=True):
    path: Annotated[str, Meta(pattern="^/[A-Za-z0-9/_.-]*$", description="a path of the API that begins with /")]
    status: Annotated[int, Meta(ge=100, le=599)] = 200
    contains: Text | None = None
    latency_ms: Annotated[int, Meta(ge=1)] | None = None


class InvokeCheck(Attempts, tag="invoke", tag_field="check", frozen=True, kw_only=True):
    function: Name
    payload: dict[str, str] = field(default_factory=dict)


class QueueCheck(Attempts, tag="queue", tag_field="check", frozen=True, kw_only=True):
    """A message goes in and is worked on, or comes back out."""

    queue: Name


class TableCheck(Attempts, tag="table", tag_field="check", frozen=True, kw_only=True):
    table: Name


class ObjectCheck(Attempts, tag="object", tag_field="check", frozen=True, kw_only=True):
    bucket: Name


class ParameterCheck(Attempts, tag="parameter", tag_field="check", frozen=True, kw_only=True):
    path: Annotated[str, Meta(pattern="^[A-Za-z0-9/_.-]+$", description="a parameter's path below the environment's own")]


class AlarmsCheck(Attempts, tag="alarms", tag_field="check", frozen=True, kw_only=True):
    """None of the environment's alarms is in ALARM."""


class OutputsCheck(Attempts, tag="outputs", tag_field="check", frozen=True, kw_only=True):
    outputs: tuple[Annotated[str, Meta(pattern="^[A-Za-z0-9]+$", description="an output's name: letters and digits")], ...]


class PythonCheck(Attempts, tag="python", tag_field="check", frozen=True, kw_only=True):
    function: Annotated[
        str, Meta(pattern=r"^[a-z_][a-z0-9_.]*:[a-z_][a-z0-9_]*$", description="a function of this repository as module:function")
    ]


Check = HttpCheck | InvokeCheck | QueueCheck | TableCheck | ObjectCheck | ParameterCheck | AlarmsCheck | OutputsCheck | PythonCheck
