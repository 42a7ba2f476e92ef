"""DynamoDB tables, as far as a check needs them: their keys, and one item that comes and goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from deploy.aws.api import Api

Item = dict[str, dict[str, Any]]
"""Attributes as DynamoDB's API has them: name -> type -> value."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """One attribute of a table's key. ``role`` HASH or RANGE; ``type`` S, N or B."""

    name: str
    role: str
    type: str


@dataclass(frozen=True, kw_only=True)
class Tables:
    api: Api

    def keys(self, name: str) -> tuple[Key, ...]:
        """The partition key first."""
        said = self.api("describe_table", TableName=name)["Table"]
        types = {one["AttributeName"]: one["AttributeType"] for one in said["AttributeDefinitions"]}
        keys = [Key(name=one["AttributeName"], role=one["KeyType"], type=types[one["AttributeName"]]) for one in said["KeySchema"]]
        return tuple(sorted(keys, key=lambda key: key.role))

    def copies(self, name: str) -> dict[str, str]:
        """Region -> status of a global table's copy there; the region that is asked has the table's own (DescribeTable)."""
        said = self.api("describe_table", TableName=name)["Table"]
        others = {one["RegionName"]: one.get("ReplicaStatus", "UNKNOWN") for one in said.get("Replicas") or ()}
        return others | {str(self.api.client.meta.region_name): said["TableStatus"]}

    def put(self, name: str, item: Item) -> None:
        self.api("put_item", TableName=name, Item=item)

    def get(self, name: str, key: Item) -> Item | None:
        """As it was written last."""
        found: Item | None = self.api("get_item", TableName=name, Key=key, ConsistentRead=True).get("Item")
        return found

    def delete(self, name: str, key: Item) -> None:
        self.api("delete_item", TableName=name, Key=key)
