"""Health checks of Route 53: as a resource type, and with a health that follows what they look at.

Models the user guide's AWS::Route53::HealthCheck, the API reference's HealthCheckConfig and GetHealthCheckStatus, and the developer
guide's "How Amazon Route 53 determines whether a health check is healthy": an endpoint is asked every RequestInterval and changes its
health after FailureThreshold answers of the other kind (2xx and 3xx are good); a calculated one needs HealthThreshold healthy children;
one of an alarm follows its state, and InsufficientDataHealthStatus where the alarm has none. Only addresses of APIs in this process can
be asked; an interval lasts as long as minutes do here, and one checker asks where AWS has many.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from dataclasses import dataclass
from typing import Any

from . import alarms
from .emulator import Answer, account, cloudwatch, provisioners, responses, route53
from .extension import true
from .reaching import NoAnswer, ask
from .settings import EVALUATION_SECONDS, MINUTE_SECONDS

Made = tuple[str, dict[str, Any]]
Properties = dict[str, Any]

_FLAGS = ("MeasureLatency", "EnableSNI", "Inverted", "Disabled")
_NUMBERS = ("Port", "RequestInterval", "FailureThreshold", "HealthThreshold")
_ENDPOINTS = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH")
_KINDS = (*_ENDPOINTS, "TCP", "CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL")
_GOOD = range(200, 400)

_parse_config = route53._parse_health_check_config
_handle_request = route53.handle_request


@dataclass(kw_only=True)
class Endpoint:
    """``against``: answers in a row that speak against the health it has."""

    healthy: bool = True
    against: int = 0
    asked: float = 0.0
    said: str = "Success: no answer was asked for yet"


_endpoints: dict[str, Endpoint] = {}
_last_known: dict[str, bool] = {}


def is_healthy(check_id: str) -> bool:
    """One that does not exist any more counts as healthy, as in a record that names it."""
    check = route53._health_checks.get(check_id)
    if check is None:
        return True
    config = check["config"]
    if true(config.get("Disabled")):
        return True
    return _looks_healthy(check_id, config) != true(config.get("Inverted"))


def _looks_healthy(check_id: str, config: dict[str, Any]) -> bool:
    if config["Type"] == "CALCULATED":
        return sum(is_healthy(child) for child in config.get("ChildHealthChecks") or []) >= int(config.get("HealthThreshold", 0))
    if config["Type"] == "CLOUDWATCH_METRIC":
        return _alarm_is_well(check_id, config)
    return _endpoints.setdefault(check_id, Endpoint()).healthy


def _alarm_is_well(check_id: str, config: dict[str, Any]) -> bool:
    named = config["AlarmIdentifier"]
    alarm = cloudwatch._alarms.get_scoped(account(), named["Region"], named["Name"])
    state = alarm["StateValue"] if alarm else "INSUFFICIENT_DATA"
    if state == "INSUFFICIENT_DATA":
        wanted = config.get("InsufficientDataHealthStatus", "LastKnownStatus")
        return _last_known.get(check_id, True) if wanted == "LastKnownStatus" else bool(wanted == "Healthy")
    _last_known[check_id] = state == "OK"
    return _last_known[check_id]


async def keep_asking() -> None:
    """Ask every endpoint when its time has come, again and again."""
    while True:
        await asyncio.sleep(EVALUATION_SECONDS)
        for (owner, check_id), check in list(route53._health_checks._data.items()):
            with alarms.as_owner(owner, "us-east-1"), contextlib.suppress(Exception):
                await _look(check_id, check["config"])
                cloudwatch.record_metric(
                    "AWS/Route53", "HealthCheckStatus", float(is_healthy(check_id)), "None", {"HealthCheckId": check_id}
                )


async def _look(check_id: str, config: dict[str, Any]) -> None:
    state, interval = _endpoints.setdefault(check_id, Endpoint()), float(config.get("RequestInterval", 30)) * MINUTE_SECONDS / 60
    if config["Type"] not in _ENDPOINTS or time.monotonic() - state.asked < interval:
        return
    state.asked = time.monotonic()
    good, state.said = await _asked(config)
    state.against = 0 if good == state.healthy else state.against + 1
    if state.against >= int(config.get("FailureThreshold", 3)):
        state.healthy, state.against = good, 0


async def _asked(config: dict[str, Any]) -> tuple[bool, str]:
    host = config.get("FullyQualifiedDomainName") or config.get("IPAddress", "")
    try:
        status, _, body = await ask(host, config.get("ResourcePath") or "/")
    except NoAnswer as error:
        return False, f"Failure: {error}"
    found = config.get("SearchString", "").encode() in body
    return status in _GOOD and found, f"{'Success' if status in _GOOD and found else 'Failure'}: HTTP Status Code {status}"


def _wanted(properties: Properties) -> dict[str, Any]:
    """
    Raises:
        ValueError: a kind that there is not, or one without what it looks at.
    """
    given: dict[str, Any] = properties.get("HealthCheckConfig") or {}
    kind = given.get("Type")
    needs = {"CALCULATED": "ChildHealthChecks", "CLOUDWATCH_METRIC": "AlarmIdentifier", "RECOVERY_CONTROL": "RoutingControlArn"}
    if kind not in _KINDS:
        raise ValueError(f"Invalid parameter : Type {kind!r} is not one of {', '.join(_KINDS)} (Service: Route53, Status Code: 400)")
    if kind in needs and not given.get(needs[kind]):
        raise ValueError(f"Invalid parameter : {needs[kind]} is required for {kind} (Service: Route53, Status Code: 400)")
    if kind in _ENDPOINTS and not (given.get("FullyQualifiedDomainName") or given.get("IPAddress")):
        raise ValueError(
            "Invalid parameter : must specify either IPAddress or FullyQualifiedDomainName (Service: Route53, Status Code: 400)"
        )
    numbers = {name: int(given[name]) for name in _NUMBERS if name in given}
    port = {"HTTPS": 443, "HTTPS_STR_MATCH": 443, "HTTP": 80, "HTTP_STR_MATCH": 80}.get(kind)
    return {**({"Port": port} if port else {}), **given, **numbers, **{name: _text(given[name]) for name in _FLAGS if name in given}}


def _text(flag: Any) -> str:
    return str(true(flag)).lower()


def _create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    check_id, reference = route53._hc_id(), responses.new_uuid()
    route53._health_checks[check_id] = {"id": check_id, "caller_reference": reference, "config": _wanted(properties), "version": 1}
    route53._hc_caller_refs[reference] = check_id
    _tag(check_id, properties)
    return check_id, {"HealthCheckId": check_id}


def _update(physical_id: str, former: Properties, properties: Properties, stack_name: str) -> Made:
    """Kind, regions of the checkers and routing control cannot change in place."""
    before, after = former.get("HealthCheckConfig") or {}, properties.get("HealthCheckConfig") or {}
    if any(before.get(name) != after.get(name) for name in ("Type", "MeasureLatency", "RequestInterval", "RoutingControlArn")):
        return _create("", properties, stack_name)
    check = route53._health_checks[physical_id]
    check.update(config=_wanted(properties), version=check["version"] + 1)
    _tag(physical_id, properties)
    return physical_id, {"HealthCheckId": physical_id}


def _tag(check_id: str, properties: Properties) -> None:
    route53._tags["healthcheck", check_id] = {tag["Key"]: tag["Value"] for tag in properties.get("HealthCheckTags") or []}


def _delete(physical_id: str, properties: Properties) -> None:
    check = route53._health_checks.pop(physical_id, None)
    if check:
        route53._hc_caller_refs.pop(check["caller_reference"], None)
    route53._tags.pop(("healthcheck", physical_id), None)
    _endpoints.pop(physical_id, None)
    _last_known.pop(physical_id, None)


def parse_config(element: Any) -> dict[str, Any]:
    """MiniStack's own; booleans as XML has them, which it writes as Python does."""
    found: dict[str, Any] = _parse_config(element)
    return {**found, **{name: _text(found[name]) for name in _FLAGS if name in found}}


async def handle_request(method: str, path: str, *more: Any) -> Any:
    found = re.fullmatch(r"(?:/2013-04-01)?/healthcheck/([^/]+)/status", path)
    return _status(found[1]) if found and method == "GET" else await _handle_request(method, path, *more)


def _status(check_id: str) -> Answer:
    check = route53._health_checks.get(check_id)
    if check is None:
        return _refusal("NoSuchHealthCheck", f"No health check exists with the specified ID {check_id}.", 404)
    if check["config"]["Type"] not in (*_ENDPOINTS, "TCP"):
        return _refusal("InvalidInput", "The status of calculated health checks and those of alarms is not observed by checkers.", 400)
    state = _endpoints.setdefault(check_id, Endpoint())

    def build(root: Any) -> None:
        observation = route53.SubElement(route53.SubElement(root, "HealthCheckObservations"), "HealthCheckObservation")
        route53.SubElement(observation, "Region").text = "us-east-1"
        report = route53.SubElement(observation, "StatusReport")
        route53.SubElement(report, "Status").text = state.said
        route53.SubElement(report, "CheckedTime").text = route53._now_iso()

    made: Answer = route53._xml_response("GetHealthCheckStatusResponse", build)
    return made


def _refusal(code: str, message: str, status: int) -> Answer:
    made: Answer = route53._error_response(code, message, status)
    return made


def forget_all() -> None:
    _endpoints.clear()
    _last_known.clear()


def install() -> None:
    provisioners._RESOURCE_HANDLERS["AWS::Route53::HealthCheck"] = {"create": _create, "update": _update, "delete": _delete}
    provisioners._STACK_TAG_PROPERTY["AWS::Route53::HealthCheck"] = ("HealthCheckTags", "list")
    route53._parse_health_check_config = parse_config
    route53.handle_request = handle_request
