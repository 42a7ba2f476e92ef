"""Who said yes to what: every danger by its path, and the plan as a whole by its digest, a typed name, or --yes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from deploy.changes import Finding
from deploy.errors import Invalid, Refused
from deploy.noun import Noun
from deploy.plan import Sealed

Ask = Callable[[str, str, str], bool]
"""Question, the answer that is a yes, and the digest to name where nobody can be asked."""

SHORTEST_DIGEST = 8


class Approval(Noun, frozen=True, kw_only=True):
    """What was given on the command line. ``loss``, ``broadening``: paths such as ``Data/Items``; ``digest``: of the plan."""

    loss: frozenset[str] = frozenset()
    broadening: frozenset[str] = frozenset()
    digest: str = ""
    yes: bool = False


def check_waivers(plan: Sealed, approval: Approval) -> None:
    """Raises:
    Refused: a finding that nobody has accepted; each with the option that does.
    Invalid: an option accepts what is not there, so it was meant for another plan.
    """
    open_findings, used = [], set()
    for finding in findings(plan):
        given = approval.loss if finding.waiver == "--allow-loss" else approval.broadening
        if finding.path in given:
            used.add((finding.waiver, finding.path))
        else:
            open_findings.append(f"{finding.kind}: {finding.path}: {finding.title}\n    accept it with {finding.waiver} {finding.path}")
    idle = sorted(
        f"{option} {path}"
        for option, paths in (("--allow-loss", approval.loss), ("--allow-broadening", approval.broadening))
        for path in paths
        if (option, path) not in used
    )
    if idle:
        raise Invalid(
            idle[0], "this plan has no such finding", "look at the plan again; it may not be the one that was meant", tuple(idle[1:])
        )
    if open_findings:
        what = "a finding that nobody has" if len(open_findings) == 1 else f"{len(open_findings)} findings that nobody has"
        raise Refused(f"plan {plan.short} of {plan.subject}", f"it has {what} accepted", "nothing was executed", tuple(open_findings))


def findings(plan: Sealed) -> Iterator[Finding]:
    """Those that need a yes of their own."""
    yield from (finding for finding in plan.found if finding.waiver)


def confirm(plan: Sealed, approval: Approval, ask: Ask) -> None:
    """Raises:
    Refused: the person says no, another digest was approved, or nobody can be asked.
    """
    if approval.digest:
        if len(approval.digest) < SHORTEST_DIGEST or not plan.digest.startswith(approval.digest.lower()):
            raise Refused(
                f"plan {plan.short} of {plan.subject}",
                f"{approval.digest} was approved, and this is another plan",
                "review this one, then approve it",
            )
        return
    if approval.yes:
        return
    # Where a slip costs little a letter is enough; elsewhere the person writes what is about to change.
    expected = plan.subject if plan.manifest.is_protected else "y"
    if not ask(f"Apply plan {plan.short} to {plan.subject} (account {plan.account})?", expected, plan.short):
        raise Refused(f"plan {plan.short} of {plan.subject}", "not approved", "nothing was changed")
