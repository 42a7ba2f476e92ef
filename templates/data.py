"""The table of items: on demand, encrypted, protected and recoverable as the environment says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import GetAtt, Ref, Region, Sub

from resources import statements
from resources.alarms import Metric, Watch, alarm
from resources.naming import name
from resources.tables import Keys, replica, table
from templates.service import Service

if TYPE_CHECKING:
    from env.model import Environment

TABLE = "items"
# Seconds behind which the other region's copy may lag before somebody is told: usually it is less than one.
LAG_SECONDS = 60
ITEM_KEYS = Keys(partition="pk", sort="sk", expires="expires_at", index={"by-created": ("kind", "created_at")})


def build(env: Environment) -> Service:
    service = Service("data", env, "Table of items")
    replicas = [replica(Region, service.needs("DataKeyArn"), env.table)]
    if env.disaster_recovery:
        region = env.disaster_recovery.region
        key = Sub(f"arn:${{AWS::Partition}}:kms:{region}:${{AWS::AccountId}}:alias/{name(env, 'data', 'alias')}")
        replicas.append(replica(region, key, env.table))
        _lag(service, region)
    items = service.add(table("Items", name(env, TABLE, "table"), ITEM_KEYS, replicas))
    service.gives("TableName", Ref(items), "Name of the table")
    service.gives("TableArn", GetAtt(items, "Arn"), "ARN of the table")
    service.gives("TableStreamArn", GetAtt(items, "StreamArn"), "ARN of the table's stream")
    return service


def build_standby(env: Environment) -> Service:
    """Of a second region: the first one's table makes its copy there, of the same name."""
    assert env.disaster_recovery
    service = Service("data", env, "What is known of the copy of the table of items")
    _lag(service, env.disaster_recovery.region)
    service.gives("TableName", name(env, TABLE, "table"), "Name of the table")
    service.gives("TableArn", statements.arn(f"dynamodb:table/{name(env, TABLE, 'table')}"), "ARN of the table")
    return service


def _lag(service: Service, region: str) -> None:
    """DynamoDB measures, where something is written, how long it takes until it is in the other region (Monitoring global tables)."""
    env = service.env
    metric = Metric(
        namespace="AWS/DynamoDB",
        name="ReplicationLatency",
        dimensions={"ReceivingRegion": region, "TableName": name(env, TABLE, "table")},
        statistic="Maximum",
    )
    watch = Watch(
        thing="replication-lag",
        description="The other region's items are old: milliseconds until they arrive",
        threshold=LAG_SECONDS * 1000,
    )
    service.add(alarm("ReplicationLagAlarm", env, watch, metric, service.needs("AlarmTopicArn")))
