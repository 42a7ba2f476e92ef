"""A REST API answers whoever calls its address, signed or not: who may call it is for the API to say.

Models the API Gateway developer guide's "Invoke REST APIs in API Gateway": the address is
``https://<api>.execute-api.<region>.amazonaws.com/<stage>/``, here in the Host header of a request to the local AWS. MiniStack knows
addresses of its own host only, and finds an API only for requests that are signed for the account that owns it, so a health check
from outside would find nothing. A path ``/health`` belongs to whoever has the address, a domain or a distribution: MiniStack would
answer it itself, and tell of itself there too (``/_ministack/health`` does).
"""

from __future__ import annotations

import re

from .emulator import apigateway, app

_find_api_scope = apigateway.find_api_scope
_parse_execute_api_url = app._parse_execute_api_url

_ADDRESS = re.compile(r"(?P<api>[a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?::\d+)?")


def find_api_scope(api_id: str) -> tuple[str, str] | None:
    """Account and region of an API; ids are unique over all accounts."""
    found: tuple[str, str] | None = _find_api_scope(api_id)
    if found:
        return found
    return next(((owner, region) for (owner, region, known), _ in apigateway._rest_apis.all_items() if known == api_id), None)


def parse_execute_api_url(host: str, path: str) -> tuple[str, str, str] | None:
    """(API's id, stage, path) of a request to an API's own address."""
    address = _ADDRESS.fullmatch(host.lower())
    if address:
        path = f"/_aws/execute-api/{address['api']}{path}"
    found: tuple[str, str, str] | None = _parse_execute_api_url(host, path)
    return found


def install() -> None:
    app._HEALTH_PATHS = tuple(path for path in app._HEALTH_PATHS if path.startswith("/_"))
    apigateway.find_api_scope = find_api_scope
    app._parse_execute_api_url = parse_execute_api_url
