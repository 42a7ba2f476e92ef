"""Drift detection on a schedule: a function that looks into every nested stack, an alarm, a notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import awslambda as actions
from awacs import cloudwatch, s3, sns
from awacs.aws import Statement, StringEquals
from awacs.ssm import GetParametersByPath
from troposphere import AccountId, GetAtt, Join, Ref, events
from troposphere import awslambda as lambda_
from troposphere.iam import ManagedPolicy

from resources import execution, leading, permissions, policies, scopes, statements
from resources.alarms import Metric, Watch, alarm
from resources.assets import package
from resources.endpoints import DRIFT_DETECTION, DRIFT_STATUS
from resources.functions import Work
from resources.naming import global_name, name, parameter_path
from templates.compute import add_function, configuration
from templates.service import Service

if TYPE_CHECKING:
    from env.model import Environment

APP_STACK = "app"
# Below the environment's path in Parameter Store; the deployer writes there (resources/handlers/shared/drift_acceptance.py).
ACCEPTED = "drift/accepted"


def build(env: Environment, stack: str = APP_STACK) -> Service:
    """``stack``: the one that the detector stands in, and looks at."""
    service = Service("drift", env, "Drift detection on a schedule")
    namespace = f"{env.project}/drift"
    work = Work(
        thing="drift",
        asset=package("drift"),
        timeout=env.functions.drift_timeout,
        concurrency=1,
        variables={
            "ACCEPTED_PATH": parameter_path(env, ACCEPTED, name(env, stack, "stack")),
            "METRIC_NAMESPACE": namespace,
            "REPORT_BUCKET": service.needs("LogBucketName"),
            "STACK_NAME": name(env, stack, "stack"),
            "TOPIC_ARN": service.needs("DriftTopicArn"),
            **configuration(env),
        },
    )
    alias = add_function(service, "Drift", work, _permissions(service, namespace, stack))
    service.add(*_reads(service, stack))
    _schedule(service, alias)
    _alarms(service, namespace)
    return service


def _permissions(service: Service, namespace: str, stack: str) -> list[Statement]:
    env = service.env
    stacks = statements.arn(f"cloudformation:stack/{name(env, stack, 'tag')}*")
    accepted = statements.arn(f"ssm:parameter{parameter_path(env, ACCEPTED)}")
    reports = service.needs("LogBucketArn")
    return [
        statements.allow("Accepted", [GetParametersByPath], [accepted, Join("/", [accepted, "*"])]),
        statements.allow("Detection", DRIFT_DETECTION, [stacks]),
        statements.allow_everywhere("DetectionStatus", DRIFT_STATUS),
        statements.allow_everywhere("Metrics", [cloudwatch.PutMetricData], StringEquals("cloudwatch:namespace", namespace)),
        statements.allow("Notice", [sns.Publish], [service.needs("DriftTopicArn")]),
        statements.allow("Reports", [s3.GetObject, s3.PutObject], [Join("/", [reports, "drift", "*"])]),
        statements.allow("FindReports", [s3.ListBucket], [reports], StringEquals("s3:prefix", "drift/latest.json")),
    ]


def _reads(service: Service, stack: str) -> list[ManagedPolicy]:
    """CloudFormation reads the live resources with the caller's own permissions ("Considerations when detecting drift"): what each type's
    schema says that its handler for reading calls, on the environment's own names, and no data.

    They hang on the role, since they are more than one policy holds, and the function can be made before they are there.
    """
    env, types = service.env, permissions.handlers().keys() - scopes.TOOLS_ONLY - leading.FAILOVER
    seen = execution.seen(env, types)
    domain = env.disaster_recovery.domain if env.disaster_recovery else None
    beyond = leading.leading(env, "SeeLeading", execution.seen(env, leading.DOMAIN)) if domain else []
    if env.disaster_recovery and stack == APP_STACK:
        beyond += leading.copying(env, "See", execution.seen(env, {leading.COPIED}))
    allowed = [execution.looking(env, seen), *execution.named(env, "See", seen), *execution.identity(env, types, seen), *beyond]
    return [
        ManagedPolicy(
            f"DriftReads{number}",
            ManagedPolicyName=global_name(env, f"drift-reads{number}", "policy"),
            Description="What drift detection reads",
            PolicyDocument=statements.document(*part),
            Roles=[Ref("DriftRole")],
        )
        for number, part in policies.packed(env, "DriftReads", allowed)
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
    # A new alarm has no data until the schedule's first run, hours later. Counting that as breaching would ring in every new
    # environment; INSUFFICIENT_DATA is the state that it begins in, and falling back into it is what tells.
    silent.TreatMissingData = "missing"
    silent.InsufficientDataActions = [topic]
    service.add(found)
    service.add(silent)
    service.gives("DriftAlarmName", Ref(found), "Name of the alarm on drift")
