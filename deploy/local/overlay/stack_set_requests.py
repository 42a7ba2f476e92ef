"""StackSets are made, changed and deleted under AWS's conditions.

Models the API reference's CreateStackSet, UpdateStackSet and DeleteStackSet. A set of service-managed permissions takes no nested stacks
and no macros ("Create StackSets with service-managed permissions", considerations; the words are those of published errors). An update
changes the set even where it fails in its instances, marks all of them OUTDATED where template or parameters change, and may be limited
to some.
"""

from __future__ import annotations

import json
from typing import Any

from . import stack_set_organizations as organizations
from . import stack_set_quotas as quotas
from . import stack_set_work as work
from .attempts import STACK
from .emulator import Answer, Parameters, account, engine, handlers, helpers, region, responses
from .stack_set_instances import LATER, asked, chosen, operate, values_given
from .stack_set_records import (
    SELF_MANAGED,
    SERVICE_MANAGED,
    AutoDeployment,
    Instance,
    Operation,
    Refused,
    StackSet,
    invalid,
    named,
    refused,
    refusing,
    remember,
)
from .wire import answer, flag, text, texts

_EXECUTION, _ADMINISTRATION = "AWSCloudFormationStackSetExecutionRole", "AWSCloudFormationStackSetAdministrationRole"


def create_stack_set(params: Parameters) -> Answer:
    name, token = text(params, "StackSetName"), text(params, "ClientRequestToken")
    if problems := helpers.stack_name_problems(name):
        raise invalid(helpers.validation_error_message([problem.replace("'stackName'", "'stackSetName'") for problem in problems]))
    if (known := named(name)) is not None:
        if token and known.token == token:
            return answer("CreateStackSet", {"StackSetId": known.set_id})
        raise refused("NameAlreadyExistsException", f"StackSet {name} already exists", 409)
    quotas.check_sets(account())
    body, template = _template(params)
    model = text(params, "PermissionModel", SELF_MANAGED)
    stack_set = StackSet(
        name=name,
        unique=responses.new_uuid(),
        account=account(),
        region=region(),
        description=text(params, "Description"),
        body=body,
        template=template,
        values=_values(template, params, {}),
        tags=_tags(params),
        capabilities=texts(params, "Capabilities"),
        model=model,
        administration_role=text(params, "AdministrationRoleARN") or f"arn:aws:iam::{account()}:role/{_ADMINISTRATION}",
        execution_role=text(params, "ExecutionRoleName") or _EXECUTION,
        automatic=_automatic(params, AutoDeployment()),
        managed_execution=flag(params, "ManagedExecution.Active"),
        token=token,
    )
    _check_model(stack_set, params)
    if model == SERVICE_MANAGED and not text(params, "AutoDeployment.Enabled"):
        raise invalid("AutoDeployment is required for a stack set with the SERVICE_MANAGED permission model")
    remember(stack_set)
    return answer("CreateStackSet", {"StackSetId": stack_set.set_id})


def _template(params: Parameters) -> tuple[str, dict[str, Any]]:
    body, problem = helpers._resolve_template(params)
    if problem:
        raise Refused(problem)
    if not body:
        raise invalid("Either Template URL or Template Body must be specified.")
    try:
        template = engine._parse_template(body)
    except Exception as error:
        raise invalid(f"Template format error: {error}") from error
    if problem := handlers._check_capabilities(template, template, params):
        raise Refused(problem)
    return body, template


def _values(template: dict[str, Any], params: Parameters, former: dict[str, str]) -> dict[str, str]:
    """The set's parameters: those given, those kept, and nothing that the template does not know."""
    declared = template.get("Parameters") or {}
    given = values_given(params, "Parameters")
    if given is None:
        given = {name: LATER for name in former if name in declared}
    if unknown := sorted(set(given) - set(declared)):
        raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    values = {name: former.get(name) if value is LATER else value for name, value in given.items()}
    missing = [name for name, made in declared.items() if values.get(name) is None and "Default" not in made]
    if missing:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    return {name: value for name, value in values.items() if value is not None}


def _tags(params: Parameters) -> list[dict[str, str]]:
    tags = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in helpers._extract_members(params, "Tags")]
    if problem := helpers._validate_stack_tags(tags):
        raise Refused(problem)
    return tags


def _automatic(params: Parameters, former: AutoDeployment) -> AutoDeployment:
    if not text(params, "AutoDeployment.Enabled"):
        return former
    enabled = flag(params, "AutoDeployment.Enabled")
    if not enabled and flag(params, "AutoDeployment.RetainStacksOnAccountRemoval"):
        raise invalid("RetainStacksOnAccountRemoval may only be specified if AutoDeployment is enabled")
    return AutoDeployment(
        enabled=enabled,
        retain=flag(params, "AutoDeployment.RetainStacksOnAccountRemoval"),
        depends_on=tuple(texts(params, "AutoDeployment.DependsOn")),
    )


def _check_model(stack_set: StackSet, params: Parameters) -> None:
    if not stack_set.service_managed:
        if text(params, "CallAs", "SELF") != "SELF":
            raise invalid("CallAs may only be DELEGATED_ADMIN for stack sets with the SERVICE_MANAGED permission model")
        if text(params, "AutoDeployment.Enabled"):
            raise invalid("AutoDeployment is not supported for stack sets with the SELF_MANAGED permission model")
        return
    organizations.check_access()
    if text(params, "AdministrationRoleARN") or text(params, "ExecutionRoleName"):
        raise invalid("Roles may only be specified for stack sets with the SELF_MANAGED permission model")
    if "Transform" in stack_set.template or '"Fn::Transform"' in json.dumps(stack_set.template, default=str):
        raise invalid(f"Transform is not supported in {SERVICE_MANAGED} permission model")
    resources = (stack_set.template.get("Resources") or {}).values()
    for kind in (STACK, "AWS::CloudFormation::StackSet"):
        if any(resource.get("Type") == kind for resource in resources):
            raise invalid(f"{kind.rpartition('::')[2]} resource is not supported in {SERVICE_MANAGED} permission model")


def _update(stack_set: StackSet, params: Parameters) -> Operation:
    changed = _changed(stack_set, params)
    instances = chosen(stack_set, params) if _limited(params) else None
    renewed = "template" in changed or values_given(params, "Parameters") is not None

    def begin() -> list[Instance]:
        for field, value in changed.items():
            setattr(stack_set, field, value)
        members = [instance for instance in stack_set.instances.values() if instance.status != "INOPERABLE"]
        if renewed:
            for instance in members:
                instance.status = "OUTDATED"
        return members if instances is None else [member for member in members if member in instances]

    return Operation(
        **asked(params),
        action="UPDATE",
        claims=None,
        begin=begin,
        work=lambda instance: work.apply(stack_set, instance),
    )


def _limited(params: Parameters) -> bool:
    """Whether the update is for some instances; accounts and regions go together."""
    places = bool(texts(params, "Accounts") or any(name.startswith("DeploymentTargets.") for name in params))
    if places != bool(texts(params, "Regions")):
        raise invalid("Accounts or DeploymentTargets must be specified together with Regions")
    if places and text(params, "AutoDeployment.Enabled"):
        raise invalid("If you specify AutoDeployment, don't specify DeploymentTargets or Regions")
    return places


def _changed(stack_set: StackSet, params: Parameters) -> dict[str, Any]:
    """What the update makes of the set: field -> new value."""
    changed: dict[str, Any] = {}
    body, template = stack_set.body, stack_set.template
    given = [name for name in ("TemplateBody", "TemplateURL") if text(params, name)] + ["previous"] * flag(params, "UsePreviousTemplate")
    if len(given) != 1:
        raise invalid("You must specify exactly one of TemplateBody, TemplateURL and UsePreviousTemplate")
    if given != ["previous"]:
        body, template = _template(params)
        changed = {"body": body, "template": template}
    changed["values"] = _values(template, params, stack_set.values)
    changed["automatic"] = _automatic(params, stack_set.automatic)
    if capabilities := texts(params, "Capabilities"):
        changed["capabilities"] = capabilities
    if description := text(params, "Description"):
        changed["description"] = description
    if "Tags" in params or text(params, "Tags.member.1.Key"):
        changed["tags"] = _tags(params)
    changed.update(_changed_execution(stack_set, params))
    _check_model(StackSet(**{**vars(stack_set), **changed}), params)
    return changed


def _changed_execution(stack_set: StackSet, params: Parameters) -> dict[str, Any]:
    """Permissions and the way of execution, which cannot change at every time."""
    changed: dict[str, Any] = {}
    if (model := text(params, "PermissionModel")) and model != stack_set.model:
        if stack_set.instances:
            raise invalid("PermissionModel cannot be modified while there are stack instances associated with the stack set")
        changed["model"] = model
    if text(params, "ManagedExecution.Active"):
        active = flag(params, "ManagedExecution.Active")
        if active != stack_set.managed_execution and stack_set.pending():
            raise refused("InvalidOperationException", "ManagedExecution cannot be modified while there are running or queued operations")
        changed["managed_execution"] = active
    for name, field in (("AdministrationRoleARN", "administration_role"), ("ExecutionRoleName", "execution_role")):
        if given := text(params, name):
            changed[field] = given
    return changed


def delete_stack_set(params: Parameters) -> Answer:
    """One that does not exist is deleted already."""
    stack_set = named(text(params, "StackSetName"))
    if stack_set is None or stack_set.status == "DELETED":
        return answer("DeleteStackSet", {})
    if stack_set.pending():
        raise refused("OperationInProgressException", f"Another Operation on StackSet {stack_set.arn} is in progress", 409)
    if stack_set.instances:
        raise refused("StackSetNotEmptyException", f"StackSet {stack_set.name} is not empty", 409)
    stack_set.status = "DELETED"
    return answer("DeleteStackSet", {})


def install() -> None:
    handlers._ACTION_HANDLERS.update(
        {
            "CreateStackSet": refusing(create_stack_set),
            "UpdateStackSet": operate("UpdateStackSet", _update),
            "DeleteStackSet": refusing(delete_stack_set),
        }
    )
