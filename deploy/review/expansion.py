"""Templates with every expression written out through parameters, outputs, mappings and conditions.

A nested stack's parameter is what its parent gives it, which may be what a sibling puts out. Written out, an expression names
nothing but resources and plain values, so that two releases can be compared across all stack boundaries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from deploy.model import NESTED
from deploy.review.expressions import (
    GET_ATT,
    JOIN,
    NO_VALUE,
    OPAQUE,
    REF,
    SECRET,
    Node,
    canonical,
    get_att,
    joined,
    pieces,
    sub_parts,
)
from deploy.review.logic import decide, pick
from deploy.review.subject import Document
from deploy.structure import function

_PER_STACK = ("AWS::StackName", "AWS::StackId")


class Expansion:
    """One side of a review: the templates of a root and all that is nested in it.

    ``documents``: by path; ``parameters``: the root's own; ``pseudo``: ``AWS::Region`` and the like, as far as known.
    """

    def __init__(self, documents: Mapping[str, Document], parameters: Mapping[str, str], pseudo: Mapping[str, str]) -> None:
        self.documents = documents
        self._given = parameters
        self._pseudo = pseudo
        self._values: dict[tuple[str, str, str], Any] = {}
        self._definitions: dict[Node, dict[str, Any] | None] = {}

    def nodes(self) -> list[Node]:
        """Every resource that the templates have, but for those whose condition is known to be false."""
        found = [(path, name) for path in self.documents for name in self._section(path, "Resources")]
        return [node for node in found if self.definition(node) is not None]

    def definition(self, node: Node) -> dict[str, Any] | None:
        """The resource with everything in it written out; None where there is none."""
        if node not in self._definitions:
            self._definitions[node] = self._define(node)
        return self._definitions[node]

    def raw(self, node: Node) -> dict[str, Any]:
        """The resource as its template has it."""
        found = self._section(node[0], "Resources").get(node[1])
        return found if isinstance(found, dict) else {}

    def macros(self, path: str) -> bool:
        """True where CloudFormation rewrites the template before it reads it."""
        return "Transform" in self.documents.get(path, {})

    def _define(self, node: Node) -> dict[str, Any] | None:
        raw, (path, _) = self.raw(node), node
        if not raw:
            return None
        made = {key: self.expand(path, value) for key, value in raw.items() if key not in ("DependsOn", "Condition")}
        if "Condition" in raw:
            decided = self.expand(path, {"Condition": raw["Condition"]})
            if decided is False:
                return None
            made |= {} if decided is True else {"Condition": decided}
        return made

    def _section(self, path: str, name: str) -> Mapping[str, Any]:
        section = self.documents.get(path, {}).get(name)
        return section if isinstance(section, Mapping) else {}

    def expand(self, path: str, value: Any) -> Any:
        """``value``, which stands in the template of ``path``, written out."""
        if isinstance(value, list):
            return [item for item in (self.expand(path, item) for item in value) if item != NO_VALUE]
        if not isinstance(value, Mapping):
            return value
        name = function(value)
        if name and (name != "Condition" or value[name] in self._section(path, "Conditions")):
            return self._function(path, name, value[name])
        made = {key: self.expand(path, item) for key, item in value.items()}
        return {key: item for key, item in made.items() if item != NO_VALUE}

    def _function(self, path: str, name: str, argument: Any) -> Any:
        known: dict[str, Callable[[str, Any], Any]] = {
            "Ref": self._ref,
            "Condition": self._condition,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": self._if,
            "Fn::Transform": lambda _, text: _opaque("a macro makes it", canonical(text)),
        }
        if name in known:
            return known[name](path, argument)
        return decide(name, self.expand(path, argument))

    def _ref(self, path: str, name: Any) -> Any:
        if not isinstance(name, str):
            return _opaque("a malformed Ref", canonical(name))
        if name in self._section(path, "Parameters"):
            return self._once("parameter", path, name, self._parameter)
        if name in _PER_STACK and path:
            return {REF: [path, name]}
        if name.startswith("AWS::"):
            return self._pseudo.get(name, {"Ref": name})
        return {REF: [path, name]}

    def _get_att(self, path: str, argument: Any) -> Any:
        parts = get_att(argument)
        if parts is None:
            return _opaque("a malformed Fn::GetAtt", canonical(argument))
        target, attribute = parts
        below = f"{path}/{target}" if path else target
        output = attribute.removeprefix("Outputs.")
        if self.raw((path, target)).get("Type") == NESTED and output != attribute and output in self._section(below, "Outputs"):
            return self._once("output", below, output, self._output)
        return {GET_ATT: [path, target, attribute]}

    def _sub(self, path: str, argument: Any) -> Any:
        text, variables = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
        if not isinstance(text, str) or not isinstance(variables, Mapping):
            return _opaque("a malformed Fn::Sub", canonical(argument))
        return joined([self._variable(path, piece, variables) if is_name else piece for piece, is_name in sub_parts(text)])

    def _variable(self, path: str, name: str, variables: Mapping[str, Any]) -> Any:
        if name in variables:
            return self.expand(path, variables[name])
        return self._get_att(path, name) if "." in name else self._ref(path, name)

    def _join(self, path: str, argument: Any) -> Any:
        made = self.expand(path, argument)
        if not (isinstance(made, list) and len(made) == 2 and isinstance(made[0], str) and isinstance(made[1], list)):
            return {JOIN: made}
        delimiter, parts = made
        return joined([part for index, piece in enumerate(parts) for part in ([delimiter] if index else []) + [piece]])

    def _if(self, path: str, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 3:
            return _opaque("a malformed Fn::If", canonical(argument))
        decided = self._condition(path, argument[0])
        if isinstance(decided, bool):
            return self.expand(path, argument[1 if decided else 2])
        return {"Fn::If": [decided, self.expand(path, argument[1]), self.expand(path, argument[2])]}

    def _condition(self, path: str, name: Any) -> Any:
        if not isinstance(name, str) or name not in self._section(path, "Conditions"):
            return _opaque("a condition that is not there", canonical(name))
        return self._once("condition", path, name, lambda p, n: self.expand(p, self._section(p, "Conditions")[n]))

    def _find_in_map(self, path: str, argument: Any) -> Any:
        keys = self.expand(path, argument)
        if not isinstance(keys, list) or not keys or not isinstance(keys[0], str):
            return _opaque("a malformed Fn::FindInMap", canonical(argument))
        return pick(self._section(path, "Mappings").get(keys[0], {}), keys[1:])

    def _once(self, kind: str, path: str, name: str, make: Callable[[str, str], Any]) -> Any:
        """Each is made once; one that asks for itself, which CloudFormation refuses, has no value."""
        key = (kind, path, name)
        if key not in self._values:
            self._values[key] = _opaque("it refers to itself", f"{path}/{name}")
            self._values[key] = make(path, name)
        return self._values[key]

    def _output(self, path: str, name: str) -> Any:
        output = self._section(path, "Outputs")[name]
        return self.expand(path, output.get("Value") if isinstance(output, Mapping) else output)

    def _parameter(self, path: str, name: str) -> Any:
        declared = self._section(path, "Parameters")[name]
        declared = declared if isinstance(declared, Mapping) else {}
        value = self._argument(path, name, declared)
        kind = str(declared.get("Type", "String"))
        if kind.startswith("AWS::SSM::Parameter::"):
            return _opaque("it is read from Parameter Store when it is applied", f"{path}/{name}={canonical(value)}")
        if declared.get("NoEcho") in (True, "true", "True"):
            return {SECRET: [name, value]}
        return _listed(value) if "List" in kind else value

    def _argument(self, path: str, name: str, declared: Mapping[str, Any]) -> Any:
        missing = declared.get("Default", _opaque("nobody gives it", f"{path}/{name}"))
        if not path:
            return self._given.get(name, missing)
        parent, _, logical_id = path.rpartition("/")
        properties = self.raw((parent, logical_id)).get("Properties")
        given = properties.get("Parameters") if isinstance(properties, Mapping) else None
        if isinstance(given, Mapping) and name in given:
            return self.expand(parent, given[name])
        return missing


def _opaque(why: str, what: str) -> dict[str, Any]:
    return {OPAQUE: [why, what]}


def _listed(value: Any) -> Any:
    """A list parameter's value: a text is split, and a joined list is the list that it was joined from."""
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    made: list[list[Any]] = [[]]
    for piece in pieces(value) or [value]:
        if not isinstance(piece, str):
            made[-1].append(piece)
            continue
        first, *others = piece.split(",")
        made[-1] += [first] if first else []
        made += [[other] if other else [] for other in others]
    return [joined(parts) for parts in made]
