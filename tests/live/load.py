"""The deployed platform under load: bad releases behind its aliases, callers that go on until told, and what its alarms say meanwhile."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from deploy import manifest as contract
from deploy.__main__ import run
from resources.functions import ALIAS
from templates.build import Built
from tests.api import Api
from tests.conftest import ROOT
from tests.deploy.world import credentials
from tests.live.conftest import STACK, Deployed
from tests.local.conftest import Aws

MINUTE = 0.08
"""Seconds that a minute lasts on the local AWS of these tests. A period of five minutes lasts 0.4 s, and is looked at eight times."""

SLOW_SECONDS = 1.7
SLOW_MS = 1500
"""What a slow release takes, in seconds, and what the environment's file calls slow: Lambda's own time is real."""

RELEASES = {
    "raises": "def handler(event, context):\n    raise RuntimeError('this release is broken')\n",
    "slow": f"import time\n\n\ndef handler(event, context):\n    time.sleep({SLOW_SECONDS})\n    return {{'statusCode': 200, 'body': '{{}}'}}\n",
}

EDITS = {
    "period_seconds: 60": "period_seconds: 300",
    "api_latency_ms: 3000": f"api_latency_ms: {SLOW_MS}",
    "worker_latency_ms: 20000": f"worker_latency_ms: {SLOW_MS}",
    " errors: 5": " errors: 2",
    "server_errors: 5": "server_errors: 2",
    "every_hours: 6": "every_hours: 2",
}
"""The environment of these tests. Lambda's time is real here: slow is less, and many errors are two, since each ends a process."""

State = dict[str, str]


def deploy(url: str, folder: Path) -> Deployed:
    """dev with its alarms as these tests need them, by the commands that people use."""
    source, build = folder / "env", folder / "build"
    shutil.copytree(ROOT / "env", source, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    text = (source / "defaults.yaml").read_text()
    for old, new in EDITS.items():
        assert text.count(old) == 1, f"{old!r} is not in defaults.yaml once"
        text = text.replace(old, new)
    (source / "defaults.yaml").write_text(text)
    command = [sys.executable, "generate.py", "--no-validate", "--env-dir", str(source), "--out", str(build)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    manifest = contract.decode((build / "dev" / "manifest.json").read_bytes())
    with credentials(manifest.account):
        for verb in ("bootstrap", "up"):
            assert run([verb, "dev", "--yes", "--endpoint-url", url, "--build", str(build)]) == 0
    api = Api(url=url, account=manifest.account, region=manifest.region, stack=STACK)
    return Deployed(aws=Aws(url=url, account=manifest.account), manifest=manifest, api=api, record={}, folder=build.parent)


def alarms(built: Built) -> dict[str, str]:
    """Every alarm of an environment, those of its bootstrap too: logical id -> name."""
    found = {
        flat_id: resource["Properties"]["AlarmName"]
        for flat_id, resource in built.whole.flat["Resources"].items()
        if resource["Type"] in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    }
    return {built.whole.names[flat_id][1]: name for flat_id, name in found.items()}


@dataclass(frozen=True, kw_only=True)
class Watched:
    """``names``: the alarms' logical ids by their names; ``members``: those of the release alarm; ``versions``: the bad releases'.

    ``detected``: when the drift detector was run, by the clock that never goes back.
    """

    deployed: Deployed
    names: dict[str, str]
    members: frozenset[str]
    versions: dict[tuple[str, str], str] = field(default_factory=dict)
    detected: list[float] = field(default_factory=list)

    def client(self, service: str) -> Any:
        return self.deployed.aws.client(service)

    def function(self, title: str) -> str:
        return f"tap-{title.lower()}-dev"

    # What the alarms say.

    @cached_property
    def settings(self) -> dict[str, dict[str, Any]]:
        return {self.names[one["AlarmName"]]: one for one in self._described()}

    def seconds(self, alarm: str, periods: float) -> float:
        """How long so many of an alarm's periods last here."""
        made = self.settings[alarm]
        period = made.get("Period") or next(query["MetricStat"]["Period"] for query in made["Metrics"] if "MetricStat" in query)
        return float(periods * period * MINUTE / 60)

    def window(self, alarm: str) -> float:
        """How long what happened can count for an alarm, in seconds."""
        return self.seconds(alarm, self.settings[alarm]["EvaluationPeriods"])

    def soonest(self, alarm: str) -> float:
        """Seconds from the first bad moment until an alarm can have all the datapoints that it wants."""
        return self.seconds(alarm, self.settings[alarm]["DatapointsToAlarm"] - 1)

    def states(self) -> State:
        """The state of every alarm at one moment. At each the release alarm is in ALARM if one of its members is, and else not."""
        found = {self.names[one["AlarmName"]]: str(one["StateValue"]) for one in self._described()}
        bad = any(found[member] == "ALARM" for member in self.members)
        assert (found["ReleaseAlarm"] == "ALARM") == bad, f"the release alarm does not follow its members: {found}"
        return found

    def ringing(self) -> set[str]:
        return {name for name, state in self.states().items() if state == "ALARM"}

    def until(self, state: str, alarms: Collection[str], seconds: float = 15.0) -> None:
        """Wait until all are in a state at the same time."""
        deadline = time.monotonic() + seconds
        while late := {name: said for name, said in self.states().items() if name in alarms and said != state}:
            assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {state}: {late}"
            time.sleep(0.04)

    def until_each_rang(self, alarms: Collection[str], seconds: float = 20.0) -> dict[str, float]:
        """Wait until each has been in ALARM, with the others or not; when that was seen, by the clock that never goes back."""
        deadline, rang = time.monotonic() + seconds, dict[str, float]()
        while silent := set(alarms) - set(rang):
            assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {silent} to ring"
            rang |= {name: time.monotonic() for name in silent & self.ringing()}
            time.sleep(0.04)
        return rang

    def rung(self) -> Counter[str]:
        """How often each alarm went into ALARM since it was made, however short that was."""
        pages = self.client("cloudwatch").get_paginator("describe_alarm_history")
        answers = pages.paginate(HistoryItemType="StateUpdate", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        entries = [(item["AlarmName"], json.loads(item["HistoryData"])) for answer in answers for item in answer["AlarmHistoryItems"]]
        return Counter(self.names[name] for name, data in entries if data["newState"]["stateValue"] == "ALARM")

    def _described(self) -> list[dict[str, Any]]:
        found = self.client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=100)
        return [*found["MetricAlarms"], *found["CompositeAlarms"]]

    @cached_property
    def outputs(self) -> dict[str, str]:
        """Of all services: name -> value, as Parameter Store has them."""
        pages = self.client("ssm").get_paginator("get_parameters_by_path").paginate(Path="/tap/dev/outputs", Recursive=True)
        return {one["Name"].rpartition("/")[2]: one["Value"] for page in pages for one in page["Parameters"]}

    # What is done to the platform, and put back.

    def publish(self, title: str, kind: str) -> None:
        """A version of a bad release beside the good one. The function's own code is put back: only the version stays."""
        client, function = self.client("lambda"), self.function(title)
        good = client.get_function(FunctionName=function)["Configuration"]["CodeSha256"]
        template = self.client("cloudformation").get_template(StackName=self.deployed.aws.child("tap-app-dev", "Compute"))["TemplateBody"]
        code = template["Resources"][f"{title}Function"]["Properties"]["Code"]
        client.update_function_code(FunctionName=function, ZipFile=_zip(RELEASES[kind]))
        self.versions[title, kind] = client.publish_version(FunctionName=function)["Version"]
        bucket = self.deployed.manifest.artifacts[0].name
        restored = client.update_function_code(FunctionName=function, S3Bucket=bucket, S3Key=code["S3Key"])
        assert restored["CodeSha256"] == good

    @contextmanager
    def released(self, title: str, kind: str) -> Iterator[None]:
        """The alias speaks of a bad release, as it does after a deployment."""
        client, alias = self.client("lambda"), {"FunctionName": self.function(title), "Name": ALIAS}
        before = client.get_alias(**alias)["FunctionVersion"]
        client.update_alias(**alias, FunctionVersion=self.versions[title, kind])
        try:
            yield
        finally:
            client.update_alias(**alias, FunctionVersion=before)

    def invoke(self, title: str, qualifier: str = ALIAS, **more: Any) -> None:
        """One call. What comes back, an error or being throttled, is for the alarms to see."""
        client = self.client("lambda")
        try:
            client.invoke(FunctionName=self.function(title), Qualifier=qualifier, Payload=b"{}", **more)
        except client.exceptions.TooManyRequestsException:
            return

    def detect_drift(self) -> dict[str, Any]:
        """One run of the scheduled detector, called as its schedule calls it."""
        answer = self.client("lambda").invoke(FunctionName=self.function("drift"), Qualifier=ALIAS, Payload=b"{}")
        found: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, found
        self.detected.append(time.monotonic())
        return found

    @contextmanager
    def setting(self, queue: str, **attributes: str) -> Iterator[None]:
        """A queue with other attributes for a while."""
        sqs, url = self.client("sqs"), self.outputs[queue]
        before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(attributes))["Attributes"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
        try:
            yield
        finally:
            sqs.set_queue_attributes(QueueUrl=url, Attributes=before)


@contextmanager
def calling(call: Callable[[], object], *, pause: float, callers: int = 1) -> Iterator[None]:
    """Call again and again, from several threads that start one after the other, until the block ends and every call has ended."""
    over, problems = threading.Event(), list[BaseException]()

    def work(wait: float) -> None:
        over.wait(wait)
        while not over.is_set():
            try:
                call()
            except Exception as problem:  # noqa: BLE001 - raised again where the block ends
                problems.append(problem)
                return
            over.wait(pause)

    threads = [threading.Thread(target=work, args=(number * SLOW_SECONDS / callers,)) for number in range(callers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    if problems:
        raise problems[0]


def _zip(source: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("handler.py", source)
    return made.getvalue()
