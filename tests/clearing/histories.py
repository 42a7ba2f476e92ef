"""Random histories of an environment, told without the code under test: what was published, deployed, undone, and what needs what."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import msgspec
from hypothesis import strategies as st

from deploy import manifest as contract
from deploy.clearing.choice import Facts, Thing
from deploy.manifest import Asset, Manifest, Template
from deploy.record import Moved, Outcome, Record
from deploy.status import Status
from tests.report.samples import MANIFEST

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
BUCKET = "artifacts"


def digest(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()


@dataclass(frozen=True)
class Made:
    """One build: what it consists of, under which keys."""

    number: int
    manifest: Manifest
    data: bytes

    @property
    def digest(self) -> str:
        return sha256(self.data).hexdigest()

    @property
    def pieces(self) -> frozenset[str]:
        templates = {f"templates/{one.sha256}.json" for one in self.manifest.templates}
        return frozenset(templates | {f"assets/{one.sha256}.zip" for one in self.manifest.assets})

    @property
    def keys(self) -> frozenset[str]:
        release = digest(1000 + self.number)
        index = {f"releases/{self.digest}/index.json"} if self.manifest.stack_sets else set[str]()
        return self.pieces | {f"manifests/{self.digest}.json", f"releases/{release}/parity.json"} | index


def made(number: int, templates: frozenset[int], assets: frozenset[int]) -> Made:
    """A build with a root of its own, and children and code that others may share."""
    named = [(f"service{one}", digest(one)) for one in sorted(templates)] + [("root", digest(500 + number))]
    manifest = msgspec.structs.replace(
        MANIFEST,
        values={"number": number},
        templates=tuple(
            Template(service=service, path=f"{service}.json", sha256=sha, size=1, resources=1, parameters=0, outputs=0)
            for service, sha in named
        ),
        assets=tuple(Asset(name=f"code{one}", path=f"{one}.zip", sha256=digest(one), size=1) for one in sorted(assets)),
    )
    return Made(number, manifest, contract.encode(manifest))


@dataclass
class History:
    """An environment's life, step by step; ``records`` oldest first; ``running``: what its stacks are, None where there are none."""

    builds: list[Made]
    clock: datetime = START
    written: dict[str, datetime] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    running: Made | None = None

    def publish(self, build: Made) -> None:
        for key in build.keys:
            self.written.setdefault(key, self.clock)

    def deploy(self, build: Made, outcome: Outcome, operation: str = "deploy") -> None:
        self.publish(build)
        if outcome in ("succeeded", "unverified"):
            self.running = build
        self._record(operation, outcome, manifest=build.digest, release=digest(1000 + build.number))

    def destroy(self) -> None:
        self.running = None
        self._record("destroy", "succeeded", stacks=(Moved(stack="tap", before="UPDATE_COMPLETE", after=Status.DELETE_COMPLETE),))

    def _record(self, operation: str, outcome: Outcome, **more: object) -> None:
        number = len(self.records) + 1
        ended = None if outcome == "unknown" else self.clock
        facts = {"number": number, "operation": operation, "environment": "dev", "by": "ann", "host": "workbench", "plan": f"{number:064x}"}
        self.records.append(msgspec.convert({**facts, "began": self.clock, "ended": ended, "outcome": outcome, **more}, Record))

    def build_of(self, record: Record) -> Made:
        return next(build for build in self.builds if build.digest == record.manifest)

    def facts(self, keep: int, days: int) -> Facts:
        published = {build.digest: build.manifest for build in self.builds if f"manifests/{build.digest}.json" in self.written}
        return Facts(
            environment="dev",
            now=self.clock,
            keep=keep,
            days=days,
            objects=tuple(Thing(bucket=BUCKET, key=key, size=1, modified=at) for key, at in sorted(self.written.items())),
            records=tuple(reversed(self.records)),
            manifests=published,
            deployed=self.running.pieces if self.running else frozenset(),
        )


@st.composite
def histories(draw: st.DrawFn) -> History:
    shapes = st.tuples(st.frozensets(st.integers(0, 5), max_size=4), st.frozensets(st.integers(10, 13), max_size=2))
    builds = [made(number, *shape) for number, shape in enumerate(draw(st.lists(shapes, min_size=1, max_size=6)))]
    history = History(builds)
    outcomes: st.SearchStrategy[Outcome] = st.sampled_from(
        ("succeeded", "succeeded", "succeeded", "unverified", "rolled back", "nothing to do", "refused", "unknown")
    )
    for _ in range(draw(st.integers(0, 12))):
        history.clock += draw(st.sampled_from((timedelta(hours=1), DAY, 10 * DAY, 40 * DAY)))
        step = draw(st.sampled_from(("deploy", "deploy", "deploy", "publish", "rollback", "destroy", "console")))
        build = draw(st.sampled_from(builds))
        if step == "publish":
            history.publish(build)
        elif step == "console":  # past the deployer, from what is published: no record says so
            history.publish(build)
            history.running = build
        elif step == "destroy" and history.running:
            history.destroy()
        elif step == "rollback" and history.records:
            earlier = [record for record in history.records if record.manifest]
            if earlier:
                history.deploy(history.build_of(draw(st.sampled_from(earlier))), "succeeded", "rollback")
        elif step == "deploy":
            history.deploy(build, draw(outcomes))
    history.clock += draw(st.sampled_from((timedelta(), 3 * DAY, 100 * DAY)))
    if draw(st.booleans()):  # somebody publishes at this very moment, perhaps what is made of old pieces
        history.publish(draw(st.sampled_from(builds)))
        history.clock += timedelta(hours=2)
    return history
