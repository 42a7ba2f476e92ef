"""StackSets say how carefully they roll out."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, stack_set in view.of_type("AWS::CloudFormation::StackSet"):
        preferences = stack_set.get("OperationPreferences", {})
        if not preferences.keys() & {"FailureToleranceCount", "FailureTolerancePercentage"} or not preferences.keys() & {
            "MaxConcurrentCount",
            "MaxConcurrentPercentage",
        }:
            yield Violation(flat_id, "has no operation preferences", "OperationPreferences")
        if preferences.get("RegionConcurrencyType") == "PARALLEL":
            yield Violation(flat_id, "goes to all regions at once", "OperationPreferences")
        if stack_set.get("ManagedExecution", {}).get("Active") is not True:
            yield Violation(flat_id, "has no managed execution", "ManagedExecution")


RULE = Rule(
    id="TAP064",
    title="StackSets say how carefully they roll out",
    reason="The defaults go everywhere at once where somebody raised them elsewhere, and operations collide",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-concepts.html",
    check=check,
)
