"""Progress goes to standard error, results to standard output, in words that fit the stream."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import Any

import pytest

from deploy.console import console
from deploy.errors import OutcomeUnknown, Refused, RolledBack
from deploy.model import Caller
from deploy.progress import begin
from tests.conftest import ROOT
from tests.console.screens import Closed, Desk, Full, Screen
from tests.console.streams import ALARM_FIRES, EXPECTED, NESTED_CREATE_FAILS, TOKEN, VCPU, events
from tests.report import samples

ERROR = RolledBack("stack tap-dev-app", "it failed and was rolled back", "mend it, then plan again", ("Compute/Server: no capacity",))


def say_everything(desk: Desk) -> None:
    shown = desk.console
    shown.note("publish 3 templates")
    for done in range(1, 4):
        shown.upload(done, 3, done * 1_500)
    shown.done("published", 2.06)
    progress = begin("tap-dev-app", EXPECTED, token=TOKEN)
    with shown.follow(progress) as show:
        for event in NESTED_CREATE_FAILS:
            progress = progress.add([event])
            show(progress)
        shown.warn("it goes back")
    shown.error(ERROR)
    shown.result("the result")


def test_progress_and_results_do_not_mix() -> None:
    desk = Desk()
    say_everything(desk)
    assert desk.out == "the result\n"
    assert "the result" not in desk.err


def test_without_a_terminal_there_are_plain_lines() -> None:
    desk = Desk()
    say_everything(desk)
    lines = desk.err.splitlines()
    assert "\x1b" not in desk.err
    assert lines[:3] == ["› publish 3 templates", "  1 of 3 uploaded, 2 kB", "  2 of 3 uploaded, 3 kB"]
    assert f"  12:00:09  ✗ Compute/Server not created  AWS::EC2::Instance: {VCPU}" in lines
    assert lines[-3:] == [
        "↺ rolled back  stack tap-dev-app: it failed and was rolled back",
        "    Compute/Server: no capacity",
        "  mend it, then plan again",
    ]


def test_each_event_is_said_once_and_a_nested_stacks_two_views_are_one() -> None:
    desk = Desk()
    progress = begin("app", token=TOKEN).add(NESTED_CREATE_FAILS)
    with desk.console.follow(progress) as show:
        show(progress)
        show(progress.add(NESTED_CREATE_FAILS))
    assert desk.err.count("Compute creating") == 1
    assert desk.err.count("Compute/Server not created") == 1


def test_a_log_shows_a_sign_of_life_every_half_minute() -> None:
    desk = Desk()
    progress = begin("app", token=TOKEN).add(NESTED_CREATE_FAILS[:7])
    with desk.console.follow(progress) as show:
        for _ in range(8):
            desk.clock.pass_seconds(10)
            show(progress)
    alive = [line for line in desk.err.splitlines() if "done after" in line]
    assert alive == [
        "  12:00:30  0 of 3 done after 30 s: at work on Compute/Jobs, Compute/Server, Data/Items",
        "  12:01:00  0 of 3 done after 1 m 00 s: at work on Compute/Jobs, Compute/Server, Data/Items",
    ]


def test_json_lines_have_the_shape_that_is_written_down() -> None:
    desk = Desk("json")
    say_everything(desk)
    lines = [json.loads(line) for line in desk.err.splitlines()]
    by_event: dict[str, dict[str, Any]] = {line["event"]: line for line in reversed(lines)}
    assert {name: sorted(line.keys() - {"event", "at"}) for name, line in by_event.items()} == {
        "note": ["text"],
        "warn": ["text"],
        "done": ["seconds", "text"],
        "upload": ["bytes", "done", "total"],
        "error": ["code", "details", "fact", "remedy", "subject", "word"],
        "resource": ["path", "physical_id", "reason", "stack", "status", "time", "type"],
        "failure": ["kind", "path", "physical_id", "reason", "stack", "status", "time", "type"],
        "progress": ["all", "done", "going_back", "stack", "status"],
    }
    assert sum(line["event"] == "resource" for line in lines) == len(NESTED_CREATE_FAILS)
    assert by_event["failure"]["reason"] == VCPU
    assert json.loads(desk.out) == {"result": "the result"}


def test_a_noun_is_json_where_json_is_asked_for() -> None:
    desk = Desk("json")
    desk.console.result(Caller(account="111111111111", arn="arn:aws:iam::111111111111:user/ann"))
    assert json.loads(desk.out)["account"] == "111111111111"


@pytest.mark.parametrize(
    ("environ", "terminal", "colored"),
    [
        pytest.param({}, False, False, id="a pipe"),
        pytest.param({}, True, True, id="a terminal"),
        pytest.param({"NO_COLOR": "1"}, True, False, id="NO_COLOR"),
        pytest.param({"NO_COLOR": ""}, True, True, id="an empty NO_COLOR is none"),
        pytest.param({"FORCE_COLOR": "1"}, False, True, id="FORCE_COLOR"),
        pytest.param({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False, id="NO_COLOR is the stronger"),
        pytest.param({"FORCE_COLOR": "0"}, False, False, id="FORCE_COLOR=0"),
        pytest.param({"TERM": "dumb"}, True, False, id="a dumb terminal"),
    ],
)
def test_colour_follows_the_terminal_and_the_environment(environ: dict[str, str], terminal: bool, colored: bool) -> None:
    desk = Desk(environ=environ, stderr=Screen(terminal=terminal))
    desk.console.note("hello")
    assert ("\x1b[36m" in desk.err) is colored


def test_several_records_are_a_history_and_other_nouns_a_list() -> None:
    desk = Desk()
    desk.console.result((samples.BAD, samples.GOOD))
    assert desk.out.splitlines()[0].split()[:3] == ["#", "began", "(UTC)"]
    many = Desk("json")
    many.console.result((samples.BAD, samples.GOOD))
    assert [record["number"] for record in json.loads(many.out)] == [42, 41]


def test_a_note_of_several_lines_keeps_them() -> None:
    desk = Desk()
    desk.console.note("this stays:\n  Data/Items\n\nthat goes")
    assert desk.err == "› this stays:\n    Data/Items\n\n  that goes\n"


def test_colour_can_be_given() -> None:
    desk = Desk(color=True)
    desk.console.note("hello")
    assert "\x1b[36m" in desk.err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_an_encoding_without_our_symbols_gets_ascii(encoding: str) -> None:
    desk = Desk(stderr=Screen(encoding=encoding), stdout=Screen(encoding=encoding))
    say_everything(desk)
    desk.console.note("köln → \u4e2d")
    desk.err.encode(encoding)
    assert desk.err.startswith("> publish 3 templates\n")


def test_a_reader_that_went_away_ends_nothing() -> None:
    desk = Desk(stderr=Closed(), stdout=Closed())
    say_everything(desk)
    assert (desk.stderr.tried, desk.stdout.tried) == (1, 1)


def test_a_closed_stream_ends_nothing() -> None:
    desk = Desk()
    desk.stderr.close()
    desk.console.note("nobody hears it")


def test_a_result_that_does_not_fit_on_the_disk_is_an_error() -> None:
    with pytest.raises(OutcomeUnknown, match="No space left"):
        Desk(stdout=Full()).console.result("much")


def test_progress_that_does_not_fit_on_the_disk_ends_nothing() -> None:
    desk = Desk(stderr=Full())
    say_everything(desk)
    assert desk.out == "the result\n"


@pytest.mark.parametrize(
    ("answer", "expected", "yes"),
    [
        pytest.param("prod\n", "prod", True, id="the name"),
        pytest.param(" prod \n", "prod", True, id="with spaces"),
        pytest.param("Prod\n", "prod", False, id="another case"),
        pytest.param("y\n", "prod", False, id="y is no name"),
        pytest.param("yes\n", "y", True, id="yes"),
        pytest.param("\n", "y", False, id="nothing"),
        pytest.param("", "y", False, id="end of input"),
    ],
)
def test_a_question_is_answered_by_what_was_expected_alone(answer: str, expected: str, yes: bool) -> None:
    desk = Desk(stdin=Screen(answer, terminal=True))
    assert desk.console.ask("Apply to prod?", expected) is yes
    assert f"Type {expected} to go on: " in desk.err
    assert desk.out == ""


@pytest.mark.parametrize("desk", [Desk(), Desk("json", stdin=Screen("y\n", terminal=True))], ids=["no terminal", "json"])
def test_where_nobody_can_answer_the_question_is_refused(desk: Desk) -> None:
    with pytest.raises(Refused, match=r"(?s)standard input.*--yes, or --approve 3f2a"):
        desk.console.ask("Apply?", "y", digest="3f2a")


def test_words_of_others_cannot_steer_the_terminal() -> None:
    desk = Desk()
    evil = events((0, "", "", "CREATE_IN_PROGRESS", ""), (1, "A\x1b[2J", "T\x07", "CREATE_FAILED", "\x1b]0;owned\x07\r\nsecond \u202eline"))
    with desk.console.follow(begin("app", token=TOKEN).add(evil)):
        pass
    desk.console.error(RolledBack("s\x1b[31m", "f\x9b31m", "r\x1b", ("d\x1b",)))
    assert not set(desk.err) & set("\x1b\x07\r\x9b\u202e")
    assert "\\x1b]0;owned\\x07 second" in desk.err


def test_importing_the_console_imports_neither_rich_nor_msgspec() -> None:
    code = "import sys, deploy.console; print(sorted({'rich', 'msgspec', 'boto3', 'dataclasses'} & sys.modules.keys()))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_plain_progress_imports_no_rich() -> None:
    code = (
        "import sys; from tests.console.screens import Desk; from tests.console.test_console import say_everything;"
        "say_everything(Desk()); print('rich' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_a_pipe_that_breaks_leaves_no_traceback() -> None:
    code = "from deploy.console import console; c = console(); [c.result('x' * 10_000) for _ in range(100)]"
    ran = subprocess.run(
        ["/bin/sh", "-c", f'{sys.executable} -c "{code}" | head -c 1 >/dev/null'], cwd=ROOT, capture_output=True, check=False
    )
    assert ran.stderr == b""


def on_a_terminal(code: str, **environ: str) -> str:
    """What a program writes to a terminal of 80 columns."""
    master, slave = pty.openpty()
    more = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=slave, stdout=slave, stderr=slave, env={**more, "TERM": "xterm", **environ}
    ) as program:
        os.close(slave)
        written = b""
        while True:
            try:
                chunk = os.read(master, 65_536)
            except OSError:
                break
            if not chunk:
                break
            written += chunk
        program.wait(30)
    os.close(master)
    return written.decode()


LIVE = "from tests.console.screens import Desk; from tests.console.test_console import live; live()"


def live() -> None:
    """For `test_on_a_terminal_there_is_a_live_tree`, in a process of its own."""
    shown = console(clock=Desk().clock)
    progress = begin("tap-dev-app", EXPECTED, token=TOKEN)
    with shown.follow(progress) as show:
        for event in ALARM_FIRES:
            progress = progress.add([event])
            show(progress)
        shown.warn("it goes back")
    shown.result("the result")


def test_on_a_terminal_there_is_a_live_tree() -> None:
    written = on_a_terminal(LIVE)
    assert "\x1b[?25l" in written
    assert written.rindex("\x1b[?25h") > written.rindex("a rollback trigger fired")
    assert "└─ " in written
    assert "it goes back" in written
    assert written.endswith("the result\r\n")


def test_a_live_tree_without_colours_has_none() -> None:
    written = on_a_terminal(LIVE, NO_COLOR="1")
    assert "\x1b[31m" not in written
    assert "a rollback trigger fired" in written


def test_a_dumb_terminal_gets_lines() -> None:
    written = on_a_terminal(LIVE, TERM="dumb")
    assert "\x1b" not in written
    assert "↺ tap-dev-app going back" in written
