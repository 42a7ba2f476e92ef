"""Permissions name exact resources."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View

# Actions that take no resource, or every one, by the Service Authorization Reference.
WITHOUT_RESOURCE = frozenset(
    {
        "cloudformation:DescribeStackDriftDetectionStatus",
        "cloudwatch:PutMetricData",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "logs:DescribeLogGroups",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
)


def check(view: View) -> Iterator[Violation]:
    for statement in view.statements("identity"):
        if not statement.allows or "*" not in statement.resources:
            continue
        known = [action for action in statement.actions if action not in WITHOUT_RESOURCE]
        if known:
            yield Violation(statement.flat_id, f"allows {', '.join(known)} on every resource", statement.path)
        elif not statement.conditioned("aws:RequestedRegion"):
            yield Violation(statement.flat_id, "reaches every region: add aws:RequestedRegion", statement.path)


RULE = Rule(
    id="TAP028",
    title="Permissions name exact resources",
    reason="Where the service knows resources, a wildcard reaches into everything else in the account",
    source="https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html",
    check=check,
)
