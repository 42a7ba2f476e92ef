"""What holds for every change set, whatever is in it."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.changes import Review
from deploy.model import Change, ChangeSet, Detail
from deploy.review import Subject, review
from deploy.review.expressions import canonical
from deploy.stateful import STATEFUL
from tests.review import cases
from tests.review.cases import template

TYPES = st.sampled_from(
    [
        "AWS::DynamoDB::Table",
        "AWS::SQS::Queue",
        "AWS::S3::Bucket",
        "AWS::SSM::Parameter",
        "AWS::IAM::Role",
        "AWS::Lambda::Version",
        "Custom::X",
    ]
)
NAMES = st.sampled_from(["A", "B", "C", "D"])
PLAIN = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | st.sampled_from(["*", "{{resolve:ssm:x}}", "****"])
REFERENCE = st.builds(lambda name: {"Ref": name}, NAMES) | st.builds(
    lambda name, one: {"Fn::GetAtt": [name, one]}, NAMES, st.sampled_from(["Arn", "X"])
)
VALUE = st.recursive(
    PLAIN | REFERENCE,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["P", "Q", "Statement", "Effect"]), inner, max_size=2),
    max_leaves=4,
)
POLICY = st.sampled_from(["Delete", "Retain", "Snapshot"])


@st.composite
def resources(draw: st.DrawFn) -> dict[str, Any]:
    made = {}
    for name in draw(st.sets(NAMES)):
        made[name] = {
            "Type": draw(TYPES),
            "Properties": draw(st.dictionaries(st.sampled_from(["Name", "P", "PolicyDocument", "Tags"]), VALUE, max_size=3)),
        }
        if draw(st.booleans()):
            made[name]["DeletionPolicy"] = draw(POLICY)
    return made


def details() -> st.SearchStrategy[Detail]:
    return st.builds(
        Detail,
        attribute=st.sampled_from(["Properties", "Tags", "Metadata"]),
        name=st.sampled_from(["", "Name", "P"]),
        path=st.sampled_from(["", "/Properties/P/0"]),
        before=st.none() | st.sampled_from(["x", "[1", '{"a": 1}', cases.UNKNOWN]),
        after=st.none() | st.sampled_from(["y", "{}", cases.UNKNOWN]),
        recreation=st.sampled_from(["Never", "Conditionally", "Always"]),
        evaluation=st.sampled_from(["Static", "Dynamic"]),
        source=st.sampled_from(["", "DirectModification", "ParameterReference", "Automatic", "NoModification"]),
        cause=st.sampled_from(["", "A", "B.Arn"]),
    )


def rows() -> st.SearchStrategy[Change]:
    return st.builds(
        Change,
        action=st.sampled_from(["Add", "Modify", "Remove", "Import", "Dynamic", "SyncWithActual"]),
        logical_id=NAMES,
        type=TYPES | st.just("AWS::CloudFormation::Stack"),
        physical_id=st.sampled_from(["", "physical"]),
        replacement=st.none() | st.sampled_from(["True", "False", "Conditional"]),
        scope=st.sampled_from([(), ("Properties",), ("Tags", "Properties")]),
        policy_action=st.none()
        | st.sampled_from(["Delete", "Retain", "Snapshot", "ReplaceAndDelete", "ReplaceAndRetain", "ReplaceAndSnapshot"]),
        details=st.lists(details(), max_size=2).map(tuple),
        before=st.none() | st.just({"Properties": {"P": "before"}}) | st.just({}),
        after=st.none() | st.just({"Properties": {"P": cases.UNKNOWN}}),
    )


def change_sets(children: st.SearchStrategy[dict[str, ChangeSet]]) -> st.SearchStrategy[ChangeSet]:
    return st.builds(
        ChangeSet,
        id=st.just("id"),
        name=st.just("n"),
        stack_id=st.sampled_from(["", cases.STACK_ID]),
        stack_name=st.just("app"),
        kind=st.sampled_from(["CREATE", "UPDATE", "IMPORT"]),
        status=st.sampled_from(["CREATE_COMPLETE", "FAILED"]),
        execution_status=st.just("AVAILABLE"),
        changes=st.lists(rows(), max_size=4, unique_by=lambda one: one.logical_id).map(tuple),
        children=children,
        empty=st.sampled_from([False, False, False, True]),
        values_lost=st.booleans(),
    )


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    paths = ["", "N", "N/M"][: draw(st.integers(1, 3))]
    before, after = ({path: _document(draw, path, paths) for path in paths if draw(st.booleans()) or not path} for _ in "12")
    return Subject(
        stack=cases.stack("n"),
        change_set=draw(change_sets(st.dictionaries(st.just("N"), change_sets(st.just({})), max_size=1))),
        before=before if draw(st.booleans()) else {},
        after=after,
        services={"": "root", "N": "n"},
        settings_before=draw(st.none() | st.just(cases.settings())),
        settings_after=cases.settings(),
    )


def _document(draw: st.DrawFn, path: str, paths: list[str]) -> dict[str, Any]:
    made = template(draw(resources()))
    below = {"": "N", "N": "M"}.get(path)
    if below and any(one.rpartition("/")[2] == below for one in paths):
        made["Resources"][below] = cases.nested()
    return made


@settings(max_examples=120, deadline=None)
@given(subjects())
def test_no_change_set_is_too_odd(subject: Subject) -> None:
    made = review(subject)
    assert msgspec.json.decode(msgspec.json.encode(made), type=Review) == made


@settings(max_examples=60, deadline=None)
@given(subjects(), st.randoms(use_true_random=False))
def test_the_order_in_which_aws_answers_does_not_matter(subject: Subject, random: Any) -> None:
    def shuffled(one: ChangeSet) -> ChangeSet:
        changes = list(one.changes)
        random.shuffle(changes)
        return msgspec.structs.replace(
            one, changes=tuple(changes), children={name: shuffled(child) for name, child in one.children.items()}
        )

    other = Subject(**{**vars(subject), "change_set": shuffled(subject.change_set), "before": dict(reversed(list(subject.before.items())))})
    assert review(other) == review(subject)


@settings(max_examples=120, deadline=None)
@given(subjects())
def test_whatever_holds_data_and_goes_or_is_replaced_is_a_finding_that_needs_a_waiver(subject: Subject) -> None:
    made = review(subject)
    lost = {one.path for one in made.findings if one.kind == "data loss" and one.waiver == "--allow-loss"}
    for item in made.items:
        if item.type in STATEFUL and item.verdict in ("remove", "replace", "may replace") and made.kind == "update":
            assert item.path in lost


@settings(max_examples=120, deadline=None)
@given(subjects())
def test_unchanged_never_hides_what_is_written_otherwise(subject: Subject) -> None:
    """Whatever differs between the two templates is an item, and no unchanged one, unless AWS executes nothing at all."""
    made = {item.path: item.verdict for item in review(subject).items}
    if subject.change_set.empty:
        return
    for path in subject.before.keys() & subject.after.keys():
        before, after = (side[path]["Resources"] for side in (subject.before, subject.after))
        for name in before.keys() & after.keys():
            if (
                before[name] != after[name]
                and before[name]["Type"] != "AWS::CloudFormation::Stack"
                and _means_it(before[name], after[name])
            ):
                assert made.get(f"{path}/{name}" if path else name, "unchanged") != "unchanged"


def _means_it(before: Any, after: Any) -> bool:
    """CloudFormation knows no types, and no difference between nothing and an absent key."""
    return canonical(_present(before)) != canonical(_present(after))


def _present(value: Any) -> Any:
    return {key: _present(item) for key, item in value.items() if item is not None} if isinstance(value, dict) else value
