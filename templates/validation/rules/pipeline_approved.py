"""A person approves before staging and before prod."""

from __future__ import annotations

import re
from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import Properties, View, text


def _turns(stage: Properties, *, approvals: bool) -> list[int]:
    """When the stage's approvals run, or what they are for: a Test looks, and what a person says yes to is made by one."""
    return [
        action.get("RunOrder", 1)
        for action in stage.get("Actions", [])
        if (category := action.get("ActionTypeId", {}).get("Category")) != "Test" and (category == "Approval") is approvals
    ]


def _approved(stage: Properties, before: Properties) -> bool:
    """By the whole stage before it, or by its own first action: one that runs beside the deployment comes too late."""
    if _turns(before, approvals=True) and not _turns(before, approvals=False):
        return True
    approvals, others = _turns(stage, approvals=True), _turns(stage, approvals=False)
    return bool(approvals) and (not others or min(approvals) < min(others))


def check(view: View) -> Iterator[Violation]:
    for flat_id, pipeline in view.of_type("AWS::CodePipeline::Pipeline"):
        stages = pipeline.get("Stages", [])
        for index, stage in enumerate(stages):
            before = stages[index - 1] if index else {}
            if re.search("(?i)staging|prod", text(stage.get("Name", ""))) and not _approved(stage, before):
                yield Violation(flat_id, f"has no manual approval before stage {text(stage.get('Name'))}", f"Stages.{index}")


RULE = Rule(
    id="TAP061",
    title="A person approves before staging and before prod",
    reason="What nobody looked at must not reach users",
    source="https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals.html",
    check=check,
)
