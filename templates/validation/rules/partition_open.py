"""ARNs name no partition."""

from __future__ import annotations

import re
from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, texts

WRITTEN = re.compile(r"arn:aws[a-z-]*:")


def check(view: View) -> Iterator[Violation]:
    for flat_id, resource in view.resources.items():
        for path, literal in texts(resource.get("Properties", {})):
            if WRITTEN.search(literal):
                yield Violation(flat_id, f"names a partition in {literal!r}: use ${{AWS::Partition}}", path)


RULE = Rule(
    id="TAP056",
    title="ARNs name no partition",
    reason="A written-out partition is wrong in China and in GovCloud",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html",
    check=check,
)
