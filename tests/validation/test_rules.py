"""Every rule by itself: a small document that is right, and each single change that the rule must see."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

import env
from env.model import Environment
from templates.build import Built
from templates.validation.rules import RULES, Violation
from templates.validation.view import View, anything, text
from tests.validation.rule_cases import CASES, Case, sample
from tests.validation.rule_cases.case import ACCOUNT, Change, Resources, bucket_policy, policy

BY_ID = {rule.id: rule for rule in RULES}
Builds = dict[str, Built]


@pytest.fixture(scope="module")
def strict(platform: env.Platform) -> Environment:
    return sample(platform.environments[0])


def found(environment: Environment, rule: str, resources: Resources) -> list[Violation]:
    return list(BY_ID[rule].check(View(env=environment, resources=resources)))


def _good() -> Iterator[Any]:
    for number, case in enumerate(CASES):
        for name, resources in {"good": case.good, **case.also}.items():
            yield pytest.param(case.rule, resources, id=f"{case.rule}-{number}-{name}")


def _bad() -> Iterator[Any]:
    for number, case in enumerate(CASES):
        for name, (changed, change) in case.bad.items():
            blamed = case.blamed.get(name, changed)
            yield pytest.param(case, changed, change, set(blamed.split()), id=f"{case.rule}-{number}-{name}")


@pytest.mark.row("R18")
@pytest.mark.parametrize(("rule", "resources"), list(_good()))
def test_what_is_right_breaks_no_rule(strict: Environment, rule: str, resources: Resources) -> None:
    assert found(strict, rule, resources) == []


@pytest.mark.row("R18")
@pytest.mark.parametrize(("case", "changed", "change", "blamed"), list(_bad()))
def test_one_wrong_change_is_seen_at_the_resource_that_is_wrong(
    strict: Environment, case: Case, changed: str, change: Change, blamed: set[str]
) -> None:
    resources = copy.deepcopy(case.good)
    change(resources[changed])
    assert {violation.flat_id for violation in found(strict, case.rule, resources)} == blamed


@pytest.mark.row("R18")
def test_every_rule_has_a_good_and_a_bad_document() -> None:
    assert {case.rule for case in CASES if case.good and case.bad} == set(BY_ID)


def test_a_name_in_blamed_is_one_of_a_bad_change() -> None:
    assert [case.rule for case in CASES if not case.blamed.keys() <= case.bad.keys()] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.id))
def test_a_rule_says_nothing_of_an_empty_template(strict: Environment, rule: Any) -> None:
    assert found(strict, rule.id, {}) == []


@pytest.mark.row("R18")
@pytest.mark.row("R22")
@pytest.mark.parametrize("name", ["dev", "prod", "staging"])
def test_every_policy_of_the_real_templates_is_seen(stacks: Builds, name: str) -> None:
    """A type whose policy the view does not know would be judged by no rule."""
    view = View.of(stacks[name])
    documents = list(_documents(list(stacks[name].flat["Resources"].values())))
    assert len(documents) > 10
    assert len(list(view.statements())) == sum(len(document["Statement"]) for document in documents)


def _documents(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _documents(item)
    elif isinstance(value, dict):
        if "Version" in value and "Statement" in value:
            yield value
        for item in value.values():
            yield from _documents(item)


def test_an_output_is_searched_as_well_and_reported_by_its_template(strict: Environment) -> None:
    outputs = {("storage", "BucketArn"): {"Value": f"arn:aws:s3:::tap-{ACCOUNT}-dev"}}
    view = View(env=strict, resources={}, outputs=outputs)
    reported = {rule: [violation.parameter_of for violation in BY_ID[rule].check(view)] for rule in ("TAP056", "TAP057")}
    assert reported == {"TAP056": [("storage", "BucketArn")], "TAP057": [("storage", "BucketArn")]}


@pytest.mark.parametrize(
    ("declaration", "clean"),
    [
        ({"Type": "String", "NoEcho": True}, True),
        ({"Type": "String"}, False),
        ({"Type": "String", "NoEcho": True, "Default": "x"}, False),
    ],
    ids=["hidden", "shown", "with a default"],
)
def test_a_parameter_for_a_secret_is_hidden_and_has_no_default(strict: Environment, declaration: Any, clean: bool) -> None:
    view = View(env=strict, resources={}, parameters={("data", "DbPassword"): declaration, ("data", "DbSecretArn"): {"Type": "String"}})
    assert [violation.parameter_of for violation in BY_ID["TAP041"].check(view)] == ([] if clean else [("data", "DbPassword")])


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "It"},
        {"Fn::GetAtt": ["It", "Arn"]},
        {"Fn::GetAtt": "It.Arn"},
        {"Fn::Sub": "${It}"},
        {"Fn::Sub": "${It.Arn}"},
        {"Fn::Sub": "${It}:live"},
        {"Fn::Sub": ["${Name}:live", {"Name": {"Ref": "It"}}]},
        {"Fn::Join": ["", [{"Ref": "It"}, ":live"]]},
    ],
    ids=text,
)
def test_a_reference_is_followed_in_every_form(strict: Environment, value: Any) -> None:
    assert View(env=strict, resources={"It": {"Type": "x"}}).target(value) == "It"


@pytest.mark.parametrize("value", ["It", {"Ref": "AWS::Region"}, {"Ref": "Other"}, {"Fn::Sub": "${It}/*"}, None, ["It"]], ids=str)
def test_what_is_no_reference_leads_nowhere(strict: Environment, value: Any) -> None:
    assert View(env=strict, resources={"It": {"Type": "x"}}).target(value) is None


@pytest.mark.parametrize(
    ("value", "key", "open_"),
    [
        ("*", "aws:SourceArn", True),
        ("arn:*", "aws:SourceArn", True),
        ("arn:*:sns:*:*:alarms", "aws:SourceArn", True),
        ({"Fn::Sub": "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:*"}, "aws:SourceArn", False),
        ("arn:x:s3:::bucket", "aws:SourceArn", False),
        ("o-*", "aws:PrincipalOrgID", True),
        ("o-1234567890", "aws:PrincipalOrgID", False),
        ("eu-*", "aws:RequestedRegion", False),
        ({"Ref": "AWS::AccountId"}, "aws:SourceAccount", False),
    ],
    ids=str,
)
def test_a_condition_that_takes_what_nobody_named_is_none(value: Any, key: str, open_: bool) -> None:
    assert anything(value, key) is open_


def test_statements_come_by_the_kind_of_their_policy(strict: Environment) -> None:
    resources = {"Bucket": bucket_policy(Principal="*")["It"], "Policy": policy(Action="s3:GetObject", Resource="x")["It"]}
    view = View(env=strict, resources=resources)
    assert [(statement.flat_id, statement.kind) for statement in view.statements()] == [("Bucket", "bucket"), ("Policy", "identity")]
    assert [statement.flat_id for statement in view.statements("identity")] == ["Policy"]
    assert [statement.path for statement in view.statements("bucket")] == ["PolicyDocument.Statement.0"]
