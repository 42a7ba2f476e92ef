"""The flat copy: every reference leads to what it led to before, and nothing of the nesting is left."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from templates.build import AnyBuilt
from templates.flat import flatten
from tests.conftest import STACKS


def nested(parameters: dict[str, Any], child: dict[str, Any], producer: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    root = {
        "Resources": {
            "Reader": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "x", "Parameters": parameters}},
            "Giver": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "y"}},
        },
        "Outputs": {"Given": {"Value": {"Fn::GetAtt": ["Giver", "Outputs.Value"]}}},
    }
    return root, {"Reader": child, "Giver": producer}


def reader(value: Any, parameter_type: str = "String") -> dict[str, Any]:
    return {
        "Parameters": {"Value": {"Type": parameter_type}},
        "Resources": {"Thing": {"Type": "T", "Properties": {"Of": value}, "DependsOn": "Other"}, "Other": {"Type": "T"}},
    }


def giver(value: Any) -> dict[str, Any]:
    return {"Resources": {"Made": {"Type": "T"}}, "Outputs": {"Value": {"Value": value}}}


WIRE = {"Value": {"Fn::GetAtt": ["Giver", "Outputs.Value"]}}

CASES: dict[str, tuple[Any, Any, Any]] = {
    "a reference": ({"Ref": "Value"}, {"Ref": "Made"}, {"Ref": "GiverMade"}),
    "an attribute": ({"Ref": "Value"}, {"Fn::GetAtt": ["Made", "Arn"]}, {"Fn::GetAtt": ["GiverMade", "Arn"]}),
    "an attribute with a dot": ({"Ref": "Value"}, {"Fn::GetAtt": "Made.Arn"}, {"Fn::GetAtt": ["GiverMade", "Arn"]}),
    "a text": ({"Ref": "Value"}, "fixed", "fixed"),
    "a pseudo parameter": ({"Ref": "AWS::Region"}, "x", {"Ref": "AWS::Region"}),
    "a resource of its own": ({"Ref": "Other"}, "x", {"Ref": "ReaderOther"}),
    "a text inside a Sub": ({"Fn::Sub": "a-${Value}-${AWS::Region}"}, "fixed", {"Fn::Sub": "a-fixed-${AWS::Region}"}),
    "a reference inside a Sub": (
        {"Fn::Sub": "a-${Value}"},
        {"Ref": "Made"},
        {"Fn::Sub": ["a-${Value}", {"Value": {"Ref": "GiverMade"}}]},
    ),
    "a resource inside a Sub": ({"Fn::Sub": "a-${Other}-${Other.Arn}"}, "x", {"Fn::Sub": "a-${ReaderOther}-${ReaderOther.Arn}"}),
    "a literal inside a Sub": ({"Fn::Sub": "a-${!Value}"}, "x", {"Fn::Sub": "a-${!Value}"}),
    "a variable of a Sub": ({"Fn::Sub": ["a-${X}", {"X": {"Ref": "Value"}}]}, "fixed", {"Fn::Sub": ["a-${X}", {"X": "fixed"}]}),
    "deep inside": ({"A": [{"B": {"Ref": "Value"}}]}, {"Ref": "Made"}, {"A": [{"B": {"Ref": "GiverMade"}}]}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_value_is_put_where_its_parameter_was(case: str) -> None:
    use, given, expected = CASES[case]
    flat, names = flatten(*nested(WIRE, reader(use), giver(given)))
    assert flat["Resources"]["ReaderThing"]["Properties"]["Of"] == expected
    assert flat["Resources"]["ReaderThing"]["DependsOn"] == "ReaderOther"
    assert names["ReaderThing"] == ("Reader", "Thing")
    assert "Parameters" not in flat


LISTS: dict[str, tuple[Any, Any]] = {
    "a joined list": ({"Fn::Join": [",", [{"Ref": "Made"}, "b"]]}, [{"Ref": "GiverMade"}, "b"]),
    "a text": ("a,b", ["a", "b"]),
    "something else": ({"Ref": "Made"}, {"Fn::Split": [",", {"Ref": "GiverMade"}]}),
}


@pytest.mark.parametrize("case", LISTS)
def test_a_list_parameter_becomes_a_list_again(case: str) -> None:
    given, expected = LISTS[case]
    flat, _ = flatten(*nested(WIRE, reader({"Ref": "Value"}, "CommaDelimitedList"), giver(given)))
    assert flat["Resources"]["ReaderThing"]["Properties"]["Of"] == expected


def test_outputs_of_the_root_are_the_producers_values() -> None:
    flat, _ = flatten(*nested(WIRE, reader({"Ref": "Value"}), giver({"Ref": "Made"})))
    assert flat["Outputs"] == {"Given": {"Value": {"Ref": "GiverMade"}}}


def test_two_resources_that_would_have_one_name_are_refused() -> None:
    root = {"Resources": {name: {"Type": "AWS::CloudFormation::Stack", "Properties": {}} for name in ("A", "AB")}}
    children = {"A": {"Resources": {"BC": {"Type": "T"}}}, "AB": {"Resources": {"C": {"Type": "T"}}}}
    with pytest.raises(ValueError, match=r"AB\.C and A\.BC have one name when merged"):
        flatten(root, children)


@pytest.mark.parametrize("name", STACKS)
def test_the_real_flat_copies_refer_only_to_what_they_hold(stacks: dict[str, AnyBuilt], name: str) -> None:
    built = stacks[name]
    resources = built.flat["Resources"]
    assert len(resources) == sum(len(document["Resources"]) for service, document in built.templates.items() if service not in ROOTS)
    assert "AWS::CloudFormation::Stack" not in {resource["Type"] for resource in resources.values()}
    text = json.dumps(built.flat)
    for target in re.findall(r'"Ref": "([^"]+)"', text) + re.findall(r'"Fn::GetAtt": \["([^"]+)"', text):
        assert target in resources or target.startswith("AWS::") or target in built.flat.get("Parameters", {}), target
    conditions = set(re.findall(r'"Fn::If": \["([^"]+)"', text)) | {one["Condition"] for one in resources.values() if "Condition" in one}
    assert conditions <= built.flat.get("Conditions", {}).keys()
    for sub in _subs(built.flat):
        body, variables = (sub, {}) if isinstance(sub, str) else sub
        for target in re.findall(r"\$\{([^!}][^}]*)\}", body):
            assert target.split(".")[0] in resources or target.startswith("AWS::") or target in variables, target


ROOTS = ("root", "replica_root", "edge_root")


def _subs(value: Any) -> list[Any]:
    if isinstance(value, list):
        return [found for item in value for found in _subs(item)]
    if isinstance(value, dict):
        own = [value["Fn::Sub"]] if "Fn::Sub" in value else []
        return own + [found for item in value.values() for found in _subs(item)]
    return []


def test_conditions_of_children_are_kept_apart_by_the_names_of_their_stacks() -> None:
    child = {
        "Parameters": {"Given": {"Type": "String"}},
        "Conditions": {"There": {"Fn::Not": [{"Condition": "None"}]}, "None": {"Fn::Equals": [{"Ref": "Given"}, "none"]}},
        "Resources": {"Thing": {"Type": "T", "Condition": "There", "Properties": {"X": {"Fn::If": ["There", {"Ref": "Thing"}, 1]}}}},
    }
    root = {
        "Parameters": {"Outer": {"Type": "String"}},
        "Resources": {"A": {"Type": "S", "Properties": {"Parameters": {"Given": {"Ref": "Outer"}}}}},
    }
    flat, _ = flatten(root, {"A": child})
    assert flat["Conditions"] == {
        "AThere": {"Fn::Not": [{"Condition": "ANone"}]},
        "ANone": {"Fn::Equals": [{"Ref": "Outer"}, "none"]},
    }
    assert flat["Resources"]["AThing"] == {
        "Type": "T",
        "Condition": "AThere",
        "Properties": {"X": {"Fn::If": ["AThere", {"Ref": "AThing"}, 1]}},
    }
