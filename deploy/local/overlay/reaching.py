"""How something inside the local AWS asks a public address: of an API here, if its region answers."""

from __future__ import annotations

from .emulator import apigateway, app
from .faults import Call, request_faults

Reply = tuple[int, dict[str, str], bytes]


class NoAnswer(Exception):
    """Nobody is there, or the region is out."""


def is_out(call: Call) -> bool:
    """Whether a fault's rule keeps the call from being answered."""
    return any(rule.error or rule.drop for rule in request_faults(call))


async def ask(host: str, path: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes = b"") -> Reply:
    """
    Raises:
        NoAnswer: no API of that address is here, or a fault strikes it.
    """
    address = app._parse_execute_api_url(host, path) or app._resolve_custom_domain_request(host, path)
    scope = apigateway.find_api_scope(address[0]) if address else None
    if scope is None:
        raise NoAnswer(f"{host} is not known here")
    if is_out(Call(account=scope[0], region=scope[1], service="execute-api", actions=("Invoke",))):
        raise NoAnswer(f"{host} does not answer")
    reply: Reply = await app._handle_execute_api_request(host, path, method, {"host": host, **(headers or {})}, body, {})
    return reply
