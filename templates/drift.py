"""Drift detection on a schedule: a function that looks into every nested stack, an alarm, a notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import awslambda as actions
from awacs import cloudwatch, s3, sns
from awacs.aws import Statement, StringEquals
from troposphere import AccountId, GetAtt, Join, Ref, events
from troposphere import awslambda as lambda_

from resources import statements
from resources.alarms import Metric, Watch, alarm
from resources.assets import package
from resources.endpoints import DRIFT_DETECTION, DRIFT_STATUS
from resources.functions import Work
from resources.naming import name
from templates.compute import add_function, configuration
from templates.service import Service

if TYPE_CHECKING:
    from env.model import Environment

APP_STACK = "app"


def build(env: Environment) -> Service:
    service = Service("drift", env, "Drift detection on a schedule")
    namespace = f"{env.project}/drift"
    work = Work(
        thing="drift",
        asset=package("drift"),
        timeout=env.functions.drift_timeout,
        concurrency=1,
        variables={
            "METRIC_NAMESPACE": namespace,
            "REPORT_BUCKET": service.needs("LogBucketName"),
            "STACK_NAME": name(env, APP_STACK, "stack"),
            "TOPIC_ARN": service.needs("DriftTopicArn"),
            **configuration(env),
        },
    )
    alias = add_function(service, "Drift", work, _permissions(service, namespace))
    _schedule(service, alias)
    _alarms(service, namespace)
    return service


def _permissions(service: Service, namespace: str) -> list[Statement]:
    env = service.env
    # The detection reads the live resources with the caller's own permissions, so a list of their reads belongs here.
    stacks = statements.arn(f"cloudformation:stack/{name(env, APP_STACK, 'tag')}*")
    reports = service.needs("LogBucketArn")
    return [
        statements.allow("Detection", DRIFT_DETECTION, [stacks]),
        statements.allow_everywhere("DetectionStatus", DRIFT_STATUS),
        statements.allow_everywhere("Metrics", [cloudwatch.PutMetricData], StringEquals("cloudwatch:namespace", namespace)),
        statements.allow("Notice", [sns.Publish], [service.needs("DriftTopicArn")]),
        statements.allow("Reports", [s3.GetObject, s3.PutObject], [Join("/", [reports, "drift", "*"])]),
        statements.allow("FindReports", [s3.ListBucket], [reports], StringEquals("s3:prefix", "drift/latest.json")),
    ]


def _schedule(service: Service, alias: lambda_.Alias) -> None:
    env = service.env
    rule = service.add(
        events.Rule(
            "Schedule",
            Name=name(env, "drift", "rule"),
            Description="Detects drift on a schedule",
            ScheduleExpression=f"rate({env.drift.every_hours} hours)",
            State="ENABLED",
            Targets=[events.Target(Id="drift", Arn=Ref(alias))],
        )
    )
    service.add(
        lambda_.Permission(
            "ScheduleMayCall",
            Action=str(actions.InvokeFunction.JSONrepr()),
            FunctionName=Ref(alias),
            Principal="events.amazonaws.com",
            SourceAccount=AccountId,
            SourceArn=GetAtt(rule, "Arn"),
        )
    )


def _alarms(service: Service, namespace: str) -> None:
    """Both tell the topic of drift: what drifted, and that nobody looks any more."""
    env, topic = service.env, service.needs("DriftTopicArn")
    dimensions = {"Environment": env.name}
    drifted = Watch(thing="drift-found", description="Resources differ from their template: python -m deploy drift", threshold=1)
    found = alarm(
        "DriftAlarm", env, drifted, Metric(namespace=namespace, name="Drifted", dimensions=dimensions, statistic="Maximum"), topic
    )
    # One report in a schedule's time: one datapoint decides, and none means that nothing new is known.
    found.EvaluationPeriods = found.DatapointsToAlarm = 1
    found.TreatMissingData = "ignore"
    stopped = Watch(thing="drift-stopped", description="The drift detector did not run: read its log group", threshold=1)
    silent = alarm(
        "DriftStoppedAlarm", env, stopped, Metric(namespace=namespace, name="DetectorRuns", dimensions=dimensions, statistic="Sum"), topic
    )
    silent.ComparisonOperator = "LessThanThreshold"
    silent.Period, silent.EvaluationPeriods, silent.DatapointsToAlarm = 3600, 2 * env.drift.every_hours, 2 * env.drift.every_hours
    silent.TreatMissingData = "breaching"
    service.add(found)
    service.add(silent)
    service.gives("DriftAlarmName", Ref(found), "Name of the alarm on drift")
