"""Security groups say where they lead, and why."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import Properties, View

MOST_PORTS = 100
# Nobody has a block this large: it is the internet, or half of it.
LARGEST_PREFIX = 8


def _internet(entry: Properties) -> bool:
    blocks = [entry.get(part) for part in ("CidrIp", "CidrIpv6")]
    return any(isinstance(block, str) and int(block.rsplit("/", 1)[-1]) < LARGEST_PREFIX for block in blocks)


def _wrong(entry: Properties, way: str) -> Iterator[str]:
    if not entry.get("Description"):
        yield "has a rule without a description"
    if str(entry.get("IpProtocol")) == "-1" or entry.get("ToPort", 0) - entry.get("FromPort", 0) > MOST_PORTS:
        yield f"has a rule for more than {MOST_PORTS} ports"
    if way == "SecurityGroupIngress" and _internet(entry):
        yield "lets the internet in"


def check(view: View) -> Iterator[Violation]:
    for flat_id, group in view.of_type("AWS::EC2::SecurityGroup"):
        if not group.get("SecurityGroupEgress"):
            yield Violation(flat_id, "has no egress rule, which allows everything", "SecurityGroupEgress")
        for way in ("SecurityGroupEgress", "SecurityGroupIngress"):
            for index, entry in enumerate(group.get(way, [])):
                for message in _wrong(entry, way):
                    yield Violation(flat_id, message, f"{way}.{index}")
    for way in ("SecurityGroupEgress", "SecurityGroupIngress"):
        for flat_id, entry in view.of_type(f"AWS::EC2::{way}"):
            for message in _wrong(entry, way):
                yield Violation(flat_id, message)


RULE = Rule(
    id="TAP054",
    title="Security groups say where they lead, and why",
    reason="A group without egress rules may reach everything",
    source="https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
    check=check,
)
