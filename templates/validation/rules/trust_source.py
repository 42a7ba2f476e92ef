"""A role trusts a service for this account only."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View

# These send no source when they assume a role, so that a condition on it would lock them out (their own guides' trust policies).
WITHOUT_SOURCE = frozenset({"ec2", "edgelambda", "lambda", "s3"})


def check(view: View) -> Iterator[Violation]:
    for statement in view.statements("trust"):
        services = [service for service in statement.services if service.split(".")[0] not in WITHOUT_SOURCE]
        if statement.allows and services and not statement.conditioned("aws:SourceAccount", "aws:SourceArn"):
            yield Violation(
                statement.flat_id, f"trusts {', '.join(services)} for any account: bind it by aws:SourceAccount", statement.path
            )


RULE = Rule(
    id="TAP022",
    title="A role trusts a service for this account only",
    reason="A service may be made to use the role for somebody else (the confused deputy)",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
    check=check,
)
