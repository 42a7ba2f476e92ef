"""CloudFormation's quotas: counted at generate time, refused above, said near, the heaviest named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from templates.build import Built, Flat, encode
from templates.validation import limits

QUEUE = {"Type": "AWS::SQS::Queue"}


def changed(built: Built, service: str, **sections: Any) -> Built:
    document = {**built.templates[service], **sections}
    return replace(built, templates={**built.templates, service: document}, encoded={**built.encoded, service: encode(document)})


def test_the_real_templates_are_far_from_every_quota(builds: dict[str, Built]) -> None:
    for built in builds.values():
        assert list(limits.check(built)) == []
        assert all(used < allowed / 2 for _, used, allowed, _ in limits.count(built))
        assert {name for name, *_ in limits.count(built)} == set(limits.QUOTAS)


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "resources": ({"Resources": {f"Q{n}": QUEUE for n in range(501)}}, "501 resources of 500 allowed"),
    "parameters": ({"Parameters": {f"P{n}": {"Type": "String"} for n in range(201)}}, "201 parameters of 200 allowed"),
    "outputs": ({"Outputs": {f"O{n}": {"Value": "x"} for n in range(201)}}, "201 outputs of 200 allowed"),
    "mappings": ({"Mappings": {f"M{n}": {} for n in range(201)}}, "201 mappings of 200 allowed"),
    "description": ({"Description": "x" * 1025}, "1,025 description bytes of 1,024 allowed"),
    "parameter value": ({"Parameters": {"P": {"Type": "String", "Default": "x" * 4097}}}, "4,097 parameter value bytes of 4,096 allowed"),
    "bytes": ({"Resources": {"Big": {"Type": "T", "Properties": {"X": "x" * 2**20}}, "Small": QUEUE}}, "the heaviest is data/Big"),
    "an operation": (
        {"Resources": {f"Q{n}": QUEUE for n in range(2500)}},
        "resources of one operation of 2,500 allowed: split the service; the heaviest is data",
    ),
}


@pytest.mark.failure("limits")
@pytest.mark.parametrize("case", CASES)
def test_more_than_a_quota_is_an_error_that_names_the_heaviest(builds: dict[str, Built], case: str) -> None:
    sections, expected = CASES[case]
    found = [finding for finding in limits.check(changed(builds["dev"], "data", **sections)) if finding.level == "error"]
    assert any(expected in finding.message for finding in found)
    assert all(finding.environment == "dev" for finding in found)


def test_nine_tenths_of_a_quota_is_a_warning(builds: dict[str, Built]) -> None:
    built = changed(builds["dev"], "data", Resources={f"Q{n}": QUEUE for n in range(450)})
    (finding,) = limits.check(built)
    assert (finding.level, finding.service) == ("warning", "data")
    assert "450 resources of 500 allowed" in finding.message


def test_the_manifest_names_the_resource_that_weighs_most(builds: dict[str, Built]) -> None:
    built = changed(builds["dev"], "data", Resources={"Big": {"Type": "T", "Properties": {"X": "x" * 300_000}}, "Small": QUEUE})
    heaviest = {name: heaviest for name, _, _, heaviest in limits.count(built)}
    assert heaviest[limits.TEMPLATE_BYTES] == "data/Big"
    assert heaviest[limits.RESOURCES] == "parameters"


def test_a_stack_policy_over_its_quota_is_an_error(builds: dict[str, Built]) -> None:
    """Four hundred nested stacks with data in them, each named in the policy."""
    resources = {f"Q{n}": {"Type": "AWS::SQS::Queue"} for n in range(400)}
    names = {flat_id: (f"{'service' * 4}{flat_id.lower()}", "Queue") for flat_id in resources}
    (finding,) = limits.check(replace(builds["dev"], flats={"root": Flat(document={"Resources": resources}, names=names)}))
    assert (finding.level, finding.service) == ("error", "root")
    assert "stack policy bytes of 16,384 allowed" in finding.message
