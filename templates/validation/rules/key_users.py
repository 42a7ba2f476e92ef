"""A key's policy names who may use it."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View

READING = ("kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom")


def check(view: View) -> Iterator[Violation]:
    for statement in view.statements("key"):
        whole = statement.accounts or statement.everybody
        reads = statement.does(*READING)
        # Of an organization, through one service: there the resource's own policy decides what is read.
        named = statement.conditioned("aws:PrincipalArn") or all(map(statement.conditioned, ("aws:PrincipalOrgID", "kms:ViaService")))
        if statement.allows and whole and reads and not named:
            yield Violation(
                statement.flat_id, f"lets a whole account call {', '.join(reads)}: name the roles in aws:PrincipalArn", statement.path
            )


RULE = Rule(
    id="TAP067",
    title="A key's policy names who may use it",
    reason="Where the account may decrypt, every identity policy of the account decides who reads the data",
    source="https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html",
    check=check,
)
