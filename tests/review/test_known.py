"""What is proven to stay, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.changes import Verdict
from deploy.review import identity, review
from deploy.review.expansion import Expansion
from deploy.review.expressions import text
from tests.review.cases import answer, att, automatic, by_parameter, detail, flat, item, nested, resource, row, settings, subject, template

PARAMETER, QUEUE = "AWS::SSM::Parameter", "AWS::SQS::Queue"


def test_the_table_is_that_of_the_schemas_that_cfn_lint_bundles() -> None:
    """``python -m deploy.review.identity`` writes it anew."""
    assert identity.TABLE.read_text(encoding="utf-8") == identity.written(identity.derive())


@pytest.mark.parametrize(
    ("kind", "attribute", "expected"),
    [
        ("AWS::SQS::Queue", "Arn", ()),
        ("AWS::SQS::Queue", "QueueName", ()),
        ("AWS::DynamoDB::GlobalTable", "StreamArn", ("StreamSpecification",)),
        ("AWS::EC2::LaunchTemplate", "LatestVersionNumber", None),
        ("AWS::CloudFront::Distribution", "DomainName", None),
        ("Custom::Thing", "Arn", None),
        ("AWS::Batch::JobDefinition", "Arn", None),
    ],
)
def test_which_attributes_identify(kind: str, attribute: str, expected: Any) -> None:
    assert identity.follows(kind, attribute) == expected


def consumer(
    value: Any, *, before: Any = None, producer: tuple[dict[str, Any], dict[str, Any]], listed: dict[str, Any], **more: Any
) -> Verdict:
    """What becomes of a parameter whose name comes from a resource of its own stack, which AWS lists as perhaps replaced."""
    old, new = (resource(PARAMETER, Name=one, Value="v") for one in (value if before is None else before, value))
    dynamic = detail("Name", evaluation="Dynamic", recreation="Always", ChangeSource="ResourceAttribute", CausingEntity="It.Arn")
    return item(
        flat(
            {"It": producer[0], "Use": old},
            {"It": producer[1], "Use": new},
            listed,
            row("Modify", "Use", PARAMETER, dynamic, Replacement="Conditional"),
            **more,
        ),
        "Use",
    ).verdict


IN_PLACE = (resource(QUEUE, VisibilityTimeout=1, QueueName="q"), resource(QUEUE, VisibilityTimeout=2, QueueName="q"))
LISTED = row("Modify", "It", QUEUE, detail("VisibilityTimeout", "1", "2"))


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ({"Ref": "It"}, "unchanged"),
        (att("It", "Arn"), "unchanged"),
        ({"Fn::GetAtt": "It.QueueName"}, "unchanged"),
        ({"Fn::Sub": "x-${It}-${It.Arn}-${AWS::Region}"}, "unchanged"),
        ({"Fn::Sub": ["${V}", {"V": att("It", "Arn")}]}, "unchanged"),
        ({"Fn::Join": ["-", [{"Ref": "It"}, "a"]]}, "unchanged"),
        ({"Fn::Select": [0, {"Fn::Split": ["/", {"Ref": "It"}]}]}, "unchanged"),
        ({"Fn::ImportValue": "other-stack"}, "unchanged"),
        (att("It", "VisibilityTimeout"), "may replace"),
        (att("It", "Unheard"), "may replace"),
        ("{{resolve:ssm:name}}", "may replace"),
        ("{{resolve:ssm:name:3}}", "unchanged"),
        ("{{resolve:secretsmanager:name}}", "may replace"),
        ({"Fn::Transform": {"Name": "M"}}, "may replace"),
        ({"Fn::GetStackOutput": {"StackName": "s"}}, "may replace"),
        ({"Ref": "Nobody"}, "may replace"),
    ],
    ids=str,
)
def test_an_expression_over_a_resource_that_changes_in_place(value: Any, verdict: str) -> None:
    assert consumer(value, producer=IN_PLACE, listed=LISTED) == verdict


def test_two_ways_to_write_one_expression_are_one() -> None:
    joined = {"Fn::Join": ["", ["a-", {"Ref": "It"}]]}
    assert consumer({"Fn::Sub": "a-${It}"}, before=joined, producer=IN_PLACE, listed=LISTED) == "unchanged"


@pytest.mark.parametrize(
    ("listed", "verdict"),
    [
        (row("Modify", "It", QUEUE, detail("QueueName", recreation="Always"), Replacement="True"), "may replace"),
        (row("Modify", "It", QUEUE, detail("VisibilityTimeout", "1", "2"), Replacement="Conditional"), "may replace"),
        (row("Add", "It", QUEUE), "may replace"),
        (row("Import", "It", QUEUE), "may replace"),
        (row("Dynamic", "It", QUEUE), "may replace"),
    ],
    ids=["replaced", "perhaps-replaced", "new", "imported", "undecided"],
)
def test_what_becomes_another_resource_proves_nothing(listed: dict[str, Any], verdict: str) -> None:
    assert consumer({"Ref": "It"}, producer=IN_PLACE, listed=listed) == verdict


def test_a_custom_resource_may_answer_with_another_name() -> None:
    producer = (resource("Custom::Thing", A=1), resource("Custom::Thing", A=2))
    assert consumer({"Ref": "It"}, producer=producer, listed=row("Modify", "It", "Custom::Thing", detail("A", "1", "2"))) == "may replace"


def test_a_group_that_replaces_itself_on_updates_gets_another_name() -> None:
    kind = "AWS::AutoScaling::AutoScalingGroup"
    group = {"Type": kind, "UpdatePolicy": {"AutoScalingReplacingUpdate": {"WillReplace": True}}}
    producer = ({**group, "Properties": {"A": 1}}, {**group, "Properties": {"A": 2}})
    assert consumer({"Ref": "It"}, producer=producer, listed=row("Modify", "It", kind, detail("A", "1", "2"))) == "may replace"


def test_only_tags_that_change_leave_every_attribute_alone() -> None:
    producer = tuple(resource("AWS::EC2::LaunchTemplate", Tags=[{"Key": "a", "Value": value}]) for value in "12")
    listed = row("Modify", "It", "AWS::EC2::LaunchTemplate", detail("Tags", "1", "2"))
    assert consumer(att("It", "LatestVersionNumber"), producer=(producer[0], producer[1]), listed=listed) == "unchanged"


def test_a_template_with_a_macro_proves_nothing() -> None:
    before, after = ({"": template({"It": one, "Use": resource(PARAMETER, Name={"Ref": "It"})}, Transform="M")} for one in IN_PLACE)
    rows = (LISTED, row("Modify", "Use", PARAMETER, detail("Name", evaluation="Dynamic", recreation="Always"), Replacement="Conditional"))
    assert item(review(subject(before, after, {"": answer(*rows)})), "Use").verdict == "may replace"


def test_a_template_that_was_not_read_proves_nothing() -> None:
    before, after = ({"": template({"It": one, "Use": resource(PARAMETER, Name={"Ref": "It"})})} for one in IN_PLACE)
    rows = (LISTED, row("Modify", "Use", PARAMETER, detail("Name", evaluation="Dynamic", recreation="Always"), Replacement="Conditional"))
    made = review(subject({}, after, {"": answer(*rows)}, settings_before=settings()))
    assert item(made, "Use").verdict == "may replace"
    assert before


def test_a_circle_proves_nothing_and_ends() -> None:
    circle = {"A": resource(PARAMETER, Name={"Ref": "B"}), "B": resource(PARAMETER, Name={"Ref": "A"})}
    rows = [
        row("Modify", name, PARAMETER, detail("Name", evaluation="Dynamic", recreation="Always"), Replacement="Conditional")
        for name in circle
    ]
    made = flat(circle, circle, *rows)
    assert {one.verdict for one in made.items} <= {"may replace", "unchanged"}
    assert "may replace" in {one.verdict for one in made.items}


def test_a_resource_that_changes_elsewhere_is_not_replaced_by_what_stays() -> None:
    both = [
        {"It": one, "Use": resource(PARAMETER, Name={"Ref": "It"}, Value=value)} for one, value in zip(IN_PLACE, ("1", "2"), strict=True)
    ]
    listed = row("Modify", "Use", PARAMETER, detail("Value", "1", "2"), *by_parameter("Name", "X", "Always"), Replacement="Conditional")
    made = item(flat(*both, LISTED, listed), "Use")
    assert (made.verdict, made.why) == ("modify", "AWS would replace it for Name, but that comes from what stays")
    assert [one.pointer for one in made.differences] == ["/Properties/Value"]


def test_a_value_goes_through_a_nested_stack_in_a_nested_stack() -> None:
    def documents(visibility: int) -> dict[str, Any]:
        return {
            "": template({"Deep": nested(), "Use": nested(Name=att("Deep", "Outputs.Name"))}),
            "Deep": template({"Inner": nested()}, {"Name": att("Inner", "Outputs.Name")}),
            "Deep/Inner": template({"It": resource(QUEUE, VisibilityTimeout=visibility)}, {"Name": att("It", "QueueName")}),
            "Use": template({"Named": resource(PARAMETER, Name={"Ref": "Name"})}, None, "Name"),
        }

    answers = {
        "": answer(automatic("Deep"), automatic("Use")),
        "Deep": answer({**automatic("Inner"), "ChangeSetId": "Inner"}),
        "Inner": answer(row("Modify", "It", QUEUE, detail("VisibilityTimeout", "1", "2"))),
        "Use": answer(row("Modify", "Named", PARAMETER, *by_parameter("Name", "Name", "Always"), Replacement="Conditional")),
    }
    made = review(subject(documents(1), documents(2), answers))
    assert {one.path: one.verdict for one in made.items} == {"Deep/Inner/It": "modify", "Use/Named": "unchanged"}


def expand(value: Any, document: dict[str, Any] | None = None, **parameters: str) -> Any:
    pseudo = {"AWS::Region": "us-east-1"}
    return Expansion({"": document or {}}, parameters, pseudo).expand("", value)


MAPPED = {
    "Mappings": {"M": {"us-east-1": {"k": "v"}}},
    "Parameters": {
        "Given": {"Type": "String"},
        "Defaulted": {"Type": "String", "Default": "d"},
        "Listed": {"Type": "CommaDelimitedList"},
        "Hidden": {"Type": "String", "NoEcho": True},
        "Missing": {"Type": "String"},
        "Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/p"},
    },
    "Conditions": {
        "Yes": {"Fn::Equals": [{"Ref": "Given"}, "g"]},
        "No": {"Fn::Not": [{"Condition": "Yes"}]},
        "Both": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]},
        "One": {"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]},
        "Self": {"Fn::Not": [{"Condition": "Self"}]},
    },
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "k"]}, "v"),
        ({"Fn::If": ["Yes", 1, 2]}, 1),
        ({"Fn::If": ["No", 1, 2]}, 2),
        ({"Fn::If": ["Both", 1, 2]}, 2),
        ({"Fn::If": ["One", 1, 2]}, 1),
        ({"a": {"Fn::If": ["No", 1, {"Ref": "AWS::NoValue"}]}, "b": 1}, {"b": 1}),
        ([1, {"Ref": "AWS::NoValue"}], [1]),
        ({"Ref": "Defaulted"}, "d"),
        ({"Ref": "Listed"}, ["a", "b"]),
        ({"Fn::Join": ["-", {"Ref": "Listed"}]}, "a-b"),
        ({"Fn::Sub": "${Given}/${!literal}/${AWS::Region}"}, "g/${literal}/us-east-1"),
        ({"Fn::Select": ["1", {"Ref": "Listed"}]}, "b"),
        ({"Effect": "Allow", "Condition": {"Bool": {"a": "true"}}}, {"Effect": "Allow", "Condition": {"Bool": {"a": "true"}}}),
    ],
    ids=str,
)
def test_what_follows_from_plain_values_is_worked_out(value: Any, expected: Any) -> None:
    assert expand(value, MAPPED, Given="g", Listed="a, b") == expected


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": 1},
        {"Fn::GetAtt": ["a"]},
        {"Fn::GetAtt": 7},
        {"Fn::Sub": 7},
        {"Fn::Sub": ["x", "y", "z"]},
        {"Fn::Sub": [1, {}]},
        {"Fn::Join": "x"},
        {"Fn::Join": [",", "x"]},
        {"Fn::If": []},
        {"Fn::If": ["Nowhere", 1, 2]},
        {"Fn::If": ["Self", 1, 2]},
        {"Fn::FindInMap": ["Nowhere", "a", "b"]},
        {"Fn::FindInMap": []},
        {"Fn::Select": [9, ["a"]]},
        {"Fn::Split": ["", "a"]},
        {"Fn::Equals": 1},
        {"Fn::Unheard": {"Of": 1}},
        {"Ref": "Missing"},
        {"Ref": "Stored"},
    ],
    ids=str,
)
def test_what_cannot_be_worked_out_does_no_harm(value: Any) -> None:
    assert text(expand(value, MAPPED))


def test_a_parameter_with_no_echo_is_not_shown() -> None:
    assert text(expand({"Fn::Sub": "x-${Hidden}"}, MAPPED, Hidden="swordfish")) == "x-***"


def test_a_list_that_is_joined_for_its_way_into_a_nested_stack_is_the_list_again() -> None:
    root = template({"A": resource(QUEUE), "B": resource(QUEUE), "Use": nested(Ids={"Fn::Join": [",", [{"Ref": "A"}, {"Ref": "B"}, "c"]]})})
    child = {"Parameters": {"Ids": {"Type": "CommaDelimitedList"}}, "Resources": {}}
    made = Expansion({"": root, "Use": child}, {}, {}).expand("Use", {"Ref": "Ids"})
    assert [text(one) for one in made] == ["${A}", "${B}", "c"]
