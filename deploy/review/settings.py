"""What changes beside the resources: tags, roles, triggers, the stack policy, termination protection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from deploy.changes import Difference
from deploy.plan import Settings
from deploy.review.comparison import compare
from deploy.review.secrets import masked
from deploy.review.subject import Subject


def settings(subject: Subject) -> tuple[Difference, ...]:
    """One line each; nothing for a stack that is new, whose settings are all new. Template digests are not for people."""
    if subject.settings_before is None:
        return ()
    leaves = compare(_plain(subject.settings_before), _plain(subject.settings_after))
    return tuple(
        Difference(pointer=leaf.pointer, before=_shown(leaf.pointer, leaf.before), after=_shown(leaf.pointer, leaf.after))
        for leaf in leaves
    )


def _shown(pointer: str, value: Any) -> Any:
    return masked(value, pointer.split("/"))


def _plain(made: Settings) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(made)
    plain["triggers"] = sorted(trigger["arn"] for trigger in plain["triggers"])
    return dict(_without(plain, "templates"))


def _without(plain: dict[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    return ((key, value) for key, value in plain.items() if key != name)
