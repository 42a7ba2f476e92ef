"""A role trusts another account only with an external id or the organization."""

from __future__ import annotations

import re
from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, text

FOREIGN = re.compile(r"(^|:)[0-9]{12}(:|$)")


def check(view: View) -> Iterator[Violation]:
    for statement in view.statements("trust"):
        foreign = [text(value) for kind, value in statement.principals if kind == "AWS" and FOREIGN.search(text(value))]
        if statement.allows and foreign and not statement.conditioned("sts:ExternalId", "aws:PrincipalOrgID", "aws:PrincipalArn"):
            yield Violation(statement.flat_id, f"trusts {', '.join(foreign)} without sts:ExternalId or aws:PrincipalOrgID", statement.path)


RULE = Rule(
    id="TAP021",
    title="A role trusts another account only with an external id or the organization",
    reason="Whoever can name the role's ARN could otherwise have a third party assume it",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html",
    check=check,
)
