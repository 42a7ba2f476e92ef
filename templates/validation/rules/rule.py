"""What a rule is, and what it says of a resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from templates.validation.view import View


@dataclass(frozen=True)
class Violation:
    """One resource of the flat copy that breaks the rule; ``path`` is the property.

    ``parameter_of`` is (service, name) where it is about a parameter or an output of a nested template, which the flat
    copy has not.
    """

    flat_id: str
    message: str
    path: str = ""
    parameter_of: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Rule:
    """``source`` is the document that the rule follows."""

    id: str
    title: str
    reason: str
    source: str
    check: Callable[[View], Iterator[Violation]]
