"""The review: from a change set and the templates before and after to what a person has to know.

Pure: no files, no AWS, no clock. `view.py` looks through the subject (`known.py` proves what stays); `items.py` says it a line a
resource; each kind of finding is a module with ``findings(view)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import get_args

from deploy.changes import Finding, Kind, Review
from deploy.review import broadening, interruption, limits, loss, protection, uncertainty
from deploy.review.items import counts, items
from deploy.review.settings import settings
from deploy.review.subject import Subject
from deploy.review.view import View

__all__ = ["Subject", "review"]

_FINDERS: tuple[Callable[[View], Iterator[Finding]], ...] = (
    loss.findings,
    broadening.findings,
    interruption.findings,
    uncertainty.findings,
    protection.findings,
    limits.findings,
)
_KINDS: tuple[str, ...] = get_args(Kind)


def review(subject: Subject) -> Review:
    """What a change set will do to one stack: items by service, findings worst first, what needs a waiver before what informs."""
    view = View(subject)
    made, changed = items(view), settings(subject)
    found = [finding for find in _FINDERS for finding in find(view)]
    empty = not made and not changed and (subject.change_set.empty or not subject.change_set.changes)
    return Review(
        stack=subject.stack.name,
        region=subject.stack.region,
        kind="none" if empty else "create" if subject.creates else "update",
        items=made,
        findings=tuple(sorted(found, key=lambda one: (_KINDS.index(one.kind), one.waiver is None))),
        settings=changed,
        counts=counts(made),
    )
