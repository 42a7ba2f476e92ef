"""A change set as a whole: every page, every nested change set, and what AWS's odd words for it mean.

AWS behaviour that is seen through here (API reference, DescribeChangeSet; "Change sets for nested stacks"): the root fails as soon
as one child fails while others are still being made; a child that changes nothing is FAILED; a good child that waits for its root says
"Only executable from the root change set"; with property values an answer may be incomplete, which a "[WARN]" says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from deploy.model import NESTED, Change, ChangeSet, Detail, Trigger

Describe = Callable[..., dict[str, Any]]

_NO_CHANGES = ("didn't contain changes", "No updates are to be performed", "No updates were to be performed")
_WARNS = "[WARN]"
_UNSETTLED = ("CREATE_PENDING", "CREATE_IN_PROGRESS", "DELETE_PENDING", "DELETE_IN_PROGRESS")


def read(describe: Describe, change_set_id: str) -> ChangeSet:
    """``describe``: DescribeChangeSet's keyword arguments to its answer."""
    first, rows, lost = _whole(describe, change_set_id)
    # A row of another type than Resource, which the API reference leaves room for, has none.
    changes = tuple(_change(row["ResourceChange"]) for row in rows if row.get("ResourceChange"))
    children = {change.logical_id: read(describe, change.nested) for change in changes if change.nested}
    reason = first.get("StatusReason") or ""
    failed = first["Status"] == "FAILED"
    return ChangeSet(
        id=first["ChangeSetId"],
        name=first["ChangeSetName"],
        stack_id=first["StackId"],
        stack_name=first["StackName"],
        kind=first.get("ChangeSetType") or "UPDATE",
        status=first["Status"],
        execution_status=first.get("ExecutionStatus") or "UNAVAILABLE",
        reason=reason,
        created=first.get("CreationTime"),
        parameters={
            one["ParameterKey"]: one.get("ResolvedValue") or one.get("ParameterValue") or "" for one in first.get("Parameters") or ()
        },
        tags={tag["Key"]: tag["Value"] for tag in first.get("Tags") or ()},
        triggers=triggers(first.get("RollbackConfiguration")),
        monitoring_minutes=(first.get("RollbackConfiguration") or {}).get("MonitoringTimeInMinutes") or 0,
        changes=changes,
        children=children,
        empty=failed and any(words in reason for words in _NO_CHANGES),
        values_lost=lost,
    )


def is_unsettled(status: str) -> bool:
    return status in _UNSETTLED


def unsettled(change_set: ChangeSet) -> bool:
    """True while it, or any nested in it, is still being made."""
    return is_unsettled(change_set.status) or any(unsettled(child) for child in change_set.children.values())


def triggers(configuration: dict[str, Any] | None) -> tuple[Trigger, ...]:
    return tuple(Trigger(arn=one["Arn"], type=one["Type"]) for one in (configuration or {}).get("RollbackTriggers") or ())


def failures(change_set: ChangeSet, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], ChangeSet]]:
    """(path, change set) for each that failed, the deepest first: a parent only says that its child failed."""
    for logical_id, child in change_set.children.items():
        yield from failures(child, (*path, logical_id))
    if change_set.failed:
        yield path, change_set


def _whole(describe: Describe, change_set_id: str) -> tuple[dict[str, Any], list[dict[str, Any]], bool]:
    """The first page, the rows of all pages, and whether AWS warned that values are missing.

    Where it warns, rows may be missing as well: they are read again without values, and those with values kept where there are any.
    """
    pages = list(_pages(describe, change_set_id, IncludePropertyValues=True))
    rows = [row for page in pages for row in page.get("Changes") or ()]
    if not any((page.get("StatusReason") or "").startswith(_WARNS) for page in pages):
        return pages[0], rows, False
    with_values = {row["ResourceChange"].get("LogicalResourceId"): row for row in rows if row.get("ResourceChange")}
    plain = [row for page in _pages(describe, change_set_id) for row in page.get("Changes") or ()]
    return pages[0], [with_values.get(row.get("ResourceChange", {}).get("LogicalResourceId"), row) for row in plain], True


def _pages(describe: Describe, change_set_id: str, **more: Any) -> Iterator[dict[str, Any]]:
    token: dict[str, str] = {}
    while True:
        answer = describe(ChangeSetName=change_set_id, **more, **token)
        yield answer
        if not answer.get("NextToken"):
            return
        token = {"NextToken": answer["NextToken"]}


def _change(change: dict[str, Any]) -> Change:
    kind = change.get("ResourceType") or ""
    return Change(
        # The model requires none of these. What will be done where AWS does not say is not known before.
        action=change.get("Action") or "Dynamic",
        logical_id=change.get("LogicalResourceId") or "",
        type=kind,
        physical_id=change.get("PhysicalResourceId") or "",
        replacement=change.get("Replacement"),
        scope=tuple(change.get("Scope") or ()),
        policy_action=change.get("PolicyAction"),
        details=tuple(_detail(detail) for detail in change.get("Details") or ()),
        before=_context(change.get("BeforeContext")),
        after=_context(change.get("AfterContext")),
        nested=(change.get("ChangeSetId") or "") if kind == NESTED else "",
        drift=drift if (drift := change.get("ResourceDriftStatus") or "") in ("MODIFIED", "DELETED") else "",
    )


def _detail(detail: dict[str, Any]) -> Detail:
    target = detail.get("Target") or {}
    return Detail(
        attribute=target.get("Attribute") or "Properties",
        name=target.get("Name") or "",
        path=target.get("Path") or "",
        kind=target.get("AttributeChangeType") or "",
        before=target.get("BeforeValue"),
        after=target.get("AfterValue"),
        recreation=target.get("RequiresRecreation") or "Never",
        evaluation=detail.get("Evaluation") or "Static",
        source=detail.get("ChangeSource") or "",
        cause=detail.get("CausingEntity") or "",
    )


def _context(text: str | None) -> dict[str, Any] | None:
    """The whole resource; None where AWS sends none, or something that is no object."""
    if not text:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
