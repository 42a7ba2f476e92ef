"""A role trusts an identity provider for one audience and subject only."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for statement in view.statements("trust"):
        federated = any(kind == "Federated" for kind, _ in statement.principals)
        bound = {key.rsplit(":", 1)[-1] for _, key, _ in statement.conditions if statement.conditioned(key)}
        if statement.allows and federated and not {"aud", "sub"} <= bound:
            yield Violation(statement.flat_id, "trusts everybody whom the provider knows: bind its aud and sub", statement.path)


RULE = Rule(
    id="TAP068",
    title="A role trusts an identity provider for one audience and subject only",
    reason="A provider such as a code host speaks for every repository of the world",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html",
    check=check,
)
