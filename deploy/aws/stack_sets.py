"""StackSets of one account and region: the set, its instances, its operations and their results, all pages read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deploy.aws.api import Api
from deploy.aws.failures import AwsRefusal
from deploy.errors import Denied
from deploy.manifest import AutoDeployment
from deploy.stacksets.model import Instance, Operation, ResourceDrift, Result, SetState

_BUSY = ("OperationInProgressException", "StaleRequestException")
_KNOWN = "OperationIdAlreadyExistsException"
_ABSENT = ("StackSetNotFoundException", "StackSetNotFound")
_NO_OPERATION = ("OperationNotFoundException", "OperationNotFound")
MOST = 100
"""Members of a page; CloudFormation gives no more."""


@dataclass(frozen=True, kw_only=True)
class StackSets:
    """One set by its name; ``call_as``: SELF or DELEGATED_ADMIN."""

    api: Api
    name: str
    call_as: str = "SELF"

    def find(self) -> SetState | None:
        """None where there is none of this name."""
        try:
            return _state(self._ask("describe_stack_set")["StackSet"])
        except AwsRefusal as error:
            if error.reason in _ABSENT:
                return None
            raise

    def create(self, **parameters: Any) -> None:
        """A set without instances. ``parameters``: those of CreateStackSet, with a token.

        Raises:
            AwsRefusal: NameAlreadyExistsException where somebody else has made it.
        """
        self._ask("create_stack_set", **parameters)

    def begin(self, operation: str, identifier: str, **parameters: Any) -> bool:
        """Begin an operation under an id of its own; False where another one runs. One of this id that is there is the one that was asked for.

        ``operation``: update_stack_set, create_stack_instances, update_stack_instances, delete_stack_instances or detect_stack_set_drift.
        """
        try:
            self._ask(operation, OperationId=identifier, **parameters)
        except AwsRefusal as error:
            if error.reason in _BUSY:
                return False
            if error.reason != _KNOWN:
                raise
        return True

    def instances(self, **filters: str) -> Iterator[Instance]:
        """In the order of AWS; pages are read as they are asked for. ``filters``: such as ``DRIFT_STATUS="DRIFTED"``."""
        wanted = [{"Name": name, "Values": value} for name, value in filters.items()]
        for one in self._pages("list_stack_instances", **({"Filters": wanted} if wanted else {})):
            yield _instance(one)

    def overrides(self, account: str, region: str) -> dict[str, str]:
        """An instance's own values, which no listing tells."""
        found = self._ask("describe_stack_instance", StackInstanceAccount=account, StackInstanceRegion=region)["StackInstance"]
        return _values(found.get("ParameterOverrides"))

    def operation(self, identifier: str) -> Operation | None:
        """None where there is none of this id."""
        try:
            return _operation(self._ask("describe_stack_set_operation", OperationId=identifier)["StackSetOperation"])
        except AwsRefusal as error:
            if error.reason in _NO_OPERATION:
                return None
            raise

    def operations(self) -> Iterator[Operation]:
        """Newest first; pages are read as they are asked for."""
        for one in self._pages("list_stack_set_operations"):
            yield _operation(one)

    def running(self) -> Operation | None:
        """The one that runs, or else the first one that waits: nothing runs behind what is over for longer than a page."""
        pending = [one for one in self._first_page() if not one.over]
        return next((one for one in reversed(pending) if one.status != "QUEUED"), pending[-1] if pending else None)

    def _first_page(self) -> list[Operation]:
        answer = self._ask("list_stack_set_operations", MaxResults=MOST)
        return [_operation(one) for one in answer.get("Summaries") or ()]

    def results(self, identifier: str) -> Iterator[Result]:
        for one in self._pages("list_stack_set_operation_results", OperationId=identifier):
            yield Result(account=one["Account"], region=one["Region"], status=one["Status"], reason=one.get("StatusReason") or "")

    def stop(self, identifier: str) -> bool:
        """False where it is over already, or is being stopped."""
        try:
            self._ask("stop_stack_set_operation", OperationId=identifier)
        except AwsRefusal as error:
            if error.reason == "InvalidOperationException":
                return False
            raise
        return True

    def resource_drifts(self, account: str, region: str, identifier: str) -> tuple[ResourceDrift, ...]:
        """What a detection found in one instance, without what is as it is to be."""
        found = self._pages(
            "list_stack_instance_resource_drifts",
            StackInstanceAccount=account,
            StackInstanceRegion=region,
            OperationId=identifier,
            StackInstanceResourceDriftStatuses=["MODIFIED", "DELETED"],
        )
        return tuple(_resource_drift(one) for one in found)

    def access(self) -> bool | None:
        """Whether the organization lets StackSets in; None where this caller may not know."""
        try:
            return bool(self._ask("describe_organizations_access", named=False).get("Status") == "ENABLED")
        except (AwsRefusal, Denied):
            return None

    def _ask(self, operation: str, *, named: bool = True, **parameters: Any) -> dict[str, Any]:
        return self.api(operation, **self._common(named=named), **parameters)

    def _pages(self, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        return self.api.pages(operation, "Summaries", **self._common(named=True), MaxResults=MOST, **parameters)

    def _common(self, *, named: bool) -> dict[str, str]:
        return {**({"StackSetName": self.name} if named else {}), **({"CallAs": self.call_as} if self.call_as != "SELF" else {})}


def _values(said: list[dict[str, str]] | None) -> dict[str, str]:
    return {one["ParameterKey"]: one.get("ParameterValue") or "" for one in said or ()}


def _state(said: dict[str, Any]) -> SetState:
    body = said.get("TemplateBody") or ""
    automatic = said.get("AutoDeployment")
    return SetState(
        id=said["StackSetId"],
        name=said["StackSetName"],
        template=_document(body),
        parameters=_values(said.get("Parameters")),
        tags={tag["Key"]: tag["Value"] for tag in said.get("Tags") or ()},
        capabilities=tuple(said.get("Capabilities") or ()),
        description=said.get("Description") or "",
        permission_model=said.get("PermissionModel") or "SELF_MANAGED",
        administration_role=said.get("AdministrationRoleARN") or "",
        execution_role=said.get("ExecutionRoleName") or "",
        auto_deployment=AutoDeployment(
            enabled=bool(automatic.get("Enabled")),
            retain_stacks=bool(automatic.get("RetainStacksOnAccountRemoval")),
            depends_on=tuple(automatic.get("DependsOn") or ()),
        )
        if automatic
        else None,
        managed_execution=bool((said.get("ManagedExecution") or {}).get("Active")),
        drift=(said.get("StackSetDriftDetectionDetails") or {}).get("DriftStatus") or "NOT_CHECKED",
        drift_checked=(said.get("StackSetDriftDetectionDetails") or {}).get("LastDriftCheckTimestamp"),
    )


def _document(body: str) -> dict[str, Any]:
    """YAML, which none of ours is, is seen as different, never as equal."""
    try:
        read = json.loads(body)
    except ValueError:
        return {"Text": body}
    return read if isinstance(read, dict) else {"Text": body}


def _instance(said: dict[str, Any]) -> Instance:
    return Instance(
        account=said["Account"],
        region=said["Region"],
        stack_id=said.get("StackId") or "",
        status=said.get("Status") or "",
        detailed=(said.get("StackInstanceStatus") or {}).get("DetailedStatus") or "",
        reason=said.get("StatusReason") or "",
        unit=said.get("OrganizationalUnitId") or "",
        drift=said.get("DriftStatus") or "NOT_CHECKED",
        operation=said.get("LastOperationId") or "",
    )


def _operation(said: dict[str, Any]) -> Operation:
    return Operation(
        id=said["OperationId"],
        action=said.get("Action") or "",
        status=said.get("Status") or "",
        reason=said.get("StatusReason") or "",
        created=said.get("CreationTimestamp"),
        ended=said.get("EndTimestamp"),
        failed=(said.get("StatusDetails") or {}).get("FailedStackInstancesCount") or 0,
    )


def _resource_drift(said: dict[str, Any]) -> ResourceDrift:
    return ResourceDrift(
        resource=said.get("LogicalResourceId") or "",
        type=said.get("ResourceType") or "",
        status=said.get("StackResourceDriftStatus") or "",
        differences=tuple(
            (one.get("PropertyPath") or "", one.get("ExpectedValue") or "", one.get("ActualValue") or "")
            for one in said.get("PropertyDifferences") or ()
        ),
    )
