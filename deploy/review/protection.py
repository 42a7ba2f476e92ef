"""Protection lowered: what would have held, warned or restored, and does so less after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deploy.changes import Finding
from deploy.plan import Settings
from deploy.review.expressions import same
from deploy.review.known import POLICIES
from deploy.review.policies import statements, uncovered
from deploy.review.view import Entry, View
from deploy.review.watch import Watch, gone, higher, lower, new_or_higher, off, on, seen, words

_ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
_ENDS = {  # types whose removal takes a guard away -> what it was
    "AWS::ApplicationAutoScaling::ScalingPolicy": "scaling",
    "AWS::Backup::BackupPlan": "backups",
    "AWS::Backup::BackupSelection": "backups of what it selects",
    "AWS::CloudTrail::Trail": "the trail of who did what",
    "AWS::CloudWatch::Alarm": "an alarm",
    "AWS::CloudWatch::CompositeAlarm": "an alarm",
    "AWS::Config::ConfigRule": "a rule of Config",
    "AWS::EC2::FlowLog": "the log of network flows",
    "AWS::GuardDuty::Detector": "the detection of threats",
    "AWS::Logs::MetricFilter": "a metric that alarms may watch",
    "AWS::Logs::SubscriptionFilter": "the copy of log events",
    "AWS::SecretsManager::RotationSchedule": "the rotation of a secret",
    "AWS::SSM::MaintenanceWindow": "a maintenance window",
    "AWS::WAFv2::LoggingConfiguration": "the firewall's log",
    "AWS::WAFv2::WebACL": "a firewall",
    "AWS::WAFv2::WebACLAssociation": "the firewall in front of it",
}
_LESS_STRICT = {"breaching": 3, "missing": 2, "ignore": 1, "notbreaching": 0}


def _treats(before: Any, after: Any) -> bool:
    """Missing data counted for more."""
    ranks = [_LESS_STRICT.get(str("missing" if value is None else value).lower(), 2) for value in (before, after)]
    return ranks[1] < ranks[0]


# Sources: property descriptions of the CloudFormation template reference; the baseline of docs/security.md.
WATCHED = (
    Watch("AWS::DynamoDB::*", "/DeletionProtectionEnabled", off, "deletion protection is off"),
    Watch("AWS::DynamoDB::GlobalTable", "/Replicas/*/DeletionProtectionEnabled", off, "deletion protection is off"),
    Watch("AWS::RDS::*", "/DeletionProtection", off, "deletion protection is off"),
    Watch("AWS::DocDB::DBCluster", "/DeletionProtection", off, "deletion protection is off"),
    Watch("AWS::Neptune::DBCluster", "/DeletionProtection", off, "deletion protection is off"),
    Watch("AWS::Cognito::UserPool", "/DeletionProtection", off, "deletion protection is off"),
    Watch("AWS::ElasticLoadBalancingV2::LoadBalancer", "/LoadBalancerAttributes/*/Value", off, "an attribute of the balancer is off"),
    Watch("AWS::DynamoDB::*", "/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled", off, "point-in-time recovery is off"),
    Watch(
        "AWS::DynamoDB::GlobalTable",
        "/Replicas/*/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled",
        off,
        "point-in-time recovery is off",
    ),
    Watch("AWS::DynamoDB::*", "/PointInTimeRecoverySpecification/RecoveryPeriodInDays", lower, "recovery reaches back less", default=35),
    Watch(
        "AWS::DynamoDB::GlobalTable",
        "/Replicas/*/PointInTimeRecoverySpecification/RecoveryPeriodInDays",
        lower,
        "recovery reaches back less",
        default=35,
    ),
    Watch("AWS::RDS::*", "/BackupRetentionPeriod", lower, "backups are kept for less", default=1),
    Watch("AWS::ElastiCache::ReplicationGroup", "/SnapshotRetentionLimit", lower, "snapshots are kept for less"),
    Watch("AWS::S3::Bucket", "/VersioningConfiguration/Status", off, "versioning is off"),
    Watch("AWS::S3::Bucket", "/ObjectLockEnabled", off, "object lock is off"),
    Watch("AWS::S3::Bucket", "/ReplicationConfiguration/Role", gone, "replication is off"),
    Watch("AWS::S3::Bucket", "/ReplicationConfiguration/Rules/*/Status", off, "replication is off"),
    Watch("AWS::S3::Bucket", "/LoggingConfiguration/DestinationBucketName", gone, "access logs are off"),
    Watch("AWS::S3::Bucket", "/BucketEncryption/**", lambda before, after: before is not None, "encryption is another one, or none"),
    Watch("AWS::DynamoDB::*", "/SSESpecification/**", lambda before, after: before is not None, "encryption is another one, or none"),
    Watch(
        "AWS::DynamoDB::GlobalTable",
        "/Replicas/*/SSESpecification/**",
        lambda before, after: before is not None,
        "its key is another one, or none",
    ),
    Watch("AWS::SQS::Queue", "/SqsManagedSseEnabled", off, "encryption by SQS's own key is off"),
    Watch("AWS::*", "/KmsMasterKeyId", gone, "its key is gone"),
    Watch("AWS::*", "/KmsKeyId", gone, "its key is gone"),
    Watch("AWS::*", "/KmsKeyArn", gone, "its key is gone"),
    Watch("AWS::*", "/KMSKeyId", gone, "its key is gone"),
    Watch("AWS::*", "/StorageEncrypted", off, "encryption is off"),
    Watch("AWS::*", "/Encrypted", off, "encryption is off"),
    Watch("AWS::*", "/EncryptionKey", gone, "its key is gone"),
    Watch("AWS::KMS::Key", "/EnableKeyRotation", off, "rotation is off"),
    Watch("AWS::KMS::Key", "/RotationPeriodInDays", higher, "it is rotated less often", default=365),
    Watch("AWS::KMS::*", "/PendingWindowInDays", lower, "less time to keep a key from deletion", default=30),
    Watch("AWS::SecretsManager::RotationSchedule", "/RotationRules/AutomaticallyAfterDays", higher, "it is rotated less often"),
    Watch("AWS::CloudTrail::Trail", "/IsLogging", off, "the trail records nothing"),
    Watch("AWS::CloudTrail::Trail", "/EnableLogFileValidation", off, "the trail cannot be proven whole"),
    Watch("AWS::Lambda::Function", "/DeadLetterConfig/TargetArn", gone, "failed calls are kept nowhere"),
    Watch("AWS::Lambda::Function", "/TracingConfig/Mode", lambda before, after: before == "Active" != after, "calls are traced less"),
    Watch("AWS::Lambda::EventInvokeConfig", "/DestinationConfig/OnFailure/Destination", gone, "failed calls are kept nowhere"),
    Watch("AWS::Lambda::EventSourceMapping", "/DestinationConfig/OnFailure/Destination", gone, "failed batches are kept nowhere"),
    Watch("AWS::SQS::Queue", "/RedrivePolicy/deadLetterTargetArn", gone, "messages that fail are kept nowhere"),
    Watch("AWS::ApiGateway::Stage", "/AccessLogSetting/DestinationArn", gone, "access logs are off"),
    Watch("AWS::ApiGateway::Stage", "/TracingEnabled", off, "requests are not traced"),
    Watch("AWS::ApiGateway::Stage", "/MethodSettings/*/LoggingLevel", off, "execution logs are off"),
    Watch("AWS::ApiGateway::Stage", "/MethodSettings/*/DataTraceEnabled", on, "whole requests, secrets too, go to the log"),
    Watch(
        "AWS::ApiGateway::Method", "/AuthorizationType", lambda before, after: after not in (None, "NONE"), "it asks otherwise who calls"
    ),
    Watch("AWS::ApiGateway::Method", "/AuthorizerId", seen, "it asks otherwise who calls"),
    Watch("AWS::ApiGateway::Method", "/RequestValidatorId", gone, "requests are not validated"),
    Watch("AWS::ApiGateway::Method", "/ApiKeyRequired", off, "no key is asked for"),
    Watch("AWS::ApiGateway::DomainName", "/SecurityPolicy", seen, "another policy of TLS"),
    Watch("AWS::WAFv2::WebACL", "/DefaultAction/Allow", lambda before, after: after is not None, "what no rule refuses is let in"),
    Watch("AWS::WAFv2::WebACL", "/Rules/*/Name", gone, "a rule of the firewall is gone"),
    Watch("AWS::WAFv2::WebACL", "/Rules/*/Statement/RateBasedStatement/Limit", higher, "more requests are let in"),
    Watch("AWS::WAFv2::WebACL", "/Rules/*/Action/Count", lambda before, after: after is not None, "a rule only counts"),
    Watch("AWS::WAFv2::WebACL", "/Rules/*/OverrideAction/Count", lambda before, after: after is not None, "a rule only counts"),
    Watch("AWS::Cognito::UserPool", "/MfaConfiguration", off, "a second factor is not asked for"),
    Watch("AWS::CloudWatch::*", "/ActionsEnabled", off, "the alarm tells nobody"),
    Watch("AWS::CloudWatch::*", "/AlarmActions/*", gone, "the alarm tells fewer"),
    Watch("AWS::CloudWatch::CompositeAlarm", "/AlarmRule", seen, "the rule is another one"),
    Watch("AWS::CloudWatch::CompositeAlarm", "/ActionsSuppressor", lambda before, after: after is not None, "it may be suppressed"),
    Watch("AWS::CloudWatch::Alarm", "/DatapointsToAlarm", new_or_higher, "it takes more to alarm"),
    Watch("AWS::CloudWatch::Alarm", "/EvaluationPeriods", higher, "it takes longer to alarm"),
    Watch("AWS::CloudWatch::Alarm", "/Period", higher, "it looks less often"),
    Watch("AWS::CloudWatch::Alarm", "/TreatMissingData", _treats, "missing data counts for less"),
    Watch("AWS::CloudWatch::Alarm", "/ComparisonOperator", seen, "it compares otherwise"),
    Watch("AWS::CloudWatch::Alarm", "/MetricName", seen, "it watches something else"),
    Watch("AWS::CloudWatch::Alarm", "/Metrics/*/Expression", seen, "it computes something else"),
)


def findings(view: View) -> Iterator[Finding]:
    """The stack's own settings first, then what is removed, then what is lowered, one finding a resource."""
    if view.subject.creates:
        return
    if view.subject.settings_before is not None:
        yield from _settings(view.subject.settings_before, view.subject.settings_after)
    for entry in view.entries:
        if entry.verdict == "remove" and entry.type in _ENDS:
            yield _finding(entry, f"is removed: {_ENDS[entry.type]} less", ())
    for entry in view.entries:
        hits = [*_policies(entry), *_threshold(entry), *((hit.says, hit.words) for watch in WATCHED for hit in watch.hits(entry))]
        for says in dict.fromkeys(says for says, _ in hits):
            yield _finding(entry, says, tuple(line for said, line in hits if said == says))


def _policies(entry: Entry) -> Iterator[tuple[str, str]]:
    """What kept a resource, or a snapshot of it, when it leaves the stack."""
    if entry.before is None or entry.after is None:
        return
    ranks = {"Retain": 2, "RetainExceptOnCreate": 2, "Snapshot": 1}
    for name in POLICIES:
        old, new = (ranks.get(str(side.get(name, "Delete")), 0) for side in (entry.before, entry.after))
        if new < old:
            yield f"{name} is weaker", words(f"/{name}", entry.before.get(name), entry.after.get(name))


def _threshold(entry: Entry) -> Iterator[tuple[str, str]]:
    """An alarm's threshold moves away from what is watched, by its operator."""
    for leaf in entry.leaves:
        if entry.type == "AWS::CloudWatch::Alarm" and leaf.pattern == "/Properties/Threshold":
            operator = str(((entry.after or {}).get("Properties") or {}).get("ComparisonOperator", ""))
            below, above = operator.startswith("LessThan"), operator.startswith("GreaterThan")
            if (below and lower(leaf.before, leaf.after)) or (above and higher(leaf.before, leaf.after)) or not (below or above):
                yield "it takes more to alarm", words(leaf.pointer, leaf.before, leaf.after)


def _finding(entry: Entry, says: str, detail: tuple[str, ...]) -> Finding:
    joint = " " if says.startswith("is removed") else ": "
    return Finding(kind="protection", path=entry.path, title=f"{entry.path}{joint}{says}", detail=detail)


def _settings(before: Settings, after: Settings) -> Iterator[Finding]:
    if before.termination_protection and not after.termination_protection:
        yield _setting("termination protection is taken off", "anybody who may delete the stack can, with all that is not retained")
    for arn in sorted({one.arn for one in before.triggers} - {one.arn for one in after.triggers}):
        yield _setting("a rollback trigger is removed", arn)
    if after.monitoring_minutes < before.monitoring_minutes:
        yield _setting("alarms are watched for less time", f"{before.monitoring_minutes} -> {after.monitoring_minutes} minutes")
    if lines := tuple(_stack_policy(before.policy, after.policy)):
        yield _setting("the stack policy protects less", *lines)
    if before.role and before.role != after.role:
        yield _setting("CloudFormation works with another role", f"{before.role} -> {after.role or 'the caller'}")


def _setting(title: str, *detail: str) -> Finding:
    return Finding(kind="protection", path="", title=f"the stack: {title}", detail=detail)


def _stack_policy(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """No policy allows every update; one that is there denies what it does not allow (user guide, "Prevent updates")."""
    if not before or same(before, after):
        return
    every = statements({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}})
    old, new = statements(before), statements(after) if after else every
    yield from (f"no longer {one}" for one in old if one.effect == "Deny" and uncovered(one, new))
    yield from (str(one) for one in new if one.effect == "Allow" and uncovered(one, old))
