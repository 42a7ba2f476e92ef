"""No secret stands in a function's environment or in a plain parameter."""

from __future__ import annotations

import re
from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, text

SECRET = re.compile(r"(?i)(passw(or)?d|secret|private[_-]?key|api[_-]?key|credential|(^|[_-])token)")


def check(view: View) -> Iterator[Violation]:
    for flat_id, function in view.of_type("AWS::Lambda::Function"):
        for name in function.get("Environment", {}).get("Variables", {}):
            if SECRET.search(name):
                yield Violation(flat_id, f"has a variable {name}", "Environment")
    for flat_id, parameter in view.of_type("AWS::SSM::Parameter"):
        if parameter.get("Type") != "SecureString" and SECRET.search(text(parameter.get("Name", "")).rsplit("/", 1)[-1]):
            yield Violation(flat_id, f"is a plain text named {text(parameter.get('Name'))}", "Type")
    for (service, name), declaration in view.parameters.items():
        if SECRET.search(name) and ("Default" in declaration or declaration.get("NoEcho") is not True):
            yield Violation(f"{service}.{name}", "is a parameter for a secret with a default or without NoEcho", "Parameters")


RULE = Rule(
    id="TAP041",
    title="No secret stands in a function's environment or in a plain parameter",
    reason="Both can be read by everybody who may describe them; secrets belong in Secrets Manager or a SecureString",
    source="https://docs.aws.amazon.com/secretsmanager/latest/userguide/best-practices.html",
    check=check,
)
