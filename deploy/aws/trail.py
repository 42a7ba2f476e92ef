"""CloudTrail: who changed what, as far as it tells. It keeps ninety days of events, and takes two requests a second."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from deploy.aws.api import Api
from deploy.model import Act

_ENGINE = "cloudformation.amazonaws.com"


@dataclass(frozen=True, kw_only=True)
class Trail:
    api: Api

    def acts(self, name: str, most: int = 3) -> tuple[Act, ...]:
        """The newest changes of the resource of this name that CloudFormation did not make itself; of one page of events."""
        answer = self.api("lookup_events", LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": name}], MaxResults=50)
        return tuple(_acts(answer.get("Events") or []))[:most]


def _acts(events: list[dict[str, object]]) -> Iterator[Act]:
    for event in events:
        whole = json.loads(str(event.get("CloudTrailEvent") or "{}"))
        identity = whole.get("userIdentity") or {}
        if str(event.get("ReadOnly")).lower() == "true" or _ENGINE in (identity.get("invokedBy"), whole.get("sourceIPAddress")):
            continue
        yield Act(
            at=event["EventTime"],  # type: ignore[arg-type] # botocore's model gives a datetime
            by=str(identity.get("arn") or event.get("Username") or "unknown"),
            event=str(event.get("EventName") or "unknown"),
        )
