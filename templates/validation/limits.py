"""CloudFormation's quotas, counted at generate time, the heaviest named.

Sources: the CloudFormation user guide's page of quotas, and the API reference (TemplateURL, Description, StackPolicyBody).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from templates.validation.finding import Finding

if TYPE_CHECKING:
    from templates.build import AnyBuilt

RULE = "LIMIT"
SOURCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"
_WARN_PERCENT = 90

# name -> quota; those of a template hold for each service's own
TEMPLATE_BYTES, RESOURCES, PARAMETERS, OUTPUTS = "template bytes", "resources", "parameters", "outputs"
MAPPINGS, DESCRIPTION, VALUE = "mappings", "description bytes", "parameter value bytes"
OPERATION, POLICY = "resources of one operation", "stack policy bytes"
QUOTAS = {
    TEMPLATE_BYTES: 1024 * 1024,
    RESOURCES: 500,
    PARAMETERS: 200,
    OUTPUTS: 200,
    MAPPINGS: 200,
    DESCRIPTION: 1024,
    VALUE: 4096,
    OPERATION: 2500,
    POLICY: 16_384,
}

Count = tuple[str, int, int, str]


def count(built: AnyBuilt) -> tuple[Count, ...]:
    """(quota, most used, allowed, what uses most of it: ``service`` or ``service/LogicalId``) for every quota."""
    most: dict[str, tuple[int, str]] = {}
    for service, name, used in _measures(built):
        most[name] = max(most.get(name, (-1, "")), (used, service))
    return tuple((name, most[name][0], quota, _heaviest(built, most[name][1], name)) for name, quota in QUOTAS.items())


def check(built: AnyBuilt) -> Iterator[Finding]:
    """Over a quota: an error; at nine tenths of it: a warning."""
    for service, name, used in _measures(built):
        quota = QUOTAS[name]
        if used * 100 >= quota * _WARN_PERCENT:
            yield Finding(
                environment=built.env.name,
                service=service,
                logical_id="",
                rule=RULE,
                level="error" if used > quota else "warning",
                tool="limits",
                message=f"{used:,} {name} of {quota:,} allowed: split the service; the heaviest is {_heaviest(built, service, name)}",
                source=SOURCE,
            )


def _measures(built: AnyBuilt) -> Iterator[tuple[str, str, int]]:
    """(service, quota, used)."""
    # The manifest holds what is counted here: imported at the module's head, the two would import each other.
    from templates.manifest import stack_policy

    for service, document in built.templates.items():
        yield service, TEMPLATE_BYTES, len(built.encoded[service])
        yield service, RESOURCES, len(document.get("Resources", {}))
        yield service, PARAMETERS, len(document.get("Parameters", {}))
        yield service, OUTPUTS, len(document.get("Outputs", {}))
        yield service, MAPPINGS, len(document.get("Mappings", {}))
        yield service, DESCRIPTION, len(document.get("Description", "").encode())
        defaults = [str(parameter.get("Default", "")).encode() for parameter in document.get("Parameters", {}).values()]
        yield service, VALUE, max(map(len, defaults), default=0)
    for part in built.parts:
        own = built.of(part)
        yield part.root, OPERATION, sum(len(document.get("Resources", {})) for document in own.templates.values())
        yield part.root, POLICY, len(msgspec.json.encode(stack_policy(own)))


def _heaviest(built: AnyBuilt, service: str, name: str) -> str:
    """The resource that takes most of the template, where bytes are what is short; else the template with most resources."""
    resources = built.templates[service].get("Resources", {})
    if name == TEMPLATE_BYTES and resources:
        return f"{service}/{max(resources, key=lambda logical_id: len(msgspec.json.encode(resources[logical_id])))}"
    if name == OPERATION:
        part = next(part for part in built.parts if part.root == service)
        return max(built.of(part).templates, key=lambda each: len(built.templates[each].get("Resources", {})))
    return service
