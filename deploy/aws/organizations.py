"""AWS Organizations, as far as StackSets need it: units, their accounts, who manages and who is delegated; and an account's own regions and roles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deploy.aws.api import Api
from deploy.aws.failures import AwsRefusal

SERVICE = "member.org.stacksets.cloudformation.amazonaws.com"
"""The principal that a delegated administrator of StackSets is registered for."""

_NO_UNIT = ("ParentNotFoundException", "OrganizationalUnitNotFoundException")


@dataclass(frozen=True, kw_only=True)
class Organization:
    api: Api

    def management(self) -> str:
        """The account that manages the organization.

        Raises:
            AwsRefusal: AWSOrganizationsNotInUseException.
        """
        return str(self.api("describe_organization")["Organization"].get("MasterAccountId") or "")

    def members(self, unit: str) -> dict[str, str] | None:
        """Account -> its status (ACTIVE, SUSPENDED, PENDING_CLOSURE), of a unit and all below it; None where there is no such unit."""
        found: dict[str, str] = {}
        level = [unit]
        try:
            if not unit.startswith("r-"):
                self.api("describe_organizational_unit", OrganizationalUnitId=unit)
            while level:
                parent = level.pop()
                for one in self.api.pages("list_accounts_for_parent", "Accounts", ParentId=parent):
                    found[one["Id"]] = _status(one)
                level += [
                    one["Id"] for one in self.api.pages("list_organizational_units_for_parent", "OrganizationalUnits", ParentId=parent)
                ]
        except AwsRefusal as error:
            if error.reason in _NO_UNIT:
                return None
            raise
        return found

    def statuses(self) -> dict[str, str]:
        """Account -> its status, of the whole organization."""
        return {one["Id"]: _status(one) for one in self.api.pages("list_accounts", "Accounts")}

    def delegated(self) -> Iterator[str]:
        """The accounts that may administer StackSets for the organization."""
        for one in self.api.pages("list_delegated_administrators", "DelegatedAdministrators", ServicePrincipal=SERVICE):
            yield one["Id"]


def _status(said: dict[str, str]) -> str:
    """``State`` has replaced ``Status`` in 2025; either is taken."""
    return said.get("State") or said.get("Status") or "ACTIVE"


@dataclass(frozen=True, kw_only=True)
class Member:
    """One account that a set reaches, by its plan role. ``iam`` and ``account``: clients there."""

    iam: Api
    account: Api

    def has_role(self, name: str) -> bool:
        try:
            self.iam("get_role", RoleName=name)
        except AwsRefusal as error:
            if error.reason == "NoSuchEntity":
                return False
            raise
        return True

    def regions(self) -> frozenset[str]:
        """Those that are enabled in this account."""
        found = self.account.pages("list_regions", "Regions", RegionOptStatusContains=["ENABLED", "ENABLED_BY_DEFAULT"], MaxResults=50)
        return frozenset(one["RegionName"] for one in found)
