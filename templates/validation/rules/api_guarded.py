"""Where the environment asks for a web ACL, every stage has one, and it logs."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, text


def check(view: View) -> Iterator[Violation]:
    logged = {view.target(logging.get("ResourceArn")) for _, logging in view.of_type("AWS::WAFv2::LoggingConfiguration")}
    for flat_id, acl in view.of_type("AWS::WAFv2::WebACL"):
        if not acl.get("Rules"):
            yield Violation(flat_id, "has no rules", "Rules")
        if any("Count" in {**rule.get("Action", {}), **rule.get("OverrideAction", {})} for rule in acl.get("Rules", [])):
            yield Violation(flat_id, "has a rule that counts and lets through", "Rules")
        if flat_id not in logged:
            yield Violation(flat_id, "writes no log")
    guarded = " ".join(text(link.get("ResourceArn")) for _, link in view.of_type("AWS::WAFv2::WebACLAssociation"))
    for flat_id, _ in view.of_type("AWS::ApiGateway::Stage"):
        if view.env.api.waf and f"${{{flat_id}}}" not in guarded:
            yield Violation(flat_id, "has no web ACL, although the environment asks for one")


RULE = Rule(
    id="TAP047",
    title="Where the environment asks for a web ACL, every stage has one, and it logs",
    reason="A web ACL that is not attached or does not log protects nobody",
    source="https://docs.aws.amazon.com/waf/latest/developerguide/logging.html",
    check=check,
)
