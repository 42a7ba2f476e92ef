"""What runs now: a stack with everything nested in it, its templates and its policies, read side by side."""

from __future__ import annotations

from typing import Any, Protocol

from deploy.model import Stack
from deploy.noun import Noun
from deploy.parallel import each

Document = dict[str, Any]


class Reads(Protocol):
    """What is asked; `deploy.aws.stacks.Stacks` in a deployment."""

    def find(self, name: str) -> Stack | None: ...
    def nested(self, name: str) -> dict[tuple[str, ...], str]: ...
    def template(self, name: str) -> Document: ...
    def policy(self, name: str) -> Document: ...


class Deployed(Noun, frozen=True, kw_only=True):
    """By path: ``""`` is the root, ``Compute`` a nested stack, ``Compute/Inner`` one in it.

    ``ids``: stack ids; ``templates`` as deployed; ``policies``: stack policies, empty where there is none.
    """

    stack: Stack
    ids: dict[str, str]
    templates: dict[str, Document]
    policies: dict[str, Document]


def read(stacks: Reads, stack: Stack) -> Deployed:
    ids = {"": stack.id} | {"/".join(path): stack_id for path, stack_id in stacks.nested(stack.id).items()}
    asked = [(ask, stack_id) for ask in (stacks.template, stacks.policy) for stack_id in ids.values()]
    answers = each(lambda one: one[0](one[1]), asked)
    return Deployed(
        stack=stack,
        ids=ids,
        templates=dict(zip(ids, answers[: len(ids)], strict=True)),
        policies=dict(zip(ids, answers[len(ids) :], strict=True)),
    )
