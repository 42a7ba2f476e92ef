"""Broadening: whoever can do more after than before, in any nested stack, statement by statement.

A first create broadens nothing: nothing is there that could be reached. It gets one line that says what it brings, without a waiver.
In an update a new role, policy or permission does broaden, and gets one finding a resource.
"""

from __future__ import annotations

from collections.abc import Iterator

from deploy.changes import Finding, Waiver
from deploy.review import exposure
from deploy.review.expressions import references
from deploy.review.grants import HOLDERS, OPEN_WITHOUT, Policy, attached, boundary, for_whom, policies, works_as
from deploy.review.policies import Grant, Statement, condition_words, uncovered
from deploy.review.view import Entry, View

WAIVER: Waiver = "--allow-broadening"
_SHOWN = 12  # lines of one finding


def findings(view: View) -> Iterator[Finding]:
    if view.subject.creates:
        yield from _first(view)
        return
    for entry in view.entries:
        lines = [*_lines(view, entry), *exposure.lines(entry)]
        if lines:
            yield _finding(entry, lines)


def _finding(entry: Entry, lines: list[str]) -> Finding:
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    title = "is new and lets in or may do" if entry.verdict == "add" else "allows more than before"
    return Finding(
        kind="broadening",
        path=entry.path,
        title=f"{entry.path} {title}",
        detail=(*lines[:_SHOWN], *more),
        remedy="read each line; what is not meant goes out of the template",
        waiver=WAIVER,
    )


def _lines(view: View, entry: Entry) -> Iterator[str]:
    """What one resource allows that it did not."""
    if entry.verdict == "unchanged":
        return
    before, after = (policies(entry.type, side) for side in (entry.before, entry.after))
    if entry.verdict == "remove":
        yield from () if _gone(view, entry) else _denied(before, ())
        return
    yield from _allowed(view, before, after)
    yield from _denied(before, after)
    if before and not after and entry.type in OPEN_WITHOUT:
        yield f"{before[0].flavour}: there is none any more, which lets everything through"
    yield from (f"policy {name} is attached" for name in attached(entry.after) if name not in attached(entry.before))
    yield from _unbound(entry)
    if entry.before is not None:
        yield from _moved(entry)


def _moved(entry: Entry) -> Iterator[str]:
    """The same permissions for others, or others for the same."""
    yield from (f"it is for {name} as well" for name in for_whom(entry.type, entry.after) if name not in for_whom(entry.type, entry.before))
    yield from (f"it works as {name}" for name in works_as(entry.after) if name not in works_as(entry.before))


def _allowed(view: View, before: tuple[Policy, ...], after: tuple[Policy, ...]) -> Iterator[str]:
    """Statements that allow what none did, in the policies of one resource and one flavour."""
    for policy in after:
        given = [one for other in before if other.flavour == policy.flavour for one in other.statements]
        for one in policy.statements:
            if one.effect == "Allow" and not (not before and _own(view, policy, one)) and (new := uncovered(one, given)):
                yield _words(policy, one, new, given)


def _denied(before: tuple[Policy, ...], after: tuple[Policy, ...]) -> Iterator[str]:
    """Statements that denied what is denied no more."""
    for policy in before:
        given = [one for other in after if other.flavour == policy.flavour for one in other.statements]
        for one in policy.statements:
            if one.may_deny and uncovered(one, given):
                yield f"{policy.flavour}: no longer {one}"


def _own(view: View, policy: Policy, one: Statement) -> bool:
    """A key's own account has to keep it in hand; that statement is in every key's policy (KMS developer guide)."""
    return policy.flavour == "key policy" and all(str(term) == f"AWS:arn:*:iam::{view.account}:root" for term in one.principals)


def _words(policy: Policy, one: Statement, new: list[Grant], given: list[Statement]) -> str:
    """The statement, and what in it is new where that is not all of it."""
    alike = [other for other in given if other.effect == "Allow" and not other.opaque]
    bare = Statement(one.effect, one.principals, one.actions, one.resources, {}, one.opaque)
    freed = [Statement(other.effect, other.principals, other.actions, other.resources) for other in alike]
    if alike and not one.opaque and not uncovered(bare, freed):
        lost = sorted({word for other in alike for word in condition_words(other.conditions)} - set(condition_words(one.conditions)))
        return f"{policy.flavour}: {one} (no longer only if {'; '.join(lost)})" if lost else f"{policy.flavour}: {one}"
    kept = sum(1 for _ in one.grants) - len(new)
    if not kept or one.opaque:
        return f"{policy.flavour}: {one}"
    parts = []
    for name in ("action", "resource", "principal"):
        old = {str(term) for other in alike for term in getattr(other, f"{name}s")}
        parts += [f"{name} {term}" for term in sorted({str(getattr(grant, name)) for grant in new} - old)]
    return f"{policy.flavour}: {one}" + (f" (new: {', '.join(parts)})" if parts else "")


def _unbound(entry: Entry) -> Iterator[str]:
    old, new = boundary(entry.before), boundary(entry.after)
    if old and old != new:
        yield f"permissions boundary {old} is {f'replaced by {new}' if new else 'removed'}"


def _gone(view: View, entry: Entry) -> bool:
    """What a removed policy spoke of is removed as well, so that nothing is left that it could deny."""
    if entry.verdict != "remove":
        return False
    if entry.type not in HOLDERS:
        return not entry.type.startswith("AWS::IAM::") or entry.type in ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")
    held = [node for node, _ in references(((entry.before or {}).get("Properties") or {}).get(HOLDERS[entry.type]))]
    return bool(held) and all(view.known.fate(node).state == "removed" for node in held)


def _first(view: View) -> Iterator[Finding]:
    """One line on a whole new stack."""
    roles = [entry for entry in view.entries if entry.type == "AWS::IAM::Role"]
    holders = [entry for entry in view.entries if policies(entry.type, entry.after) and entry.type != "AWS::IAM::Role"]
    opened = [f"{entry.path}: {line}" for entry in view.entries for line in exposure.public(entry)]
    if roles or holders or opened:
        yield Finding(
            kind="broadening",
            path="",
            title=f"a first create: {len(roles)} roles, {len(holders)} policies and permissions, {len(opened)} open to all",
            detail=tuple(opened[:_SHOWN]),
        )
