"""A region goes out with everything in it: traffic moves to the other one, work goes on there, and comes back with all that was written."""

from __future__ import annotations

import time
from dataclasses import dataclass

from deploy.aws.calls import Signed
from deploy.failover.asking import region_of
from deploy.manifest import Failover
from deploy.rehearsal.stage import LOOK_SECONDS, PATIENCE_SECONDS, Stage
from deploy.rehearsal.story import FAULTS, Broken, story
from deploy.verification import http
from deploy.verification.model import NotVerified

ITEMS = 5
METRICS_SECONDS = 120.0
COPIES = ("dynamodb", "s3")


@dataclass(frozen=True)
class Region:
    """One region's API as its users call it, signed for that region."""

    stage: Stage
    stack: str
    region: str

    @property
    def api(self) -> Signed:
        found = self.stage.account.stacks("plan", self.region).find(self.stack)
        base = found.outputs["ApiUrl"] if found else ""
        return Signed(sessions=self.stage.sessions, region=self.region, base=base)

    def write(self, name: str) -> bool:
        return self.api.call("POST", "/items", {"id": name, "name": name, "quantity": 1}).status == 201

    def state(self, name: str) -> str:
        """How far an item's job is; empty where it is not there."""
        reply = self.api.call("GET", f"/items/{name}")
        return str(reply.body.get("status", "")) if reply.status == 200 else ""

    def has(self, name: str) -> bool:
        return self.api.call("GET", f"/items/{name}").status == 200


@story(
    "region-loss",
    "a region that is lost takes nothing down for long: traffic moves, reads and writes go on, and what was written comes back with it",
    in_account=FAULTS,
    regions=True,
)
def region_loss(stage: Stage) -> None:
    stage.deployed()
    failover = stage.account.manifest.failover
    if failover is None:
        raise Broken("the environment has one region")
    home, far = Region(stage, failover.app, failover.region), Region(stage, failover.replica, failover.standby)
    before = [f"before-{number}" for number in range(ITEMS)]
    stage.expect(all(home.write(name) for name in before), "the first region takes no writes")
    stage.wait(lambda: all(home.state(name) not in ("", "new") for name in before), "the jobs to be done")
    stage.wait(lambda: all(far.has(name) for name in before), "the items to be in the other region")
    late, held = _held_back(stage, home, failover)
    api = far.api  # asked for while everything answers
    stage.region_out(failover.region)
    lost = time.time()
    stage.kept(stage.run("status"), 0, f"{failover.region} does not answer")
    reads = _through_the_edge(stage, failover)
    stage.kept(stage.run("failover", "--dry-run"), 0, "lost at most", "unknown")
    stage.kept(stage.run("failover", "--yes"), 0, *_asked(failover))
    stage.expect(api.call("GET", f"/items/{before[0]}").status == 200, "an item is not read in the other region")
    stage.expect(far.write("meanwhile"), "the other region takes no writes")
    stage.to_restored = round(time.time() - lost, 2)
    stage.expect(not far.has(late), "what was not copied is there all the same: nothing was measured")
    stage.notes += [
        f"local: {stage.to_restored:.1f} s from the loss of {failover.region} to a write that {failover.standby} took, {reads}",
        f"local: written and not copied was what came in the last {lost - held:.1f} s; it was there once the region was back",
    ]
    _back(stage, failover, home, (*before, late, "meanwhile"))


def _held_back(stage: Stage, home: Region, failover: Failover) -> tuple[str, float]:
    """An item whose copies do not leave in time, and when it was written."""
    for service in COPIES:
        stage.fault(service=service, action="Replicate", region=failover.standby, error="SlowDown")
    at = time.time()
    stage.expect(home.write("late"), "the first region takes no writes")
    # Its job is done first: what works on one while its region goes out fails, and leaves it to the dead letters.
    stage.wait(lambda: home.state("late") not in ("", "new"), "the item's job to be done")
    return "late", at


def _through_the_edge(stage: Stage, failover: Failover) -> str:
    """Whether reads are answered before anybody has moved anything: the distribution asks the other region by itself."""
    found = stage.account.stacks("plan", failover.standby).find(failover.edge) if failover.edge else None
    url = found.outputs.get("EdgeUrl", "") if found else ""
    if not url:
        return "and no distribution stands in front"
    try:
        answer = http.get(f"{url}/health", stage.sessions.endpoint, PATIENCE_SECONDS)
    except NotVerified as error:
        raise Broken(error.reason) from error
    region = region_of(answer.body)
    stage.expect(answer.status == 200 and region == failover.standby, f"the distribution answers a read with {answer.text}")
    return "and reads were answered through the distribution all the while"


def _asked(failover: Failover) -> tuple[str, ...]:
    """What the command says of the name that users have, where there is one: an answer came from where traffic went."""
    return ("check front GET https://", "/health passed") if failover.domain or failover.edge else ()


def _back(stage: Stage, failover: Failover, home: Region, names: tuple[str, ...]) -> None:
    """The region is there again: copies arrive, traffic goes back, and nothing is missing."""
    stage.kept(stage.run("failover", "--back", "--yes"), 4, f"{failover.region} does not answer")
    stage.mended()
    began = time.time()
    # S3's metrics have one value a minute, the newest of which may be a minute old.
    deadline = began + METRICS_SECONDS + PATIENCE_SECONDS * stage.patience
    while (answer := stage.run("failover", "--back", "--dry-run")).code:
        stage.expect(time.time() < deadline, f"traffic cannot go back: {answer.tail}")
        time.sleep(LOOK_SECONDS * 50)
    stage.kept(stage.run("failover", "--back", "--yes"), 0, *_asked(failover))
    missing = [name for name in names if not home.has(name)]
    stage.expect(not missing, f"lost: {', '.join(missing)}")
    stage.expect(home.write("after"), "the first region takes no writes")
    stage.notes.append(f"local: {time.time() - began:.1f} s from the region's return to a write that it took")
    stage.answers()
