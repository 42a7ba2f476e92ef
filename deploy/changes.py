"""What a review says: one line a resource, one finding a danger, and the counts.

Made by `deploy/review/` from a change set and the templates before and after; shown by `deploy/report/`; sealed in a plan.
"""

from __future__ import annotations

from typing import Any, Literal

from deploy.noun import Noun

Verdict = Literal["add", "modify", "replace", "may replace", "remove", "import", "unchanged"]
"""``unchanged``: CloudFormation lists it, and it is proven that nothing will happen to it."""

Kind = Literal["data loss", "broadening", "interruption", "uncertainty", "protection", "limit"]
"""Worst first."""

Waiver = Literal["--allow-loss", "--allow-broadening"]


class Difference(Noun, frozen=True, kw_only=True):
    """One property before and after, as people read it; a secret's values are ``***``.

    ``pointer``: such as ``/Properties/MemorySize``; ``before`` None where it is new, ``after`` None where it goes;
    ``known``: False where the value is known only after apply; ``recreates``: this change replaces the resource (or may);
    ``because``: the environment values that it came from, ``lambda.memory 512 -> 1024 (env/dev.yaml:13)``.
    """

    pointer: str
    before: Any = None
    after: Any = None
    known: bool = True
    recreates: Literal["no", "maybe", "yes"] = "no"
    because: tuple[str, ...] = ()


class Item(Noun, frozen=True, kw_only=True):
    """One resource of the review.

    ``path``: ``Compute/ApiFunction``, the nested stack's logical id and the resource's; ``why``: why a replacement is only
    possible, or why nothing happens; ``source``: the builder's line, ``templates/compute.py:90``.
    """

    path: str
    service: str
    type: str
    verdict: Verdict
    physical_id: str = ""
    policy_action: str = ""
    why: str = ""
    differences: tuple[Difference, ...] = ()
    tags_change: bool = False
    source: str = ""


class Finding(Noun, frozen=True, kw_only=True):
    """One danger. ``waiver``: the option that accepts it by path; None where it only informs."""

    kind: Kind
    path: str
    title: str
    detail: tuple[str, ...] = ()
    remedy: str = ""
    waiver: Waiver | None = None


class Counts(Noun, frozen=True, kw_only=True):
    """Of resources; nested stacks themselves are not counted. ``replace`` also counts what may be replaced."""

    add: int = 0
    modify: int = 0
    replace: int = 0
    may_replace: int = 0
    remove: int = 0
    unchanged: int = 0

    @property
    def any(self) -> bool:
        return bool(self.add or self.modify or self.replace or self.may_replace or self.remove)


class Review(Noun, frozen=True, kw_only=True):
    """What one change set will do to one stack. ``settings``: lines on the stack's own settings that change."""

    stack: str
    region: str
    kind: Literal["create", "update", "none"]
    items: tuple[Item, ...] = ()
    findings: tuple[Finding, ...] = ()
    settings: tuple[Difference, ...] = ()
    counts: Counts = Counts()
