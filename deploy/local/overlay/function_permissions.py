"""Who may look at a function's reserved concurrency, or at an account's limits, is asked by the action that it is.

Models the service authorization reference of Lambda: GetFunctionConcurrency and DeleteFunctionConcurrency beside PutFunctionConcurrency, and
GetAccountSettings.
"""

from __future__ import annotations

from .emulator import actions

_CONCURRENCY = {"GET": "GetFunctionConcurrency", "PUT": "PutFunctionConcurrency", "DELETE": "DeleteFunctionConcurrency"}


def install() -> None:
    theirs = actions._lambda_action

    def lambda_action(method: str, path: str) -> str | None:
        if path.rstrip("/").endswith("/concurrency"):
            return _CONCURRENCY.get(method)
        if "/account-settings" in path:
            return "GetAccountSettings"
        found: str | None = theirs(method, path)
        return found

    actions._lambda_action = lambda_action
