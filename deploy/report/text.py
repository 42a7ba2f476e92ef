"""A plan as one indented tree by service, with its findings before it and one line of sums at its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deploy.changes import Difference, Finding, Item, Kind, Review
from deploy.plan import Plan, Proposal, Sealed
from deploy.report import values
from deploy.report.ink import PLAIN, Ink, cells, one_line, pad, plural

WORST_FIRST: tuple[Kind, ...] = ("data loss", "broadening", "interruption", "uncertainty", "protection", "limit")
_STYLES: dict[Kind, str] = {
    "data loss": "bold red",
    "broadening": "bold red",
    "interruption": "bold yellow",
    "uncertainty": "yellow",
    "protection": "yellow",
    "limit": "yellow",
}


def plan(plan: Plan, ink: Ink = PLAIN) -> str:
    """The whole review. One line where nothing changes and nothing was found."""
    if not plan.changes and not findings_of(plan):
        return no_changes(plan) + "\n"
    blocks = [_heading(plan, ink), finding_lines(findings_of(plan), ink)]
    blocks += [_proposal(proposal, ink) for proposal in plan.proposals]
    blocks.append([ink("bold", summary(plan)) if plan.changes else no_changes(plan)])
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def no_changes(plan: Plan) -> str:
    """``No changes. tap-dev-app is as the release says.``"""
    names = [proposal.stack for proposal in plan.proposals]
    if not names:
        return f"No changes. {one_line(plan.environment)} has no stacks."
    joined = names[0] if len(names) == 1 else f"{values.listed(names[:-1])} and {names[-1]}"
    return f"No changes. {one_line(joined)} {'is' if len(names) == 1 else 'are'} as the release says."


def summary(plan: Plan) -> str:
    """``Plan: 2 to add, 1 to change, 0 to replace, 0 to remove.`` with what else there is to say in the same way."""
    counts = [proposal.review.counts for proposal in plan.proposals]
    maybe = sum(count.may_replace for count in counts)
    imported = sum(item.verdict == "import" for item in items_of(plan))
    settings = [one_line(proposal.stack) for proposal in plan.proposals if proposal.kind == "settings" or proposal.review.settings]
    text = (
        f"Plan: {sum(count.add for count in counts)} to add, {sum(count.modify for count in counts)} to change, "
        f"{sum(count.replace for count in counts)} to replace{f' ({maybe} of them perhaps)' if maybe else ''}, "
        f"{sum(count.remove for count in counts)} to remove"
    )
    text += f", {imported} to import" if imported else ""
    return f"{text}; settings of {values.listed(settings)} change." if settings else f"{text}."


def findings_of(plan: Sealed) -> list[Finding]:
    """Of all stacks, worst first, as they came within a kind."""
    return sorted(plan.found, key=lambda finding: WORST_FIRST.index(finding.kind))


def items_of(plan: Plan) -> list[Item]:
    return [item for proposal in plan.proposals for item in proposal.review.items]


def by_service(items: Iterable[Item]) -> dict[str, list[Item]]:
    """What happens to something, by service, both in the order in which they came; what is unchanged is only counted."""
    found: dict[str, list[Item]] = {}
    for item in items:
        if item.verdict != "unchanged":
            found.setdefault(item.service, []).append(item)
    return found


def waiver(finding: Finding) -> str:
    """The exact option that accepts it, quoted for a shell where it must be; empty where none does."""
    import shlex

    return f"{finding.waiver} {shlex.quote(one_line(finding.path))}" if finding.waiver else ""


def _heading(plan: Plan, ink: Ink) -> list[str]:
    commit = f"  commit {one_line(plan.commit[:12])}" if plan.commit else ""
    return [
        f"{ink('bold', f'Plan {one_line(plan.short)}')}  {one_line(plan.environment)}  account {one_line(plan.account)}  {one_line(plan.manifest.region)}",
        ink(
            "dim", f"release {values.release(plan.release)}{commit}  by {values.person(plan.by)}  valid until {values.moment(plan.expires)}"
        ),
    ]


def finding_lines(findings: list[Finding], ink: Ink) -> list[str]:
    return [line for finding in findings for line in _finding(finding, ink)]


def _finding(finding: Finding, ink: Ink) -> Iterator[str]:
    sign = ink.symbol("failed" if finding.waiver else "warn")
    yield f"{ink(_STYLES[finding.kind], f'{sign} {finding.kind}')}  {ink('bold', one_line(finding.path or 'the stack'))}"
    for text in (finding.title, *finding.detail):
        yield from ink.wrap(one_line(text), "    ")
    if finding.remedy:
        yield from ink.wrap(f"-> {one_line(finding.remedy)}", "    ")
    if option := waiver(finding):
        yield f"    -> to accept it: {option}"


def _proposal(proposal: Proposal, ink: Ink) -> list[str]:
    head = f"{ink('bold', one_line(proposal.stack))}  {_what(proposal)} in {one_line(proposal.region)}"
    return [head, *review_lines(proposal.review, ink)]


def review_lines(review: Review, ink: Ink) -> list[str]:
    """Its settings and resources."""
    return [*_settings(review, ink), *_items(review, ink), *_unchanged(review, ink)]


def _what(proposal: Proposal) -> str:
    said = {"create": "will be created", "update": "will be updated", "settings": "only its settings change", "none": "no changes"}
    back = ", and what was changed by hand is put back" if proposal.revert and proposal.kind == "update" else ""
    return said[proposal.kind] + back


def _settings(review: Review, ink: Ink) -> Iterator[str]:
    if review.settings:
        yield f"  {ink('bold', 'settings')}"
        for difference in review.settings:
            yield from _difference(difference, ink, "    ")


def _items(review: Review, ink: Ink) -> Iterator[str]:
    services = by_service(review.items)
    shown = [item for items in services.values() for item in items]
    widest = min(max((cells(values.tail(item.path)) for item in shown), default=0), max(ink.width // 3, 12))
    for service, items in services.items():
        yield f"  {ink('bold', one_line(service))}"
        for item in items:
            yield from _item(item, widest, ink)


def _item(item: Item, widest: int, ink: Ink) -> Iterator[str]:
    """``~ modify  ApiFunction  AWS::Lambda::Function``, its policy action beside it where there is room, all else below."""
    sign, style = values.SIGNS[item.verdict]
    head = f"{'#' if ink.ascii and sign == '±' else sign} {item.verdict:<11}"
    name = pad(ink.cut(values.tail(item.path), widest), widest)
    room = ink.width - cells(f"    {head}  {name}  ")
    kind, action = ink.cut(one_line(item.type), room), one_line(item.policy_action)
    beside = bool(action) and cells(f"{kind}  {action}") <= room
    yield f"    {ink(style, head)}  {name}  {ink('dim', kind)}{ink('yellow', f'  {action}') if beside else ''}"
    if action and not beside:
        yield f"        {ink('yellow', action)}"
    if item.why:
        yield from ink.wrap(one_line(item.why), "        ")
    for difference in item.differences:
        yield from _difference(difference, ink, "        ")
    if item.tags_change:
        yield "        its tags change"
    if item.source and item.verdict != "add":
        yield ink("dim", f"        {one_line(item.source)}")


def _difference(difference: Difference, ink: Ink, indent: str) -> Iterator[str]:
    """``MemorySize  512 -> 1024`` on one line where it fits, else before and after on lines of their own."""
    label = values.name(difference.pointer)
    before, after = values.sides(difference)
    effect = f"  ({values.effect(difference)})" if difference.recreates != "no" else ""
    shown = f"{before or '(none)'} -> {after or '(none)'}"
    room = ink.width - len(indent)
    if cells(label) + 2 + cells(shown) + cells(effect) <= room:
        yield f"{indent}{label}  {shown}{ink('magenta', effect)}"
    else:
        yield f"{indent}{ink.cut(label, room - cells(effect))}{ink('magenta', effect)}"
        before, after = values.contrast(before, after, room - 4, ink.symbol("cut"))
        yield from (f"{indent}  {ink(style, sign)} {side}" for sign, style, side in (("-", "red", before), ("+", "green", after)) if side)
    for reason in difference.because:
        yield from (ink("dim", line) for line in ink.wrap(f"because {one_line(reason)}", f"{indent}  "))


def _unchanged(review: Review, ink: Ink) -> Iterator[str]:
    if count := review.counts.unchanged:
        yield ink("dim", f"  {plural(count, 'resource')} listed by CloudFormation, proven unchanged")
