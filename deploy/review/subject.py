"""What is reviewed: a change set, the templates before and after, and what stands around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy import manifest
from deploy.model import ChangeSet
from deploy.plan import Settings

Document = Mapping[str, Any]
"""A template, or a part of one, as JSON has it."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One stack's review. Everything in it was read by somebody else: the review itself reads nothing.

    ``change_set``: the root's, all pages read, with everything nested in it; ``before``, ``after``: the deployed and the built
    templates by the path of their nested stack (``""`` the root, ``Compute``, ``A/B``), ``before`` empty where nothing is
    deployed; ``services``: the same paths -> service names; ``values_before``, ``values_after``: the environment file's values
    of the deployed and of the new release, dotted path -> value; ``places``: dotted path -> ``env/dev.yaml:13``; ``sources``:
    ``compute/ApiFunction`` -> ``templates/compute.py:90``.
    """

    stack: manifest.Stack
    change_set: ChangeSet
    before: Mapping[str, Document] = field(default_factory=dict)
    after: Mapping[str, Document]
    services: Mapping[str, str] = field(default_factory=dict)
    settings_before: Settings | None = None
    settings_after: Settings
    values_before: Mapping[str, Any] | None = None
    values_after: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    limits: tuple[manifest.Limit, ...] = ()

    @property
    def creates(self) -> bool:
        """Nothing is deployed yet: nothing can be lost, broadened or interrupted.

        DescribeChangeSet does not say of which type a change set is, so that a stack without a past is told by what is known of it.
        """
        nothing = not self.before and self.settings_before is None
        return self.change_set.kind == "CREATE" or (nothing and all(change.action == "Add" for change in self.change_set.changes))

    def service(self, path: str) -> str:
        """The service of a nested stack; of one within it where it has none of its own."""
        known = path
        while known and known not in self.services:
            known = known.rpartition("/")[0]
        return self.services.get(known, path or self.stack.root)
