"""A role is passed only to the service that it is for."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for statement in view.statements("identity"):
        if statement.allows and statement.does("iam:PassRole") and not statement.conditioned("iam:PassedToService"):
            yield Violation(statement.flat_id, "allows iam:PassRole to any service: add iam:PassedToService", statement.path)


RULE = Rule(
    id="TAP026",
    title="A role is passed only to the service that it is for",
    reason="A role that may be passed to any service can be run with other code",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    check=check,
)
