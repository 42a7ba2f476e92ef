"""A stage: what a story plays on, an environment in an account, the product's own commands, and questions about what became of it."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Any

from deploy import gate, verification
from deploy.account import Account
from deploy.approval import Approval
from deploy.aws.api import Api
from deploy.aws.sessions import Sessions
from deploy.aws.stacks import Stacks
from deploy.console import console
from deploy.errors import DeployError
from deploy.ledger import Ledger
from deploy.manifest import decode
from deploy.model import Event, Stack
from deploy.plan import load
from deploy.record import Record
from deploy.rehearsal import remains, variant
from deploy.rehearsal.build import Build, Change, copied
from deploy.rehearsal.commands import Answer, Commands, Process
from deploy.rehearsal.faults import Faults
from deploy.rehearsal.probe import Probe, answered
from deploy.rehearsal.story import Broken
from deploy.rehearsal.variant import PARAMETER, QUEUE, TABLES
from deploy.rollout import Rollout

PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 0.02


@dataclass(kw_only=True)
class Stage:
    """``source``: the build as it stands; ``number``: the account that it is played in; ``tuned``: what every release here has;
    ``patience``: factor on all waits, since a real account is slower.
    """

    source: Path
    number: str
    commands: Commands
    sessions: Sessions
    faults: Faults | None = None
    tuned: tuple[Change, ...] = ()
    patience: float = 1.0
    to_rollback: float | None = None
    to_restored: float | None = None
    notes: list[str] = field(default_factory=list)
    may_remain: tuple[str, ...] = ()

    @property
    def environment(self) -> str:
        return self.source.name

    @property
    def folder(self) -> Path:
        return self.commands.build / self.environment

    @property
    def account(self) -> Account:
        """As the release that was built last has it."""
        data = (self.folder / "manifest.json").read_bytes()
        return Account(manifest=decode(data), data=data, folder=self.folder, sessions=self.sessions)

    @cached_property
    def stack(self) -> str:
        return self.account.manifest.main.name

    @cached_property
    def region(self) -> str:
        return self.account.manifest.main.region

    @property
    def ledger(self) -> Ledger:
        return Ledger(store=self.account.store("plan", self.account.manifest.region))

    @property
    def stacks(self) -> Stacks:
        return Stacks(api=self.ask("cloudformation"))

    def ask(self, service: str) -> Api:
        """AWS itself, with the caller's own credentials: as somebody who goes past the product."""
        return self.sessions.own(service, self.region)

    # What is done

    def release(self, *changes: Change) -> Build:
        """Build a release: the environment as it stands, with these changes."""
        build = copied(self.source, self.folder, self.number)
        for change in (*self.tuned, *changes):
            change(build)
        build.save()
        return build

    def run(self, verb: str, *arguments: str) -> Answer:
        """A verb that takes the environment."""
        return self.commands.run(verb, self.environment, *arguments)

    def up(self, *more: str) -> Answer:
        return self.run("up", "--yes", "--format", "json", *more)

    def apply(self, plan: Path, *more: str) -> Answer:
        return self.commands.run("apply", str(plan), "--yes", *more)

    def applying(self, plan: Path, *more: str) -> Process:
        """In a process of its own, once AWS is at work for it."""
        process = self.commands.start("apply", str(plan), "--yes", *more)
        self.wait(lambda: self.status().endswith("_IN_PROGRESS") and "REVIEW" not in self.status(), "AWS to be at work")
        return process

    def ready(self, *changes: Change) -> None:
        """An account that is bootstrapped, a release that is built, and nothing that runs."""
        self.release(*changes)
        self.kept(self.run("bootstrap", "--yes"), 0)
        if (found := self.find()) and not found.status.is_absent:
            self.kept(self.destroy(), 0)

    def deployed(self, *changes: Change) -> None:
        """A good release runs."""
        self.release(*changes)
        self.kept(self.run("bootstrap", "--yes"), 0)
        self.kept(self.up(), 0)

    def destroy(self) -> Answer:
        """Everything that the disposable stack holds is accepted to be lost."""
        lost = [word for kind in (QUEUE, TABLES[0]) for word in ("--allow-loss", self.name(kind))]
        return self.run("destroy", "--yes", *lost)

    def plan(self, *more: str) -> Path:
        path = self.commands.build / "the.plan.json"
        self.kept(self.run("plan", "--out", str(path), *more), 0)
        return path

    def rollout(self, reached: Callable[[str], None]) -> int:
        """Apply the last plan here, with something that happens at a point of `deploy.rollout`; how it ended."""
        made = load(self.commands.build / "the.plan.json")
        account = self.account
        quiet = console("json", stdout=StringIO(), stderr=StringIO())
        rollout = Rollout(account=account, plan=made, approval=Approval(yes=True), show=quiet, reached=reached)
        try:
            return rollout.run().code
        except DeployError as error:
            return error.code

    def killed(self, plan: Path, point: str) -> None:
        """The deployer is killed at a point; see `deploy.rehearsal.child`."""
        answer = self.commands.killed(plan, point)
        self.expect(
            answer.code == -signal.SIGKILL, f"the deployer was to be killed at {point}, and ended with {answer.code}: {answer.tail}"
        )

    def fault(self, **rule: Any) -> None:
        self._faults().add(**rule)

    def region_out(self, region: str) -> None:
        self._faults().region_out(region)

    def region_back(self, region: str) -> None:
        self._faults().region_back(region)

    def _faults(self) -> Faults:
        if self.faults is None:
            raise Broken("this story needs faults, and a real account has none")
        return self.faults

    def mended(self) -> None:
        if self.faults:
            self.faults.clear()

    # What became of it

    def expect(self, holds: object, words: str) -> None:
        """Raises:
        Broken: it does not hold.
        """
        if not holds:
            raise Broken(words)

    def kept(self, answer: Answer, code: int, *words: str) -> Answer:
        """A command ended as the documents say, and said so."""
        self.expect(answer.code == code, f"exit {answer.code} where {code} is documented: {answer.tail}")
        for word in words:
            self.expect(word in answer.err + answer.out, f"the message does not say {word!r}: {answer.tail}")
        return answer

    def wait(self, holds: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS * self.patience
        while not holds():
            self.expect(time.monotonic() < deadline, f"waited in vain for {what}")
            time.sleep(LOOK_SECONDS)

    def find(self) -> Stack | None:
        return self.stacks.find(self.stack)

    def status(self) -> str:
        found = self.find()
        return found.status.value if found else ""

    def ended(self, *statuses: str) -> None:
        self.expect(self.status() in statuses, f"the stack is {self.status() or 'gone'}, not {' or '.join(statuses)}")

    def record(self) -> Record:
        """The newest."""
        found = self.ledger.newest(1)
        self.expect(found, "the ledger has no record")
        return found[0]

    def recorded(self, outcome: str) -> None:
        record = self.record()
        self.expect(
            record.ended and record.outcome == outcome, f"the ledger says {record.outcome} of operation {record.number}, not {outcome}"
        )

    def begun(self) -> int:
        """How often AWS was asked to go to work on the stack."""
        found = self.find()
        events = [event for event in self.stacks.events(found.id) if not event.path] if found else []
        return sum(event.status in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS") for event in events)

    def setting(self) -> str:
        """The value that a harmless change changes, as it is now."""
        return str(self.ask("ssm")("get_parameter", Name=self.thing(PARAMETER))["Parameter"]["Value"])

    def thing(self, kind: str) -> str:
        """The physical name of what the variants change: a setting, a queue, a table."""
        names = {PARAMETER: "Name", QUEUE: "QueueName"}
        return str(self._varied(kind)[2]["Properties"][names.get(kind, "TableName")])

    def path(self, kind: str) -> str:
        """Where in the stacks it is, ``Messaging/JobsQueue``."""
        service, logical_id, _ = self._varied(kind)
        manifest = self.account.manifest
        digest = next(template.sha256 for template in manifest.templates if template.service == service)
        root = self._documents()[manifest.main.root]["Resources"]
        return f"{next(name for name, one in root.items() if digest in json.dumps(one))}/{logical_id}"

    def name(self, kind: str) -> str:
        """The same as a person names it, where something about it is accepted."""
        return self.account.manifest.named(self.stack, self.path(kind))

    def logical_id(self, kind: str) -> str:
        return self._varied(kind)[1]

    def _varied(self, kind: str) -> tuple[str, str, dict[str, Any]]:
        main = self.account.manifest.main
        documents = {name: document for name, document in self._documents().items() if name in (*main.services, main.root)}
        build = Build(folder=self.folder, manifest={}, documents=documents)
        if kind == PARAMETER:
            return variant.setting(build)
        return build.find(QUEUE, having="VisibilityTimeout") if kind == QUEUE else build.find(*TABLES, having="TableName")

    def queue(self) -> dict[str, str]:
        """The attributes of the queue that the variants change."""
        url = self.ask("sqs")("get_queue_url", QueueName=self.thing(QUEUE))["QueueUrl"]
        found: dict[str, str] = self.ask("sqs")("get_queue_attributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return found

    def gate(self) -> str:
        """The name of the deployment gate."""
        return gate.name_of(self.account.manifest.main)

    def answers(self) -> None:
        """The service answers: its own checks pass. Alarms take a moment to be quiet again."""
        deadline = time.monotonic() + PATIENCE_SECONDS * self.patience
        while failed := verification.failed(verification.verify(self.account)):
            why = "; ".join(verification.sentence(result) for result in failed)
            self.expect(time.monotonic() < deadline, f"the service does not answer as before: {why}")
            time.sleep(LOOK_SECONDS * 10)

    def left(self) -> tuple[str, ...]:
        """What is left behind that should not be."""
        return tuple(one for one in remains.left_behind(self) if not any(word in one for word in self.may_remain))

    def users(self, query: str = "") -> Probe:
        """People who ask the API for its health, all the time."""
        found = self.find()
        url = f"{found.outputs['ApiUrl'] if found else ''}/health{query}"
        return Probe(ask=lambda: answered(url, self.sessions.endpoint or ""))

    def alarms(self) -> Probe:
        """Somebody who looks at the alarms that watch the stack, all the time: good while none rings."""
        names = [trigger.alarm for trigger in self.account.manifest.main.guard.triggers]
        alarms = self.account.alarms("plan", self.region)
        return Probe(ask=lambda: all(alarm.state != "ALARM" for alarm in alarms.named(names)), users=1)

    def measure(self, answer: Answer, probe: Probe | None = None) -> None:
        """From the first bad sign, a request or a check that failed, to the rollback's begin, and to requests answered as before."""
        checks = [
            moment(one["at"]) for one in answer.said if one["event"] == "note" and " failed" in one["text"] and "check" in one["text"]
        ]
        first = min([*checks, *filter(None, [probe.first_bad if probe else None])], default=None)
        begins = [event.at.timestamp() for event in self.rollback_events()]
        if first and begins:
            self.to_rollback = round(min(begins) - first, 2)
        if first and probe and probe.restored:
            self.to_restored = round(probe.restored - first, 2)

    def rollback_events(self) -> list[Event]:
        found = self.ledger.events(self.record().number) or ()
        return [event for event in found if not event.path and event.status.endswith("ROLLBACK_IN_PROGRESS")]

    def _documents(self) -> dict[str, Any]:
        return {one.service: json.loads((self.folder / one.path).read_text()) for one in self.account.manifest.templates}


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
