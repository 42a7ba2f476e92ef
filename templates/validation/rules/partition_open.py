"""ARNs name no partition."""

from __future__ import annotations

import re
from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View

WRITTEN = re.compile(r"arn:aws[a-z-]*:")


def check(view: View) -> Iterator[Violation]:
    for flat_id, path, literal, output in view.literals():
        if WRITTEN.search(literal):
            yield Violation(flat_id, f"names a partition in {literal!r}: use ${{AWS::Partition}}", path, output)


RULE = Rule(
    id="TAP056",
    title="ARNs name no partition",
    reason="A written-out partition is wrong in China and in GovCloud",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html",
    check=check,
)
