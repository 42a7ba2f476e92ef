"""Lambda functions: called once, never twice for one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore import exceptions

from deploy.aws.api import Api
from deploy.aws.failures import translated

LIVE = "live"
"""The alias that all callers speak of (`resources/functions.py`)."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """``error``: Handled or Unhandled, as Lambda tells them apart; empty where the function returned."""

    payload: bytes
    error: str


@dataclass(frozen=True, kw_only=True)
class Functions:
    api: Api

    def invoke(self, name: str, alias: str, payload: bytes) -> Answered:
        """Wait for the answer, a minute at most.

        A call whose answer does not come is not made again: the function may be at work on it. Permissions are for the alias, so it
        stands in the name.
        """
        self.api.client.meta.events.register_first("needs-retry.lambda.Invoke", _not_again, unique_id="tapline-not-again")
        answer = self.api("invoke", FunctionName=f"{name}:{alias}", InvocationType="RequestResponse", Payload=payload)
        try:
            return Answered(payload=answer["Payload"].read(), error=answer.get("FunctionError") or "")
        except exceptions.BotoCoreError as error:
            raise translated(error, "lambda:Invoke") from error

    def reserved(self, name: str) -> int | None:
        """Concurrent executions kept for it alone; None where none are (GetFunctionConcurrency)."""
        found = self.api("get_function_concurrency", FunctionName=name).get("ReservedConcurrentExecutions")
        return None if found is None else int(found)

    def limits(self) -> tuple[int, int]:
        """Concurrent executions of the account in this region: all, and those that no function has reserved (GetAccountSettings)."""
        found = self.api("get_account_settings")["AccountLimit"]
        return int(found["ConcurrentExecutions"]), int(found["UnreservedConcurrentExecutions"])


def _not_again(caught_exception: BaseException | None = None, **_: Any) -> None:
    if isinstance(caught_exception, exceptions.ReadTimeoutError):
        raise caught_exception
