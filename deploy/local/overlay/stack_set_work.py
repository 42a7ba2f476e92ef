"""What an operation on a StackSet does in one account and region: a real stack made, changed, looked at or deleted there.

Models the user guide's "StackSets concepts" and "Grant self-managed permissions" (the execution role must be in the account and trust
the administration role), and the API reference's StackInstance and CreateStack (a create that fails is deleted, whatever OnFailure
says elsewhere). The stack's template is the set's own, so its size is limited as a template in S3 is.
"""

from __future__ import annotations

import asyncio
import html
import json
import re

from . import account_regions
from . import stack_set_organizations as organizations
from .emulator import Answer, Parameters, Record, Stack, cloudformation, evaluator, handlers, helpers, iam, responses, stack_called
from .faults import resource_faults
from .stack_set_records import Failed, Instance, Skipped, StackSet, invalid

_TEMPLATE = "TaplineStackSetTemplate"
_SERVICE = "cloudformation.amazonaws.com"
_POLL_SECONDS = 0.01


def check_administration(stack_set: StackSet) -> None:
    """
    Raises:
        Refused: the account of the set has no role that CloudFormation may take up for it.
    """
    name = stack_set.administration_role.split(":role/")[-1]
    role = iam._roles.get_scoped(stack_set.account, None, name.split("/")[-1])
    if not stack_set.service_managed and not (role and _trusts_the_service(role["AssumeRolePolicyDocument"])):
        raise invalid(f"Account {stack_set.account} should have '{name}' role with trust relationship to CloudFormation service.")


def _trusts_the_service(document: str) -> bool:
    statements = json.loads(document).get("Statement", [])
    return any(
        statement.get("Effect") == "Allow" and evaluator._service_principal_matches(statement.get("Principal", {}), _SERVICE)
        for statement in (statements if isinstance(statements, list) else [statements])
    )


def check_execution(stack_set: StackSet, instance: Instance) -> None:
    """
    Raises:
        Failed: the account has no execution role that trusts the administration role, is closed, or it or the administrator has not
            enabled the region.
        Skipped: the account is suspended and AWS itself holds the roles.
    """
    for owner in (instance.account, stack_set.account):
        if not account_regions.is_enabled(owner, instance.region):
            raise Failed(f"Region {instance.region} is not enabled in account {owner}")
    suspended = organizations.is_suspended(stack_set.account, instance.account)
    if stack_set.service_managed:
        if suspended:
            raise Skipped
        return
    administration = stack_set.administration_role.split(":role/")[-1]
    role = None if suspended else iam._roles.get_scoped(instance.account, None, stack_set.execution_role)
    session = f"arn:aws:sts::{stack_set.account}:assumed-role/{administration.split('/')[-1]}/stack-set"
    if role is None or not evaluator.evaluate_trust_policy(role["AssumeRolePolicyDocument"], session):
        raise Failed(
            f"Account {instance.account} should have '{stack_set.execution_role}' role with trust relationship to Role '{administration}'."
        )


async def apply(stack_set: StackSet, instance: Instance) -> None:
    """Bring the instance's stack to the set's template and values; made anew where there is none."""
    check_execution(stack_set, instance)
    stack = stack_called(instance.stack_id) if instance.stack_id else None
    if stack is None:
        await _create(stack_set, instance)
        return
    before = _events(stack)
    made = handlers._ACTION_HANDLERS["UpdateStack"](_request(stack_set, instance, stack["StackName"]))
    if made[0] != 200 and "No updates are to be performed" in _message(made):
        return
    _accepted(made)
    if await _settled(stack) != "UPDATE_COMPLETE":
        raise Failed(_cause(stack, before))


async def _create(stack_set: StackSet, instance: Instance) -> None:
    name = f"StackSet-{stack_set.name}-{responses.new_uuid()}"
    _accepted(handlers._ACTION_HANDLERS["CreateStack"]({**_request(stack_set, instance, name), "OnFailure": ["DELETE"]}))
    stack: Stack = cloudformation._stacks[name]
    instance.stack_id = stack["StackId"]
    if await _settled(stack) != "CREATE_COMPLETE":
        raise Failed(_cause(stack, []))


async def remove(stack_set: StackSet, instance: Instance, *, retain: bool) -> None:
    """The instance leaves its set; its stack goes, unless it is retained."""
    stack = stack_called(instance.stack_id) if instance.stack_id and not retain else None
    if stack is not None:
        check_execution(stack_set, instance)
        before = _events(stack)
        _accepted(handlers._ACTION_HANDLERS["DeleteStack"]({"StackName": [instance.stack_id]}))
        # The deletion begins after the answer; until it has, the stack would seem to be settled.
        stack["StackStatus"] = "DELETE_IN_PROGRESS"
        if await _settled(stack) != "DELETE_COMPLETE":
            instance.status = "INOPERABLE"
            raise Failed(_cause(stack, before))
    stack_set.instances.pop(instance.target, None)


async def detect(stack_set: StackSet, instance: Instance) -> None:
    """Drift of one instance, as DetectStackDrift finds it in its account."""
    check_execution(stack_set, instance)
    if not instance.stack_id or (stack := stack_called(instance.stack_id)) is None:
        raise Failed(f"Stack instance in account {instance.account} and region {instance.region} has no stack")
    struck = resource_faults("AWS::CloudFormation::Stack", "detect", stack["StackName"])
    await asyncio.sleep(sum(rule.latency for rule in struck))
    _accepted(handlers._ACTION_HANDLERS["DetectStackDrift"]({"StackName": [instance.stack_id]}))
    instance.drift = stack["DriftInformation"]["StackDriftStatus"]
    instance.drift_checked = responses.now_iso()


def _request(stack_set: StackSet, instance: Instance, name: str) -> Parameters:
    values = {**stack_set.values, **instance.overrides}
    request: Parameters = {"StackName": [name], _TEMPLATE: [stack_set.body], "Tags": [""]}
    for index, (key, value) in enumerate(values.items(), 1):
        request[f"Parameters.member.{index}.ParameterKey"] = [key]
        request[f"Parameters.member.{index}.ParameterValue"] = [value]
    for index, capability in enumerate(stack_set.capabilities, 1):
        request[f"Capabilities.member.{index}"] = [capability]
    for index, tag in enumerate(stack_set.tags, 1):
        request.update({f"Tags.member.{index}.{field}": [tag[field]] for field in ("Key", "Value")})
    return request


def _accepted(made: Answer) -> None:
    if made[0] != 200:
        raise Failed(_message(made))


def _message(made: Answer) -> str:
    found = re.search(r"<Message>(.*?)</Message>", made[2].decode(), re.DOTALL)
    return html.unescape(found.group(1)) if found else made[2].decode()


async def _settled(stack: Stack) -> str:
    """A stack's state when nothing more happens to it; a failed create ends with its deletion."""
    while str(stack["StackStatus"]).endswith("IN_PROGRESS") or stack["StackStatus"] == "ROLLBACK_COMPLETE":
        await asyncio.sleep(_POLL_SECONDS)
    return str(stack["StackStatus"])


def _events(stack: Stack) -> list[Record]:
    return list(cloudformation._stack_events.get(stack["StackId"], []))


def _cause(stack: Stack, before: list[Record]) -> str:
    """The first failure among the events that were not there before, in the words of StackSets."""
    for event in _events(stack)[len(before) :]:
        reason = event["ResourceStatusReason"]
        if event["ResourceStatus"].endswith("_FAILED") and reason and not reason.endswith("cancelled"):
            return f"ResourceLogicalId:{event['LogicalResourceId']}, ResourceType:{event['ResourceType']}, ResourceStatusReason:{reason}"
    return str(stack.get("StackStatusReason") or stack["StackStatus"])


def install() -> None:
    theirs = helpers._resolve_document

    def resolve_document(params: Parameters, body_key: str, url_key: str, label: str) -> tuple[str | None, Answer | None]:
        """The one before, but for a set's own template."""
        if body_key == "TemplateBody" and _TEMPLATE in params:
            return str(params[_TEMPLATE][0]), None
        document: tuple[str | None, Answer | None] = theirs(params, body_key, url_key, label)
        return document

    helpers._resolve_document = resolve_document
