"""Following an operation: what is asked, what is told once, and what happens while AWS cannot be reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.errors import CredentialsExpired, Denied, DeployError, OutcomeUnknown
from deploy.model import NESTED, Event
from deploy.progress import Progress, begin
from deploy.watch import BUDGET_SECONDS, FIRST_PAUSE, LONGEST_PAUSE, Feed, follow

AT = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
TOKEN = "tapline-1"
PAGE = 20
Path = tuple[str, ...]


def arn(path: Path) -> str:
    return f"arn:{'/'.join(path) or 'root'}"


@dataclass
class Streams:
    """Stacks whose events come as a test lets them: `happens` puts one there. ``asked``: paths of the requests, one a page.

    ``fails``: what the next requests for a path end with.
    """

    events_of: dict[Path, list[Event]] = field(default_factory=dict)
    asked: list[Path] = field(default_factory=list)
    fails: dict[Path, list[DeployError]] = field(default_factory=dict)
    seconds: int = 0

    def happens(self, path: Path, status: str, *, within: Path | None = None, token: str = TOKEN, kind: str = NESTED) -> Event:
        """An event of a stack or resource; ``within``: the stack that tells it, which for a stack is itself or its parent."""
        self.seconds += 1
        teller = path if within is None else within
        made = Event(
            id=f"{self.seconds}-{status}",
            at=AT + timedelta(seconds=self.seconds),
            path=path,
            type=kind,
            status=status,
            physical_id=arn(path) if kind == NESTED else "id",
            token=token,
        )
        self.events_of.setdefault(teller, []).append(made)
        return made

    def events(self, stack_id: str, path: Path = ()) -> Iterator[Event]:
        assert stack_id == arn(path)
        for index, event in enumerate(reversed(self.events_of.get(path, []))):
            if index % PAGE == 0:
                self._ask(path)
            yield event
        if not self.events_of.get(path):
            self._ask(path)

    def _ask(self, path: Path) -> None:
        self.asked.append(path)
        if self.fails.get(path):
            raise self.fails[path].pop(0)


@pytest.fixture
def streams() -> Streams:
    return Streams()


def feed(streams: Streams) -> Feed:
    return Feed(reads=streams, stack_id=arn(()), token=TOKEN)


def queue(streams: Streams, path: Path, status: str) -> Event:
    return streams.happens(path, status, within=path[:-1], kind="AWS::SQS::Queue")


def told(found: list[Event]) -> list[tuple[str, str]]:
    return [("/".join(event.path), event.status) for event in found]


def unreachable() -> OutcomeUnknown:
    return OutcomeUnknown("cloudformation:DescribeStackEvents", "AWS cannot be reached")


@pytest.mark.failure("process killed")
def test_an_operation_has_begun_where_an_event_has_its_token(streams: Streams) -> None:
    streams.happens((), "UPDATE_COMPLETE", token="earlier")
    assert not feed(streams).begun()
    streams.happens((), "UPDATE_IN_PROGRESS")
    streams.happens((), "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", token="")
    assert feed(streams).begun()


def test_what_was_before_the_operation_is_not_told_nor_are_its_pages_read(streams: Streams) -> None:
    for _ in range(10 * PAGE):
        queue(streams, ("Jobs",), "UPDATE_COMPLETE")
    streams.happens((), "UPDATE_IN_PROGRESS")
    queue(streams, ("Jobs",), "UPDATE_IN_PROGRESS")
    assert told(feed(streams).news()) == [("", "UPDATE_IN_PROGRESS"), ("Jobs", "UPDATE_IN_PROGRESS")]
    assert streams.asked == [()]


def test_only_what_is_new_is_told_and_pages_are_read_as_far_as_it_goes(streams: Streams) -> None:
    one = feed(streams)
    streams.happens((), "UPDATE_IN_PROGRESS")
    one.news()
    for number in range(2 * PAGE):
        queue(streams, (f"Q{number}",), "UPDATE_IN_PROGRESS")
    streams.asked.clear()
    assert [path for path, _ in told(one.news())] == [f"Q{number}" for number in range(2 * PAGE)]
    assert streams.asked == [()] * 3, "two pages, and the one with the first that is known"
    streams.asked.clear()
    assert one.news() == []
    assert streams.asked == [()]


def test_an_operation_that_was_asked_for_and_has_not_begun_is_waited_for(streams: Streams) -> None:
    for _ in range(3):
        streams.happens((), "UPDATE_COMPLETE", token="earlier")
    one, progress = feed(streams), begin("tap-app-dev", token=TOKEN)
    progress = progress.add(one.news())
    assert not progress.over
    assert progress.own == ()
    streams.happens((), "UPDATE_IN_PROGRESS")
    streams.happens((), "UPDATE_COMPLETE")
    progress = progress.add(one.news())
    assert progress.over
    assert told(list(progress.own)) == [("", "UPDATE_IN_PROGRESS"), ("", "UPDATE_COMPLETE")]


def nest(streams: Streams, path: Path, status: str) -> None:
    """A nested stack's event, as its parent tells it."""
    streams.happens(path, status, within=path[:-1])


def test_nested_stacks_are_found_as_they_begin_at_any_depth(streams: Streams) -> None:
    streams.happens((), "CREATE_IN_PROGRESS")
    path: Path = ()
    for name in ("A", "B", "C", "D", "E"):
        path = (*path, name)
        nest(streams, path, "CREATE_IN_PROGRESS")
        streams.happens(path, "CREATE_IN_PROGRESS")
    queue(streams, (*path, "Jobs"), "CREATE_COMPLETE")
    found = feed(streams).news()
    assert ("A/B/C/D/E/Jobs", "CREATE_COMPLETE") in told(found)
    assert len(found) == 1 + 2 * 5 + 1
    assert len({(event.path, event.id) for event in found}) == len(found)


def test_a_nested_stack_whose_first_event_has_no_id_yet_is_asked_once_it_has_one(streams: Streams) -> None:
    streams.happens((), "CREATE_IN_PROGRESS")
    nest(streams, ("Data",), "CREATE_IN_PROGRESS")
    bare = streams.events_of[()].pop()
    streams.events_of[()].append(Event(id="bare", at=bare.at, path=bare.path, type=NESTED, status=bare.status))
    one = feed(streams)
    one.news()
    assert set(streams.asked) == {()}
    streams.events_of[()].append(bare)
    queue(streams, ("Data", "Items"), "CREATE_IN_PROGRESS")
    assert told(one.news()) == [("Data", "CREATE_IN_PROGRESS"), ("Data/Items", "CREATE_IN_PROGRESS")]


def test_a_quiet_round_asks_the_root_and_whoever_is_at_work_once_each(streams: Streams) -> None:
    streams.happens((), "UPDATE_IN_PROGRESS")
    for name in ("Data", "Compute", "Done"):
        nest(streams, (name,), "UPDATE_IN_PROGRESS")
        streams.happens((name,), "UPDATE_IN_PROGRESS")
    streams.happens(("Done",), "UPDATE_COMPLETE")
    nest(streams, ("Done",), "UPDATE_COMPLETE")
    one = feed(streams)
    one.news()
    streams.asked.clear()
    assert one.news() == []
    assert sorted(streams.asked) == [(), ("Compute",), ("Data",)]
    for name in ("Data", "Compute"):
        nest(streams, (name,), "UPDATE_COMPLETE")
    one.news()
    streams.asked.clear()
    assert one.news() == []
    assert streams.asked == [()], "a quiet round of a root alone is one request"


def test_what_a_nested_stack_says_last_is_read_when_its_parent_says_that_it_is_done(streams: Streams) -> None:
    streams.happens((), "UPDATE_IN_PROGRESS")
    nest(streams, ("Data",), "UPDATE_IN_PROGRESS")
    one = feed(streams)
    one.news()
    queue(streams, ("Data", "Items"), "UPDATE_FAILED")
    streams.happens(("Data",), "UPDATE_FAILED")
    nest(streams, ("Data",), "UPDATE_FAILED")
    streams.happens((), "UPDATE_ROLLBACK_IN_PROGRESS")
    assert ("Data/Items", "UPDATE_FAILED") in told(one.news())


def test_what_nested_stacks_did_before_the_operation_is_not_told(streams: Streams) -> None:
    for _ in range(3 * PAGE):
        queue(streams, ("Data", "Items"), "UPDATE_COMPLETE")
    streams.happens((), "UPDATE_IN_PROGRESS")
    nest(streams, ("Data",), "UPDATE_IN_PROGRESS")
    queue(streams, ("Data", "Items"), "UPDATE_IN_PROGRESS")
    assert told(feed(streams).news())[2:] == [("Data/Items", "UPDATE_IN_PROGRESS")]
    assert streams.asked.count(("Data",)) <= 2, "one page each time that it is asked"


def test_what_a_nested_stack_does_in_the_moment_in_which_the_root_begins_is_told(streams: Streams) -> None:
    streams.happens((), "UPDATE_IN_PROGRESS")
    streams.seconds -= 1
    nest(streams, ("Data",), "UPDATE_IN_PROGRESS")
    streams.seconds -= 1
    queue(streams, ("Data", "Items"), "UPDATE_COMPLETE")
    assert ("Data/Items", "UPDATE_COMPLETE") in told(feed(streams).news())


@pytest.mark.failure("network loss")
def test_what_was_read_before_a_request_failed_is_told_by_the_next_round(streams: Streams) -> None:
    """Else the end of the root could be read, forgotten, and waited for without end."""
    streams.happens((), "UPDATE_IN_PROGRESS")
    for name in ("Compute", "Data"):
        nest(streams, (name,), "UPDATE_IN_PROGRESS")
    one = feed(streams)
    one.news()
    queue(streams, ("Data", "Items"), "UPDATE_COMPLETE")
    queue(streams, ("Compute", "Api"), "UPDATE_COMPLETE")
    for name in ("Compute", "Data"):
        nest(streams, (name,), "UPDATE_COMPLETE")
    streams.happens((), "UPDATE_COMPLETE")
    streams.fails[("Data",)] = [unreachable(), unreachable()]
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            one.news()
    assert sorted(told(one.news())) == [
        ("", "UPDATE_COMPLETE"),
        ("Compute", "UPDATE_COMPLETE"),
        ("Compute/Api", "UPDATE_COMPLETE"),
        ("Data", "UPDATE_COMPLETE"),
        ("Data/Items", "UPDATE_COMPLETE"),
    ]
    assert one.news() == []


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_however_rounds_failures_and_events_fall_everything_is_told_once_and_in_order(data: st.DataObject) -> None:
    """An operation over a tree of stacks; a round may come after any event, and any request may fail."""
    streams = Streams()
    for _ in range(data.draw(st.integers(0, 30))):
        streams.happens((), "UPDATE_COMPLETE", token="earlier")
    expected = [streams.happens((), "UPDATE_IN_PROGRESS")]
    one, found = feed(streams), []
    stacks: list[Path] = [()]
    for number in range(data.draw(st.integers(1, 12))):
        inside = data.draw(st.sampled_from(stacks))
        below = (*inside, f"N{number}")
        if data.draw(st.booleans()):
            stacks.append(below)
            expected.append(streams.happens(below, "UPDATE_IN_PROGRESS", within=inside))
        else:
            expected.append(queue(streams, below, "UPDATE_COMPLETE"))
        if data.draw(st.booleans()):
            failing = data.draw(st.sampled_from(stacks))
            streams.fails[failing] = [unreachable()] * data.draw(st.integers(0, 1))
            try:
                found += one.news()
            except OutcomeUnknown:
                streams.fails.clear()
    for path in sorted(stacks, key=len, reverse=True):
        expected.append(streams.happens(path, "UPDATE_COMPLETE"))
        if path:
            expected.append(streams.happens(path, "UPDATE_COMPLETE", within=path[:-1]))
    streams.fails.clear()
    found += one.news()
    assert sorted(found, key=lambda event: event.at) == expected
    for teller in stacks:
        of_one = [event.at for event in found if event in streams.events_of.get(teller, [])]
        assert of_one == sorted(of_one)


@dataclass
class Time:
    """A clock that sleeping moves. ``then``: what happens after each pause."""

    then: list[object] = field(default_factory=list)
    now: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        if self.then:
            step = self.then.pop(0)
            assert callable(step)
            step()


def followed(streams: Streams, time: Time, seen: list[Progress] | None = None) -> Progress:
    shown: list[Progress] = [] if seen is None else seen
    return follow(feed(streams), begin("tap-app-dev", token=TOKEN), shown.append, sleep=time.sleep, clock=time.clock)


@pytest.mark.parametrize(
    "end",
    ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "DELETE_COMPLETE"],
)
def test_it_is_followed_until_the_root_has_come_to_an_end(streams: Streams, end: str) -> None:
    streams.happens((), "UPDATE_IN_PROGRESS")
    time = Time([lambda: None, lambda: streams.happens((), "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"), lambda: streams.happens((), end)])
    seen: list[Progress] = []
    assert followed(streams, time, seen).status == end
    assert len(seen) == 4, "each round is shown, also where nothing is new: time goes on"


def test_pauses_are_short_after_news_and_grow_to_two_seconds_in_silence(streams: Streams) -> None:
    streams.happens((), "UPDATE_IN_PROGRESS")
    silence: list[object] = [lambda: None] * 24
    time = Time(
        [*silence, lambda: streams.happens(("Data",), "UPDATE_IN_PROGRESS", within=()), lambda: streams.happens((), "UPDATE_COMPLETE")]
    )
    followed(streams, time)
    assert time.pauses[0] == FIRST_PAUSE
    assert time.pauses[:25] == sorted(time.pauses[:25])
    assert time.pauses[24] == LONGEST_PAUSE == 2.0
    assert time.pauses[25] == FIRST_PAUSE


@pytest.mark.failure("throttling")
@pytest.mark.failure("network loss")
def test_questions_that_fail_in_passing_fail_nothing(streams: Streams) -> None:
    streams.happens((), "UPDATE_IN_PROGRESS")
    streams.fails[()] = [unreachable() for _ in range(50)]
    time = Time([*([lambda: None] * 50), lambda: streams.happens((), "UPDATE_COMPLETE")])
    assert followed(streams, time).status == "UPDATE_COMPLETE"


@pytest.mark.failure("network loss")
def test_once_the_budget_is_spent_the_outcome_is_unknown(streams: Streams) -> None:
    streams.happens((), "UPDATE_IN_PROGRESS")
    time = Time([lambda: streams.fails.update({(): [unreachable() for _ in range(10_000)]})])
    with pytest.raises(OutcomeUnknown, match="cannot be reached") as caught:
        followed(streams, time)
    assert caught.value.code == 75
    assert BUDGET_SECONDS < time.now < BUDGET_SECONDS + 10


@pytest.mark.failure("network loss")
def test_the_budget_begins_anew_with_every_answer(streams: Streams) -> None:
    streams.happens((), "UPDATE_IN_PROGRESS")
    nearly = int(BUDGET_SECONDS / 2 * 0.95)

    def fall_silent() -> None:
        streams.fails[()] = [unreachable() for _ in range(nearly)]

    steps: list[object] = []
    for _ in range(3):
        steps += [fall_silent, *([lambda: None] * (nearly + 1))]
    time = Time([*steps, lambda: streams.happens((), "UPDATE_COMPLETE")])
    assert followed(streams, time).status == "UPDATE_COMPLETE"
    assert time.now > 2 * BUDGET_SECONDS


@pytest.mark.failure("credentials expire in mid-deployment")
def test_credentials_that_end_leave_the_outcome_unknown_since_aws_goes_on(streams: Streams) -> None:
    streams.happens((), "UPDATE_IN_PROGRESS")
    streams.fails[()] = [CredentialsExpired("credentials", "they have expired", "sign in again")]
    with pytest.raises(OutcomeUnknown, match="the credentials ended while it was followed; AWS goes on") as caught:
        followed(streams, Time())
    assert (caught.value.code, caught.value.remedy) == (75, "sign in again")


def test_what_does_not_pass_is_said_at_once(streams: Streams) -> None:
    streams.fails[()] = [Denied("ann", "may not cloudformation:DescribeStackEvents")]
    with pytest.raises(Denied):
        followed(streams, Time())
