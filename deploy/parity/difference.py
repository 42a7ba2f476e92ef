"""Two forms side by side: what differs, and which resource has only been renamed in one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from deploy.parity.form import MANIFEST, Form, Path, canonical, pointer

Sides = tuple[str | None, str | None]
"""The leaf on either side as JSON, a whole resource as an object; None where there is none."""

_RESOURCES = "Resources"


class Compared(NamedTuple):
    """``leaves``: every path that differs; ``second``: the other form with the names of the first;
    ``renamed``: a resource of the second form -> its logical id in the first.
    """

    leaves: tuple[Path, ...]
    second: Form
    renamed: dict[Path, str]


def compared(one: Form, other: Form) -> Compared:
    """A resource that is only called otherwise on the other side, with all that refers to it, is no difference."""
    renamed = _renamed(one, other)
    second = _with_names(other, renamed)
    return Compared(differing(one, second), second, renamed)


def differing(one: Form, other: Form) -> tuple[Path, ...]:
    return tuple(sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path)))


def folded(leaves: Iterable[Path], one: Form, other: Form) -> dict[Path, Sides]:
    """Leaves that differ, with both sides; what is on one side alone as a whole is one difference: a resource, an item of a list."""
    found: dict[Path, Sides] = {}
    leaves = tuple(leaves)
    around = {path[:3] for path in leaves}
    left, right = _above(one, around), _above(other, around)
    for path in leaves:
        ends = range(min(3, len(path)), len(path) + 1)
        whole = next((path[:end] for end in ends if (path[:end] in left) != (path[:end] in right)), path)
        if whole not in found:
            found[whole] = (_whole(one, left, whole), _whole(other, right, whole))
    return found


def _above(form: Form, around: set[Path]) -> dict[Path, list[Path]]:
    """Every path that leads to leaves -> those leaves, of what stands in these sections."""
    found: dict[Path, list[Path]] = {}
    for path in form:
        for end in range(min(3, len(path)), len(path) + 1) if path[:3] in around else ():
            found.setdefault(path[:end], []).append(path)
    return found


def _whole(form: Form, above: Mapping[Path, list[Path]], path: Path) -> str | None:
    if path in form:
        return form[path]
    below = {pointer(leaf[len(path) :]): msgspec.json.decode(form[leaf]) for leaf in above.get(path, ())}
    return canonical(below) if below else None


def _renamed(one: Form, other: Form) -> dict[Path, str]:
    """Resources on one side alone whose content is the same but for their logical ids, references among them as well."""
    left, right = _resources(one), _resources(other)
    gone, new = left.keys() - right.keys(), right.keys() - left.keys()
    found: dict[Path, str] = {}
    while pair := next(_pairs(left, right, gone - {_old(path, name) for path, name in found.items()}, new - found.keys(), found), None):
        found[pair[1]] = pair[0][2]
    return found


def _old(path: Path, name: str) -> Path:
    return (*path[:2], name)


_Resources = Mapping[Path, dict[Path, str]]


def _pairs(left: _Resources, right: _Resources, gone: set[Path], new: set[Path], found: dict[Path, str]) -> Iterator[tuple[Path, Path]]:
    for path in sorted(new):
        for old in sorted(gone):
            if old[0] == path[0] and len(left[old]) == len(right[path]):
                names = _names({**found, path: old[2]}, path[0])
                if left[old] == {key: _replaced(leaf, names) for key, leaf in right[path].items()}:
                    yield old, path


def _resources(form: Form) -> dict[Path, dict[Path, str]]:
    found: dict[Path, dict[Path, str]] = {}
    for path, leaf in form.items():
        if path[0] != MANIFEST and path[1:2] == (_RESOURCES,):
            found.setdefault(path[:3], {})[path[3:]] = leaf
    return found


def _with_names(form: Form, renamed: dict[Path, str]) -> Form:
    if not renamed:
        return form
    services = {path[0]: _names(renamed, path[0]) for path in renamed}
    made: Form = {}
    for path, leaf in form.items():
        names = services.get(path[0], {})
        path = (*path[:2], renamed.get(path[:3], path[2]), *path[3:]) if path[1:2] == (_RESOURCES,) and len(path) > 2 else path
        made[path] = _replaced(leaf, names)
    return made


def _names(renamed: dict[Path, str], service: str) -> dict[str, str]:
    return {path[2]: name for path, name in renamed.items() if path[0] == service}


def _replaced(leaf: str, names: dict[str, str]) -> str:
    if not names or not any(name in leaf for name in names):
        return leaf
    return re.sub(rf"\b({'|'.join(map(re.escape, names))})\b", lambda match: names[match[0]], leaf)
