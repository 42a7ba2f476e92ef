"""The verb: which stories there are, which are played, what is said of them, and how it ends."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.command import run
from deploy.local.server import Running
from deploy.rehearsal.account import AccountTheatre, account_theatre
from deploy.rehearsal.outcome import Outcome, Rehearsal, Unplayed
from deploy.rehearsal.rehearse import perform, rehearse
from deploy.rehearsal.stage import Stage
from deploy.rehearsal.story import FAULTS, Story, named, stories
from deploy.rehearsal.theatre import LocalTheatre
from deploy.report.rehearsal import text

Capture = pytest.CaptureFixture[str]


def nothing(*_: Any) -> None:
    """Nobody is told."""


def told(play: Callable[[Stage], None], *, in_account: str = "") -> Story:
    return Story(name="seeded", sentence="it is as it is", play=play, in_account=in_account)


def test_the_list_names_every_story_and_what_it_promises(capsys: Capture) -> None:
    assert run(["rehearse", "dev", "--list"]) == 0
    out = capsys.readouterr().out
    for story in stories():
        assert story.name in out
        assert story.sentence in out


def test_the_list_is_there_for_programs_too(capsys: Capture) -> None:
    assert run(["rehearse", "dev", "--list", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in found] == [story.name for story in stories()]


def test_an_unknown_story_is_refused_with_the_nearest(capsys: Capture) -> None:
    assert run(["rehearse", "dev", "--only", "broken-by-alarms"]) == 2
    assert "did you mean 'broken-by-alarm'?" in capsys.readouterr().err


def test_one_story_is_played_on_a_local_aws_of_its_own(built: Path, capsys: Capture) -> None:
    assert run(["rehearse", "dev", "--only", "trigger-missing", "--build", str(built.parent), "--format", "json"]) == 0
    rehearsal = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["broken"]) for one in rehearsal["outcomes"]] == [("trigger-missing", "")]


def test_a_story_that_fails_breaks_the_rehearsal(tiny: LocalTheatre) -> None:
    rehearsal = rehearse("dev", [told(lambda stage: stage.expect(False, "it is not so"))], tiny, nothing, nothing)
    assert not rehearsal.kept
    assert rehearsal.outcomes[0].broken == "it is not so"


def test_a_fault_of_the_tool_is_a_word_that_is_not_kept(tiny: LocalTheatre) -> None:
    def play(stage: Stage) -> None:
        raise ZeroDivisionError("no way")

    assert perform(told(play), tiny).broken == "fault of the tool: ZeroDivisionError: no way"


def test_what_is_left_behind_breaks_the_word(tiny: LocalTheatre) -> None:
    def play(stage: Stage) -> None:
        stage.deployed()
        stage.ask("cloudwatch")("set_alarm_state", AlarmName=stage.gate(), StateValue="ALARM", StateReason="forgotten")

    assert "closed: forgotten" in perform(told(play), tiny).broken


def test_in_an_account_what_needs_faults_is_named_and_not_played() -> None:
    stage_of: Any = None  # never asked for
    theatre = AccountTheatre(names=stage_of, source=Path(), home=Path(), sessions=stage_of, options=())
    theatre_like: Any = type(
        "Nothing", (), {"where": "account 1", "close": lambda self: (), "stage": theatre.stage, "leave": theatre.leave}
    )()
    rehearsal = rehearse("dev", [told(nothing, in_account=FAULTS)], theatre_like, nothing, nothing, in_account=True)
    assert rehearsal.outcomes == ()
    assert rehearsal.unplayed[0].reason == FAULTS


@pytest.mark.parametrize("names", [("cancelled", "first-create-fails", "one-release-back")], ids=["three"])
@pytest.mark.rehearsal
def test_in_an_account_stories_follow_each_other_and_everything_is_deleted(tiny: LocalTheatre, built: Path, names: tuple[str, ...]) -> None:
    from deploy.manifest import decode

    stage = tiny.stage("account")
    manifest = decode((built / "manifest.json").read_bytes().replace(b"111111111111", stage.number.encode()))
    options = ("--endpoint-url", tiny.running.url)
    with account_theatre(manifest, stage.sessions, options, patience=1.0, environ=stage.commands.environ) as theatre:
        rehearsal = rehearse("dev", named(names), theatre, nothing, nothing, in_account=True)
    assert [(one.name, one.broken) for one in rehearsal.outcomes] == [(name, "") for name in names]
    assert rehearsal.left == ()
    ask = functools.partial(stage.sessions.own, region=manifest.region)
    assert {one["StackStatus"] for one in ask("cloudformation").pages("list_stacks", "StackSummaries")} == {"DELETE_COMPLETE"}
    assert ask("s3")("list_buckets").get("Buckets", []) == []


def test_the_table_says_what_was_kept_and_how_long_it_took() -> None:
    rehearsal = Rehearsal(
        environment="dev",
        where="the local AWS",
        outcomes=(
            Outcome(name="good", sentence="it is good", to_rollback=1.25, to_restored=2.5, seconds=6.0, notes=("as it should",)),
            Outcome(name="bad", sentence="it is good as well", broken="exit 0 where 7 is documented", seconds=3.0),
        ),
        unplayed=(Unplayed(name="other", sentence="it is another", reason="it needs faults"),),
    )
    assert text(rehearsal).splitlines() == [
        "dev  on the local AWS",
        "",
        "story  kept  to rollback  to restored  in all",
        "good   yes   1.2 s        2.5 s        6.0 s",
        "      note: as it should",
        "bad    NO                              3.0 s",
        "      promised: it is good as well",
        "      seen: exit 0 where 7 is documented",
        "",
        "other was not played: it needs faults",
        "",
        "1 of 2 stories: the word was not kept.",
    ]


def test_the_local_aws_is_where_it_is_asked_for(local_aws: Running, real: LocalTheatre) -> None:
    assert real.stage("one").number != real.stage("two").number
    assert real.running.url == local_aws.url
