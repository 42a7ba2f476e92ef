"""A REST API answers whoever calls its address, signed or not: who may call it is for the API to say.

Models the API Gateway developer guide's "Invoke REST APIs in API Gateway". MiniStack finds an API only for requests that are
signed for the account that owns it, so a health check from outside would find nothing.
"""

from __future__ import annotations

from .emulator import apigateway

_find_api_scope = apigateway.find_api_scope


def find_api_scope(api_id: str) -> tuple[str, str] | None:
    """Account and region of an API; ids are unique over all accounts."""
    found: tuple[str, str] | None = _find_api_scope(api_id)
    if found:
        return found
    return next(((owner, region) for (owner, region, known), _ in apigateway._rest_apis.all_items() if known == api_id), None)


def install() -> None:
    apigateway.find_api_scope = find_api_scope
