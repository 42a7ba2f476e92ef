"""The data bucket and the bucket of its access logs; replication to and from a second region where the environment has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import kms, s3
from awacs.aws import ForAnyValueStringEquals, StringEquals
from troposphere import Equals, GetAtt, If, Not, NoValue, Ref, Sub
from troposphere.s3 import Bucket, ReplicationConfiguration

from resources import statements
from resources.naming import REGION, bucket_name, bucket_pattern, name
from resources.roles import role_with_policy
from resources.storage import access_logs_of, bucket_policy, lifecycle, private_bucket, private_log_bucket, replication
from templates.service import Service

if TYPE_CHECKING:
    from env.model import Environment

LOG_DAYS = 365
# What a second region knows of the first one's data bucket: its name, or that it is not there yet.
FIRST_BUCKET, NOT_YET = "FirstBucketName", "none"
_KNOWN = "FirstBucketIsThere"


def build(env: Environment) -> Service:
    service, data_bucket = _buckets(env)
    if env.disaster_recovery:
        data_bucket.ReplicationConfiguration = _replicate(service, env, env.disaster_recovery.region)
    return service


def build_standby(env: Environment) -> Service:
    """Of a second region. S3 replicates only to a bucket that is there: back to the first one once that has been made."""
    assert env.disaster_recovery
    service, data_bucket = _buckets(env)
    service.template.add_condition(_KNOWN, Not(Equals(service.needs(FIRST_BUCKET), NOT_YET)))
    data_bucket.ReplicationConfiguration = If(_KNOWN, _replicate(service, env, env.disaster_recovery.region), NoValue)
    return service


def _buckets(env: Environment) -> tuple[Service, Bucket]:
    service = Service("storage", env, "Data bucket and log bucket")
    log_bucket = service.add(private_log_bucket("LogBucket", bucket_name(env, "logs"), days=LOG_DAYS))
    data_arn = Sub(f"arn:${{AWS::Partition}}:s3:::{bucket_pattern(env, 'data')}")
    log_policy = service.add(bucket_policy(log_bucket, access_logs_of(data_arn, log_bucket)))
    data_bucket = private_bucket(
        "DataBucket",
        bucket_name(env, "data"),
        key_arn=service.needs("DataKeyArn"),
        log_bucket=Ref(log_bucket),
        lifecycle=lifecycle(env.storage),
    )
    # S3 checks that it may deliver logs while it makes the bucket that asks for them.
    data_bucket.DependsOn = log_policy.title
    service.add(data_bucket)
    service.add(bucket_policy(data_bucket))
    service.gives("DataBucketName", Ref(data_bucket), "Name of the data bucket")
    service.gives("DataBucketArn", GetAtt(data_bucket, "Arn"), "ARN of the data bucket")
    service.gives("LogBucketName", Ref(log_bucket), "Name of the log bucket")
    service.gives("LogBucketArn", GetAtt(log_bucket, "Arn"), "ARN of the log bucket")
    return service, data_bucket


def _replicate(service: Service, env: Environment, region: str) -> ReplicationConfiguration:
    """To the bucket of the same name in the other region, which is there before."""
    source = Sub(f"arn:${{AWS::Partition}}:s3:::{bucket_pattern(env, 'data')}")
    target = Sub(f"arn:${{AWS::Partition}}:s3:::{bucket_pattern(env, 'data').replace(REGION, region)}")
    target_key = Sub(f"arn:${{AWS::Partition}}:kms:{region}:${{AWS::AccountId}}:alias/{name(env, 'data', 'alias')}")
    via = [Sub(f"s3.{place}.${{AWS::URLSuffix}}") for place in (REGION, region)]
    permissions = [
        statements.allow("Source", [s3.GetReplicationConfiguration, s3.ListBucket], [source]),
        statements.allow(
            "Versions",
            [s3.GetObjectVersionAcl, s3.GetObjectVersionForReplication, s3.GetObjectVersionTagging],
            [_objects(source)],
        ),
        statements.allow("Target", [s3.ReplicateDelete, s3.ReplicateObject, s3.ReplicateTags], [_objects(target)]),
        statements.allow("Decrypt", [kms.Decrypt], [service.needs("DataKeyArn")], StringEquals("kms:ViaService", via[0])),
        # The key of the other region is known here by its alias alone; keys are found through what they are called.
        statements.allow(
            "Encrypt",
            [kms.Encrypt],
            [Sub(f"arn:${{AWS::Partition}}:kms:{region}:${{AWS::AccountId}}:key/*")],
            StringEquals("kms:ViaService", via[1]),
            ForAnyValueStringEquals("kms:ResourceAliases", f"alias/{name(env, 'data', 'alias')}"),
        ),
    ]
    role, policy = role_with_policy(env, "ReplicationRole", "replication", statements.trust("s3.amazonaws.com"), permissions)
    service.add(role, policy)
    return replication(GetAtt(role, "Arn"), target, target_key)


def _objects(bucket: Sub) -> Sub:
    return Sub(f"{bucket.data['Fn::Sub']}/*")
