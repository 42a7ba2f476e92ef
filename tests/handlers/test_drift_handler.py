"""The drift detector: measures every run, reports every run, and tells people once per change."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from drift import handler as drift
from shared import drift_acceptance, drift_report

from .fakes import (
    DELETED,
    IN_SYNC,
    NOON,
    Clock,
    Context,
    FakeStack,
    Lines,
    Metrics,
    Objects,
    Parameters,
    Stacks,
    Topic,
    client,
    modified,
    refusal,
    settings,
    ticks,
)

TYPES = {"Queue": "AWS::SQS::Queue", "Topic": "AWS::SNS::Topic"}
DRIFTED = modified("/VisibilityTimeout")
NOTHING = {"Drifted": 0, "Accepted": 0, "Uncovered": 0, "Stacks": 2, "Age": 0}


class Running:
    """The function with an app of one nested stack, Messaging, that holds a queue and a topic; each run a day later."""

    def __init__(self) -> None:
        self.objects, self.topic, self.metrics, self.lines, self.clock = Objects(), Topic(), Metrics(), Lines(), Clock()
        self.parameters = Parameters()
        self.days = 0

    def run(self, context: Context | None = None, **inner: Any) -> dict[str, Any]:
        """``inner``: fields of the nested stack, or the drifts of its resources."""
        drifts = {name: inner.pop(name, IN_SYNC) for name in TYPES}
        stacks = Stacks(root=FakeStack({"Messaging": "stack:messaging"}), messaging=FakeStack(dict(TYPES), drifts, **inner))
        return self.run_over(stacks, context)

    def run_over(self, stacks: Stacks, context: Context | None = None) -> dict[str, Any]:
        around = drift.Surroundings(
            environment="dev",
            stack="root",
            namespace="tap/drift",
            topic_arn="arn:aws:sns:us-east-1:123456789012:tap-drift-dev",
            bucket="tap-logs-dev",
            accepted="/tap/dev/drift/accepted/root",
            client=client(stacks, self.objects, self.topic, self.metrics, self.parameters),
            settings=settings(self.lines),
            log=self.lines.log(),
            now=ticks(NOON + timedelta(days=self.days)),
            clock=self.clock,
            sleep=self.clock.sleep,
        )
        self.days += 1
        return drift.run(context or Context(), around)

    @property
    def notices(self) -> list[tuple[str, str]]:
        return [(request["Subject"], request["Message"]) for request in self.topic.called("publish")]

    @property
    def latest(self) -> Any:
        return json.loads(self.objects.bodies["drift/latest.json"])


def test_a_first_run_without_drift_says_nothing_and_reports() -> None:
    running = Running()
    assert running.run() == {**NOTHING, "DetectorRuns": 1, "Report": "drift/20260102T120000Z.json"}
    assert running.notices == []
    assert running.metrics.values == {**NOTHING, "DetectorRuns": 1}
    assert (running.latest["clean"], running.latest["drifted"]) == (True, [])


def test_a_first_run_with_drift_tells() -> None:
    running = Running()
    running.run(Queue=DRIFTED)
    ((subject, message),) = running.notices
    assert subject == "drift in dev: 1 resource"
    assert message.splitlines() == [
        "Stack root at 2026-01-02T12:00:00Z: 1 resource drifted.",
        "",
        "- Messaging/Queue (AWS::SQS::Queue): MODIFIED /VisibilityTimeout (since 2026-01-02T12:00:00Z)",
        "",
        "Report: s3://tap-logs-dev/drift/20260102T120000Z.json",
        "What to do: python -m deploy drift dev",
    ]
    assert running.metrics.values["Drifted"] == 1


def test_drift_that_stays_is_told_once() -> None:
    running = Running()
    for _ in range(3):
        running.run(Queue=DRIFTED)
    assert len(running.notices) == 1
    assert running.metrics.values["Drifted"] == 1


@pytest.mark.parametrize(
    "then",
    [
        pytest.param({"Queue": modified("/VisibilityTimeout", actual="3")}, id="another value"),
        pytest.param({"Queue": modified("/VisibilityTimeout", "/Tags")}, id="another property"),
        pytest.param({"Queue": DELETED}, id="deleted"),
        pytest.param({"Queue": DRIFTED, "Topic": DELETED}, id="another resource too"),
        pytest.param({"Topic": DRIFTED}, id="another resource instead"),
        pytest.param({}, id="mended"),
    ],
)
def test_a_change_in_what_is_drifted_is_told(then: dict[str, Any]) -> None:
    running = Running()
    running.run(Queue=DRIFTED)
    running.run(**then)
    running.run(**then)
    assert len(running.notices) == 2


def test_drift_that_is_mended_is_told_by_name() -> None:
    running = Running()
    running.run(Queue=DRIFTED)
    running.run()
    subject, message = running.notices[1]
    assert subject == "drift in dev: no resources"
    assert "No longer drifted:\nMessaging/Queue" in message
    assert running.metrics.values["Drifted"] == 0


def test_the_report_keeps_since_when_something_is_drifted() -> None:
    running = Running()
    running.run(Queue=DRIFTED)
    running.run(Queue=DRIFTED, Topic=DELETED)
    seen = [(entry["path"], entry["since"][:10], entry["seen"][:10]) for entry in running.latest["drifted"]]
    assert seen == [("Messaging/Queue", "2026-01-02", "2026-01-03"), ("Messaging/Topic", "2026-01-03", "2026-01-03")]


def test_the_report_has_everything_that_was_found() -> None:
    running = Running()
    running.run(Queue=DRIFTED, Topic={"StackResourceDriftStatus": "UNKNOWN", "DriftStatusReason": "access denied"})
    assert running.latest == {
        "version": 1,
        "environment": "dev",
        "stack": "root",
        "at": "2026-01-02T12:00:00Z",
        "stacks": 2,
        "counts": {"IN_SYNC": 0, "MODIFIED": 1, "DELETED": 0, "NOT_CHECKED": 0, "UNKNOWN": 1},
        "clean": False,
        "drifted": [
            {
                "path": "Messaging/Queue",
                "type": "AWS::SQS::Queue",
                "physical_id": "physical-Queue",
                "status": "MODIFIED",
                "differences": [{"property": "/VisibilityTimeout", "kind": "NOT_EQUAL", "expected": "1", "actual": "2"}],
                "since": "2026-01-02T12:00:00Z",
                "seen": "2026-01-02T12:00:00Z",
                "read": False,
            }
        ],
        "accepted": [],
        "uncovered": [{"path": "Messaging/Topic", "type": "AWS::SNS::Topic", "status": "UNKNOWN", "reason": "access denied"}],
        "unchecked_stacks": [],
    }
    assert json.loads(running.objects.bodies["drift/20260102T120000Z.json"]) == running.latest


def test_a_notice_tells_no_values_for_they_may_be_private() -> None:
    running = Running()
    running.run(Queue=modified("/Policy", actual='"pa55word"'))
    assert "pa55word" not in running.notices[0][1]


def test_a_notice_names_at_most_fifty_resources() -> None:
    running = Running()
    names = [f"Queue{number:02}" for number in range(60)]
    running.run_over(Stacks(root=FakeStack(dict.fromkeys(names, "AWS::SQS::Queue"), dict.fromkeys(names, DELETED))))
    message = running.notices[0][1]
    assert message.count("AWS::SQS::Queue") == 50
    assert "- and 10 more" in message


def test_a_notice_says_what_is_not_known() -> None:
    running = Running()
    running.run(Queue=DRIFTED, Topic={"StackResourceDriftStatus": "NOT_CHECKED"})
    assert "Not known: 1 resource and 0 stacks could not be checked in full." in running.notices[0][1]


def test_what_had_drifted_and_is_not_checked_now_is_still_drifted_and_no_news() -> None:
    running = Running()
    running.run(Queue=DRIFTED)
    running.run(refused="ValidationError")
    assert len(running.notices) == 1
    assert running.metrics.values["Drifted"] == 1
    (entry,) = running.latest["drifted"]
    assert (entry["path"], entry["seen"][:10]) == ("Messaging/Queue", "2026-01-02")
    assert running.latest["clean"] is False


def test_what_had_drifted_in_a_stack_that_is_gone_is_still_drifted() -> None:
    running = Running()
    running.run(Queue=DRIFTED)
    running.run_over(Stacks(root=FakeStack({"Messaging": "stack:messaging"})))
    assert [entry["path"] for entry in running.latest["drifted"]] == ["Messaging/Queue"]


def test_what_had_drifted_and_is_in_sync_in_a_detection_that_failed_elsewhere_is_mended() -> None:
    running = Running()
    running.run(Queue=DRIFTED)
    running.run(end="DETECTION_FAILED")
    assert running.latest["drifted"] == []


def test_what_had_drifted_and_was_removed_from_the_template_is_no_longer_drifted() -> None:
    running = Running()
    running.run(Queue=DRIFTED)
    running.run_over(
        Stacks(
            root=FakeStack({"Messaging": "stack:messaging"}),
            messaging=FakeStack({"Topic": "AWS::SNS::Topic"}, {"Topic": IN_SYNC}),
        )
    )
    assert running.latest["drifted"] == []


def test_a_stack_that_could_not_be_checked_counts_as_uncovered_besides_its_resources() -> None:
    assert Running().run(refused="ValidationError")["Uncovered"] == 3


def test_a_run_in_which_nothing_could_be_checked_is_no_run_of_the_detector() -> None:
    running = Running()
    assert running.run_over(Stacks(root=FakeStack(dict(TYPES), refused="ValidationError")))["DetectorRuns"] == 0


def test_waiting_ends_while_there_is_time_to_report() -> None:
    running = Running()
    outcome = running.run(Context(remaining=60_000), looks=1000)
    assert sum(running.clock.slept) <= 30
    assert outcome["Uncovered"] == 3
    assert running.latest["unchecked_stacks"] == [{"path": "Messaging", "reason": "detection did not end within 30 s"}]


def test_a_last_report_that_is_damaged_counts_as_none() -> None:
    running = Running()
    for text in (
        b"{",
        b"[]",
        b'{"version": 2}',
        b'{"version": 1}',
        b'{"version": 1, "drifted": [{}], "accepted": []}',
        b'{"version": 1, "drifted": [5]}',
        b"\xff",
    ):
        running.objects.bodies["drift/latest.json"] = text
        running.run()
    assert running.notices == []
    assert [line["level"] for line in running.lines.objects].count("WARN") == 7


def test_a_notice_that_could_not_be_sent_is_sent_by_the_next_run() -> None:
    running = Running()
    running.topic.failing = {"publish": [refusal("KMSAccessDenied")]}
    with pytest.raises(Exception, match="KMSAccessDenied"):
        running.run(Queue=DRIFTED)
    running.run(Queue=DRIFTED)
    assert len(running.notices) == 2  # the one that was refused and the one that was not


def test_a_run_that_fails_is_measured_as_far_as_it_came_and_not_as_a_run() -> None:
    running = Running()
    running.topic.failing = {"publish": [refusal("KMSAccessDenied")]}
    with pytest.raises(Exception, match="KMSAccessDenied"):
        running.run(Queue=DRIFTED)
    assert running.metrics.values == {**NOTHING, "Drifted": 1}
    assert [line["message"] for line in running.lines.objects if line["level"] == "ERROR"] == ["drift detection failed"]


def test_a_last_report_that_may_not_be_read_is_an_error_and_not_a_first_run() -> None:
    running = Running()
    running.objects.failing = {"get_object": [refusal("AccessDenied")]}
    with pytest.raises(Exception, match="AccessDenied"):
        running.run(Queue=DRIFTED)
    assert running.notices == []


def test_metrics_are_in_the_environments_namespace() -> None:
    running = Running()
    running.run()
    assert {request["Namespace"] for request in running.metrics.called("put_metric_data")} == {"tap/drift"}


def test_a_run_is_logged_with_what_it_found() -> None:
    running = Running()
    running.run(Queue=DRIFTED)
    line = running.lines.objects[-1]
    assert (line["message"], line["Drifted"], line["clean"], line["request_id"]) == ("drift detected", 1, False, "request-1")


def test_a_subject_counts_in_words() -> None:
    entry = {"drifted": [1, 2], "environment": "prod"}
    assert drift_report.subject(entry) == "drift in prod: 2 resources"


def test_the_environment_variables_say_where_everything_is() -> None:
    variables = {
        "STACK_NAME": "tap-app-dev",
        "METRIC_NAMESPACE": "tap/drift",
        "TOPIC_ARN": "topic",
        "REPORT_BUCKET": "logs",
        "ACCEPTED_PATH": "/tap/dev/drift/accepted/tap-app-dev",
        "CONFIG_PATH": "/tap/dev/config",
        "CONFIG_CACHE_SECONDS": "30",
        "ENVIRONMENT": "dev",
        "LOG_LEVEL": "INFO",
    }
    around = drift.from_environment(variables)
    assert (around.stack, around.namespace, around.topic_arn, around.bucket, around.environment) == (
        "tap-app-dev",
        "tap/drift",
        "topic",
        "logs",
        "dev",
    )


def accept(running: Running, until: str, property: str = "") -> None:
    """As the command writes it, for what the last run has found."""
    (entry,) = running.latest["drifted"]
    given = drift_acceptance.Acceptance(
        path=entry["path"],
        property=property,
        seen=drift_acceptance.seen(entry, property),
        until=until,
        reason="a slow partner",
        by="arn:aws:iam::123456789012:user/ann",
        at="2026-01-02T13:00:00Z",
    )
    running.parameters.values[drift_acceptance.parameter("root", given.path, property)] = drift_acceptance.write(given)


@pytest.mark.parametrize("property", ["", "/VisibilityTimeout"])
def test_what_is_accepted_is_told_once_rings_nothing_and_ends_by_itself(property: str) -> None:
    running = Running()
    running.run(Queue=DRIFTED)
    accept(running, "2026-01-04", property)
    for _ in range(2):  # the 3rd and the 4th of January
        running.run(Queue=DRIFTED)
        assert (running.metrics.values["Drifted"], running.metrics.values["Accepted"], running.metrics.values["Age"]) == (0, 1, 0)
    assert len(running.notices) == 2
    assert "Accepted:\n- Messaging/Queue" in running.notices[1][1]
    assert "until 2026-01-04 by arn:aws:iam::123456789012:user/ann: a slow partner" in running.notices[1][1]
    assert "No longer drifted" not in running.notices[1][1]
    assert running.latest["accepted"][0]["since"] == "2026-01-02T12:00:00Z"
    running.run(Queue=DRIFTED)
    assert running.metrics.values["Drifted"] == 1
    assert len(running.notices) == 3


def test_an_acceptance_covers_the_values_that_were_seen_and_no_others() -> None:
    running = Running()
    running.run(Queue=DRIFTED)
    accept(running, "2026-06-01")
    running.run(Queue=modified("/VisibilityTimeout", actual="3"))
    assert (running.metrics.values["Drifted"], running.metrics.values["Accepted"]) == (1, 0)


def test_a_property_that_is_accepted_does_not_cover_another_one() -> None:
    running = Running()
    running.run(Queue=DRIFTED)
    accept(running, "2026-06-01", "/VisibilityTimeout")
    running.run(Queue=modified("/VisibilityTimeout", "/DelaySeconds"))
    assert (running.metrics.values["Drifted"], running.metrics.values["Accepted"]) == (1, 0)


def test_an_acceptance_that_is_damaged_or_of_another_version_accepts_nothing() -> None:
    running = Running()
    running.run(Queue=DRIFTED)
    accept(running, "2026-06-01")
    (name, text) = running.parameters.values.popitem()
    damaged = ("{", "[]", "{}", text.replace('"version": 1', '"version": 2'), text.replace("2026-06-01", "June"))
    running.parameters.values |= {f"{name}{number}": each for number, each in enumerate(damaged)}
    running.run(Queue=DRIFTED)
    assert (running.metrics.values["Drifted"], running.metrics.values["Accepted"]) == (1, 0)


def test_the_age_is_that_of_the_oldest_drift() -> None:
    running = Running()
    for _ in range(3):
        running.run(Queue=DRIFTED)
    assert running.metrics.values["Age"] == 2 * 86_400
