"""What is shown: differences, secrets, causes, settings, counts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from deploy.changes import Counts
from deploy.manifest import Limit
from deploy.model import Trigger
from deploy.review import review
from deploy.review.comparison import compare
from deploy.review.secrets import masked, secret_name
from tests.review.cases import (
    UNKNOWN,
    answer,
    att,
    automatic,
    changed,
    detail,
    flat,
    found,
    item,
    nested,
    resource,
    row,
    settings,
    stack,
    subject,
    template,
)


def leaves(before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    return [(leaf.pointer, leaf.before, leaf.after) for leaf in compare(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 2}, [("/a", 1, 2)]),
        ({"a": 512}, {"a": "512"}, []),
        ({"a": True}, {"a": "true"}, []),
        ({"a": {"b": 1}}, {}, [("/a/b", 1, None)]),
        ({"a/b": 1, "c~d": 1}, {}, [("/a~1b", 1, None), ("/c~0d", 1, None)]),
        ({"a": []}, {}, [("/a", [], None)]),
        ({"a": {}}, {}, [("/a", {}, None)]),
        ([1, 2, 3], [1, 3], [("/1", 2, None)]),
        (["a", "b"], ["a", "c"], [("/1", "b", "c")]),
        (["a", "b"], ["b", "a"], [("", ["a", "b"], ["b", "a"])]),
        ([{"Sid": "x", "v": 1}, {"Sid": "y", "v": 1}], [{"Sid": "y", "v": 2}, {"Sid": "x", "v": 1}], [("/0/v", 1, 2)]),
        ([{"a": 1, "b": 1}, {"a": 2, "b": 2}], [{"a": 2, "b": 3}], [("/0/b", 2, 3), ("/0/a", 1, None), ("/0/b", 1, None)]),
        ({"a": {"Ref": "X"}}, {"a": "x"}, [("/a", {"Ref": "X"}, "x")]),
        ({"a": 1}, {"a": [1]}, [("/a", 1, [1])]),
    ],
)
def test_values_are_compared_leaf_by_leaf(before: Any, after: Any, expected: list[Any]) -> None:
    assert leaves(before, after) == expected


def test_an_item_that_comes_is_shown_as_a_whole() -> None:
    made = item(changed("AWS::X::Y", {"L": [{"A": 1}]}, {"L": [{"A": 1}, {"B": 1, "C": 2}]}), "It")
    assert [(one.pointer, one.before, one.after) for one in made.differences] == [("/Properties/L/1", None, {"B": 1, "C": 2})]


def test_values_are_as_aws_resolved_them() -> None:
    before, after = {"Value": {"Ref": "Q"}}, {"Value": att("Q", "Arn")}
    both = [{"Q": resource("AWS::SQS::Queue"), "It": resource("AWS::SSM::Parameter", **one)} for one in (before, after)]
    listed = row("Modify", "It", "AWS::SSM::Parameter", detail("Value"), before={"Value": "https://q"}, after={"Value": "arn:q"})
    (one,) = item(flat(both[0], both[1], listed), "It").differences
    assert (one.before, one.after, one.known) == ("https://q", "arn:q", True)


def test_a_value_that_is_known_after_apply_is_shown_as_it_is_written() -> None:
    both = [{"Q": resource("AWS::SQS::Queue"), "It": resource("AWS::SSM::Parameter", Value=value)} for value in ("x", att("Q", "Arn"))]
    listed = row("Modify", "It", "AWS::SSM::Parameter", detail("Value"), before={"Value": "x"}, after={"Value": UNKNOWN})
    (one,) = item(flat(both[0], both[1], listed), "It").differences
    assert (one.before, one.after, one.known) == ("x", "${Q.Arn}", False)


def test_which_property_replaces_is_said() -> None:
    both = [{"It": resource("AWS::SSM::Parameter", Name=name, Value=name)} for name in "ab"]
    listed = row(
        "Modify", "It", "AWS::SSM::Parameter", detail("Name", "a", "b", recreation="Always"), detail("Value", "a", "b"), Replacement="True"
    )
    assert {one.pointer: one.recreates for one in item(flat(both[0], both[1], listed), "It").differences} == {
        "/Properties/Name": "yes",
        "/Properties/Value": "no",
    }


def test_what_aws_alone_sees_is_shown() -> None:
    same = {"It": resource("AWS::SSM::Parameter", Value="{{resolve:ssm:x}}")}
    listed = row("Modify", "It", "AWS::SSM::Parameter", detail("Value", "1", "2"))
    (one,) = item(flat(same, same, listed), "It").differences
    assert (one.before, one.after) == ("1", "2")


def test_without_templates_the_contexts_are_compared() -> None:
    listed = row("Modify", "It", "AWS::SSM::Parameter", detail("Value"), before={"Value": "1"}, after={"Value": "2"})
    made = review(subject({}, {"": template({})}, {"": answer(listed)}, settings_before=settings()))
    assert [(one.before, one.after) for one in item(made, "It").differences] == [("1", "2")]
    assert ("uncertainty", "") in {(one.kind, one.path) for one in made.findings}


@pytest.mark.parametrize(
    "name", ["DB_PASSWORD", "MasterUserPassword", "apiKey", "api-token", "ClientSecret", "PRIVATE_KEY", "AWS_SECRET_ACCESS_KEY"]
)
def test_names_of_secrets(name: str) -> None:
    assert secret_name(name)
    assert masked("swordfish", ["Properties", name]) == "***"


@pytest.mark.parametrize(
    "name",
    ["SecretArn", "KmsMasterKeyId", "TokenValidity", "AuthorizationType", "PasswordPolicy", "Author", "PartitionKey", "Key", "SECRET_NAME"],
)
def test_names_that_only_sound_like_it(name: str) -> None:
    assert not secret_name(name)


@pytest.mark.parametrize(
    "value",
    ["{{resolve:secretsmanager:name:SecretString:password}}", "{{resolve:ssm-secure:name:1}}"],
    ids=["secrets-manager", "parameter-store"],
)
def test_a_reference_to_a_secret_is_no_secret(value: str) -> None:
    assert masked(value, ["Password"]) == value


@pytest.mark.parametrize(
    "value", ["****", "AKIAABCDEFGHIJKLMNOP", "postgres://user:swordfish@host/db", "-----BEGIN RSA PRIVATE KEY-----\nx"]
)
def test_what_looks_like_a_secret_is_hidden_under_any_name(value: str) -> None:
    assert masked(value, ["Value"]) == "***"


def test_a_secret_within_a_structure_is_hidden() -> None:
    value = [{"Name": "DB_PASSWORD", "Value": "swordfish"}, {"Name": "MODE", "Value": "fast"}, {"token": "swordfish"}]
    assert masked(value) == [{"Name": "DB_PASSWORD", "Value": "***"}, {"Name": "MODE", "Value": "fast"}, {"token": "***"}]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"Environment": {"Variables": {"DB_PASSWORD": "old-fish"}}}, {"Environment": {"Variables": {"DB_PASSWORD": "swordfish"}}}),
        (
            {"Environment": [{"Name": "DB_PASSWORD", "Value": "old-fish"}]},
            {"Environment": [{"Name": "DB_PASSWORD", "Value": "swordfish"}]},
        ),
        ({"Environment": []}, {"Environment": [{"Name": "DB_PASSWORD", "Value": "swordfish"}]}),
    ],
    ids=["by-key", "by-name", "whole"],
)
def test_no_secret_is_anywhere_in_a_review(before: dict[str, Any], after: dict[str, Any]) -> None:
    text = msgspec.json.encode(changed("AWS::Lambda::Function", before, after)).decode()
    assert "swordfish" not in text
    assert "old-fish" not in text


CAUSES = [
    ("exactly", 512, 1024, 512, 1024, True),
    ("as-text", "a", "b", "a", "b", True),
    ("in-seconds", 4, 2, 345600, 172800, True),
    ("within-a-text", "10.0", "10.1", "cidr 10.0/16", "cidr 10.1/16", True),
    ("within-an-arn", "python3.13", "python3.14", "arn:x:python3.13:y", "arn:x:python3.14:y", True),
    ("by-chance-within", 5, 6, "x55y", "x66y", False),
    ("another-number", 512, 1024, 3, 7, False),
    ("no-whole-multiple", 3, 4, 5, 6, False),
]


@pytest.mark.parametrize(("old", "new", "before", "after", "named"), [one[1:] for one in CAUSES], ids=[one[0] for one in CAUSES])
def test_a_cause_is_named_where_its_value_is_seen(old: Any, new: Any, before: Any, after: Any, named: bool) -> None:
    made = changed(
        "AWS::X::Y", {"P": before}, {"P": after}, values_before={"a.b": old}, values_after={"a.b": new}, places={"a.b": "env/dev.yaml:13"}
    )
    (one,) = item(made, "It").differences
    assert one.because == ((f"a.b {old} -> {new} (env/dev.yaml:13)",) if named else ())


def test_a_switch_is_named_where_it_is_all_that_changed() -> None:
    made = changed("AWS::X::Y", {}, {"P": {"Q": 1}}, values_before={"on": False}, values_after={"on": True})
    assert item(made, "It").differences[0].because == ("on false -> true",)
    made = changed("AWS::X::Y", {}, {"P": {"Q": 7}}, values_before={"on": False, "n": 1}, values_after={"on": True, "n": 2})
    assert item(made, "It").differences[0].because == ()


def test_an_exact_cause_is_named_before_a_multiple() -> None:
    values = {"values_before": {"a": 1, "b": 2}, "values_after": {"a": 2, "b": 4}}
    assert item(changed("AWS::X::Y", {"P": 2}, {"P": 4}, **values), "It").differences[0].because == ("b 2 -> 4",)


def test_a_secret_value_of_the_environment_is_not_named() -> None:
    made = changed("AWS::X::Y", {"P": "x"}, {"P": "y"}, values_before={"db.password": "x"}, values_after={"db.password": "y"})
    assert item(made, "It").differences[0].because == ("db.password *** -> ***",)


def test_settings_are_compared_and_their_loss_is_found() -> None:
    trigger = Trigger(arn="arn:alarm", type="AWS::CloudWatch::Alarm")
    deny = {"Effect": "Deny", "Action": "Update:Replace", "Principal": "*", "Resource": "*"}
    allow = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
    before = settings(termination_protection=True, triggers=(trigger,), monitoring_minutes=5, policy={"Statement": [allow, deny]}, role="a")
    after = settings(tags={"Owner": "me"}, policy={"Statement": [allow]}, role="b")
    made = flat({}, {}, settings_before=before, settings_after=after)
    assert [one.title for one in found(made, "protection")] == [
        "the stack: termination protection is taken off",
        "the stack: a rollback trigger is removed",
        "the stack: alarms are watched for less time",
        "the stack: the stack policy protects less",
        "the stack: CloudFormation works with another role",
    ]
    assert {one.pointer for one in made.settings} >= {
        "/termination_protection",
        "/triggers/0",
        "/monitoring_minutes",
        "/tags/Owner",
        "/role",
    }
    assert made.kind == "update"


def test_more_protection_is_no_finding() -> None:
    after = settings(
        termination_protection=True,
        monitoring_minutes=5,
        policy={"Statement": [{"Effect": "Deny", "Action": "*", "Principal": "*", "Resource": "*"}]},
    )
    assert flat({}, {}, settings_before=settings(), settings_after=after).findings == ()


def test_a_secret_parameter_is_not_shown_among_the_settings() -> None:
    made = flat({}, {}, settings_before=settings(parameters={"DbPassword": "a"}), settings_after=settings(parameters={"DbPassword": "b"}))
    assert [(one.before, one.after) for one in made.settings] == [("***", "***")]


def test_limits_are_named_from_four_fifths_on() -> None:
    limits = tuple(Limit(name=str(used), used=used, allowed=100, heaviest="network") for used in (79, 80, 95))
    assert [one.title for one in found(flat({}, {}, limits=limits), "limit")] == ["95: 95 of 100 (95 %)", "80: 80 of 100 (80 %)"]


def test_counts_are_of_resources() -> None:
    before = {name: resource("AWS::X::Y", A=1) for name in ("M", "R", "C", "D")}
    after = {**{name: resource("AWS::X::Y", A=2) for name in ("M", "R", "C")}, "N": resource("AWS::X::Y")}
    rows = [
        row("Modify", "M", "AWS::X::Y"),
        row("Modify", "R", "AWS::X::Y", Replacement="True"),
        row("Modify", "C", "AWS::X::Y", Replacement="Conditional"),
        row("Remove", "D", "AWS::X::Y"),
        row("Add", "N", "AWS::X::Y"),
    ]
    assert flat(before, after, *rows).counts == Counts(add=1, modify=1, replace=2, may_replace=1, remove=1)


def test_items_go_by_service_in_the_manifests_order_with_the_line_that_made_them() -> None:
    documents = {"": template({"B": nested(), "A": nested(), "Own": resource("AWS::X::Y")}), "A": template({"R": resource("AWS::X::Y")})}
    documents["B"] = documents["A"]
    answers = {
        "": answer(row("Add", "Own", "AWS::X::Y"), automatic("A"), automatic("B")),
        "A": answer(row("Modify", "R", "AWS::X::Y", detail("P", "1", "2"))),
        "B": answer(row("Modify", "R", "AWS::X::Y", detail("P", "1", "2"))),
    }
    made = review(subject(documents, documents, answers, stack=stack("b", "a"), sources={"b/R": "templates/b.py:7"}))
    assert [(one.service, one.path, one.source) for one in made.items] == [
        ("root", "Own", ""),
        ("b", "B/R", "templates/b.py:7"),
        ("a", "A/R", ""),
    ]


def test_findings_stand_worst_first_and_what_needs_a_waiver_before_what_informs() -> None:
    before = {"A": resource("AWS::CloudWatch::Alarm"), "T": resource("AWS::DynamoDB::Table"), "E": resource("AWS::Lambda::Alias")}
    rows = [row("Remove", name, one["Type"]) for name, one in before.items()]
    assert [one.kind for one in flat(before, {}, *rows).findings] == ["data loss", "interruption", "protection"]
