"""The alarms check: none of the environment's alarms that watch its releases is in ALARM.

The gate is none of them, for it is the deployer's own. Where a composite alarm is among the rollback triggers, it says which alarms watch
releases; others, on drift for example, may ring for what no release can mend, and are only told of.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from deploy.verification.model import AlarmsCheck, NotVerified

if TYPE_CHECKING:
    from deploy.aws.alarms import Alarms
    from deploy.verification.place import Place


def name(check: AlarmsCheck) -> str:
    return "all alarms"


def see(check: AlarmsCheck, place: Place, over: threading.Event) -> str:
    from deploy.aws.alarms import Alarms
    from deploy.gate import name_of

    manifest, watching = place.account.manifest, Alarms(api=place.api("cloudwatch"))
    gates = {name_of(stack) for stack in manifest.stacks}
    found = [alarm for alarm in watching.within(f"{manifest.project}-", f"-{manifest.environment}") if alarm.name not in gates]
    decides = _deciding(watching, place)
    ringing = [alarm for alarm in found if alarm.state == "ALARM"]
    bad = [alarm for alarm in ringing if not decides or alarm.name in decides]
    if bad:
        raise NotVerified(
            f"in ALARM: {', '.join(alarm.name for alarm in bad)}", "\n".join(f"{alarm.name}: {alarm.reason}" for alarm in bad)
        )
    aside = f"; in ALARM, but not for a release: {', '.join(alarm.name for alarm in ringing)}" if ringing else ""
    unknown = sum(alarm.state == "INSUFFICIENT_DATA" for alarm in found)
    return f"{len(found) - len(ringing)} alarms not in ALARM, {unknown} of them without data{aside}"


def _deciding(alarms: Alarms, place: Place) -> frozenset[str]:
    """The composite alarms among the triggers, and their members; empty where there is none: then all decide."""
    composite = {
        trigger.alarm
        for stack in place.account.manifest.stacks
        for trigger in stack.guard.triggers
        if stack.region == place.region and trigger.type == "AWS::CloudWatch::CompositeAlarm"
    }
    members = {name: alarms.members(name) for name in sorted(composite)}
    return frozenset(each for name, found in members.items() if found for each in (name, *found))
