"""What conditions and properties come to: pseudo parameters count in conditions, and one unknown value hides no other of its resource.

Models the user guide's "Pseudo parameters reference" and "Conditions section" (a condition may refer to either kind of parameter), and the
API reference's ResourceChange: each property that differs is listed, whatever else the resource refers to.
"""

from __future__ import annotations

from typing import Any

from .emulator import account, changesets, engine, handlers, region, stacks
from .known import settled

_evaluate_conditions = engine._evaluate_conditions
Template = dict[str, Any]
Values = dict[str, Any]


def evaluate_conditions(template: Template, values: Values) -> dict[str, bool]:
    """MiniStack's own, for which a pseudo parameter in a condition is the text of its name."""
    pseudo = {"AWS::Region": region(), "AWS::AccountId": account(), "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
    known = {**{name: {"Value": value} for name, value in pseudo.items()}, **values}
    evaluated: dict[str, bool] = _evaluate_conditions(template, known)
    return evaluated


def resolve_for_comparison(template: Template, values: Values, stack_name: str, stack_id: str) -> Template:
    """MiniStack's own leaves a whole resource as written where one of its references waits for another resource; here that reference alone."""
    conditions = evaluate_conditions(template, values)
    mappings = template.get("Mappings", {})

    def resolved(function: dict[str, Any]) -> Any:
        try:
            return engine._resolve_refs(function, {}, values, conditions, mappings, stack_name, stack_id)
        except (KeyError, TypeError, ValueError):
            return function

    resources = template.get("Resources", {})
    properties = {name: settled(resource.get("Properties", {}), resolved) for name, resource in resources.items()}
    return {"Resources": {name: {**resource, "Properties": properties[name]} for name, resource in resources.items()}}


def install() -> None:
    for module in (engine, changesets, handlers, stacks):
        module._evaluate_conditions = evaluate_conditions
    changesets._resolve_props_for_diff = resolve_for_comparison
