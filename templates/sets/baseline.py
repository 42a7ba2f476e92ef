"""What an account has before anything else comes to it: a boundary for roles, a bucket for artifacts, and alarms on the account itself.

It stands once in every account and region of its targets. What differs by account is a parameter, since one template serves all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from awacs import kms, sns
from awacs.aws import ArnEquals, Statement
from troposphere import GetAtt, Ref, events, s3
from troposphere.iam import ManagedPolicy

from resources import boundary, statements
from resources.alarms import Metric, Watch, single_alarm
from resources.keys import key_with_alias
from resources.naming import bucket_name, global_name, name
from resources.queues import alarms_may_publish, topic, topic_policy
from resources.storage import access_logs_of, bucket_policy, private_bucket, private_log_bucket
from templates.service import Service

if TYPE_CHECKING:
    from env.model import ToolsEnvironment

NAME = "baseline"
BOUNDARY = "baseline-boundary"
_ROOT_RULE = "baseline-root"

Baseline = Service["ToolsEnvironment"]


def build(env: ToolsEnvironment) -> Baseline:
    service = Service(NAME, env, f"{env.project}: what every account has first")
    key, alias = key_with_alias(env, "BaselineKey", NAME, "Artifacts and notices of the account", _key_users())
    service.add(key, alias)
    service.gives("BaselineKeyArn", GetAtt(key, "Arn"), "ARN of the key for artifacts and notices")
    _artifacts(service, GetAtt(key, "Arn"))
    _boundary(service)
    _alarms(service, GetAtt(key, "Arn"))
    return service


def _key_users() -> list[Statement]:
    use = [kms.Decrypt, kms.GenerateDataKey]
    return [
        statements.allow_service("Alarms", "cloudwatch.amazonaws.com", use, ["*"]),
        statements.allow_service("Notices", "events.amazonaws.com", use, ["*"]),
    ]


def _artifacts(service: Baseline, key_arn: Any) -> None:
    """Replaced versions go after the days of the parameter; what is current stays."""
    env = service.env
    days = service.asks("KeepDays", "Days that replaced artifacts are kept", type="Number", Default=30, MinValue=1, MaxValue=3650)
    logs = service.add(private_log_bucket("LogBucket", bucket_name(env, "baseline-logs"), days=env.logs.retention_days))
    rule = s3.LifecycleRule(
        Id="replaced",
        Status="Enabled",
        NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=days),
        ExpiredObjectDeleteMarker=True,
        AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=env.storage.incomplete_upload_days),
    )
    bucket = service.add(
        private_bucket(
            "ArtifactBucket",
            bucket_name(env, "baseline-artifacts"),
            key_arn=key_arn,
            log_bucket=Ref(logs),
            lifecycle=s3.LifecycleConfiguration(Rules=[rule]),
        )
    )
    service.add(bucket_policy(bucket), bucket_policy(logs, access_logs_of(GetAtt(bucket, "Arn"), logs)))
    service.gives("BaselineBucketName", Ref(bucket), "Name of the account's artifact bucket")


def _boundary(service: Baseline) -> None:
    """The most that a role which comes with a set may do in this account."""
    env = service.env
    # Where the tools account keeps code is none of an instance's business: it stands in one region.
    permissions = boundary.of_functions(msgspec.structs.replace(env, stack_sets={}))
    policy = service.add(
        ManagedPolicy(
            "Boundary",
            ManagedPolicyName=global_name(env, BOUNDARY, "policy"),
            Description="The most that a role of this account may do",
            PolicyDocument=statements.document(*permissions),
        )
    )
    service.gives("BaselineBoundaryArn", Ref(policy), "ARN of the boundary of roles")


def _alarms(service: Baseline, key_arn: Any) -> None:
    env = service.env
    notices = service.add(topic("NoticeTopic", name(env, "baseline-notices", "topic"), key_arn=key_arn))
    rule = service.add(_root_rule(env, Ref(notices)))
    service.add(topic_policy(notices, alarms_may_publish(notices), _told(Ref(notices), GetAtt(rule, "Arn"))))
    service.gives("BaselineNoticesArn", Ref(notices), "ARN of the topic of notices")
    most = service.asks("ConcurrentInvocations", "Invocations at one time that wake somebody", type="Number", Default=800, MinValue=1)
    throttles = service.asks(
        "ThrottledInvocations", "Throttled invocations in five minutes that wake somebody", type="Number", Default=10, MinValue=1
    )
    matched = Metric(namespace="AWS/Events", name="MatchedEvents", dimensions={"RuleName": Ref(rule)}, statistic="Sum")
    for title, thing, description, threshold, metric in (
        ("RootAlarm", "root", "Somebody signed in as root: ask who, and why", 1, matched),
        (
            "ThrottlesAlarm",
            "throttles",
            "Functions of the account are throttled: raise its concurrency",
            throttles,
            _functions("Throttles", "Sum"),
        ),
        (
            "ConcurrencyAlarm",
            "concurrency",
            "The account's concurrency is nearly used up",
            most,
            _functions("ConcurrentExecutions", "Maximum"),
        ),
    ):
        watch = Watch(thing=f"{NAME}-{thing}", description=description, threshold=threshold)
        service.add(single_alarm(title, env, watch, metric, Ref(notices)))


def _functions(metric: str, statistic: str) -> Metric:
    """Of all functions of the account and region together: Lambda's metrics without a dimension."""
    return Metric(namespace="AWS/Lambda", name=metric, dimensions={}, statistic=statistic)


def _root_rule(env: ToolsEnvironment, topic_arn: Any) -> events.Rule:
    """Sign-ins of root come to the bus of us-east-1, or of the region that was signed in to, where a trail records them."""
    return events.Rule(
        "RootRule",
        Name=name(env, _ROOT_RULE, "rule"),
        Description="Sign-ins with the account's root",
        State="ENABLED",
        EventPattern={
            "detail-type": ["AWS Console Sign In via CloudTrail"],
            "detail": {"userIdentity": {"type": ["Root"]}},
        },
        Targets=[events.Target(Id="notices", Arn=topic_arn)],
    )


def _told(topic_arn: Any, rule_arn: Any) -> Statement:
    return statements.allow_service("Root", "events.amazonaws.com", [sns.Publish], [topic_arn], ArnEquals("aws:SourceArn", rule_arn))
