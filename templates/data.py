"""The table of items: on demand, encrypted, protected and recoverable as the environment says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import GetAtt, Ref, Region, Sub

from resources.naming import name
from resources.tables import Keys, replica, table
from templates.service import Service

if TYPE_CHECKING:
    from env.model import Environment

ITEM_KEYS = Keys(partition="pk", sort="sk", expires="expires_at", index={"by-created": ("kind", "created_at")})


def build(env: Environment) -> Service:
    service = Service("data", env, "Table of items")
    replicas = [replica(Region, service.needs("DataKeyArn"), env.table)]
    if env.disaster_recovery:
        region = env.disaster_recovery.region
        key = Sub(f"arn:${{AWS::Partition}}:kms:{region}:${{AWS::AccountId}}:alias/{name(env, 'data', 'alias')}")
        replicas.append(replica(region, key, env.table))
    items = service.add(table("Items", name(env, "items", "table"), ITEM_KEYS, replicas))
    service.gives("TableName", Ref(items), "Name of the table")
    service.gives("TableArn", GetAtt(items, "Arn"), "ARN of the table")
    service.gives("TableStreamArn", GetAtt(items, "StreamArn"), "ARN of the table's stream")
    return service
