"""What is proven to stay as it is, on the templates, where AWS can only say that it may change.

A nested stack's parameter that comes from a sibling which changes is known only after apply, so AWS lists all that uses it as
changed and perhaps replaced (cloudformation-coverage-roadmap#759). Here every expression is written out through parameters and
outputs on both sides. A property is steady when it is written the same before and after, and each resource named in it keeps
what is asked of it: the resource exists on both sides and is not replaced, and ``Ref`` or an identifying attribute is asked for.
What is not proven stays as AWS has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from deploy.model import NESTED, Change, Detail
from deploy.review.expansion import Expansion
from deploy.review.expressions import UNKNOWN, Node, Reference, canonical, name_of, opaque, references, same, scalar
from deploy.review.identity import follows, keeps_its_name, replacing

State = Literal["same", "in place", "may be replaced", "replaced", "added", "removed", "imported"]

_ACTIONS: dict[str, State] = {"Add": "added", "Remove": "removed", "Import": "imported"}

# Of a resource's definition, what no update is made for: CloudFormation itself reads it.
POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")
_SILENT = (*POLICIES, "UpdatePolicy", "CreationPolicy", "Metadata")


@dataclass(frozen=True)
class Fate:
    """What happens to one resource, and why where that needs words.

    ``listed``: AWS lists a change to it; ``retagged``: nothing but its tags changes.
    """

    state: State
    why: str = ""
    listed: bool = True
    retagged: bool = False


class Known:
    """Fates of all resources, each worked out once, producers before consumers.

    ``rows``: what AWS lists; ``seen``: the paths whose change set was read (that of an unchanged nested stack is empty);
    ``retagged``: the paths whose stack's own tags change.
    """

    def __init__(
        self, before: Expansion, after: Expansion, rows: Mapping[Node, Change], seen: frozenset[str], retagged: frozenset[str]
    ) -> None:
        self.before, self.after, self.rows = before, after, rows
        self._seen, self._retagged = seen, retagged
        self._fates: dict[Node, Fate] = {}

    def fate(self, node: Node) -> Fate:
        if node not in self._fates:
            # Whoever asks while it is worked out asks in a circle, which proves nothing.
            self._fates[node] = Fate("may be replaced", "it refers to itself")
            self._fates[node] = self._judge(node)
        return self._fates[node]

    def kind(self, node: Node) -> str:
        """The resource's type: as the built template has it, else the deployed one, else AWS."""
        for definition in (self.after.definition(node), self.before.definition(node)):
            if definition is not None:
                return str(definition.get("Type", ""))
        return self.rows[node].type if node in self.rows else ""

    def unsteady(self, node: Node, name: str) -> str:
        """Why a property may change; "" where it is proven that it does not."""
        before, after = (_properties(side.definition(node)).get(name) for side in (self.before, self.after))
        if before is None and after is None:
            return f"{name} does not stand in the templates"
        if not same(before, after):
            return f"{name} is written otherwise"
        return self.moved(after)

    def reasons(self, node: Node) -> Iterator[str]:
        """Why a resource may change, attribute by attribute; nothing where it is proven that it does not."""
        before, after = self.before.definition(node), self.after.definition(node)
        if before is None or after is None or not self._readable(node):
            yield "its definition is not known"
            return
        for key in sorted((before.keys() | after.keys()) - {"Properties"}):
            if not same(before.get(key), after.get(key)):
                yield f"{key} is written otherwise"
            elif moved := self.moved(after.get(key)):
                yield moved
        for name in sorted(_properties(before).keys() | _properties(after).keys()):
            if why := self.unsteady(node, name):
                yield why

    def _judge(self, node: Node) -> Fate:
        row = self.rows.get(node)
        if row is None:
            return self._unlisted(node)
        if row.action in _ACTIONS:
            return Fate(_ACTIONS[row.action])
        if row.action == "Dynamic":
            return Fate("may be replaced", "AWS decides when it is applied what happens to it")
        if self.kind(node) == NESTED and row.replacement in (None, "False"):
            return Fate("in place")
        doubts = [*self.reasons(node), *self._contradictions(node, row)]
        if not doubts and row.action == "Modify":
            return Fate("same", _unchanged(row))
        return self._changed(node, row, doubts)

    def _unlisted(self, node: Node) -> Fate:
        """AWS lists no change: it knows, where its change set was read, unless the definition says otherwise."""
        before, after = self.before.definition(node), self.after.definition(node)
        if before is None:
            return Fate("added", listed=False)
        if after is None:
            return Fate("removed", "" if node[0] in self.after.documents else "its nested stack is removed", listed=False)
        loud = [{key: item for key, item in side.items() if key not in _SILENT} for side in (before, after)]
        if after.get("Type") == NESTED:
            return Fate("same", listed=False)
        if not same(*loud):
            return _overlooked(*loud)
        if node[0] not in self._seen and (doubts := list(self.reasons(node))):
            return Fate("may be replaced", f"AWS was not asked about it: {doubts[0]}", listed=False)
        if any(not same(before.get(key), after.get(key)) for key in POLICIES):
            return Fate("in place", "only CloudFormation itself reads what changes", listed=False)
        return Fate("same", listed=False)

    def _changed(self, node: Node, row: Change, doubts: list[str]) -> Fate:
        """It changes: in place where AWS says so, or where all that would replace it is proven to stay."""
        if row.replacement in (None, "False") and doubts and set(doubts) <= set(_RETAGGED):
            return Fate("in place", doubts[0] if doubts == [_RETAGGED[0]] else "", retagged=True)
        if row.replacement in (None, "False"):
            return Fate("in place", "" if any("written otherwise" in doubt for doubt in doubts) else "; ".join(doubts[:1]))
        blamed = {detail.name: detail for detail in row.details if detail.recreation != "Never" and detail.attribute == "Properties"}
        whys = {name: self.unsteady(node, name) or ("AWS gives another value" if _contradicts(row, name) else "") for name in blamed}
        if blamed and "" not in blamed and not any(whys.values()) and self._readable(node) and not self._retyped(node):
            why = f"AWS would replace it for {' and '.join(sorted(whys))}, but that comes from what stays"
            return Fate("in place", why, retagged=set(doubts) <= set(_RETAGGED))
        said = "; ".join(dict.fromkeys(_because(blamed[name], why) for name, why in sorted(whys.items()) if why)) or "; ".join(doubts[:1])
        if row.replacement == "True":
            return Fate("replaced", said)
        return Fate("may be replaced", said or "AWS cannot say before it is applied")

    def _readable(self, node: Node) -> bool:
        """Both definitions are there, as CloudFormation itself reads them."""
        both = (self.before, self.after)
        return all(side.definition(node) is not None and not side.macros(node[0]) for side in both)

    def _retyped(self, node: Node) -> bool:
        return (self.before.definition(node) or {}).get("Type") != (self.after.definition(node) or {}).get("Type")

    def _contradictions(self, node: Node, row: Change) -> Iterator[str]:
        """What AWS is sure of, although the templates say nothing of it: another release of a secret, a parameter, a tag."""
        tagged = "Tags" in row.scope or any(detail.attribute == "Tags" for detail in row.details)
        if tagged and node[0] in self._retagged:
            yield _RETAGGED[0]
        for name in sorted({detail.name for detail in row.details if detail.attribute == "Properties"}):
            if _contradicts(row, name) and not self.unsteady(node, name):
                yield f"AWS gives another value for {name}"

    def moved(self, value: Any) -> str:
        """Why an expression that is written the same may have another value; "" where it cannot."""
        for why in opaque(value):
            return why
        return next((why for reference in references(value) if (why := self._unstable(reference))), "")

    def _unstable(self, reference: Reference) -> str:
        node, attribute = reference
        name, fate = name_of(node), self.fate(node)
        if fate.state == "same" or fate.retagged:
            return ""
        if fate.state != "in place":
            return f"{name} is {fate.state}" if fate.state != "may be replaced" else f"{name} may be replaced"
        kind = self.kind(node)
        if not keeps_its_name(kind) or _replaces_itself(self.after.definition(node)):
            return f"{name} may get another name"
        if attribute is None:
            return ""
        names = (attribute,) if attribute in _properties(self.after.definition(node)) else follows(kind, attribute)
        if names is not None and not any(self.unsteady(node, one) for one in names):
            return ""
        return f"{name}.{attribute} may change with {name}"


_RETAGGED = ("the stack's own tags change", "Tags is written otherwise")


def _overlooked(before: Mapping[str, Any], after: Mapping[str, Any]) -> Fate:
    """AWS lists no change although the definition differs: what the type's schema says of what differs."""
    sides = (_properties(before), _properties(after))
    names = {name for name in sides[0].keys() | sides[1].keys() if not same(*(side.get(name) for side in sides))}
    fixed = replacing(str(after.get("Type", "")))
    in_place = fixed is not None and names and not names & set(fixed) and same(before.get("Type"), after.get("Type"))
    return Fate("in place" if in_place else "may be replaced", "its definition differs, though AWS lists no change", listed=False)


def _replaces_itself(definition: Mapping[str, Any] | None) -> bool:
    """A group whose update makes a new group (user guide, "UpdatePolicy attribute", AutoScalingReplacingUpdate)."""
    policy = (definition or {}).get("UpdatePolicy")
    replacing = policy.get("AutoScalingReplacingUpdate") if isinstance(policy, Mapping) else None
    return isinstance(replacing, Mapping) and scalar(replacing.get("WillReplace", False)) != "false"


def _unchanged(row: Change) -> str:
    causes = sorted({detail.cause for detail in row.details if detail.cause})
    shown = ", ".join(causes[:3]) + (f" and {len(causes) - 3} more" if len(causes) > 3 else "")
    return "its definition is the same, and all that it refers to stays" + (f" (AWS cannot tell {shown} before apply)" if causes else "")


def _because(detail: Detail, why: str) -> str:
    return f"{detail.name}: {why}" if detail.name and not why.startswith(f"{detail.name} ") else why


def _contradicts(row: Change, name: str) -> bool:
    """AWS is sure of a new value of this property."""
    return any(_certain(detail) for detail in row.details if detail.name == name and detail.attribute == "Properties")


def _certain(detail: Detail) -> bool:
    """AWS knows a new value that is not the old one, or was told of an edit and shows no values."""
    if detail.before is None and detail.after is None:
        return detail.evaluation == "Static" and detail.source == "DirectModification"
    if UNKNOWN in (detail.before or "") or UNKNOWN in (detail.after or ""):
        return False
    return detail.evaluation == "Static" and _parsed(detail.before) != _parsed(detail.after)


def _parsed(value: str | None) -> str | None:
    try:
        return None if value is None else canonical(json.loads(value))
    except ValueError:
        return canonical(value)


def _properties(definition: Mapping[str, Any] | None) -> Mapping[str, Any]:
    found = (definition or {}).get("Properties")
    return found if isinstance(found, Mapping) else {}
