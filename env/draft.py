"""One environment on its way from a file to the model: its data, where each value stands, what is wrong so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from env.document import Document, Path_, Place, Problem
from env.model import Environment, Tools
from env.stacksets import StackSets

Model = Environment | Tools | StackSets
"""What a file is read as."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One environment, the tools account or the StackSets, while they are being checked.

    ``documents`` are the files that it comes from, its own first; ``data`` and ``places`` are what they give together.
    """

    name: str
    start: Place
    documents: tuple[Document, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    places: Mapping[Path_, Place] = field(default_factory=dict)
    made: Model | None = None
    problems: tuple[Problem, ...] = ()

    def at(self, *path: str | int) -> Place:
        """The place of a value, or of the nearest value around it that stands in a file."""
        return _nearest(self.places, path, self.start)

    def at_missing(self, path: Path_, *, shared: bool) -> Place:
        """Where a missing value belongs: in the environment's own file, or in the one that all environments share."""
        document = self.documents[-1 if shared else 0]
        return _nearest(document.places, path, Place(document.file, 1, 1))

    def having(self, problems: Iterable[Problem], made: Model | None = None) -> Draft:
        """With more problems; a value that was refused already, or holds a secret, is not complained about a second time."""
        taken = {replace(problem, message="") for problem in self.problems}
        new = tuple(problem for problem in problems if replace(problem, message="") not in taken)
        return replace(self, problems=self.problems + new, made=made or self.made)


def over(own: Document, defaults: Document) -> tuple[dict[str, Any], dict[Path_, Place]]:
    """An environment's own values over the defaults, and the place of each."""
    data = _merge(defaults.data, own.data)
    places = {path: place for path, place in defaults.places.items() if _stands_in(data, path)}
    return data, places | own.places


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Mappings merge key by key, at any depth; every other value replaces."""
    merged = dict(below)
    for key, value in above.items():
        old = below.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _stands_in(data: Any, path: Path_) -> bool:
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def _nearest(places: Mapping[Path_, Place], path: Path_, start: Place) -> Place:
    for end in range(len(path), 0, -1):
        if path[:end] in places:
            return places[path[:end]]
    return start
