"""CloudFormation in one account and region: stacks, change sets, events, in our own nouns."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from deploy.aws import changes
from deploy.aws.api import Api
from deploy.aws.failures import AwsRefusal
from deploy.errors import Denied, OutcomeUnknown
from deploy.model import NESTED, ChangeSet, Event, Resource, Stack
from deploy.parallel import each
from deploy.status import Status

Document = dict[str, Any]

_GONE = ("ChangeSetNotFound", "ChangeSetNotFoundException")


@dataclass(frozen=True, kw_only=True)
class Stacks:
    """``sleep`` waits, so that a test need not."""

    api: Api
    sleep: Callable[[float], None] = time.sleep

    def find(self, name: str) -> Stack | None:
        """The stack of this name or id; None where none stands. One that was deleted is found by its id alone."""
        try:
            answer = self.api("describe_stacks", StackName=name)
        except AwsRefusal as error:
            if "does not exist" in error.message:
                return None
            raise
        return _stack(answer["Stacks"][0])

    def template(self, name: str) -> Document:
        """The template as it was given, parsed; CloudFormation keeps its bytes, botocore reads JSON."""
        return _document(self.api("get_template", StackName=name, TemplateStage="Original"))

    def proposed_template(self, change_set_id: str) -> Document:
        """The template that executing a change set will use."""
        return _document(self.api("get_template", ChangeSetName=change_set_id, TemplateStage="Original"))

    def policy(self, name: str) -> Document:
        """The stack policy; empty where there is none."""
        body = self.api("get_stack_policy", StackName=name).get("StackPolicyBody")
        return json.loads(body) if body else {}

    def resources(self, name: str) -> tuple[Resource, ...]:
        found = self.api.pages("list_stack_resources", "StackResourceSummaries", StackName=name)
        return tuple(
            Resource(
                logical_id=one["LogicalResourceId"],
                physical_id=one.get("PhysicalResourceId") or "",
                type=one["ResourceType"],
                status=one["ResourceStatus"],
                reason=one.get("ResourceStatusReason") or "",
            )
            for one in found
        )

    def nested(self, name: str) -> dict[tuple[str, ...], str]:
        """Path of logical ids -> stack id, for every stack nested in this one, at any depth; a level at a time, side by side."""
        found: dict[tuple[str, ...], str] = {}
        level: dict[tuple[str, ...], str] = {(): name}
        while level:
            answers = zip(level, each(self.resources, level.values()), strict=True)
            level = {
                (*path, resource.logical_id): resource.physical_id
                for path, resources in answers
                for resource in resources
                if resource.type == NESTED and resource.physical_id and resource.status != "DELETE_COMPLETE"
            }
            found |= level
        return found

    def propose(self, name: str, **parameters: Any) -> tuple[str, str]:
        """Create a change set; (its id, the stack's id). ``parameters``: those of CreateChangeSet, with a name that nobody else uses.

        One that is there already is the one that was asked for: the answer was lost on its way, and botocore asked again.
        """
        try:
            made = self.api("create_change_set", StackName=name, **parameters)
            return made["Id"], made["StackId"]
        except AwsRefusal as error:
            if error.reason not in ("AlreadyExistsException", "AlreadyExists"):
                raise
        there = self.api("describe_change_set", StackName=name, ChangeSetName=parameters["ChangeSetName"])
        return there["ChangeSetId"], there["StackId"]

    def change_set(self, change_set_id: str) -> ChangeSet | None:
        """All of it as it is now; None where it is gone."""
        try:
            return changes.read(self._describe, change_set_id)
        except AwsRefusal as error:
            if error.reason in _GONE:
                return None
            raise

    def settle(self, change_set_id: str, seconds: float = 900) -> ChangeSet:
        """Wait until a change set and all that are nested in it are made, or have failed; then all of it.

        Raises:
            OutcomeUnknown: not within ``seconds``.
        """
        deadline, pause = time.monotonic() + seconds, 0.05
        while True:
            # The root alone is asked until it is settled; its children may take longer.
            if not changes.is_unsettled(self._describe(ChangeSetName=change_set_id)["Status"]):
                found = changes.read(self._describe, change_set_id)
                if not changes.unsettled(found):
                    return found
            if time.monotonic() > deadline:
                raise OutcomeUnknown(
                    f"change set {change_set_id}", f"it is still being made after {seconds:.0f} s", "run the same command again"
                )
            self.sleep(pause)
            pause = min(pause * 1.5, 3.0)

    def discard(self, change_set_id: str) -> None:
        """Delete a change set with all that are nested in it, and wait until it is gone.

        AWS deletes nested change sets in the background, and answers that a change set in progress cannot be deleted.
        """
        for step in (lambda: self.settle(change_set_id, seconds=120), lambda: self.api("delete_change_set", ChangeSetName=change_set_id)):
            try:
                step()
            except AwsRefusal as error:
                # Also where a nested one has gone already: its root must go nevertheless.
                if error.reason not in _GONE:
                    raise
        self._wait_gone(change_set_id)

    def proposals(self, name: str) -> Iterator[dict[str, str]]:
        """The change sets of a stack: ``id``, ``name``, ``description``, ``status``, ``root`` (of a nested one)."""
        for one in self.api.pages("list_change_sets", "Summaries", StackName=name):
            yield {
                "id": one["ChangeSetId"],
                "name": one["ChangeSetName"],
                "description": one.get("Description") or "",
                "status": one.get("Status") or "",
                "execution": one.get("ExecutionStatus") or "",
                "root": one.get("RootChangeSetId") or "",
            }

    def execute(self, change_set_id: str, token: str, *, retain_except_on_create: bool) -> None:
        """Begin. ``retain_except_on_create``: what a failed operation has made is deleted, also what its template retains.

        ``DisableRollback`` is always said, since AWS's own text contradicts itself about its default.
        """
        self.api(
            "execute_change_set",
            ChangeSetName=change_set_id,
            ClientRequestToken=token,
            DisableRollback=False,
            RetainExceptOnCreate=retain_except_on_create,
        )

    def events(self, stack_id: str, path: tuple[str, ...] = ()) -> Iterator[Event]:
        """Of one stack, newest first; pages are read as they are asked for."""
        for one in self.api.pages("describe_stack_events", "StackEvents", StackName=stack_id):
            yield _event(one, path)

    def delete(self, stack_id: str, token: str, *, role: str = "", retain: Iterable[str] = ()) -> None:
        more = {"RoleARN": role} if role else {}
        kept = tuple(retain)
        self.api("delete_stack", StackName=stack_id, ClientRequestToken=token, **more, **({"RetainResources": list(kept)} if kept else {}))

    def cancel_update(self, name: str, token: str) -> None:
        """End a running update, which then rolls back; a root's takes its nested stacks with it."""
        self.api("cancel_update_stack", StackName=name, ClientRequestToken=token)

    def continue_rollback(self, name: str, token: str, *, skip: Iterable[str] = (), force: bool = False, role: str = "") -> None:
        """Try again what could not be put back. ``skip``: ``LogicalId`` of the root, ``NestedStackName.LogicalId`` of a nested stack;
        ``role``: the stack's own unless said.
        """
        left, more = list(skip), {"RoleARN": role} if role else {}
        ways = {**({"ResourcesToSkip": left} if left else {}), **({"ForceRollback": True} if force else {})}
        self.api("continue_update_rollback", StackName=name, ClientRequestToken=token, **ways, **more)

    def rollback_stack(self, name: str, token: str, *, role: str = "") -> None:
        """Put back what failed without a rollback of its own. A stack that has no stable state is deleted by it."""
        self.api("rollback_stack", StackName=name, ClientRequestToken=token, **({"RoleARN": role} if role else {}))

    def wait_deleted(self, stack_id: str, seconds: float) -> Stack | None:
        """Until a deletion has ended: the stack where it could not be deleted, None where it is gone.

        Raises:
            OutcomeUnknown: not within ``seconds``.
        """
        deadline = time.monotonic() + seconds
        while (found := self.find(stack_id)) and not found.status.is_absent:
            if found.status.is_stuck:
                return found
            if time.monotonic() > deadline:
                raise OutcomeUnknown(
                    f"stack {found.name}", f"it is still {found.status} after {seconds:.0f} s", "run the same command again"
                )
            self.sleep(0.2)
        return None

    def set_policy(self, name: str, policy: Document) -> None:
        self.api("set_stack_policy", StackName=name, StackPolicyBody=json.dumps(policy, sort_keys=True))

    def protect(self, name: str, *, on: bool) -> None:
        self.api("update_termination_protection", StackName=name, EnableTerminationProtection=on)

    def reasons(self, change_set_id: str) -> tuple[str, ...]:
        """What early validation and hooks say of a change set that failed; only DescribeEvents has it."""
        return self._failed(ChangeSetName=change_set_id)

    def stack_reasons(self, stack_id: str) -> tuple[str, ...]:
        """The same of a stack whose operation was ended by early validation."""
        return self._failed(StackName=stack_id)

    def _failed(self, **of: str) -> tuple[str, ...]:
        try:
            found = list(self.api.pages("describe_events", "OperationEvents", Filters={"FailedEvents": True}, **of))
        except (AwsRefusal, Denied):
            return ()  # an endpoint or a role that does not know this young operation; what failed is said without it
        return tuple(_said(one) for one in found)

    def _describe(self, **parameters: Any) -> dict[str, Any]:
        return self.api("describe_change_set", **parameters)

    def _wait_gone(self, change_set_id: str, seconds: float = 30) -> None:
        """Only the root's own answer counts: the nested ones go before it."""
        deadline, pause = time.monotonic() + seconds, 0.05
        while self._stands(change_set_id) and time.monotonic() < deadline:
            self.sleep(pause)
            pause = min(pause * 1.5, 1.0)

    def _stands(self, change_set_id: str) -> bool:
        try:
            return bool(self._describe(ChangeSetName=change_set_id)["Status"] != "DELETE_COMPLETE")
        except AwsRefusal as error:
            if error.reason in _GONE:
                return False
            raise


def _document(answer: dict[str, Any]) -> Document:
    """botocore parses a template that is JSON."""
    body = answer.get("TemplateBody") or {}
    # YAML, which none of ours is: seen as different, never as equal.
    return {"Text": body} if isinstance(body, str) else dict(body)


def _stack(said: dict[str, Any]) -> Stack:
    rollback = said.get("RollbackConfiguration") or {}
    drift = said.get("DriftInformation") or {}
    return Stack(
        id=said["StackId"],
        name=said["StackName"],
        status=Status(said["StackStatus"]),
        reason=said.get("StackStatusReason") or "",
        created=said.get("CreationTime"),
        updated=said.get("LastUpdatedTime"),
        outputs={one["OutputKey"]: one["OutputValue"] for one in said.get("Outputs") or ()},
        parameters={
            one["ParameterKey"]: one.get("ResolvedValue") or one.get("ParameterValue") or "" for one in said.get("Parameters") or ()
        },
        tags={tag["Key"]: tag["Value"] for tag in said.get("Tags") or ()},
        role=said.get("RoleARN") or "",
        capabilities=tuple(said.get("Capabilities") or ()),
        termination_protection=bool(said.get("EnableTerminationProtection")),
        triggers=changes.triggers(rollback),
        monitoring_minutes=rollback.get("MonitoringTimeInMinutes") or 0,
        parent=said.get("ParentId") or "",
        root=said.get("RootId") or "",
        change_set=said.get("ChangeSetId") or "",
        drift=drift.get("StackDriftStatus") or "NOT_CHECKED",
        drift_checked=drift.get("LastCheckTimestamp"),
    )


def _event(said: dict[str, Any], path: tuple[str, ...]) -> Event:
    own = said.get("PhysicalResourceId") == said["StackId"]
    return Event(
        id=said["EventId"],
        at=said["Timestamp"],
        path=path if own else (*path, said["LogicalResourceId"]),
        type=said["ResourceType"],
        status=said["ResourceStatus"],
        reason=said.get("ResourceStatusReason") or "",
        physical_id=said.get("PhysicalResourceId") or "",
        token=said.get("ClientRequestToken") or "",
    )


def _said(event: dict[str, Any]) -> str:
    """One failed validation or hook, in one line."""
    name = event.get("ValidationName") or event.get("HookType") or event.get("EventType") or "validation"
    where = event.get("ValidationPath") or event.get("LogicalResourceId") or ""
    why = event.get("ValidationStatusReason") or event.get("HookStatusReason") or event.get("ResourceStatusReason") or ""
    return f"{name}{f' at {where}' if where else ''}: {why}"
