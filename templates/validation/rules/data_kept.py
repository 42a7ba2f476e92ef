"""What holds data outlives its stack."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.stateful import STATEFUL
from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, resource in view.resources.items():
        if resource["Type"] not in STATEFUL:
            continue
        for attribute in ("DeletionPolicy", "UpdateReplacePolicy"):
            if resource.get(attribute) not in ("Retain", "Snapshot", "RetainExceptOnCreate"):
                yield Violation(flat_id, f"has no {attribute}: {STATEFUL[resource['Type']]} would be lost; set Retain", attribute)


RULE = Rule(
    id="TAP001",
    title="What holds data outlives its stack",
    reason="A stack deletion or a replacement must never take data with it: only DeletionPolicy and UpdateReplacePolicy prevent that",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html",
    check=check,
)
