"""A function's environment is encrypted with a customer managed key."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, own_key


def check(view: View) -> Iterator[Violation]:
    for flat_id, function in view.of_type("AWS::Lambda::Function"):
        if "Environment" in function and not own_key(function.get("KmsKeyArn")):
            yield Violation(flat_id, "has an environment without a customer managed key", "KmsKeyArn")


RULE = Rule(
    id="TAP036",
    title="A function's environment is encrypted with a customer managed key",
    reason="Everybody who may read the function's configuration reads the environment too",
    source="https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html",
    check=check,
)
