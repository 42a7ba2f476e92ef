"""Everything that the findings look at: one entry a resource, with its definition written out on both sides and its fate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from deploy.changes import Verdict
from deploy.model import NESTED, Change, ChangeSet
from deploy.review.comparison import Leaf, compare
from deploy.review.expansion import Expansion
from deploy.review.expressions import Node, name_of, same
from deploy.review.known import Fate, Known, State
from deploy.review.subject import Subject

Definition = dict[str, Any]

_VERDICTS: dict[State, Verdict] = {
    "same": "unchanged",
    "in place": "modify",
    "may be replaced": "may replace",
    "replaced": "replace",
    "added": "add",
    "removed": "remove",
    "imported": "import",
}

# Named by a hash of what they freeze, so that every new one is another resource (the templates reference asks for it).
SNAPSHOTS = ("AWS::Lambda::Version", "AWS::ApiGateway::Deployment", "AWS::ApiGatewayV2::Deployment", "AWS::Lambda::LayerVersion")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One resource: its definition before and after (None where it is absent), what AWS lists, and what comes of it."""

    node: Node
    type: str
    before: Definition | None
    after: Definition | None
    row: Change | None
    fate: Fate
    policy_action: str

    @property
    def path(self) -> str:
        return name_of(self.node)

    @property
    def verdict(self) -> Verdict:
        return _VERDICTS[self.fate.state]

    @property
    def physical_id(self) -> str:
        return self.row.physical_id if self.row else ""

    @property
    def replaced(self) -> bool:
        return self.verdict in ("replace", "may replace")

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Where the definitions differ; nothing where one of them is absent."""
        if self.before is None or self.after is None or self.verdict == "unchanged":
            return ()
        return tuple(compare(self.before, self.after))


class View:
    """A subject, looked through. ``entries`` go by service in the manifest's order, then by path; ``idle``: what would be entries if
    AWS did not say that nothing changes.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        pseudo = _pseudo(subject.change_set)
        self.account = pseudo.get("AWS::AccountId", "${AWS::AccountId}")
        given = subject.settings_before.parameters if subject.settings_before else {}
        self.before = Expansion(subject.before, given, pseudo)
        self.after = Expansion(subject.after, subject.settings_after.parameters, pseudo)
        rows = dict(_rows(subject.change_set, ""))
        seen = frozenset(_seen(subject.change_set, "", self.after, rows))
        self.known = Known(self.before, self.after, rows, seen, frozenset(self._retagged()))
        self.seen = seen
        entries = tuple(sorted(self._entries(rows), key=lambda entry: (self._order(entry.node[0]), entry.node)))
        # Where AWS says that nothing changes there is nothing to execute, whatever differs.
        self.entries: tuple[Entry, ...] = () if subject.change_set.empty else entries
        self.idle: tuple[Entry, ...] = entries if subject.change_set.empty else ()

    def entry(self, node: Node) -> Entry | None:
        return self._by_node.get(node)

    @cached_property
    def _by_node(self) -> dict[Node, Entry]:
        return {entry.node: entry for entry in self.entries}

    def _entries(self, rows: Mapping[Node, Change]) -> Iterator[Entry]:
        for node in {*rows, *self.before.nodes(), *self.after.nodes()}:
            fate, row = self.known.fate(node), rows.get(node)
            quiet = row is None and (fate.state == "same" or self._only_conditional(node, fate))
            before, after = self._sides(node, row)
            kind = self.known.kind(node)
            if not quiet and not (kind == NESTED and fate.state in ("same", "in place")):
                action = _policy_action(fate, row, before, after, kept=self._kept(node[0]))
                yield Entry(node=node, type=kind, before=before, after=after, row=row, fate=fate, policy_action=action)

    def _sides(self, node: Node, row: Change | None) -> tuple[Definition | None, Definition | None]:
        """From the templates; where one was not read, as AWS describes the resource."""
        before, after = self.before.definition(node), self.after.definition(node)
        if row and before is None and row.before is not None:
            before = {"Type": row.type, **row.before}
        if row and after is None and row.after is not None and row.action != "Remove":
            after = {"Type": row.type, **row.after}
        return before, after

    def _only_conditional(self, node: Node, fate: Fate) -> bool:
        """A condition that cannot be worked out here may keep a resource away; AWS, which lists nothing, knows."""
        conditional = "Condition" in self.before.raw(node) or "Condition" in self.after.raw(node)
        return fate.state in ("added", "removed") and conditional and node[0] in self.seen

    def _kept(self, path: str) -> bool:
        """A nested stack that leaves may itself be retained, with everything in it."""
        while path:
            parent, _, logical_id = path.rpartition("/")
            policy = self.before.raw((parent, logical_id)).get("DeletionPolicy", "Delete")
            if self.after.definition((parent, logical_id)) is None and str(policy).startswith("Retain"):
                return True
            path = parent
        return False

    def _retagged(self) -> Iterator[str]:
        """Paths of the stacks whose own tags change: they go on to every resource in them."""
        settings = self.subject.settings_before
        if settings is None or dict(settings.tags) != dict(self.subject.settings_after.tags):
            yield from {"", *self.subject.after}
            return
        changed = [path for path in self.subject.after if path and not same(*(_tags(side, path) for side in (self.before, self.after)))]
        yield from (path for path in self.subject.after if any(path == one or path.startswith(f"{one}/") for one in changed))

    def _order(self, path: str) -> tuple[int, str]:
        service = self.subject.service(path)
        services = self.subject.stack.services
        if not path or service == self.subject.stack.root:
            return -1, path
        return (services.index(service) if service in services else len(services)), path


def _pseudo(change_set: ChangeSet) -> dict[str, str]:
    """Pseudo parameters, as far as the stack's own id tells them."""
    parts = change_set.stack_id.split(":")
    if len(parts) < 6 or parts[0] != "arn":
        return {}
    suffix = "amazonaws.com.cn" if parts[1] == "aws-cn" else "amazonaws.com"
    return {
        "AWS::Partition": parts[1],
        "AWS::Region": parts[3],
        "AWS::AccountId": parts[4],
        "AWS::URLSuffix": suffix,
        "AWS::StackId": change_set.stack_id,
        "AWS::StackName": change_set.stack_name,
    }


def _rows(change_set: ChangeSet, path: str) -> Iterator[tuple[Node, Change]]:
    for change in change_set.changes:
        yield (path, change.logical_id), change
    for logical_id, child in change_set.children.items():
        yield from _rows(child, f"{path}/{logical_id}" if path else logical_id)


def _seen(change_set: ChangeSet | None, path: str, after: Expansion, rows: Mapping[Node, Change]) -> Iterator[str]:
    """The paths whose changes are all known: their change set was read, or their parent's shows that nothing in them changes."""
    yield path
    below = {node[1] for node in after.nodes() if node[0] == path and after.raw(node).get("Type") == NESTED}
    children = change_set.children if change_set else {}
    for logical_id in below | children.keys():
        if logical_id in children or (path, logical_id) not in rows:
            yield from _seen(children.get(logical_id), f"{path}/{logical_id}" if path else logical_id, after, rows)


def _tags(side: Expansion, path: str) -> Any:
    parent, _, logical_id = path.rpartition("/")
    properties = (side.definition((parent, logical_id)) or {}).get("Properties")
    return properties.get("Tags") if isinstance(properties, dict) else None


def _policy_action(fate: Fate, row: Change | None, before: Definition | None, after: Definition | None, *, kept: bool) -> str:
    """AWS's, or what the templates say: a removal goes by the deployed policy, a replacement by the weaker of the two."""
    if fate.state == "removed":
        policy = "Retain" if kept else _policy(before, "DeletionPolicy")
        return (row.policy_action if row else None) or policy
    if fate.state not in ("replaced", "may be replaced"):
        return ""
    if row and row.policy_action:
        return row.policy_action
    policies = [_policy(side, "UpdateReplacePolicy") for side in (before, after) if side is not None]
    weakest = min(policies or ["Delete"], key=("Delete", "Snapshot", "Retain").index)
    return f"ReplaceAnd{weakest}"


def _policy(definition: Definition | None, name: str) -> str:
    """The default is Delete, but for databases that CloudFormation snapshots (user guide, "DeletionPolicy attribute")."""
    definition = definition or {}
    value = definition.get(name)
    if value in ("Retain", "RetainExceptOnCreate"):
        return "Retain"
    if value in ("Delete", "Snapshot"):
        return str(value)
    kind, properties = definition.get("Type"), definition.get("Properties") or {}
    cluster = kind == "AWS::RDS::DBCluster"
    alone = kind == "AWS::RDS::DBInstance" and "DBClusterIdentifier" not in properties
    return "Snapshot" if name == "DeletionPolicy" and value is None and (cluster or alone) else "Delete"
