"""What a checker found: the rule, where, and why it matters."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Finding(Struct, frozen=True, kw_only=True, order=True):
    """One violation. ``tool`` is cfn-lint, cloudformation-validate, tapline, limits or allow-list.

    ``logical_id`` and ``path`` (``Properties.Tags``) are "" where a finding is about the whole template; ``origin`` is
    the line of the builder that made the resource; ``value`` the line of the environment value that caused it, ""
    where none is known; ``source`` the document that says so.
    """

    environment: str
    service: str
    logical_id: str
    rule: str
    path: str = ""
    level: Literal["error", "warning"] = "error"
    tool: str
    message: str
    type: str = ""
    origin: str = ""
    value: str = ""
    source: str = ""
