"""Regions that an account has, or has not, switched on.

Models the Account Management API reference's EnableRegion, DisableRegion, GetRegionOptStatus and ListRegions, and EC2's DescribeRegions:
a region that is on by default cannot be switched off; the management account may ask for a member. MiniStack knows all regions as
enabled; switching is done at once here, where AWS takes minutes to hours. Requests into a region that is off are not refused.
"""

from __future__ import annotations

from typing import Any

from .emulator import Answer, Parameters, account, accounts, ec2, organizations, responses

ENABLED, DISABLED, DEFAULT = "ENABLED", "DISABLED", "ENABLED_BY_DEFAULT"

_off: set[tuple[str, str]] = set()
"""Account and region."""

_describe_regions = ec2._describe_regions


def exists(place: str) -> bool:
    return place in accounts._REGIONS_LIST


def is_enabled(owner: str, place: str) -> bool:
    return (owner, place) not in _off


def _status(owner: str, place: str) -> str:
    return DISABLED if not is_enabled(owner, place) else ENABLED if place in accounts._OPT_IN_REQUIRED else DEFAULT


def _owner(payload: dict[str, Any]) -> str:
    """The account that is meant, of the caller's organization or its own."""
    meant = str(payload.get("AccountId") or account())
    return meant if meant in organizations._accounts else account()


def enable(payload: dict[str, Any]) -> Answer:
    return _switch(payload, on=True)


def disable(payload: dict[str, Any]) -> Answer:
    return _switch(payload, on=False)


def _switch(payload: dict[str, Any], *, on: bool) -> Answer:
    place, owner = str(payload.get("RegionName")), _owner(payload)
    if place not in accounts._OPT_IN_REQUIRED:
        made: Answer = responses.error_response_json("ValidationException", f"Region {place} cannot be enabled or disabled", 400)
        return made
    (_off.discard if on else _off.add)((owner, place))
    return _json({})


def status(payload: dict[str, Any]) -> Answer:
    place = str(payload.get("RegionName"))
    if not exists(place):
        made: Answer = responses.error_response_json("ResourceNotFoundException", f"Region not found: {place}", 400)
        return made
    return _json({"RegionName": place, "RegionOptStatus": _status(_owner(payload), place)})


def listed(payload: dict[str, Any]) -> Answer:
    owner, wanted = _owner(payload), payload.get("RegionOptStatusContains") or (ENABLED, DISABLED, DEFAULT)
    found = [{"RegionName": place, "RegionOptStatus": _status(owner, place)} for place in accounts._REGIONS_LIST]
    return _json({"Regions": [one for one in found if one["RegionOptStatus"] in wanted]})


def _json(value: dict[str, Any]) -> Answer:
    made: Answer = accounts._json(200, value)
    return made


def describe_regions(params: Parameters) -> Answer:
    """MiniStack's own, of the regions that the account has; all of them where it asks for all."""
    everything = str(ec2._p(params, "AllRegions", "")).lower() == "true"
    known, own = list(ec2._AWS_REGIONS), account()
    shown = [(name, said if is_enabled(own, name) else "not-opted-in") for name, said in known]
    try:
        ec2._AWS_REGIONS[:] = [(name, said) for name, said in shown if everything or said != "not-opted-in"]
        answer: Answer = _describe_regions(params)
    finally:
        ec2._AWS_REGIONS[:] = known
    return answer


def kept() -> list[list[str]]:
    """For the disk."""
    return sorted([owner, place] for owner, place in _off)


def bring_back(found: list[list[str]]) -> None:
    _off.update((owner, place) for owner, place in found)


def forget_all() -> None:
    _off.clear()


def install() -> None:
    accounts._DISPATCH.update(
        {"/enableRegion": enable, "/disableRegion": disable, "/getRegionOptStatus": status, "/listRegions": listed},
    )
    for action, handler in list(ec2._ACTION_MAP.items()):
        if handler is _describe_regions:
            ec2._ACTION_MAP[action] = describe_regions
