"""Whether a set is still what its plan was made for."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.errors import Conflict
from deploy.report import values
from deploy.stacksets import comparing
from deploy.stacksets.home import Home
from deploy.stacksets.model import Content, SetPlan, SetState
from deploy.watch import SKEW

_LOOKS = "DETECT_DRIFT"


def differences(home: Home, plan: SetPlan) -> Iterator[str]:
    """Everything that has moved since it was sealed: the set, its instances, and operations that others have begun."""
    sets = home.sets("plan")
    state = sets.find()
    yield from _content(state, plan)
    if state is None or plan.before is None:
        return
    sealed = {row.place: row.status for row in plan.rows if row.status}
    now = {one.place: one.status for one in sets.instances()}
    for account, region in sorted(sealed.keys() | now.keys()):
        was, found = sealed.get((account, region), "not there"), now.get((account, region), "not there")
        if was != found:
            yield f"instance {account} {region}: it was {was.lower()}, and is {found.lower()}"
    for one in sets.operations():
        if one.created and one.created < plan.created - SKEW:
            break
        if one.action != _LOOKS and one.created and one.created > plan.created:
            yield f"{one.words} was begun after the plan was made"


def check_content(home: Home, plan: SetPlan) -> SetState | None:
    """The set, which must be as it was when the plan was made, or as the plan makes it.

    Raises:
        Conflict: somebody has changed it since.
    """
    state = home.sets("plan").find()
    now = comparing.content_of(state, plan.after) if state else None
    if now != plan.before and (now is None or now.deployed not in _known(plan)):
        moved = tuple(_content(state, plan))
        raise Conflict(f"plan {plan.short} of {plan.subject}", "somebody has changed the set since", "plan again", moved)
    return state


def _known(plan: SetPlan) -> list[tuple[str, dict[str, str], dict[str, str]]]:
    return [content.deployed for content in (plan.before, plan.after) if content]


def _content(state: SetState | None, plan: SetPlan) -> Iterator[str]:
    now = comparing.content_of(state, plan.after) if state else None
    if plan.before is None or now is None:
        if (plan.before is None) != (now is None):
            yield f"the set {'was not there, and is' if now else 'was there, and is gone'}"
        return
    yield from _lines(plan.before, now)


def _lines(was: Content, now: Content) -> Iterator[str]:
    for one in comparing.differences(was, now):
        before, after = values.sides(one)
        yield f"{values.name(one.pointer)}: it was {before or 'not there'}, and is {after or 'not there'}"
