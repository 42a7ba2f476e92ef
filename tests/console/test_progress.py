"""Progress is a function of the set of events, and names the first real cause."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.model import Event
from deploy.progress import Counts, Progress, begin, cause, of_operation, rollback_causes
from tests.console import streams
from tests.console.streams import ALL, EXPECTED, FUNCTION, START, TOKEN, events


def followed(stream: list[Event]) -> Progress:
    return begin("tap-dev-app", EXPECTED, token=TOKEN).add(stream)


@pytest.mark.parametrize("name", ALL)
@given(seed=st.integers(), batches=st.integers(1, 5), data=st.data())
def test_the_order_of_arrival_and_repetitions_change_nothing(name: str, seed: int, batches: int, data: st.DataObject) -> None:
    stream = ALL[name]
    shuffled = [*stream, *data.draw(st.lists(st.sampled_from(stream), max_size=8))]
    random.Random(seed).shuffle(shuffled)
    progress = begin("tap-dev-app", EXPECTED, token=TOKEN)
    for index in range(batches):
        progress = progress.add(shuffled[index::batches])
    whole = followed(stream)
    assert progress.root == whole.root
    assert (progress.cause, progress.failures, progress.counts, progress.going_back) == (
        whole.cause,
        whole.failures,
        whole.counts,
        whole.going_back,
    )


@pytest.mark.parametrize("name", ALL)
def test_what_is_done_never_falls_and_never_passes_all(name: str) -> None:
    progress, before = begin("tap-dev-app", EXPECTED, token=TOKEN), 0
    for event in ALL[name]:
        progress = progress.add([event])
        assert before <= progress.counts.done <= progress.counts.all
        before = progress.counts.done


@pytest.mark.parametrize(
    ("name", "kind", "path", "words"),
    [
        pytest.param("nested create fails", "resource", ("Compute", "Server"), "VcpuLimitExceeded", id="deepest"),
        pytest.param("rollback fails", "resource", ("Compute", "Api"), "nodejs10.x", id="forward, not on the way back"),
        pytest.param("alarm fires", "alarm", (), "is in ALARM", id="alarm"),
        pytest.param("cancelled", "cancelled", (), "User Initiated", id="cancelled"),
        pytest.param("taken away", "resource", ("Bucket",), "already exists", id="OnFailure=DELETE"),
        pytest.param("all at once", "resource", ("S", "Q"), "VisibilityTimeout", id="within a millisecond"),
    ],
)
def test_the_first_real_cause_is_named(name: str, kind: str, path: tuple[str, ...], words: str) -> None:
    found = followed(ALL[name]).cause
    assert found is not None
    assert (found.kind, found.path) == (kind, path)
    assert words in found.reason
    assert found.physical_id == f"id-of-{'/'.join(path) or 'root'}"


@pytest.mark.parametrize("name", ALL)
def test_every_sample_comes_to_an_end(name: str) -> None:
    progress = followed(ALL[name])
    assert progress.over
    assert not any(node.in_flight for node in progress.root.walk())
    assert (progress.going_back is None) == (name == "good update")


def test_old_resources_that_cannot_be_deleted_are_no_cause() -> None:
    progress = followed(streams.GOOD_UPDATE)
    assert progress.cause is None
    assert progress.over
    assert [failure.status for failure in progress.failures] == ["DELETE_FAILED"]


def test_what_could_not_be_put_back_is_listed_apart() -> None:
    found = rollback_causes(streams.ROLLBACK_FAILS)
    assert [(one.path, one.reason) for one in found] == [(("Data", "Items"), "Table: tap-dev-items not found")]
    assert rollback_causes(streams.ALARM_FIRES) == ()


def test_where_the_nested_events_are_not_known_the_deepest_summary_stands_in() -> None:
    seen = [event for event in streams.NESTED_CREATE_FAILS if len(event.path) < 2]
    found = cause(seen)
    assert found is not None
    assert (found.kind, found.path) == ("second hand", ("Compute",))


@pytest.mark.parametrize(
    "reason",
    [
        "Resource creation cancelled",
        "Resource update cancelled",
        "The following resource(s) failed to create: [A, B]. Rollback requested by user.",
        "The following resource(s) failed to update: [A]. ",
        "The following resource(s) failed to delete: [A]. ",
        "Rollback requested by user.",
        "Resource rollback skipped by user",
        "",
    ],
)
def test_words_that_point_elsewhere_are_no_cause(reason: str) -> None:
    found = cause(events((0, "A", FUNCTION, "CREATE_FAILED", reason), (1, "", "", "ROLLBACK_IN_PROGRESS", reason)))
    assert found is None or found.kind == "second hand"


@pytest.mark.parametrize("reason", ["The following alarm(s) went to ALARM: [gate]", "Rollback trigger arn:aws:x of type y does not exist"])
def test_a_trigger_is_a_cause_of_its_own_kind(reason: str) -> None:
    found = cause(events((0, "", "", "CREATE_IN_PROGRESS", ""), (1, "", "", "ROLLBACK_IN_PROGRESS", reason)))
    assert found is not None
    assert found.kind == "alarm"


def test_a_stack_that_fails_for_itself_is_a_cause() -> None:
    found = cause(events((0, "Data", "", "UPDATE_FAILED", "Parameters: [KeyArn] must have values")))
    assert found is not None
    assert (found.kind, found.path) == ("stack", ("Data",))


def test_a_deletion_that_fails_names_the_resource() -> None:
    found = cause(
        events(
            (0, "", "", "DELETE_IN_PROGRESS", "User Initiated"),
            (1, "Bucket", "AWS::S3::Bucket", "DELETE_FAILED", "The bucket you tried to delete is not empty"),
            (2, "", "", "DELETE_FAILED", "The following resource(s) failed to delete: [Bucket]. "),
        )
    )
    assert found is not None
    assert found.path == ("Bucket",)


def test_what_fails_while_a_failed_create_is_taken_away_is_listed_apart() -> None:
    stream = [
        *streams.TAKEN_AWAY[:4],
        *events((4, "Bucket", "AWS::S3::Bucket", "DELETE_FAILED", "not empty"), (5, "", "", "DELETE_FAILED", "")),
    ]
    found = cause(stream)
    assert found is not None
    assert "already exists" in found.reason
    assert [one.reason for one in rollback_causes(stream)] == ["not empty"]


def test_a_later_deletion_by_a_person_is_another_operation() -> None:
    later = moved(events((0, "", "", "DELETE_IN_PROGRESS", "User Initiated"), (1, "", "", "DELETE_COMPLETE", "")), 100, "a delete")
    assert followed([*streams.GOOD_UPDATE, *later]).status == "UPDATE_COMPLETE"


def test_continuing_a_rollback_is_not_its_own_cause() -> None:
    assert cause(events((0, "", "", "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"), (1, "", "", "UPDATE_ROLLBACK_COMPLETE", ""))) is None


def moved(stream: list[Event], seconds: float, token: str) -> list[Event]:
    return [
        Event(
            id=f"{token}-{event.id}",
            at=event.at + timedelta(seconds=seconds),
            path=event.path,
            type=event.type,
            status=event.status,
            reason=event.reason,
            physical_id=event.physical_id,
            token=token,
        )
        for event in stream
    ]


def test_earlier_and_later_operations_are_left_out() -> None:
    before, after = moved(streams.NESTED_CREATE_FAILS, -100, "before"), moved(streams.GOOD_UPDATE, 100, "after")
    progress = followed([*after, *streams.GOOD_UPDATE, *before])
    assert progress.own == followed(streams.GOOD_UPDATE).own
    assert progress.status == "UPDATE_COMPLETE"


def test_what_follows_a_cancel_belongs_to_the_operation_although_its_token_is_another() -> None:
    progress = followed(streams.CANCELLED)
    assert progress.status == "UPDATE_ROLLBACK_COMPLETE"
    assert len(progress.own) == len(streams.CANCELLED)


def test_an_operation_without_a_token_begins_at_a_time() -> None:
    later = moved(streams.GOOD_UPDATE, 100, "")
    progress = begin("tap-dev-app", since=START + timedelta(seconds=100)).add([*streams.GOOD_UPDATE, *later])
    assert {event.at >= START + timedelta(seconds=100) for event in progress.own} == {True}


def test_events_of_a_child_may_come_before_the_roots() -> None:
    child = [event for event in streams.GOOD_UPDATE if event.path]
    assert followed(child).root.children[1].status == "UPDATE_COMPLETE"
    assert of_operation(child, followed(child).operation) == followed(child).own


def test_counts_know_what_is_still_to_come_and_what_nobody_expected() -> None:
    progress = followed(streams.GOOD_UPDATE)
    assert progress.counts == Counts(done=1, all=8)
    surprise = events((20, "Api/One", FUNCTION, "UPDATE_IN_PROGRESS", ""), (20, "New/Two", FUNCTION, "UPDATE_IN_PROGRESS", ""))
    assert progress.add(moved(surprise, 0, "x")).counts == Counts(done=1, all=9)


def test_a_rollback_says_when_it_began_and_how_far_it_is() -> None:
    progress = followed(streams.ALARM_FIRES)
    assert progress.going_back == START + timedelta(seconds=30)
    assert progress.put_back == Counts(done=1, all=1)
    assert followed(streams.ALARM_FIRES[:8]).put_back == Counts(done=0, all=1)


def test_a_node_says_what_it_is() -> None:
    node = followed(streams.NESTED_CREATE_FAILS).root.children[1].children[1]
    assert (node.name, node.type, node.status, node.failed) == ("Server", "AWS::EC2::Instance", "CREATE_FAILED", True)
    assert (node.started, node.ended) == (START + timedelta(seconds=3), START + timedelta(seconds=9))
    assert node.physical_id == "id-of-Compute/Server"


def test_two_nested_stacks_may_have_events_with_the_same_id() -> None:
    """AWS's id of a resource's event is its logical id, status and time."""
    one, two = events(
        (1, "Compute/Role", "AWS::IAM::Role", "CREATE_COMPLETE", ""), (1, "Data/Role", "AWS::IAM::Role", "CREATE_COMPLETE", "")
    )
    same = moved([two], 0, TOKEN)[0]
    same = Event(id=one.id, at=same.at, path=same.path, type=same.type, status=same.status, token=TOKEN)
    assert len(begin("app", token=TOKEN).add([one, same]).events) == 2
