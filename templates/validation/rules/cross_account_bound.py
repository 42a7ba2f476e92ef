"""Another account is let in only as part of the organization or by its role."""

from __future__ import annotations

import re
from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import RESOURCE_POLICIES, View, text

FOREIGN = re.compile(r"(^|:)[0-9]{12}(:|$)")


def check(view: View) -> Iterator[Violation]:
    for statement in view.statements(*RESOURCE_POLICIES):
        foreign = [text(value) for kind, value in statement.principals if kind == "CanonicalUser" or FOREIGN.search(text(value))]
        if statement.allows and foreign and not statement.conditioned("aws:PrincipalOrgID", "aws:PrincipalArn"):
            yield Violation(statement.flat_id, f"lets {', '.join(foreign)} in without aws:PrincipalOrgID", statement.path)


RULE = Rule(
    id="TAP020",
    title="Another account is let in only as part of the organization or by its role",
    reason="An account that leaves the organization must lose its access with it",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html",
    check=check,
)
