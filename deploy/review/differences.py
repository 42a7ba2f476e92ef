"""What changes in one resource, as people read it: property before -> after, secrets masked, with the values that it came from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from deploy.changes import Difference
from deploy.model import Detail
from deploy.review import causes
from deploy.review.causes import Cause
from deploy.review.comparison import Leaf
from deploy.review.expressions import SECRET, UNKNOWN, canonical, readable
from deploy.review.secrets import MASK, masked
from deploy.review.view import Entry, View
from deploy.structure import escaped, function

_MISSING = object()


def differences(view: View, entry: Entry, changed: tuple[Cause, ...]) -> tuple[Difference, ...]:
    """Leaves of the two definitions, with AWS's values where it gives them, then what AWS alone sees change."""
    if entry.verdict not in ("modify", "replace", "may replace", "import"):
        return ()
    told = {leaf.pointer.split("/")[2] for leaf in entry.leaves if leaf.pointer.startswith("/Properties/")}
    found = [_whole(entry, pointer, changed) for pointer in dict.fromkeys(leaf.whole for leaf in entry.leaves if leaf.whole)]
    found += [_difference(entry, leaf, changed) for leaf in entry.leaves if not leaf.whole]
    found += [made for detail in _others(entry, told) for made in _by_detail(view, entry, detail, changed)]
    found = [one for index, one in enumerate(found) if one not in found[:index]]
    return tuple(sorted(found, key=lambda one: (one.pointer, one.before is None, repr(one.before))))


def _whole(entry: Entry, pointer: str, changed: tuple[Cause, ...]) -> Difference:
    """An item of a list that came or went."""
    leaf = next(leaf for leaf in entry.leaves if leaf.whole == pointer)
    goes = leaf.after is None
    definition = at(entry.before if goes else entry.after, pointer)
    value, known = _value(definition, (entry.row.before if goes else entry.row.after) if entry.row else None, pointer)
    return _made(entry, pointer, value if goes else None, None if goes else value, known, changed)


def _difference(entry: Entry, leaf: Leaf, changed: tuple[Cause, ...]) -> Difference:
    row = entry.row
    before, _ = _value(leaf.before, row.before if row else None, leaf.pointer_before)
    after, known = _value(leaf.after, row.after if row else None, leaf.pointer)
    return _made(entry, leaf.pointer, before, after, known, changed)


def _value(definition: Any, context: Mapping[str, Any] | None, pointer: str) -> tuple[Any, bool]:
    """The value at a place, and whether it is known before apply: as AWS resolved it, else as the template has it."""
    if definition is None or not _holds_function(definition):
        return definition, True
    if function(definition) == SECRET:
        return MASK, True
    resolved = at(context, pointer)
    if resolved is _MISSING or isinstance(resolved, (dict, list)):
        return readable(definition), UNKNOWN not in canonical(None if resolved is _MISSING else resolved)
    if UNKNOWN in str(resolved):
        return readable(definition), False
    return resolved, True


def _holds_function(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(function(value)) or any(map(_holds_function, value.values()))
    return isinstance(value, list) and any(map(_holds_function, value))


def at(value: Any, pointer: str) -> Any:
    """What a JSON pointer leads to (RFC 6901), a mark of its own where it leads nowhere."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return _MISSING
    return value


def _others(entry: Entry, told: set[str]) -> Iterator[Detail]:
    """AWS's details of properties that the two definitions write the same."""
    for detail in entry.row.details if entry.row else ():
        if detail.attribute == "Properties" and detail.name and detail.name not in told:
            yield detail


def _by_detail(view: View, entry: Entry, detail: Detail, changed: tuple[Cause, ...]) -> Iterator[Difference]:
    """What AWS alone sees: another value, or one that is known after apply; nothing where it is proven that there is none."""
    before, after = _parsed(detail.before), _parsed(detail.after)
    unknown = UNKNOWN in (detail.after or "") or (detail.evaluation == "Dynamic" and before == after)
    pointer = detail.path or f"/Properties/{detail.name}"
    written = at(entry.after, f"/Properties/{detail.name}")
    if unknown and written is not _MISSING and view.before.definition(entry.node) is not None:
        yield from _unsteady(view, entry, f"/Properties/{detail.name}", written)
    elif unknown or before != after:
        after = readable(written) if unknown and written is not _MISSING else after
        yield _made(entry, pointer, before, after, not unknown, changed)


def _unsteady(view: View, entry: Entry, pointer: str, written: Any) -> Iterator[Difference]:
    """The parts of a property, written the same before and after, whose value may yet be another one."""
    if not view.known.moved(written):
        return
    if isinstance(written, (dict, list)) and not function(written):
        parts = written.items() if isinstance(written, dict) else enumerate(written)
        for key, part in parts:
            yield from _unsteady(view, entry, f"{pointer}/{escaped(str(key))}", part)
        return
    resolved = at(entry.row.before if entry.row else None, pointer)
    yield _made(entry, pointer, readable(written) if resolved is _MISSING else resolved, readable(written), False, ())


def _parsed(value: str | None) -> Any:
    """AWS gives objects and lists as JSON text, and plain values as they are."""
    if value is None or not value.startswith(("{", "[")) or value.startswith("{{"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _made(entry: Entry, pointer: str, before: Any, after: Any, known: bool, changed: tuple[Cause, ...]) -> Difference:
    names = pointer.split("/")[1:] + _named(entry, pointer)
    return Difference(
        pointer=pointer,
        before=masked(before, names),
        after=masked(after, names),
        known=known,
        recreates=_recreates(entry, pointer),
        because=causes.of(changed, before, after) if known and not isinstance(before, (dict, list)) else (),
    )


def _named(entry: Entry, pointer: str) -> list[str]:
    """The name of the list item that a ``Value`` stands in: an environment variable, a parameter."""
    parent, _, last = pointer.rpartition("/")
    if last not in ("Value", "ParameterValue"):
        return []
    items = [at(side, parent) for side in (entry.after, entry.before)]
    return [str(item.get("Name", item.get("Key", ""))) for item in items if isinstance(item, Mapping)]


def _recreates(entry: Entry, pointer: str) -> Literal["no", "maybe", "yes"]:
    """Whether this property is what replaces the resource."""
    if not entry.replaced or entry.row is None:
        return "no"
    name = pointer.split("/")[2] if pointer.count("/") >= 2 else ""
    blamed = [
        detail for detail in entry.row.details if detail.recreation != "Never" and detail.name == name and detail.attribute == "Properties"
    ]
    if not blamed:
        return "no"
    certain = any(detail.recreation == "Always" and detail.evaluation == "Static" for detail in blamed)
    return "yes" if certain and entry.verdict == "replace" else "maybe"
