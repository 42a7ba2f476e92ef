"""What is left of a wave becomes operations that touch exactly that: said by cases and by a property; and how much may fail."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from deploy.manifest import Preferences, StackSet, Wave
from deploy.stacksets import steps
from deploy.stacksets.model import Content, Instance, Place, Row, Step
from deploy.stacksets.requests import operation_preferences, request
from deploy.stacksets.sampling import sample
from deploy.stacksets.tolerance import exceeded, tolerated
from tests.stacksets.world import NAME, SET, preferences

REGIONS = ("us-east-1", "eu-west-1", "ap-south-1")
ACCOUNTS = tuple(str(111_111_111_110 + number) for number in range(5))
OLD = Content(template="a" * 64, parameters={"Size": "small"}, tags={}, capabilities=(), description="")
NEW = Content(template="b" * 64, parameters={"Size": "large"}, tags={}, capabilities=(), description="")
WAVE = Wave(name="w", accounts=ACCOUNTS, regions=REGIONS, preferences=preferences())


def row(place: Place, **more: object) -> Row:
    return Row(account=place[0], region=place[1], wave="w", action="update", **more)  # type: ignore[arg-type]


def instance(place: Place, status: str = "CURRENT") -> Instance:
    return Instance(account=place[0], region=place[1], status=status, stack_id="arn:aws:cloudformation:r:a:stack/s/1")


def standing(instances: Iterable[Instance], before: Content = NEW, **more: object) -> steps.Standing:
    found = {one.place: one for one in instances}
    return steps.Standing(before=before, after=NEW, declared=frozenset({"Size"}), instances=found, **more)  # type: ignore[arg-type]


def kinds(rows: tuple[Row, ...], now: steps.Standing) -> list[str]:
    return [step.kind for step in steps.intent(WAVE, rows, now, "tapline-x-").steps]


ONE, TWO = (ACCOUNTS[0], REGIONS[0]), (ACCOUNTS[1], REGIONS[0])


@pytest.mark.parametrize(
    ("expected", "now"),
    [
        pytest.param(["create"], standing([]), id="new"),
        pytest.param([], standing([instance(ONE), instance(TWO)]), id="nothing is left"),
        pytest.param(["update"], standing([instance(ONE), instance(TWO, "OUTDATED")]), id="what failed, and no other"),
        pytest.param(["change"], standing([instance(ONE), instance(TWO)], OLD), id="the set changes with the wave"),
        pytest.param(["change", "create"], standing([instance(ONE)], OLD), id="what is new comes after the change"),
        pytest.param(["change", "create"], standing([], OLD), id="a set without instances is changed by itself"),
        pytest.param(["create", "change"], standing([], OLD, elsewhere=True), id="new alone, and others stand: made, then changed"),
        pytest.param([], standing([instance(ONE, "INOPERABLE"), instance(TWO)]), id="inoperable ones are left out"),
        pytest.param(["update", "create"], standing([instance(ONE, "OUTDATED")]), id="a failed one and a new one"),
    ],
)
def test_operations_of_a_wave(expected: list[str], now: steps.Standing) -> None:
    assert kinds((row(ONE), row(TWO)), now) == expected


def test_own_values_that_the_old_template_does_not_know_come_once_it_has_changed() -> None:
    rows = (row(ONE, overrides={"Size": "huge", "Colour": "red"}),)
    made = steps.intent(WAVE, rows, standing([], OLD, elsewhere=True), "tapline-x-").steps
    assert [(step.kind, step.overrides) for step in made] == [
        ("create", {"Size": "huge"}),
        ("change", None),
        ("override", {"Size": "huge", "Colour": "red"}),
    ]


def test_the_same_request_has_the_same_id_and_another_one_another() -> None:
    rows, now = (row(ONE), row(TWO)), standing([])
    ids = [step.id for step in steps.intent(WAVE, rows, now, "tapline-x-").steps]
    assert ids == [step.id for step in steps.intent(WAVE, rows, now, "tapline-x-").steps]
    assert ids != [step.id for step in steps.intent(WAVE, rows[:1], now, "tapline-x-").steps]
    assert all(step_id.startswith("tapline-x-create-") and len(step_id) <= 128 for step_id in ids)


places = some.tuples(some.sampled_from(ACCOUNTS), some.sampled_from(REGIONS))
statuses = some.sampled_from(["CURRENT", "OUTDATED", "INOPERABLE", ""])
own = some.sampled_from([{}, {"Size": "large"}, {"Size": "huge"}])


@settings(max_examples=300, deadline=None)
@given(found=some.dictionaries(places, some.tuples(statuses, own, own), min_size=1), renews=some.booleans(), elsewhere=some.booleans())
def test_after_the_operations_everything_is_as_wanted_and_nothing_else_was_touched(
    found: dict[Place, tuple[str, dict[str, str], dict[str, str]]], renews: bool, elsewhere: bool
) -> None:
    rows = tuple(row(place, overrides=goal) for place, (_, goal, _) in found.items())
    instances = [instance(place, status) for place, (status, _, _) in found.items() if status]
    values = {place: has for place, (status, _, has) in found.items() if status}
    now = standing(instances, OLD if renews else NEW, own=values, elsewhere=elsewhere)
    content = {one.place: ("" if renews or one.status != "CURRENT" else "new") for one in instances}
    set_content = "old" if renews else "new"
    for step in steps.intent(WAVE, rows, now, "tapline-").steps:
        touched = {(account, region) for account in step.accounts for region in step.regions}
        assert touched <= set(found), "no account or region that is not in the wave"
        assert not [place for place in touched if found[place][0] == "INOPERABLE"]
        if step.kind == "change":
            assert step.accounts or not elsewhere, "a change without targets would reach everybody"
            set_content = "new"
        if step.kind == "create":
            assert not touched & content.keys(), "what stands is not made again"
            values |= dict.fromkeys(touched, step.overrides or {})
        if step.kind == "override":
            values |= dict.fromkeys(touched, step.overrides or {})
        content |= dict.fromkeys(touched, set_content)
    for place, (status, goal, _) in found.items():
        if status != "INOPERABLE":
            assert content[place] == "new"
            assert values[place] == goal


@pytest.mark.parametrize(
    ("given_", "accounts", "expected"),
    [
        (Preferences(failure_tolerance_count=2), 10, 2),
        (Preferences(failure_tolerance_percentage=25), 10, 2),
        (Preferences(failure_tolerance_percentage=25), 3, 0),
        (Preferences(), 10, 0),
    ],
)
def test_what_a_wave_bears_is_rounded_down(given_: Preferences, accounts: int, expected: int) -> None:
    assert tolerated(given_, accounts) == expected


def test_failures_are_counted_by_region() -> None:
    wave = [(account, region) for account in ACCOUNTS for region in REGIONS]
    one_each = [(ACCOUNTS[index], region) for index, region in enumerate(REGIONS)]
    assert exceeded(Preferences(failure_tolerance_count=1), wave, one_each) == ()
    two = [(ACCOUNTS[0], REGIONS[1]), (ACCOUNTS[1], REGIONS[1])]
    assert exceeded(Preferences(failure_tolerance_count=1), wave, two) == ("2 of 5 accounts failed in eu-west-1, and 1 may",)


def test_preferences_are_given_as_they_are_declared() -> None:
    made = operation_preferences(
        Preferences(failure_tolerance_percentage=10, max_concurrent_percentage=20, region_concurrency="PARALLEL"), REGIONS[:2]
    )
    assert made == {
        "RegionConcurrencyType": "PARALLEL",
        "ConcurrencyMode": "STRICT_FAILURE_TOLERANCE",
        "RegionOrder": list(REGIONS[:2]),
        "FailureTolerancePercentage": 10,
        "MaxConcurrentPercentage": 20,
    }


def test_only_a_change_names_the_template_and_the_values() -> None:
    stack_set = _set(NAME, SET)
    for kind in ("change", "update"):
        step = Step(id="x", kind=kind, accounts=ACCOUNTS, regions=REGIONS)
        made = request(stack_set, step, preferences(), NEW, "https://template", {})
        assert ("TemplateURL" in made, "Parameters" in made) == (kind == "change", kind == "change")
        assert made.get("UsePreviousTemplate", False) == (kind == "update")
        assert (made["Accounts"], made["Regions"]) == (list(ACCOUNTS), list(REGIONS))


def _set(name: str, set_name: str) -> StackSet:
    return StackSet(
        name=name,
        set_name=set_name,
        description="d",
        region=REGIONS[0],
        template=name,
        capabilities=(),
        permission_model="SELF_MANAGED",
        plan_role="p",
        parameters={"Size": "large"},
        waves=(WAVE,),
        tags={},
    )


def test_a_sample_never_has_what_does_not_change() -> None:
    rows = [row(ONE), row(TWO), Row(account="1" * 12, region="us-east-1", wave="w", action="none")]
    assert [one.place for one in sample(rows, every=False)] == [ONE]
    assert [one.place for one in sample(rows, every=True)] == [ONE, TWO]
