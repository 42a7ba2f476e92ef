"""CloudFront goes to the second origin of a group when the first fails, and its origins may be APIs of the local AWS.

Models the CloudFront developer guide's "Optimize high availability with CloudFront origin failover": for GET, HEAD and OPTIONS, on the
statuses that the group names and where the first origin cannot be reached. A distribution is asked at its domain name in the Host header;
nothing is cached, so every request tries the first origin again.
"""

from __future__ import annotations

from typing import Any

from . import alarms
from .emulator import cloudfront
from .reaching import NoAnswer, ask

_MAY_FAIL_OVER = ("GET", "HEAD", "OPTIONS")

_parse = cloudfront.parse_distribution_dataplane_config
_fetch_from_origin = cloudfront._fetch_from_origin
_handle_viewer_request = cloudfront.handle_viewer_request


def find_distribution_for_label(label: str) -> dict[str, Any] | None:
    """By the first part of its domain name, whoever asks."""
    known: list[dict[str, Any]] = list(cloudfront._distributions._data.values())
    return next((found for found in known if found["DomainName"].split(".")[0] == label), None)


async def handle_viewer_request(distribution: dict[str, Any], *request: Any) -> Any:
    """MiniStack's own, as the account that the distribution belongs to: viewers sign nothing."""
    with alarms.as_owner(distribution["ARN"].split(":")[4], "us-east-1"):
        return await _handle_viewer_request(distribution, *request)


def parse(distribution: dict[str, Any]) -> dict[str, Any]:
    """MiniStack's own, with each group in the place of an origin: its first one, with what comes after it."""
    parsed: dict[str, Any] = _parse(distribution)
    groups = cloudfront._find(cloudfront._dist_config_el(distribution), "OriginGroups")
    items = None if groups is None else cloudfront._find(groups, "Items")
    for group in () if items is None else items:
        first, second = [_text(member, "OriginId") for member in _members(group)]
        origin = {**parsed["origins"][first], "second": parsed["origins"][second], "statuses": _statuses(group)}
        parsed["origins"][_text(group, "Id")] = origin
    return parsed


def _text(element: Any, name: str) -> str:
    return str(cloudfront._text(element, name))


def _members(group: Any) -> list[Any]:
    return list(cloudfront._find(cloudfront._find(group, "Members"), "Items"))


def _statuses(group: Any) -> frozenset[int]:
    codes = cloudfront._find(cloudfront._find(group, "FailoverCriteria"), "StatusCodes")
    return frozenset(int(code.text) for code in cloudfront._find(codes, "Items"))


async def fetch_from_origin(origin: dict[str, Any], method: str, *more: Any) -> Any:
    if "second" not in origin or method not in _MAY_FAIL_OVER:
        return await _fetch(origin, method, *more)
    try:
        answer = await _fetch(origin, method, *more)
    except (cloudfront.OriginUnreachable, cloudfront.OriginTimeout):
        return await _fetch(origin["second"], method, *more)
    return await _fetch(origin["second"], method, *more) if answer[0] in origin["statuses"] else answer


async def _fetch(origin: dict[str, Any], method: str, uri: str, query: str, headers: dict[str, str], body: bytes, *more: Any) -> Any:
    host = origin["domain_name"]
    if ".execute-api." not in host:
        return await _fetch_from_origin(origin, method, uri, query, headers, body, *more)
    try:
        status, answered, content = await ask(host, origin["origin_path"] + uri, method, {**headers, "host": host}, body)
    except NoAnswer as error:
        raise cloudfront.OriginUnreachable(str(error)) from error
    return status, "", cloudfront._multidict_from_pairs(answered.items()), content


def install() -> None:
    cloudfront.find_distribution_for_label = find_distribution_for_label
    cloudfront.handle_viewer_request = handle_viewer_request
    cloudfront.parse_distribution_dataplane_config = parse
    cloudfront._fetch_from_origin = fetch_from_origin
