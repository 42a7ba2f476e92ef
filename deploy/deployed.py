"""What runs now: a stack with everything nested in it, its templates and its policies, read side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from deploy.model import Stack
from deploy.noun import Noun

Document = dict[str, Any]
WORKERS = 8


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
    with ThreadPoolExecutor(WORKERS) as pool:
        templates = _each(pool, stacks.template, ids.values())
        policies = _each(pool, stacks.policy, ids.values())
        return Deployed(
            stack=stack,
            ids=ids,
            templates=dict(zip(ids, templates(), strict=True)),
            policies=dict(zip(ids, policies(), strict=True)),
        )


def _each(pool: ThreadPoolExecutor, ask: Callable[[str], Document], names: Iterable[str]) -> Callable[[], list[Document]]:
    waiting = [pool.submit(ask, name) for name in names]
    return lambda: [one.result() for one in waiting]
