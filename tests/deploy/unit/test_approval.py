"""Who said yes to what: a danger by its path, a plan by its digest, a person by a word."""

from __future__ import annotations

import msgspec
import pytest

from deploy.approval import SHORTEST_DIGEST, Approval, check_waivers, confirm, findings
from deploy.changes import Finding, Kind, Review, Waiver
from deploy.errors import Invalid, Refused
from deploy.manifest import Guard, Stack
from deploy.plan import Plan
from tests.report.samples import EVERYTHING, MANIFEST, plan, proposal, review

DIGEST = EVERYTHING.digest


def finding(path: str, waiver: Waiver | None = "--allow-loss", kind: Kind = "data loss") -> Finding:
    return Finding(kind=kind, path=path, title=f"{path} would be gone", waiver=waiver)


def with_findings(*found: Finding) -> Plan:
    return plan(proposal(review(findings=found)))


TWO = with_findings(
    finding("Data/Items"),
    finding("Data/Uploads"),
    finding("Compute/Worker", "--allow-broadening", "broadening"),
    finding("Compute/Api", None, "interruption"),
)


@pytest.mark.failure("replacement True or Conditional, removal")
@pytest.mark.failure("permissions broadened in any nested stack")
def test_findings_that_nobody_accepted_are_refused_each_with_the_option_that_accepts_it() -> None:
    with pytest.raises(Refused, match="3 findings that nobody has accepted") as caught:
        check_waivers(TWO, Approval())
    assert caught.value.code == 4
    assert [line.splitlines()[1].strip() for line in caught.value.details] == [
        "accept it with --allow-loss Data/Items",
        "accept it with --allow-loss Data/Uploads",
        "accept it with --allow-broadening Compute/Worker",
    ]
    assert "nothing was executed" in caught.value.text


@pytest.mark.parametrize(
    ("loss", "broadening", "left"),
    [
        pytest.param({"Data/Items"}, {"Compute/Worker"}, ["Data/Uploads"], id="one loss"),
        pytest.param({"Data/Items", "Data/Uploads"}, set(), ["Compute/Worker"], id="no broadening"),
        pytest.param({"Data/Items", "Data/Uploads"}, {"Compute/Worker"}, [], id="all"),
    ],
)
def test_what_is_accepted_by_its_path_is_no_longer_in_the_way(loss: set[str], broadening: set[str], left: list[str]) -> None:
    approval = Approval(loss=frozenset(loss), broadening=frozenset(broadening))
    if not left:
        check_waivers(TWO, approval)
        return
    with pytest.raises(Refused, match="a finding that nobody has accepted") as caught:
        check_waivers(TWO, approval)
    assert len(caught.value.details) == len(left)
    assert all(path in line for path, line in zip(left, caught.value.details, strict=True))


@pytest.mark.parametrize(
    ("approval", "named"),
    [
        pytest.param(Approval(loss=frozenset({"Data"})), "--allow-loss Data", id="only a part of the path"),
        pytest.param(Approval(loss=frozenset({"Data/items"})), "--allow-loss Data/items", id="another letter"),
        pytest.param(Approval(loss=frozenset({"Compute/Worker"})), "--allow-loss Compute/Worker", id="the other option"),
        pytest.param(Approval(broadening=frozenset({"Data/Items"})), "--allow-broadening Data/Items", id="the other option, turned"),
        pytest.param(Approval(loss=frozenset({"Compute/Api"})), "--allow-loss Compute/Api", id="what needs none"),
        pytest.param(Approval(loss=frozenset({""})), "--allow-loss ", id="nothing"),
        pytest.param(Approval(loss=frozenset({"*"})), "--allow-loss *", id="everything"),
    ],
)
def test_an_option_that_accepts_what_is_not_there_was_meant_for_another_plan(approval: Approval, named: str) -> None:
    with pytest.raises(Invalid, match="this plan has no such finding") as caught:
        check_waivers(TWO, approval)
    assert caught.value.code == 2
    assert caught.value.subject == named


def test_every_option_that_is_not_used_is_named_in_order() -> None:
    approval = Approval(loss=frozenset({"Z", "A", "Data/Items"}), broadening=frozenset({"B"}))
    with pytest.raises(Invalid) as caught:
        check_waivers(TWO, approval)
    assert (caught.value.subject, *caught.value.details) == ("--allow-broadening B", "--allow-loss A", "--allow-loss Z")


def test_a_plan_without_dangers_needs_no_option() -> None:
    check_waivers(with_findings(finding("Compute/Api", None)), Approval())
    assert list(findings(with_findings(finding("Compute/Api", None)))) == []


def test_one_path_may_need_both_options() -> None:
    both = with_findings(finding("Data/Items"), finding("Data/Items", "--allow-broadening", "broadening"))
    with pytest.raises(Refused, match="a finding"):
        check_waivers(both, Approval(loss=frozenset({"Data/Items"})))
    check_waivers(both, Approval(loss=frozenset({"Data/Items"}), broadening=frozenset({"Data/Items"})))


def nobody(question: str, expected: str, digest: str) -> bool:
    raise AssertionError("nobody is to be asked")


@pytest.mark.failure("stale plan")
@pytest.mark.parametrize(
    ("digest", "good"),
    [
        pytest.param(DIGEST, True, id="all of it"),
        pytest.param(DIGEST[:12], True, id="what the review shows"),
        pytest.param(DIGEST[:SHORTEST_DIGEST], True, id="the shortest"),
        pytest.param(DIGEST[:12].upper(), True, id="in capitals"),
        pytest.param(DIGEST[: SHORTEST_DIGEST - 1], False, id="too short"),
        pytest.param(DIGEST[1:13], False, id="from its middle"),
        pytest.param(DIGEST + "0", False, id="longer than it is"),
        pytest.param("0" * 64, False, id="another one"),
        pytest.param("yes-do-it", False, id="no digest"),
    ],
)
def test_a_digest_approves_the_one_plan_that_begins_with_it(digest: str, good: bool) -> None:
    if good:
        confirm(EVERYTHING, Approval(digest=digest), nobody)
        return
    with pytest.raises(Refused, match="this is another plan") as caught:
        confirm(EVERYTHING, Approval(digest=digest, yes=True), nobody)
    assert caught.value.code == 4


def guarded(*, protection: bool) -> Plan:
    stack = Stack(
        name="tap-app-dev",
        region="us-east-1",
        root="root",
        services=(),
        capabilities=(),
        termination_protection=protection,
        policy={},
        guard=Guard(triggers=(), monitoring_minutes=0),
    )
    return msgspec.structs.replace(EVERYTHING, manifest=msgspec.structs.replace(MANIFEST, stacks=(stack,)))


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param(guarded(protection=True), "dev", id="protected: the environment's name"),
        pytest.param(guarded(protection=False), "y", id="else a letter"),
        pytest.param(EVERYTHING, "y", id="without stacks"),
    ],
)
def test_where_a_slip_costs_much_a_person_writes_what_is_about_to_change(made: Plan, expected: str) -> None:
    asked: list[tuple[str, str, str]] = []

    def person(question: str, word: str, digest: str) -> bool:
        asked.append((question, word, digest))
        return len(asked) == 1

    confirm(made, Approval(), person)
    assert asked == [(f"Apply plan {made.short} to dev (account 111111111111)?", expected, made.short)]
    with pytest.raises(Refused, match="not approved") as caught:
        confirm(made, Approval(), person)
    assert caught.value.code == 4


def test_a_yes_given_beforehand_asks_nobody() -> None:
    confirm(guarded(protection=True), Approval(yes=True), nobody)


def test_findings_of_all_stacks_count() -> None:
    two = plan(proposal(Review(stack="a", region="r", kind="update", findings=(finding("X"),))), proposal(review(findings=(finding("Y"),))))
    assert [finding.path for finding in findings(two)] == ["X", "Y"]
