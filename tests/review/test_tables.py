"""The tables of properties: every row speaks when its property changes the way it watches, and keeps quiet the other way."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.review import interruption, loss, protection
from deploy.review.watch import Watch, higher, lower, matches, new_or_higher, new_or_lower, off, on
from tests.review.cases import changed, flat, found, resource, row

TABLES = {"data loss": loss.FORGETS, "interruption": interruption.STALLS, "protection": protection.WATCHED}
ROWS = [(kind, watch) for kind, table in TABLES.items() for watch in table]
_VALUES: tuple[Any, ...] = (
    None,
    10,
    5,
    True,
    False,
    "Enabled",
    "Suspended",
    "Active",
    "PassThrough",
    "PROVISIONED",
    "breaching",
    "notBreaching",
)


def _pair(watch: Watch) -> tuple[Any, Any]:
    pairs = [(one, other) for one in _VALUES for other in _VALUES if one != other and type(one) is type(other)]
    pairs += [("x", None), (None, "x"), (None, True), (None, 10)]
    return next(pair for pair in pairs if _speaks(watch, *pair))


def _speaks(watch: Watch, before: Any, after: Any) -> bool:
    return watch.test(*(watch.default if value is None else value for value in (before, after)))


def _properties(watch: Watch, value: Any) -> dict[str, Any]:
    """Properties in which the row's place has a value; what stands around it is there either way."""
    made: Any = value
    parts = watch.property.strip("/").split("/")
    for index, part in reversed(list(enumerate(parts))):
        if part in ("*", "**"):
            listed = index < len(parts) - 1 or watch.kind.startswith("AWS::Lambda") or "Actions" in parts[index - 1]
            made = ([] if made is None else [made]) if listed and index == len(parts) - 1 else [made] if listed else {"Member": made}
        else:
            made = {} if made is None else {part: made}
    return dict(made)


def _type(watch: Watch) -> str:
    return watch.kind.replace("AWS::*", "AWS::Any::Type").replace(
        "::*", "::DBInstance" if "RDS" in watch.kind else "::Alarm" if "Watch" in watch.kind else "::Table"
    )


@pytest.mark.parametrize(("kind", "watch"), ROWS, ids=[f"{watch.kind}{watch.property}" for _, watch in ROWS])
def test_every_row_speaks(kind: str, watch: Watch) -> None:
    before, after = _pair(watch)
    made = changed(_type(watch), _properties(watch, before), _properties(watch, after))
    assert watch.says in {one.title.partition(": ")[2] for one in found(made, kind)}


DIRECTED = [one for one in ROWS if one[1].test in (lower, higher, new_or_lower, new_or_higher, off, on)]


@pytest.mark.parametrize(("kind", "watch"), DIRECTED, ids=[f"{kind}-{watch.kind}{watch.property}" for kind, watch in DIRECTED])
def test_the_other_way_it_keeps_quiet(kind: str, watch: Watch) -> None:
    before, after = _pair(watch)
    made = changed(_type(watch), _properties(watch, after), _properties(watch, before))
    assert watch.says not in {one.title.partition(": ")[2] for one in found(made, kind)}


@pytest.mark.parametrize(
    ("before", "after", "less"),
    [(5, 10, True), (10, 5, False)],
    ids=["further-away", "nearer"],
)
def test_an_alarm_is_looser_by_its_operator(before: int, after: int, less: bool) -> None:
    above = {"ComparisonOperator": "GreaterThanThreshold"}
    below = {"ComparisonOperator": "LessThanThreshold"}
    assert (
        bool(found(changed("AWS::CloudWatch::Alarm", {**above, "Threshold": before}, {**above, "Threshold": after}), "protection")) is less
    )
    assert (
        bool(found(changed("AWS::CloudWatch::Alarm", {**below, "Threshold": before}, {**below, "Threshold": after}), "protection"))
        is not less
    )


def test_missing_data_that_counts_for_less() -> None:
    made = changed("AWS::CloudWatch::Alarm", {"TreatMissingData": "breaching"}, {"TreatMissingData": "notBreaching"})
    assert found(made, "protection")


@pytest.mark.parametrize("kind", sorted(interruption.REMOVED))
def test_a_removal_that_somebody_notices(kind: str) -> None:
    made = flat({"It": resource(kind)}, {}, row("Remove", "It", kind))
    assert [one.path for one in found(made, "interruption")] == ["It"]


@pytest.mark.parametrize("kind", [*sorted(interruption.REPLACED), "AWS::Some::Thing"])
def test_a_replacement_that_somebody_notices(kind: str) -> None:
    made = flat({"It": resource(kind, A=1)}, {"It": resource(kind, A=2)}, row("Modify", "It", kind, Replacement="True"))
    assert [one.title for one in found(made, "interruption") if "replaced" in one.title] == ["It is replaced"]


def test_a_replacement_under_its_own_name_is_foreseen_to_fail() -> None:
    kind = "AWS::Lambda::EventSourceMapping"
    made = flat(
        {"It": resource(kind, QueueName="q", A=1)},
        {"It": resource(kind, QueueName="q", A=2)},
        row("Modify", "It", kind, Replacement="True"),
    )
    assert "refuses to replace it" in " ".join(found(made, "interruption")[0].detail)


@pytest.mark.parametrize("kind", sorted(protection._ENDS))
def test_a_guard_that_is_removed(kind: str) -> None:
    assert found(flat({"It": resource(kind)}, {}, row("Remove", "It", kind)), "protection")


def test_patterns() -> None:
    assert matches("/A/*/B", "/A/*/B")
    assert matches("/A/x", "/A/*")
    assert matches("/A/x/y", "/A/**")
    assert not matches("/A/x/y", "/A/*")
    assert not matches("/A", "/A/**/x")
