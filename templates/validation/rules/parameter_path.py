"""Parameter Store values lie below the environment's path."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, text


def check(view: View) -> Iterator[Violation]:
    for flat_id, parameter in view.of_type("AWS::SSM::Parameter"):
        name = text(parameter.get("Name", ""))
        if not name.startswith(f"/{view.env.project}/{view.env.name}/"):
            yield Violation(flat_id, f"is named {name!r}, outside /{view.env.project}/{view.env.name}/", "Name")


RULE = Rule(
    id="TAP060",
    title="Parameter Store values lie below the environment's path",
    reason="Readers are allowed by path, and find what they look for there",
    source="https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-hierarchies.html",
    check=check,
)
