"""Members of an organization that may act for it: registered with a service, and for StackSets by CallAs.

Models the Organizations API reference's RegisterDelegatedAdministrator, DeregisterDelegatedAdministrator, ListDelegatedAdministrators and
ListDelegatedServicesForAccount (a delegated administrator may look at the organization), and the CloudFormation user guide's "Register a
delegated administrator": five at most for StackSets; their sets are the management account's, which sees them as its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from .emulator import Answer, Parameters, account, handlers, organizations, region, responses
from .stack_set_records import invalid, refusing
from .wire import Handler, text

SERVICE = "member.org.stacksets.cloudformation.amazonaws.com"
_MOST = 5

Payload = dict[str, Any]

_registered: dict[str, dict[str, list[str]]] = {}
"""Management account -> member -> services."""


def management_of(member: str, service: str | None = None) -> str | None:
    """The account that a member may act for, with a service or with any."""
    return next((owner for owner, known in _registered.items() if member in known and service in (None, *known[member])), None)


def register(payload: Payload) -> Answer:
    member, service = str(payload.get("AccountId")), str(payload.get("ServicePrincipal"))
    known = _registered.setdefault(account(), {})
    if member not in organizations._accounts:
        return _refusal("AccountNotFoundException", f"You specified an account that doesn't exist: {member}")
    if member == account():
        words = "You cannot register master account/yourself as delegated administrator for your organization."
        return _refusal("ConstraintViolationException", words)
    if service in known.get(member, []):
        return _refusal(
            "AccountAlreadyRegisteredException", "The provided account is already a delegated administrator for your organization."
        )
    if service == SERVICE and sum(service in services for services in known.values()) >= _MOST:
        return _refusal("ConstraintViolationException", "You have exceeded the allowed number of delegated administrators for the service.")
    known.setdefault(member, []).append(service)
    return _good({})


def deregister(payload: Payload) -> Answer:
    member, service = str(payload.get("AccountId")), str(payload.get("ServicePrincipal"))
    services = _registered.get(account(), {}).get(member, [])
    if service not in services:
        return _refusal(
            "AccountNotRegisteredException", "The provided account is not a registered delegated administrator for your organization."
        )
    services.remove(service)
    if not services:
        del _registered[account()][member]
    return _good({})


def administrators(payload: Payload) -> Answer:
    wanted = payload.get("ServicePrincipal")
    found = [member for member, services in _registered.get(account(), {}).items() if wanted is None or wanted in services]
    shown = [{name: value for name, value in organizations._accounts[member].items() if not name.startswith("_")} for member in found]
    return _good({"DelegatedAdministrators": shown})


def services(payload: Payload) -> Answer:
    found = _registered.get(account(), {}).get(str(payload.get("AccountId")), [])
    return _good({"DelegatedServices": [{"ServicePrincipal": service} for service in found]})


def _good(value: Payload) -> Answer:
    made: Answer = organizations._json(200, value)
    return made


def _refusal(code: str, message: str) -> Answer:
    made: Answer = responses.error_response_json(code, message, 400)
    return made


def looking(theirs: Callable[[Payload], Answer], payload: Payload) -> Answer:
    """A delegated administrator sees the organization as the management account does."""
    owner = management_of(account())
    with responses.request_scope(owner or account(), region()):
        return theirs(payload)


def calling_as(theirs: Handler, params: Parameters) -> Answer:
    """As the management account, where a delegated administrator asks for it."""
    if text(params, "CallAs", "SELF") == "SELF":
        return theirs(params)
    owner = management_of(account(), SERVICE)
    if owner is None:
        raise invalid("Account used is not a delegated administrator")
    with responses.request_scope(owner, region()):
        return theirs(params)


def kept() -> dict[str, dict[str, list[str]]]:
    """For the disk."""
    return _registered


def bring_back(found: dict[str, dict[str, list[str]]]) -> None:
    _registered.update(found)


def forget_all() -> None:
    _registered.clear()


def install() -> None:
    dispatch: dict[str, Callable[[Payload], Answer]] = organizations._DISPATCH
    dispatch["RegisterDelegatedAdministrator"] = register
    dispatch["DeregisterDelegatedAdministrator"] = deregister
    dispatch["ListDelegatedAdministrators"] = administrators
    dispatch["ListDelegatedServicesForAccount"] = services
    for action in [name for name in dispatch if name.startswith(("List", "Describe"))]:
        dispatch[action] = partial(looking, dispatch[action])
    for action, handler in list(handlers._ACTION_HANDLERS.items()):
        if any(word in action for word in ("StackSet", "StackInstance", "OrganizationsAccess")):
            handlers._ACTION_HANDLERS[action] = refusing(partial(calling_as, handler))
