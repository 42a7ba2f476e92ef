"""A service may call a function for one resource of this account only."""

from __future__ import annotations

import re
from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, anything, text

FOREIGN = re.compile(r"(^|:)[0-9]{12}(:|$)")


def check(view: View) -> Iterator[Violation]:
    for flat_id, permission in view.of_type("AWS::Lambda::Permission"):
        principal = text(permission.get("Principal", ""))
        if principal == "*":
            yield Violation(flat_id, "lets everybody call", "Principal")
        if permission.get("FunctionUrlAuthType") == "NONE":
            yield Violation(flat_id, "lets everybody call the function's URL", "FunctionUrlAuthType")
        if FOREIGN.search(principal) and "PrincipalOrgID" not in permission:
            yield Violation(flat_id, f"lets account {principal} call without PrincipalOrgID", "Principal")
        if ".amazonaws.com" in principal:
            for part in ("SourceAccount", "SourceArn"):
                if part not in permission:
                    yield Violation(flat_id, f"lets {principal} call without {part}", part)
            if anything(permission.get("SourceArn", "x")):
                yield Violation(flat_id, f"lets {principal} call for every resource", "SourceArn")


RULE = Rule(
    id="TAP039",
    title="A service may call a function for one resource of this account only",
    reason="Without source, the service may be made to call it for anybody",
    source="https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html",
    check=check,
)
