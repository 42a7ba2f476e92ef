"""One environment on its way from a file to the model: its data, where each value stands, what is wrong so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from env.document import Path_, Place, Problem
from env.model import Environment, Tools


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One environment while it is being checked: its data over the defaults, and where each value stands."""

    name: str
    data: dict[str, Any]
    places: Mapping[Path_, Place]
    start: Place
    environment: Environment | Tools | None = None
    problems: list[Problem] = field(default_factory=list)

    def at(self, *path: str | int) -> Place:
        """The place of a value, or of the nearest value around it that stands in a file."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.places:
                return self.places[path[:end]]
        return self.start
