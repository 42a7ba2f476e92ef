"""A person approves before staging and before prod."""

from __future__ import annotations

import re
from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, text


def check(view: View) -> Iterator[Violation]:
    for flat_id, pipeline in view.of_type("AWS::CodePipeline::Pipeline"):
        for stage in pipeline.get("Stages", []):
            kinds = [action.get("ActionTypeId", {}).get("Category") for action in stage.get("Actions", [])]
            if re.search("(?i)staging|prod", text(stage.get("Name", ""))) and "Approval" not in kinds:
                yield Violation(flat_id, f"has no manual approval in stage {text(stage.get('Name'))}", "Stages")


RULE = Rule(
    id="TAP061",
    title="A person approves before staging and before prod",
    reason="What nobody looked at must not reach users",
    source="https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals.html",
    check=check,
)
