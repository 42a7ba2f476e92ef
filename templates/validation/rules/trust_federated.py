"""A role trusts an identity provider for one audience and subject only."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import Statement, View, as_list, text


def _bound(statement: Statement) -> set[str]:
    """A part of a subject is other repositories and branches: only whole ones bind."""
    return {
        key.rsplit(":", 1)[-1]
        for _, key, value in statement.conditions
        if statement.conditioned(key) and not any(sign in text(item) for item in as_list(value) for sign in "*?")
    }


def check(view: View) -> Iterator[Violation]:
    for statement in view.statements("trust"):
        federated = any(kind == "Federated" for kind, _ in statement.principals)
        if statement.allows and federated and not {"aud", "sub"} <= _bound(statement):
            yield Violation(
                statement.flat_id, "trusts everybody whom the provider knows: bind its aud and sub, without wildcards", statement.path
            )


RULE = Rule(
    id="TAP068",
    title="A role trusts an identity provider for one audience and subject only",
    reason="A provider such as a code host speaks for every repository of the world",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html",
    check=check,
)
