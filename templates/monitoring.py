"""Alarms on what users notice, the composite alarm that rolls a release back, and one dashboard."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from troposphere import Ref, Sub, cloudwatch

from resources.alarms import Metric, Watch, alarm, composite_alarm, rate_alarm
from resources.api import STAGE
from resources.functions import ALIAS
from resources.naming import name
from templates.service import Service

if TYPE_CHECKING:
    from env.model import Environment

RELEASE_ALARM = "release"


def build(env: Environment) -> Service:
    service = Service("monitoring", env, "Alarms, the release alarm and the dashboard")
    topic = service.needs("AlarmTopicArn")
    alarms = [
        *_function_alarms(service, "Api", "api", env.alarms.api_latency_ms),
        *_function_alarms(service, "Worker", "worker", env.alarms.worker_latency_ms),
        *_api_alarms(service),
        *_queue_alarms(service),
    ]
    release = service.add(composite_alarm("ReleaseAlarm", env, RELEASE_ALARM, alarms, topic))
    service.add(_dashboard(service, alarms))
    service.gives("ReleaseAlarmName", Ref(release), "Name of the composite alarm that rolls a deployment back")
    return service


def _function_alarms(service: Service, title: str, thing: str, latency_ms: int) -> list[cloudwatch.Alarm]:
    """By alias and not by function: after a deployment the alias runs the new release, and that is what is measured."""
    env, limits, topic = service.env, service.env.alarms, service.needs("AlarmTopicArn")
    errors, calls = _function_metric(service, title, "Errors"), _function_metric(service, title, "Invocations")
    throttles = _function_metric(service, title, "Throttles")
    duration = _function_metric(service, title, "Duration", "p99")
    watches = {
        "Errors": Watch(thing=f"{thing}-errors", description=f"{thing} fails: read its log group", threshold=limits.errors),
        "Throttles": Watch(
            thing=f"{thing}-throttles", description=f"{thing} is throttled: raise its reserved concurrency", threshold=limits.throttles
        ),
        "Latency": Watch(thing=f"{thing}-latency", description=f"{thing} is slow: p99 in milliseconds", threshold=latency_ms),
    }
    rate = Watch(
        thing=f"{thing}-error-rate", description=f"{thing} fails too often: percent of its calls", threshold=limits.error_rate_percent
    )
    return [
        service.add(alarm(f"{title}ErrorsAlarm", env, watches["Errors"], errors, topic)),
        service.add(rate_alarm(f"{title}ErrorRateAlarm", env, rate, (errors, calls), topic)),
        service.add(alarm(f"{title}ThrottlesAlarm", env, watches["Throttles"], throttles, topic)),
        service.add(alarm(f"{title}LatencyAlarm", env, watches["Latency"], duration, topic)),
    ]


def _function_metric(service: Service, title: str, metric: str, statistic: str = "Sum") -> Metric:
    function = service.needs(f"{title}FunctionName")
    resource = Sub(f"${{{title}FunctionName}}:{ALIAS}")
    return Metric(namespace="AWS/Lambda", name=metric, dimensions={"FunctionName": function, "Resource": resource}, statistic=statistic)


def _api_alarms(service: Service) -> list[cloudwatch.Alarm]:
    env, limits, topic = service.env, service.env.alarms, service.needs("AlarmTopicArn")
    dimensions = {"ApiName": service.needs("ApiName"), "Stage": STAGE}
    failures = Watch(thing="api-5xx", description="The API answers 5XX", threshold=limits.server_errors)
    slow = Watch(thing="api-answers-latency", description="The API answers slowly: p99 in milliseconds", threshold=limits.api_latency_ms)
    return [
        service.add(
            alarm(
                "ApiServerErrorsAlarm",
                env,
                failures,
                Metric(namespace="AWS/ApiGateway", name="5XXError", dimensions=dimensions, statistic="Sum"),
                topic,
            )
        ),
        service.add(
            alarm(
                "ApiAnswersLatencyAlarm",
                env,
                slow,
                Metric(namespace="AWS/ApiGateway", name="Latency", dimensions=dimensions, statistic="p99"),
                topic,
            )
        ),
    ]


def _queue_alarms(service: Service) -> list[cloudwatch.Alarm]:
    env, limits, topic = service.env, service.env.alarms, service.needs("AlarmTopicArn")
    rows = (
        (
            "DeadLettersAlarm",
            "dead-letters",
            "Jobs failed for good: read the dead-letter queue",
            limits.dead_letters,
            "JobsDeadLetterQueueName",
            "ApproximateNumberOfMessagesVisible",
        ),
        (
            "FailuresAlarm",
            "failures",
            "Lambda gave up on events: read the failures queue",
            limits.dead_letters,
            "FailuresQueueName",
            "ApproximateNumberOfMessagesVisible",
        ),
        (
            "QueueAgeAlarm",
            "queue-age",
            "Jobs wait too long: age of the oldest in seconds",
            limits.queue_age_seconds,
            "JobsQueueName",
            "ApproximateAgeOfOldestMessage",
        ),
    )
    return [
        service.add(
            alarm(
                title,
                env,
                Watch(thing=thing, description=description, threshold=threshold),
                Metric(namespace="AWS/SQS", name=metric, dimensions={"QueueName": service.needs(queue)}, statistic="Maximum"),
                topic,
            )
        )
        for title, thing, description, threshold, queue, metric in rows
    ]


def _dashboard(service: Service, alarms: list[cloudwatch.Alarm]) -> cloudwatch.Dashboard:
    """Every alarm at the top; below it the calls, errors and time of both functions, the API and the queue."""
    functions = [f"${{{title}FunctionName}}" for title in ("Api", "Worker")]
    graphs: list[tuple[str, list[list[Any]]]] = [
        ("Calls", [["AWS/Lambda", "Invocations", "FunctionName", function] for function in functions]),
        ("Errors", [["AWS/Lambda", "Errors", "FunctionName", function] for function in functions]),
        ("Time (p99, ms)", [["AWS/Lambda", "Duration", "FunctionName", function, {"stat": "p99"}] for function in functions]),
        ("API", [["AWS/ApiGateway", metric, "ApiName", "${ApiName}", "Stage", STAGE] for metric in ("Count", "4XXError", "5XXError")]),
        (
            "Queue",
            [
                ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", f"${{{queue}}}"]
                for queue in ("JobsQueueName", "JobsDeadLetterQueueName", "FailuresQueueName")
            ],
        ),
    ]
    status = {
        "type": "alarm",
        "x": 0,
        "y": 0,
        "width": 24,
        "height": 3,
        "properties": {"title": "Alarms", "alarms": [f"${{{member.title}.Arn}}" for member in alarms]},
    }
    widgets = [status, *(_graph(index, title, metrics) for index, (title, metrics) in enumerate(graphs))]
    return cloudwatch.Dashboard(
        "Dashboard",
        DashboardName=name(service.env, "overview", "dashboard"),
        DashboardBody=Sub(json.dumps({"widgets": widgets}, sort_keys=True)),
    )


def _graph(index: int, title: str, metrics: list[list[Any]]) -> dict[str, Any]:
    return {
        "type": "metric",
        "x": index % 3 * 8,
        "y": 3 + index // 3 * 6,
        "width": 8,
        "height": 6,
        "properties": {"title": title, "metrics": metrics, "region": "${AWS::Region}", "period": 60, "stat": "Sum", "view": "timeSeries"},
    }
