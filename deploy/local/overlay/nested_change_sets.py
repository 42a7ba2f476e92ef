"""A root change set with one below it for each nested stack, made one after another while the caller waits.

Models the user guide's "Change sets for nested stacks" and what users have published of it: the root is in progress until
its children are settled; a child that changes nothing is FAILED although the root is good; a child that fails for another
reason fails the root at once, while others are still being made; a child's parameter that comes from a sibling which changes
is known only after apply, so its change may be no change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from . import drift_reverts
from .attempts import STACK
from .emulator import Stack, account, changesets, cloudformation, engine, region, responses, stack_by_id, stacks
from .known import UNKNOWN, View
from .nested import children_of, new_stack, plain, read
from .settings import CHANGE_SET_SECONDS

ChangeSet = dict[str, Any]

FROM_ROOT = "Only executable from the root change set"
NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
_CHILD_FAILED = "Nested change set {id} was not successfully created: Currently in FAILED."
_AUTOMATIC = {
    "Target": {"Attribute": "Properties", "RequiresRecreation": "Never"},
    "Evaluation": "Dynamic",
    "ChangeSource": "Automatic",
}


def begin(root: ChangeSet) -> None:
    """Announce the children and settle them in the background."""
    root.update(Status="CREATE_IN_PROGRESS", ExecutionStatus="UNAVAILABLE", StatusReason="")
    _announce(root, root)
    stack = stack_by_id(root["StackId"])
    stacks._create_stack_task_in_region(_settle_root(root), stack, root["StackId"])


def add_automatic(change_set: ChangeSet, children: set[str]) -> None:
    """Rows for nested stacks that may have changed, for all that one can see from here."""
    shown = {change["ResourceChange"]["LogicalResourceId"] for change in change_set["Changes"]}
    for logical_id in sorted(children - shown):
        record = change_set["_former_records"][logical_id]
        change_set["Changes"].append(
            {
                "ResourceChange": {
                    "Action": "Modify",
                    "LogicalResourceId": logical_id,
                    "PhysicalResourceId": record["PhysicalResourceId"],
                    "ResourceType": STACK,
                    "Replacement": "False",
                    "Scope": ["Properties"],
                    "Details": [_AUTOMATIC],
                }
            }
        )


def below(change_set: ChangeSet) -> list[ChangeSet]:
    """All change sets nested in this one, at any depth."""
    found = []
    for child_id in change_set.get("_children", {}).values():
        if child := cloudformation._change_sets.get(child_id):
            found += [child, *below(child)]
    return found


def reserve(change_set: ChangeSet) -> None:
    """New nested stacks get the ids that the change set showed."""
    for member in (change_set, *below(change_set)):
        if stack := stack_by_id(member["StackId"]):
            stack["_reserved"] = {
                logical_id: child["StackId"]
                for logical_id, child_id in member.get("_children", {}).items()
                if (child := cloudformation._change_sets.get(child_id))
            }


def forget(change_set: ChangeSet) -> None:
    """The nested change sets of one that was executed have served."""
    for child in below(change_set):
        cloudformation._change_sets.pop(child["ChangeSetId"], None)


def drop(change_set: ChangeSet) -> None:
    """Delete a change set, those below it, and the stacks in review that they announced."""
    for member in (change_set, *below(change_set)):
        cloudformation._change_sets.pop(member["ChangeSetId"], None)
        stack = stack_by_id(member["StackId"])
        if member is not change_set and stack and stack["StackStatus"] == "REVIEW_IN_PROGRESS":
            cloudformation._stacks.pop(stack["StackName"])


async def drop_later(change_set: ChangeSet) -> None:
    await asyncio.sleep(CHANGE_SET_SECONDS)
    drop(change_set)


def _announce(change_set: ChangeSet, root: ChangeSet) -> None:
    """A change set for each nested stack that stays or comes; one that goes has only its row in the parent."""
    stack = cloudformation._stacks[change_set["StackName"]]
    add_automatic(change_set, set(children_of(stack)) & set(change_set["_template"]["Resources"]))
    change_set["_children"] = {}
    for change in change_set["Changes"]:
        row = change["ResourceChange"]
        if row["ResourceType"] == STACK and row["Action"] != "Remove":
            child = _new(change_set, root, row)
            row["ChangeSetId"] = change_set["_children"][row["LogicalResourceId"]] = child["ChangeSetId"]


def _new(parent: ChangeSet, root: ChangeSet, row: dict[str, Any]) -> ChangeSet:
    logical_id = row["LogicalResourceId"]
    owner = cloudformation._stacks[parent["StackName"]]
    stack = stack_by_id(row.get("PhysicalResourceId")) or new_stack(owner, logical_id, "REVIEW_IN_PROGRESS")
    name = f"{root['ChangeSetName'][:80]}-{logical_id}-{responses.new_uuid()[:8]}"
    child = {
        "ChangeSetId": f"arn:aws:cloudformation:{region()}:{account()}:changeSet/{name}/{responses.new_uuid()}",
        "ChangeSetName": name,
        "StackId": stack["StackId"],
        "StackName": stack["StackName"],
        "Status": "CREATE_IN_PROGRESS",
        "ExecutionStatus": "UNAVAILABLE",
        "StatusReason": "",
        "CreationTime": responses.now_iso(),
        "ChangeSetType": "CREATE" if row["Action"] == "Add" else "UPDATE",
        "Changes": [],
        "Parameters": [],
        "IncludeNestedStacks": True,
        "ParentChangeSetId": parent["ChangeSetId"],
        "RootChangeSetId": root["ChangeSetId"],
        **{key: parent.get(key) for key in ("Tags", "Capabilities", "OnStackFailure", "Description")},
        "_template": {},
        "_former": dict(stack.get("_template", {}).get("Resources") or {}),
        "_former_records": dict(stack.get("_resources", {})),
    }
    cloudformation._change_sets[child["ChangeSetId"]] = child
    return child


async def _settle_root(root: ChangeSet) -> None:
    changed = await _settle_children(root, root)
    if root["Status"] == "FAILED":
        return
    if changed:
        root.update(Status="CREATE_COMPLETE", ExecutionStatus="AVAILABLE")
    else:
        root.update(Status="FAILED", StatusReason=NO_CHANGES, Changes=[])


async def _settle_children(change_set: ChangeSet, root: ChangeSet) -> bool:
    """Settle what is nested in a change set; True when it, or anything below it, changes something."""
    stack = cloudformation._stacks[change_set["StackName"]]
    changed = {row["LogicalResourceId"] for row in _rows(change_set) if row["ResourceType"] != STACK or row["Action"] != "Modify"}
    for logical_id in _order(change_set):
        child = cloudformation._change_sets.get(change_set["_children"].get(logical_id))
        if child is None:
            continue
        await asyncio.sleep(CHANGE_SET_SECONDS)
        view = View.ahead(stack, change_set["_template"], change_set["_resolved_params"], changed)
        if await _settle_child(child, root, view.properties(logical_id), change_set["StackName"]):
            changed.add(logical_id)
    return bool(changed) or any(_direct(row) for row in _rows(change_set))


def _order(change_set: ChangeSet) -> list[str]:
    conditions = engine._evaluate_conditions(change_set["_template"], change_set["_resolved_params"])
    return list(engine._topological_sort(change_set["_template"]["Resources"], conditions))


def _rows(change_set: ChangeSet) -> Iterator[dict[str, Any]]:
    return (change["ResourceChange"] for change in change_set["Changes"])


def _direct(row: dict[str, Any]) -> bool:
    """True where the template itself was edited, and not only perhaps changed through something else."""
    return any(detail.get("ChangeSource") == "DirectModification" and detail["Evaluation"] == "Static" for detail in row.get("Details", []))


async def _settle_child(child: ChangeSet, root: ChangeSet, properties: dict[str, Any], parent_name: str) -> bool:
    """Compute one nested change set; True when it changes something."""
    try:
        _diff(child, properties, parent_name)
        if root.get("DeploymentMode") == drift_reverts.MODE:
            child["Changes"] = drift_reverts.with_drift(child["Changes"], cloudformation._stacks[child["StackName"]])
    except ValueError as error:
        child.update(Status="FAILED", StatusReason=str(error))
        if root["Status"] == "CREATE_IN_PROGRESS":
            root.update(Status="FAILED", StatusReason=_CHILD_FAILED.format(id=child["ChangeSetId"]))
        return False
    _announce(child, root)
    changed = await _settle_children(child, root) if child["_children"] else bool(child["Changes"])
    if changed:
        child.update(Status="CREATE_COMPLETE", StatusReason=FROM_ROOT)
    else:
        child.update(Status="FAILED", StatusReason=NO_CHANGES, Changes=[])
    return changed


def _diff(child: ChangeSet, properties: dict[str, Any], parent_name: str) -> None:
    """The rows of a nested change set.

    Raises:
        ValueError: in AWS's words where template or parameters are not good.
    """
    stack = cloudformation._stacks[child["StackName"]]
    wanted = read(parent_name, properties, acknowledged=child.get("Capabilities") or [])
    template, values = wanted.template, wanted.values
    former, former_values = stack.get("_template", {}), stack.get("_resolved_params", {})
    changed_values = {name for name, value in plain(values).items() if plain(former_values).get(name) != value}
    retag = stack.get("_resources", {}) if child["ChangeSetType"] == "UPDATE" and _retagged(stack, properties) else ()
    changes = stacks._diff_resources(
        _resolved(former, former_values, stack),
        _resolved(template, values, stack),
        stack.get("_resources"),
        template,
        changed_values,
        retag,
    )
    unknown = {name for name, value in plain(values).items() if value == UNKNOWN}
    child.update(
        {
            "Changes": [_perhaps(change, unknown) for change in changes],
            "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in plain(values).items()],
            "_template": template,
            "_template_body": wanted.body,
            "_resolved_params": values,
        }
    )


def _retagged(stack: Stack, properties: dict[str, Any]) -> bool:
    given = [tag for tag in properties.get("Tags") or [] if not tag["Key"].startswith("aws:")]
    return bool(given) and bool(stacks._stack_tags_changed(stack, given, True))


def _resolved(template: dict[str, Any], values: dict[str, Any], stack: Stack) -> dict[str, Any]:
    made: dict[str, Any] = changesets._resolve_props_for_diff(template, values, stack["StackName"], stack["StackId"])
    return made


def _perhaps(change: dict[str, Any], unknown: set[str]) -> dict[str, Any]:
    """A detail that hangs on a value known only after apply is dynamic: a replacement by it is only possible."""
    row = change["ResourceChange"]
    for detail in row.get("Details", []):
        if detail.get("CausingEntity") in unknown:
            detail["Evaluation"] = "Dynamic"
    if row["Action"] == "Modify" and unknown and row["Replacement"] == "True":
        row["Replacement"] = stacks._replacement(row["Details"], False)
        if row["Replacement"] != "True":
            row.pop("PolicyAction", None)
    return change
