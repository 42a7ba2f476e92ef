"""Stack policies and termination protection: set as the plan has them, on the root and on everything nested in it.

A stack policy binds change sets as well and cannot be overridden for one of them, so where a person has accepted a loss, the policy of
that one stack leaves out that one resource while the change set runs, and is whole again afterwards.
"""

from __future__ import annotations

from typing import Any, Protocol

from deploy.parallel import each
from deploy.plan import Proposal
from deploy.stateful import STATEFUL

Document = dict[str, Any]


class Sets(Protocol):
    """What is set; `deploy.aws.stacks.Stacks` in a deployment."""

    def policy(self, name: str) -> Document: ...
    def set_policy(self, name: str, policy: Document) -> None: ...
    def protect(self, name: str, *, on: bool) -> None: ...
    def template(self, name: str) -> Document: ...
    def nested(self, name: str) -> dict[tuple[str, ...], str]: ...


def relax(stacks: Sets, proposal: Proposal, accepted: frozenset[str]) -> None:
    """Let the change set do what was accepted: ``Data/Items`` is resource Items of nested stack Data.

    Also where the whole nested stack goes, and its parent's policy protects it.
    """
    by_stack: dict[str, set[str]] = {}
    for path in accepted:
        parts = path.split("/")
        for depth in range(len(parts)):
            by_stack.setdefault("/".join(parts[:depth]), set()).add(parts[depth])
    ids = {"/".join(path): stack_id for path, stack_id in stacks.nested(proposal.stack_id).items()} | {"": proposal.stack_id}
    for path, logical_ids in by_stack.items():
        if path in ids:
            stacks.set_policy(ids[path], without(proposal.settings.policy, stacks.template(ids[path]), logical_ids))


def without(policy: Document, template: Document, accepted: set[str]) -> Document:
    """The policy with every denial spelled out by logical id, but for those accepted.

    A denial by type becomes one by name: a stack policy has no way to say "all of this type, but for one".
    """
    resources = template.get("Resources", {})
    stateful = {logical_id for logical_id, resource in resources.items() if resource.get("Type") in STATEFUL}
    statements = []
    for statement in policy.get("Statement", []):
        if statement["Effect"] == "Allow":
            statements.append(statement)
            continue
        named = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        every = stateful if "Condition" in statement else resources.keys()
        names = {name.removeprefix("LogicalResourceId/") for name in named if name != "*"} | (every if "*" in named else set())
        kept = sorted(names - accepted)
        if kept:
            bare = {key: value for key, value in statement.items() if key != "Condition"}
            statements.append({**bare, "Resource": [f"LogicalResourceId/{name}" for name in kept]})
    return {"Statement": statements}


def reconcile(stacks: Sets, proposal: Proposal, *, protected_now: bool) -> int:
    """Set what differs; how many stacks had to be set.

    Raises:
        Denied: where production is, who deploys may not touch the termination protection; the policies are set by then.
    """
    settings = proposal.settings
    ids = [proposal.stack_id, *stacks.nested(proposal.stack_id).values()]

    def one(stack_id: str) -> bool:
        if stacks.policy(stack_id) == settings.policy:
            return False
        stacks.set_policy(stack_id, settings.policy)
        return True

    changed = sum(each(one, ids))
    if protected_now != settings.termination_protection:
        stacks.protect(proposal.stack_id, on=settings.termination_protection)
        changed += 1
    return changed
