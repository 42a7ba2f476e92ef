"""A service acts for this account only."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import RESOURCE_POLICIES, View

BOUNDS = ("aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "kms:CallerAccount")


# The service writes for whoever may call it: only the group that it writes to says for whom.
LOG_GROUP = "kms:EncryptionContext:aws:logs:arn"


def check(view: View) -> Iterator[Violation]:
    for statement in view.statements(*RESOURCE_POLICIES):
        if statement.allows and statement.services and not statement.conditioned(*BOUNDS):
            yield Violation(
                statement.flat_id, f"lets {', '.join(statement.services)} in for any account: bind it by aws:SourceAccount", statement.path
            )
        logs = statement.kind == "key" and any(service.split(".")[0] == "logs" for service in statement.services)
        if statement.allows and logs and not statement.conditioned(LOG_GROUP):
            yield Violation(statement.flat_id, f"encrypts for any log group: bind it by {LOG_GROUP}", statement.path)


RULE = Rule(
    id="TAP018",
    title="A service acts for this account only",
    reason="A service may be made to act for somebody else's account (the confused deputy)",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
    check=check,
)
