"""Permissions name exact actions."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for statement in view.statements():
        wide = [action for action in statement.actions if "*" in action or "?" in action]
        if statement.allows and wide:
            yield Violation(statement.flat_id, f"allows {', '.join(wide)}", statement.path)


RULE = Rule(
    id="TAP027",
    title="Permissions name exact actions",
    reason="A wildcard also allows what AWS adds tomorrow",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
    check=check,
)
