"""What the gates say of a promotion, as values: shown, recorded in the ledger, and part of what a plan seals."""

from __future__ import annotations

from typing import Literal

from deploy.noun import Noun

State = Literal["holds", "open", "refuses", "overridden"]
"""``open``: still to come, and no reason to refuse while nothing is moved; ``overridden``: it refused, and a person took it on themselves."""


class Verdict(Noun, frozen=True, kw_only=True):
    """One gate's. ``words``: what is so; ``remedy``: what to do where it does not hold; ``details``: lines below; ``reason``: of an override."""

    gate: str
    state: State
    words: str
    remedy: str = ""
    details: tuple[str, ...] = ()
    reason: str = ""


class Promoted(Noun, frozen=True, kw_only=True):
    """Where a release came from, and what every gate said of it. ``source``: the environment; ``by``: ARN of who promoted it."""

    source: str
    target: str
    release: str
    commit: str | None
    by: str
    gates: tuple[Verdict, ...]

    @property
    def refusing(self) -> tuple[Verdict, ...]:
        return tuple(one for one in self.gates if one.state == "refuses")

    @property
    def open(self) -> tuple[Verdict, ...]:
        return tuple(one for one in self.gates if one.state == "open")


def holds(gate: str, words: str, *details: str) -> Verdict:
    return Verdict(gate=gate, state="holds", words=words, details=details)


def refuses(gate: str, words: str, remedy: str, *details: str) -> Verdict:
    return Verdict(gate=gate, state="refuses", words=words, remedy=remedy, details=details)
