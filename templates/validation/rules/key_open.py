"""A key's own account can still manage it."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View

# Another account's root mends nothing here.
OWN = "${AWS::AccountId}"


def check(view: View) -> Iterator[Violation]:
    for flat_id, _ in view.of_type("AWS::KMS::Key", "AWS::KMS::ReplicaKey"):
        managers = [
            statement
            for statement in view.statements("key")
            if statement.flat_id == flat_id and statement.does("kms:PutKeyPolicy") and not statement.conditions
        ]
        let_in = any(statement.allows and OWN in statement.accounts for statement in managers)
        shut_out = any(not statement.allows and (statement.everybody or OWN in statement.accounts) for statement in managers)
        if shut_out or not let_in:
            yield Violation(flat_id, "has a policy that locks its account out: let the account call kms:PutKeyPolicy", "KeyPolicy")


RULE = Rule(
    id="TAP031",
    title="A key's own account can still manage it",
    reason="A key policy that nobody may change can be mended by AWS Support alone",
    source="https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html",
    check=check,
)
