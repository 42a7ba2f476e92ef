"""StackSets in an organization: trusted access, the accounts that deployment targets mean, and accounts that are suspended.

Models the user guide's "Activate trusted access for StackSets with Organizations" and the API reference's DeploymentTargets:
the accounts of an OU and of the OUs below it, with account filters, and never the management account. Who acts for that account comes here
as it (`delegated_administrators`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .emulator import Answer, Parameters, account, handlers, organizations, responses
from .stack_set_records import invalid, refused, refusing
from .wire import answer, text, texts

UNITS_A_CALL = 50
_FILTERS = ("NONE", "INTERSECTION", "DIFFERENCE", "UNION")

_access = responses.AccountScopedDict()


def activate(params: Parameters) -> Answer:
    _management()
    _access["self"] = "ENABLED"
    return answer("ActivateOrganizationsAccess", {})


def deactivate(params: Parameters) -> Answer:
    _management()
    _access["self"] = "DISABLED"
    return answer("DeactivateOrganizationsAccess", {})


def describe(params: Parameters) -> Answer:
    _management()
    return answer("DescribeOrganizationsAccess", {"Status": _access.get("self", "DISABLED")})


def _management() -> None:
    if "self" not in organizations._orgs:
        raise refused("InvalidOperationException", "You must be the management account or delegated admin account of an organization")


def check_access() -> None:
    """
    Raises:
        Refused: the caller may not have service-managed sets.
    """
    if "self" not in organizations._orgs:
        raise invalid(
            "You must be the management account or delegated admin account of an organization before operating a SERVICE_MANAGED stack set"
        )
    if not has_access():
        raise invalid("You must enable organizations access to operate a service managed stack set")


def has_access() -> bool:
    """Whether the account lets StackSets into its organization."""
    return bool(_access.get("self") == "ENABLED")


def is_suspended(management: str, member: str) -> bool:
    found = organizations._accounts.get_scoped(management, None, member)
    return found is not None and found["Status"] == "SUSPENDED"


def parents(member: str) -> list[str]:
    """The OUs that an account is in, nearest first, the root last; none where it is no member or manages the organization."""
    found = organizations._accounts.get(member)
    if found is None or member == account():
        return []
    chain = [found["_ParentId"]]
    while chain[-1] in organizations._ous:
        chain.append(organizations._ous[chain[-1]]["_ParentId"])
    return chain


def units_given(params: Parameters) -> list[str]:
    """The OUs of the request's deployment targets.

    Raises:
        Refused: too many, or one that does not exist.
    """
    units = texts(params, "DeploymentTargets.OrganizationalUnitIds")
    if len(units) > UNITS_A_CALL:
        raise invalid(f"You can specify at most {UNITS_A_CALL} organizational units in one operation, and specified {len(units)}")
    if unknown := [unit for unit in units if unit not in organizations._ous and unit not in organizations._roots]:
        raise invalid(f"Organizational units {unknown} do not exist")
    return units


def members_asked_for(params: Parameters, *, creating: bool) -> dict[str, str | None]:
    """Account -> the OU through which the deployment targets mean it.

    Raises:
        Refused: what AWS does not take.
    """
    units, named = units_given(params), texts(params, "DeploymentTargets.Accounts")
    given = text(params, "DeploymentTargets.AccountFilterType")
    if given and given not in _FILTERS:
        raise invalid(f"Value '{given}' at 'deploymentTargets.accountFilterType' must satisfy enum value set: [{', '.join(_FILTERS)}]")
    if creating and not units:
        raise invalid("DeploymentTargets of a create operation need OrganizationalUnitIds")
    if creating and named and not given:
        raise invalid("AccountFilterType must be specified when both OrganizationalUnitIds and Accounts are")
    below = dict(_below(units))
    if given == "INTERSECTION":
        return {member: unit for member, unit in below.items() if member in named}
    if given == "DIFFERENCE":
        return {member: unit for member, unit in below.items() if member not in named}
    added = {member: None for member in named if parents(member)} if given in ("", "UNION") else {}
    return {**added, **below}


def _below(units: Iterable[str]) -> Iterator[tuple[str, str | None]]:
    wanted = list(units)
    for member in organizations._accounts:
        if unit := next((above for above in parents(member) if above in wanted), None):
            yield member, unit


def kept() -> list[str]:
    """The accounts whose organizations StackSets may go into, for the disk."""
    return [owner for (owner, _), status in _access._data.items() if status == "ENABLED"]


def bring_back(found: list[str]) -> None:
    for owner in found:
        _access.set_scoped(owner, None, "self", "ENABLED")


def forget_all() -> None:
    _access.clear()


def install() -> None:
    for action, handler in (
        ("ActivateOrganizationsAccess", activate),
        ("DeactivateOrganizationsAccess", deactivate),
        ("DescribeOrganizationsAccess", describe),
    ):
        handlers._ACTION_HANDLERS[action] = refusing(handler)
