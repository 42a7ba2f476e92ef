"""Security groups say where they lead, and why."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, group in view.of_type("AWS::EC2::SecurityGroup"):
        if not group.get("SecurityGroupEgress"):
            yield Violation(flat_id, "has no egress rule, which allows everything", "SecurityGroupEgress")
        for way in ("SecurityGroupEgress", "SecurityGroupIngress"):
            for index, entry in enumerate(group.get(way, [])):
                if not entry.get("Description"):
                    yield Violation(flat_id, "has a rule without a description", f"{way}.{index}")
                if str(entry.get("IpProtocol")) == "-1":
                    yield Violation(flat_id, "has a rule for every protocol", f"{way}.{index}")
                if way == "SecurityGroupIngress" and entry.get("CidrIp") == "0.0.0.0/0":
                    yield Violation(flat_id, "lets the internet in", f"{way}.{index}")


RULE = Rule(
    id="TAP054",
    title="Security groups say where they lead, and why",
    reason="A group without egress rules may reach everything",
    source="https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
    check=check,
)
