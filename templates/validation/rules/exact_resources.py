"""Permissions name exact resources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import Statement, View, text

# Actions that take no resource, or every one, by the Service Authorization Reference.
WITHOUT_RESOURCE = frozenset(
    {
        "cloudformation:BatchDescribeTypeConfigurations",
        "cloudformation:DescribeStackDriftDetectionStatus",
        "cloudwatch:PutMetricData",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "logs:DescribeLogGroups",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
)

# What they make or act on has no name before it is there: the type is all that a policy can say.
WITHOUT_NAME = frozenset(
    {
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:UnassignPrivateIpAddresses",
    }
)
# An ARN whose last part is a wildcard alone, with or without the resource's type before it: every table, every key. What
# stands before the slash of S3's ARNs is no type but a bucket. Wildcards for the service or the account are wide as well.
WHOLE_TYPE = re.compile(r"^arn:[^:]*:(s3:[^:]*:[^:]*:(\*+/)?|(?!s3:)([^:]*:){3}([a-z-]+[/:])?)\*+$")


def _whole_type(resource: Any) -> bool:
    """References have colons of their own: ``${AWS::Partition}``."""
    return not _everything(resource) and WHOLE_TYPE.search(re.sub(r"\$\{[^}]*\}", "x", text(resource))) is not None


def _everything(resource: Any) -> bool:
    """``*``, however it is written: ``**``, ``arn:*``, ``arn:*:*:*:*:*``."""
    return bool(text(resource)) and not text(resource).lower().removeprefix("arn:").strip("*?:")


def _named_by_condition(statement: Statement) -> bool:
    """A key by its alias, a resource by its tags: for what has its id only from AWS."""
    names = [
        key for _, key, _ in statement.conditions if key.lower() == "kms:resourcealiases" or key.lower().startswith("aws:resourcetag/")
    ]
    return statement.conditioned(*names)


def check(view: View) -> Iterator[Violation]:
    for statement in view.statements("identity"):
        if not statement.allows:
            continue
        for resource in statement.resources:
            wide = [action for action in statement.actions if _whole_type(resource) and action not in WITHOUT_NAME]
            if wide and not _named_by_condition(statement):
                yield Violation(statement.flat_id, f"allows {', '.join(wide)} on all of {text(resource)}", statement.path)
        if not any(map(_everything, statement.resources)):
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
