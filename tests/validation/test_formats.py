"""Findings as people, code hosts and build servers read them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from typing import Any

from msgspec import structs

from templates.validation import formats
from templates.validation.finding import Finding
from tests.conftest import ROOT

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
    assert location["artifactLocation"]["uri"] == "templates/data.py"
    assert location["region"]["startLine"] == 31
    (related,) = result["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "env/dev.yaml"
    assert related["physicalLocation"]["region"] == {"startLine": 4, "startColumn": 1}
    assert related["message"] == {"text": "set by table.billing"}
    assert by_tool["cfn-lint"]["tool"]["driver"]["rules"] == [{"id": "E3030", "helpUri": "https://example.org/E3030"}]
    assert by_tool["allow-list"]["results"][0]["level"] == "warning"


def test_every_result_of_sarif_has_a_file_that_exists_and_a_line() -> None:
    """Code hosts show no result without one, also where a finding is about a whole template."""
    whole = [structs.replace(FOUND[0], origin="", service=service, value="") for service in ("data", "root", "")]
    for result in _results(whole):
        place = result["locations"][0]["physicalLocation"]
        assert (ROOT / place["artifactLocation"]["uri"]).is_file()
        assert place["region"]["startLine"] >= 1


def test_a_result_keeps_its_fingerprint_when_its_lines_move() -> None:
    moved = structs.replace(FOUND[0], origin="templates/data.py:99", message="other words")
    other = structs.replace(FOUND[0], logical_id="Other")
    same, again, different = (result["partialFingerprints"] for result in _results([FOUND[0], moved, other]))
    assert same == again != different


def test_our_own_rules_say_in_sarif_what_they_want() -> None:
    own = structs.replace(FOUND[0], rule="TAP001", tool="tapline")
    document = json.loads(formats.sarif([own]))
    (rule,) = next(run["tool"]["driver"]["rules"] for run in document["runs"] if run["results"])
    assert rule["shortDescription"]["text"] == "What holds data outlives its stack"
    assert rule["fullDescription"]["text"]


def _results(findings: list[Finding]) -> list[dict[str, Any]]:
    """One run's results, in the order of ``findings``."""
    return [result for finding in findings for run in json.loads(formats.sarif([finding]))["runs"] for result in run["results"]]


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
