"""How checks ended: a line each, and what a failed one saw below it."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.record import CheckResult
from deploy.report.ink import PLAIN, Ink, cells, clean, one_line, pad, plural, seconds
from deploy.verification.model import TrafficResult, Verification

_WORDS = {True: ("done", "green", "passed"), False: ("failed", "bold red", "failed"), None: ("waiting", "dim", "stopped")}
_MOST_LINES = 12
"""Of what a failed check saw; JSON has all that is kept."""


def text(verification: Verification, ink: Ink = PLAIN) -> str:
    return "\n".join([*_heading(verification, ink), *lines(verification.checks, ink), *_traffic(verification.traffic)]) + "\n"


def lines(results: tuple[CheckResult, ...], ink: Ink = PLAIN) -> Iterator[str]:
    """``✓ http       GET /health   passed   0.3 s``, and below what failed why, and what was seen."""
    widest = min(max((cells(one_line(result.name)) for result in results), default=0), max(ink.width - 36, 20))
    for result in results:
        sign, style, word = _WORDS[result.ok]
        name = pad(ink.cut(one_line(result.name), widest), widest)
        tried = f"  {plural(result.attempts, 'attempt')}" if result.attempts > 1 else ""
        yield f"{ink(style, ink.symbol(sign))} {result.check:<9}  {name}  {ink(style, word)}  {seconds(result.seconds)}{tried}"
        if result.ok is False:
            yield from ink.wrap(one_line(result.reason), "    ")
            yield from _seen(result.output, ink)


def _seen(output: str, ink: Ink) -> Iterator[str]:
    seen = [line for line in clean(output).splitlines() if line.strip()]
    yield from (ink("dim", ink.cut(f"    | {line}", ink.width)) for line in seen[:_MOST_LINES])
    if len(seen) > _MOST_LINES:
        yield ink("dim", f"    | {plural(len(seen) - _MOST_LINES, 'more line')}: --format json")


def _heading(verification: Verification, ink: Ink) -> Iterator[str]:
    results = verification.checks
    bad = sum(result.ok is False for result in results)
    good = sum(result.ok is True for result in results)
    said = f"{bad} of {plural(len(results), 'check')} failed" if bad else f"{good} of {plural(len(results), 'check')} passed"
    said = said if results else "has no checks"
    yield f"{ink('bold', one_line(verification.environment))}  {ink('bold red', said) if bad else said}"


def _traffic(traffic: TrafficResult | None) -> Iterator[str]:
    if traffic:
        why = f": {one_line(traffic.reason)}" if traffic.failures else ""
        yield (
            f"traffic  {plural(traffic.requests, 'request')} in {seconds(traffic.seconds)}, {traffic.failures:,} failed, "
            f"slowest {traffic.worst_ms:,} ms{why}"
        )
