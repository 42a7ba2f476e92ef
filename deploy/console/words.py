"""CloudFormation's statuses as a person says them: creating, updated, going back."""

from __future__ import annotations

_VERBS = {
    "CREATE": ("creating", "created", "not created", "not created"),
    "UPDATE": ("updating", "updated", "not updated", "left as it is"),
    "DELETE": ("deleting", "deleted", "not deleted", "kept"),
    "IMPORT": ("importing", "imported", "not imported", "not imported"),
    "REVIEW": ("waiting for a change set", "reviewed", "not reviewed", "not reviewed"),
}
_BACK = ("going back", "put back", "not put back", "left as it is")
_ENDS = {"IN_PROGRESS": 0, "COMPLETE": 1, "FAILED": 2, "SKIPPED": 3}


def said(status: str) -> str:
    """``CREATE_IN_PROGRESS`` -> ``creating``; a status that is not known as AWS writes it, in lower case."""
    if not status:
        return "waiting"
    if "CLEANUP" in status:
        return "cleaning up"
    end = next((index for word, index in _ENDS.items() if status.endswith(word)), None)
    verb = _BACK if "ROLLBACK" in status else _VERBS.get(status.split("_", 1)[0])
    return verb[end] if verb and end is not None else status.lower().replace("_", " ")


def style(status: str) -> str:
    if status.endswith("FAILED"):
        return "red"
    if "ROLLBACK" in status or status.startswith("DELETE"):
        return "yellow"
    if status.endswith("COMPLETE"):
        return "green"
    return "cyan" if status else "dim"


def symbol(status: str) -> str:
    """The name of an `Ink` symbol."""
    if status.endswith("FAILED"):
        return "failed"
    if "ROLLBACK" in status:
        return "back"
    if status.endswith(("COMPLETE", "SKIPPED")):
        return "done"
    return "working" if status else "waiting"
