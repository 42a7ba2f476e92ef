"""A rehearsal as a table: each story, whether the product kept its word, and how long it took to come back."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.rehearsal.outcome import Listed, Outcome, Rehearsal
from deploy.report.ink import PLAIN, Ink, cells, one_line, pad, plural, seconds

_HEAD = ("story", "kept", "to rollback", "to restored", "in all")


def text(rehearsal: Rehearsal, ink: Ink = PLAIN) -> str:
    """One line a story; below it what was not kept, and what it has to say beside."""
    rows = [_row(outcome) for outcome in rehearsal.outcomes]
    widths = [max(cells(row[column]) for row in [_HEAD, *rows]) for column in range(len(_HEAD))]
    lines = [ink("bold", f"{one_line(rehearsal.environment)}  on {rehearsal.where}")]
    if rows:
        lines += ["", ink("dim", _joined(_HEAD, widths))]
    for outcome, row in zip(rehearsal.outcomes, rows, strict=True):
        lines.append(ink("green" if outcome.kept else "bold red", _joined(row, widths)))
        lines += [line for words in _beside(outcome) for line in ink.wrap(one_line(words), "      ")]
    for story in rehearsal.unplayed:
        lines += ["", *ink.wrap(f"{story.name} was not played: {story.reason}", "")]
    return "\n".join([*lines, "", *_verdict(rehearsal, ink)]) + "\n"


def listing(stories: tuple[Listed, ...], ink: Ink = PLAIN) -> str:
    """Name and promise of each; a star where it can be played in a real account too."""
    width = max((cells(story.name) for story in stories), default=0)
    lines = [f"{' ' if story.in_account else '*'} {ink('bold', pad(story.name, width))}  {one_line(story.sentence)}" for story in stories]
    return "\n".join([*lines, "", "* can be played in a real account as well: --in-account"]) + "\n"


def _row(outcome: Outcome) -> tuple[str, ...]:
    def shown(value: float | None) -> str:
        return "" if value is None else seconds(value)

    return (outcome.name, "yes" if outcome.kept else "NO", shown(outcome.to_rollback), shown(outcome.to_restored), seconds(outcome.seconds))


def _joined(row: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(pad(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _beside(outcome: Outcome) -> Iterator[str]:
    if not outcome.kept:
        yield f"promised: {outcome.sentence}"
        yield f"seen: {outcome.broken}"
    yield from (f"note: {note}" for note in outcome.notes)


def _verdict(rehearsal: Rehearsal, ink: Ink) -> Iterator[str]:
    broken = sum(not outcome.kept for outcome in rehearsal.outcomes)
    played = plural(len(rehearsal.outcomes), "story", "stories")
    yield ink("bold red", f"{broken} of {played}: the word was not kept.") if broken else f"{played}: the word was kept."
    yield from (ink("bold red", f"left behind: {one_line(one)}") for one in rehearsal.left)
