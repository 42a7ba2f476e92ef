"""What is said of StackSets, their instances, operations, results and drift, in pages.

Models the API reference's DescribeStackSet, ListStackSets, DescribeStackInstance, ListStackInstances, DescribeStackSetOperation,
ListStackSetOperations, ListStackSetOperationResults, ListStackInstanceResourceDrifts and ListStackSetAutoDeploymentTargets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import stack_set_drift as drift
from .emulator import Answer, Parameters, Record, account, handlers, region, responses, stack_by_id
from .settings import PAGE_SIZE
from .stack_set_instances import not_found, operation_asked_for
from .stack_set_records import Instance, Operation, Result, StackSet, asked_for, invalid, refusing, sets_in
from .wire import answer, page, text, texts

_MOST_RESULTS = 100


def _paged(action: str, params: Parameters, members: Sequence[Any]) -> Answer:
    asked = text(params, "MaxResults")
    if asked and not (asked.isdigit() and 1 <= int(asked) <= _MOST_RESULTS):
        raise invalid(f"Value '{asked}' at 'maxResults' failed to satisfy constraint: Member must have value between 1 and {_MOST_RESULTS}")
    token = text(params, "NextToken")
    if token and not token.startswith(f"{action}:"):
        raise invalid("Invalid NextToken")
    shown, following = page(members, params, action, int(asked or PAGE_SIZE))
    return answer(action, {"Summaries": list(shown), "NextToken": following})


def _filters(params: Parameters) -> dict[str, str]:
    """Name -> the value that passes."""
    found: dict[str, str] = {}
    while name := text(params, f"Filters.member.{len(found) + 1}.Name"):
        found[name] = text(params, f"Filters.member.{len(found) + 1}.Values")
    return found


def describe_stack_set(params: Parameters) -> Answer:
    stack_set = asked_for(params)
    described = {
        **_summary(stack_set),
        "TemplateBody": stack_set.body,
        "Parameters": _parameters(stack_set.values),
        "Capabilities": stack_set.capabilities,
        "Tags": stack_set.tags,
        "StackSetARN": stack_set.arn,
        "AdministrationRoleARN": None if stack_set.service_managed else stack_set.administration_role,
        "ExecutionRoleName": None if stack_set.service_managed else stack_set.execution_role,
        "OrganizationalUnitIds": list(stack_set.units),
        "Regions": list(dict.fromkeys(instance.region for instance in stack_set.instances.values())),
        "StackSetDriftDetectionDetails": stack_set.drift or None,
    }
    return answer("DescribeStackSet", {"StackSet": {name: value for name, value in described.items() if name not in _OF_LISTS}})


_OF_LISTS = ("DriftStatus", "LastDriftCheckTimestamp")
"""What a summary says in its own words."""


def _summary(stack_set: StackSet) -> dict[str, Any]:
    automatic = stack_set.automatic
    return {
        "StackSetName": stack_set.name,
        "StackSetId": stack_set.set_id,
        "Description": stack_set.description or None,
        "Status": stack_set.status,
        "PermissionModel": stack_set.model,
        "AutoDeployment": {
            "Enabled": automatic.enabled,
            "RetainStacksOnAccountRemoval": automatic.retain if automatic.enabled else None,
            "DependsOn": list(automatic.depends_on),
        }
        if stack_set.service_managed
        else None,
        "ManagedExecution": {"Active": stack_set.managed_execution},
        "DriftStatus": stack_set.drift.get("DriftStatus", "NOT_CHECKED"),
        "LastDriftCheckTimestamp": stack_set.drift.get("LastDriftCheckTimestamp"),
    }


def _parameters(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]


def list_stack_sets(params: Parameters) -> Answer:
    wanted = text(params, "Status")
    return _paged("ListStackSets", params, [_summary(known) for known in sets_in(account(), region()) if wanted in ("", known.status)])


def describe_stack_instance(params: Parameters) -> Answer:
    stack_set, instance = _instance_asked_for(params)
    described = {**_instance(stack_set, instance), "ParameterOverrides": _parameters(instance.overrides)}
    return answer("DescribeStackInstance", {"StackInstance": described})


def _instance_asked_for(params: Parameters) -> tuple[StackSet, Instance]:
    stack_set = asked_for(params)
    member, place = text(params, "StackInstanceAccount"), text(params, "StackInstanceRegion")
    if (member, place) not in stack_set.instances:
        raise not_found(stack_set, member, place)
    return stack_set, stack_set.instances[member, place]


def _instance(stack_set: StackSet, instance: Instance) -> dict[str, Any]:
    return {
        "StackSetId": stack_set.set_id,
        "Account": instance.account,
        "Region": instance.region,
        "StackId": instance.stack_id or None,
        "Status": instance.status,
        "StackInstanceStatus": {"DetailedStatus": instance.detailed},
        "StatusReason": instance.reason or None,
        "OrganizationalUnitId": instance.unit,
        "DriftStatus": instance.drift,
        "LastDriftCheckTimestamp": instance.drift_checked,
        "LastOperationId": instance.last_operation or None,
    }


def list_stack_instances(params: Parameters) -> Answer:
    stack_set = asked_for(params)
    member, place, filters = text(params, "StackInstanceAccount"), text(params, "StackInstanceRegion"), _filters(params)
    kept = [
        _instance(stack_set, instance)
        for instance in sorted(stack_set.instances.values(), key=lambda instance: instance.target)
        if member in ("", instance.account) and place in ("", instance.region) and _passes(instance, filters)
    ]
    return _paged("ListStackInstances", params, kept)


def _passes(instance: Instance, filters: dict[str, str]) -> bool:
    own = {"DETAILED_STATUS": instance.detailed, "LAST_OPERATION_ID": instance.last_operation, "DRIFT_STATUS": instance.drift}
    return all(own.get(name) == wanted for name, wanted in filters.items())


def describe_operation(params: Parameters) -> Answer:
    stack_set = asked_for(params)
    operation = operation_asked_for(stack_set, params)
    described = {
        **_operation(operation),
        "StackSetId": stack_set.set_id,
        "AdministrationRoleARN": None if stack_set.service_managed else stack_set.administration_role,
        "ExecutionRoleName": None if stack_set.service_managed else stack_set.execution_role,
        **({"StackSetDriftDetectionDetails": drift.found(stack_set, operation)} if operation.action == "DETECT_DRIFT" else {}),
        **operation.details,
    }
    return answer("DescribeStackSetOperation", {"StackSetOperation": described})


def _operation(operation: Operation) -> dict[str, Any]:
    return {
        "OperationId": operation.operation_id,
        "Action": operation.action,
        "Status": operation.status,
        "StatusReason": operation.reason or None,
        "CreationTimestamp": operation.created,
        "EndTimestamp": operation.ended,
        "OperationPreferences": operation.preferences.described(),
        "StatusDetails": {"FailedStackInstancesCount": operation.failures()},
    }


def list_operations(params: Parameters) -> Answer:
    """The newest first."""
    return _paged("ListStackSetOperations", params, [_operation(known) for known in reversed(asked_for(params).operations)])


def list_results(params: Parameters) -> Answer:
    operation = operation_asked_for(asked_for(params), params)
    wanted = _filters(params).get("OPERATION_RESULT_STATUS")
    kept = [_result(result) for result in operation.results.values() if wanted in (None, result.status)]
    return _paged("ListStackSetOperationResults", params, kept)


def _result(result: Result) -> dict[str, Any]:
    gate = f"arn:aws:lambda:{result.region}:{result.account}:function:AWSCloudFormationStackSetAccountGate"
    began = result.status not in ("PENDING", "CANCELLED")
    return {
        "Account": result.account,
        "Region": result.region,
        "Status": result.status,
        "StatusReason": result.reason or None,
        "AccountGateResult": {"Status": "SKIPPED", "StatusReason": f"Function not found: {gate}"} if began else None,
        "OrganizationalUnitId": result.unit,
    }


def list_resource_drifts(params: Parameters) -> Answer:
    """Of the last detection in that instance."""
    stack_set, instance = _instance_asked_for(params)
    operation_asked_for(stack_set, params)
    wanted = texts(params, "StackInstanceResourceDriftStatuses")
    with responses.request_scope(instance.account, instance.region):
        stack = stack_by_id(instance.stack_id)
    records: list[Record] = list(stack.get("_resources", {}).values()) if stack else []
    found = [record["_drift"] for record in records if record.get("_drift")]
    kept = [_resource_drift(instance, one) for one in found if not wanted or one["StackResourceDriftStatus"] in wanted]
    return _paged("ListStackInstanceResourceDrifts", params, kept)


def _resource_drift(instance: Instance, found: dict[str, Any]) -> dict[str, Any]:
    kept = ("LogicalResourceId", "PhysicalResourceId", "ResourceType", "StackResourceDriftStatus", "Timestamp", "PropertyDifferences")
    return {"StackId": instance.stack_id, **{name: found.get(name) for name in kept}}


def list_auto_deployment_targets(params: Parameters) -> Answer:
    units = asked_for(params).units
    kept = [{"OrganizationalUnitId": unit, "Regions": regions} for unit, regions in units.items()]
    return _paged("ListStackSetAutoDeploymentTargets", params, kept)


def install() -> None:
    for action, handler in (
        ("DescribeStackSet", describe_stack_set),
        ("ListStackSets", list_stack_sets),
        ("DescribeStackInstance", describe_stack_instance),
        ("ListStackInstances", list_stack_instances),
        ("DescribeStackSetOperation", describe_operation),
        ("ListStackSetOperations", list_operations),
        ("ListStackSetOperationResults", list_results),
        ("ListStackInstanceResourceDrifts", list_resource_drifts),
        ("ListStackSetAutoDeploymentTargets", list_auto_deployment_targets),
    ):
        handlers._ACTION_HANDLERS[action] = refusing(handler)
