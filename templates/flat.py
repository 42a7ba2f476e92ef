"""One document out of a root and its children: each parameter replaced by the value that its producer gives.

It is what literal-only checkers read, what parity compares, and what service-managed StackSets deploy, which cannot
deploy nested stacks. Since wiring is by name, merging needs nothing but renaming.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]

NESTED = "AWS::CloudFormation::Stack"
_SUB = re.compile(r"\$\{([^!}][^}]*)\}")


def flatten(root: Document, children: Mapping[str, Document]) -> tuple[Document, dict[str, tuple[str, str]]]:
    """Merge.

    Args:
        root: a template whose nested stacks have the logical ids that are the keys of ``children``.
        children: logical id of a nested stack -> its template.

    Returns:
        The merged template, and flat logical id -> (logical id of the nested stack, logical id there).
    """
    merged = _Merge(root, children)
    resources: Document = {}
    conditions: Document = {}
    names: dict[str, tuple[str, str]] = {}
    for stack, child in children.items():
        conditions |= {f"{stack}{name}": merged.value(stack, value) for name, value in child.get("Conditions", {}).items()}
        for logical_id, resource in child.get("Resources", {}).items():
            flat_id = f"{stack}{logical_id}"
            if flat_id in resources:
                raise ValueError(f"{stack}.{logical_id} and {'.'.join(names[flat_id])} have one name when merged: rename one")
            names[flat_id] = (stack, logical_id)
            resources[flat_id] = merged.resource(stack, resource)
    own = {key: value for key, value in root.items() if key not in ("Resources", "Outputs")}
    outputs = {name: {**output, "Value": merged.value("", output["Value"])} for name, output in root.get("Outputs", {}).items()}
    parts = {"Conditions": conditions, "Outputs": outputs}
    return {**own, "Resources": resources, **{name: part for name, part in parts.items() if part}}, names


class _Merge:
    """Rewrites references: inside one child to the prefixed logical id, across children to the producer's value."""

    def __init__(self, root: Document, children: Mapping[str, Document]) -> None:
        self.root, self.children = root, children

    def resource(self, stack: str, resource: Document) -> Document:
        changed = {key: self.value(stack, value) for key, value in resource.items() if key not in ("Condition", "DependsOn")}
        if "Condition" in resource:
            changed["Condition"] = f"{stack}{resource['Condition']}"
        if "DependsOn" in resource:
            waits = resource["DependsOn"]
            changed["DependsOn"] = f"{stack}{waits}" if isinstance(waits, str) else [f"{stack}{name}" for name in waits]
        return changed

    def value(self, stack: str, value: Any) -> Any:
        """``stack`` is the nested stack whose template ``value`` stands in; "" is the root."""
        if isinstance(value, list):
            return [self.value(stack, item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref":
                return self._ref(stack, argument)
            if name == "Fn::GetAtt":
                return self._get_att(stack, argument)
            if name == "Fn::Sub":
                return self._sub(stack, argument)
            if name in ("Condition", "Fn::If"):
                return self._condition(stack, name, argument)
        return {key: self.value(stack, item) for key, item in value.items()}

    def _ref(self, stack: str, name: str) -> Any:
        if name.startswith("AWS::") or not stack:
            return {"Ref": name}
        if name in self.children[stack].get("Parameters", {}):
            given = self.root["Resources"][stack]["Properties"].get("Parameters", {})[name]
            value = self.value("", given)
            is_list = "List" in self.children[stack]["Parameters"][name]["Type"]
            return _split(value) if is_list else value
        return {"Ref": f"{stack}{name}"}

    def _condition(self, stack: str, name: str, argument: Any) -> Any:
        """A condition has the name of its nested stack before its own, as a resource has."""
        if isinstance(argument, str):
            return {name: f"{stack}{argument}"}
        if name == "Fn::If":
            first, *sides = argument
            return {name: [f"{stack}{first}", *(self.value(stack, side) for side in sides)]}
        return {name: self.value(stack, argument)}

    def _get_att(self, stack: str, argument: Any) -> Any:
        target, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        if not stack and target in self.children and attribute.startswith("Outputs."):
            output = self.children[target]["Outputs"][attribute.removeprefix("Outputs.")]
            return self.value(target, output["Value"])
        return {"Fn::GetAtt": [f"{stack}{target}", attribute]}

    def _sub(self, stack: str, argument: Any) -> Any:
        """A parameter's value inside a text becomes text where it is one, else a variable of the Sub."""
        text, variables = (argument, {}) if isinstance(argument, str) else argument
        known = {name: self.value(stack, value) for name, value in variables.items()}

        def replace(match: re.Match[str]) -> str:
            name = match.group(1).strip()
            if name.startswith("AWS::") or name in known or not stack:
                return match.group(0)
            if "." in name or name not in self.children[stack].get("Parameters", {}):
                return f"${{{stack}{name}}}"
            value = self._ref(stack, name)
            if isinstance(value, str):
                return value.replace("${", "${!")
            known[name] = value
            return match.group(0)

        merged = _SUB.sub(replace, text)
        return {"Fn::Sub": [merged, known]} if known else {"Fn::Sub": merged}


def _split(value: Any) -> Any:
    """A list parameter's value: a joined list is the list again, a text is split."""
    if isinstance(value, str):
        return value.split(",")
    if isinstance(value, dict) and "Fn::Join" in value and value["Fn::Join"][0] == ",":
        return value["Fn::Join"][1]
    return {"Fn::Split": [",", value]}
