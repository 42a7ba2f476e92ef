"""CloudFront goes to the second origin of a group when the first fails, and its origins may be APIs of the local AWS.

Models the CloudFront developer guide's "Optimize high availability with CloudFront origin failover" (for GET, HEAD and OPTIONS, on the
statuses that the group names and where the first origin cannot be reached) and "Helper methods for origin modification"
(createRequestOriginGroup and selectRequestOriginById in a function of the request). A behavior that lets writes through may have no
group, in the words of aws-cdk issue 32450. A distribution is asked at its domain name in the Host header; nothing is cached, so every
request tries the first origin again.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Any

from . import alarms
from .emulator import cloudfront, provisioners
from .reaching import NoAnswer, ask

_MAY_FAIL_OVER = ("GET", "HEAD", "OPTIONS")
_TYPE = "AWS::CloudFront::Distribution"
_CHOSEN = "chosenByFunction"

_IMPORT = re.compile(r"^\s*import\s+cf\s+from\s+['\"]cloudfront['\"]\s*;?\s*$", re.MULTILINE)
_HELPERS = """
let __chosen = null;
const cf = {
  createRequestOriginGroup: (group) => { __chosen = group; },
  selectRequestOriginById: (id) => { __chosen = { originIds: [{ originId: id }] }; },
};
"""
_TELLING = """
{
  const __own = handler;
  handler = async (event) => {
    __chosen = null;
    const made = await __own(event);
    return __chosen ? { ...made, CHOSEN: __chosen } : made;
  };
}
""".replace("CHOSEN", _CHOSEN)

_parsed: ContextVar[dict[str, Any]] = ContextVar("parsed")
_behavior: ContextVar[dict[str, Any]] = ContextVar("behavior")

_parse = cloudfront.parse_distribution_dataplane_config
_fetch_from_origin = cloudfront._fetch_from_origin
_handle_viewer_request = cloudfront.handle_viewer_request
_match_behavior = cloudfront._match_behavior
_live_function_code = cloudfront.live_function_code
_run_function = cloudfront._run_function


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
        ids = [_text(member, "OriginId") for member in _members(group)]
        parsed["origins"][_text(group, "Id")] = _group(parsed["origins"], ids, _statuses(group))
    _parsed.set(parsed)
    return parsed


def _group(origins: dict[str, Any], ids: list[str], statuses: frozenset[int]) -> dict[str, Any]:
    first, *others = (origins[one] for one in ids)
    return {**first, "second": others[0], "statuses": statuses} if others else first


def match_behavior(parsed: dict[str, Any], path: str) -> Any:
    found = _match_behavior(parsed, path)
    if found is not None:
        _behavior.set(found)
    return found


def live_function_code(arn: str) -> bytes | None:
    """The published code, which has the helpers of its runtime and tells what it chose by them."""
    code: bytes | None = _live_function_code(arn)
    text = (code or b"").decode()
    return (_IMPORT.sub(lambda _: _HELPERS, text, count=1) + _TELLING).encode() if _IMPORT.search(text) else code


async def run_function(arn: str, event: dict[str, Any]) -> Any:
    """MiniStack's own; what the function chose is where this request goes."""
    made = await _run_function(arn, event)
    chosen = made.pop(_CHOSEN, None) if isinstance(made, dict) else None
    if chosen:
        ids = [str(one["originId"]) for one in chosen["originIds"]]
        origins = _parsed.get()["origins"]
        if unknown := [one for one in ids if one not in origins]:
            raise cloudfront.CloudFrontFunctionError(f"{arn} chose origins that the distribution does not have: {unknown}")
        codes = (chosen.get("failoverCriteria") or {}).get("statusCodes") or ()
        origins[_CHOSEN] = _group(origins, ids, frozenset(int(code) for code in codes))
        _behavior.get()["target_origin_id"] = _CHOSEN
    return made


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


def check(properties: dict[str, Any]) -> None:
    """
    Raises:
        ValueError: writes are let through to a group.
    """
    config = properties.get("DistributionConfig") or {}
    groups = {group["Id"] for group in (config.get("OriginGroups") or {}).get("Items") or ()}
    for behavior in (config.get("DefaultCacheBehavior") or {}, *(config.get("CacheBehaviors") or ())):
        if behavior.get("TargetOriginId") in groups and set(behavior.get("AllowedMethods") or ()) - set(_MAY_FAIL_OVER):
            raise ValueError(
                f"Invalid request provided: {_TYPE}: The parameter AllowedMethods cannot include POST, PUT, PATCH, or DELETE "
                "for a cached behavior associated with an origin group."
            )


def _checked(theirs: Any, position: int) -> Any:
    def handler(*given: Any) -> Any:
        check(given[position])
        return theirs(*given)

    return handler


def install() -> None:
    kept = provisioners._RESOURCE_HANDLERS[_TYPE]
    made = {"create": _checked(kept["create"], 1), "update": _checked(kept["update"], 2)}
    provisioners._RESOURCE_HANDLERS[_TYPE] = {**kept, **made}
    cloudfront._match_behavior = match_behavior
    cloudfront.live_function_code = live_function_code
    cloudfront._run_function = run_function
    cloudfront.find_distribution_for_label = find_distribution_for_label
    cloudfront.handle_viewer_request = handle_viewer_request
    cloudfront.parse_distribution_dataplane_config = parse
    cloudfront._fetch_from_origin = fetch_from_origin
