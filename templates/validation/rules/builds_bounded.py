"""Builds are not privileged and carry no plain secret."""

from __future__ import annotations

import re
from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, own_key, text

SECRET = re.compile(r"(?i)(passw(or)?d|secret|private[_-]?key|api[_-]?key|credential|token)")


def check(view: View) -> Iterator[Violation]:
    for flat_id, project in view.of_type("AWS::CodeBuild::Project"):
        environment = project.get("Environment", {})
        if environment.get("PrivilegedMode") is True:
            yield Violation(flat_id, "is privileged", "Environment")
        for variable in environment.get("EnvironmentVariables", []):
            if variable.get("Type", "PLAINTEXT") == "PLAINTEXT" and SECRET.search(text(variable.get("Name", ""))):
                yield Violation(flat_id, f"has a plain variable {text(variable.get('Name'))}", "Environment")
        if not own_key(project.get("EncryptionKey")):
            yield Violation(flat_id, "encrypts its artifacts with no customer managed key", "EncryptionKey")
    for flat_id, credential in view.of_type("AWS::CodeBuild::SourceCredential"):
        if not text(credential.get("Token", "")).startswith("{{resolve:secretsmanager:"):
            yield Violation(flat_id, "has a token that is not resolved from Secrets Manager", "Token")


RULE = Rule(
    id="TAP063",
    title="Builds are not privileged and carry no plain secret",
    reason="A privileged build owns its host; a plain variable is shown in the console",
    source="https://docs.aws.amazon.com/codebuild/latest/userguide/security.html",
    check=check,
)
