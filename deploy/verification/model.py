"""The checks of an environment as its manifest carries them, and what verifying gives.

The checks mirror those of the environment model, `env/model.py`, which this half does not import; a test holds that both agree.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from deploy.errors import Invalid
from deploy.manifest import Manifest
from deploy.noun import Noun, converted
from deploy.record import CheckResult

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{1,19}$")]
Text = Annotated[str, Meta(min_length=1, max_length=256)]


class Attempts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``timeout_seconds`` of each attempt; ``wait_seconds`` between two."""

    timeout_seconds: Annotated[int, Meta(ge=1, le=300)] = 10
    attempts: Annotated[int, Meta(ge=1, le=60)] = 3
    wait_seconds: Annotated[int, Meta(ge=0, le=300)] = 2


class HttpCheck(Attempts, tag="http", tag_field="check", frozen=True, kw_only=True):
    path: Annotated[str, Meta(pattern="^/[A-Za-z0-9/_.-]*$")]
    status: Annotated[int, Meta(ge=100, le=599)] = 200
    contains: Text | None = None
    latency_ms: Annotated[int, Meta(ge=1)] | None = None


class InvokeCheck(Attempts, tag="invoke", tag_field="check", frozen=True, kw_only=True):
    function: Name
    payload: dict[str, str] = {}


class QueueCheck(Attempts, tag="queue", tag_field="check", frozen=True, kw_only=True):
    queue: Name


class TableCheck(Attempts, tag="table", tag_field="check", frozen=True, kw_only=True):
    table: Name


class ObjectCheck(Attempts, tag="object", tag_field="check", frozen=True, kw_only=True):
    bucket: Name


class ParameterCheck(Attempts, tag="parameter", tag_field="check", frozen=True, kw_only=True):
    path: Annotated[str, Meta(pattern="^[A-Za-z0-9/_.-]+$")]


class AlarmsCheck(Attempts, tag="alarms", tag_field="check", frozen=True, kw_only=True):
    pass


class OutputsCheck(Attempts, tag="outputs", tag_field="check", frozen=True, kw_only=True):
    outputs: tuple[Annotated[str, Meta(pattern="^[A-Za-z0-9]+$")], ...]


class PythonCheck(Attempts, tag="python", tag_field="check", frozen=True, kw_only=True):
    function: Annotated[str, Meta(pattern=r"^[a-z_][a-z0-9_.]*:[a-z_][a-z0-9_]*$")]


Check = HttpCheck | InvokeCheck | QueueCheck | TableCheck | ObjectCheck | ParameterCheck | AlarmsCheck | OutputsCheck | PythonCheck


class Context(Noun, frozen=True, kw_only=True):
    """What a python check is given. ``outputs`` of the environment's stacks; ``endpoint`` instead of AWS's own, empty where there is none."""

    environment: str
    account: str
    region: str
    endpoint: str
    outputs: dict[str, str]


class TrafficResult(Noun, frozen=True, kw_only=True):
    """``requests`` that were sent, ``failures`` among them, ``worst_ms``: the slowest answer; ``seconds`` from first to last."""

    requests: int = 0
    failures: int = 0
    worst_ms: int = 0
    seconds: float = 0.0
    reason: str = ""

    @property
    def words(self) -> str:
        failed = f", {self.failures} failed ({self.reason})" if self.failures else ", none failed"
        return f"traffic: {self.requests} requests in {self.seconds:.0f} s{failed}, the slowest took {self.worst_ms} ms"


class Verification(Noun, frozen=True, kw_only=True):
    """An environment that was verified at the command of a person."""

    environment: str
    checks: tuple[CheckResult, ...] = ()
    traffic: TrafficResult | None = None


class NotVerified(Exception):
    """An attempt has failed. ``reason``: why; ``output``: what was seen, if anything."""

    def __init__(self, reason: str, output: str = "") -> None:
        self.reason, self.output = reason, output
        super().__init__(reason)


def checks(manifest: Manifest) -> tuple[Check, ...]:
    """Raises:
    Invalid: a check that this deployer does not know.
    """
    return tuple(_check(manifest, index, said) for index, said in enumerate(manifest.checks))


def _check(manifest: Manifest, index: int, said: dict[str, Any]) -> Check:
    try:
        made: Check = converted(said, Check)
    except msgspec.ValidationError as error:
        raise Invalid(
            f"checks[{index}] of environment {manifest.environment}", str(error), "generate again with this checkout: make generate"
        ) from error
    return made
