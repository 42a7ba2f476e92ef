"""The story of a promotion: find the release, plan it where it is to go, gather what the gates look at, and judge.

Nothing is built: what moves is what was kept when it was deployed first. A plan that is not wanted leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from deploy import earlier, plan, propose, publish
from deploy.account import Account
from deploy.approval import SHORTEST_DIGEST, Approval
from deploy.background import background
from deploy.errors import DeployError, Invalid, Refused
from deploy.ledger import Ledger
from deploy.manifest import Release
from deploy.plan import Plan
from deploy.promotion import approving
from deploy.promotion.gates import FIRM, GATES, judged
from deploy.promotion.gates.bake import left
from deploy.promotion.ground import Differences, Ground, Seen, standing
from deploy.promotion.kept import Kept
from deploy.promotion.verdict import Promoted, Verdict
from deploy.publish import manifest_key
from deploy.record import Record
from deploy.show import Show
from deploy.state import alarms, state

MOST = 200
"""Records of a ledger that are looked through."""

DRIFT_HOURS = 24
"""Where a manifest of an older version says nothing."""

Compare = Callable[[Account, Account, Release, bytes | None], Differences]
Look = Callable[[Account, int], Seen]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """``release``: a digest or its beginning, empty for the one that runs in the source; ``overrides``: gates that a person takes on
    themselves, with ``reason``; ``moves``: false where only the gates are asked; ``wait``: how long at most for the release to have run.
    """

    release: str = ""
    overrides: tuple[str, ...] = ()
    reason: str = ""
    approval: Approval = field(default_factory=Approval)
    moves: bool = True
    wait: timedelta = timedelta()

    def check(self) -> None:
        """Raises:
        Invalid: there is no such gate, or an override without a reason.
        """
        unknown = [name for name in self.overrides if name not in GATES]
        if unknown:
            raise Invalid(f"--override {unknown[0]}", "there is no such gate", f"the gates are {', '.join(GATES)}")
        if self.overrides and not self.reason.strip():
            raise Invalid("--override", "a gate is overridden for a reason", "say it: --reason TEXT")
        if self.release and (len(self.release) < SHORTEST_DIGEST or self.release.strip("0123456789abcdef")):
            raise Invalid(
                f"--release {self.release}", f"it is not {SHORTEST_DIGEST} digits of a release or more", "see python -m deploy status"
            )


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """One hop. ``look`` and ``compare``: how drift and parity are told."""

    source: Account
    target: Account
    build: Path
    pending: Path
    asked: Asked
    show: Show
    look: Look
    compare: Compare
    sleep: Callable[[float], None] = time.sleep

    def judge(self) -> tuple[Account, Plan | None, Promoted]:
        """The target as the release has it, the plan where one could be made, sealed with what every gate said.

        Raises:
            Invalid: these two are no hop, or what was asked is not there.
            Refused: the release was not kept whole.
        """
        check_way(self.source, self.target)
        records = _records(self.source)
        release = found(self.source, self.asked.release, records)
        self._wait(records)
        there = self._there(release)
        proof = Kept(account=self.source).parity(release.digest)
        made, problem = self._planned(there, release, proof)
        ground = self._ground(there, release, proof, records, made, problem)
        gates = tuple(overridden(verdict, self.asked, production=ground.rules.production) for verdict in judged(ground))
        promoted = Promoted(
            source=self.source.manifest.environment,
            target=there.manifest.environment,
            release=release.digest,
            commit=release.commit,
            by=self.source.caller.arn,
            gates=gates,
        )
        return there, plan.seal(msgspec.structs.replace(made, promoted=promoted)) if made else None, promoted

    def _wait(self, records: tuple[Record, ...]) -> None:
        """For the bake time, where it is near enough; else its gate says when it is over."""
        rules = self.target.manifest.promotion
        more = left(datetime.now(UTC), records, rules.bake_minutes) if rules else timedelta()
        if timedelta() < more <= self.asked.wait:
            self.show.note(f"waiting until {datetime.now(UTC) + more:%H:%M} UTC, when the release has run long enough")
            self.sleep(more.total_seconds())

    def _there(self, release: Release) -> Account:
        """Raises:
        Refused: the release is for another account or region than the target has here.
        """
        there = Kept(account=self.source).of(release, self.target)
        if moved := earlier.moved(self.target.manifest, there.manifest):
            raise Refused(f"release {release.digest[:12]}", "it is for elsewhere", "promote a release of this checkout's account", moved)
        return there

    def _planned(self, there: Account, release: Release, proof: bytes | None) -> tuple[Plan | None, DeployError | None]:
        """What cannot be planned is for a gate to say, beside all others."""
        try:
            for one in publish.publish(there, proof=publish.proof_of(release, proof) if proof else None):
                if one.uploaded:
                    self.show.done(f"{one.uploaded} of {one.objects} objects carried to {one.bucket}, each proven by its digest")
            known = msgspec.structs.replace(background(there, self.build), release=release.digest, commit=release.commit)
            return propose.propose(there, known, self.pending, self.show.note, operation="promote"), None
        except DeployError as error:
            return None, error

    def _ground(
        self,
        there: Account,
        release: Release,
        proof: bytes | None,
        records: tuple[Record, ...],
        made: Plan | None,
        problem: DeployError | None,
    ) -> Ground:
        theirs = _records(there)
        looked = (self.source, there) if standing(theirs) else (self.source,)
        return Ground(
            now=datetime.now(UTC),
            release=release.digest,
            by=self.source.caller.arn,
            source=state(self.source),
            target=state(there),
            manifest=there.manifest,
            source_records=records,
            target_records=theirs,
            alarms=alarms(self.source),
            broken=broken(self.source, records),
            parity=_asked(lambda: self.compare(self.source, there, release, proof), _untold),
            drift=tuple(self._seen(one, there) for one in looked),
            approvals=_asked(lambda: approving.given(there, release.digest), lambda error: ()),
            plan=made,
            problem=problem,
            approval=self.asked.approval,
            moves=self.asked.moves,
        )

    def _seen(self, account: Account, there: Account) -> Seen:
        hours = there.manifest.promotion.drift_hours if there.manifest.promotion else DRIFT_HOURS
        try:
            return self.look(account, hours)
        except DeployError as error:
            return Seen(environment=account.manifest.environment, problem=f"{error.subject}: {error.fact}")


def check_way(source: Account, target: Account) -> None:
    """Raises:
    Invalid: releases do not come to the target from this source.
    """
    name, manifest = source.manifest.environment, target.manifest
    if manifest.source != name:
        from_there = f"releases come to {manifest.environment} from {manifest.source}"
        way = from_there if manifest.source else f"no release is promoted to {manifest.environment}"
        raise Invalid(f"promotion from {name} to {manifest.environment}", way, "see pipeline.environments in env/tools.yaml")


def found(source: Account, digest: str = "", records: tuple[Record, ...] | None = None) -> Release:
    """The release by its digest, or its beginning; without one, that which runs in the source.

    Raises:
        Refused: there is none, or it was not kept.
    """
    name = source.manifest.environment
    runs = standing(_records(source) if records is None else records)
    digest = digest or (runs.release if runs else "")
    if not digest:
        raise Refused(
            f"promotion from {name}", "nothing runs there that has a release", f"deploy it there first: python -m deploy up {name}"
        )
    release = Kept(account=source).release(digest)
    if release is None:
        how = f"deploy it again from its checkout, which keeps it: python -m deploy up {name}"
        raise Refused(f"release {digest[:12]}", "the tools account has not kept it", how)
    return release


def overridden(verdict: Verdict, asked: Asked, *, production: bool) -> Verdict:
    """Where a person takes a gate on themselves; in production not every gate gives way, and a plan's findings are accepted by name."""
    if verdict.gate not in asked.overrides or verdict.state != "refuses":
        return verdict
    firm = "in production nobody overrides it" if production and verdict.gate in FIRM else ""
    firm = "it is accepted by name, not overridden" if verdict.gate == "plan" else firm
    if firm:
        return msgspec.structs.replace(verdict, remedy=f"{verdict.remedy}; {firm}")
    return msgspec.structs.replace(verdict, state="overridden", reason=asked.reason)


def _records(account: Account) -> tuple[Record, ...]:
    return Ledger(store=account.store("plan", account.manifest.region)).newest(MOST)


def broken(account: Account, records: tuple[Record, ...]) -> tuple[str, ...]:
    """What the ledger names and the bucket does not hold as it was."""
    found = standing(records)
    if found is None:
        return ()
    held = account.store("plan", account.manifest.region).get(manifest_key(found.manifest))
    if held is None:
        return (f"{found.number}: the manifest that it was made from is gone",)
    if hashlib.sha256(held.data).hexdigest() != found.manifest:
        return (f"{found.number}: the manifest that it was made from is not what was published",)
    return ()


def _asked(question: Callable[[], Any], otherwise: Callable[[DeployError], Any]) -> Any:
    """What cannot be asked is for its gate to say."""
    try:
        return question()
    except DeployError as error:
        return otherwise(error)


def _untold(error: DeployError) -> Differences:
    return Differences(problem=f"{error.subject}: {error.fact}")
