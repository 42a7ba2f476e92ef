"""Every kind of change and finding is shown, in text, Markdown and JSON, and none of them can be misused."""

from __future__ import annotations

import html
import json
import re

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.changes import Counts, Difference, Finding, Item, Kind, Verdict
from deploy.plan import Plan
from deploy.report import difference, history, markdown, render, schema, status, text, values
from deploy.report.ink import Ink, cells
from tests.report.samples import (
    EVERYTHING,
    HISTORY,
    KINDS,
    NOTHING,
    NOUNS,
    PLANS,
    STATUS,
    TEMPLATES,
    VERDICTS,
    plan,
    proposal,
    review,
)

FEW = settings(max_examples=60, deadline=None)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=30), lambda below: st.lists(below, max_size=3), max_leaves=4
)
WORDS = st.text(max_size=60)
DIFFERENCES = st.builds(
    Difference,
    pointer=st.text(min_size=1, max_size=20).map(lambda name: f"/Properties/{name}"),
    before=VALUES,
    after=VALUES,
    known=st.booleans(),
    recreates=st.sampled_from(["no", "maybe", "yes"]),
    because=st.lists(WORDS, max_size=2).map(tuple),
)
ITEMS = st.builds(
    Item,
    path=WORDS.map(lambda name: f"Compute/{name}"),
    service=st.sampled_from(["compute", "data", "\x1b[2Jevil</summary>"]),
    type=WORDS,
    verdict=st.sampled_from(VERDICTS),
    policy_action=st.sampled_from(["", "Delete", "Retain"]),
    why=WORDS,
    differences=st.lists(DIFFERENCES, max_size=3).map(tuple),
    tags_change=st.booleans(),
    source=st.sampled_from(["", "templates/compute.py:90"]),
)
FINDINGS = st.builds(
    Finding,
    kind=st.sampled_from(KINDS),
    path=WORDS,
    title=WORDS,
    detail=st.lists(WORDS, max_size=2).map(tuple),
    remedy=WORDS,
    waiver=st.sampled_from([None, "--allow-loss", "--allow-broadening"]),
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    items = tuple(draw(st.lists(ITEMS, max_size=6)))
    findings = tuple(draw(st.lists(FINDINGS, max_size=4)))
    return plan(proposal(review(items=items, findings=findings, counts=Counts(modify=len(items)))))


@FEW
@given(plans(), st.integers(60, 200), st.booleans())
def test_a_plan_in_text_is_safe_and_fits(made: Plan, width: int, ascii: bool) -> None:
    shown = text.plan(made, Ink(width=width, ascii=ascii))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028]", shown)
    for line in shown.splitlines():
        assert cells(line) <= width or "to accept it" in line or line.startswith(("✗", "x", "!", "Plan", "release", "tap-"))


@FEW
@given(plans(), st.integers(400, 4_000))
def test_markdown_is_never_longer_than_its_limit(made: Plan, limit: int) -> None:
    shown = markdown.plan(made, limit)
    assert len(shown) <= limit
    assert shown.count("<details>") == shown.count("</details>")
    assert len(markdown.plan(made)) <= markdown.LIMIT


@FEW
@given(plans())
def test_a_plan_in_json_is_the_plan(made: Plan) -> None:
    shown = render.render(made, "json")
    assert msgspec.json.decode(shown, type=Plan) == made
    assert not re.search("[\x7f-\x9f\u202a-\u202e\u2028\u200b]", shown)


VALIDATOR = jsonschema_rs.validator_for(schema.schema())


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_in_json_obeys_the_schema(name: str) -> None:
    VALIDATOR.validate(json.loads(render.render(PLANS[name], "json")))


@FEW
@given(plans())
def test_any_plan_in_json_obeys_the_schema(made: Plan) -> None:
    VALIDATOR.validate(json.loads(render.render(made, "json")))


def test_the_schema_in_the_documents_is_fresh() -> None:
    assert schema.PATH.read_text(encoding="utf-8") == schema.text(), "run: python -m deploy.report.schema"


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_is_shown(verdict: Verdict) -> None:
    item = Item(path="Data/Thing", service="data", type="AWS::DynamoDB::Table", verdict=verdict)
    made = plan(proposal(review(items=(item,), counts=Counts(unchanged=1 if verdict == "unchanged" else 0, modify=1))))
    shown, marked = text.plan(made), markdown.plan(made)
    if verdict == "unchanged":
        assert "Thing" not in shown + marked
        assert "1 resource listed by CloudFormation, proven unchanged" in shown
    else:
        assert re.search(rf"^    \S+ {verdict} +Thing  AWS::DynamoDB::Table$", shown, re.MULTILINE)
        assert "`Thing`" in marked


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_finding_is_shown_with_its_remedy_and_its_option(kind: Kind) -> None:
    finding = Finding(kind=kind, path="Data/It", title="the title", detail=("a detail",), remedy="a remedy", waiver="--allow-loss")
    made = plan(proposal(review(findings=(finding,)), "none"))
    for shown in (text.plan(made), markdown.plan(made)):
        for words in (kind, "Data/It", "the title", "a detail", "a remedy", "--allow-loss Data/It"):
            assert words in shown


def test_findings_stand_worst_first() -> None:
    shown = text.plan(EVERYTHING)
    assert sorted(KINDS, key=lambda kind: shown.index(f" {kind}  ")) == list(text.WORST_FIRST)
    assert list(text.WORST_FIRST) == list(KINDS)


def test_an_option_with_a_strange_path_can_be_pasted_into_a_shell() -> None:
    finding = Finding(kind="data loss", path="Data/$(reboot)", title="t", waiver="--allow-loss")
    assert text.waiver(finding) == "--allow-loss 'Data/$(reboot)'"


def test_a_plan_without_changes_is_one_line() -> None:
    assert text.plan(NOTHING) == "No changes. tap-dev-app is as the release says.\n"
    two = plan(proposal(review("a"), "none"), proposal(review("b"), "none"), proposal(review("c"), "none"))
    assert text.plan(two) == "No changes. a, b and c are as the release says.\n"


def test_a_markdown_comment_that_is_too_long_says_what_is_left_out() -> None:
    items = tuple(
        Item(
            path=f"Compute/F{index}",
            service="compute",
            type="AWS::Lambda::Function",
            verdict="modify",
            differences=(Difference(pointer="/Properties/Code", before="x" * 300, after="y" * 300),),
        )
        for index in range(500)
    )
    findings = tuple(Finding(kind="limit", path=f"P{index}", title="t") for index in range(150))
    shown = markdown.plan(plan(proposal(review(items=items, findings=findings, counts=Counts(modify=500)))))
    assert 50_000 < len(shown) <= 65_536
    assert "do not fit into a comment" in shown
    assert "shows all 150" in shown
    assert "| tap-dev-app | 0 | 500 |" in shown


@pytest.mark.parametrize(
    "evil",
    [
        "<img src=x onerror=alert(1)>",
        "</details></summary><script>",
        "[click](https://evil.example)",
        "![](https://evil.example/x.png)",
        "`code` ``more``",
        "@everyone #1 aws/aws-cdk#2",
        "| a | b |",
        "# heading",
        "- item",
        "1. item",
        "**bold** __bold__ ~~gone~~ $math$",
        "https://evil.example www.evil.example",
        "line\n\n# another",
    ],
)
def test_words_of_others_are_no_markup(evil: str) -> None:
    shown = markdown.escaped(evil)
    assert "\n" not in shown
    assert not re.search(r"<(?!!-- -->)|(?<!--)>", shown)
    assert not re.search(r"(?<!\\)[`*_|~$\[\]]", shown)
    assert not re.search(r"[@#]\w|(?<!\\)://|www\.", shown)
    assert not re.match(r"[-+#>]|\d+[.)]", shown)
    assert markdown.code(evil).startswith("`")


@given(st.text())
def test_a_code_span_cannot_be_ended_by_what_it_holds(given: str) -> None:
    shown = markdown.code(given)
    fence = re.match("`+", shown)
    assert fence
    inner = shown[fence.end() : -fence.end()]
    assert fence.group() not in re.findall("`+", inner)
    assert "\n" not in shown


def test_a_folded_title_is_html() -> None:
    title = "stack</summary><script>alert(1)</script> @ann"
    shown = markdown._folded(title, "body")
    assert "<script>" not in shown
    assert html.unescape(shown.split("<summary>")[1].split("</summary>")[0]).replace("<!-- -->", "") == title


@pytest.mark.parametrize(
    ("pointer", "name"),
    [
        ("/Properties/MemorySize", "MemorySize"),
        ("/Properties/VpcConfig/SubnetIds/0", "VpcConfig.SubnetIds[0]"),
        ("/Properties/Tags/a~1b~0c", "Tags.a/b~c"),
        ("/DeletionPolicy", "DeletionPolicy"),
        ("/Properties", "Properties"),
        ("TerminationProtection", "TerminationProtection"),
    ],
)
def test_a_pointer_is_shown_as_a_path(pointer: str, name: str) -> None:
    assert values.name(pointer) == name


@given(st.text(min_size=200, max_size=300), st.text(min_size=1, max_size=4), st.integers(0, 200))
def test_two_long_values_show_where_they_differ(same: str, extra: str, at: int) -> None:
    before, after = values.value(same), values.value(same[:at] + extra + same[at:])
    shown = values.contrast(before, after, 70, "…")
    assert before == after or shown[0] != shown[1]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("name", NOUNS)
def test_other_reports_are_short_lines_of_safe_text(name: str, width: int) -> None:
    shown = render.render(NOUNS[name], "text", Ink(width=width))
    assert not re.search("[\x00-\x09\x0b-\x1f]", shown)


def test_the_history_is_newest_first_and_says_why() -> None:
    lines = history.text(HISTORY, Ink(width=120)).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["43", "42", "Compute/ApiFunction:", "41"]


def test_a_difference_is_coloured_as_people_know_it() -> None:
    shown = difference.text(TEMPLATES, Ink(color=True))
    assert '\x1b[31m-        "MemorySize": 512\x1b[0m' in shown
    assert '\x1b[32m+        "MemorySize": 1024\x1b[0m' in shown
    assert TEMPLATES.differ


def test_templates_that_are_the_same_are_one_line() -> None:
    same = difference.Templates(pairs=TEMPLATES.pairs[:1])
    assert difference.text(same) == "No difference: 1 template deployed as built.\n"
    assert not same.differ


def test_the_status_names_who_is_at_work_and_what_is_wrong() -> None:
    shown = status.text(STATUS, Ink(color=True))
    assert "deploy by tap-deploy/ann on laptop" in shown
    assert "\x1b[1;31mALARM\x1b[0m" in shown
    assert "\x1b[1;31mDRIFTED\x1b[0m, checked 2 days ago" in shown
