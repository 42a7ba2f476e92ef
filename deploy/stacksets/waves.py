"""The waves of one attempt, in order: what is left of each is asked for, followed, judged and watched; the first that is not well ends it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from deploy.aws.failures import AwsRefusal
from deploy.errors import Conflict, Interrupted, Refused
from deploy.interrupt import Interrupt
from deploy.lock import Lock
from deploy.manifest import Preferences, Wave
from deploy.noun import decoded
from deploy.plan import encode
from deploy.record import WaveResult
from deploy.report.ink import plural
from deploy.show import Show
from deploy.stacksets import comparing, steps
from deploy.stacksets.failing import failures
from deploy.stacksets.following import follow
from deploy.stacksets.home import Home
from deploy.stacksets.looking import own_values
from deploy.stacksets.model import Instance, Intent, Operation, Place, Result, Row, SetPlan, Step
from deploy.stacksets.requests import ACTIONS, common, new, request, settled
from deploy.stacksets.staleness import check_content
from deploy.stacksets.steps import Standing
from deploy.stacksets.tolerance import exceeded
from deploy.stacksets.watching import Watch

SUSPENDED = "SKIPPED_SUSPENDED_ACCOUNT"
SET, REMOVAL, SETTINGS = "set", "removal", "settings"
"""What comes before and after the waves, by the names that its intents and results have."""


def intents_of(plan: SetPlan) -> str:
    """Where a plan's intents and the results of its waves lie: nothing is there before something may have been asked for."""
    return f"waves/{plan.digest[:16]}/"


@dataclass(kw_only=True)
class Waves:
    """``attempt``: the record's number; ``executed``: something was asked for, now or by whoever was killed."""

    home: Home
    plan: SetPlan
    attempt: int
    held: Lock
    show: Show
    interrupt: Interrupt
    reached: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    executed: bool = False
    _told: dict[str, int] = field(default_factory=dict)

    def all(self) -> Iterator[WaveResult]:
        """Each as it ends.

        Raises:
            Conflict: somebody has changed the set meanwhile.
            Interrupted: the person wants nothing more to be begun.
        """
        self._create()
        for wave in self.plan.stack_set.waves:
            rows = tuple(row for row in self.plan.rows_of(wave.name) if row.changes)
            if rows:
                result = self._wave(wave, rows)
                yield result
                if result.outcome != "succeeded":
                    return
        yield from self._afterwards()

    def _create(self) -> None:
        """The set itself, without instances."""
        if self.plan.before is not None or check_content(self.home, self.plan) is not None:
            return
        stack_set, after = self.plan.stack_set, self.plan.after
        self.home.shelf("deploy").put_if_absent(self._key(SET), encode(Intent(wave=SET, steps=())))
        self.held.check()
        self.show.note(f"StackSet {stack_set.set_name} in account {self.plan.account}")
        try:
            self.home.sets("deploy").create(
                PermissionModel=stack_set.permission_model,
                ClientRequestToken=steps.ours(self.plan.digest).rstrip("-"),
                **common(stack_set, after),
                **new(stack_set, self.home.url),
                **settled(after, self._arns()),
            )
        except AwsRefusal as error:
            if error.reason != "NameAlreadyExistsException":
                raise Refused(
                    f"StackSet {stack_set.set_name}", f"AWS does not make it: {error.message}", "mend it, then plan again"
                ) from error
        if check_content(self.home, self.plan) is None:
            raise Conflict(f"StackSet {stack_set.set_name}", "AWS does not show it after it was made", "run the same command again")
        self.reached("created")

    def _wave(self, wave: Wave, rows: tuple[Row, ...]) -> WaveResult:
        intent = self._intent(wave.name, lambda: self._left(wave, rows))
        passed = self._passed(wave.name)
        if passed and {step.id for step in intent.steps} <= set(passed.operations):
            return passed
        self.show.note(f"wave {wave.name}: {plural(len(rows), 'instance')}, {plural(len(intent.steps), 'operation')}")
        began = self.clock()
        result, instances = self._asked(wave.name, intent, wave.preferences, {row.place for row in rows})
        if result.outcome == "succeeded":
            result = self._watched(wave, result, instances)
        if result.outcome == "succeeded":
            self.home.shelf("deploy").put_if_absent(self._key(f"{wave.name}-passed"), encode(result))
            self.show.done(f"wave {wave.name}: {result.done} of {plural(len(rows), 'instance')}", self.clock() - began)
        self.reached(f"passed-{wave.name}")
        return result

    def _key(self, name: str) -> str:
        return f"{intents_of(self.plan)}{name}.json"

    def _passed(self, wave: str) -> WaveResult | None:
        held = self.home.shelf("deploy").get(self._key(f"{wave}-passed"))
        return decoded(held.data, WaveResult) if held else None

    def _intent(self, name: str, make: Callable[[], Intent]) -> Intent:
        """What this attempt asks for, as it was written down first."""
        shelf, key = self.home.shelf("deploy"), self._key(f"{self.attempt:08d}-{name}")
        if held := shelf.get(key):
            self.executed = True
            return decoded(held.data, Intent)
        self._quiet()
        made = make()
        shelf.put_if_absent(key, encode(made))
        self.reached(f"intended-{name}")
        return made

    def _left(self, wave: Wave, rows: tuple[Row, ...]) -> Intent:
        state = check_content(self.home, self.plan)
        if state is None:
            raise Conflict(f"plan {self.plan.short} of {self.plan.subject}", "the set is gone", "plan again")
        places, mine, elsewhere = {row.place for row in rows}, {}, False
        for instance in self.home.sets("deploy").instances():
            if instance.place in places:
                mine[instance.place] = instance
            elsewhere = elsewhere or (instance.place not in places and not instance.is_inoperable)
        standing = Standing(
            before=comparing.content_of(state, self.plan.after),
            after=self.plan.after,
            declared=frozenset(state.template.get("Parameters") or {}),
            instances=mine,
            own=self._own(rows, mine),
            elsewhere=elsewhere,
            size=0 if wave.name in self.plan.incomplete else len(self.plan.rows_of(wave.name)),
        )
        return steps.intent(wave, rows, standing, steps.prefix_of(self.plan.digest, self.attempt, wave.name))

    def _own(self, rows: tuple[Row, ...], instances: Mapping[Place, Instance]) -> dict[Place, Mapping[str, str]]:
        """Asked of those alone whose own values this plan moves."""
        moved = {row.place for row in rows if "its own values" in row.why or (row.action == "create" and row.overrides)}
        return {row.place: row.overrides for row in rows} | own_values(self.home, moved & instances.keys())

    def _asked(self, name: str, intent: Intent, preferences: Preferences, places: set[Place]) -> tuple[WaveResult, tuple[Instance, ...]]:
        """Every step, until one is not well; with the instances that are as they are to be."""
        results: dict[Place, Result] = {}
        outcome, reason = "succeeded", ""
        for step in intent.steps:
            try:
                ended = self._operation(name, step, preferences)
            except AwsRefusal as error:
                if not self.executed:
                    raise Refused(
                        f"wave {name}", f"AWS does not begin it: {error.message}", "mend it, then run the same command again"
                    ) from error
                outcome, reason = "failed", f"AWS does not begin the next operation: {error.message}"
                break
            results |= {result.place: result for result in self.home.sets("deploy").results(step.id)}
            self.reached(f"ended-{name}")
            check_content(self.home, self.plan)
            failed = [place for place, result in results.items() if result.status == "FAILED"]
            over = exceeded(preferences, places, failed)
            if ended.status == "STOPPED":
                outcome, reason = "stopped", f"operation {step.id} was stopped by somebody"
            elif ended.status == "FAILED" or over:
                outcome, reason = "failed", "; ".join(over) or ended.reason or f"operation {step.id} failed"
            if outcome != "succeeded":
                break
        return self._judged(name, intent, results, places, outcome, reason)

    def _judged(
        self, name: str, intent: Intent, results: Mapping[Place, Result], places: set[Place], outcome: str, reason: str
    ) -> tuple[WaveResult, tuple[Instance, ...]]:
        found = {one.place: one for one in self.home.sets("deploy").instances() if one.place in places}
        bad = [result for result in results.values() if result.status == "FAILED"]
        cancelled = [result.place for result in results.values() if result.status == "CANCELLED"]
        skipped = [place for place in cancelled if place in found and found[place].detailed == SUSPENDED]
        well = [one for place, one in found.items() if one.status == "CURRENT" and place not in {result.place for result in bad}]
        result = WaveResult(
            wave=name,
            outcome=outcome,  # type: ignore[arg-type]
            operations=tuple(step.id for step in intent.steps),
            done=len(well),
            cancelled=len(cancelled) - len(skipped),
            skipped=len(skipped),
            failed=failures(self.home, bad, found),
            reason=reason,
        )
        return result, tuple(well)

    def _operation(self, name: str, step: Step, preferences: Preferences) -> Operation:
        sets = self.home.sets("deploy")
        if sets.operation(step.id) is None:
            self.held.check()
            if self.interrupt.asked:
                raise Interrupted(
                    "interrupted", f"the next operation of wave {name} was not begun", "the same command begins where this ended"
                )
            asked = request(self.plan.stack_set, step, preferences, self.plan.after, self.home.url, self._arns())
            # With managed execution AWS would queue it behind what others have begun, whatever that makes of the set.
            self._alone()
            while not sets.begin(ACTIONS[step.kind], step.id, **asked):
                self._alone()
        else:
            self.show.note(f"attaching to operation {step.id}")
        self.executed = True
        self.reached(f"asked-{name}")
        return self._followed(step.id)

    def _followed(self, identifier: str) -> Operation:
        def news(operation: Operation) -> None:
            if operation.failed != self._told.get(identifier, 0):
                self._told[identifier] = operation.failed
                self.show.warn(f"operation {identifier}: {plural(operation.failed, 'instance')} failed")
            self.reached("following")
            self.held.keep()

        return follow(self.home.sets("deploy"), identifier, news, sleep=self.sleep, clock=self.clock)

    def _alone(self) -> None:
        """Nothing runs, and the set is what the plan knows.

        Raises:
            Conflict: somebody has changed it.
        """
        self._quiet()
        check_content(self.home, self.plan)

    def _quiet(self) -> None:
        """Until nothing runs on the set: what others have begun is followed, and nothing is begun beside it."""
        sets = self.home.sets("deploy")
        while running := sets.running():
            self.show.note(f"{running.words} is at work on the set, and is followed to its end")
            self._followed(running.id)

    def _watched(self, wave: Wave, result: WaveResult, instances: tuple[Instance, ...]) -> WaveResult:
        watch = Watch(home=self.home, say=self.show.note, look=self._look, sleep=self.sleep, clock=self.clock)
        found = watch.results(wave, instances)
        bad = [one for one in found if one.ok is not True]
        reason = f"{bad[0].check} {bad[0].name}: {bad[0].reason}" if bad else ""
        outcome = "unverified" if bad else result.outcome
        return msgspec.structs.replace(result, checks=tuple(bad), reason=reason, outcome=outcome)

    def _look(self) -> None:
        """While a wave is watched."""
        self.reached("watching")
        self.held.keep()
        if self.interrupt.asked:
            raise Interrupted("interrupted", "the wave is through, and was not watched to the end", "the same command watches it again")

    def _afterwards(self) -> Iterator[WaveResult]:
        """What is declared no more, and what no instance sees; with the preferences of the last wave."""
        preferences, prefix = self.plan.stack_set.waves[-1].preferences, steps.prefix_of(self.plan.digest, self.attempt, "end")
        rows = tuple(row for row in self.plan.rows if row.action == "remove") if self.plan.remove else ()
        if rows:
            intent = self._intent(REMOVAL, lambda: self._removal(rows, prefix))
            if intent.steps:
                self.show.note(f"{plural(len(rows), 'instance')} to leave the set")
                result, _ = self._asked(REMOVAL, intent, preferences, {row.place for row in rows})
                yield result
                if result.outcome != "succeeded":
                    return
        intent = self._intent(SETTINGS, lambda: self._settlement(prefix))
        if intent.steps:
            result, _ = self._asked(SETTINGS, intent, preferences, {row.place for row in self.plan.rows if row.wave})
            yield result

    def _removal(self, rows: tuple[Row, ...], prefix: str) -> Intent:
        places = {row.place for row in rows}
        found = {one.place: one for one in self.home.sets("deploy").instances() if one.place in places}
        return steps.removal(rows, found, retain=self.plan.retain, prefix=prefix)

    def _settlement(self, prefix: str) -> Intent:
        state = check_content(self.home, self.plan)
        now = comparing.content_of(state, self.plan.after) if state else self.plan.after
        return steps.settlement(now, self.plan.after, prefix)

    def _arns(self) -> dict[str, str]:
        """Of the sets that automatic deployment waits for, by name: AWS wants their ARNs.

        Raises:
            Conflict: one is not there.
        """
        automatic = self.plan.after.auto_deployment
        found = {}
        for name in automatic.depends_on if automatic else ():
            state = self.home.other("deploy", name).find()
            if state is None:
                raise Conflict(f"StackSet {name}", f"{self.plan.subject} waits for it, and it is not there", "roll it out first")
            partition, account = self.home.account.partition, self.plan.account
            found[name] = f"arn:{partition}:cloudformation:{self.plan.stack_set.region}:{account}:stackset/{state.id}"
        return found
