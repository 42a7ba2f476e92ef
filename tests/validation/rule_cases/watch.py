"""Logs, alarms and schedules."""

from __future__ import annotations

from tests.validation.defects import drop, put
from tests.validation.rule_cases.case import KEY, Case, one

ALARM = "AWS::CloudWatch::Alarm"
CASES = (
    Case(
        rule="TAP049",
        good=one("AWS::Logs::LogGroup", KmsKeyId=KEY, RetentionInDays=30),
        bad={
            "for ever": ("It", drop("RetentionInDays")),
            "not as long as said": ("It", put("RetentionInDays", 7)),
            "in the clear": ("It", drop("KmsKeyId")),
        },
    ),
    Case(
        rule="TAP050",
        good=one(ALARM, AlarmActions=[{"Ref": "Topic"}], OKActions=[{"Ref": "Topic"}]),
        bad={
            "tells nobody": ("It", put("AlarmActions", [])),
            "never over": ("It", drop("OKActions")),
            "switched off": ("It", put("ActionsEnabled", False)),
        },
    ),
    Case(
        rule="TAP051",
        good=one(ALARM, TreatMissingData="notBreaching", DatapointsToAlarm=2),
        bad={"missing data": ("It", drop("TreatMissingData")), "datapoints": ("It", drop("DatapointsToAlarm"))},
    ),
    Case(
        rule="TAP071",
        good=one("AWS::Events::Rule", ScheduleExpression="rate(1 day)"),
        bad={"off": ("It", put("State", "DISABLED"))},
    ),
)
