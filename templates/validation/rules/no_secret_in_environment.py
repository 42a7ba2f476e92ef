"""No secret stands in a function's environment or in a plain parameter."""

from __future__ import annotations

import re
from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, text, texts

SECRET = re.compile(
    r"(?i:passw(or)?d|passphrase|secret|private[_-]?key|api[_-]?key|access[_-]?key|credential|(^|[_-])token)|(?<=[a-z0-9])Token"
)
# Where a secret lies is none: functions are told it to fetch the secret themselves.
PLACE = re.compile(r"(?i)[_-]?(arn|path)$|[a-z]Name$|[_-]name$")

RESOLVED = re.compile(r"\{\{resolve:(secretsmanager|ssm-secure):")
# Key ids of AWS, private keys, tokens of code hosts and payment services.
WRITTEN = re.compile(
    r"(?<![A-Z0-9])(AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b(ghp|gho|ghs|ghu|github_pat|glpat|xox[abprs]|sk_live|rk_live)[-_][A-Za-z0-9_-]{16,}"
)


def _secret(name: str) -> bool:
    return SECRET.search(name) is not None and PLACE.search(name) is None


def check(view: View) -> Iterator[Violation]:
    for flat_id, function in view.of_type("AWS::Lambda::Function"):
        for name in function.get("Environment", {}).get("Variables", {}):
            if _secret(name):
                yield Violation(flat_id, f"has a variable {name}", "Environment")
        if any(RESOLVED.search(literal) for _, literal in texts(function.get("Environment", {}))):
            yield Violation(
                flat_id, "has a secret resolved into its environment, where everybody reads it who sees the function", "Environment"
            )
    for flat_id, path, literal, output in view.literals():
        if WRITTEN.search(literal):
            yield Violation(flat_id, "holds what looks like a secret, which is not shown here", path, output)
    for flat_id, parameter in view.of_type("AWS::SSM::Parameter"):
        if parameter.get("Type") != "SecureString" and _secret(text(parameter.get("Name", "")).rsplit("/", 1)[-1]):
            yield Violation(flat_id, f"is a plain text named {text(parameter.get('Name'))}", "Type")
    for (service, name), declaration in view.parameters.items():
        if _secret(name) and ("Default" in declaration or declaration.get("NoEcho") is not True):
            message = "is a parameter for a secret with a default or without NoEcho"
            yield Violation("", message, "Parameters", parameter_of=(service, name))


RULE = Rule(
    id="TAP041",
    title="No secret stands in a function's environment or in a plain parameter",
    reason="Both can be read by everybody who may describe them; secrets belong in Secrets Manager or a SecureString",
    source="https://docs.aws.amazon.com/secretsmanager/latest/userguide/best-practices.html",
    check=check,
)
