"""Findings as people, code hosts and build servers read them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

from templates.validation import formats
from templates.validation.finding import Finding

FOUND = [
    Finding(
        environment="dev",
        service="data",
        logical_id="Items",
        path="Properties.BillingMode",
        rule="E3030",
        tool="cfn-lint",
        message="'<FREE>' is not one of [...] & more",
        origin="templates/data.py:31",
        value="env/dev.yaml:4:1: table.billing",
        source="https://example.org/E3030",
    ),
    Finding(
        environment="dev",
        service="",
        logical_id="",
        rule="ALLOW",
        tool="allow-list",
        level="warning",
        message="unused",
        origin="allow.yaml:2",
    ),
]


def test_text_names_the_place_the_builder_and_the_value() -> None:
    text = formats.text(FOUND)
    assert "dev/data\n  error E3030 Items.Properties.BillingMode: '<FREE>'" in text
    assert "made at templates/data.py:31" in text
    assert "set at env/dev.yaml:4:1: table.billing" in text


def test_sarif_has_what_its_readers_need() -> None:
    document = json.loads(formats.sarif(FOUND))
    assert document["version"] == "2.1.0"
    by_tool = {run["tool"]["driver"]["name"]: run for run in document["runs"]}
    (result,) = by_tool["cfn-lint"]["results"]
    assert (result["ruleId"], result["level"]) == ("E3030", "error")
    location = result["locations"][0]["physicalLocation"]
    assert location == {"artifactLocation": {"uri": "templates/data.py"}, "region": {"startLine": 31}}
    assert by_tool["cfn-lint"]["tool"]["driver"]["rules"] == [{"id": "E3030", "helpUri": "https://example.org/E3030"}]
    assert by_tool["allow-list"]["results"][0]["level"] == "warning"


def test_sarif_without_findings_is_a_run_without_results() -> None:
    assert [run["results"] for run in json.loads(formats.sarif([]))["runs"]] == [[]]


def test_junit_has_a_case_a_template_and_escapes_what_it_quotes() -> None:
    suite = ElementTree.fromstring(formats.junit(FOUND, ["dev/data", "dev/api"]).encode())
    cases = {case.get("name"): case for case in suite}
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    failure = cases["dev/data"].find("failure")
    assert failure is not None
    assert "'<FREE>' is not one of [...] & more" in str(failure.text)
    assert cases["dev/api"].find("failure") is None
