"""A transition comes before the expiry."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, bucket in view.of_type("AWS::S3::Bucket"):
        for index, rule in enumerate(bucket.get("LifecycleConfiguration", {}).get("Rules", [])):
            moves = [move.get("TransitionInDays", 0) for move in rule.get("Transitions", [])]
            old = [move.get("TransitionInDays", 0) for move in rule.get("NoncurrentVersionTransitions", [])]
            pairs = [(moves, rule.get("ExpirationInDays")), (old, rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays"))]
            for days, expiry in pairs:
                if expiry is not None and any(day >= expiry for day in days):
                    yield Violation(
                        flat_id, f"moves after {max(days)} days what expires after {expiry}", f"LifecycleConfiguration.Rules.{index}"
                    )


RULE = Rule(
    id="TAP007",
    title="A transition comes before the expiry",
    reason="S3 refuses a rule whose expiry is not later than its transition, and the deployment fails",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html",
    check=check,
)
