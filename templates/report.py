"""What a person or a program sees of a run: a table an environment, findings with their lines, or JSON, SARIF, JUnit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from templates.build import AnyBuilt
    from templates.generation import Outcome


def render(outcome: Outcome, form: str, *, check: bool, settled: bool = False) -> str:
    """``form``: text, json, sarif or junit. ``settled``: as the next run would print it, with nothing left to do."""
    if form == "text":
        return _text(outcome, check=check, settled=settled)
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(_plain(outcome))).decode() + "\n"
    from templates.validation import formats

    return formats.sarif(outcome.findings) if form == "sarif" else formats.junit(outcome.findings, _templates(outcome))


def _templates(outcome: Outcome) -> list[str]:
    return [f"{built.env.name}/{service}" for built in outcome.builds for service in built.whole.encoded]


def _plain(outcome: Outcome) -> dict[str, Any]:
    changes = outcome.changes
    return {
        "written": outcome.written,
        "files": {"new": changes.new, "changed": changes.changed, "unchanged": changes.unchanged, "removed": changes.removed},
        "changed": {path: changed_ids(changes.before[path], outcome.files[path]) for path in changes.changed if is_template(path)},
        "findings": [msgspec.to_builtins(finding) for finding in outcome.findings],
    }


def _text(outcome: Outcome, *, check: bool, settled: bool) -> str:
    lines = [line for built in outcome.builds for line in _table(outcome, built, settled=settled)]
    if outcome.findings:
        from templates.validation import formats

        lines += [formats.text(outcome.findings), ""]
    lines.append(_summary(outcome, check=check, settled=settled))
    return "\n".join(lines) + "\n"


def _table(outcome: Outcome, built: AnyBuilt, *, settled: bool) -> list[str]:
    env = built.env
    rows = [f"{env.name}  account {env.account}  {env.region}"]
    for service, data in built.whole.encoded.items():
        path = f"{env.name}/{service}.json"
        count, size = len(built.whole.templates[service].get("Resources", {})), len(data)
        rows.append(f"  {service:<12}{count:>4} resources {size:>7,} bytes  {_state(outcome, path, settled=settled)}")
    gone = [path for path in outcome.changes.removed if path.startswith(f"{env.name}/")]
    rows += [f"  {path.split('/', 1)[1]:<34} removed" for path in gone if not settled]
    return [*rows, ""]


def _state(outcome: Outcome, path: str, *, settled: bool) -> str:
    changes = outcome.changes
    if settled or path in changes.unchanged:
        return "unchanged"
    if path in changes.new:
        return "new"
    ids = changed_ids(changes.before[path], outcome.files[path])
    return f"changed: {', '.join(ids)}" if ids else "changed"


def _summary(outcome: Outcome, *, check: bool, settled: bool) -> str:
    changes = outcome.changes
    if settled or not changes.any:
        return "nothing to do: build/ is what the sources give" if check or settled or not outcome.findings else "no file differs"
    counts = f"{len(changes.new)} new, {len(changes.changed)} changed, {len(changes.removed)} removed, {len(changes.unchanged)} unchanged"
    if outcome.written:
        return f"files: {counts}" + ("" if outcome.whole else "; release.json stands for runs over all environments and was left alone")
    return f"files that would be written: {counts}"


def is_template(path: str) -> bool:
    return path.endswith(".json") and not path.endswith(("manifest.json", "sources.json", "release.json", "flat.json", "parity.json"))


def changed_ids(before: bytes, after: bytes) -> list[str]:
    """Logical ids that differ between two templates: ``+`` added, ``-`` removed, ``~`` changed; outputs likewise."""
    try:
        old, new = json.loads(before), json.loads(after)
    except ValueError:
        return []
    found = []
    for section in ("Resources", "Outputs", "Parameters"):
        was, now = old.get(section, {}), new.get(section, {})
        prefix = "" if section == "Resources" else f"{section[:-1].lower()} "
        for key in sorted(was.keys() | now.keys()):
            if was.get(key) != now.get(key):
                sign = "+" if key not in was else "-" if key not in now else "~"
                found.append(f"{sign}{prefix}{key}")
    return found
