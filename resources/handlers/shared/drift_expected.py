"""What a resource is expected to be: its template's expressions, written out with what the stack itself says of them.

Parameters, pseudo parameters, names of resources, and the ARNs that follow from them. An expression that asks for more is
not known, and what is not known is not compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")
_SUFFIXES = {"aws-cn": "amazonaws.com.cn"}


class NotKnownError(ValueError):
    """An expression whose value only CloudFormation knows."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One stack. ``id``: its ARN; ``names``: logical id -> physical id; ``types``: logical id -> type."""

    id: str
    parameters: Mapping[str, str]
    names: Mapping[str, str]
    types: Mapping[str, str]

    def value(self, node: Any) -> Any:
        """Raises:
        NotKnownError
        """
        if isinstance(node, list):
            return [self.value(item) for item in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, given),) = node.items()
            known: dict[str, Callable[[Any], Any]] = {
                "Ref": self._ref,
                "Fn::GetAtt": self._attribute,
                "Fn::Join": self._join,
                "Fn::Sub": self._sub,
            }
            if name in known:
                return known[name](given)
            if name.startswith("Fn::") or name == "Condition":
                raise NotKnownError(name)
        return {key: self.value(item) for key, item in node.items()}

    def _ref(self, name: str) -> str:
        _, partition, _, region, account = self.id.split(":")[:5]
        pseudo = {
            "AWS::AccountId": account,
            "AWS::Partition": partition,
            "AWS::Region": region,
            "AWS::StackId": self.id,
            "AWS::StackName": self.id.split("/")[1],
            "AWS::URLSuffix": _SUFFIXES.get(partition, "amazonaws.com"),
        }
        for values in (pseudo, self.parameters, self.names):
            if values.get(name):
                return values[name]
        raise NotKnownError(f"Ref {name}")

    def _attribute(self, given: Any) -> str:
        """The ARN of a queue and of a topic: SQS's names it by its URL's end, SNS's by itself."""
        name, attribute = given if isinstance(given, list) else str(given).split(".", 1)
        kind, physical = self.types.get(name, ""), self.names.get(name, "")
        if kind == "AWS::SQS::Queue" and attribute == "Arn" and physical:
            _, partition, _, region, account = self.id.split(":")[:5]
            return f"arn:{partition}:sqs:{region}:{account}:{physical.rsplit('/', 1)[-1]}"
        if kind == "AWS::SNS::Topic" and attribute == "TopicArn" and physical:
            return physical
        raise NotKnownError(f"Fn::GetAtt {name}.{attribute}")

    def _join(self, given: Any) -> str:
        separator, parts = given
        return str(separator).join(str(part) for part in self.value(parts))

    def _sub(self, given: Any) -> str:
        text, more = given if isinstance(given, list) else (given, {})
        own = {name: str(self.value(node)) for name, node in more.items()}

        def found(match: re.Match[str]) -> str:
            name = match[1]
            return own[name] if name in own else self._attribute(name) if "." in name else self._ref(name)

        return _VARIABLE.sub(found, text).replace("${!", "${")


def canonical(policy: Any) -> str:
    """A policy document as a text that is the same for the same meaning: a list of one is that one, and no list has an order."""
    return json.dumps(_plain(json.loads(policy) if isinstance(policy, str) else policy), sort_keys=True)


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _plain(item) for key, item in node.items()}
    if isinstance(node, list):
        items = sorted((_plain(item) for item in node), key=lambda item: json.dumps(item, sort_keys=True))
        return items[0] if len(items) == 1 else items
    return str(node).lower() if isinstance(node, bool) else str(node)
