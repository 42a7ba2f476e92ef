"""Stack policies: what a person accepted may happen, everything else that holds data stays denied, and afterwards all is whole again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy import protection
from deploy.plan import Proposal
from deploy.stateful import STATEFUL
from templates.build import Built
from templates.manifest import stack_policy
from tests.report.samples import SETTINGS, proposal, review

Document = dict[str, Any]
ACTIONS = ("Update:Modify", "Update:Replace", "Update:Delete")
NESTED = "AWS::CloudFormation::Stack"


def allowed(policy: Mapping[str, Any], logical_id: str, kind: str, action: str) -> bool:
    """User guide, "Prevent updates to stack resources": once a policy is set all is denied but what is allowed, and a denial wins."""

    def matches(statement: Mapping[str, Any]) -> bool:
        actions, resources = ([one] if isinstance(one, str) else one for one in (statement["Action"], statement["Resource"]))
        types = statement.get("Condition", {}).get("StringEquals", {}).get("ResourceType")
        return (
            any(one in ("Update:*", action) for one in actions)
            and any(one in ("*", f"LogicalResourceId/{logical_id}") for one in resources)
            and (types is None or kind in types)
        )

    effects = {statement["Effect"] for statement in policy["Statement"] if matches(statement)}
    return effects == {"Allow"}


@dataclass
class Set:
    """What is set on each stack, by stack id; stack ids are the paths."""

    templates: dict[str, Document]
    policies: dict[str, Document] = field(default_factory=dict)
    protected: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)

    def policy(self, name: str) -> Document:
        return self.policies.get(name, {})

    def set_policy(self, name: str, policy: Document) -> None:
        self.asked.append(("policy", name))
        self.policies[name] = policy

    def protect(self, name: str, *, on: bool) -> None:
        self.asked.append(("protect", name))
        self.protected = on

    def template(self, name: str) -> Document:
        return self.templates[name]

    def nested(self, name: str) -> dict[tuple[str, ...], str]:
        return {tuple(path.split("/")): path for path in self.templates if path != "root"}

    def allows(self, path: str, action: str) -> bool:
        stack, _, logical_id = path.rpartition("/")
        kind = self.templates[stack or "root"]["Resources"][logical_id]["Type"]
        return allowed(self.policies[stack or "root"], logical_id, kind, action)


def changing(policy: Document) -> Proposal:
    given = msgspec.structs.replace(SETTINGS, policy=policy, termination_protection=True)
    return msgspec.structs.replace(proposal(review()), stack_id="root", settings=given)


@pytest.fixture(scope="module")
def real(builds: dict[str, Built]) -> tuple[Document, dict[str, Document]]:
    """Production's own policy and templates, by path."""
    built = builds["prod"]
    by_path = {service.title().replace("_", ""): service for service in built.services}
    root = built.templates["root"]
    names = {logical_id for logical_id, resource in root["Resources"].items() if resource["Type"] == NESTED}
    templates = {"root": root} | {name: built.templates[by_path[name]] for name in names if name in by_path}
    assert len(templates) == 1 + len(names), names - by_path.keys()
    return stack_policy(built), templates


def resources(templates: dict[str, Document]) -> dict[str, str]:
    """Path of each resource -> its type."""
    return {
        f"{path}/{logical_id}".removeprefix("root/"): resource["Type"]
        for path, template in templates.items()
        for logical_id, resource in template["Resources"].items()
    }


def holders(templates: dict[str, Document]) -> list[str]:
    return sorted(path for path, kind in resources(templates).items() if kind in STATEFUL)


Real = tuple[Document, dict[str, Document]]


@pytest.mark.failure("replacement True or Conditional, removal")
def test_as_it_stands_nothing_that_holds_data_may_be_replaced_or_deleted_and_everything_may_be_changed(real: Real) -> None:
    policy, templates = real
    stacks = Set(templates, dict.fromkeys(templates, policy))
    assert len(holders(templates)) > 3
    for path, kind in resources(templates).items():
        assert stacks.allows(path, "Update:Modify")
        if kind in STATEFUL:
            assert not stacks.allows(path, "Update:Replace"), path
            assert not stacks.allows(path, "Update:Delete"), path


@pytest.mark.failure("replacement True or Conditional, removal")
def test_what_was_accepted_may_happen_and_nothing_else_that_holds_data(real: Real) -> None:
    policy, templates = real
    for accepted in holders(templates):
        stacks = Set(templates, dict.fromkeys(templates, policy))
        protection.relax(stacks, changing(policy), frozenset({accepted}))
        for path in holders(templates):
            for action in ("Update:Replace", "Update:Delete"):
                assert stacks.allows(path, action) is (path == accepted), (path, accepted)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_set_of_losses_is_accepted_every_other_holder_of_data_stays_denied(real: Real, data: st.DataObject) -> None:
    policy, templates = real
    accepted = frozenset(data.draw(st.sets(st.sampled_from(sorted(resources(templates))), max_size=6)))
    stacks = Set(templates, dict.fromkeys(templates, policy))
    protection.relax(stacks, changing(policy), accepted)
    for path, kind in resources(templates).items():
        assert stacks.allows(path, "Update:Modify")
        if kind in STATEFUL:
            assert stacks.allows(path, "Update:Replace") is (path in accepted)
    # A nested stack with data stays whole unless something in it was accepted: it goes with what is in it.
    for path in {holder.split("/")[0] for holder in holders(templates)} - {one.split("/")[0] for one in accepted}:
        assert not stacks.allows(path, "Update:Delete")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_template_of_any_resources_and_a_policy_of_any_denials_lose_only_what_is_accepted(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from([f"R{number}" for number in range(8)]), min_size=1, unique=True))
    kinds = {name: data.draw(st.sampled_from(["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SNS::Topic", NESTED])) for name in names}
    template = {"Resources": {name: {"Type": kind} for name, kind in kinds.items()}}
    policy = {
        "Statement": [
            {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
            data.draw(
                st.sampled_from(
                    [
                        {"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "*"},
                        {"Effect": "Deny", "Action": ["Update:Replace"], "Principal": "*", "Resource": f"LogicalResourceId/{names[0]}"},
                        {
                            "Effect": "Deny",
                            "Action": ["Update:Delete", "Update:Replace"],
                            "Principal": "*",
                            "Resource": "*",
                            "Condition": {"StringEquals": {"ResourceType": sorted(STATEFUL)}},
                        },
                    ]
                )
            ),
        ]
    }
    accepted = set(data.draw(st.sets(st.sampled_from(names))))
    relaxed = protection.without(policy, template, accepted)
    for name, kind in kinds.items():
        for action in ACTIONS:
            expected = name in accepted or allowed(policy, name, kind, action)
            assert allowed(relaxed, name, kind, action) is expected, (name, kind, action)


def test_a_denial_of_which_nothing_is_left_is_left_out() -> None:
    """User guide: a statement must name a resource."""
    policy = {"Statement": [{"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": ["LogicalResourceId/A"]}]}
    assert protection.without(policy, {"Resources": {}}, {"A"}) == {"Statement": []}


def test_what_is_accepted_in_a_stack_that_is_not_there_changes_nothing_elsewhere(real: Real) -> None:
    policy, templates = real
    stacks = Set(templates)
    protection.relax(stacks, changing(policy), frozenset({"Elsewhere/Deep/Items"}))
    assert stacks.asked == [("policy", "root")]
    assert not allowed(stacks.policies["root"], "Data", NESTED, "Update:Delete")


def test_afterwards_every_stack_has_its_whole_policy_again_and_what_has_it_is_not_asked(real: Real) -> None:
    policy, templates = real
    stacks = Set(templates, dict.fromkeys(templates, policy), protected=True)
    made = changing(policy)
    assert protection.reconcile(stacks, made, protected_now=True) == 0
    assert stacks.asked == []
    protection.relax(stacks, made, frozenset({holders(templates)[0]}))
    stacks.asked.clear()
    assert protection.reconcile(stacks, made, protected_now=True) == 2
    assert set(stacks.policies) == set(templates)
    assert all(one == policy for one in stacks.policies.values())


@pytest.mark.parametrize(("now", "asked"), [(False, [("protect", "root")]), (True, [])], ids=["off", "on"])
def test_protection_is_set_on_the_root_alone_where_it_differs(now: bool, asked: list[tuple[str, str]]) -> None:
    """User guide, "Protect a stack from being deleted": nested stacks have that of their root."""
    stacks = Set(
        {"root": {"Resources": {}}, "Data": {"Resources": {}}}, {"root": {"Statement": []}, "Data": {"Statement": []}}, protected=now
    )
    assert protection.reconcile(stacks, changing({"Statement": []}), protected_now=now) == len(asked)
    assert stacks.asked == asked
    assert stacks.protected
