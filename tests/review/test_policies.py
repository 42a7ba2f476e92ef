"""Whether what a statement allows was allowed before."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.review.policies import matches, statement, uncovered

BASE: dict[str, Any] = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:aws:s3:::a/*"]}
TRUST: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
ORG = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}


def broadens(before: list[dict[str, Any]], after: dict[str, Any]) -> bool:
    return bool(uncovered(statement(after), [statement(one) for one in before]))


NARROWER = {
    "the same": ([BASE], BASE),
    "an action less": ([BASE], {**BASE, "Action": "s3:GetObject"}),
    "an action in other letters": ([BASE], {**BASE, "Action": "S3:getobject"}),
    "a resource within": ([BASE], {**BASE, "Resource": "arn:aws:s3:::a/b/*"}),
    "an action within a pattern": ([{**BASE, "Action": "s3:Get*"}], {**BASE, "Action": ["s3:GetObject", "s3:GetBucket*"]}),
    "two statements in one": ([{**BASE, "Action": "s3:GetObject"}, {**BASE, "Action": "s3:PutObject"}], BASE),
    "a condition more": ([BASE], {**BASE, "Condition": ORG}),
    "fewer values": ([{**BASE, "Condition": {"StringEquals": {"k": ["a", "b"]}}}], {**BASE, "Condition": {"StringEquals": {"K": "a"}}}),
    "more that is excepted": (
        [{**BASE, "Condition": {"StringNotEquals": {"k": ["a"]}}}],
        {**BASE, "Condition": {"StringNotEquals": {"k": ["a", "b"]}}},
    ),
    "a value of a pattern": ([{**BASE, "Condition": {"StringLike": {"k": "a*"}}}], {**BASE, "Condition": {"StringEquals": {"k": "ab"}}}),
    "not only if it exists": (
        [{**BASE, "Condition": {"StringEqualsIfExists": {"k": "a"}}}],
        {**BASE, "Condition": {"StringEquals": {"k": "a"}}},
    ),
    "a smaller number": ([{**BASE, "Condition": {"NumericLessThan": {"k": "9"}}}], {**BASE, "Condition": {"NumericLessThan": {"k": 5}}}),
    "a service less": ([{**TRUST, "Principal": {"Service": ["a", "b"]}}], {**TRUST, "Principal": {"Service": "a"}}),
    "everybody, written otherwise": ([{**TRUST, "Principal": "*"}], {**TRUST, "Principal": {"AWS": "*"}}),
    "one of everybody": ([{**TRUST, "Principal": "*"}], {**TRUST, "Principal": {"AWS": "arn:aws:iam::111122223333:role/r"}}),
    "an account, written otherwise": (
        [{**TRUST, "Principal": {"AWS": "111122223333"}}],
        {**TRUST, "Principal": {"AWS": "arn:aws:iam::111122223333:root"}},
    ),
    "more than that is excepted": (
        [{"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}],
        {"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"},
    ),
    "an action outside of what is excepted": (
        [{"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}],
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
    ),
}

BROADER = {
    "an action more": ([BASE], {**BASE, "Action": [*BASE["Action"], "s3:DeleteObject"]}),
    "a pattern for an action": ([BASE], {**BASE, "Action": "s3:*"}),
    "every action": ([{**BASE, "Action": "s3:*"}], {**BASE, "Action": "*"}),
    "a resource more": ([BASE], {**BASE, "Resource": [*BASE["Resource"], "arn:aws:s3:::b/*"]}),
    "a pattern for a resource": ([BASE], {**BASE, "Resource": "arn:aws:s3:::a*"}),
    "a question mark where there was a letter": ([{**BASE, "Resource": "arn:aws:s3:::a/b"}], {**BASE, "Resource": "arn:aws:s3:::a/?"}),
    "a star where there was a question mark": ([{**BASE, "Resource": "arn:aws:s3:::a/?"}], {**BASE, "Resource": "arn:aws:s3:::a/*"}),
    "a condition less": ([{**BASE, "Condition": ORG}], BASE),
    "a value more": ([{**BASE, "Condition": {"StringEquals": {"k": ["a"]}}}], {**BASE, "Condition": {"StringEquals": {"k": ["a", "b"]}}}),
    "less that is excepted": (
        [{**BASE, "Condition": {"StringNotEquals": {"k": ["a", "b"]}}}],
        {**BASE, "Condition": {"StringNotEquals": {"k": ["a"]}}},
    ),
    "only if it exists": (
        [{**BASE, "Condition": {"StringEquals": {"k": "a"}}}],
        {**BASE, "Condition": {"StringEqualsIfExists": {"k": "a"}}},
    ),
    "a larger number": ([{**BASE, "Condition": {"NumericLessThan": {"k": 5}}}], {**BASE, "Condition": {"NumericLessThan": {"k": 9}}}),
    "another key": ([{**BASE, "Condition": {"StringEquals": {"k": "a"}}}], {**BASE, "Condition": {"StringEquals": {"l": "a"}}}),
    "a null turned round": ([{**BASE, "Condition": {"Null": {"k": "true"}}}], {**BASE, "Condition": {"Null": {"k": "false"}}}),
    "a principal more": ([TRUST], {**TRUST, "Principal": {"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}}),
    "a role of an account": (
        [{**TRUST, "Principal": {"AWS": "111122223333"}}],
        {**TRUST, "Principal": {"AWS": "arn:aws:iam::111122223333:role/r"}},
    ),
    "another kind of principal": ([{**TRUST, "Principal": {"Service": "a"}}], {**TRUST, "Principal": {"Federated": "a"}}),
    "everybody": ([TRUST], {**TRUST, "Principal": "*"}),
    "less than that is excepted": (
        [{"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"}],
        {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"},
    ),
    "a pattern that meets what is excepted": (
        [{"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}],
        {"Effect": "Allow", "Action": "i*", "Resource": "*"},
    ),
    "the actions of one on the resources of the other": (
        [{**BASE, "Action": "s3:GetObject", "Resource": "a"}, {**BASE, "Action": "s3:PutObject", "Resource": "b"}],
        {**BASE, "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["a", "b"]},
    ),
    "what was denied": ([{**BASE, "Effect": "Deny"}], BASE),
    "what a function makes": ([BASE], {"Fn::If": ["Tapline::X", BASE, {"Ref": "AWS::NoValue"}]}),
}


@pytest.mark.parametrize(("before", "after"), NARROWER.values(), ids=NARROWER)
def test_it_is_no_broader(before: list[dict[str, Any]], after: dict[str, Any]) -> None:
    assert not broadens(before, after)


@pytest.mark.parametrize(("before", "after"), BROADER.values(), ids=BROADER)
def test_it_is_broader(before: list[dict[str, Any]], after: dict[str, Any]) -> None:
    assert broadens(before, after)


@pytest.mark.parametrize(
    ("wanted", "pattern", "within"),
    [
        ("arn:aws:s3:::a:b/c", "arn:aws:s3:::*/c", False),
        ("arn:aws:s3:::ab/c", "arn:aws:s3:::*/c", True),
        ("arn:aws:sqs:eu:1:q", "arn:aws:sqs:*", True),
        ("${Storage/Bucket.Arn}/x/*", "${Storage/Bucket.Arn}/*", True),
        ("${Storage/Bucket.Arn}/*", "${Storage/Other.Arn}/*", False),
        ("a*c", "a?c", False),
    ],
)
def test_a_pattern_within_a_pattern(wanted: str, pattern: str, within: bool) -> None:
    """IAM user guide: a star within an ARN stays in its segment, one at the end does not."""
    assert matches(wanted, pattern) is within


_WORDS = st.sampled_from(["a", "b", "c", "d", "e"])
_ACTIONS = st.lists(_WORDS.map(lambda word: f"svc:{word}"), min_size=1, max_size=4, unique=True)
_RESOURCES = st.lists(_WORDS.map(lambda word: f"arn:aws:svc:::{word}"), min_size=1, max_size=4, unique=True)
_PRINCIPALS = st.lists(_WORDS.map(lambda word: f"{word}.amazonaws.com"), min_size=1, max_size=4, unique=True)
_CONDITIONS = st.dictionaries(_WORDS, st.lists(_WORDS, min_size=1, max_size=3, unique=True), max_size=3)


@st.composite
def allowed(draw: st.DrawFn) -> dict[str, Any]:
    conditions = draw(_CONDITIONS)
    return {
        "Effect": "Allow",
        "Principal": {"Service": draw(_PRINCIPALS)},
        "Action": draw(_ACTIONS),
        "Resource": draw(_RESOURCES),
        **({"Condition": {"StringEquals": conditions}} if conditions else {}),
    }


def _part(draw: st.DrawFn, values: list[str]) -> list[str]:
    return draw(st.lists(st.sampled_from(values), min_size=1, max_size=len(values), unique=True))


@st.composite
def narrowed(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A statement, and one that allows a part of it."""
    wide = draw(allowed())
    narrow = {
        **wide,
        "Principal": {"Service": _part(draw, wide["Principal"]["Service"])},
        "Action": _part(draw, wide["Action"]),
        "Resource": _part(draw, wide["Resource"]),
    }
    conditions = {**{f"more-{key}": ["x"] for key in draw(st.sets(_WORDS, max_size=2))}}
    for key, values in wide.get("Condition", {}).get("StringEquals", {}).items():
        conditions[key] = _part(draw, values)
    return wide, {**narrow, **({"Condition": {"StringEquals": conditions}} if conditions else {})}


@given(narrowed(), st.lists(allowed(), max_size=2))
def test_narrowing_is_never_a_finding(pair: tuple[dict[str, Any], dict[str, Any]], others: list[dict[str, Any]]) -> None:
    wide, narrow = pair
    assert not broadens([*others, wide], narrow)


@given(allowed(), st.sampled_from(["Action", "Resource", "Principal", "Condition"]))
def test_adding_or_dropping_is_always_a_finding(before: dict[str, Any], what: str) -> None:
    after = {**before, "Principal": dict(before["Principal"])}
    if what == "Principal":
        after["Principal"]["Service"] = [*before["Principal"]["Service"], "new.amazonaws.com"]
    elif what == "Condition":
        before = {**before, "Condition": {"StringEquals": {**before.get("Condition", {}).get("StringEquals", {}), "held": ["x"]}}}
    else:
        after[what] = [*before[what], "svc:new" if what == "Action" else "arn:aws:svc:::new"]
    assert broadens([before], after)


@given(narrowed())
def test_what_is_narrower_is_broader_the_other_way_round_or_the_same(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    wide, narrow = pair
    if statement(wide) != statement(narrow):
        assert broadens([narrow], wide)
