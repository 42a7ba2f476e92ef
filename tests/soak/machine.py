"""The deployer and the local AWS as one state machine; after every step, what must always hold.

A step is a command as a person types it, a kill of the process that runs it, or something that happens behind its back. The model keeps
little: what was edited, which losses were accepted, whether a run was killed. What is true is asked of AWS and of the ledger.
"""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy import gate, plan
from deploy.approval import Approval
from deploy.commands.options import Common
from deploy.errors import Told
from deploy.rollout import Rollout
from tests.deploy.world import GATE, STACK, World, allow, credentials, parameter, queue, role, table
from tests.local.conftest import Faults

DOCUMENTED = {0, 2, 3, 4, 5, 6, 7, 8, 75, 130}
GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
ITEM = {"id": {"S": "kept"}}


@dataclass
class Machine:
    """``world`` is dressed by `begin`; ``killed``: a run was killed and nobody has gone on with it yet."""

    world: World
    faults: Faults
    killed: Path | None = None
    loss_accepted: bool = False
    item: bool = False
    broken: bool = False
    steps: list[str] = field(default_factory=list)

    def begin(self) -> None:
        self.world.checks = ({"check": "parameter", "path": "probe", "attempts": 1, "wait_seconds": 0},)
        self.world.monitoring = 1
        self.world.ready().build()
        self.probe(present=True)

    # What happens

    def edit(self, what: str, number: int) -> None:
        """One change of the sources, and generate."""
        services = self.world.services
        if what == "limit":
            services["compute"]["Resources"]["Limit"] = parameter(str(number), "/tap/dev/limit")
        elif what == "add":
            services["compute"]["Resources"][f"Extra{number % 3}"] = parameter("1", f"/tap/dev/extra{number % 3}")
        elif what == "remove":
            services["compute"]["Resources"].pop(f"Extra{number % 3}", None)
        elif what == "queue":
            services["messaging"]["Resources"]["Jobs"] = queue(QueueName="tap-jobs-dev", VisibilityTimeout=30 + number % 60)
        elif what == "widen":
            services["compute"]["Resources"]["Worker"] = role(
                allow(*["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:SendMessage"][: 1 + number % 3])
            )
        elif what == "rename table":
            services["data"]["Resources"]["Items"] = table()
            services["data"]["Resources"]["Items"]["Properties"]["TableName"] = ("tap-items-dev", "tap-things-dev")[number % 2]
        elif what == "break":
            self.broken = not self.broken
            services["compute"]["Resources"]["Broken"] = queue(VisibilityTimeout=999_999)
            if not self.broken:
                del services["compute"]["Resources"]["Broken"]
        self.world.build()

    def up(self, waivers: bool) -> int:
        more = self._waivers() if waivers else ()
        answer = self.world.up(*more)
        if answer.code == 2 and waivers:
            answer = self.world.up()  # nothing of what was accepted is in this plan
        return self._coded("up", answer.code, answer.err)

    def plan_and_tamper(self) -> None:
        path = self._plan()
        if path is None:
            return
        text = path.read_text()
        path.write_text(text.replace('"monitoring_minutes": 1', '"monitoring_minutes": 0', 1))
        assert self._coded("apply tampered", *self._apply(path)) == 6
        path.write_text(text)
        self._withdraw(path)

    def plan_and_let_it_go_stale(self) -> None:
        path = self._plan()
        if path is None:
            return
        before = self._updated()
        self.edit("limit", 777)
        self.up(waivers=True)
        if self._updated() != before:
            assert self._coded("apply stale", *self._apply(path)) in (4, 6)
        self._withdraw(path)

    def killed_at(self, point: str) -> None:
        """A run that ends at a point after which something is left behind."""
        path = self._plan()
        if path is None:
            return
        child = os.fork()
        if child == 0:
            self._child(path, point)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            self.killed = path
            self.steps.append(f"killed at {point}")
        else:
            self._withdraw(path)

    def go_on(self) -> None:
        """The same command again, on whatever a killed run has left."""
        if self.killed is None:
            return
        path, self.killed = self.killed, None
        code = self._coded("apply again", *self._apply(path))
        assert code in (0, 4, 6, 7, 8), code
        again = self._apply(path)[0]
        if code in (0, 7, 8):
            assert again == code, "the same command ends the same"
        self._withdraw(path)

    def probe(self, *, present: bool) -> None:
        """What verification looks at."""
        ssm = self.world.aws.client("ssm")
        if present:
            ssm.put_parameter(Name="/tap/dev/probe", Value="1", Type="String", Overwrite=True)
        else:
            ssm.delete_parameters(Names=["/tap/dev/probe"])

    def somebody_rings(self) -> None:
        """An alarm that somebody else has set refuses every plan until they put it back."""
        cloudwatch = self.world.aws.client("cloudwatch")
        cloudwatch.set_alarm_state(AlarmName=GATE, StateValue="ALARM", StateReason="somebody else")
        self.edit("limit", 888)
        code = self.up(waivers=True)
        assert code in (4, 6, 8, 7), code
        cloudwatch.set_alarm_state(AlarmName=GATE, StateValue="OK", StateReason="put back")

    def drift(self) -> None:
        """A value that somebody changes behind CloudFormation's back."""
        if self.status() in GOOD:
            self.world.aws.client("ssm").put_parameter(Name="/tap/dev/target", Value="elsewhere", Type="String", Overwrite=True)

    def weather(self, kind: str) -> None:
        """A command in bad weather; the sky is clear again after it."""
        rules: dict[str, dict[str, Any]] = {
            "throttling": {"service": "cloudformation", "error": "Throttling", "status": 400, "probability": 0.05},
            "lost answers": {"service": "cloudformation", "drop": "answer", "probability": 0.05},
            "lost requests": {"service": "s3", "drop": "request", "probability": 0.05},
        }
        waivers = self._waivers()
        self.faults.add(**rules[kind])
        try:
            answer = self.world.up(*waivers)
        finally:
            self.faults.clear()
        self._coded(kind, answer.code, answer.err)

    def verb(self, *arguments: str) -> int:
        answer = self.world.run(*arguments)
        return self._coded(arguments[0], answer.code, answer.err)

    def rollback(self) -> None:
        code = self.verb("rollback", "dev", "--yes")
        if code == 0 and self.world.aws.client("ssm"):
            self.steps.append("went back")

    def stuck(self) -> None:
        """An update that fails and cannot be put back, until a person chooses."""
        if self.status() not in (*GOOD, "UPDATE_ROLLBACK_COMPLETE"):
            return
        self.edit("queue", len(self.steps))
        self.faults.add(resource="AWS::SQS::Queue", logical_id="Jobs", verb="revert", message="it cannot be put back")
        if not self.broken:
            self.edit("break", 0)
        self.up(waivers=True)
        self.faults.clear()
        self.edit("break", 0)

    def put_item(self) -> None:
        name = self._table()
        if name and not self.item:
            self.world.aws.client("dynamodb").put_item(TableName=name, Item=ITEM)
            self.item, self.loss_accepted = True, False

    # What is asked

    def status(self) -> str:
        found = [name for name in self.world.stack_names() if name == STACK]
        return self.world.status_of(STACK) if found else ""

    def check(self) -> None:
        """What must hold after every step."""
        self._nothing_is_lost()
        self._never_two_at_once()
        if self.killed is None:
            self._lock_and_gate_are_clean()
            self._ledger_agrees()
            self._nothing_is_left()

    def _nothing_is_lost(self) -> None:
        if not self.item or self.loss_accepted:
            return
        name = self._table()
        assert name, self.steps
        found = self.world.aws.client("dynamodb").get_item(TableName=name, Key=ITEM)
        assert "Item" in found, f"data lost without an approval: {self.steps}"

    def _never_two_at_once(self) -> None:
        if not self.status():
            return
        running = False
        for event in self.world.aws.events(STACK):
            if event["LogicalResourceId"] != STACK or event["ResourceType"] != "AWS::CloudFormation::Stack":
                continue
            state = event["ResourceStatus"]
            if state in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"):
                assert not running, f"two operations at once: {self.steps}"
            running = state.endswith("_IN_PROGRESS") and state != "REVIEW_IN_PROGRESS"

    def _lock_and_gate_are_clean(self) -> None:
        said = self.world.run("status", "dev", "--format", "json").json
        assert said["running"] is None, self.steps
        alarm = self.world.aws.client("cloudwatch").describe_alarms(AlarmNames=[GATE])["MetricAlarms"][0]
        assert not alarm["StateReason"].startswith(gate.MARK) or alarm["StateValue"] != "ALARM", self.steps

    def _ledger_agrees(self) -> None:
        """The newest operation that moved the stack says what it is now."""
        records = self.world.run("history", "dev", "--limit", "50", "--format", "json").json["records"]
        moved = [
            one for one in records if one["operation"] in ("deploy", "rollback") and one["outcome"] not in ("nothing to do", "refused")
        ]
        if not moved or moved[0]["ended"] is None:
            return
        newest, status = moved[0], self.status()
        assert newest["number"] == max(one["number"] for one in moved)
        expected = {
            "succeeded": (*GOOD, "UPDATE_ROLLBACK_COMPLETE"),
            "unverified": GOOD,
            "rolled back": ("UPDATE_ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE", ""),
            "stuck": ("UPDATE_ROLLBACK_FAILED", "ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE"),
        }[newest["outcome"]]
        assert status in expected, (newest["outcome"], status, self.steps)

    def _nothing_is_left(self) -> None:
        names = self.world.stack_names()
        assert not [name for name in names if self.world.status_of(name) == "REVIEW_IN_PROGRESS"], self.steps
        if STACK in names:
            assert self.world.change_sets() == [], self.steps
        plans = self.world.folder / "plans"
        assert not list((plans / ".pending").glob("*.json")) if plans.exists() else True, self.steps
        assert not list(self.world.folder.rglob(".*.json.*")), self.steps

    # How it is done

    def _plan(self) -> Path | None:
        path = self.world.folder / f"{len(self.steps)}.plan.json"
        answer = self.world.run("plan", "dev", "--out", str(path))
        code = self._coded("plan", answer.code, answer.err)
        if code or not plan.load(path).changes:
            path.unlink(missing_ok=True)
            return None
        return path

    def _apply(self, path: Path) -> tuple[int, str]:
        answer = self.world.run("apply", str(path), "--yes", *self._waivers())
        if answer.code == 2:
            answer = self.world.run("apply", str(path), "--yes")
        return answer.code, answer.err

    def _waivers(self) -> tuple[str, ...]:
        """Accept whatever the plan at hand names: asked of a plan, so that none is idle."""
        answer = self.world.run("plan", "dev", "--format", "json", "--out", str(self.world.folder / "look.json"))
        if answer.code:
            return ()
        made = plan.load(self.world.folder / "look.json")
        more: list[str] = []
        for proposal in made.proposals:
            for finding in proposal.review.findings:
                if finding.waiver:
                    more += [finding.waiver, finding.path]
                    self.loss_accepted |= finding.waiver == "--allow-loss" and finding.path == "Data/Items"
        self._withdraw(self.world.folder / "look.json")
        return tuple(more)

    def _withdraw(self, path: Path) -> None:
        """What a person does with a plan that is not wanted: delete its change set."""
        if path.exists():
            for proposal in plan.load(path).proposals:
                for change_set in list(proposal.change_sets.values())[:1]:
                    self.world.drop(change_set)
            path.unlink()

    def _child(self, path: Path, point: str) -> None:
        """In a process of its own, which dies without a word."""
        try:
            made = plan.load(path)
            common = Common(local=False, profile=None, endpoint_url=self.world.aws.url, format="json", debug=False, build=self.world.folder)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            with credentials(self.world.aws.account):
                account = common.account_of(made.manifest)

                def die(reached: str) -> None:
                    if reached == point:
                        os.kill(os.getpid(), signal.SIGKILL)

                Rollout(account=account, plan=made, approval=Approval(yes=True), show=common.console, reached=die).run()
        except Told as error:
            os._exit(error.code)
        finally:
            os._exit(1)

    def _table(self) -> str:
        names = self.world.aws.client("dynamodb").list_tables()["TableNames"]
        return next((name for name in names if self.item is False or self._holds(name)), "")

    def _holds(self, name: str) -> bool:
        return "Item" in self.world.aws.client("dynamodb").get_item(TableName=name, Key=ITEM)

    def _updated(self) -> Any:
        return self.world.aws.stack(STACK).get("LastUpdatedTime") if self.status() else None

    def _coded(self, what: str, code: int, said: str) -> int:
        self.steps.append(f"{what}: {code}")
        assert code in DOCUMENTED, f"{what} ended with {code}: {said}\n{json.dumps(self.steps)}"
        return code
