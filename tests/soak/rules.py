"""The machine under hypothesis: which step comes next, and the check after each."""

from __future__ import annotations

import itertools
import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.deploy.world import World
from tests.local.conftest import Aws, Faults
from tests.soak.machine import Machine

EDITS = ("limit", "add", "remove", "queue", "widen", "rename table", "break")
POINTS = ("locked", "began", "relaxed", "executed", "following", "protected", "ending", "ended")
WEATHER = ("throttling", "lost answers", "lost requests")
_ACCOUNTS = itertools.count(500_000_000_000 + os.getpid() % 100_000 * 1_000_000)


class Soak(RuleBasedStateMachine):
    """``url`` of a local AWS is set by whoever runs it."""

    url = ""
    done = 0

    @initialize()
    def begin(self) -> None:
        aws = Aws(url=self.url, account=str(next(_ACCOUNTS)))
        self.folder = tempfile.TemporaryDirectory(prefix="soak-")
        world = World(aws=aws, folder=Path(self.folder.name) / "build")
        self.machine = Machine(world=world, faults=Faults(url=self.url, account=aws.account))
        self.machine.begin()
        self.machine.up(waivers=True)
        Soak.done += 1

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.machine.faults.clear()
            self.folder.cleanup()

    @rule(what=st.sampled_from(EDITS), number=st.integers(0, 20), waivers=st.booleans())
    def edit_and_up(self, what: str, number: int, waivers: bool) -> None:
        self.machine.edit(what, number)
        self.machine.up(waivers)

    @rule(what=st.sampled_from(EDITS), number=st.integers(0, 20))
    def edit(self, what: str, number: int) -> None:
        self.machine.edit(what, number)

    @rule()
    def tamper(self) -> None:
        self.machine.plan_and_tamper()

    @rule()
    def stale(self) -> None:
        self.machine.plan_and_let_it_go_stale()

    @precondition(lambda self: self.machine.killed is None)
    @rule(point=st.sampled_from(POINTS), number=st.integers(0, 20))
    def kill(self, point: str, number: int) -> None:
        self.machine.edit("limit", number)
        self.machine.killed_at(point)

    @precondition(lambda self: self.machine.killed is not None)
    @rule()
    def go_on(self) -> None:
        self.machine.go_on()

    @rule(kind=st.sampled_from(WEATHER), number=st.integers(0, 20))
    def weather(self, kind: str, number: int) -> None:
        self.machine.edit("limit", number)
        self.machine.weather(kind)

    @rule(number=st.integers(0, 20))
    def verification_fails(self, number: int) -> None:
        self.machine.edit("limit", number)
        self.machine.probe(present=False)
        self.machine.up(waivers=True)
        self.machine.probe(present=True)

    @precondition(lambda self: self.machine.killed is None)
    @rule()
    def somebody_rings(self) -> None:
        self.machine.somebody_rings()

    @rule(verb=st.sampled_from(("cancel", "rollback", "recover", "verify", "diff", "status", "publish")))
    def verb(self, verb: str) -> None:
        more = {"cancel": ("--yes",), "rollback": ("--yes",), "recover": ("--continue", "--yes")}.get(verb, ())
        self.machine.verb(verb, "dev", *more)

    @precondition(lambda self: self.machine.killed is None)
    @rule()
    def stuck_and_recovered(self) -> None:
        self.machine.stuck()
        self.machine.verb("recover", "dev", "--continue", "--yes")

    @rule()
    def drift(self) -> None:
        self.machine.drift()

    @rule()
    def put_item(self) -> None:
        self.machine.put_item()

    @rule()
    def destroy_is_refused(self) -> None:
        code = self.machine.verb("destroy", "dev", "--yes")
        assert code in (0, 4, 6, 8), code

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "machine"):
            self.machine.check()


def run_as(examples: int, steps: int) -> settings:
    """Without shrinking: a sequence takes seconds, and every step of it is printed as it is."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=True,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
