"""A key's policy names who may use it."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import Statement, View

READING = ("kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom")


def _readers(statement: Statement) -> bool:
    """An organization reads through one service: there the resource's own policy decides what."""
    alone = statement.does(*READING) == statement.does("kms:Decrypt")
    return alone and all(map(statement.conditioned, ("aws:PrincipalOrgID", "kms:ViaService")))


def check(view: View) -> Iterator[Violation]:
    for statement in view.statements("key"):
        whole = statement.accounts or statement.everybody
        reads = statement.does(*READING)
        if statement.allows and whole and reads and not statement.conditioned("aws:PrincipalArn") and not _readers(statement):
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
