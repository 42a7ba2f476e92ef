"""A plan as Markdown for a pull request comment: findings first, a table of sums, each service folded away.

GitHub takes comments of at most 65,536 characters (its API: "body is too long (maximum is 65536 characters)"). What does not fit
is left out from the end, whole sections at a time, with a note that says so. Words of others cannot become markup: they are
escaped, or stand in code spans whose fence is longer than any of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploy.changes import Difference, Finding, Item
from deploy.plan import Plan, Proposal
from deploy.report import text, values
from deploy.report.ink import cut, one_line, plural

LIMIT = 65_536
_STACK = "the stack"
_LONGEST = 400
_MOST_FINDINGS = 100
_FOLD = 40  # resources in one folded part, so that a part that does not fit is small
_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
_LEADING = re.compile(r"^(\d+(?=[.)])|(?=[-+=#>]))")
_WORDS = {"modify": "change", "may replace": "perhaps replace"}


def plan(plan: Plan, limit: int = LIMIT) -> str:
    """At most ``limit`` characters."""
    if not plan.changes and not plan.carries and not plan.waits and not text.findings_of(plan):
        return f"**{escaped(plan.environment)}**: {escaped(text.no_changes(plan))}\n"
    sections = [_heading(plan), *_findings(text.findings_of(plan)), _table(plan)]
    for proposal in plan.proposals:
        sections += _proposal(proposal)
    return within(sections, limit, "plan")


def escaped(given: str) -> str:
    """One line in which nothing is markup, a link, a mention or an issue number.

    GitHub looks for the last two in the text that it made of the Markdown, where no escape is left: an empty comment parts them.
    """
    shown = _LEADING.sub(r"\1\\", _SPECIAL.sub(r"\\\1", _entities(cut(one_line(given), _LONGEST))))
    return _parted(shown).replace("://", "\\://").replace("www.", "www\\.")


def _entities(given: str) -> str:
    return given.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _parted(given: str) -> str:
    return re.sub(r"([@#])(?=\w)", r"\1<!-- -->", given)


def code(given: str) -> str:
    """A code span that its content cannot end; in a table a bar needs its own escape."""
    shown = cut(one_line(given), _LONGEST)
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    space = " " if shown.startswith("`") or shown.endswith("`") or not shown else ""
    return f"{fence}{space}{shown or ' '}{space}{fence}"


def _heading(plan: Plan) -> str:
    commit = f", commit {code(plan.commit[:12])}" if plan.commit else ""
    return (
        f"### Plan {code(plan.short)} for {escaped(plan.environment)}\n\n"
        f"{escaped(text.summary(plan)) if plan.changes else escaped(text.no_changes(plan))}\n\n"
        f"Account {code(plan.account)}, {code(plan.manifest.region)}, release {code(values.release(plan.release))}{commit}, "
        f"valid until {values.moment(plan.expires)}."
    )


def _findings(findings: list[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield f"#### {plural(len(findings), 'finding')}"
    yield "\n".join(line for finding in findings[:_MOST_FINDINGS] for line in _finding(finding))
    if len(findings) > _MOST_FINDINGS:
        yield f"> These are the worst {_MOST_FINDINGS}; `plan --format text` shows all {len(findings):,}."


def _finding(finding: Finding) -> Iterator[str]:
    yield f"- **{finding.kind}** {code(finding.path or _STACK)}: {escaped(finding.title)}"
    yield from (f"  - {escaped(detail)}" for detail in finding.detail)
    if finding.remedy:
        yield f"  - {escaped(finding.remedy)}"
    if option := text.waiver(finding):
        yield f"  - to accept it: {code(option)}"


def _table(plan: Plan) -> str:
    rows = ["| stack | add | change | replace | perhaps | remove | unchanged |", "|---|--:|--:|--:|--:|--:|--:|"]
    for proposal in plan.proposals:
        counts = proposal.review.counts
        numbers = (counts.add, counts.modify, counts.replace - counts.may_replace, counts.may_replace, counts.remove, counts.unchanged)
        rows.append(f"| {escaped(proposal.stack)} | {' | '.join(str(max(number, 0)) for number in numbers)} |")
    return "\n".join(rows)


def _proposal(proposal: Proposal) -> Iterator[str]:
    review, stack = proposal.review, proposal.stack
    if proposal.waits:
        yield "\n".join([f"{code(stack)} waits:", *(f"- {escaped(one)}" for one in proposal.waits)])
    if review.settings:
        yield _folded(f"{stack}: settings", "\n".join(_difference(difference) for difference in review.settings))
    for service, items in text.by_service(review.items).items():
        for start in range(0, len(items), _FOLD):
            part = items[start : start + _FOLD]
            which = f", {start + 1} to {start + len(part)}" if len(items) > _FOLD else ""
            title = f"{stack}: {service}, {plural(len(items), 'resource')}{which}"
            yield _folded(title, "\n".join(line for item in part for line in _item(item)))


def _folded(title: str, body: str) -> str:
    """GitHub reads Markdown inside only after an empty line; the title is HTML."""
    return f"<details><summary>{_parted(_entities(cut(one_line(title), _LONGEST)))}</summary>\n\n{body}\n\n</details>"


def _item(item: Item) -> Iterator[str]:
    sign, _ = values.SIGNS[item.verdict]
    kept = f", {escaped(item.policy_action)}" if item.policy_action else ""
    where = f" ({escaped(item.source)})" if item.source else ""
    verdict = _WORDS.get(item.verdict, item.verdict)
    yield f"- {code(sign)} **{verdict}** {code(values.tail(item.path))} {escaped(item.type)}{kept}{where}"
    if item.why:
        yield f"  - {escaped(item.why)}"
    yield from (f"  {_difference(difference)}" for difference in item.differences)
    if item.tags_change:
        yield "  - its tags change"


def _difference(difference: Difference) -> str:
    before, after = values.sides(difference)
    shown = " → ".join(code(side) if side else "(none)" for side in (before, after))
    effect = f" **{values.effect(difference)}**" if difference.recreates != "no" else ""
    because = f"; because {escaped(values.listed(difference.because))}" if difference.because else ""
    return f"- {code(values.name(difference.pointer))}: {shown}{effect}{because}"


def within(sections: list[str], limit: int, verb: str) -> str:
    """As many sections as fit, in order, and a note on the rest; ``verb`` shows all of it."""
    whole = "\n\n".join(sections) + "\n"
    if len(whole) <= limit:
        return whole
    note = f"> This is not all: {{}} of {{}} parts do not fit into a comment. `{verb} --format text` shows them."
    room, kept = limit - len(note) - 20, []
    for section in sections:
        room -= len(section) + 2
        if room < 0:
            break
        kept.append(section)
    left = note.format(len(sections) - len(kept), len(sections))
    return ("\n\n".join([*kept, left]) + "\n")[:limit]
