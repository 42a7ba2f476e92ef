"""Names that Route 53 answers by health, and custom domains that are in more than one region.

Models the Route 53 developer guide's "Active-passive failover" and "How Amazon Route 53 chooses records when health checking is
configured" (the primary if it is healthy, else the secondary if that is; neither healthy: the primary), the API reference's TestDNSAnswer,
and the API Gateway developer guide's "Set up custom domain names": the same name in two regions, of which a record's alias names one. An
alias is answered with the name that it points to, not with addresses, which there are none of here; it is as healthy as the health check of
its record, and its target's own records in the same zone if it evaluates them.
"""

from __future__ import annotations

import re
from typing import Any

from . import health_checks
from .emulator import Answer, apigateway, responses, route53

Record = dict[str, Any]

_find_domain_scope = apigateway.find_domain_scope
_handle_request = health_checks.handle_request


def answer(zone_id: str, name: str, kind: str) -> list[str] | None:
    """What a resolver is told; None where nothing has that name."""
    record = _chosen([one for one in _records(zone_id) if (one["Name"], one["Type"]) == (name, kind)], zone_id)
    if record is None:
        return None
    target = record.get("AliasTarget")
    if target is None:
        return list(record.get("ResourceRecords") or [])
    return answer(zone_id, target["DNSName"], kind) or [target["DNSName"]]


def _records(zone_id: str) -> list[Record]:
    found: list[Record] = route53._records.get(zone_id, [])
    return found


def _chosen(records: list[Record], zone_id: str) -> Record | None:
    order = sorted(records, key=lambda record: record.get("Failover") == "SECONDARY")
    return next((record for record in order if _is_healthy(record, zone_id)), order[0] if order else None)


def _is_healthy(record: Record, zone_id: str) -> bool:
    target = record.get("AliasTarget") or {}
    if record.get("HealthCheckId") and not health_checks.is_healthy(record["HealthCheckId"]):
        return False
    if not target.get("EvaluateTargetHealth"):
        return True
    below = [one for one in _records(zone_id) if (one["Name"], one["Type"]) == (target["DNSName"], record["Type"])]
    return not below or any(_is_healthy(one, zone_id) for one in below)


def _dotted(name: str) -> str:
    return f"{name.lower().rstrip('.')}."


async def handle_request(method: str, path: str, headers: Any, body: bytes, query: dict[str, Any]) -> Any:
    if method == "GET" and re.fullmatch(r"(?:/2013-04-01)?/testdnsanswer", path):
        return _tested(*(_first(query, name) for name in ("hostedzoneid", "recordname", "recordtype")))
    return await _handle_request(method, path, headers, body, query)


def _first(query: dict[str, Any], name: str) -> str:
    value = query.get(name, "")
    return str(value[0] if isinstance(value, list) else value)


def _tested(zone_id: str, name: str, kind: str) -> Answer:
    zone_id = zone_id.removeprefix("/hostedzone/")
    if zone_id not in route53._zones:
        refused: Answer = route53._error_response("NoSuchHostedZone", f"No hosted zone found with ID: {zone_id}", 404)
        return refused
    found = answer(zone_id, _dotted(name), kind)

    def build(root: Any) -> None:
        route53.SubElement(root, "Nameserver").text = "ns-2048.awsdns-64.com"
        route53.SubElement(root, "RecordName").text = name
        route53.SubElement(root, "RecordType").text = kind
        data = route53.SubElement(root, "RecordData")
        for value in found or ():
            route53.SubElement(data, "RecordDataEntry").text = value
        route53.SubElement(root, "ResponseCode").text = "NXDOMAIN" if found is None else "NOERROR"
        route53.SubElement(root, "Protocol").text = "UDP"

    made: Answer = route53._xml_response("TestDNSAnswerResponse", build)
    return made


def find_domain_scope(domain: str) -> tuple[str, str, str] | None:
    """Account, region and stored name of the custom domain that a request to it reaches: where it is in several regions, the one that
    its record names."""
    places = [scope for scope in apigateway._domain_names.all_items() if scope[0][2].lower() == domain]
    keys: list[tuple[str, str, str]] = [scope[0] for scope in places]
    if len(keys) < 2:
        return keys[0] if keys else None
    target = _target(keys, domain)
    return next((key for (key, found) in places if _dotted(found["regionalDomainName"]) == target), keys[0])


def _target(keys: list[tuple[str, str, str]], domain: str) -> str | None:
    """Where a record of one of the accounts that have the domain sends its name."""
    for owner in dict.fromkeys(key[0] for key in keys):
        with responses.request_scope(owner, "us-east-1"):
            for zone_id in list(route53._zones):
                for kind in ("A", "CNAME"):
                    if found := answer(zone_id, _dotted(domain), kind):
                        return _dotted(found[0])
    return None


def install() -> None:
    route53.handle_request = handle_request
    apigateway.find_domain_scope = find_domain_scope
