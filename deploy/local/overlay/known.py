"""What a change set can know: values that are settled now, and a mark in place of those known only after apply.

Models the API reference's ResourceChange (BeforeContext, AfterContext) and ResourceTargetDefinition (BeforeValue, AfterValue).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from .emulator import Record, Stack, engine

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"


@dataclass(frozen=True, kw_only=True)
class View:
    """A template seen before it is applied. ``resources`` are those that exist and that the change set leaves alone."""

    stack: Stack
    template: dict[str, Any]
    values: dict[str, Any]
    resources: dict[str, Record] = field(default_factory=dict)

    @classmethod
    def ahead(cls, stack: Stack, template: dict[str, Any], values: dict[str, Any], changed: Collection[str]) -> View:
        """The template that a change set brings, where ``changed`` are the logical ids that it touches."""
        kept = {name: record for name, record in stack.get("_resources", {}).items() if name not in changed}
        return cls(stack=stack, template=template, values=values, resources=kept)

    def settle(self, value: Any) -> Any:
        """``value`` with every intrinsic function either resolved or marked as unknown."""
        return settled(value, self._function)

    def _function(self, value: dict[str, Any]) -> Any:
        for name, _ in engine._intrinsic_references(value):
            waits_for_resource = name in self.template.get("Resources", {}) and name not in self.resources
            waits_for_value = name in self.values and self.values[name].get("Value") == UNKNOWN
            if waits_for_resource or waits_for_value:
                return UNKNOWN
        try:
            return engine._resolve_refs(
                copy.deepcopy(value),
                self.resources,
                self.values,
                engine._evaluate_conditions(self.template, self.values),
                self.template.get("Mappings", {}),
                self.stack["StackName"],
                self.stack["StackId"],
            )
        except (KeyError, TypeError, ValueError):
            return UNKNOWN

    def properties(self, logical_id: str) -> dict[str, Any]:
        settled: dict[str, Any] = self.settle(self.template.get("Resources", {}).get(logical_id, {}).get("Properties") or {})
        return settled


def settled(value: Any, function: Callable[[dict[str, Any]], Any]) -> Any:
    """``value`` with every intrinsic function as ``function`` has it; what comes to AWS::NoValue is left out."""
    if isinstance(value, list):
        return [item for item in (settled(one, function) for one in value) if item is not engine._NO_VALUE]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and (next(iter(value)) == "Ref" or next(iter(value)).startswith("Fn::")):
        return function(value)
    made = {key: settled(item, function) for key, item in value.items()}
    return {key: item for key, item in made.items() if item is not engine._NO_VALUE}
