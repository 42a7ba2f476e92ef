"""The distribution's stack, brought to the region that Parameter Store names: by a reviewed plan of the release that runs, from what was
published in the stack's own region, so that neither a checkout nor the other region is needed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from deploy import approval, attaching, leftovers, propose
from deploy.account import Account
from deploy.approval import Approval
from deploy.background import Background
from deploy.errors import Conflict, Refused
from deploy.failover.alone import alone
from deploy.failover.gathering import failover_of
from deploy.manifest import decode
from deploy.pieces import Bucketed
from deploy.plan import Plan
from deploy.publish import manifest_key
from deploy.rollout import Rollout
from deploy.show import Show


@dataclass(frozen=True, kw_only=True)
class Edge:
    """``pending``: as `deploy.propose` has it; ``shown``: what a person sees of the plan."""

    account: Account
    pending: Path
    show: Show

    def update(self) -> Plan:
        """Plan and apply; what another run of it began is followed first. The plan, which does nothing where all is as it should be.

        Raises:
            Refused: something in the plan would have to be accepted, or the update was rolled back.
        """
        failover = failover_of(self.account)
        region = next(stack.region for stack in self.account.manifest.stacks if stack.name == failover.edge)
        there, background = self._released(region)
        for running in attaching.attachments(there, self.show):
            running.run()
        made = propose.propose(there, background, self.pending, self.show.note, operation="failover", only=frozenset({failover.edge}))
        open_ones = [finding.path for finding in approval.findings(made)]
        record = None
        if open_ones:
            propose.discard(there, made.proposals)
        elif made.changes:
            record = Rollout(account=there, plan=made, approval=Approval(yes=True), show=self.show).run()
        # Executed, withdrawn or empty; a run that does not come this far leaves the name to the next, which clears it away.
        leftovers.settled(self.pending, made.id)
        if open_ones:
            how = f"deploy it with what it needs to be accepted: python -m deploy up {self.account.manifest.environment}"
            raise Refused(f"stack {failover.edge}", "its update would have to be accepted by name", how, tuple(open_ones))
        if record and record.code:
            how = f"see why: python -m deploy status {self.account.manifest.environment}; then run the same command again"
            raise Refused(f"stack {failover.edge}", f"its update ended as {record.outcome}", how)
        return made

    def _released(self, region: str) -> tuple[Account, Background]:
        """The region by itself, as the release that runs there has it."""
        place = alone(self.account, region)
        text = place.parameters("plan", region).get(f"{place.manifest.parameters}/release")
        said = json.loads(text or "{}")
        digest = str(said.get("manifest") or "")
        store = place.store("plan", region)
        held = store.get(manifest_key(digest)) if digest else None
        if held is None or sha256(held.data).hexdigest() != digest:
            how = f"deploy once: python -m deploy up {place.manifest.environment}"
            raise Conflict(f"release of {region}", "its manifest is not in the region's artifact bucket", how)
        manifest = decode(held.data)
        whole = Account(manifest=manifest, data=held.data, folder=place.folder, sessions=place.sessions, source=Bucketed(store))
        return alone(whole, region), Background(release=str(said.get("release") or ""), commit=said.get("commit"), before=manifest)
