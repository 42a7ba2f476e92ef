"""Uncertainty: what nobody can say before it is applied, and is not proven to stay.

A property that is written otherwise and whose new value is known only after apply is no uncertainty: both expressions are shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from deploy.changes import Finding
from deploy.model import NESTED, ChangeSet
from deploy.review.view import Entry, View
from deploy.stateful import STATEFUL


def findings(view: View) -> Iterator[Finding]:
    """What may be replaced, what AWS did not list or decides later, what was not read."""
    if not view.subject.creates:
        yield from _possible(view)
        yield from _unread(view)
    if view.idle:
        names = ", ".join(entry.path for entry in view.idle[:5]) + (f" and {len(view.idle) - 5} more" if len(view.idle) > 5 else "")
        yield _finding("", f"AWS says that nothing changes, although {len(view.idle)} definitions differ", names, _IDLE)
    for path, change_set in _all(view.subject.change_set, ""):
        if change_set.values_lost:
            yield _finding(
                path, "AWS warns that its answer may be incomplete", "values of some properties are missing; the rows were read again"
            )
        if change_set.failed:
            yield _finding(path, "its change set failed", change_set.reason or "AWS gives no reason")


_IDLE = "a policy or metadata alone makes no update: it is applied with the next change of a property"


def _possible(view: View) -> Iterator[Finding]:
    for entry in view.entries:
        if entry.verdict == "may replace" and entry.type not in STATEFUL:
            yield _finding(
                entry.path, _title(entry), entry.fate.why, "make what it hangs on known: a name of its own, or a release in between"
            )
        elif entry.row and entry.row.action == "SyncWithActual":
            yield _finding(entry.path, "was changed outside the stack; AWS puts it back", "the values that stand there now are overwritten")
        elif entry.verdict == "import":
            yield _finding(entry.path, "is taken into the stack as it is", "what differs from the template is not put right")
        elif entry.verdict in ("add", "remove") and not entry.fate.listed and _alone(view, entry):
            yield _finding(
                entry.path, f"AWS does not list that it is {'new' if entry.verdict == 'add' else 'removed'}", "only the templates say so"
            )


def _title(entry: Entry) -> str:
    return "may be replaced" if entry.fate.listed else "may change or be replaced"


def _alone(view: View, entry: Entry) -> bool:
    """Not within a nested stack that comes or goes as a whole, whose resources AWS does not list one by one."""
    return entry.node[0] in view.before.documents and entry.node[0] in view.after.documents


def _unread(view: View) -> Iterator[Finding]:
    subject = view.subject
    if not subject.before:
        yield _finding("", "the deployed templates were not read", "nothing is compared; what AWS lists is shown as it says it")
        return
    for path in sorted(subject.after):
        row = view.known.rows.get((path.rpartition("/")[0], path.rpartition("/")[2]))
        if path not in view.seen and row is not None and row.type == NESTED and row.action != "Add":
            yield _finding(
                path, "AWS was not asked what happens in it", "its change set has none nested in it; only the templates are compared"
            )


def _all(change_set: ChangeSet, path: str) -> Iterator[tuple[str, ChangeSet]]:
    yield path, change_set
    for logical_id in sorted(change_set.children):
        yield from _all(change_set.children[logical_id], f"{path}/{logical_id}" if path else logical_id)


def _finding(path: str, fact: str, why: str, remedy: str = "") -> Finding:
    subject = path or "the stack"
    return Finding(
        kind="uncertainty",
        path=path,
        title=f"{subject} {fact}" if path else f"{subject}: {fact}",
        detail=(why,) if why else (),
        remedy=remedy,
    )
